"""A small shop: Flask, Flask-SQLAlchemy and an SQLite file, with ctxtop switched on.

Healthy as it stands. ``SHOP_DEFECT`` names defects to switch on, with commas between them, each a way in which
real applications leave contexts or connections behind:

``S1``
    a teardown function, registered after ``db.init_app``, raises: the session's own teardown is skipped.
``S3``
    a receiver of ``appcontext_pushed`` raises once, after ``POST /arm``.
``S4``
    an app context is pushed at import, and never popped.

``SHOP_DATABASE`` names the SQLite file, ``SHOP_POOL_SIZE`` the size of its connection pool.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator

from ctxtop import Ctxtop
from flask import Flask, Response, abort, appcontext_pushed, g, jsonify
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event, text

DEFECTS = frozenset(os.environ.get("SHOP_DEFECT", "").split(","))
DATABASE = os.environ.get("SHOP_DATABASE", os.path.join(tempfile.gettempdir(), "ctxtop-shop.db"))

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{DATABASE}"
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
    "pool_size": int(os.environ.get("SHOP_POOL_SIZE", "5")),
    "max_overflow": 0,
    "pool_timeout": 1,
}


def descriptors() -> dict[int, str]:
    """What is open in this process, and where each descriptor leads."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
    return found


_descriptors_before = descriptors()
Ctxtop(app)
_agents_descriptors = descriptors().items() - _descriptors_before.items()

db = SQLAlchemy()
db.init_app(app)


class Item(db.Model):  # type: ignore[name-defined, misc]
    """Something on sale."""

    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String, nullable=False)


class Truth:
    """Which connections are out of their pools, counted by the shop itself to check the monitor against."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.out: set[int] = set()

    def checked_out(self, _connection: object, record: object, _proxy: object) -> None:
        with self.lock:
            self.out.add(id(record))

    def checked_in(self, _connection: object, record: object) -> None:
        with self.lock:
            self.out.discard(id(record))


truth = Truth()


def prepare() -> None:
    """Make the tables. Runs in every worker that imports the shop, so that nobody needs to be first."""
    with app.app_context():
        event.listen(db.engine, "checkout", truth.checked_out)
        event.listen(db.engine, "checkin", truth.checked_in)
        with db.engine.begin() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL)"))
            connection.execute(text("INSERT OR IGNORE INTO item VALUES (1, 'lamp')"))
        # The file is shared by processes that are about to fork: none inherits an open connection.
        db.engine.dispose()


@app.route("/")
def index() -> str:
    return f"{Item.query.count()} items"


@app.route("/cart")
def cart() -> str:
    g.cart = db.session.get(Item, 1)
    return f"a {g.cart.name}"


@app.route("/visitor")
def visitor() -> str:
    """How many requests have used this request's ``g`` before: none, where each has its own."""
    before: int = g.get("visitors", 0)
    g.visitors = before + 1
    return str(before)


@app.route("/chat/<int:number>", methods=["GET", "POST"])
def chat(number: int) -> str:
    return f"chat {number}"


@app.route("/slow/<int:milliseconds>")
def slow(milliseconds: int) -> str:
    db.session.get(Item, 1)
    time.sleep(milliseconds / 1000)
    return "slow"


@app.route("/stream")
def stream() -> Response:
    def parts() -> Iterator[str]:
        for number in range(5):
            yield f"{number}\n"
            time.sleep(0.01)

    return Response(parts(), mimetype="text/plain")


@app.route("/teapot")
def teapot() -> str:
    abort(418)


@app.errorhandler(418)
def handle_teapot(_error: Exception) -> tuple[str, int]:
    return "short and stout", 418


@app.route("/pids")
def pids() -> Response:
    """Nothing but this worker's own view of itself."""
    with truth.lock:
        return jsonify(pid=os.getpid(), checked_out=len(truth.out), thread=threading.current_thread().name)


@app.route("/hold-gil/<int:milliseconds>")
def hold_gil(milliseconds: int) -> str:
    """No Python code of this process runs for a while: one C call that does not let go of the GIL."""
    import ctypes

    ctypes.PyDLL(None).usleep(milliseconds * 1000)
    return "held"


@app.route("/fork")
def fork() -> str:
    """A grandchild that does nothing for a long time and outlives its parent."""
    pid = os.fork()
    if pid == 0:
        try:
            time.sleep(600)
        finally:
            os._exit(0)
    return str(pid)


@app.route("/close-descriptors")
def close_descriptors() -> str:
    """What daemonizing code does: close what it did not open. The server's own descriptors stay open."""
    directory = os.environ.get("CTXTOP_DIR", "") + "/"
    now = descriptors().items()
    foreign = [number for number, link in now if link.startswith(directory) or (number, link) in _agents_descriptors]
    for number in foreign:
        os.close(number)
    return str(len(foreign))


if "S1" in DEFECTS:

    @app.teardown_appcontext
    def close_cart(_error: BaseException | None) -> None:
        if g.pop("cart", None) is not None:
            raise RuntimeError("the cart service does not answer")


if "S3" in DEFECTS:
    _armed = threading.Event()

    @app.route("/arm", methods=["POST"])
    def arm() -> str:
        _armed.set()
        return "armed"

    def audit(_sender: Flask, **_extra: object) -> None:
        if _armed.is_set():
            _armed.clear()
            raise RuntimeError("the audit log is full")

    appcontext_pushed.connect(audit, app)


prepare()

if "S4" in DEFECTS:
    app.app_context().push()

print(f"shop loaded {os.getpid()}", file=sys.stderr, flush=True)

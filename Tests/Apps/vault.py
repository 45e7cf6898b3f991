"""An application that has a secret wherever an application can have one, and leaks whatever can leak.

``VAULT_SECRETS`` names the secrets, with commas between them; they stand nowhere else. Each visit puts all of them into
``g``, the session, bound parameters and messages of exceptions; its client sends them in path, query, cookies, headers
and as the method. The databases are SQLite files behind URLs that have a secret for a password and in the query.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator

from ctxtop import Ctxtop
from flask import Flask, Response, abort, appcontext_pushed, g, request, session, stream_with_context
from sqlalchemy import create_engine, text
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import QueuePool

SECRETS = os.environ["VAULT_SECRETS"].split(",")
SECRET = " ".join(SECRETS)
DATABASE = os.environ.get("SHOP_DATABASE", os.path.join(tempfile.gettempdir(), "ctxtop-vault.db"))

app = Flask(__name__)
app.secret_key = SECRET
app.config["DATABASE_PASSWORD"] = SECRET
Ctxtop(app)


class VaultDialect(SQLiteDialect_pysqlite):
    """SQLite that is reached by user and password, as databases on a network are."""

    supports_statement_cache = True

    def create_connect_args(self, url: object) -> tuple[list[str], dict[str, object]]:
        return [DATABASE], {"check_same_thread": False}


registry.register("vault", __name__, "VaultDialect")
ENGINES = [
    create_engine(url, poolclass=QueuePool, pool_size=20)
    for url in (
        f"vault://app:{SECRETS[0]}@db.example/shop?user={SECRETS[1]}&password={SECRETS[0]}",
        f"vault://{SECRETS[2]}@keys.example/",
        f"sqlite:///file:{DATABASE}?uri=true&key={SECRETS[0]}",
    )
]


class Refused(Exception):
    """As drivers tell it: with everything that they were given."""


def raise_integrity_error() -> None:
    with ENGINES[0].begin() as connection:
        for _ in range(2):
            connection.execute(text("INSERT INTO kept VALUES (:id, :name)"), {"id": SECRET, "name": SECRET})


def raise_group() -> None:
    members = [ValueError(f"first {SECRET}"), KeyError(SECRET)]
    raise ExceptionGroup(SECRET, members) if sys.version_info >= (3, 11) else members[0]


def raise_chain() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise LookupError(f"no such key: {SECRET}") from error


def raised(*arguments: object, kind: type[Exception] = RuntimeError) -> Callable[[], None]:
    def run() -> None:
        raise kind(*arguments)

    return run


#: Ways in which a teardown function fails, each with the secret in what it says.
FAILURES: dict[str, Callable[[], None]] = {
    "prose": raised(f"token {SECRET} rejected", kind=ValueError),
    "bare": raised(SECRET),
    "word": raised(SECRETS[1]),
    "tuple": raised(SECRET, {"password": SECRET}, 3),
    "key": raised(SECRET, kind=KeyError),
    "file": raised(2, "No such file", f"/home/{SECRET}/cart", kind=FileNotFoundError),
    "dsn": raised(f'connection to server failed: password={SECRET} host=db FATAL: user "{SECRET}"', kind=Refused),
    "url": raised(f"cannot reach https://app:{SECRETS[0]}@host/{SECRETS[1]}?token={SECRETS[2]}", kind=Refused),
    "lines": raised(f"\n\n{SECRET}\n{SECRET}"),
    "json": raised('{"session": {"user": "%s"}}' % SECRET),
    "bytes": raised(SECRET.encode()),
    "integrity": raise_integrity_error,
    "group": raise_group,
    "chain": raise_chain,
}


def keep() -> None:
    """The secret in everything that a request has."""
    g.secret = SECRET
    g.thing = type("Thing", (), {"__repr__": lambda self: SECRET})()
    session["secret"] = SECRET
    request.environ["vault.secret"] = SECRET


@app.route("/visit/<name>/<path:rest>", methods=["GET", "POST"])
def visit(name: str, rest: str) -> str:
    keep()
    g.how = request.args.get("how")
    with ENGINES[0].connect() as connection:
        connection.execute(text("SELECT :name"), {"name": SECRET})
    return "visited"


@app.route("/lend/<path:rest>")
def lend(rest: str) -> str:
    """Connections that nobody returns."""
    keep()
    kept.extend(engine.connect() for engine in ENGINES)
    kept[-1].execute(text("SELECT :name"), {"name": SECRET})
    return "lent"


kept: list[object] = []


@app.route("/wait/<path:rest>")
def wait(rest: str) -> str:
    keep()
    with ENGINES[0].connect() as connection:
        connection.execute(text("SELECT :name"), {"name": SECRET})
        time.sleep(float(request.args["seconds"]))
    return "waited"


@app.route("/stream/<path:rest>")
def stream(rest: str) -> Response:
    keep()

    @stream_with_context
    def parts() -> Iterator[str]:
        for _ in range(40):
            yield SECRET
            time.sleep(0.2)

    return Response(parts())


@app.route("/boom/<path:rest>")
def boom(rest: str) -> str:
    keep()
    if rest.startswith("abort"):
        abort(400, SECRET)
    raise ValueError(SECRET)


@app.teardown_appcontext
def lose_app(_error: BaseException | None) -> None:
    fail("app")


@app.teardown_request
def lose_request(_error: BaseException | None) -> None:
    fail("request")


def fail(where: str) -> None:
    how = g.pop("how", None) or ""
    if how.startswith(f"{where}-"):
        FAILURES[how.partition("-")[2]]()
    elif how:
        g.how = how


def receive(_sender: Flask, **_extra: object) -> None:
    if os.path.exists(f"{DATABASE}.armed"):
        os.unlink(f"{DATABASE}.armed")
        raise RuntimeError(SECRET)


@app.route("/arm")
def arm() -> str:
    with open(f"{DATABASE}.armed", "w"):
        return "armed"


appcontext_pushed.connect(receive, app)
with ENGINES[0].begin() as prepared:
    prepared.execute(text("CREATE TABLE IF NOT EXISTS kept (id TEXT PRIMARY KEY, name TEXT)"))
for engine in ENGINES:
    engine.dispose()
print(f"shop loaded {os.getpid()}", file=sys.stderr, flush=True)

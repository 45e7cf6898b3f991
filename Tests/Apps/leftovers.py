"""A program that leaves sessions behind, holds locks, or is configured dangerously; driven line by line.

Each line on standard input is a command: a path to request, or one of those below. After each the agent's own
snapshot goes to standard output as one line of JSON.

``LEFTOVERS_DEFECT`` is one of

``skipped``
    a teardown function raises before the session's own.
``late``
    a teardown function uses the session after it was removed.
"""

from __future__ import annotations

import contextlib
import contextvars
import json
import os
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

import ctxtop
from flask import Flask, g
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text

DEFECT = os.environ.get("LEFTOVERS_DEFECT", "")
app = Flask("leftovers")
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
app.config["SQLALCHEMY_COMMIT_ON_TEARDOWN"] = "commit" in DEFECT
ctxtop.Ctxtop(app)
db = SQLAlchemy()


def use_again(_error: BaseException | None) -> None:
    if g.get("is_bad"):
        db.session.execute(text("select 1"))


if DEFECT == "late":
    app.teardown_appcontext(use_again)
db.init_app(app)


@app.teardown_appcontext
def close_cart(_error: BaseException | None) -> None:
    if DEFECT == "skipped" and g.get("is_bad"):
        raise RuntimeError("the cart is gone")


class Item(db.Model):  # type: ignore[name-defined, misc]
    """Something to be left uncommitted."""

    id = db.Column(db.Integer, primary_key=True)


with app.app_context():
    db.create_all()

copied: list[contextvars.Context] = []


@app.get("/bad")
def bad() -> str:
    g.is_bad = True
    db.session.execute(text("select 1"))
    db.session.add(Item())
    return "bad"


@app.get("/good")
def good() -> str:
    db.session.execute(text("select 1"))
    return "good"


@app.get("/copy")
def copy() -> str:
    copied.append(contextvars.copy_context())
    return "copied"


def request(path: str) -> None:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "shop",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": sys.stdin.buffer,
        "wsgi.errors": sys.stderr,
    }
    with contextlib.suppress(RuntimeError), contextlib.closing(app.wsgi_app(environ, lambda *_: None)) as body:  # type: ignore[arg-type, type-var]
        b"".join(body)


def reuse() -> None:
    """Requests until one gets an app context at an orphan's address; bounded."""
    for _ in range(200):
        request("/good")


def in_copy(work: Callable[[], Any]) -> None:
    thread = threading.Thread(target=copied[-1].run, args=(work,))
    thread.start()
    thread.join()


locks = contextlib.ExitStack()
COMMANDS: dict[str, Callable[[], Any]] = {
    "nothing": lambda: None,
    "reuse": reuse,
    "late": lambda: in_copy(lambda: db.session.execute(text("select 1"))),
    "remove": lambda: in_copy(db.session.remove),
    "lock": lambda: locks.enter_context(ctxtop.resource("lock", "report")),
    "unlock": locks.close,
}


def snapshot() -> str:
    """What the agent says over its socket."""
    [path] = [entry.path for entry in os.scandir(os.environ["CTXTOP_DIR"]) if entry.name.endswith(".sock")]
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(b"json\n")
        return json.dumps(json.loads(b"".join(iter(lambda: client.recv(1 << 16), b""))))


for line in sys.stdin:
    command = line.strip()
    (COMMANDS[command] if command in COMMANDS else lambda: request(command))()
    print(snapshot(), flush=True)

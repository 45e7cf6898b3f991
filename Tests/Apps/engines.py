"""An application with several engines, whose connections it takes, returns, detaches and throws away on demand.

``/do/<action>/<name>`` does something with a connection of an engine, which is made on first use; its name begins
with its kind. ``/truth/<name>`` tells how many connections it has open and out, as the application itself counts
them: at the driver, and by what it holds.
"""

from __future__ import annotations

import gc
import os
import sqlite3
from typing import Any

from ctxtop import Ctxtop
from flask import Flask, jsonify
from sqlalchemy import create_engine, pool, text

DIRECTORY = os.environ["ENGINES_DIRECTORY"]
app = Flask(__name__)
Ctxtop(app)

held: dict[str, list[Any]] = {}
opened: dict[str, set[int]] = {}


class Counted(sqlite3.Connection):
    """A connection of the driver's that says when it is closed, or gone."""

    engine = ""

    def close(self) -> None:
        opened[self.engine].discard(id(self))
        super().close()

    def __del__(self) -> None:
        opened[self.engine].discard(id(self))


def make(name: str, **options: Any) -> Any:
    held[name], opened[name] = [], set()

    def connect() -> Counted:
        connection = sqlite3.connect(f"{DIRECTORY}/{name}.db", check_same_thread=False, factory=Counted)
        connection.engine = name
        opened[name].add(id(connection))
        return connection

    return create_engine(f"sqlite:///{DIRECTORY}/{name}.db", creator=connect, **options)


KINDS: dict[str, dict[str, Any]] = {
    "queue": {"pool_size": 2, "max_overflow": 1, "pool_timeout": 3},
    "large": {"pool_size": 7, "max_overflow": -1, "pool_timeout": 30},
    "null": {"poolclass": pool.NullPool},
    "static": {"poolclass": pool.StaticPool},
}
engines: dict[str, Any] = {}


def take(name: str) -> None:
    connection = engines[name].connect()
    connection.execute(text("select 1"))
    held[name].append(connection)


def detach(name: str) -> None:
    held[name][-1].detach()


def invalidate(name: str) -> None:
    held[name][-1].invalidate()
    held[name].pop().close()


ACTIONS = {
    "take": take,
    "return": lambda name: held[name].pop().close(),
    "detach": detach,
    "invalidate": invalidate,
    "dispose": lambda name: engines[name].dispose(),
    "collect": lambda _name: gc.collect(),
}


@app.get("/do/<action>/<name>")
def do(action: str, name: str) -> str:
    if name not in engines:
        engines[name] = make(name, **KINDS[name.split("-")[0]])
    ACTIONS[action](name)
    return "done"


@app.get("/truth/<name>")
def truth(name: str) -> Any:
    return jsonify([len(opened[name]), len(held[name])])


@app.get("/")
def index() -> str:
    return "engines"


print(f"shop loaded {os.getpid()}", flush=True)

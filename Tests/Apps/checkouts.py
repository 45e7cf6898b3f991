"""Checkouts on every way that SQLAlchemy's pools have, each beside what the pool's own events say.

Run with the agent's directory. Prints one JSON line per step: [step, records that are out, what the agent says, its
frames].
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy
from ctxtop import Ctxtop
from flask import Flask
from sqlalchemy import event, exc, pool

DIRECTORY = Path(sys.argv[1])
app = Flask("checkouts")
Ctxtop(app)
out: set[int] = set()


def engine(poolclass: Any = pool.QueuePool, **options: Any) -> Any:
    """An engine whose pool counts for itself."""
    made = sqlalchemy.create_engine(f"sqlite:///{DIRECTORY}/a.db", poolclass=poolclass, **options)
    event.listen(made, "checkout", lambda _connection, record, _proxy: out.add(id(record)))
    event.listen(made, "checkin", lambda _connection, record: out.discard(id(record)))
    return made


def told() -> dict[str, Any]:
    """This process, as the agent tells it."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.connect(str(next(DIRECTORY.glob("*.sock"), DIRECTORY)))
            client.sendall(b"json\n")
            return json.loads(b"".join(iter(lambda: client.recv(1 << 16), b"")))["workers"][0]
        time.sleep(0.01)
    raise SystemExit("the agent does not answer")


def step(name: str) -> None:
    worker = told()
    held = [known for known in worker["connections"] if known["state"] == "checked_out"]
    frames = [known["holder"]["frame"] for known in held]
    print(json.dumps([name, len(out), worker["connections_checked_out"], frames]), flush=True)


def often(kind: Any) -> Callable[[], None]:
    """Two at once, then none."""

    def run() -> None:
        made = engine(kind)
        first, second = made.raw_connection(), made.raw_connection()
        step(f"{kind.__name__}, two")
        second.close()
        step(f"{kind.__name__}, one")
        first.close()
        step(f"{kind.__name__}, none")
        made.dispose()

    return run


def invalidated() -> None:
    made = engine()
    connection = made.connect()
    connection.invalidate()
    step("invalidated")
    connection.close()
    step("invalidated and closed")


def opened_anew() -> None:
    """A listener, or a ping, finds the connection dead: the pool opens another one within the same checkout."""
    made = engine()
    made.raw_connection().close()
    tries: list[int] = []

    @event.listens_for(made, "checkout")
    def once(*_: object) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise exc.DisconnectionError("gone")

    connection = made.raw_connection()
    assert len(tries) == 2
    step("opened anew")
    connection.close()
    step("opened anew and closed")


def refused() -> None:
    """A listener raises: the pool takes the connection back."""
    made = engine()

    @event.listens_for(made, "checkout")
    def never(*_: object) -> None:
        raise ValueError("no")

    with contextlib.suppress(ValueError):
        made.raw_connection()
    step("refused")


def detached() -> None:
    made = engine()
    connection = made.raw_connection()
    connection.detach()
    out.clear()
    connection.close()
    step("detached and closed")


def dropped() -> None:
    """Nobody closes it: the garbage collector does."""
    made = engine()
    connection = made.raw_connection()
    step("kept")
    del connection
    step("dropped")


with app.app_context():
    pass
for run in (
    often(pool.QueuePool), often(pool.NullPool), often(pool.SingletonThreadPool), often(pool.StaticPool),
    invalidated, opened_anew, refused, detached, dropped,
):  # fmt: skip
    run()

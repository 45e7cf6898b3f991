"""Drivers, engines and pools that raise wherever they are asked for more than they must have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy
from ctxtop import Ctxtop
from hostile import SCENARIOS, Raises, make_app, scenario
from outcome import answer
from sqlalchemy.pool import QueuePool, StaticPool



class OddConnection:
    """A driver's connection on SQLite that raises wherever it is asked for more than it must have."""

    def __init__(self) -> None:
        import sqlite3

        self.real = sqlite3.connect(":memory:", check_same_thread=False)

    def __getattr__(self, name: str) -> Any:
        if name in ("cursor", "rollback", "commit", "close", "create_function", "isolation_level"):
            return getattr(self.real, name)
        raise RuntimeError(name)

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")

    def __hash__(self) -> int:
        raise RuntimeError("hashed")


class SlottedConnection(OddConnection):
    """No weak references."""

    __slots__ = ()


def engine_kind(name: str, creator: Callable[[], Any], **options: Any) -> None:
    def run() -> Any:
        engine = sqlalchemy.create_engine("sqlite://", creator=creator, **options)
        Ctxtop(make_app())
        return [answer(lambda: use(engine)), answer(lambda: use(engine)), answer(lambda: misuse(engine))]

    SCENARIOS[f"engine: {name}"] = run


def use(engine: Any) -> Any:
    with engine.connect() as connection:
        return connection.scalar(sqlalchemy.text("SELECT 1"))


def misuse(engine: Any) -> Any:
    connection = engine.connect()
    connection.detach()
    connection.close()
    connection = engine.connect()
    connection.invalidate()
    connection.close()
    engine.dispose()
    return use(engine)


class OddCreator:
    def __call__(self) -> Any:
        return OddConnection()

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")

    def __hash__(self) -> int:
        raise RuntimeError("hashed")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise RuntimeError(name)


def refuse() -> Any:
    raise sqlalchemy.exc.OperationalError("connect", {}, Exception("refused"))


engine_kind("odd connections", OddConnection, poolclass=QueuePool)
engine_kind("connections without weak references", SlottedConnection, poolclass=StaticPool)
engine_kind("an odd creator", OddCreator(), poolclass=QueuePool)
engine_kind("a server that refuses", refuse, poolclass=QueuePool)
engine_kind("no connection", lambda: None, poolclass=QueuePool)
engine_kind("odd sizes", OddConnection, poolclass=QueuePool, pool_size=0, max_overflow=-1, pool_timeout=1e300)


@scenario
def listeners_called_with_nonsense() -> Any:
    """As SQLAlchemy of another version might."""
    from ctxtop import _native

    names = "connection_opened connection_closed checked_out checked_in invalidated detached"
    things = (None, 3, Raises(), object(), OddConnection())
    for name in names.split():
        listener = getattr(_native, name)
        for first in things:
            for second in things:
                for more in ((), (None,), (Raises(), 3)):
                    if listener(first, second, *more) is not None:
                        return name
        if listener() is not None or listener(None) is not None:
            return name
    return "nothing"

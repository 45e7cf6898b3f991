"""SQLAlchemy: pool listeners, descriptions of engines, backend process ids.

Listeners are set on the class ``Pool``, so that they serve every engine, those made before included. They are
native functions; what they need from Python is asked once per connection or once per pool.

A pool whose checkouts somebody listens to takes a longer way through each of them. So the function that fires this
event is wrapped instead, where there is one (from SQLAlchemy 0.9 to 2.1).

A pool does not know its engine, and ``Engine.__init__`` cannot be wrapped (``create_engine`` reads its
arguments from its code). But every engine listens to its pool's first connection, with a function that knows
it. An engine is remembered under what its pool and that pool's successors share: the function that opens a
connection. Before SQLAlchemy 1.4 that listener forgets itself once it has run, so that it is asked before it is.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import weakref
from collections.abc import Callable
from typing import Any

from . import _hazards, _redact, _server

_UNKNOWN = -1
# A listener is wrapped once so that it runs once.
_CLOSURE_DEPTH = 2
# Where engines listen: to a pool's first connection in a collection of its own before SQLAlchemy 1.4.
_ENGINE_EVENTS = ("connect", "first_connect")
_keys = itertools.count(1)
# Holds neither an engine nor a pool: text, under the creator's address while the creator lives.
_urls: dict[int, tuple[Any, int, str]] = {}
_installed = False


def install(native: Any, lifecycle: Any) -> None:
    """Listen to every pool of this process. Once per process; may raise."""
    global _installed
    if _installed:
        return
    import sqlalchemy
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    _installed = True
    listeners = {
        "connect": native.connection_opened,
        "close": native.connection_closed,
        "checkin": native.checked_in,
        "detach": native.detached,
        # Not invalidate: close and checkin follow by themselves. A detached connection has left its record behind.
        "close_detached": lambda dbapi: native.connection_closed(dbapi, None),
    }
    if not hasattr(Pool.dispatch, "close"):
        # Before SQLAlchemy 1.1 nobody is told that an invalidated connection is closed. It is, at once.
        listeners["invalidate"] = lambda dbapi, record, _exception: native.connection_closed(dbapi, record)
    if not _wrap_checkout(native):
        listeners["checkout"] = native.checked_out
    for name, listener in listeners.items():
        if hasattr(Pool.dispatch, name):
            event.listen(Pool, name, listener)
    if sqlalchemy.__version__ < "1.4":
        event.listen(Pool, "first_connect", _first_connected)
    _adopt(native)
    if native.is_attached():
        lifecycle.describe()


def _adopt(native: Any) -> None:
    """Know the connections that were opened before anybody listened: a fork is yet to come, perhaps.

    Not those that are out: who holds them, and since when, was not seen.
    """
    from sqlalchemy import pool

    cls: Any = getattr(pool, "_ConnectionRecord", None)
    # Where it has both names, asking for the second one warns.
    name = "dbapi_connection" if hasattr(cls, "dbapi_connection") else "connection"
    for record in [known for known in gc.get_objects() if type(known) is cls]:
        connection = getattr(record, name, None)
        if connection is not None and record.fairy_ref is None:
            native.connection_opened(connection, record)


def _wrap_checkout(native: Any) -> bool:
    from sqlalchemy import pool

    fairy: Any = getattr(pool, "_ConnectionFairy", None)
    if not isinstance(getattr(fairy, "__dict__", {}).get("_checkout"), classmethod):
        return False
    fairy._checkout = native.wrap_checkout(fairy._checkout)
    return True


def describe(native: Any, record: Any) -> int:
    """The native number of the engine that ``record`` belongs to; -1 if it cannot be told."""
    pool = _pool_of(record)
    known = _known(pool) if pool is not None else None
    if known is None:
        return _UNKNOWN
    size, overflow, timeout = limits(pool)
    _hazards.check_pool(native, known[2], size, overflow, _server.describe().threads)
    return int(native.engine(known[1], known[2], size, overflow, timeout))


def _first_connected(_connection: Any, record: Any) -> None:
    """A pool is about to call its engine's listener: find the engine before. Must not raise."""
    with contextlib.suppress(Exception):
        _known(_pool_of(record))


def _pool_of(record: Any) -> Any:
    return getattr(record, "_ConnectionRecord__pool", None) or getattr(record, "_pool", None)


def _known(pool: Any) -> tuple[Any, int, str] | None:
    """What is remembered of a pool's engine; looked for the first time."""
    creator = getattr(pool, "_creator", None)
    known = _urls.get(id(creator))
    return known if known is not None and known[0]() is creator else _learn(creator, _url_of(pool))


def limits(pool: Any) -> tuple[int, int, int]:
    """(size, overflow, timeout in milliseconds) of a pool, -1 where it has none; overflow -1 with a size: no limit."""
    size, timeout = getattr(pool, "_pool", None), getattr(pool, "_timeout", None)
    maximum = getattr(size, "maxsize", None)
    if not isinstance(maximum, int):
        return _UNKNOWN, _UNKNOWN, _UNKNOWN
    overflow = getattr(pool, "_max_overflow", _UNKNOWN)
    milliseconds = int(timeout * 1000) if isinstance(timeout, (int, float)) else _UNKNOWN
    return maximum, int(overflow), milliseconds


def backend_pid(connection: Any) -> int:
    """The database server's process id for a connection, if its driver knows it already; -1 otherwise.

    Asks no driver that would ask the server.
    """
    for owner in (connection, getattr(connection, "driver_connection", None)):
        for ask in _BACKEND_PIDS:
            try:
                pid = ask(owner)
            except Exception:
                continue
            if isinstance(pid, int) and 0 < pid < 1 << 31:
                return pid
    return _UNKNOWN


# psycopg 3, psycopg2, mysqlclient and PyMySQL, asyncpg: each answers from memory.
_BACKEND_PIDS: tuple[Callable[[Any], Any], ...] = (
    lambda connection: connection.info.backend_pid,
    lambda connection: connection.get_backend_pid(),
    lambda connection: connection.thread_id(),
    lambda connection: connection.get_server_pid(),
)


def _url_of(pool: Any) -> str:
    """The URL of a pool's engine, without secrets; only the name of the dialect where no engine is found."""
    from sqlalchemy.engine import Engine

    for event in _ENGINE_EVENTS:
        for listener in getattr(pool.dispatch, event, ()):
            engine = _in_closure(listener, Engine, _CLOSURE_DEPTH)
            if engine is not None and engine.pool is pool:
                return _redact.url(engine.url)
    return f"{getattr(getattr(pool, '_dialect', None), 'name', None) or 'unknown'}://"


def _in_closure(function: Any, wanted: type, depth: int) -> Any:
    """An instance of ``wanted`` among the variables that a function closes over, or that those close over."""
    for cell in getattr(function, "__closure__", None) or ():
        try:
            value = cell.cell_contents
        except ValueError:
            continue
        if type(value) is list and len(value) == 1:
            # What is to run once is kept in a list until it has run.
            (value,) = value
        if issubclass(type(value), wanted):
            return value
        found = _in_closure(value, wanted, depth - 1) if depth > 0 else None
        if found is not None:
            return found
    return None


def _learn(creator: Any, url: str) -> tuple[Any, int, str] | None:
    if creator is None:
        return None
    key = id(creator)
    try:
        reference: Any = weakref.ref(creator, lambda _: _urls.pop(key, None))
    except TypeError:
        return None
    known = (reference, next(_keys), url)
    _urls[key] = known
    return known

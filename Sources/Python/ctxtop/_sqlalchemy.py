"""SQLAlchemy: pool listeners, descriptions of engines, backend process ids.

Listeners are set on the class ``Pool``, so that they serve every engine, those made before included. They are
native functions; what they need from Python is asked once per connection or once per pool.

A pool does not know its engine. Engines are found once when we are installed and from then on as they are
made, and known by what a pool and its successors share: the function that opens a connection.
"""

from __future__ import annotations

import functools
import gc
import itertools
import weakref
from typing import Any

from . import _redact

_UNKNOWN = -1
_keys = itertools.count(1)
# Holds neither an engine nor a pool: text, under the creator's address while the creator lives.
_urls: dict[int, tuple[Any, int, str]] = {}
_installed = False


def install(native: Any, lifecycle: Any) -> None:
    """Listen to every pool of this process. Once per process; may raise."""
    global _installed
    if _installed:
        return
    from sqlalchemy import event
    from sqlalchemy.engine import Engine
    from sqlalchemy.pool import Pool

    _installed = True
    _learn_engines(Engine)
    listeners = {
        "connect": native.connection_opened,
        "close": native.connection_closed,
        "checkout": native.checked_out,
        "checkin": native.checked_in,
        "invalidate": native.invalidated,
        "detach": native.detached,
        # A detached connection has left its record behind.
        "close_detached": lambda dbapi: native.connection_closed(dbapi, None),
    }
    for name, listener in listeners.items():
        if hasattr(Pool.dispatch, name):
            event.listen(Pool, name, listener)
    if native.is_attached():
        lifecycle.describe()


def describe(native: Any, record: Any) -> int:
    """The native number of the engine that ``record`` belongs to; -1 if it cannot be told."""
    pool = getattr(record, "_ConnectionRecord__pool", None) or getattr(record, "_pool", None)
    if pool is None:
        return _UNKNOWN
    creator = getattr(pool, "_creator", None)
    known = _urls.get(id(creator))
    if known is None or known[0]() is not creator:
        url = getattr(getattr(pool, "_dialect", None), "name", None)
        known = _learn(creator, f"{url}://" if url else "")
    if known is None:
        return _UNKNOWN
    return int(native.engine(known[1], known[2], *limits(pool)))


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
_BACKEND_PIDS = (
    lambda connection: connection.info.backend_pid,
    lambda connection: connection.get_backend_pid(),
    lambda connection: connection.thread_id(),
    lambda connection: connection.get_server_pid(),
)


def _learn_engines(engine_class: Any) -> None:
    for candidate in gc.get_objects():
        # type(), not isinstance: a proxy's __class__ would run the application's code.
        if issubclass(type(candidate), engine_class):
            _learn_engine(candidate)
    original = engine_class.__init__

    @functools.wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        _learn_engine(self)

    engine_class.__init__ = __init__


def _learn_engine(engine: Any) -> None:
    try:
        _learn(getattr(engine.pool, "_creator", None), _redact.url(engine.url))
    except Exception:
        # An engine without description is shown without one.
        return


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

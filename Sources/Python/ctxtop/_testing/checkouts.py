"""Which connection of the record is which object of SQLAlchemy's: by the time at which it was checked out.

The agent knows connections by their addresses, and the record by numbers. But on one thread one checkout follows the
other: the agent notes the time of each, and right after it we do.
"""

from __future__ import annotations

import contextlib
import sys
import time
import weakref
from collections.abc import Iterable
from typing import Any

from .record import Connection

#: When each connection record was checked out last.
_taken: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
_is_watching = False


def watch() -> None:
    """Note each checkout from now on, if SQLAlchemy is there and the agent listens to it. Idempotent."""
    global _is_watching
    fairy: Any = getattr(sys.modules.get("sqlalchemy.pool"), "_ConnectionFairy", None)
    if _is_watching or fairy is None:
        return
    _is_watching = True
    original = fairy._checkout

    def _checkout(*arguments: Any, **options: Any) -> Any:
        taken = original(*arguments, **options)
        with contextlib.suppress(Exception):
            _taken[taken._connection_record] = time.monotonic_ns()
        return taken

    fairy._checkout = _checkout


def of_sessions(numbers: set[int]) -> list[int]:
    """When the connections were taken that sessions with SQLAlchemy's own numbers ``numbers`` have out."""
    return [time for session in _sessions() if session.hash_key in numbers for time in _times(session)]


def numbers() -> set[int]:
    """SQLAlchemy's own numbers of the sessions that there are."""
    return {session.hash_key for session in _sessions()}


def matching(times: Iterable[int], connections: Iterable[Connection]) -> set[tuple[int, int, int]]:
    """The connections that were taken then: each the latest that the agent has seen before."""
    known = sorted(connections, key=lambda each: each.since)
    found = set()
    for noted in times:
        before = [each for each in known if each.since <= noted]
        if before:
            found.add((before[-1].id, before[-1].generation, before[-1].since))
    return found


def _sessions() -> list[Any]:
    module = sys.modules.get("sqlalchemy.orm.session")
    known = getattr(module, "_sessions", None)
    return list(known.values()) if isinstance(known, weakref.WeakValueDictionary) else []


def _times(session: Any) -> list[int]:
    found = []
    asked = getattr(session, "get_transaction", None)
    transaction = asked() if asked is not None else getattr(session, "transaction", None)
    for entry in (getattr(transaction, "_connections", None) or {}).values():
        # A connection that was closed or invalidated has none to give.
        with contextlib.suppress(Exception):
            noted = _taken.get(entry[0].connection._connection_record)
            if noted is not None:
                found.append(noted)
    return found

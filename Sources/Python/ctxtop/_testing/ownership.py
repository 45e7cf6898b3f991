"""What of the things at rest is meant to stay: a fixture that outlives the test holds it.

Fixtures of a wider scope own what appears while they are set up. Two things appear later, and are theirs all the same:
the connection that a session of theirs takes at its first query, and the contexts that a test client of theirs keeps
while it is in a ``with`` block.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from . import clients
from .judges import Thing
from .record import Connection


@dataclass
class _Fixture:
    name: str
    has_ended: bool = False


class Ownership:
    """Who owns what, over one run of tests. Holds no object of the application's."""

    def __init__(self) -> None:
        self._owners: dict[Hashable, _Fixture] = {}
        self._fixtures: dict[int, _Fixture] = {}
        #: The sessions that were there when the test began, or were made by wider fixtures since.
        self._sessions: set[int] = set()
        #: Spans of numbers of clients that entered their blocks then, or there.
        self._clients: list[tuple[int, int]] = []

    def test_begins(self) -> None:
        self._sessions = session_keys()
        self._clients = [(0, clients.latest())]

    def marks(self) -> tuple[set[int], int]:
        """What tells, at the end of a fixture's setup, what of sessions and clients is its own."""
        return session_keys(), clients.latest()

    def fixture_made(self, fixture: int, name: str, keys: Iterable[Hashable], marks: tuple[set[int], int]) -> None:
        """A fixture of wider scope has been set up; ``keys`` appeared meanwhile."""
        self._fixtures[fixture] = owner = _Fixture(name)
        for key in keys:
            self._owners.setdefault(key, owner)
        self._sessions |= session_keys() - marks[0]
        self._clients.append((marks[1], clients.latest()))

    def fixture_ended(self, fixture: int) -> None:
        """Its finalizers have run: what is still there of it is left over."""
        ended = self._fixtures.pop(fixture, None)
        if ended is not None:
            ended.has_ended = True

    def owner(self, key: Hashable) -> str:
        """The fixture of wider scope that a thing is or was of; empty: none."""
        owner = self._owners.get(key)
        return owner.name if owner is not None else ""

    def is_owned(self, thing: Thing) -> bool:
        owner = self._owners.get(thing.key)
        if owner is not None and not owner.has_ended:
            return True
        return thing.is_preserved and (
            not clients.keeps_pushed() or any(clients.keeping(*span) for span in self._clients)
        )

    def without_sessions(self, things: list[Thing]) -> list[Thing]:
        """Without as many of the connections that no request took as sessions of others hold: the oldest ones.

        Which connection is whose cannot be told: records and Python's objects do not know each other.
        """
        lent = [thing for thing in things if isinstance(thing.subject, Connection) and not thing.is_finished]
        if not lent:
            return things
        number = sum(_connections_of(session) for session in _sessions() if session.hash_key in self._sessions)
        spared = {thing.key for thing in sorted(lent, key=lambda thing: thing.since)[:number]}
        return [thing for thing in things if thing.key not in spared]


def session_keys() -> set[int]:
    """SQLAlchemy's own numbers of the sessions that there are."""
    return {session.hash_key for session in _sessions()}


def _sessions() -> list[Any]:
    module = sys.modules.get("sqlalchemy.orm.session")
    known = getattr(module, "_sessions", None)
    return list(known.values()) if isinstance(known, weakref.WeakValueDictionary) else []


def _connections_of(session: Any) -> int:
    """How many connections a session has out."""
    asked = getattr(session, "get_transaction", None)
    transaction = asked() if asked is not None else getattr(session, "transaction", None)
    known = getattr(transaction, "_connections", None) or {}
    return len({id(entry[0]) for entry in known.values()})

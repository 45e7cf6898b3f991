"""What of the things at rest is meant to stay: a fixture that outlives the test holds it.

Fixtures of a wider scope own what appears while they are set up. Two things appear later, and are theirs all the same:
the connection that a session of theirs takes at its first query, and the contexts that a test client of theirs keeps
while it is in a ``with`` block.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from .. import _stack
from . import checkouts, clients
from .judges import Thing
from .record import Connection, Context


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

    @functools.cached_property
    def _read(self) -> Callable[[], _stack.Stack]:
        return _stack.reader()

    def test_begins(self) -> None:
        checkouts.watch()
        self._sessions = checkouts.numbers()
        self._clients = [(0, clients.latest())]

    def marks(self) -> tuple[set[int], int]:
        """What tells, at the end of a fixture's setup, what of sessions and clients is its own."""
        checkouts.watch()
        return checkouts.numbers(), clients.latest()

    def fixture_made(self, fixture: int, name: str, keys: Iterable[Hashable], marks: tuple[set[int], int]) -> None:
        """A fixture of wider scope has been set up; ``keys`` appeared meanwhile."""
        self._fixtures[fixture] = owner = _Fixture(name)
        for key in keys:
            self._owners.setdefault(key, owner)
        self._sessions |= checkouts.numbers() - marks[0]
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

    def is_orphan(self, key: Hashable) -> bool:
        """Whether a thing's fixture has ended without it."""
        owner = self._owners.get(key)
        return owner is not None and owner.has_ended

    def is_owned(self, thing: Thing) -> bool:
        owner = self._owners.get(thing.key)
        if owner is not None and not owner.has_ended:
            return True
        return isinstance(thing.subject, Context) and self._is_kept(thing, thing.subject)

    def _is_kept(self, thing: Thing, context: Context) -> bool:
        """Whether a client that a wider fixture has entered keeps a context. On the thread that has it."""
        if not clients.keeps_pushed():
            # The next push takes it away, whoever that is.
            return context.is_preserved
        kept = clients.kept(self._clients)
        if not kept or thing.unit is None:
            return False
        # The record was made to agree with the stack: what is at one place is one context.
        real, recorded = self._read(), thing.unit.contexts
        if len(real) != len(recorded):
            return True
        return any(each is context and id(entry[1]) in kept for each, entry in zip(recorded, real, strict=True))

    def lent(self, connections: Iterable[Connection]) -> set[Hashable]:
        """The keys of connections that sessions have which are not this test's own."""
        return {("connection", *key) for key in checkouts.matching(checkouts.of_sessions(self._sessions), connections)}

"""Who hears of the removal of a session, and what is left of us when nobody has to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ctxtop import _sessions
from sqlalchemy.orm import scoped_session, sessionmaker

REMOVE = scoped_session.remove


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    scoped_session.remove = REMOVE  # type: ignore[method-assign]
    _sessions._remove = None


def test_removals_are_heard_until_there_is_nothing_to_hear() -> None:
    heard: list[str] = []
    scoped = scoped_session(sessionmaker())
    for _ in range(2):
        _sessions._watch_removal(lambda: heard.append("removed"))
    session = scoped()
    scoped.remove()
    assert heard == ["removed"] and scoped() is not session
    _sessions._unwatch_removal()
    _sessions._unwatch_removal()
    scoped.remove()
    assert heard == ["removed"] and scoped_session.remove is REMOVE


def test_what_fails_when_it_hears_is_nobodys_trouble() -> None:
    _sessions._watch_removal(lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    scoped_session(sessionmaker()).remove()


def test_anothers_function_around_ours_stays() -> None:
    heard: list[str] = []
    _sessions._watch_removal(lambda: heard.append("removed"))
    ours = scoped_session.remove

    def theirs(self: Any) -> None:
        heard.append("theirs")
        ours(self)

    scoped_session.remove = theirs  # type: ignore[method-assign]
    _sessions._unwatch_removal()
    _sessions._watch_removal(lambda: heard.append("twice"))
    scoped_session(sessionmaker()).remove()
    assert heard == ["theirs", "removed"] and scoped_session.remove is theirs

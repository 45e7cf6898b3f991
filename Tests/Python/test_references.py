"""The agent keeps nothing of the application's alive, and makes no garbage of what went by itself before."""

from __future__ import annotations

from typing import Any

import pytest
from support import guest

#: As every middleware that is set as the documentation says, ours knows the application that it is part of.
IN_A_CYCLE = {"app"}


GUESTS = ("references.py", "references_of_units.py")


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    return {name: said for each in GUESTS for name, said in guest.answers(each, enabled=False)["kinds"].items()}


@pytest.fixture(scope="module")
def watched() -> dict[str, Any]:
    return {name: said for each in GUESTS for name, said in guest.answers(each)["kinds"].items()}


def test_nothing_outlives_its_last_user(plain: dict[str, Any], watched: dict[str, Any]) -> None:
    assert len(watched) == len(plain) > 35
    assert all(kind["watched"] for kind in watched.values())
    assert {name: kind["at last"] for name, kind in watched.items() if kind["at last"]} == {}


def test_what_needs_no_collector_needs_none_with_the_agent(plain: dict[str, Any], watched: dict[str, Any]) -> None:
    def at_once(kinds: dict[str, Any]) -> dict[str, set[str]]:
        return {
            name: {thing for thing in kind["at once"] if thing.split()[0] not in IN_A_CYCLE}
            for name, kind in kinds.items()
        }

    assert at_once(watched) == at_once(plain)

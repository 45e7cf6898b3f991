"""Which verdicts a user allows, as written in the ini file, at a marker or in a test; what is wrong there is told.

What allows nothing because of a slip of the pen would be found out only by the leak that it was written for.
"""

from __future__ import annotations

import reprlib
from collections.abc import Collection
from typing import Any

import pytest

from .words import CATALOGUE


def checked(codes: Any, where: str) -> frozenset[str]:
    """The codes, of which there may be one. Raises ``pytest.UsageError``: one line, with the codes that there are."""
    __tracebackhide__ = True
    given = [codes] if isinstance(codes, str) or not isinstance(codes, Collection) else list(codes)
    unknown = [each for each in given if not isinstance(each, str) or each not in CATALOGUE]
    if unknown:
        raise _wrong(where, f"unknown: {', '.join(map(_shown, unknown))}")
    return frozenset(given)


def of_marker(marker: pytest.Mark) -> frozenset[str]:
    """The codes that a marker allows. Raises ``pytest.UsageError`` also for whatever else it was given."""
    where = f"@pytest.mark.{marker.name}"
    others = [*map(_shown, marker.args), *(f"{name}=" for name in marker.kwargs if name != "allow")]
    if others:
        raise _wrong(where, f"takes nothing but allow=[...], not {', '.join(others)}")
    return checked(marker.kwargs.get("allow", ()), where)


def _wrong(where: str, what: str) -> pytest.UsageError:
    return pytest.UsageError(f"{where}: {what}; the codes of what fails a test: {', '.join(CATALOGUE)}")


def _shown(value: Any) -> str:
    """In one line, and short."""
    return " ".join(reprlib.repr(value).split())

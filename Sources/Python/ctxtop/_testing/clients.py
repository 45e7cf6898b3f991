"""Test clients that are in their ``with`` block: they keep the contexts of their latest request.

Which of them a fixture of wider scope has entered is known by when they did; they are held weakly.
"""

from __future__ import annotations

import functools
import itertools
import weakref
from typing import Any

from .. import _imports, _stack

_numbers = itertools.count(1)
_latest = 0
#: When each has entered its block.
_entered: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
_is_watching = False


def watch() -> None:
    """See each test client that enters its ``with`` block from now on. Imports no Flask."""
    _imports.when_imported("flask.testing", _begin)


def latest() -> int:
    """The number of the client that has entered last; they only grow."""
    return _latest


def keeping(after: int, until: int) -> bool:
    """Whether a client that entered after one and up to another is in its block still."""
    return any(after < number <= until and client.preserve_context for client, number in list(_entered.items()))


def keeps_pushed() -> bool:
    """Whether what a client keeps is pushed until the block ends (from Flask 2.2 on), or only until the next push."""
    return _stack.variables()[0] is not None


def _begin() -> None:
    global _is_watching
    from flask.testing import FlaskClient

    if _is_watching:
        return
    _is_watching = True
    original = FlaskClient.__enter__

    @functools.wraps(original)
    def __enter__(self: Any) -> Any:
        global _latest
        _latest = next(_numbers)
        _entered[self] = _latest
        return original(self)

    FlaskClient.__enter__ = __enter__  # type: ignore[method-assign]

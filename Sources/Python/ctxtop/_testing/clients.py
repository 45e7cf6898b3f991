"""Test clients that are in their ``with`` block: they keep the contexts of their latest request.

Which of them a fixture of wider scope has entered is known by when they did; they are held weakly.
"""

from __future__ import annotations

import functools
import itertools
import weakref
from collections.abc import Iterable
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


def kept(spans: Iterable[tuple[int, int]]) -> set[int]:
    """Addresses of the contexts that clients keep which are in their block still, and entered it within the spans:
    after the first number, up to the second."""
    spans = tuple(spans)
    found: set[int] = set()
    for client, number in list(_entered.items()):
        if client.preserve_context and any(after < number <= until for after, until in spans):
            for _, leave in getattr(getattr(client, "_context_stack", None), "_exit_callbacks", ()):
                context = getattr(leave, "__self__", None)
                found |= {id(context), *map(id, _made_by_push(context))}
    return found


def _made_by_push(request: Any) -> list[Any]:
    """The app contexts that pushes of a request context made, up to Flask 3.1."""
    tokens = getattr(request, "_cv_tokens", ())
    return [token[1] for token in tokens if isinstance(token, tuple) and token[1] is not None]


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

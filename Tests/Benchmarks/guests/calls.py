"""Calls of the extension one by one: each line of standard input names a kind of call and how many of them.

``loop``: nothing, the loop alone. ``empty``: a native function that does nothing: an event that lacks its arguments. ``event``: a
native event that reads no clock (a connection of which nothing is known comes back to its pool). ``plain`` and
``wrapped``: push and pop of an app context with the class's own functions, and with ours around them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ctxtop import _native


class Hooks:
    """What native code asks on its cold paths; nothing here is asked."""

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_arguments: None


class Context:
    def push(self) -> None:
        return

    def pop(self) -> None:
        return


class Wrapped(Context):
    pass


def _loop(count: int) -> None:
    for _ in range(count):
        pass


def _empty(count: int) -> None:
    function, record = _native.detached, object()
    for _ in range(count):
        function(record)


def _event(count: int) -> None:
    function, record = _native.checked_in, object()
    for _ in range(count):
        function(record, record)


def _push_pop(cls: type[Context]) -> Callable[[int], None]:
    def run(count: int) -> None:
        context = cls()
        for _ in range(count):
            context.push()
            context.pop()

    return run


def _serve(_environ: dict[str, Any], _start: Any) -> list[bytes]:
    # Within a request context's push a context is the framework's doing, and nobody asks for a frame.
    for line in sys.stdin:
        name, count = line.split()
        KINDS[name](int(count))
        print("served", name, flush=True)
    return []


class Outer(Context):
    """Its push stays: what is pushed meanwhile is its doing."""

    def push(self) -> None:
        _serve({}, None)


KINDS: dict[str, Callable[[int], None]] = {
    "loop": _loop, "empty": _empty, "event": _event, "plain": _push_pop(Context), "wrapped": _push_pop(Wrapped),
}  # fmt: skip

_native.configure(os.environ["CTXTOP_NAME"], os.environ["CTXTOP_DIR"], None)
_native.install(Hooks(), ContextVar("app", default=None), ContextVar("request", default=None))
Wrapped.push = _native.wrap_push(Wrapped, Context.push, 0)  # type: ignore[method-assign]
Wrapped.pop = _native.wrap_pop(Wrapped, Context.pop, 0)  # type: ignore[method-assign]
Outer.push = _native.wrap_push(Outer, Outer.push, 1)  # type: ignore[method-assign]
if _native.attach() != 0:
    sys.exit(str(_native.problem()))
_native.wrap_wsgi(lambda _environ, _start: Outer().push() or [], None)({"REQUEST_METHOD": "GET"}, None)

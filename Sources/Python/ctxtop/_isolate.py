"""Isolate, an opt-in repair: each request runs in a ``contextvars.Context`` of its own.

What a request leaves on Flask's stacks then goes with its Context, and cannot reach the next one; nor does a
request see what was pushed outside of it: at import, or by a test around its client. Everything else that the
caller's Context holds - a tracer's span, a log's fields - is there as ever. The response is iterated over and
closed in the same Context, whichever thread does it.

This lies outside of the native wrapper: whether a request left something is asked inside of its Context, so a
leak is seen and counted as without this. What lies on the caller's stack meanwhile is kept in a variable of the
request's Context (weakly), for the record is that of the whole thread.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING, Any

from . import _stack

if TYPE_CHECKING:
    from flask import Flask

_log = logging.getLogger("ctxtop")
#: What was on the stack around the request: (kind, weak reference), bottom first. Not set: nothing.
outer: ContextVar[tuple[tuple[int, Any], ...]] = ContextVar("ctxtop.outer")


def install(app: Flask, native: Any = None) -> None:
    """Isolate the requests of ``app``. ``native``: what watches them, if anything does."""
    own = _flask_variables()
    if own is None:
        _log.warning("%s is not isolated: its Flask keeps no context variables (2.0 and later do)", app.name)
        return
    if not getattr(app.wsgi_app, "_ctxtop_isolated", False):
        app.wsgi_app = _isolated(app.wsgi_app, own, native)  # type: ignore[method-assign]


def whole(read: Callable[[], _stack.Stack]) -> Callable[[], _stack.Stack]:
    """The reader of a stack that goes on in the Context around the request."""

    def read_whole() -> _stack.Stack:
        around = [(kind, reference()) for kind, reference in outer.get(())]
        return (*(entry for entry in around if entry[1] is not None), *read())

    return read_whole


def _flask_variables() -> frozenset[ContextVar[Any]] | None:
    """The context variables that hold Flask's stacks; None: this version has none."""
    found: list[Any] = [variable for variable in _stack.variables() if variable is not None]
    if not found:
        from flask import globals as flask_globals

        stacks = (flask_globals._app_ctx_stack, flask_globals._request_ctx_stack)  # type: ignore[attr-defined]
        found = [getattr(stack._local, "_storage", None) for stack in stacks]
    return frozenset(found) if all(isinstance(variable, ContextVar) for variable in found) else None


def _isolated(application: Any, own: frozenset[ContextVar[Any]], native: Any) -> Callable[..., Any]:
    read = whole(_stack.reader())
    # After a request, the record of this thread is to agree with the stack around it again.
    settle = native.settle if native is not None else lambda: None

    def isolated(environ: dict[str, Any], start_response: Any) -> Any:
        context = _fresh(own, _around(read))
        try:
            response = context.run(application, environ, start_response)
        finally:
            settle()
        return response if _is_servers_own(response, environ) else _Response(response, context, settle)

    isolated._ctxtop_isolated = True  # type: ignore[attr-defined]
    return isolated


def _around(read: Callable[[], _stack.Stack]) -> tuple[tuple[int, Any], ...]:
    try:
        return tuple((kind, weakref.ref(pushed)) for kind, pushed in read())
    except Exception:
        return ()


def _fresh(own: frozenset[ContextVar[Any]], around: tuple[tuple[int, Any], ...]) -> Context:
    context = Context()
    for variable, value in copy_context().items():
        if variable not in own and variable is not outer:
            context.run(variable.set, value)
    if around:
        context.run(outer.set, around)
    return context


def _is_servers_own(response: Any, environ: dict[str, Any]) -> bool:
    """Whether the server must get the response as it is: see the native wrapper."""
    if isinstance(response, (list, tuple)) or hasattr(response, "read"):
        return True
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(wrapper, type) and isinstance(response, wrapper)


class _Response:
    """A response whose every step is made in the request's Context."""

    def __init__(self, response: Any, context: Context, settle: Callable[[], None]) -> None:
        self._response = response
        self._iterator: Any = None
        self._context = context
        self._settle = settle
        self._is_closed = False

    def __iter__(self) -> _Response:
        return self

    def __next__(self) -> Any:
        if self._iterator is None:
            self._iterator = self._context.run(iter, self._response)
        return self._context.run(next, self._iterator)

    def close(self) -> None:
        self._is_closed = True
        try:
            self._context.run(self._close)
        finally:
            self._settle()

    def _close(self) -> None:
        if hasattr(self._response, "close"):
            self._response.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._response, name)

    def __del__(self) -> None:
        # Let go of by a server without a close(): what the generator cleans up is to meet its own Context.
        if self._is_closed:
            return
        try:
            self._context.run(self._let_go)
            self._settle()
        except Exception:
            return

    def _let_go(self) -> None:
        self._iterator = self._response = None

"""The real context stack of the current thread, greenlet or task, read from the framework's own storage.

Where the stacks live, by Flask version:

* up to 2.1: two ``LocalStack`` objects, lists of contexts;
* 2.2 to 3.1: two context variables; each context keeps the tokens of its pushes, and a token's old value is
  the context below;
* 3.2: one context variable; a context that has a request *is* the request context.

Nothing here changes the stack or keeps a context.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar, Token
from typing import Any

#: Kinds, as the native module numbers them.
APP, REQUEST = 0, 1

Stack = tuple[tuple[int, Any], ...]
# Deeper than any program means to go; a damaged chain of tokens must not become an endless loop.
_DEPTH_LIMIT = 1000


def variables() -> tuple[ContextVar[Any] | None, ContextVar[Any] | None]:
    """Flask's context variables (app, request); None where this version has none."""
    from flask import globals as flask_globals

    return getattr(flask_globals, "_cv_app", None), getattr(flask_globals, "_cv_request", None)


def reader() -> Callable[[], Stack]:
    """The function that reads the stack of this Flask version, bottom first."""
    from flask import globals as flask_globals

    app, request = variables()
    if app is not None and request is not None:
        return lambda: _pairs(_pushed(app, _last_token), _pushed(request, _last_pair))
    if app is not None:
        return lambda: _single(app)
    old: Any = flask_globals
    return lambda: _lists(old._app_ctx_stack, old._request_ctx_stack)


def current_app_context() -> Any:
    """The app context on top of the current unit's stack; None: there is none."""
    variable, _ = variables()
    if variable is not None:
        return variable.get(None)
    from flask import globals as flask_globals

    old: Any = flask_globals
    return old._app_ctx_stack.top


def _last_token(context: Any, nth: int) -> Token[Any] | None:
    tokens = context._cv_tokens
    return tokens[-nth] if nth <= len(tokens) else None


def _last_pair(context: Any, nth: int) -> Token[Any] | None:
    tokens = context._cv_tokens
    return tokens[-nth][0] if nth <= len(tokens) else None


def _pushed(variable: ContextVar[Any], token_of: Callable[[Any, int], Token[Any] | None]) -> list[Any]:
    """The contexts under ``variable``, bottom first. A context that was popped but is still current ends it."""
    found: list[Any] = []
    times: dict[int, int] = {}
    context = variable.get(None)
    while context is not None and len(found) < _DEPTH_LIMIT:
        found.append(context)
        nth = times[id(context)] = times.get(id(context), 0) + 1
        token = token_of(context, nth)
        below = token.old_value if token is not None else None
        context = None if below is Token.MISSING else below
    found.reverse()
    return found


def _pairs(apps: list[Any], requests: list[Any]) -> Stack:
    """Flask 2.2 to 3.1."""
    return _merged(apps, [(request, _made(pair[1] for pair in request._cv_tokens)) for request in requests])


def _merged(apps: list[Any], requests: list[tuple[Any, Any]]) -> Stack:
    """Both stacks as one; ``requests`` are pairs of a request and the app context that its push made, or None.

    A request lies on the app context that its push made. One that found an app context lies on the lowest one:
    the storage does not tell which contexts were pushed after it.
    """
    merged: list[tuple[int, Any]] = []
    rest = list(apps)
    for request, below in requests:
        ends = [index for index, app in enumerate(rest) if app is below]
        count = ends[0] + 1 if ends else int(not merged)
        merged.extend((APP, app) for app in rest[:count])
        del rest[:count]
        merged.append((REQUEST, request))
    merged.extend((APP, app) for app in rest)
    return tuple(merged)


def _single(variable: ContextVar[Any]) -> Stack:
    """Flask 3.2: one stack, each entry weighted with the number of its pushes."""
    found: list[tuple[int, Any]] = []
    context = variable.get(None)
    while context is not None and len(found) < _DEPTH_LIMIT:
        kind = REQUEST if getattr(context, "has_request", False) else APP
        found.extend([(kind, context)] * max(1, getattr(context, "_push_count", 1)))
        token = getattr(context, "_cv_token", None)
        below = token.old_value if token is not None else None
        context = None if below is Token.MISSING else below
    return tuple(reversed(found))


def _made(implicit: Iterable[Any]) -> Any:
    """The app context that the latest push of a request made; None: it found one."""
    return next((app for app in reversed(list(implicit)) if app is not None), None)


def _lists(app_stack: Any, request_stack: Any) -> Stack:
    """Flask up to 2.1."""
    apps = list(getattr(app_stack._local, "stack", None) or ())
    requests = list(getattr(request_stack._local, "stack", None) or ())
    return _merged(apps, [(request, _made(getattr(request, "_implicit_app_ctx_stack", ()))) for request in requests])

"""The real context stack of the current thread, greenlet or task, read from the framework's own storage.

Where the stacks live, by Flask version:

* up to 2.1: two ``LocalStack`` objects, lists of contexts, which each Werkzeug keeps elsewhere;
* 2.2 to 3.1: two context variables; each context keeps the tokens of its pushes, and a token's old value is
  the context below;
* 3.2: one context variable; a context that has a request *is* the request context.

Nothing here changes the stack or keeps a context.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar, Token, copy_context
from typing import Any

#: Kinds, as the native module numbers them. EITHER is a class of contexts whose ``has_request`` tells.
APP, REQUEST, EITHER = 0, 1, 2
#: Added to the kind of a context that the framework keeps on purpose when its request has ended.
PRESERVED = 0x100

Stack = tuple[tuple[int, Any], ...]
# Deeper than any program means to go; a damaged chain of tokens must not become an endless loop.
_DEPTH_LIMIT = 1000


def is_request(kind: int) -> bool:
    """Whether a kind, preserved or not, is that of request contexts."""
    return kind & ~PRESERVED == REQUEST


def variables() -> tuple[ContextVar[Any] | None, ContextVar[Any] | None]:
    """Flask's context variables (app, request); the same one twice in 3.2; None where this version has none."""
    from flask import globals as flask_globals

    # Not by getattr, which warns where a name is deprecated.
    names = vars(flask_globals)
    app = names.get("_cv_app")
    return app, names.get("_cv_request", app)


def classes() -> list[tuple[type, int]]:
    """The classes of contexts, each with its kind."""
    from flask import ctx

    request: type | None = vars(ctx).get("RequestContext")
    if request is None or request is ctx.AppContext:
        return [(ctx.AppContext, EITHER)]
    return [(ctx.AppContext, APP), (request, REQUEST)]


def reader() -> Callable[[], Stack]:
    """The function that reads the stack of this Flask version, bottom first."""
    from flask import globals as flask_globals

    app, request = variables()
    if app is not None and request is not None:
        if app is request:
            return lambda: _single(app)
        return lambda: _pairs(_pushed(app, _last_token), _pushed(request, _last_pair))
    old: Any = flask_globals
    return lambda: _lists(_entries(old._app_ctx_stack), _entries(old._request_ctx_stack))


def current_app_context() -> Any:
    """The app context on top of the current unit's stack; None: there is none."""
    variable, _ = variables()
    if variable is not None:
        # Not variable.get(): see _pushed.
        return copy_context().get(variable)
    from flask import globals as flask_globals

    old: Any = flask_globals
    return old._app_ctx_stack.top


def current_request_context() -> Any:
    """The request context on top, which may have been popped where this is a copied context; None: there is none."""
    _, variable = variables()
    if variable is None:
        from flask import globals as flask_globals

        old: Any = flask_globals
        return old._request_ctx_stack.top
    context = copy_context().get(variable)
    return context if getattr(context, "has_request", True) else None


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
    # Not variable.get(), which keeps what it found in a cache: whoever asks may be a destructor that a garbage
    # collection runs while the variable is being reset, and the cache would outlive the value (a crash).
    context = copy_context().get(variable)
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
    context = copy_context().get(variable)
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


def _entries(stack: Any) -> list[Any]:
    """The contexts on a ``LocalStack``, bottom first."""
    # Flask 2.1 may run on Werkzeug 2.2 or newer: each stack has a context variable of its own there.
    variable = getattr(stack, "_storage", None)
    if isinstance(variable, ContextVar):
        return list(copy_context().get(variable) or ())
    return list(getattr(stack._local, "stack", None) or ())


def _lists(apps: list[Any], requests: list[Any]) -> Stack:
    """Flask up to 2.1."""
    if not apps and not requests:
        return ()
    pairs = [(request, _made(getattr(request, "_implicit_app_ctx_stack", ()))) for request in requests]
    # The next push of a request context pops what is preserved, and the app context that came with it.
    kept = {
        id(context) for pair in pairs if getattr(pair[0], "preserved", False) for context in pair if context is not None
    }
    merged = _merged(apps, pairs)
    if not kept:
        return merged
    return tuple((kind | PRESERVED if id(context) in kept else kind, context) for kind, context in merged)

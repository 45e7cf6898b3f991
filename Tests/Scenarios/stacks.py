"""The stacks of contexts of this thread as Flask itself keeps them, bottom first; read, and never changed."""

from __future__ import annotations

import contextvars
from typing import Any

import flask.globals

#: Up to 2.1 two stacks of Werkzeug's; since 2.2 two variables, and each push keeps what was there before.
ARE_STACKS = not hasattr(flask.globals, "_cv_app")
#: Behind the name of a context that is current although every push of it has been undone.
STRAY = "?"


#: Since 3.2 a request has one context of both kinds: there is nothing here to compare.
ARE_ONE = not ARE_STACKS and not hasattr(flask.globals, "_cv_request")


def requests() -> list[tuple[Any, str]]:
    if ARE_ONE:
        return []
    return _stack("_request_ctx_stack") if ARE_STACKS else _chain("_cv_request", lambda pushed: pushed[0])


def apps() -> list[tuple[Any, str]]:
    if ARE_ONE:
        return []
    return _stack("_app_ctx_stack") if ARE_STACKS else _chain("_cv_app", lambda token: token)


def forget_threads() -> None:
    """A later thread may get the number of one that has ended, and would inherit what that left behind."""
    if ARE_STACKS:
        for name in ("_request_ctx_stack", "_app_ctx_stack"):
            getattr(flask.globals, name)._local.__storage__.clear()


def _stack(name: str) -> list[tuple[Any, str]]:
    return [(context, "") for context in getattr(getattr(flask.globals, name)._local, "stack", [])]


def _chain(name: str, token_of: Any) -> list[tuple[Any, str]]:
    context = getattr(flask.globals, name).get(None)
    # A context may have been pushed several times: its latest push is met first.
    met: dict[int, int] = {}
    found: list[tuple[Any, str]] = []
    while context is not None:
        pushes = context._cv_tokens
        times = met[id(context)] = met.get(id(context), 0) + 1
        if times > len(pushes):
            found.append((context, STRAY))
            break
        found.append((context, ""))
        below = token_of(pushes[-times]).old_value
        context = None if below is contextvars.Token.MISSING else below
    return found[::-1]

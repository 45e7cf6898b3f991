"""``app.wsgi_app`` of the applications that are watched.

A wrapper kept in the application itself would be a cycle: Flask promises (and tests) that an application without
references is freed at once. So the class answers: ``app.wsgi_app`` is a method there anyway, made anew each time.
Where an application has more than the method - middleware already, or a class with a ``wsgi_app`` of its own - the
cycle is there without us, and what it has is wrapped.
"""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

# In the dictionary of an application whose requests are watched by way of the class.
_MARK = "_ctxtop_is_watched"


class _Entry:
    """Stands for ``Flask.wsgi_app``. On the class itself it is the function, as if we were not there."""

    def __init__(self, function: FunctionType, native: Any) -> None:
        self._bind = function.__get__
        self._function = function
        self._wrap = native.wrap_wsgi

    def __get__(self, app: Any, cls: Any = None) -> Any:
        if app is None:
            return self._function
        method = self._bind(app, cls)
        try:
            return self._wrap(method, app) if _MARK in app.__dict__ else method
        except Exception:
            # No memory for the wrapper: the request is served, and not seen.
            return method


def watch(app: Flask, native: Any) -> None:
    """See each request of ``app`` from now on."""
    from flask import Flask

    function = vars(Flask)["wsgi_app"]
    if isinstance(function, FunctionType):
        Flask.wsgi_app = function = _Entry(function, native)  # type: ignore[method-assign, assignment]
    is_plain = "wsgi_app" not in vars(app) and _defines(type(app)) is function
    if is_plain and isinstance(function, _Entry):
        vars(app)[_MARK] = True
    else:
        app.wsgi_app = native.wrap_wsgi(app.wsgi_app, app)  # type: ignore[method-assign]


def _defines(cls: type) -> Any:
    return next((vars(base)["wsgi_app"] for base in cls.__mro__ if "wsgi_app" in vars(base)), None)

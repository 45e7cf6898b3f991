"""``app.wsgi_app`` of the applications that are watched.

A wrapper kept in the application itself would be a cycle: Flask promises (and tests) that an application without
references is freed at once. So the class answers, by a native method that asks whether this application is watched.
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
# What stands for ``Flask.wsgi_app`` once an application is watched.
_entry: Any = None


def watch(app: Flask, native: Any) -> None:
    """See each request of ``app`` from now on."""
    global _entry
    from flask import Flask

    function = vars(Flask)["wsgi_app"]
    if isinstance(function, FunctionType):
        _entry = function = native.wsgi_entry(function, _MARK)
        Flask.wsgi_app = _entry  # type: ignore[method-assign]
    is_plain = "wsgi_app" not in vars(app) and _defines(type(app)) is function
    if is_plain and function is _entry:
        vars(app)[_MARK] = True
    else:
        app.wsgi_app = native.wrap_wsgi(app.wsgi_app, app)  # type: ignore[method-assign]


def _defines(cls: type) -> Any:
    return next((vars(base)["wsgi_app"] for base in cls.__mro__ if "wsgi_app" in vars(base)), None)

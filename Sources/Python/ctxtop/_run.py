"""Every Flask application of this process, instrumented as it is made: what ``ctxtop run`` is for.

Called by ``_site/sitecustomize.py`` when Flask is about to be imported. An application's own ``Ctxtop(app)`` does
nothing then. Only the environment's settings count: ``app.config`` is still empty when an application is made.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from . import _imports

_leave: Callable[[], None] | None = None


def start(enter: Callable[[], None], leave: Callable[[], None]) -> None:
    """Wait for Flask. ``enter`` puts the ``sitecustomize`` back into the environment, ``leave`` takes it out."""
    global _leave
    _leave = leave
    _imports.when_imported("flask", _wrap_flask)
    _imports.when_imported("werkzeug._reloader", lambda: _wrap_reloader(enter, leave))


def leave_environment() -> None:
    """This process is a worker: what it starts is nobody's server."""
    if _leave is not None:
        _leave()


def _wrap_flask() -> None:
    from flask import Flask

    from . import Ctxtop

    original = Flask.__init__

    @functools.wraps(original)
    def __init__(self: Flask, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        Ctxtop(self)

    Flask.__init__ = __init__  # type: ignore[method-assign]


def _wrap_reloader(enter: Callable[[], None], leave: Callable[[], None]) -> None:
    """The reloader's parent starts the server again and again, in a copy of its own environment, and does no more."""
    from werkzeug._reloader import ReloaderLoop

    original = ReloaderLoop.restart_with_reloader

    @functools.wraps(original)
    def restart_with_reloader(self: Any) -> int:
        enter()
        try:
            return original(self)
        finally:
            leave()

    ReloaderLoop.restart_with_reloader = restart_with_reloader  # type: ignore[method-assign]

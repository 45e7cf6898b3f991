"""Every Flask application of this process, instrumented: those that are there, and those to come."""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Callable
from typing import Any

from .. import _imports, _settings, _setup
from . import clients

_original: Callable[..., None] | None = None
_installed: Callable[..., None] | None = None
_prepare: Callable[[], None] | None = None
_made: Callable[[Exception | None], None] | None = None


def watch(prepare: Callable[[], None], made: Callable[[Exception | None], None]) -> None:
    """Instrument applications from now on; these are called before each and after it. Neither may raise.

    ``made`` is told what went wrong, if anything did. Imports no Flask.
    """
    global _prepare, _made
    _prepare, _made = prepare, made
    _imports.when_imported("flask", _begin)
    clients.watch()


def end() -> None:
    """Leave the applications to come alone, and the settings."""
    global _prepare, _made, _original, _installed
    _prepare = _made = None
    _settings.force({})
    flask = sys.modules.get("flask")
    if flask is not None and _original is not None and flask.Flask.__init__ is _installed:
        flask.Flask.__init__ = _original
        _original = _installed = None


def _begin() -> None:
    global _original, _installed
    from flask import Flask

    if _prepare is None:
        return
    for known in gc.get_objects():
        # Not by isinstance: a proxy would be asked for its class.
        if issubclass(type(known), Flask):
            _instrument(known)
    if _original is not None:
        return
    _original = original = Flask.__init__

    @functools.wraps(original)
    def __init__(self: Flask, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        _instrument(self)

    _installed = __init__
    Flask.__init__ = __init__  # type: ignore[method-assign]


def _instrument(app: Any) -> None:
    if _prepare is None or _made is None:
        return
    try:
        _prepare()
        _setup.instrument(app)
        # What the application asks for by itself it still gets: its repairs belong to what is tested.
        app.extensions.pop("ctxtop", None)
        _made(None)
    except Exception as error:
        _made(error)

"""The order in which one application gets instrumented; called by ``Ctxtop.init_app`` only."""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import TYPE_CHECKING

from . import _settings

if TYPE_CHECKING:
    from flask import Flask

    from ._hooks import Hooks
    from ._lifecycle import Lifecycle

_log = logging.getLogger("ctxtop")
_lock = threading.Lock()
# Applications are set up one after the other. Who would have to wait longer runs unmonitored: another one's setup
# hangs, or waits for an import that we are in the middle of.
_PATIENCE = 5.0
_lifecycle: Lifecycle | None = None
_hooks_of_process: Hooks | None = None
_declined = False


def instrument(app: Flask, guard: str | None = None) -> None:
    """Hook ``app``, and see to it that this process attaches if it is a worker. May raise."""
    settings = _settings.read(app.config, guard=guard)
    if not settings.enabled or "ctxtop" in app.extensions:
        return
    lifecycle = None
    lock = _lock
    is_ours = lock.acquire(timeout=_PATIENCE)
    try:
        if not is_ours:
            raise TimeoutError("another application is still being set up")
        lifecycle = _prepared(settings, app)
        if lifecycle is not None:
            _hook(app, lifecycle)
    finally:
        try:
            # Also of an application that cannot be monitored: whoever asked for a repair relies on it.
            app.extensions["ctxtop"] = True
            _repair(app, settings, lifecycle)
        finally:
            if is_ours:
                lock.release()
    if lifecycle is not None:
        lifecycle.start()


def _hook(app: Flask, lifecycle: Lifecycle) -> None:
    from . import _frames, _hooks

    _frames.add_root(app.root_path)
    # A constructor that ran twice has forgotten its extensions, and kept this.
    if not _hooks.is_instrumented(app):
        lifecycle.know(app)
        _hooks.instrument(app, lifecycle.native)


def _repair(app: Flask, settings: _settings.Settings, lifecycle: Lifecycle | None) -> None:
    hooks = _hooks_of_process if lifecycle is not None else None
    if settings.guard is not None:
        from . import _guard

        _guard.install(app, settings.guard, hooks.report if hooks is not None else None)
    if settings.isolate:
        from . import _isolate

        native = lifecycle.native if lifecycle is not None else None
        if hooks is not None:
            hooks.isolate(native)
        _isolate.install(app, native)


def _prepared(settings: _settings.Settings, app: Flask) -> Lifecycle | None:
    """Everything that is done once per process, by its first application; None: declined."""
    global _lifecycle, _declined, _hooks_of_process
    if _lifecycle is not None or _declined:
        return _lifecycle
    _declined = True
    # Asking sysconfig would load a megabyte of build settings.
    if "t" in sys.abiflags:
        _log.warning("%s is not monitored: free-threaded CPython is not supported yet", app.name)
        return None
    try:
        from . import _native
    except ImportError as error:
        _log.warning("%s is not monitored: the native module does not load: %s", app.name, error)
        return None
    from . import _coroutines, _hooks, _imports, _pushes, _redact, _resources, _sessions, _sqlalchemy
    from . import _lifecycle as lifecycles

    name = _settings.stem(settings, app.name, app.root_path)
    _redact.show_messages(settings.messages)
    _native.configure(name, settings.directory, *_settings.groups(settings))
    lifecycle = lifecycles.Lifecycle(_native, settings.recycle, settings.control)
    _hooks_of_process = _hooks.install(_native, lifecycle)
    _coroutines.watch(_native)
    _pushes.watch(_native, _hooks_of_process.stack)
    _resources.install(_native)
    _imports.when_imported("sqlalchemy", lambda: _sqlalchemy.install(_native, lifecycle))
    _imports.when_imported("sqlalchemy.orm", lambda: _sessions.install(_native))
    _imports.when_imported("dogpile.cache", lambda: _resources.install_dogpile(_native))
    _lifecycle, _declined = lifecycle, False
    return lifecycle


def _forget_in_child() -> None:
    # Another thread of the parent may have held the lock at the fork; nobody would ever release it here.
    global _lock
    _lock = threading.Lock()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_forget_in_child)

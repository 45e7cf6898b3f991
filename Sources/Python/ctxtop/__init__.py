"""ctxtop: a "top" for Flask application contexts.

``Ctxtop(app)`` instruments one Flask application. Everything hot is native (``_native``); the modules here
are the cold paths:

====================  =======================================================================
``_settings``         CTXTOP_* settings and the service's name
``_server``           which server this process belongs to, and which part of it we are
``_lifecycle``        who attaches, and when
``_hooks``            what is hooked, and the callbacks that native code may call
``_entry``            where an application takes its requests over from the server
``_stack``            the real context stack, per era of Flask
``_failures``         which teardown function raised, and which ones it skipped
``_clients``          requests that the code around them makes, without a server
``_origins``          who pushed a context before this process was attached, or at import
``_pushes``           pushes by a module's own code
``_frames``           the first frame of the application's own code
``_redact``           what must never leave the process is cut out here
``_sqlalchemy``       connection pool listeners and engine descriptions
``_sessions``         scoped sessions that outlive their contexts
``_resources``        locks: ``ctxtop.resource`` and dogpile.cache's own
``_hazards``          configurations that are known to lead to leaks
``_guard``            repair: every teardown function runs, whatever another one raises
``_isolate``          repair: what a request leaves behind cannot reach the next one
``_recycle``          repair: a worker that leaked is replaced by its server
``_coroutines``       greenlets and asyncio tasks
``_imports``          calls that wait for a module to be imported
``_run``              every application of a process, for ``ctxtop run``
``pytest_plugin``     which test left something behind; the parts are in ``_testing``
====================  =======================================================================

(PYTEST_DONT_REWRITE: there are no assertions to explain, and whoever imported us before pytest is not to be warned.)

What must hold everywhere: an application runs with ctxtop exactly as it does without. Whatever fails here
ends in one log line and an unmonitored application.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from ._resources import resource

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["Ctxtop", "resource"]
__version__ = "1.0.0"

_log = logging.getLogger("ctxtop")


class Ctxtop:
    """The Flask extension: ``Ctxtop(app)``, or ``Ctxtop()`` and later ``init_app(app)``.

    Never raises. Call it where the application is made, in the main thread, before the server forks or
    serves; calling it again for the same application does nothing.

    ``guard``: an opt-in repair, ``"finish"`` or ``"log"``; the setting CTXTOP_GUARD wins.
    """

    def __init__(self, app: Flask | None = None, *, guard: str | None = None) -> None:
        self._guard = guard
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Instrument ``app``. Never raises: a failure is one log line and an unmonitored application."""
        try:
            from ._setup import instrument

            instrument(app, guard=self._guard)
        except Exception as error:
            _complain(app, error)


def _complain(app: Flask, error: Exception) -> None:
    # What an application calls itself may fail as well, and a handler of the log.
    with contextlib.suppress(Exception):
        _log.warning("%s is not monitored: %s: %s", getattr(app, "name", "app"), type(error).__name__, error)

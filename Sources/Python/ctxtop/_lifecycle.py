"""Who attaches, and when: a worker is visible before its first request, a master never.

===================================  =======================================================
uWSGI, application before the fork   ``uwsgi.post_fork_hook``, chained
uWSGI with lazy-apps                 at import: we are in the worker
gunicorn without preload             at import: ``spawn_worker`` is on the stack
gunicorn with preload                after the fork, if ``spawn_worker`` is on the stack
Celery's pool of processes           when a process of it begins, by a signal
anything else                        first event that is not part of an import
===================================  =======================================================

uWSGI runs none of Python's at-fork hooks; the native module forgets its thread and slot over any fork by
itself.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import platform
import sys
import time
import weakref
from types import FrameType
from typing import Any

from . import _hazards, _imports, _recycle, _run, _server

_log = logging.getLogger("ctxtop")
#: A process that could not attach tries again with its first event after so many seconds; the native module, which asks
#: at each event, waits as long.
_RETRY_SECONDS = 5.0


class Lifecycle:
    """Attaches this process when it is a worker. One per process; survives forks."""

    def __init__(self, native: Any, recycle: bool = False, control: bool = False) -> None:
        self.native = native
        self._recycle = recycle
        self._control = control
        self._attached_pid = 0
        # A process that failed to attach is not asked again for a while, and says once why.
        self._declined_pid = 0
        self._retry_at = 0.0
        self._complaint = ""
        self._is_started = False
        self._apps: list[weakref.ref[Any]] = []
        self._flask = _version("flask")
        self._werkzeug = _version("werkzeug")

    def start(self) -> None:
        """Arrange that each worker attaches; attach now if we are one. Idempotent."""
        if _server.role() is _server.Role.WORKER:
            self.attach()
        if self._is_started:
            return
        self._is_started = True
        atexit.register(self._detach)
        _imports.when_imported("celery.signals", self._await_pool)
        if _server.uwsgi_module() is not None:
            self._chain_uwsgi()
            # It sets the hook at its import, and knows of nobody who was there before.
            _imports.when_imported("uwsgidecorators", self._chain_uwsgi)
        else:
            os.register_at_fork(after_in_child=self._forked)

    def know(self, app: Any) -> None:
        """An application of this process: its configuration is looked at when a worker attaches, or now."""
        self._apps.append(weakref.ref(app, self._apps.remove))
        if self._attached_pid == os.getpid():
            self.look_for_hazards()

    def look_for_hazards(self) -> None:
        """Tell what is dangerous in the configuration as it is now."""
        _hazards.check_process(self.native, self._flask)
        for reference in tuple(self._apps):
            _hazards.check_app(self.native, reference())

    def attach(self) -> bool:
        """Claim a slot for this process. Says whether it has one; each kind of failure is logged once per process."""
        pid = os.getpid()
        if self.has_declined():
            return False
        _run.leave_environment()
        self.describe()
        if self._recycle or self._control:
            _recycle.permit(self.native, self._recycle, self._control)
        if self.native.attach() == 0:
            self._attached_pid = pid
            self.look_for_hazards()
            self._await_farewell()
            if warning := self.native.warning():
                _log.warning("%s", warning)
            if self._declined_pid == pid:
                _log.warning("this worker is monitored now")
                self._declined_pid = 0
            return True
        complaint = self.native.problem() or "unknown reason"
        if self._declined_pid != pid or complaint != self._complaint:
            _log.warning("this worker is not monitored: %s", complaint)
        self._declined_pid, self._retry_at, self._complaint = pid, time.monotonic() + _RETRY_SECONDS, complaint
        return False

    def describe(self) -> None:
        """Tell the native module who we are; again when more is known."""
        server = _server.describe()
        self.native.describe(
            server.kind,
            server.model,
            server.version,
            server.workers,
            server.threads,
            server.number,
            server.instance,
            platform.python_version(),
            self._flask,
            self._werkzeug,
            _version("sqlalchemy"),
        )

    def first_event(self) -> bool:
        """An event in a process that is not attached: attach, unless we are a master or still importing."""
        pid = os.getpid()
        if self._attached_pid == pid or _is_importing(sys._getframe(1)):
            return False
        if _server.role() is _server.Role.MASTER or self._is_forked_by_worker():
            return False
        return self.attach()

    def has_declined(self) -> bool:
        """Whether this process failed to attach: nothing is asked of what happens in it for a while."""
        return self._declined_pid == os.getpid() and time.monotonic() < self._retry_at

    def _is_forked_by_worker(self) -> bool:
        # uWSGI's module tells a child that a worker forked that it is that worker.
        return _server.uwsgi_module() is not None and self._attached_pid != 0

    def _chain_uwsgi(self) -> None:
        uwsgi = _server.uwsgi_module()
        previous = getattr(uwsgi, "post_fork_hook", None)
        if uwsgi is None or getattr(previous, "_ctxtop", False):
            return

        def post_fork_hook() -> Any:
            try:
                if uwsgi.worker_id() > 0:
                    self.attach()
            except Exception as error:
                _log.warning("this worker is not monitored: %s: %s", type(error).__name__, error)
            return previous() if callable(previous) else None

        post_fork_hook._ctxtop = True  # type: ignore[attr-defined]
        uwsgi.post_fork_hook = post_fork_hook  # type: ignore[attr-defined]

    def _forked(self) -> None:
        try:
            if _server.gunicorn_worker() is not None:
                self.attach()
        except Exception as error:
            _log.warning("this worker is not monitored: %s: %s", type(error).__name__, error)

    def _await_pool(self) -> None:
        # A task need not push anything: the processes of Celery's pool attach when they begin.
        signals = sys.modules["celery.signals"]
        signals.worker_process_init.connect(self._pool_process_began, weak=False)

    def _pool_process_began(self, **_: Any) -> None:
        try:
            self.attach()
        except Exception as error:
            _log.warning("this worker is not monitored: %s: %s", type(error).__name__, error)

    def _await_farewell(self) -> None:
        # The processes of Celery's pool run no exit handlers; they tell by a signal that they end.
        signals = sys.modules.get("celery.signals")
        if signals is not None:
            with contextlib.suppress(Exception):
                signals.worker_process_shutdown.connect(self._detach, weak=False)

    def _detach(self, **_: Any) -> None:
        # A forked child that ends by sys.exit runs its parent's exit handlers: the slot is not its own.
        with contextlib.suppress(Exception):
            if self._attached_pid == os.getpid():
                if self._recycle or self._control:
                    _recycle.tell(self.native)
                self.native.detach()


def _is_importing(frame: FrameType | None) -> bool:
    """Whether a module is being imported on this stack: what is pushed now may belong to a master to be."""
    while frame is not None:
        if frame.f_code.co_name == "_call_with_frames_removed" and frame.f_code.co_filename.startswith("<frozen"):
            return True
        frame = frame.f_back
    return False


def _version(name: str) -> str:
    """Version of a package that is imported; "" if it does not say.

    Not by ``importlib.metadata``, whose imports weigh more than all of ours.
    """
    module = sys.modules.get(name)
    # Not by getattr: where the attribute is deprecated, asking for it warns.
    version = vars(module).get("__version__") if module is not None else None
    if isinstance(version, str):
        return version
    file: str | None = getattr(module, "__file__", None)
    if not file:
        return ""
    with contextlib.suppress(OSError):
        for entry in os.listdir(os.path.dirname(os.path.dirname(file))):
            stem, kind = os.path.splitext(entry)
            if kind in (".dist-info", ".egg-info") and stem.lower().startswith(f"{name}-"):
                return str(stem.split("-")[1])
    return ""

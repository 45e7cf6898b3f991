"""Recycle, an opt-in repair: a worker that leaked is replaced by its server, gracefully and one at a time.

The agent's thread does it (Recycling.swift); here is by which signal. A worker sends it to itself:

=====================================  =======  =====================================================
gunicorn                               SIGTERM  ends what it has within ``graceful_timeout``; a new one comes
uWSGI with a master, without an async  SIGHUP   ends what it has, however long it takes; a new one comes
engine
=====================================  =======  =====================================================

Any other server would lose the worker, or requests with it.
"""

from __future__ import annotations

import logging
import os
import signal
from typing import Any

from . import _server

_log = logging.getLogger("ctxtop")
_REASONS = {1: "it left something behind for good", 2: "somebody asked for it over the socket"}
# uWSGI's other engines end at once when they are asked to.
_UWSGI_MODELS = ("threads", "processes")


def permit(native: Any, recycle: bool, control: bool) -> None:
    """Tell the native module what may be done to this worker; before it attaches. One log line where nothing can."""
    number = _signal()
    if number == 0 and recycle:
        _log.warning("CTXTOP_RECYCLE has no effect: this server cannot replace a single worker gracefully")
    native.permit(recycle, control, number)


def tell(native: Any) -> None:
    """Say why this worker ends, if it was told to by its own agent; in its last moments."""
    reason = _REASONS.get(native.recycled())
    if reason is not None:
        _log.warning("worker %d was replaced: %s", os.getpid(), reason)


def _signal() -> int:
    server = _server.describe()
    if server.kind == "gunicorn":
        return signal.SIGTERM
    uwsgi = _server.uwsgi_module()
    if uwsgi is not None and uwsgi.masterpid() > 0 and uwsgi.worker_id() > 0 and server.model in _UWSGI_MODELS:
        return signal.SIGHUP
    return 0

"""Requests that no server made: the code around them did, a test most likely, by calling the application.

Such a request runs on whatever app context its maker has pushed, and is meant to: nothing was left there. (A context
that an earlier request left behind is another matter, and known from its record.)
"""

from __future__ import annotations

from types import FrameType
from typing import Any

# Modules that call a WSGI application in the thread of their caller: the test clients of Werkzeug (and with it of
# Flask), of WebTest, and httpx with a WSGITransport.
_CLIENTS = frozenset({"werkzeug.test", "webtest.app", "httpx._transports.wsgi"})
# Every server says one of these of a request, whatever its socket.
_SERVED = ("SERVER_SOFTWARE", "REMOTE_ADDR", "REMOTE_PORT", "uwsgi.version", "mod_wsgi.version")


def is_made_by_client(environ: dict[str, Any], frame: FrameType | None) -> bool:
    """Whether a request that is running above ``frame`` was made in process."""
    if not any(key in environ for key in _SERVED):
        return True
    while frame is not None:
        if frame.f_globals.get("__name__") in _CLIENTS:
            return True
        frame = frame.f_back
    return False


def is_kept(context: Any) -> bool:
    """Whether the request of a request context gave it away to be kept: to a test client in a ``with``, or a debugger.

    From Flask 2.2 on these push it again when the request is over; before, Flask leaves it and marks it.
    """
    keep = context.request.environ.get("werkzeug.debug.preserve_context")
    kept = getattr(keep, "__self__", None)
    if not isinstance(kept, list) or not kept:
        return False
    # Flask 2.2's test client takes the request context out of its list first, and has the app context in there still.
    return any(each is context for each in kept) or not hasattr(kept[-1], "request")

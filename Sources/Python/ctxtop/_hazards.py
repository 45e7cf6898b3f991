"""Hazards: configurations that are known to lead to leaks, read from the running process.

Each is told to the native module under a code that the operator's catalogue knows (CTX010). Telling one again
changes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from . import _server

_OLD_FLASK = (0, 11)


def check_process(native: Any, flask_version: str) -> None:
    """What this worker's server and its Flask are known for. Never raises an ``Exception``."""
    try:
        for code, message in (*_of_flask(flask_version), *_of_uwsgi()):
            native.hazard(code, message)
    except Exception:
        return


def check_app(native: Any, app: Any) -> None:
    """What one application's configuration is known for. Never raises an ``Exception``."""
    try:
        if app is not None and app.config.get("SQLALCHEMY_COMMIT_ON_TEARDOWN") and _honours_commit_on_teardown():
            native.hazard(
                "commit_on_teardown",
                f"{app.name} sets SQLALCHEMY_COMMIT_ON_TEARDOWN: a commit that raises skips session.remove()",
            )
    except Exception:
        return


def check_pool(native: Any, url: str, size: int, overflow: int, threads: int) -> None:
    """Whether a pool has fewer connections than its worker has threads. -1: unknown, or no limit."""
    if size < 1 or overflow < 0 or threads < 1 or size + overflow >= threads:
        return
    native.hazard(
        "pool_smaller_than_threads", f"{url}: {size + overflow} connections at most for {threads} threads"
    )


def pushed_at_import(native: Any, frame: str) -> None:
    """``frame`` pushed a context while its module was imported, and nobody popped it."""
    place = frame.removesuffix(" <module>")
    native.hazard("push_at_import", f"{place} pushes a context at import that is never popped")


def _of_flask(version: str) -> Iterable[tuple[str, str]]:
    parts = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if len(parts) == 2 and parts < _OLD_FLASK:
        yield "flask_before_0_11", f"Flask {version}: a teardown function that raises leaves its context on the stack"


def _of_uwsgi() -> Iterable[tuple[str, str]]:
    uwsgi = _server.uwsgi_module()
    options = getattr(uwsgi, "opt", None)
    if not isinstance(options, dict):
        return
    names = {key.decode("ascii", "replace") if isinstance(key, bytes) else str(key) for key in options}
    reloads = sorted(name for name in names if name.startswith("reload-on-exception"))
    threads = _server.describe().threads
    if reloads and threads > 1:
        yield (
            "reload_on_exception_with_threads",
            f"uWSGI --{reloads[0]} with {threads} threads: an exception in one ends the requests of all others",
        )


def _honours_commit_on_teardown() -> bool:
    """Flask-SQLAlchemy 3.1 took the setting out."""
    module = sys.modules.get("flask_sqlalchemy")
    cls = getattr(module, "SQLAlchemy", None)
    return cls is not None and (hasattr(cls, "_teardown_commit") or not hasattr(cls, "_teardown_session"))

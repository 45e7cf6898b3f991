"""A process that serves a number of empty Flask requests through the WSGI callable, with the network stubbed.

Each number on the command line is one block of requests. Between blocks the process calls ``getpriority()``, which
nothing else does: strace shows it, and the library that counts allocations says its counts. With ``--phases`` the
numbers come from standard input instead, so that the process can be looked at between blocks.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder


def application(view: Callable[[], str], attach: bool) -> Flask:
    """An application with one view."""
    app = Flask("bench")
    app.add_url_rule("/", view_func=view, endpoint="empty")
    if attach:
        from ctxtop import Ctxtop

        Ctxtop(app)
    return app


def _empty_view() -> str:
    return ""


def _kernel_view() -> str:
    os.getppid()
    return ""


_lock = threading.Lock()


def _lock_view() -> str:
    with _lock:
        return ""


def _database_view() -> Callable[[], str]:
    """Checks out one connection, and checks it in."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import QueuePool

    engine = create_engine("sqlite:///:memory:", poolclass=QueuePool, connect_args={"check_same_thread": False})

    def view() -> str:
        connection = engine.raw_connection()
        connection.close()
        return ""

    return view


def _start_response(_status: str, _headers: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], object]:
    return bytes


def serve(app: Callable[..., Iterable[bytes]], environ: dict[str, Any], count: int) -> None:
    """As a server does: call, iterate, close."""
    for _ in range(count):
        response = app(environ.copy(), _start_response)
        for _part in response:
            pass
        response.close()  # type: ignore[attr-defined]


def _check(attached: bool, served: int) -> None:
    # A measurement of an agent that did not attach would be a fine one.
    if attached:
        from ctxtop import _native

        if not _native.is_attached():
            sys.exit(f"the agent did not attach: {_native.problem()}")
    print(f"served {served}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("blocks", type=int, nargs="*")
    parser.add_argument("--attach", action="store_true")
    parser.add_argument("--view", choices=["empty", "database", "kernel", "lock"], default="empty")
    parser.add_argument("--phases", action="store_true")
    options = parser.parse_args()
    views = {"empty": _empty_view, "kernel": _kernel_view, "lock": _lock_view}
    app = application(_database_view() if options.view == "database" else views[options.view], options.attach)
    environ = EnvironBuilder("/").get_environ()
    serve(app, environ, 1)
    # A collection of everything that was imported would fall into one block and not into the other.
    gc.collect()
    gc.freeze()
    served = 1
    for count in map(int, sys.stdin) if options.phases else options.blocks:
        os.getpriority(os.PRIO_PROCESS, 0)
        serve(app, environ, count)
        os.getpriority(os.PRIO_PROCESS, 0)
        served += count
        _check(options.attach, served)


main()

"""An application for gunicorn's gevent worker, and for greenlets without a server.

Healthy but for three routes: ``/leave`` and ``/keep`` start greenlets that push an app context and never pop it -
the one ends, the other waits -, and ``/late`` is served although a teardown function runs into ``gevent.Timeout``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import gevent
from ctxtop import Ctxtop
from flask import Flask, Response, g, jsonify
from gevent.event import Event

app = Flask(__name__)
Ctxtop(app)

_never = Event()
_kept: list[gevent.Greenlet] = []


@app.route("/")
def index() -> str:
    return "index"


@app.route("/pids")
def pids() -> Response:
    return jsonify(pid=os.getpid())


@app.route("/slow/<int:milliseconds>")
def slow(milliseconds: int) -> str:
    with app.app_context():
        gevent.sleep(milliseconds / 1000)
    return "slow"


@app.route("/stream/<int:milliseconds>")
def stream(milliseconds: int) -> Response:
    def parts() -> Iterator[str]:
        yield "first"
        gevent.sleep(milliseconds / 1000)
        yield "last"

    return Response(parts(), mimetype="text/plain")


def leave() -> None:
    app.app_context().push()


@app.route("/leave")
def start_leaving() -> str:
    gevent.spawn(leave).join()
    return "left"


def keep() -> None:
    app.app_context().push()
    _never.wait()


@app.route("/keep")
def start_keeping() -> str:
    _kept.append(gevent.spawn(keep))
    gevent.sleep(0)
    return "kept"


@app.route("/fork")
def fork() -> str:
    """A child that serves a request by itself and reports whether that worked."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = 0 if app.test_client().get("/").text == "index" else 2
        finally:
            os._exit(status)
    return str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


@app.route("/late")
def late() -> str:
    g.is_late = True
    return "late"


@app.teardown_appcontext
def close_slowly(_error: BaseException | None) -> None:
    if g.pop("is_late", False):
        with gevent.Timeout(0.01):
            gevent.sleep(1)


print(f"shop loaded {os.getpid()}", file=sys.stderr, flush=True)

"""What the scenarios of ``guest.py`` stand on: how they are known, run, looked at, and asked for a request."""

from __future__ import annotations

import json
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from typing import Any

import flask
from ctxtop import Ctxtop
from werkzeug.test import create_environ

Scenario = Callable[[], None]
SCENARIOS: dict[str, Scenario] = {}
_output = sys.stdout


def scenario(function: Scenario) -> Scenario:
    SCENARIOS[function.__name__] = function
    return function


def needs(condition: bool, why: str) -> Callable[[Scenario], Scenario]:
    """The scenario is not there without ``condition``."""

    def register(function: Scenario) -> Scenario:
        if condition:
            return scenario(function)
        tell(scenario=function.__name__, missing=why)
        return function

    return register


def tell(**values: Any) -> None:
    _output.write(json.dumps(values) + "\n")
    _output.flush()


def show(point: str = "end", **truth: Any) -> None:
    """Say where this thread stands, and wait until it has been looked at."""
    thread = threading.current_thread().name
    has = {"app": flask.has_app_context(), "request": flask.has_request_context()}
    tell(scenario=thread.partition("-")[0], point=point, thread=thread, has=has, truth=truth)
    if not sys.stdin.readline():
        raise SystemExit("nobody looks any more")


def shop(name: str = "shop", guard: str | None = None) -> flask.Flask:
    """An application with one route, whose endpoint tells the scenario; instrumented."""
    app = flask.Flask(name)
    app.config["SECRET_KEY"] = "matrix"
    Ctxtop(app, guard=guard)
    app.add_url_rule("/", threading.current_thread().name, lambda: "hello")
    return app


def serve(app: flask.Flask, path: str = "/", consume: Callable[[Iterable[bytes]], Any] = list) -> str:
    """One request as a server makes it. What came of it: the status, or the exception that left the application."""
    statuses: list[str] = []

    def start_response(status: str, _headers: Any, _error: Any = None) -> Callable[[bytes], None]:
        statuses.append(status)
        return lambda _data: None

    try:
        # Whatever names no server was made by the code around it, which may push what it likes for it.
        body = app({**create_environ(path), "SERVER_SOFTWARE": "matrix"}, start_response)
        try:
            consume(body)
        finally:
            if hasattr(body, "close"):
                body.close()
    except BaseException as error:
        return type(error).__name__
    return statuses[-1]


def _run(function: Scenario, done: threading.Event, ended: threading.Event) -> None:
    try:
        function()
    except Exception:
        tell(scenario=function.__name__, raised=traceback.format_exc())
    finally:
        done.set()
    # A thread of a server's pool lives on; and up to Flask 1.1 another thread would inherit what this one leaves.
    ended.wait()


def main() -> None:
    ended = threading.Event()
    for name, function in SCENARIOS.items():
        done = threading.Event()
        threading.Thread(target=_run, args=(function, done, ended), name=name).start()
        done.wait()
    tell(ended=True)
    ended.set()

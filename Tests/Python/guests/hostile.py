"""What the scenarios of ``hostile_objects.py`` have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask
from flask.testing import EnvironBuilder
from outcome import answer

Scenario = Callable[[], Any]
SCENARIOS: dict[str, Scenario] = {}
#: Names as clients, generators of code and broken tools make them.
NAMES: dict[str, Any] = {
    "surrogate": "\ud800x",
    "nul": "a\0b",
    "huge": "x" * 1_000_000,
    "empty": "",
    "control": "\x1b[2J\r\n",
    "wide": "\N{WARNING SIGN}" * 90_000,
}


def scenario(function: Scenario) -> Scenario:
    SCENARIOS[function.__name__] = function
    return function


class Raises:
    """Whatever is asked of it, raises."""

    def __init__(self, error: type[BaseException] = RuntimeError) -> None:
        object.__setattr__(self, "error", error)

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":
            return Raises
        raise object.__getattribute__(self, "error")(name)

    def _raise(self, *_: Any) -> Any:
        raise object.__getattribute__(self, "error")("asked")

    __eq__ = __hash__ = __str__ = __repr__ = _raise  # type: ignore[assignment]
    __bool__ = __len__ = __iter__ = __call__ = _raise


def make_app(view: Callable[..., Any] = lambda: "plain") -> flask.Flask:
    app = flask.Flask("shop")
    app.secret_key = "x"
    app.add_url_rule("/", "index", view)
    return app


def environ_of(app: flask.Flask, path: str = "/") -> dict[str, Any]:
    environ: dict[str, Any] = EnvironBuilder(app, path).get_environ()
    return environ


def call(app: Any, *arguments: Any, **named: Any) -> Any:
    """As gunicorn does: iterates if it can, and closes if there is something to close."""
    response = app(*arguments, **named)
    body = []
    try:
        for part in response:
            body.append(part)
    finally:
        if hasattr(response, "close"):
            response.close()
    return [repr(part)[:100] for part in body]


def serve(app: flask.Flask, environ: Any = None) -> Any:
    started: list[Any] = []

    def start_response(status: str, headers: list[Any], exc_info: Any = None) -> Callable[[bytes], None]:
        started.append([status, sorted(headers)])
        return lambda data: None

    environ = environ_of(app) if environ is None else environ
    said = answer(lambda: call(app.wsgi_app, environ, start_response))
    after = answer(lambda: call(app.wsgi_app, environ_of(app), start_response))
    return [said, after, started]

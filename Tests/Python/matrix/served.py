"""A small application for real servers that runs on every Flask: two healthy routes, and two that leak."""

from __future__ import annotations

import os

import flask
from ctxtop import Ctxtop

app = flask.Flask("served")
Ctxtop(app)


@app.route("/")
def index() -> str:
    return "hello"


@app.route("/stream")
def stream() -> flask.Response:
    return flask.Response(flask.stream_with_context(flask.request.path for _ in range(3)))


@app.route("/boom")
def boom() -> str:
    return "torn down badly"


@app.route("/stray")
def stray() -> str:
    app.app_context().push()
    return "left"


@app.teardown_request
def close_cart(_error: object) -> None:
    if flask.request.endpoint == "boom":
        raise RuntimeError("the cart is gone")


print(f"shop loaded {os.getpid()}", flush=True)

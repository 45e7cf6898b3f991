"""An application that takes as much as it is told to and keeps it, which fills a worker's tables; and that fails as
often as it is told to, so that somebody can count."""

from __future__ import annotations

import os
import sys
import time

from ctxtop import Ctxtop, resource
from flask import Flask, g

app = Flask(__name__)
Ctxtop(app)
hoard = [resource("lock", f"number {number % 8}") for number in range(600)]


@app.get("/")
def index() -> str:
    return "a hoard"


@app.get("/take/<int:count>")
def take(count: int) -> str:
    for one in hoard[:count]:
        one.held()
    return "taken"


@app.get("/give")
def give() -> str:
    for one in hoard:
        one.released()
    return "given"


@app.get("/fail")
def fail() -> str:
    """Who served it. Where teardown functions are guarded, the answer comes after the failure."""
    g.fails = True
    return str(os.getpid())


@app.teardown_request
def drop(_error: BaseException | None) -> None:
    if g.get("fails"):
        raise RuntimeError("as told")


@app.get("/time")
def tell_time() -> str:
    """The time of day as the application sees it."""
    return str(time.time())


print(f"shop loaded {os.getpid()}", file=sys.stderr, flush=True)

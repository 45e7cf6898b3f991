"""Reports that are cached in memcached, each made by one worker at a time: dogpile.cache's distributed lock.

``MEMCACHED`` is the server's address, ``LOCK_TIMEOUT`` what the lock's timeout is (none if not given).
"""

from __future__ import annotations

import os
import time

from ctxtop import Ctxtop, resource
from dogpile.cache import make_region
from dogpile.cache.util import sha1_mangle_key
from flask import Flask

app = Flask(__name__)
app.config["PROPAGATE_EXCEPTIONS"] = True
Ctxtop(app)

BACKEND = os.environ.get("LOCK_BACKEND", "dogpile.cache.pymemcache")
ARGUMENTS = {"url": [os.environ["MEMCACHED"]], "distributed_lock": True}
if BACKEND == "dogpile.cache.pymemcache":
    ARGUMENTS["url"] = ARGUMENTS["url"][0]
if "LOCK_TIMEOUT" in os.environ:
    ARGUMENTS["lock_timeout"] = int(os.environ["LOCK_TIMEOUT"])# memcached takes no blanks in a key.
region = make_region(name="reports", key_mangler=lambda key: sha1_mangle_key(key.encode())).configure(BACKEND, expiration_time=600, arguments=ARGUMENTS)


@region.cache_on_arguments()
def make_report(month: str, seconds: float) -> str:
    time.sleep(seconds)
    return f"report of {month}"


@app.get("/report/<month>/<float:seconds>")
def report(month: str, seconds: float) -> str:
    return str(make_report(month, seconds))


@app.get("/cart/<user>/<float:seconds>")
def cart(user: str, seconds: float) -> str:
    """Under a key of the application's own."""

    def make() -> str:
        time.sleep(seconds)
        return "a cart"

    return str(region.get_or_create(f"user:{user}|cart", make))


@app.get("/printer/<float:seconds>")
def printer(seconds: float) -> str:
    with resource("printer", "second floor"):
        time.sleep(seconds)
    return "printed"


@app.get("/boom")
def boom() -> str:
    raise RuntimeError("boom")


@app.get("/")
def index() -> str:
    return "reports"

"""An application for a real server: ``/`` does nothing, ``/worker`` tells who we are and prepares for counting.

Instrumented if the environment's ``BENCH_ATTACH`` is 1.
"""

from __future__ import annotations

import gc
import os

from flask import Flask

app = Flask("bench")


@app.get("/")
def empty() -> str:
    """Nothing."""
    return ""


@app.get("/worker")
def worker() -> str:
    """Whether this worker is instrumented, and its process id."""
    # A collection of everything that was imported would fall into one block and not into the other.
    gc.collect()
    gc.freeze()
    return f"{_attached()} {os.getpid()}"


def _attached() -> str:
    if os.environ["BENCH_ATTACH"] != "1":
        return "no"
    from ctxtop import _native

    return "yes" if _native.is_attached() else "failed"


if os.environ["BENCH_ATTACH"] == "1":
    from ctxtop import Ctxtop

    Ctxtop(app)

"""An application for a real server under callgrind: ``/`` does nothing, ``/mark`` has callgrind write its counts down.

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


@app.get("/mark")
def mark() -> str:
    """Between blocks of requests."""
    # A collection of everything that was imported would fall into one block and not into the other.
    gc.collect()
    gc.freeze()
    os.getpriority(os.PRIO_PROCESS, 0)
    return ""


@app.get("/attached")
def attached() -> str:
    """Whether this worker is instrumented."""
    if os.environ["BENCH_ATTACH"] != "1":
        return "no"
    from ctxtop import _native

    return "yes" if _native.is_attached() else "failed"


if os.environ["BENCH_ATTACH"] == "1":
    from ctxtop import Ctxtop

    Ctxtop(app)

"""Many greenlets at once, each in the middle of a request, without a server.

Prints one JSON document: for each crowd the anonymous memory before, while they all wait, and after they have ended.
Usage: ``crowd.py GREENLETS CROWDS``
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Iterable
from typing import Any

import gevent
from ctxtop import Ctxtop
from flask import Flask
from gevent.event import Event
from werkzeug.test import EnvironBuilder

app = Flask(__name__)
Ctxtop(app)
gate = Event()


@app.route("/")
def wait() -> str:
    gate.wait()
    return "done"


def serve() -> None:
    environ = EnvironBuilder(path="/").get_environ()
    response: Iterable[bytes] = app.wsgi_app(environ, lambda *_: None)  # type: ignore[arg-type, return-value]
    assert b"".join(response) == b"done"
    response.close()  # type: ignore[attr-defined]


def anonymous() -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon"))


def crowd(count: int) -> dict[str, Any]:
    gate.clear()
    before = anonymous()
    greenlets = [gevent.spawn(serve) for _ in range(count)]
    gevent.sleep(0)
    # The agent may make room for more records while they come.
    gevent.sleep(1)
    during = anonymous()
    gate.set()
    gevent.joinall(greenlets, raise_error=True)
    del greenlets
    gc.collect()
    return {"before": before, "during": during, "after": anonymous()}


def main() -> None:
    count = int(sys.argv[1])
    gate.set()
    gevent.spawn(serve).join()
    print(json.dumps([crowd(count) for _ in range(int(sys.argv[2]))]), flush=True)
    # For whoever wants to look at the agent.
    sys.stdin.readline()
    time.sleep(0)


main()

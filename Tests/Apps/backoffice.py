"""The shop and its back office on a bad day: one endpoint for each thing that can go wrong, or only look like it.

Wrong:

``/order``
    a teardown function raises: the session stays, with an order in it that was never placed.
``/invoice``
    a teardown function of requests raises.
``/import``
    a thread pushes an app context, uses the database, and ends.
``/backup``
    the worker is killed while it holds a lock.

Not wrong, however long it takes:

``/report``
    holds a lock.
``/search``
    keeps a connection while it computes.
``/export``
    sends a response that does not end.
``/selfcheck``
    starts a thread that calls the shop with a test client, which keeps the request's context.
``/mail``
    starts a thread that works in an app context.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from ctxtop import resource
from flask import Response, g
from shop import Item, app, db
from sqlalchemy import text

LONG = 3600.0

# As a log or a traceback keeps them: else a later context gets their address, and their session with it.
kept: list[Any] = []


def start(work: Callable[[], None], name: str) -> str:
    threading.Thread(target=work, name=name, daemon=True).start()
    return "started"


def connect(host: str) -> None:
    raise ConnectionError(f"{host} does not answer")


def release_items(_order: int) -> None:
    connect("stock")


@app.post("/order")
def order() -> str:
    db.session.get(Item, 1)
    db.session.add(Item(name="an order that was never placed"))
    g.order = 4711
    return "thank you"


@app.teardown_appcontext
def release_stock(_error: BaseException | None) -> None:
    if "order" in g:
        release_items(g.order)


@app.get("/invoice")
def invoice() -> str:
    g.invoice = 4711
    return "an invoice"


@app.teardown_request
def count_invoice(_error: BaseException | None) -> None:
    if "invoice" in g:
        raise TimeoutError("no answer from the metrics server")


def import_prices() -> None:
    kept.append(app.app_context())
    kept[-1].push()
    db.session.execute(text("SELECT 1"))


@app.post("/import")
def start_import() -> str:
    return start(import_prices, "price-import")


@app.get("/backup")
def backup() -> str:
    with resource("lock", "nightly-backup"):
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)
    return "never seen"


@app.get("/report")
def report() -> str:
    with resource("lock", "monthly-report"):
        time.sleep(LONG)
    return "a report"


@app.get("/search")
def search() -> str:
    db.session.get(Item, 1)
    time.sleep(LONG)
    return "nothing found"


@app.get("/export")
def export() -> Response:
    def parts() -> Iterator[str]:
        while True:
            yield "one more line\n"
            time.sleep(0.5)

    return Response(parts(), mimetype="text/plain")


def check_self() -> None:
    with app.test_client() as client:
        client.get("/chat/1")
        time.sleep(LONG)


@app.post("/selfcheck")
def selfcheck() -> str:
    return start(check_self, "selfcheck")


def send_mail() -> None:
    with app.app_context():
        db.session.get(Item, 1)
        time.sleep(LONG)


@app.post("/mail")
def mail() -> str:
    return start(send_mail, "mail-queue")

"""The shop on a busy day: everything that healthy applications do with contexts, connections and threads.

Nothing of it leaks, however odd it looks: contexts in contexts, connections that are thrown away or taken from their
pool, pools that are replaced while others use them, threads and streams that outlive a view.

``BUSY_COLLECTS``: how many new objects make Python collect garbage; finalizers then run nearly everywhere.
"""

from __future__ import annotations

import gc
import os
import random
import threading
import time
from collections.abc import Iterator
from typing import Any

import shop
from flask import Flask, Response, abort, copy_current_request_context, current_app, g, request, stream_with_context
from shop import Item, app, db
from sqlalchemy import text

other = Flask("other")
if "BUSY_COLLECTS" in os.environ:
    gc.set_threshold(int(os.environ["BUSY_COLLECTS"]))


@app.route("/nested")
def nested() -> str:
    g.depth = 0
    with app.app_context(), app.test_request_context("/chat/1"):
        inner = request.path
        with other.app_context():
            inner += current_app.name
    return f"{inner} {request.path}"


@app.route("/invalidated")
def invalidated() -> str:
    """A connection that the database has dropped."""
    with db.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        connection.invalidate()
        connection.rollback()
        return str(connection.scalar(text("SELECT 2")))


@app.route("/disposed")
def disposed() -> str:
    """The pool is replaced while this and other requests have connections of the old one."""
    count = Item.query.count()
    db.engine.dispose()
    return str(count)


@app.route("/detached")
def detached() -> str:
    with db.engine.connect() as connection:
        connection.detach()
        return str(connection.scalar(text("SELECT 3")))


@app.route("/rolled-back")
def rolled_back() -> str:
    db.session.add(Item(name="never"))
    db.session.flush()
    db.session.rollback()
    return "rolled back"


@app.route("/removed")
def removed() -> str:
    """The session is let go of by hand, and taken up again."""
    db.session.get(Item, 1)
    db.session.remove()
    return str(db.session.get(Item, 1).name)


@app.route("/handled")
def handled() -> str:
    db.session.get(Item, 1)
    raise LookupError("handled")


@app.errorhandler(LookupError)
def handle_lookup(_error: LookupError) -> tuple[str, int]:
    return f"{Item.query.count()} items", 409


@app.route("/unhandled")
def unhandled() -> str:
    db.session.get(Item, 1)
    raise RuntimeError("unhandled")


@app.route("/aborted")
def aborted() -> str:
    db.session.execute(text("INSERT INTO item (name) VALUES ('never')"))
    abort(404)


@app.route("/streamed")
def streamed() -> Response:
    """The context stays, with a connection in it, until the last part is sent."""

    @stream_with_context
    def parts() -> Iterator[str]:
        for number in range(4):
            yield f"{number} {db.session.get(Item, 1).name}\n"
            time.sleep(0.01)

    return Response(parts(), mimetype="text/plain")


@app.route("/endless")
def endless() -> Response:
    """Its visitors go before it ends."""

    def parts() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 65536
            time.sleep(0.005)

    return Response(parts())


@app.route("/thread")
def thread() -> str:
    """Work that goes on in a context of its own when the request is over."""

    def work() -> None:
        with app.app_context():
            db.session.get(Item, 1)
            time.sleep(0.02)

    threading.Thread(target=work, name="mailer").start()
    return "started"


@app.route("/copied")
def copied() -> str:
    """A thread in a copy of this very request."""
    said: list[Any] = []
    worker = threading.Thread(target=copy_current_request_context(lambda: said.append(request.path)))
    worker.start()
    worker.join()
    return str(said[0])


@app.route("/client")
def client() -> str:
    """An application that calls itself, keeping the contexts of the call for a while."""
    with app.test_client() as visitor:
        answer = visitor.get("/chat/3")
        return answer.text + request.path


@app.route("/busy/<int:milliseconds>")
def busy(milliseconds: int) -> str:
    """Slow, holding a connection, and no leak."""
    db.session.get(Item, 1)
    time.sleep(random.uniform(0, 2 * milliseconds) / 1000)
    return "busy"


__all__ = ["app", "shop"]

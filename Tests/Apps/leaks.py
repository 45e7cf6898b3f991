"""The shop with one more endpoint, ``/bad``, that leaks in the way that ``LEAK`` names.

``S2``
    a teardown function raises: the session stays, with an order in it that was never placed.
``S6``
    a thread goes on in a copied context, and uses the session after the request is over.
``S7``
    a teardown function that runs after the session's own uses the session again.
``S8``
    the view pushes an app context and does not pop it.
``S9``
    the view starts a thread that pushes an app context, uses the session and ends.
``S10``
    the same in a greenlet; ``/timeout`` ends in a ``gevent.Timeout`` out of a teardown function.
``F3``
    the server gives a stream up after its first part, and never closes it.
"""

from __future__ import annotations

import contextvars
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Response, g, stream_with_context
from shop import Item, app, db
from sqlalchemy import text

LEAK = os.environ.get("LEAK", "")


def query() -> None:
    db.session.execute(text("select 1"))


def raise_after_bad(_error: BaseException | None) -> None:
    if g.get("is_bad") and LEAK == "S2":
        raise RuntimeError("the order service does not answer")
    if g.get("times_out"):
        import gevent

        raise gevent.Timeout(1)


def audit_late(_error: BaseException | None) -> None:
    if g.get("is_bad"):
        query()


app.teardown_appcontext(raise_after_bad)
if LEAK == "S7":
    # As if it had been registered before db.init_app().
    app.teardown_appcontext_funcs.insert(0, audit_late)


def go_on_later() -> None:
    time.sleep(0.2)
    query()
    # The thread lives on, as a pool's does.
    time.sleep(600)


# As a log or a traceback keeps them: else a later context gets their address, and their session with it.
kept: list[Any] = []


def push_and_end() -> None:
    kept.append(app.app_context())
    kept[-1].push()
    query()


def in_thread(work: Callable[[], Any], wait: bool) -> None:
    thread = threading.Thread(target=work, name="background", daemon=True)
    thread.start()
    if wait:
        thread.join()


@app.get("/bad")
def bad() -> str | Response:
    g.is_bad = True
    if LEAK == "S2":
        query()
        db.session.add(Item(name="an order that was never placed"))
    elif LEAK == "S6":
        in_thread(lambda context=contextvars.copy_context(): context.run(go_on_later), wait=False)
    elif LEAK == "S8":
        query()
        kept.append(app.app_context())
        kept[-1].push()
        query()
    elif LEAK == "S9":
        in_thread(push_and_end, wait=True)
    elif LEAK == "S10":
        import gevent

        gevent.spawn(push_and_end).join()
    elif LEAK == "F3":
        return Response(stream_with_context(parts()))
    return "bad"


@app.get("/timeout")
def timeout() -> str:
    g.times_out = True
    return "never seen"


def parts() -> Iterator[str]:
    query()
    for number in range(1000):
        yield f"{number}\n" * 100


@app.get("/good")
def good() -> str:
    query()
    return "good"


abandoned: list[Any] = []


class Abandon:
    """A server that gives up a stream whose client went away, and does not close it."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        response = self.application(environ, start_response)
        if environ["PATH_INFO"] != "/bad":
            return response
        iterator = iter(response)
        abandoned.append((response, iterator))
        return [next(iterator)]


if LEAK == "F3":
    app.wsgi_app = Abandon(app.wsgi_app)  # type: ignore[method-assign]

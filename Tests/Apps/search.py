"""The shop with a search, ``GET /q``, that loses what ``lose`` names: ``context``, ``connection``, or nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, appcontext_pushed, request
from shop import app, db

# As a log or a traceback keeps them.
kept: list[Any] = []
current = threading.local()


class Search:
    """Tells the receiver below, for which there is no request yet, what the request is going to ask for."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        current.loses = environ["QUERY_STRING"] == "lose=context"
        return self.application(environ, start_response)


app.wsgi_app = Search(app.wsgi_app)  # type: ignore[method-assign]


@appcontext_pushed.connect
def load_user(_app: Flask, **_extra: Any) -> None:
    """From Flask 2.2 to 3.1 the context that was pushed stays when a receiver raises."""
    if getattr(current, "loses", False):
        raise RuntimeError("the user cannot be told")


@app.get("/q")
def q() -> str:
    if request.args.get("lose") == "connection":
        kept.append(db.engine.connect())
    return "found nothing"

"""An application as others write them, for tests that leave something behind. Runs on every version of Flask."""

from __future__ import annotations

import threading
from typing import Any

import flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text

db = SQLAlchemy()
#: What views took and never returned.
held: list[Any] = []


def create_app(uri: str) -> flask.Flask:
    app = flask.Flask(__name__)
    app.config.update(SQLALCHEMY_DATABASE_URI=uri, SQLALCHEMY_TRACK_MODIFICATIONS=False, TESTING=True)
    db.init_app(app)

    @app.teardown_appcontext
    def close_cart(error: BaseException | None) -> None:
        if getattr(flask.g, "cart", None) == "broken":
            raise RuntimeError("the cart does not close")

    app.add_url_rule("/", "index", index)
    app.add_url_rule("/report", "report", report)
    app.add_url_rule("/cart", "cart", cart)
    app.add_url_rule("/preview", "preview", preview)
    app.add_url_rule("/fails", "fails", fails)
    app.add_url_rule("/job", "job", job)
    return app


def ask() -> str:
    return str(db.session.execute(text("select 1")).scalar())


def index() -> str:
    return ask()


def report() -> str:
    """Takes a connection by hand, and keeps it."""
    held.append(db.engine.connect())
    return "report"


def cart() -> str:
    """What it leaves in ``g`` makes a teardown function raise."""
    flask.g.cart = "broken"
    return ask()


def preview() -> str:
    """Pushes a context and does not pop it."""
    flask.current_app.app_context().push()
    return "preview"


def fails() -> str:
    connection = db.engine.connect()
    raise ValueError(f"nobody closes {connection}")


def job() -> str:
    """Pushes on a thread of its own, and never pops."""
    app = flask.current_app._get_current_object()
    thread = threading.Thread(target=lambda: app.app_context().push())
    thread.start()
    thread.join()
    return "job"

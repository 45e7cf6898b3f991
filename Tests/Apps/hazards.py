"""An application with one dangerous configuration, or none: ``HAZARD`` says which.

``push``
    an app context is pushed at import, and never popped.
``with_block``
    one is pushed at import, and popped: no hazard.
``small_pool``
    a pool of one connection.
"""

from __future__ import annotations

import os

from ctxtop import Ctxtop
from flask import Flask
from sqlalchemy import create_engine, text

HAZARD = os.environ.get("HAZARD", "")
SIZE = 1 if HAZARD == "small_pool" else 5
engine = create_engine(f"sqlite:///{os.environ['SHOP_DATABASE']}", pool_size=SIZE, max_overflow=0)


def create_app() -> Flask:
    app = Flask(__name__)
    Ctxtop(app)
    if HAZARD == "push":
        app.app_context().push()
    return app


app = create_app()


@app.get("/")
def index() -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("select 1")).scalar())


if HAZARD == "with_block":
    with app.app_context():
        app.logger.info("ready")

print(f"shop loaded {os.getpid()}", flush=True)

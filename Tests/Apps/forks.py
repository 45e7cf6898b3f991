"""An application that uses its engine while it is imported: with ``--preload``, before the server forks.

``FORKS_URL`` is the database's. ``/pid`` answers with the process id of the connection's server process, where the
database has one.
"""

from __future__ import annotations

import os
import time

from ctxtop import Ctxtop
from flask import Flask
from sqlalchemy import create_engine, text

engine = create_engine(os.environ["FORKS_URL"])
with engine.connect() as connection:
    connection.execute(text("select 1"))

app = Flask(__name__)
Ctxtop(app)


@app.get("/")
def index() -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("select 1")).scalar())


@app.get("/pid/<int:milliseconds>")
def pid(milliseconds: int) -> str:
    with engine.connect() as connection:
        number = connection.execute(text("select pg_backend_pid()")).scalar()
        time.sleep(milliseconds / 1000)
        return str(number)

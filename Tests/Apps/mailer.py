"""A Celery application whose tasks use the database, all in one way: ``MAILER`` says which.

``healthy``
    each task has an app context of its own.
``import``
    the module pushes one app context, for all tasks of a process.

``JOBS_DIRECTORY`` is where its messages lie, ``MAILER_DATABASE`` its SQLite file.
"""

from __future__ import annotations

import os

from celery import Celery
from ctxtop import Ctxtop
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{os.environ['MAILER_DATABASE']}"
db = SQLAlchemy(app)
Ctxtop(app)

celery = Celery("mailer", broker="filesystem://")
celery.conf.broker_transport_options = {
    "polling_interval": 0.1,
    **{name: os.environ["JOBS_DIRECTORY"] for name in ("data_folder_in", "data_folder_out", "control_folder")},
}


def query() -> None:
    db.session.execute(text("select 1"))
    print(f"sent by {os.getpid()} in session {id(db.session())}", flush=True)


if os.environ["MAILER"] == "import":
    app.app_context().push()

    @celery.task
    def send() -> None:
        query()

else:

    @celery.task
    def send() -> None:
        with app.app_context():
            query()

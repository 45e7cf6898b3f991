"""An application of any version of Flask, with one setting switched on if it is named; waits until its input ends."""

from __future__ import annotations

import sys

from ctxtop import Ctxtop
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text

app = Flask("configured")
Ctxtop(app)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
app.config["SQLALCHEMY_TRACK_MODIFICATIONS"] = False
for setting in sys.argv[1:]:
    app.config[setting] = True
db = SQLAlchemy(app)


@app.route("/")
def index() -> str:
    db.session.execute(text("select 1"))
    return "done"


assert app.test_client().get("/").data == b"done"
print("ready", flush=True)
sys.stdin.read()

"""An application with a command that takes long, in one app context, with one session."""

from __future__ import annotations

import time

from flask.cli import with_appcontext
from shop import Item, app, db


@app.cli.command("nightly")
@with_appcontext
def nightly() -> None:
    print(f"{db.session.query(Item).count()} items", flush=True)
    time.sleep(600)

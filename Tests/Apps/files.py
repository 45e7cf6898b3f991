"""Sends a large file in every way that Flask has; the server may send it by itself, without Python reading it.

``SHOP_DATABASE`` names a file; the one that is sent is made beside it.
"""

from __future__ import annotations

import io
import os
import sys

from ctxtop import Ctxtop
from flask import Flask, Response, request, send_file, send_from_directory
from werkzeug.wsgi import wrap_file

SIZE = 10_000_000
PATH = os.environ["SHOP_DATABASE"] + ".large"

app = Flask(__name__)
Ctxtop(app)

if not os.path.exists(PATH):
    # Workers that load at the same time each write the same, and a name is there only with all of it.
    with open(f"{PATH}.{os.getpid()}", "wb") as file:
        file.write(bytes(range(250)) * (SIZE // 250))
    os.rename(f"{PATH}.{os.getpid()}", PATH)


@app.route("/file")
def whole() -> Response:
    return send_file(PATH, mimetype="application/octet-stream", conditional=True)


@app.route("/directory")
def from_directory() -> Response:
    return send_from_directory(os.path.dirname(PATH), os.path.basename(PATH))


@app.route("/passed-through")
def passed_through() -> Response:
    file = open(PATH, "rb")  # noqa: SIM115
    return Response(wrap_file(request.environ, file), direct_passthrough=True)


@app.route("/memory")
def memory() -> Response:
    return send_file(io.BytesIO(b"x" * SIZE), mimetype="application/octet-stream")


@app.route("/encoded")
def encoded() -> Response:
    """Python reads it: the response is not passed through."""
    response = send_file(PATH)
    response.direct_passthrough = False
    return response


print(f"shop loaded {os.getpid()}", file=sys.stderr, flush=True)

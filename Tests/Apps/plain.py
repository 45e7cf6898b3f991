"""Applications that know nothing of ctxtop, as `ctxtop run` finds them. Also a server of its own: plain.py PORT."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Flask, Response

#: What a Python that the server starts finds of ctxtop.
CHILD = """
import json, os, sys
traces = [name for name in os.environ if name == "CTXTOP_RUN"]
traces += [path for path in sys.path if "_site" in path.split(os.sep)]
print(json.dumps([os.environ.get("PYTHONPATH"), traces, "ctxtop" in sys.modules, type(sys.meta_path[0]).__name__]))
"""
_may_end = threading.Event()


def ask_child() -> list[Any]:
    # uWSGI calls itself the interpreter where it does not know one.
    python = sys.executable if "python" in os.path.basename(sys.executable) else "python3"
    result = subprocess.run([python, "-c", CHILD], capture_output=True, text=True, check=True)
    said: list[Any] = json.loads(result.stdout)
    return said


class Wrapped:
    """Middleware that takes responses apart, as compression does."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        response = self.application(environ, start_response)
        try:
            yield from response
        finally:
            response.close()


class Special(Flask):
    """An application class with a constructor of its own."""

    def __init__(self, greeting: str) -> None:
        super().__init__(__name__)
        self.greeting = greeting
        self.add_url_rule("/", view_func=lambda: self.greeting)


CHILD_AT_IMPORT = ask_child()
app = Flask(__name__)
app.wsgi_app = Wrapped(app.wsgi_app)  # type: ignore[method-assign]
special = Special("special")


@app.get("/")
def index() -> str:
    return "plain"


@app.get("/special")
def ask_special() -> str:
    return special.test_client().get("/").get_data(as_text=True)


@app.get("/pids")
def pids() -> Response:
    return Response(json.dumps({"pid": os.getpid()}), mimetype="application/json")


@app.get("/children")
def children() -> Response:
    """What processes that are started here are told of ctxtop: a Python, and any other program."""
    environment = subprocess.run(["env", "-0"], capture_output=True, text=True, check=True).stdout.split("\0")
    said = {"at import": CHILD_AT_IMPORT, "python": ask_child(), "environment": environment}
    return Response(json.dumps(said), mimetype="application/json")


@app.get("/stream")
def stream() -> Response:
    def parts() -> Iterator[bytes]:
        yield b"begun"
        _may_end.wait(10)
        yield b"ended"

    return Response(parts())


@app.get("/end")
def end() -> str:
    _may_end.set()
    return "ended"


print(f"shop loaded {os.getpid()}", file=sys.stderr, flush=True)

if __name__ == "__main__":
    app.run(port=int(sys.argv[1]), threaded=True)

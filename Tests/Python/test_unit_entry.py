"""Where an application's requests are taken over: whatever fails there, the application is called."""

from __future__ import annotations

from typing import Any

import flask
import pytest
from ctxtop import _entry


class NoMemory:
    """Wraps as the native module does, as long as there is memory."""

    def __init__(self) -> None:
        self.has_memory = True

    def wrap_wsgi(self, method: Any, app: flask.Flask) -> Any:
        if not self.has_memory:
            raise MemoryError
        return lambda *arguments: method(*arguments)


def test_a_request_without_memory_for_its_wrapper_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    native = NoMemory()
    function = flask.Flask.__dict__["wsgi_app"]
    original = getattr(function, "_function", function)
    monkeypatch.setattr(flask.Flask, "wsgi_app", original)
    app = flask.Flask("shop")
    app.add_url_rule("/", "index", lambda: "index")
    _entry.watch(app, native)
    assert app.wsgi_app.__name__ == "<lambda>"
    native.has_memory = False
    assert app.wsgi_app.__name__ == "wsgi_app"
    assert app.test_client().get("/").text == "index"

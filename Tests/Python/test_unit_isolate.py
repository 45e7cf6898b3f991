"""Isolate, against real Flask: which Context a request sees, from its first line to its close()."""

from __future__ import annotations

import contextvars
import gc
import io
import threading
from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
from ctxtop import _isolate, _settings, _stack
from flask.testing import EnvironBuilder

#: What a tracer or a log would keep there.
span: contextvars.ContextVar[str] = contextvars.ContextVar("span", default="")


class Watching:
    """A stand-in for the native module: counts how often the record was to be settled."""

    def __init__(self) -> None:
        self.settled = 0

    def settle(self) -> None:
        self.settled += 1


@pytest.fixture
def app() -> flask.Flask:
    app = flask.Flask("shop")
    app.testing = True

    @app.route("/visitor")
    def visitor() -> str:
        before: int = flask.g.get("visitors", 0)
        flask.g.visitors = before + 1
        return f"{before} {span.get()}"

    @app.route("/leave")
    def leave() -> str:
        app.app_context().push()
        span.set("left")
        return "left"

    _isolate.install(app)
    return app


def call(app: flask.Flask, path: str, **environ: Any) -> Any:
    made = EnvironBuilder(app, path).get_environ()
    return app.wsgi_app({**made, **environ}, lambda *_: None)  # type: ignore[arg-type, return-value]


def body(app: flask.Flask, path: str) -> str:
    response = call(app, path)
    try:
        return b"".join(response).decode()
    finally:
        response.close()


def in_own_thread(function: Callable[[], Any]) -> Any:
    """What it returns on a thread whose Context nobody has touched."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def test_what_was_left_does_not_reach_the_next_request(app: flask.Flask) -> None:
    def receiver(_sender: Any, **_extra: Any) -> None:
        raise RuntimeError("no")

    def poisoned() -> tuple[list[str], _stack.Stack]:
        with flask.appcontext_pushed.connected_to(receiver, app), pytest.raises(LookupError):
            call(app, "/visitor")
        return [body(app, "/visitor") for _ in range(2)], _stack.reader()()

    assert in_own_thread(poisoned) == (["0 ", "0 "], ())


def test_what_was_pushed_outside_is_not_seen_inside(app: flask.Flask) -> None:
    with app.app_context():
        flask.g.visitors = 7
        assert body(app, "/visitor") == "0 "
        assert flask.g.visitors == 7


def test_other_context_variables_are_there_and_stay_as_they_were(app: flask.Flask) -> None:
    token = span.set("outer")
    try:
        assert body(app, "/visitor") == "0 outer"
        with pytest.raises(AssertionError):
            call(app, "/leave")
        assert span.get() == "outer"
    finally:
        span.reset(token)


def streaming(app: flask.Flask, ended: list[Any]) -> None:
    @app.route("/stream")
    def stream() -> flask.Response:
        span.set("inside")

        def parts() -> Iterator[str]:
            try:
                for number in range(3):
                    yield f"{number} {span.get()} {flask.request.path}\n"
            finally:
                ended.append((span.get(), threading.get_ident()))

        return flask.Response(flask.stream_with_context(parts()))


def test_a_stream_is_read_and_closed_in_its_own_context(app: flask.Flask) -> None:
    ended: list[Any] = []
    streaming(app, ended)
    assert body(app, "/stream") == "".join(f"{number} inside /stream\n" for number in range(3))
    assert ended == [("inside", threading.get_ident())]
    assert span.get() == "" and _stack.reader()() == ()


@pytest.mark.parametrize("how", ["closed", "dropped"])
def test_a_stream_that_is_cut_short_by_another_thread_leaves_nothing(app: flask.Flask, how: str) -> None:
    ended: list[Any] = []
    streaming(app, ended)
    holder = [call(app, "/stream")]
    assert next(holder[0]) == b"0 inside /stream\n"

    def end() -> _stack.Stack:
        response = holder.pop()
        if how == "closed":
            response.close()
        del response
        gc.collect()
        return _stack.reader()()

    assert in_own_thread(end) == ()
    assert [value for value, _ in ended] == ["inside"]
    assert _stack.reader()() == ()


def test_files_are_passed_on_untouched(app: flask.Flask) -> None:
    class FileWrapper:
        def __init__(self, file: Any, _size: int = 0) -> None:
            self.file = file

        def __iter__(self) -> Iterator[bytes]:
            return iter(self.file)

    @app.route("/file")
    def file() -> flask.Response:
        return flask.send_file(io.BytesIO(b"file"), mimetype="text/plain")

    response = call(app, "/file", **{"wsgi.file_wrapper": FileWrapper})
    assert type(response) is FileWrapper
    # uWSGI's wrapper is a function that returns the file itself.
    response = call(app, "/file", **{"wsgi.file_wrapper": lambda opened, _size=0: opened})
    assert type(response) is io.BytesIO


def test_the_record_is_settled_after_every_request(app: flask.Flask) -> None:
    other = flask.Flask("other")
    other.add_url_rule("/", "index", lambda: "index")
    watching = Watching()
    _isolate.install(other, watching)
    response = call(other, "/")
    assert watching.settled == 1
    response.close()
    assert watching.settled == 2


def test_the_whole_stack_is_known_inside(app: flask.Flask) -> None:
    read = _isolate.whole(_stack.reader())
    seen: list[Any] = []

    @app.route("/seen")
    def view() -> str:
        seen.append([kind for kind, _ in read()])
        return "seen"

    with app.app_context() as around:
        body(app, "/seen")
        assert read() == ((0, around),)
    assert seen == [[0, 0, 1]]


def test_the_test_client_keeps_its_context(app: flask.Flask) -> None:
    with app.test_client() as client:
        assert client.get("/visitor").text == "0 "
        assert flask.request.path == "/visitor"
        assert client.get("/visitor").text == "0 "
    assert _stack.reader()() == ()


def test_a_request_inside_of_a_request(app: flask.Flask) -> None:
    @app.route("/nested")
    def nested() -> str:
        flask.g.visitors = 3
        inner = app.test_client().get("/visitor").text
        return f"{inner}/{flask.g.visitors} {flask.request.path}"

    assert body(app, "/nested") == "0 /3 /nested"


def test_off_unless_asked_for() -> None:
    assert not _settings.read({}, {}).isolate
    assert _settings.read({}, {"CTXTOP_ISOLATE": "1"}).isolate
    assert not _settings.read({"CTXTOP_ISOLATE": True}, {"CTXTOP_ISOLATE": "0"}).isolate

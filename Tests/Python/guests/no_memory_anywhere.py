"""Each allocation that the agent asks Python for fails in turn, and the application's answers stay the same.

The allocators are those of ``no_memory.c``, which knows what is the agent's and what the application's; its built
module is the first argument. Prints one JSON document: for each scenario how many allocations there were, and those
whose failure changed an answer.
"""

from __future__ import annotations

import contextvars
import gc
import importlib.machinery
import importlib.util
import json
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import flask
import greenlet
import sqlalchemy
from ctxtop import Ctxtop
from flask import ctx
from flask.testing import EnvironBuilder
from outcome import describe
from sqlalchemy.pool import QueuePool

LOADER = importlib.machinery.ExtensionFileLoader("no_memory", sys.argv[1])
SPEC = importlib.util.spec_from_loader("no_memory", LOADER)
assert SPEC is not None
no_memory: Any = importlib.util.module_from_spec(SPEC)
LOADER.exec_module(no_memory)

CLASSES = (ctx.AppContext, ctx.RequestContext)
REAL = {(cls, name): cls.__dict__[name] for cls in CLASSES for name in ("push", "pop")}


def install(app: flask.Flask) -> None:
    """Instrument the application with the borders between it and the agent marked."""
    from ctxtop import _hooks, _native

    for (cls, name), function in REAL.items():
        setattr(cls, name, no_memory.application(function))
    for name in dir(_native):
        function = getattr(_native, name)
        if name.startswith(("connection_", "checked_", "invalidated", "detached")):
            setattr(_native, name, no_memory.agent(function))
    wrapping = _hooks.Hooks.wrapping
    _hooks.Hooks.wrapping = lambda self, _functions: wrapping(self, list(REAL.values()))  # type: ignore[method-assign]
    framework = app.wsgi_app
    marked = no_memory.application(lambda *arguments: no_memory.body(framework(*arguments)))
    app.wsgi_app = marked  # type: ignore[method-assign]
    Ctxtop(app)
    for cls, name in REAL:
        setattr(cls, name, Bound(no_memory.agent(cls.__dict__[name])))
    assert _native.attach() == 0


class Bound:
    """Makes a method of a native function."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def __get__(self, instance: Any, _owner: type) -> Any:
        return lambda *arguments, **named: self.function(instance, *arguments, **named)


def make_app() -> flask.Flask:
    app = flask.Flask("shop")
    app.secret_key = "x"

    @app.route("/plain/<int:number>")
    def plain(number: int) -> str:
        with app.app_context():
            return f"plain {number}"

    @app.route("/stream")
    def stream() -> flask.Response:
        def parts() -> Iterator[str]:
            yield from "abc"

        return flask.Response(flask.stream_with_context(parts()))

    @app.route("/database")
    def database() -> str:
        engine = sqlalchemy.create_engine("sqlite://", poolclass=QueuePool)
        with engine.connect() as connection:
            connection.invalidate()
            connection.rollback()
            said = str(connection.scalar(sqlalchemy.text("SELECT 1")))
        other = engine.connect()
        other.detach()
        other.close()
        engine.dispose()
        return said

    @app.route("/left")
    def left() -> str:
        app.app_context().push()
        return "left"

    @app.teardown_appcontext
    def app_torn_down(_error: BaseException | None) -> None:
        if "app" in FAILING:
            raise RuntimeError("app")

    @app.teardown_request
    def request_torn_down(_error: BaseException | None) -> None:
        if "request" in FAILING:
            raise RuntimeError("request")

    return app


FAILING: set[str] = set()
app = make_app()
OTHER = make_app()


def serve(path: str) -> Callable[[int, bool], Any]:
    """A request as a server makes it; each of its three calls is one into the agent."""

    def run(nth: int, stays: bool) -> Any:
        started: list[str] = []
        environ = EnvironBuilder(app, path).get_environ()
        start = no_memory.application(lambda status, headers, exc_info=None: started.append(status))
        asked, response, error = no_memory.call(nth, stays, app.wsgi_app, (environ, start))
        said: list[Any] = [describe(error)]
        if response is not None:
            while True:
                more, part, error = no_memory.call(max(0, nth - asked), stays, next, (response, None))
                asked += more
                if part is None:
                    break
                said.append(part.decode())
            said.append(describe(error))
            closing, _, error = no_memory.call(max(0, nth - asked), stays, response.close, ())
            asked += closing
            said.append(describe(error))
        return asked, [said, started]

    return run


def method(nth: int, stays: bool) -> Any:
    """What an application says its ``wsgi_app`` is."""
    asked, found, error = no_memory.call(nth, stays, getattr, (OTHER, "wsgi_app"))
    if nth == 1 and isinstance(error, MemoryError):
        # The first is for Python's own method.
        found, error = OTHER.wsgi_app, None
    parts = found(EnvironBuilder(OTHER, "/plain/1").get_environ(), lambda *_: None) if found is not None else []
    said = [describe(error), b"".join(parts).decode()]
    parts.close()
    return asked, said


def on_a_thread(work: Callable[[int, bool], Any]) -> Callable[[int, bool], Any]:
    """The first event of a thread."""

    def run(nth: int, stays: bool) -> Any:
        said: list[Any] = []

        def first() -> None:
            # The greenlet library ends the process if it has no memory for what it keeps of each thread.
            greenlet.getcurrent()
            said.append(work(nth, stays))

        thread = threading.Thread(target=first)
        thread.start()
        thread.join()
        return said[0]

    return run


def failing(work: Callable[[int, bool], Any], *names: str) -> Callable[[int, bool], Any]:
    def run(nth: int, stays: bool) -> Any:
        FAILING.update(names)
        try:
            return work(nth, stays)
        finally:
            FAILING.clear()

    return run


SCENARIOS = {
    "a request": serve("/plain/1"),
    "a thread's first request": on_a_thread(serve("/plain/1")),
    "a stream": serve("/stream"),
    "no such page": serve("/nowhere"),
    "a database": serve("/database"),
    "an application's method": method,
    "a context that is left": serve("/left"),
    "the app's teardown fails": failing(serve("/plain/1"), "app"),
    "the request's teardown fails": failing(serve("/plain/1"), "request"),
    "both teardowns fail": failing(serve("/plain/1"), "app", "request"),
}


def run(work: Callable[[int, bool], Any], nth: int, stays: bool) -> Any:
    return contextvars.Context().run(work, nth, stays)


def try_all(work: Callable[[int, bool], Any]) -> dict[str, Any]:
    # Caches fill, and freelists.
    for _ in range(3):
        _, expected = run(work, 0, False)
    bad, most = [], 0
    for stays in (False, True):
        nth = 1
        while True:
            asked, said = run(work, nth, stays)
            most = max(most, asked)
            if said != expected:
                bad.append([nth, stays, said])
            if nth > asked:
                break
            nth += 1
    _, said = run(work, 0, False)
    if said != expected:
        bad.append(["afterwards", said])
    return {"allocations": most, "answer": expected, "bad": bad}


if __name__ == "__main__":
    gc.disable()
    install(app)
    Ctxtop(OTHER)
    answers = {name: try_all(work) for name, work in SCENARIOS.items()}
    from ctxtop import _native

    json.dump({"attached": _native.is_attached(), "scenarios": answers}, sys.stdout)

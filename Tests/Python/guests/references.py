"""Things that an application makes, uses and drops, one kind after the other: which of them are still there?

Prints one JSON document: for each kind, what was alive when the last reference of our own was gone, and what was
still alive after a collection of garbage. Run it with ctxtop on and off: the answers must be the same.
"""

from __future__ import annotations

import contextlib
import contextvars
import gc
import json
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import flask
import sqlalchemy
from ctxtop import Ctxtop
from flask.testing import EnvironBuilder
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.pool import NullPool, QueuePool, StaticPool
from werkzeug.routing import BaseConverter

Watched = dict[str, Any]


class Failure(Exception):
    """Python's own exceptions cannot be watched."""


class Stop(BaseException):
    """The same, for those that are no ``Exception``."""


KINDS: dict[str, Callable[[Watched], None]] = {}


class Thing:
    """Something that can be watched, in places where the application's own things cannot."""


def kind(function: Callable[[Watched], None]) -> Callable[[Watched], None]:
    KINDS[function.__name__] = function
    return function


def watch(watched: Watched, **things: object) -> None:
    for name, thing in things.items():
        watched[name] = weakref.ref(thing)


def serve(app: flask.Flask, path: str, **environ: Any) -> None:
    """One request as a server makes it: iterates, closes, and drops what leaves the application."""
    whole = {**EnvironBuilder(app, path).get_environ(), **environ}
    try:
        response = app(whole, lambda *_: None)  # type: ignore[arg-type, func-returns-value]
        try:
            for _ in response:
                pass
        finally:
            response.close()  # type: ignore[attr-defined]
    except BaseException:
        return


def make_app() -> flask.Flask:
    app = flask.Flask("shop")
    app.secret_key = "x"
    Ctxtop(app)
    return app


app = make_app()


def note(watched: Watched) -> None:
    """Watch everything that belongs to the current request."""
    flask.g.thing = Thing()
    flask.session["thing"] = "kept"
    request: Any = flask.request
    watch(
        watched,
        app_context=flask.globals.app_ctx._get_current_object(),
        request_context=flask.globals.request_ctx._get_current_object(),
        request=request._get_current_object(),
        session=flask.session._get_current_object(),  # type: ignore[attr-defined]
        g=flask.g._get_current_object(),
        thing=flask.g.thing,
    )


WATCHED: Watched = {}


@app.route("/plain/<int:number>")
def plain(number: int) -> flask.Response:
    note(WATCHED)
    response = flask.make_response("plain")
    watch(WATCHED, response=response)
    return response


@app.route("/stream")
def stream() -> flask.Response:
    note(WATCHED)

    @flask.stream_with_context
    def parts() -> Iterator[str]:
        local = Thing()
        watch(WATCHED, local=local)
        yield from "abc"

    generator = parts()
    response = flask.Response(generator)
    watch(WATCHED, generator=generator, response=response)
    return response


@app.route("/boom")
def boom() -> str:
    note(WATCHED)
    error = Failure("view")
    watch(WATCHED, error=error)
    raise error


@app.teardown_appcontext
def fail_app(_error: BaseException | None) -> None:
    fail("app", "teardown_app")


@app.teardown_request
def fail_request(_error: BaseException | None) -> None:
    fail("request", "teardown_request")
    if "base" in FAILING:
        local = Stop()
        watch(WATCHED, stop=local)
        raise local


FAILING: set[str] = set()


def fail(where: str, name: str) -> None:
    if where in FAILING:
        local = Thing()
        error = Failure(local)
        watch(WATCHED, **{name: error, f"{name}_local": local})
        raise error


def receiver(_sender: flask.Flask, **_extra: Any) -> None:
    fail("receiver", "receiver")


flask.appcontext_pushed.connect(receiver, app)


def request_kind(name: str, path: str, *failing: str) -> None:
    def run(watched: Watched) -> None:
        global WATCHED
        WATCHED = watched
        FAILING.update(failing)
        thing = Thing()
        watch(watched, environ=thing)
        serve(app, path, thing=thing)
        FAILING.clear()
        WATCHED = {}

    run.__name__ = name
    kind(run)


request_kind("request", "/plain/1")
request_kind("request_not_found", "/nowhere")
request_kind("request_streamed", "/stream")
request_kind("request_with_an_exception", "/boom")
request_kind("teardown_of_the_app_context_fails", "/plain/1", "app")
request_kind("teardown_of_the_request_context_fails", "/plain/1", "request")
request_kind("both_teardowns_fail", "/boom", "app", "request")
request_kind("teardown_raises_a_base_exception", "/plain/1", "base", "app")


@kind
def response_abandoned_at_once(watched: Watched) -> None:
    abandon(watched, 0)


@kind
def response_abandoned_half_way(watched: Watched) -> None:
    abandon(watched, 2)


def abandon(watched: Watched, parts: int) -> None:
    """No close(): what the server drops ends all the same."""
    global WATCHED
    WATCHED = watched

    def run() -> None:
        environ = EnvironBuilder(app, "/stream").get_environ()
        response: Any = app(environ, lambda *_: None)  # type: ignore[arg-type, func-returns-value]
        for _ in range(parts):
            next(response)

    contextvars.Context().run(run)
    WATCHED = {}


@kind
def response_in_a_cycle(watched: Watched) -> None:
    """The response knows what knows the response."""
    environ = EnvironBuilder(app, "/plain/1").get_environ()
    thing: Any = Thing()
    thing.response = app(environ, lambda *_: None)  # type: ignore[arg-type, func-returns-value]
    environ["thing"] = thing
    thing.environ = environ
    watch(watched, thing=thing)


@kind
def context_that_a_receiver_left_behind(watched: Watched) -> None:
    FAILING.add("receiver")
    global WATCHED
    WATCHED = watched

    def run() -> None:
        serve(app, "/plain/1")
        FAILING.clear()
        serve(app, "/plain/1")

    contextvars.Context().run(run)
    FAILING.clear()
    WATCHED = {}


@kind
def context_that_nobody_popped(watched: Watched) -> None:
    def run() -> None:
        context = app.test_request_context("/plain/1")
        context.push()
        note(watched)
        serve(app, "/plain/1")

    contextvars.Context().run(run)


@kind
def context_popped_out_of_order(watched: Watched) -> None:
    def run() -> None:
        outer, inner = app.app_context(), app.app_context()
        watch(watched, outer=outer, inner=inner)
        outer.push()
        inner.push()
        with contextlib.suppress(AssertionError):
            outer.pop()

    contextvars.Context().run(run)


@kind
def nested_contexts(watched: Watched) -> None:
    with app.app_context() as outer, app.test_request_context("/plain/1"), app.app_context() as inner:
        note(watched)
        watch(watched, outer=outer, inner=inner)


@kind
def thread_with_a_context(watched: Watched) -> None:
    def work() -> None:
        with app.test_request_context("/plain/1"):
            note(watched)
        app.app_context().push()

    thread = threading.Thread(target=work, name="worker")
    watch(watched, thread=thread)
    thread.start()
    thread.join()


@kind
def test_client_with_preserved_contexts(watched: Watched) -> None:
    global WATCHED
    WATCHED = watched
    with app.test_client() as client:
        response = client.get("/plain/1")
        watch(watched, client_response=response, client=client)
        assert flask.request.path == "/plain/1"
    WATCHED = {}


@kind
def application(watched: Watched) -> None:
    """A factory's application, with what it is made of."""

    class OwnResponse(flask.Response):
        pass

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            yield b"own"

        def close(self) -> None:
            pass

    class Converter(BaseConverter):
        pass

    own = make_app()
    own.response_class = OwnResponse
    own.url_map.converters["own"] = Converter

    @own.route("/own/<own:name>")
    def view(name: str) -> str:
        return name

    @own.teardown_appcontext
    def teardown(_error: BaseException | None) -> None:
        raise RuntimeError("teardown")

    def middleware(environ: Any, start_response: Any) -> Any:
        return Body() if environ["PATH_INFO"] == "/body" else entry(environ, start_response)

    entry = own.wsgi_app
    other = make_app()
    other.wsgi_app = middleware  # type: ignore[method-assign, assignment]
    Ctxtop(other)
    third = flask.Flask("third")
    third.wsgi_app = middleware  # type: ignore[method-assign, assignment]
    Ctxtop(third)
    for one in (own, other, third):
        serve(one, "/own/1")
        serve(one, "/body")
    [rule] = [rule for rule in own.url_map.iter_rules() if rule.endpoint == "view"]
    watch(watched, app=own, other=other, third=third, rules=own.url_map, rule=rule, view=view, teardown=teardown)
    watch(watched, middleware=middleware, response_class=OwnResponse, body_class=Body, converter=Converter)


def engine_kind(name: str, **options: Any) -> None:
    def run(watched: Watched) -> None:
        with tempfile.NamedTemporaryFile(suffix=".db") as file:
            engine = sqlalchemy.create_engine(f"sqlite:///{file.name}", **options)
            use(engine, watched)

    run.__name__ = name
    kind(run)


def use(engine: Any, watched: Watched) -> None:
    connection = engine.connect()
    connection.execute(sqlalchemy.text("SELECT 1"))
    record = connection.connection._connection_record
    watch(watched, engine=engine, pool=engine.pool, connection=connection, fairy=connection.connection, record=record)
    watch(watched, creator=engine.pool._creator, dialect=engine.dialect)
    connection.close()


engine_kind("engine_with_a_queue", poolclass=QueuePool)
engine_kind("engine_without_pool", poolclass=NullPool)
engine_kind("engine_with_one_connection", poolclass=StaticPool)


@kind
def connection_invalidated_detached_or_dropped(watched: Watched) -> None:
    engine = sqlalchemy.create_engine("sqlite://", poolclass=QueuePool)
    first, second, third = engine.connect(), engine.connect(), engine.connect()
    watch(watched, engine=engine, first=first, second=second, third=third, pool=engine.pool)
    first.invalidate()
    first.close()
    second.detach()
    watch(watched, record=third.connection._connection_record)  # type: ignore[arg-type]
    del third
    engine.dispose()


@kind
def connection_that_is_never_returned(watched: Watched) -> None:
    engine = sqlalchemy.create_engine("sqlite://", poolclass=QueuePool)
    with app.app_context() as context:
        connection = engine.connect()
        watch(watched, engine=engine, connection=connection, pool=engine.pool, context=context)


@kind
def connection_that_cannot_be_opened(watched: Watched) -> None:
    local = Thing()

    def creator() -> Any:
        error = Failure(local)
        watch(watched, error=error)
        raise error

    engine = sqlalchemy.create_engine("sqlite://", creator=creator, poolclass=QueuePool)
    watch(watched, engine=engine, local=local)
    with contextlib.suppress(Failure):
        engine.connect()


@kind
def session_that_a_failed_teardown_left(watched: Watched) -> None:
    own = make_app()
    own.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db = SQLAlchemy(own)

    @own.teardown_appcontext
    def teardown(_error: BaseException | None) -> None:
        raise RuntimeError("teardown")

    @own.route("/")
    def view() -> str:
        db.session.execute(sqlalchemy.text("SELECT 1"))
        watch(watched, session=db.session(), connection=db.session.connection(), engine=db.engine)
        return "view"

    serve(own, "/")
    watch(watched, app=own, db=db)


@kind
def many_applications(watched: Watched) -> None:
    """As the tests of an application make them."""
    for number in range(100):
        own = make_app()
        for rule in range(5):
            own.add_url_rule(f"/{rule}", str(rule), lambda: "many")
        serve(own, "/1")
        watch(watched, **{f"app {number}": own})


def alive(watched: Watched) -> list[str]:
    return sorted(name for name, reference in watched.items() if reference() is not None)


def look(run: Callable[[Watched], None]) -> dict[str, Any]:
    watched: Watched = {}
    gc.collect()
    gc.disable()
    run(watched)
    seen = {"watched": len(watched), "at once": alive(watched)}
    gc.enable()
    # What a finalizer lets go of is garbage of the next round.
    while gc.collect():
        pass
    return {**seen, "at last": alive(watched)}


def main(kinds: dict[str, Callable[[Watched], None]]) -> None:
    # What is done only once is done before anybody looks.
    for run in (KINDS["request"], KINDS["engine_with_a_queue"]):
        look(run)
    # Nobody waits for the libraries to be looked through again and again.
    gc.freeze()
    names = sys.argv[1:] or list(kinds)
    answers = {name: look(kinds[name]) for name in names}
    native: Any = sys.modules.get("ctxtop._native")
    json.dump({"attached": native is not None and native.is_attached(), "kinds": answers}, sys.stdout)


if __name__ == "__main__":
    main(KINDS)

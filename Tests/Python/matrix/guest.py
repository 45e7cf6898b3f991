"""Runs in the environment of one version of Flask: goes through every way in which contexts come and go, each on
a thread of its own, and stops wherever it is to be looked at.

What it says, one JSON document a line: ``show`` names where it stands, and it waits for a line of input before
it goes on. What is true then is known from Flask itself, or from flask's own documentation of that version; what
the agent says of it is read from outside, and compared there.
"""

from __future__ import annotations

import functools
import logging
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

import flask
import sqlalchemy
import sqlalchemy.dialects
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from stand import main, needs, scenario, serve, shop, show

# Nothing must be left of these.


@scenario
def healthy() -> None:
    app = shop()
    app.add_url_rule("/missing", "missing", lambda: flask.abort(404))
    app.teardown_request(lambda _error: None)
    app.teardown_appcontext(lambda _error: None)
    statuses = [serve(app), serve(app, "/missing"), serve(app, "/nowhere")]
    show(statuses=[status[:3] for status in statuses])


@scenario
def error_in_view() -> None:
    app = shop()

    @app.route("/fails")
    def fails() -> str:
        raise RuntimeError("in a view")

    app.errorhandler(500)(lambda _error: ("sorry", 500))
    show(statuses=[serve(app, "/fails")[:3]])


@scenario
def nested() -> None:
    app, other = shop(), shop("other")

    @app.route("/nested")
    def view() -> str:
        with app.app_context(), other.app_context():
            show("inside")
        return "done"

    serve(app, "/nested")
    show()


@scenario
def streaming() -> None:
    app = shop()

    @app.route("/stream")
    def stream() -> flask.Response:
        def rows() -> Iterable[str]:
            for _ in range(3):
                yield flask.request.path

        return flask.Response(flask.stream_with_context(rows()))

    def consume(body: Iterable[bytes]) -> None:
        iterator = iter(body)
        next(iterator)
        show("sending")
        list(iterator)

    show(statuses=[serve(app, "/stream", consume)[:3]])


@scenario
def copied_to_thread() -> None:
    app = shop()

    @app.route("/copied")
    def view() -> str:
        paths: list[str] = []

        @flask.copy_current_request_context
        def work() -> None:
            paths.append(flask.request.path)
            show("working")

        thread = threading.Thread(target=work, name="copied_to_thread-2")
        thread.start()
        thread.join()
        return paths[0]

    serve(app, "/copied")
    show()


@scenario
def client_in_with() -> None:
    app = shop()
    with app.test_client() as client:
        client.get("/")
        show("inside")
        client.get("/")
    show()


@scenario
def kept_after_exception() -> None:
    app = shop()
    app.config["PRESERVE_CONTEXT_ON_EXCEPTION"] = True

    @app.route("/fails")
    def fails() -> str:
        raise RuntimeError("in a view")

    serve(app, "/fails")
    show("kept")
    serve(app)
    show()


def _commands() -> Any:
    try:
        from flask import cli
    except ImportError:
        return None
    return cli


@needs(_commands() is not None, "commands came with Flask 0.11")
def command() -> None:
    import click

    app = shop()
    cli = _commands()

    @click.command()
    @cli.with_appcontext
    def migrate() -> None:
        show("running")

    # Before 2.2 the loader was called with the object.
    info = cli.ScriptInfo(create_app=lambda *_arguments: app)
    migrate.main([], standalone_mode=False, obj=info)
    show()


# Teardown functions that raise.


@scenario
def request_teardown() -> None:
    app = shop()
    app.teardown_request(skipped_one)
    app.teardown_request(close_cart)
    app.teardown_appcontext(skipped_two)
    serve(app)
    show("first")
    serve(app)
    show()


@scenario
def app_teardown() -> None:
    app = shop()
    app.teardown_appcontext(skipped_one)
    app.teardown_appcontext(close_cart)
    serve(app)
    show("first")
    serve(app)
    show()


@scenario
def both_teardowns() -> None:
    app = shop()
    app.teardown_request(close_cart)
    app.teardown_appcontext(close_till)
    serve(app)
    show()


@scenario
def blueprint_teardown() -> None:
    app = shop()
    blueprint = flask.Blueprint("till", "till")
    blueprint.add_url_rule("/till", "pay", lambda: "paid")
    blueprint.teardown_request(skipped_one)
    blueprint.teardown_request(close_till)
    app.teardown_request(skipped_two)
    app.register_blueprint(blueprint)
    serve(app, "/till")
    show()


@scenario
def base_exceptions() -> None:
    for error in (SystemExit, KeyboardInterrupt, Killed):
        app = shop()
        app.teardown_appcontext(functools.partial(_raise, error))
        serve(app)
    show()


@scenario
def own_group() -> None:
    app = shop()
    app.teardown_appcontext(close_all)
    serve(app)
    show()


@scenario
def receiver() -> None:
    app = shop()
    app.teardown_appcontext(skipped_one)
    with flask.appcontext_tearing_down.connected_to(on_tearing_down, app):
        serve(app)
    show()


@scenario
def decorated() -> None:
    app = shop()
    app.teardown_appcontext(_decorated(close_cart))
    serve(app)
    show()


@scenario
def nested_teardown() -> None:
    app, other = shop(), shop("other")
    other.teardown_appcontext(close_till)

    @app.teardown_appcontext
    def use_other(_error: object) -> None:
        with other.app_context():
            pass

    serve(app)
    show()


@needs(hasattr(flask.Flask, "ensure_sync"), "asynchronous functions came with Flask 2.0")
def asynchronous() -> None:
    app = shop()

    async def view() -> str:
        return "hello"

    app.add_url_rule("/async", "async_view", view)
    serve(app, "/async")
    show("view")
    app = shop()
    app.teardown_appcontext(close_later)
    serve(app)
    show()


# Contexts that are left behind.


@scenario
def stray_push() -> None:
    app = shop()

    @app.route("/stray")
    def stray() -> str:
        app.app_context().push()
        return "left"

    show("first", came=serve(app, "/stray"))
    serve(app)
    show()


@scenario
def pushed_receiver() -> None:
    app = shop()
    with flask.appcontext_pushed.connected_to(on_pushed, app):
        serve(app)
    show("first")
    serve(app)
    show()


@scenario
def guard_finish() -> None:
    guarded("finish")


@scenario
def push_outside() -> None:
    app = shop()
    app.app_context().push()
    show("pushed")
    serve(app)
    serve(app)
    show()


# Apart from the others that fail: the agent makes room for so many new failures twice a second.


@scenario
def several_teardowns() -> None:
    app = shop()
    app.teardown_request(close_cart)
    app.teardown_request(close_till)
    app.teardown_appcontext(close_shop)
    app.teardown_appcontext(close_door)
    serve(app)
    show()


# Connections.


@scenario
def pool() -> None:
    db, app = _database()

    @app.route("/query")
    def query() -> str:
        db.session.execute(_select())
        show("inside")
        return "done"

    serve(app, "/query")
    show()


@scenario
def guard_log() -> None:
    guarded("log")


@scenario
def pool_drained() -> None:
    db, app = _database()
    app.teardown_appcontext(close_cart)

    @app.route("/query")
    def query() -> str:
        db.session.execute(_select())
        return "done"

    serve(app, "/query")
    show()


class ShopDialect(SQLiteDialect_pysqlite):
    """SQLite for URLs with an account and a host, as servers of databases have them."""

    name = "shopdb"
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: Any) -> Any:
        return sqlalchemy.pool.QueuePool

    def create_connect_args(self, url: Any) -> Any:
        return [url.database], {"check_same_thread": False}


sqlalchemy.dialects.registry.register("shopdb", __name__, "ShopDialect")


def _database() -> Any:
    app = shop()
    place = f"{sys.argv[1]}/{threading.current_thread().name}.db"
    app.config["SQLALCHEMY_DATABASE_URI"] = f"shopdb://alice:canary@db.example:5433/{place}"
    app.config["SQLALCHEMY_TRACK_MODIFICATIONS"] = False
    return SQLAlchemy(app), app


def _select() -> Any:
    return sqlalchemy.text("select 1")


# The functions that fail, and those that they keep from running.


class Killed(BaseException):
    """As a library of greenlets throws it into one."""


def _raise(error: type[BaseException], _exc: object = None) -> None:
    raise error("closing")


def guarded(mode: str) -> None:
    """Functions that raise, and behind each another one; registered before and after the guard, and by a blueprint."""
    ran: list[str] = []

    def note(name: str) -> Callable[[object], None]:
        return lambda _error: ran.append(name)

    app = shop(guard=mode)
    app.teardown_appcontext(note("app"))
    app.teardown_appcontext(close_cart)
    app.teardown_request(note("request"))
    blueprint = flask.Blueprint("till", "till")
    blueprint.teardown_request(close_till)
    blueprint.add_url_rule("/pay", "pay", lambda: "paid")
    app.register_blueprint(blueprint)
    logging.getLogger(app.logger.name).disabled = True
    came = serve(app, "/pay")
    show(ran=ran, came=came)


def close_cart(_error: object = None) -> None:
    raise RuntimeError("the cart is gone")


def close_till(_error: object = None) -> None:
    raise ValueError("the till is gone")


def close_shop(_error: object = None) -> None:
    raise LookupError("the shop is gone")


def close_door(_error: object = None) -> None:
    raise OSError("the door is gone")


def close_all(_error: object = None) -> None:
    if sys.version_info < (3, 11):
        raise RuntimeError("no groups")
    raise ExceptionGroup("several", [RuntimeError("one"), ValueError("two")])  # noqa: F821


async def close_later(_error: object = None) -> None:
    raise RuntimeError("later")


def skipped_one(_error: object = None) -> None:
    """Runs unless one before it raises."""


def skipped_two(_error: object = None) -> None:
    """Runs unless one before it raises."""


def on_pushed(_sender: object, **_extra: object) -> None:
    raise RuntimeError("on pushed")


def on_tearing_down(_sender: object, **_extra: object) -> None:
    raise RuntimeError("on tearing down")


def _decorated(function: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(function)
    def wrapper(*arguments: object) -> None:
        function(*arguments)

    return wrapper


if __name__ == "__main__":
    main()

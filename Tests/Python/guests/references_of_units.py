"""The same for what is more than a request: sessions, locks, greenlets and asyncio tasks."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections.abc import Callable
from typing import Any

import flask
import greenlet
import sqlalchemy
from ctxtop import resource
from dogpile.cache import make_region
from dogpile.cache.proxy import ProxyBackend
from flask_sqlalchemy import SQLAlchemy
from references import Thing, Watched, app, main, make_app, note, serve, watch
from sqlalchemy import orm

KINDS: dict[str, Callable[[Watched], None]] = {}


def kind(function: Callable[[Watched], None]) -> Callable[[Watched], None]:
    KINDS[function.__name__] = function
    return function


def left_in(scoped: Any, watched: Watched) -> None:
    """A transaction is open when its context goes, and another context comes after it."""
    watch(watched, scoped=scoped)
    with app.app_context() as context:
        scoped.execute(sqlalchemy.text("SELECT 1"))
        watch(watched, session=scoped(), connection=scoped.connection(), context=context)
    serve(app, "/plain/1")


def of_an_engine(scope: Callable[[], Any] | None) -> Any:
    return orm.scoped_session(orm.sessionmaker(sqlalchemy.create_engine("sqlite://")), scopefunc=scope)


@kind
def session_that_is_removed(watched: Watched) -> None:
    scoped = of_an_engine(None)
    left_in(scoped, watched)
    scoped.remove()


@kind
def session_of_a_thread(watched: Watched) -> None:
    left_in(of_an_engine(None), watched)


@kind
def session_of_a_threads_number(watched: Watched) -> None:
    left_in(of_an_engine(threading.get_ident), watched)


@kind
def session_of_a_greenlet(watched: Watched) -> None:
    scoped = of_an_engine(greenlet.getcurrent)
    run = greenlet.greenlet(lambda: left_in(scoped, watched))
    watch(watched, greenlet=run)
    run.switch()


@kind
def sessions_that_nobody_removes(watched: Watched) -> None:
    """More orphans than are looked at at once, in contexts that have gone."""
    own = make_app()
    own.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db = SQLAlchemy(own)
    own.teardown_appcontext_funcs.clear()
    for number in range(10):
        with own.app_context() as context:
            db.session.execute(sqlalchemy.text("SELECT 1"))
            watch(watched, **{f"session {number}": db.session(), f"context {number}": context})
    watch(watched, app=own, db=db, scoped=db.session)


class Mutex:
    """As a distributed lock: its module is none of dogpile's own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.acquire, self.release = self._lock.acquire, self._lock.release


class Locking(ProxyBackend):
    def get_mutex(self, key: Any) -> Any:
        return Mutex()


@kind
def lock_of_a_cache(watched: Watched) -> None:
    with app.test_request_context("/plain/1"):
        region = make_region().configure("dogpile.cache.memory", wrap=[Locking])
        creator = Thing()
        assert region.get_or_create("key", lambda: type(creator).__name__) == "Thing"
        mutex = region._mutex("other")
        assert (type(mutex) is Mutex) == ("ctxtop._native" not in sys.modules)
        mutex.acquire()
        note(watched)
        watch(watched, region=region, backend=region.backend, mutex=mutex, creator=creator)


@kind
def lock_that_is_never_released(watched: Watched) -> None:
    with app.test_request_context("/plain/1"):
        note(watched)
        held = resource("lock", "report").held()
        watch(watched, held=held)


@kind
def greenlet_that_ends(watched: Watched) -> None:
    def work() -> None:
        with app.test_request_context("/plain/1"):
            note(watched)
        serve(app, "/plain/1")

    run = greenlet.greenlet(work)
    watch(watched, greenlet=run, work=work)
    run.switch()
    assert run.dead


@kind
def greenlet_that_leaves_a_context(watched: Watched) -> None:
    def work() -> None:
        app.app_context().push()
        watch(watched, context=flask.globals.app_ctx._get_current_object())

    run = greenlet.greenlet(work)
    watch(watched, greenlet=run)
    run.switch()


@kind
def greenlet_that_is_dropped(watched: Watched) -> None:
    def work() -> None:
        with app.test_request_context("/plain/1"):
            note(watched)
            greenlet.getcurrent().parent.switch()

    run = greenlet.greenlet(work)
    run.gr_context = contextvars.Context()
    watch(watched, greenlet=run)
    run.switch()


@kind
def task_that_ends(watched: Watched) -> None:
    async def work() -> None:
        with app.test_request_context("/plain/1"):
            note(watched)
            await asyncio.sleep(0)
        watch(watched, task=asyncio.current_task(), loop=asyncio.get_running_loop())

    asyncio.run(work())


@kind
def task_that_is_cancelled(watched: Watched) -> None:
    async def work() -> None:
        with app.test_request_context("/plain/1"):
            note(watched)
            await asyncio.sleep(60)

    async def start() -> None:
        task = asyncio.get_running_loop().create_task(work())
        watch(watched, task=task)
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(start())


@kind
def task_that_leaves_a_context(watched: Watched) -> None:
    async def work() -> None:
        context = app.app_context()
        context.push()
        watch(watched, task=asyncio.current_task(), context=context)

    asyncio.run(work())


if __name__ == "__main__":
    main(KINDS)

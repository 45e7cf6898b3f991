"""The real stack, read from real Flask in every order that an application can produce."""

from __future__ import annotations

import contextvars
import threading

import flask
import pytest
from ctxtop import _stack

A, R = _stack.APP, _stack.REQUEST


@pytest.fixture
def app() -> flask.Flask:
    return flask.Flask("shop")


read = _stack.reader()


def kinds() -> list[int]:
    return [kind for kind, _ in read()]


def test_nothing_pushed() -> None:
    assert read() == ()


def test_a_request_lies_on_its_app_context(app: flask.Flask) -> None:
    with app.test_request_context("/") as request:
        assert kinds() == [A, R]
        assert read()[1][1] is request
        assert read()[0][1] is request._cv_tokens[-1][1]
    assert read() == ()


def test_a_request_on_a_context_it_found(app: flask.Flask) -> None:
    with app.app_context() as below, app.test_request_context("/") as request:
        assert read() == ((A, below), (R, request))


def test_nested_contexts_of_two_applications(app: flask.Flask) -> None:
    other = flask.Flask("other")
    with app.test_request_context("/") as outer, other.test_request_context("/") as inner, other.app_context() as top:
        assert kinds() == [A, R, A, R, A]
        assert [context for kind, context in read() if kind == R] == [outer, inner]
        assert read()[-1][1] is top


def test_one_context_pushed_several_times(app: flask.Flask) -> None:
    context, other = app.app_context(), app.app_context()
    for pushed in (context, other, context, context):
        pushed.push()
    assert [found for _, found in read()] == [context, other, context, context]
    for pushed in (context, context, other, context):
        pushed.pop()
    assert read() == ()


def test_a_context_left_by_a_raising_receiver(app: flask.Flask) -> None:
    def receiver(_sender: object, **_extra: object) -> None:
        raise RuntimeError

    def run() -> list[int]:
        with flask.appcontext_pushed.connected_to(receiver, app):
            app.test_client().get("/")
        return kinds()

    with pytest.raises(LookupError):
        contextvars.copy_context().run(run)
    left: list[list[int]] = []

    def thread() -> None:
        try:
            run()
        except LookupError:
            left.append(kinds())

    poisoned = threading.Thread(target=thread)
    poisoned.start()
    poisoned.join()
    assert left == [[A]]
    assert read() == ()


def test_a_popped_context_that_is_still_current_ends_the_stack(app: flask.Flask) -> None:
    def run() -> list[int]:
        stray, outer = app.app_context(), app.app_context()
        outer.push()
        stray.push()
        stray._cv_tokens.clear()
        return kinds()

    assert contextvars.copy_context().run(run) == [A]


def test_reading_changes_nothing(app: flask.Flask) -> None:
    with app.test_request_context("/"):
        before = read()
        assert read() == before
        assert flask.current_app._get_current_object() is app  # type: ignore[attr-defined]

"""The real stack, read from real Flask in every order that an application can produce."""

from __future__ import annotations

import contextvars
import threading
from types import SimpleNamespace

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


# Of versions that are not installed here: what their contexts and stacks look like. The matrix runs the real ones.


class OldRequest:
    """A request context up to Flask 2.1."""

    def __init__(self, *implicit: object, preserved: bool = False) -> None:
        self._implicit_app_ctx_stack = list(implicit)
        self.preserved = preserved


def test_an_old_request_lies_on_the_app_context_that_it_made() -> None:
    below, own = object(), object()
    request = OldRequest(own)
    assert _stack._lists([below, own], [request]) == ((A, below), (A, own), (R, request))


def test_an_old_request_that_is_pushed_twice() -> None:
    own = object()
    request = OldRequest(own, None)
    assert _stack._lists([own], [request, request]) == ((A, own), (R, request), (R, request))


def test_what_an_old_flask_keeps_on_purpose_is_marked_with_what_came_with_it() -> None:
    kept, stray = object(), object()
    request = OldRequest(kept, preserved=True)
    marked = ((A | _stack.PRESERVED, kept), (R | _stack.PRESERVED, request), (A, stray))
    assert _stack._lists([kept, stray], [request]) == marked
    assert [_stack.is_request(kind) for kind, _ in marked] == [False, True, False]


def test_an_old_request_that_is_kept_on_a_context_it_found() -> None:
    found = object()
    request = OldRequest(None, preserved=True)
    assert _stack._lists([found], [request]) == ((A, found), (R | _stack.PRESERVED, request))


def test_every_layout_of_a_local_stack() -> None:
    storage: contextvars.ContextVar[list[int]] = contextvars.ContextVar("storage")
    newer = SimpleNamespace(_storage=storage)
    assert _stack._entries(newer) == []
    storage.set([1, 2])
    assert _stack._entries(newer) == [1, 2]
    assert _stack._entries(SimpleNamespace(_local=SimpleNamespace(stack=[1]))) == [1]
    assert _stack._entries(SimpleNamespace(_local=SimpleNamespace())) == []


def test_a_context_of_one_class_counts_for_each_of_its_pushes() -> None:
    variable: contextvars.ContextVar[object] = contextvars.ContextVar("app_ctx")
    request, app = SimpleNamespace(has_request=True, _push_count=2), SimpleNamespace(has_request=False, _push_count=1)

    def run() -> _stack.Stack:
        for context in (request, app):
            context._cv_token = variable.set(context)
        return _stack._single(variable)

    assert contextvars.copy_context().run(run) == ((R, request), (R, request), (A, app))

"""The callbacks: what they answer, and that none of them raises whatever fails inside."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
from ctxtop import _failures, _frames, _hooks, _origins, _sqlalchemy, _stack
from flask.testing import EnvironBuilder


class Lifecycle:
    """Attaches when told to."""

    def __init__(self, attaches: bool = False, declined: bool = False) -> None:
        self.attaches, self.declined = attaches, declined

    def first_event(self) -> bool:
        return self.attaches

    def has_declined(self) -> bool:
        return self.declined


@pytest.fixture
def app() -> flask.Flask:
    app = flask.Flask("shop")
    app.add_url_rule("/chat/<int:number>", "chat", lambda number: "chat")
    return app


@pytest.fixture
def entry() -> Iterator[None]:
    yield
    _frames.set_entry(None)


def hooks(lifecycle: Lifecycle | None = None) -> _hooks.Hooks:
    return _hooks.Hooks(object(), lifecycle or Lifecycle(), _stack.reader())  # type: ignore[arg-type]


def environ(app: flask.Flask, path: str) -> dict[str, Any]:
    return EnvironBuilder(app, path).get_environ()


def test_routes_what_the_framework_did_not_come_to(app: flask.Flask) -> None:
    assert hooks().route(environ(app, "/chat/7"), app) == ("chat", "/chat/<int:number>")
    assert hooks().route(environ(app, "/secret"), app) == (None, None)


def test_remembers_who_pushed_before_the_process_was_attached(app: flask.Flask) -> None:
    asked = hooks()
    with app.app_context() as context:
        asked.first_event()
        here = asked.origin(context)
        assert here.startswith("test_unit_hooks.py:") and here.endswith(
            " test_remembers_who_pushed_before_the_process_was_attached"
        )
        asked.first_event(context)
        assert asked.origin(context) == here, "the first one to see it saw the push"
    with app.app_context() as other:
        assert asked.origin(other) == ""


def test_an_origin_keeps_nothing_alive(app: flask.Flask) -> None:
    context = app.app_context()
    _origins.remember([context], sys._getframe())
    reference, size = weakref.ref(context), len(_origins._origins)
    del context
    gc.collect()
    assert reference() is None and len(_origins._origins) == size - 1


def test_who_declined_remembers_nothing(app: flask.Flask) -> None:
    with app.app_context() as context:
        assert hooks(Lifecycle(declined=True)).first_event(context) is False
        assert hooks().origin(context) == ""


def test_who_attaches_finds_the_origin_of_what_was_just_pushed(app: flask.Flask) -> None:
    with app.app_context() as context:
        assert hooks(Lifecycle(attaches=True)).first_event(context) is True
        assert hooks().origin(context).startswith("test_unit_hooks.py:")


def test_a_frame_is_the_applications_or_none_in_a_request(app: flask.Flask, entry: None) -> None:
    seen: list[str] = []

    def open_session(*_: object) -> None:
        seen.append(_frames.first(_flask_frame()))

    app.before_request(lambda: seen.append(_frames.first()))
    app.session_interface.open_session = open_session  # type: ignore[method-assign]
    _frames.set_entry(flask.Flask.wsgi_app)
    app.test_client().get("/chat/7")
    # Pushing the context is the framework's own doing; what lies below it is the server.
    assert seen[0] == ""
    assert seen[1].startswith("test_unit_hooks.py:")


def _flask_frame() -> Any:
    import sys

    frame = sys._getframe(1)
    while frame.f_code.co_name != "push":
        assert frame.f_back is not None
        frame = frame.f_back
    return frame


def explode(*_: object, **__: object) -> Any:
    raise RuntimeError("inside")


@pytest.mark.parametrize(
    ("target", "name", "call", "answer"),
    [
        (_frames, "named", lambda h, app: h.frame(explode.__code__, 1), ""),
        (_origins, "of", lambda h, app: h.origin(app), ""),
        (_sqlalchemy, "describe", lambda h, app: h.engine(app), -1),
        (_sqlalchemy, "backend_pid", lambda h, app: h.backend_pid(app), -1),
        (_failures, "found", lambda h, app: h.raised(app, 0, ValueError()), None),
        (Lifecycle, "first_event", lambda h, app: h.first_event(), True),
        (flask.Flask, "url_map", lambda h, app: h.route({}, app), (None, None)),
    ],
)
def test_no_callback_raises(
    app: flask.Flask,
    monkeypatch: pytest.MonkeyPatch,
    target: Any,
    name: str,
    call: Callable[[_hooks.Hooks, flask.Flask], object],
    answer: object,
) -> None:
    asked = hooks()
    monkeypatch.setattr(target, name, property(explode) if name == "url_map" else explode, raising=False)
    assert call(asked, app) == answer


def test_a_stack_that_cannot_be_read_is_empty() -> None:
    assert _hooks.Hooks(object(), Lifecycle(), explode).stack() == ()  # type: ignore[arg-type]


@pytest.mark.parametrize("nonsense", [None, 3, "", object(), ValueError])
def test_nonsense_is_answered(nonsense: Any) -> None:
    asked = hooks()
    assert asked.engine(nonsense) == asked.backend_pid(nonsense) == -1
    assert asked.route(nonsense, nonsense) == (None, None)
    assert asked.origin(nonsense) == ""
    asked.raised(nonsense, 0, ValueError())
    asked.first_event(nonsense)

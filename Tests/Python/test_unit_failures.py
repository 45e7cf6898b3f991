"""Which teardown function raised, and which were skipped: against real Flask."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from ctxtop import _frames, _hooks, _redact
from flask import ctx
from flask.testing import EnvironBuilder
from support.recorder import Recorder


class Declined:
    """A lifecycle that never attaches."""

    def first_event(self) -> bool:
        return False

    def has_declined(self) -> bool:
        return False


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    monkeypatch.setattr(_redact, "_shows_messages", True)
    originals = [(cls, cls.push, cls.pop) for cls in (ctx.AppContext, ctx.RequestContext)]
    recorder = Recorder()
    _hooks.install(recorder, Declined())  # type: ignore[arg-type]
    _frames.add_root(__file__.rpartition("/")[0])
    yield recorder
    for cls, push, pop in originals:
        cls.push, cls.pop = push, pop  # type: ignore[method-assign]


@pytest.fixture
def app() -> flask.Flask:
    app = flask.Flask("shop")
    app.add_url_rule("/chat/<int:number>", "chat", lambda number: "chat")
    return app


def serve(app: flask.Flask, path: str = "/chat/1", method: str = "GET") -> None:
    """One request as a server makes it: what leaves the application is the server's to see."""
    environ = EnvironBuilder(app, path, method=method).get_environ()
    try:
        list(app(environ, lambda *_: None))  # type: ignore[arg-type, func-returns-value]
    except Exception:
        return


def fail(_error: BaseException | None) -> None:
    raise RuntimeError("no")


def harmless(_error: BaseException | None) -> None:
    return


def test_names_function_exception_request_and_what_was_skipped(recorder: Recorder, app: flask.Flask) -> None:
    for function in (harmless, fail, functools.partial(harmless)):
        app.teardown_appcontext(function)
    serve(app)
    [failure] = recorder.failures
    assert failure["function"] == f"{__name__}.fail"
    assert failure["location"] == f"test_unit_failures.py:{fail.__code__.co_firstlineno}"
    assert (failure["kind"], failure["blueprint"]) == (0, None)
    assert (failure["exception"], failure["message"]) == ("RuntimeError", "no")
    assert (failure["method"], failure["endpoint"], failure["rule"]) == ("GET", "chat", "/chat/<int:number>")
    assert failure["skipped"] == (f"{__name__}.harmless",)
    assert failure["traceback"] == f"test_unit_failures.py:{fail.__code__.co_firstlineno + 1} fail"


def test_a_healthy_request_has_no_failure(recorder: Recorder, app: flask.Flask) -> None:
    app.teardown_appcontext(harmless)
    app.teardown_request(harmless)
    app.add_url_rule("/boom", "boom", lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    serve(app)
    serve(app, "/boom")
    serve(app, "/nowhere")
    assert recorder.failures == []


def test_a_second_failure_does_not_hide_the_first(recorder: Recorder, app: flask.Flask) -> None:
    def second(_error: BaseException | None) -> None:
        raise ValueError("also")

    app.teardown_request(fail)
    app.teardown_appcontext(second)
    serve(app)
    assert sorted((failure["kind"], failure["exception"]) for failure in recorder.failures) == [
        (0, "ValueError"),
        (1, "RuntimeError"),
    ]


def test_the_same_exception_object_counts_each_time(recorder: Recorder, app: flask.Flask) -> None:
    always = RuntimeError("the same")

    @app.teardown_appcontext
    def again(_error: BaseException | None) -> None:
        raise always

    for _ in range(5):
        serve(app)
    assert [failure["endpoint"] for failure in recorder.failures] == ["chat"] * 5


def test_blueprint_functions_come_first_and_are_named(recorder: Recorder, app: flask.Flask) -> None:
    cart = flask.Blueprint("cart", __name__)
    cart.add_url_rule("/cart", "show", lambda: "cart")
    cart.teardown_request(harmless)
    cart.teardown_request(fail)
    app.teardown_request(harmless)
    app.register_blueprint(cart)
    serve(app, "/cart")
    [failure] = recorder.failures
    assert (failure["kind"], failure["blueprint"], failure["endpoint"]) == (1, "cart", "cart.show")
    assert failure["skipped"] == (f"{__name__}.harmless", f"{__name__}.harmless")


def test_base_exceptions_and_signal_receivers_count(recorder: Recorder, app: flask.Flask) -> None:
    class Timeout(BaseException):
        pass

    def receiver(_sender: Any, **_extra: Any) -> None:
        raise Timeout

    with flask.appcontext_tearing_down.connected_to(receiver, app), pytest.raises(Timeout):
        serve(app)
    [failure] = recorder.failures
    assert failure["function"].endswith("receiver")
    assert (failure["exception"], failure["skipped"]) == ("Timeout", ())


def test_a_context_without_request_has_no_label(recorder: Recorder, app: flask.Flask) -> None:
    app.teardown_appcontext(fail)
    with pytest.raises(RuntimeError), app.app_context():
        pass
    [failure] = recorder.failures
    assert (failure["method"], failure["endpoint"], failure["rule"]) == (None, None, None)


def test_a_nested_context_is_reported_once_with_the_request_it_serves(recorder: Recorder, app: flask.Flask) -> None:
    other = flask.Flask("other")
    other.teardown_appcontext(fail)

    @app.route("/nested")
    def nested() -> str:
        with other.app_context():
            return "nested"

    serve(app, "/nested")
    [failure] = recorder.failures
    assert failure["endpoint"] == "nested"


def test_a_failing_teardown_inside_a_failing_teardown(recorder: Recorder, app: flask.Flask) -> None:
    other = flask.Flask("other")
    other.teardown_request(fail)

    @app.teardown_appcontext
    def outer(_error: BaseException | None) -> None:
        with other.test_request_context("/"):
            pass

    serve(app)
    names = [(failure["kind"], failure["function"].rpartition(".")[2]) for failure in recorder.failures]
    assert names == [(1, "fail"), (0, "outer")]


def test_methods_that_a_client_made_up_are_not_passed_on(recorder: Recorder, app: flask.Flask) -> None:
    app.teardown_appcontext(fail)
    serve(app, method="CANARY")
    assert recorder.failures[0]["method"] == "OTHER"


def test_nothing_is_kept_alive(recorder: Recorder, app: flask.Flask) -> None:
    import gc
    import weakref

    app.teardown_appcontext(fail)
    context = app.app_context()
    reference = weakref.ref(context)
    try:
        with context:
            pass
    except RuntimeError:
        pass
    del context
    gc.collect()
    assert recorder.failures and reference() is None

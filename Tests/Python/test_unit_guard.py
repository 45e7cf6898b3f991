"""The guard, against real Flask: what runs, what is raised, logged and reported, and that nothing stays."""

from __future__ import annotations

import contextlib
import functools
import gc
import logging
import re
import sys
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import flask
import pytest
from ctxtop import Ctxtop, _frames, _guard, _hooks, _settings, _stack
from flask import ctx
from flask.testing import EnvironBuilder
from support.recorder import Recorder
from test_unit_failures import Declined


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    originals = [(cls, cls.push, cls.pop) for cls in (ctx.AppContext, ctx.RequestContext)]
    recorder = Recorder()
    _hooks.install(recorder, Declined())  # type: ignore[arg-type]
    _frames.add_root(__file__.rpartition("/")[0])
    yield recorder
    for cls, push, pop in originals:
        cls.push, cls.pop = push, pop  # type: ignore[method-assign]


class Shop:
    """An application whose teardown functions are notes of what ran."""

    def __init__(self, mode: str | None, recorder: Recorder) -> None:
        self.ran: list[str] = []
        self.app = flask.Flask("shop")
        self.app.add_url_rule("/chat/<int:number>", "chat", lambda number: "chat")
        if mode is not None:
            _guard.install(self.app, mode, recorder.hooks.report)

    def note(self, name: str, error: BaseException | None = None) -> Callable[[BaseException | None], None]:
        def function(_error: BaseException | None) -> None:
            self.ran.append(name)
            if error is not None:
                raise error

        return function

    def serve(self) -> BaseException | None:
        """One request; what left the application. The stacks are empty afterwards, whatever it was."""
        environ = EnvironBuilder(self.app, "/chat/1").get_environ()
        raised = None
        try:
            list(self.app(environ, lambda *_: None))  # type: ignore[arg-type, func-returns-value]
        except BaseException as error:
            raised = error
        assert _stack.reader()() == ()
        return raised


@pytest.mark.parametrize("mode", ["finish", "log"])
def test_everything_runs_whenever_it_was_registered(recorder: Recorder, mode: str) -> None:
    shop = Shop(None, recorder)
    shop.app.teardown_appcontext(shop.note("before"))
    shop.app.teardown_request(shop.note("before, request"))
    _guard.install(shop.app, mode, recorder.hooks.report)
    shop.app.teardown_appcontext(shop.note("after", RuntimeError("no")))
    shop.app.teardown_request(shop.note("after, request", ValueError("nor this")))
    shop.serve()
    assert shop.ran == ["after, request", "before, request", "after", "before"]


def test_without_the_guard_the_rest_is_skipped(recorder: Recorder) -> None:
    shop = Shop(None, recorder)
    shop.app.teardown_appcontext(shop.note("before"))
    shop.app.teardown_appcontext(shop.note("after", RuntimeError("no")))
    shop.serve()
    assert shop.ran == ["after"]
    assert not [name for name in vars(shop.app) if name.startswith("do_teardown")]


def test_finish_raises_a_single_failure_as_itself(recorder: Recorder) -> None:
    shop = Shop("finish", recorder)
    error = RuntimeError("no")
    shop.app.teardown_appcontext(shop.note("other"))
    shop.app.teardown_appcontext(shop.note("failing", error))
    assert shop.serve() is error


def test_finish_raises_several_failures_together(recorder: Recorder) -> None:
    shop = Shop("finish", recorder)
    errors = [RuntimeError("no"), ValueError("nor this")]
    for error in reversed(errors):
        shop.app.teardown_appcontext(shop.note("failing", error))
    raised = shop.serve()
    if sys.version_info < (3, 11):
        assert raised is errors[0]
    else:
        assert isinstance(raised, ExceptionGroup) and list(raised.exceptions) == errors  # noqa: F821
        assert raised.message == "Errors during context teardown"
    assert [failure["exception"] for failure in recorder.failures] == ["RuntimeError", "ValueError"]


@pytest.mark.parametrize("mode", ["finish", "log"])
def test_each_failure_is_reported_once_and_skipped_nothing(recorder: Recorder, mode: str) -> None:
    shop = Shop(mode, recorder)
    shop.app.teardown_request(functools.partial(shop.note("in request", KeyError("k"))))
    shop.app.teardown_appcontext(shop.note("other"))
    shop.app.teardown_appcontext(shop.note("in context", RuntimeError("no")))
    shop.serve()
    assert [(failure["kind"], failure["exception"]) for failure in recorder.failures] == [
        (1, "KeyError"),
        (0, "RuntimeError"),
    ]
    for failure in recorder.failures:
        assert failure["function"] == f"{__name__}.Shop.note.<locals>.function"
        assert failure["location"].startswith("test_unit_guard.py:")
        assert (failure["method"], failure["endpoint"], failure["rule"]) == ("GET", "chat", "/chat/<int:number>")
        assert failure["skipped"] == ()
        assert re.fullmatch(r"test_unit_guard.py:\d+ function", failure["traceback"])


def test_log_raises_nothing_and_logs_each(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    shop = Shop("log", recorder)
    shop.app.teardown_request(shop.note("one", KeyError("k")))
    shop.app.teardown_appcontext(shop.note("two", RuntimeError("no")))
    with caplog.at_level(logging.ERROR):
        assert shop.serve() is None
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [KeyError, RuntimeError]
    assert {record.name for record in caplog.records} == {"shop"}


class Timeout(BaseException):
    """What gevent's is: not an Exception."""


@pytest.mark.parametrize("mode", ["finish", "log"])
@pytest.mark.parametrize("kind", [SystemExit, Timeout])
def test_what_is_no_exception_goes_on_after_all_ran(
    recorder: Recorder, caplog: pytest.LogCaptureFixture, mode: str, kind: type[BaseException]
) -> None:
    shop = Shop(mode, recorder)
    error = kind()
    shop.app.teardown_appcontext(shop.note("last", ValueError("also")))
    shop.app.teardown_appcontext(shop.note("first", error))
    assert shop.serve() is error
    assert shop.ran == ["first", "last"]
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ValueError]


@pytest.mark.parametrize("mode", ["finish", "log"])
def test_the_signals_are_sent_all_the_same(recorder: Recorder, mode: str) -> None:
    shop = Shop(mode, recorder)
    failing, also = RuntimeError("no"), ValueError("a receiver")
    shop.app.teardown_request(shop.note("one", failing))
    shop.app.teardown_appcontext(shop.note("two", failing))
    seen: list[Any] = []

    def receiver(sender: Any, exc: BaseException | None) -> None:
        seen.append((sender, exc))
        raise also

    with (
        flask.request_tearing_down.connected_to(receiver, shop.app),
        flask.appcontext_tearing_down.connected_to(receiver, shop.app),
    ):
        shop.serve()
    assert seen == [(shop.app, None)] * 2
    names = [failure["function"].rpartition(".")[2] for failure in recorder.failures]
    assert names == ["function", "receiver"] * 2


def test_functions_get_the_request_s_own_exception(recorder: Recorder) -> None:
    shop = Shop("finish", recorder)
    boom = ZeroDivisionError("boom")
    got: list[BaseException | None] = []

    @shop.app.route("/boom")
    def view() -> str:
        raise boom

    shop.app.teardown_appcontext(got.append)
    shop.app.teardown_appcontext(shop.note("failing", RuntimeError("no")))
    shop.app.teardown_request(got.append)
    environ = EnvironBuilder(shop.app, "/boom").get_environ()
    with pytest.raises(RuntimeError):
        shop.app(environ, lambda *_: None)  # type: ignore[arg-type, func-returns-value]
    assert got == [boom, boom]
    # Called with nothing, as a context manager's end does it in some versions.
    got.clear()
    try:
        raise boom
    except ZeroDivisionError:
        with pytest.raises(RuntimeError), shop.app.app_context():
            pass
    assert len(got) == 1


def test_blueprints_run_first_and_are_named(recorder: Recorder) -> None:
    shop = Shop("finish", recorder)
    cart = flask.Blueprint("cart", __name__)
    cart.add_url_rule("/cart", "show", lambda: "cart")
    cart.teardown_request(shop.note("blueprint, first registered"))
    cart.teardown_request(shop.note("blueprint, last registered", RuntimeError("no")))
    shop.app.teardown_request(shop.note("application"))
    shop.app.register_blueprint(cart)
    environ = EnvironBuilder(shop.app, "/cart").get_environ()
    with pytest.raises(RuntimeError):
        shop.app(environ, lambda *_: None)  # type: ignore[arg-type, func-returns-value]
    assert shop.ran == ["blueprint, last registered", "blueprint, first registered", "application"]
    assert recorder.failures[0]["blueprint"] == "cart"


def test_a_method_of_the_application_s_own_is_left_alone(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    class Own(flask.Flask):
        def do_teardown_appcontext(self, *arguments: Any) -> None:
            super().do_teardown_appcontext(*arguments)

    app = Own("own")
    _guard.install(app, "finish", recorder.hooks.report)
    assert "do_teardown_appcontext" not in vars(app) and "do_teardown_request" in vars(app)
    assert "do_teardown_appcontext of its own" in caplog.text


@pytest.mark.parametrize("mode", ["finish", "log"])
def test_nothing_is_kept_alive(mode: str) -> None:
    app = flask.Flask("shop")
    # A log that keeps its records keeps their tracebacks.
    app.logger.addFilter(lambda record: False)
    _guard.install(app, mode, None)

    def failing(_error: BaseException | None) -> None:
        raise RuntimeError("no")

    for _ in range(2):
        app.teardown_appcontext(failing)
    context = app.app_context()
    reference = weakref.ref(context)
    gc.collect()
    gc.disable()
    try:
        with contextlib.suppress(Exception), context:
            pass
        del context
        assert reference() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("mode", ["finish", "log"])
def test_contexts_are_popped_before_anything_is_raised(
    recorder: Recorder, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Flask before 0.11 leaves a context whose teardown raises; the way around that works on every Flask."""
    monkeypatch.setattr(_guard, "_leaves_context", lambda: True)
    depths: list[int] = []
    shop = Shop(mode, recorder)
    error, outside = RuntimeError("no"), Timeout()
    shop.app.teardown_request(shop.note("in request", error))
    shop.app.teardown_appcontext(shop.note("in context", outside))

    def popped(_sender: Any, **_extra: Any) -> None:
        depths.append(len(_stack.reader()()))

    # Only a pop that came to its end sends this signal.
    with flask.appcontext_popped.connected_to(popped, shop.app):
        assert shop.serve() is outside
    assert depths == [0]
    assert [failure["exception"] for failure in recorder.failures] == ["RuntimeError", "Timeout"]


def test_settings_choose_the_guard() -> None:
    assert _settings.read({}, {}).guard is None
    assert _settings.read({"CTXTOP_GUARD": "log"}, {}).guard == "log"
    assert _settings.read({"CTXTOP_GUARD": "log"}, {"CTXTOP_GUARD": "Finish"}).guard == "finish"
    assert _settings.read({}, {}, guard="finish").guard == "finish"
    assert _settings.read({}, {"CTXTOP_GUARD": "0"}, guard="finish").guard is None
    with pytest.raises(ValueError, match="finish, log or 0"):
        _settings.read({}, {"CTXTOP_GUARD": "yes"})


def test_the_keyword_guards_an_application(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("ctxtop._setup.instrument", lambda app, guard: asked.append((app, guard)))
    app = flask.Flask("shop")
    Ctxtop(app, guard="finish")
    Ctxtop(guard="log").init_app(app)
    assert asked == [(app, "finish"), (app, "log")]

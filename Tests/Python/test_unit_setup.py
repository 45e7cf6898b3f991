"""Whatever is missing or fails at the start is one log line and an application that runs without us."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import flask
import pytest
from ctxtop import Ctxtop, _lifecycle, _setup


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process where nobody has called us yet."""
    monkeypatch.setattr(_setup, "_lifecycle", None)
    monkeypatch.setattr(_setup, "_declined", False)
    monkeypatch.setattr(_setup, "_hooks_of_process", None)


def no_native_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ctxtop._native", None)
    monkeypatch.delattr("ctxtop._native", raising=False)


def free_threaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "abiflags", "t")


def a_native_module_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class Native:
        def configure(self, *_: object) -> None:
            raise OSError("no memory")

    monkeypatch.setitem(sys.modules, "ctxtop._native", Native())
    monkeypatch.setattr("ctxtop._native", Native(), raising=False)


@pytest.mark.parametrize("trouble", [no_native_module, free_threaded, a_native_module_that_fails])
def test_trouble_is_one_line_and_no_hook(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    trouble: Callable[[pytest.MonkeyPatch], None],
) -> None:
    trouble(monkeypatch)
    before = (flask.ctx.AppContext.push, flask.ctx.RequestContext.pop)
    for name in ("shop", "office"):
        app = flask.Flask(name)
        entry: Any = app.wsgi_app
        Ctxtop(app)
        assert app.wsgi_app == entry
        assert app.test_client().get("/").status_code == 404
    assert [record.name for record in caplog.records] == ["ctxtop"]
    assert "not monitored" in caplog.text
    assert (flask.ctx.AppContext.push, flask.ctx.RequestContext.pop) == before


def a_setup_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = threading.Lock()
    lock.acquire()
    monkeypatch.setattr(_setup, "_lock", lock)
    monkeypatch.setattr(_setup, "_PATIENCE", 0.05)


def test_nobody_waits_for_a_setup_that_hangs(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    a_setup_that_hangs(monkeypatch)
    Ctxtop(flask.Flask("shop"))
    assert "shop is not monitored: TimeoutError: another application is still being set up" in caplog.text
    # It is still its owner's.
    assert _setup._lock.locked() and _setup._lifecycle is None


@pytest.mark.parametrize("trouble", [no_native_module, a_native_module_that_fails, a_setup_that_hangs])
def test_repairs_work_without_a_monitor(
    monkeypatch: pytest.MonkeyPatch, trouble: Callable[[pytest.MonkeyPatch], None]
) -> None:
    trouble(monkeypatch)
    app = flask.Flask("shop")
    app.config["CTXTOP_ISOLATE"] = True
    ran: list[str] = []
    app.teardown_appcontext(lambda _error: ran.append("last"))
    app.teardown_appcontext(lambda _error: 1 / 0)  # type: ignore[arg-type, return-value]
    app.add_url_rule("/", "index", lambda: str(flask.g.get("visitor")))
    for _ in range(2):
        Ctxtop(app, guard="log")
    with app.app_context():
        flask.g.visitor = "somebody"
        assert app.test_client().get("/").text == "None"
    # Of the request, and of the context around it.
    assert ran == ["last", "last"]


def test_a_constructor_that_runs_twice_is_repaired_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    no_native_module(monkeypatch)
    app = flask.Flask("shop")
    for _ in range(2):
        Ctxtop(app, guard="log")
        app.config["CTXTOP_ISOLATE"] = True
        guard, entry = app.do_teardown_appcontext, app.wsgi_app
        app.extensions.clear()
    Ctxtop(app, guard="log")
    assert (app.do_teardown_appcontext, app.wsgi_app) == (guard, entry)
    assert "not guarded" not in caplog.text


def test_repairs_are_off_and_then_nothing_of_them_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    no_native_module(monkeypatch)
    app = flask.Flask("shop")
    entry: Any = app.wsgi_app
    before = dict(vars(app))
    Ctxtop(app)
    assert app.wsgi_app == entry
    assert set(vars(app)) == set(before)


def test_switched_off_says_and_does_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    no_native_module(monkeypatch)
    app = flask.Flask("shop")
    app.config["CTXTOP_ENABLED"] = "0"
    Ctxtop(app)
    assert caplog.records == [] and "ctxtop" not in app.extensions


def test_what_is_no_application_is_no_reason_to_raise(caplog: pytest.LogCaptureFixture) -> None:
    Ctxtop().init_app(object())  # type: ignore[arg-type]
    assert len(caplog.records) == 1


@pytest.mark.parametrize("name", ["flask", "werkzeug", "sqlalchemy"])
def test_versions_are_those_that_are_installed(name: str, recwarn: pytest.WarningsRecorder) -> None:
    from importlib import import_module, metadata

    import_module(name)
    assert _lifecycle._version(name) == metadata.version(name)
    assert len(recwarn) == 0


def test_the_version_of_what_is_not_there() -> None:
    assert _lifecycle._version("no_such_package") == ""

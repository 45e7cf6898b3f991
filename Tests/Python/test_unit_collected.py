"""Errors that Flask collects, as its main branch does: every function's own is a failure of its own.

The main branch is on no package index; the matrix runs it from a source tree. Here its way of collecting and
raising stands in for it, with groups and, as on Python 3.10, without.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, SimpleNamespace
from typing import Any

import pytest
from ctxtop import _failures

Teardown = Callable[[object], None]


class Collected:
    """Runs everything, then raises what was raised."""

    def __init__(self, is_grouped: bool) -> None:
        self.errors: list[BaseException] = []
        self._is_grouped = is_grouped

    @contextmanager
    def here(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            # Not the frames of this stand-in's own context manager.
            traceback = error.__traceback__
            while traceback is not None and traceback.tb_frame.f_code.co_name in ("here", "__exit__"):
                traceback = traceback.tb_next
            error.__traceback__ = traceback
            self.errors.append(error)

    def raise_any(self, message: str) -> None:
        if self.errors and self._is_grouped:
            raise BaseExceptionGroup(message, self.errors)  # noqa: F821
        if self.errors:
            raise self.errors[0]


class App:
    def __init__(self, is_grouped: bool) -> None:
        self.is_grouped = is_grouped
        self.teardown_request_funcs: dict[str | None, list[Teardown]] = {None: [], "till": []}
        self.teardown_appcontext_funcs: list[Teardown] = []

    def do_teardown_request(self, context: Context) -> None:
        collect_errors = Collected(self.is_grouped)
        for name in [*context.request.blueprints, None]:
            for func in reversed(self.teardown_request_funcs[name]):
                with collect_errors.here():
                    func(None)
        collect_errors.raise_any("request")

    def do_teardown_appcontext(self, _context: Context) -> None:
        collect_errors = Collected(self.is_grouped)
        for func in reversed(self.teardown_appcontext_funcs):
            with collect_errors.here():
                func(None)
        collect_errors.raise_any("app")


class Context:
    has_request = True

    def __init__(self, app: App) -> None:
        self.app = app
        self.request = SimpleNamespace(method="GET", url_rule=None, blueprints=["till"], close=lambda: None)

    def pop(self) -> None:
        collect_errors = Collected(self.app.is_grouped)
        with collect_errors.here():
            self.app.do_teardown_request(self)
        with collect_errors.here():
            self.request.close()
        with collect_errors.here():
            self.app.do_teardown_appcontext(self)
        collect_errors.raise_any("context")


WRAPPED: frozenset[CodeType] = frozenset([Context.pop.__code__])


@pytest.fixture(params=[True, False], ids=["groups", "first"])
def app(request: pytest.FixtureRequest) -> App:
    if request.param and sys.version_info < (3, 11):
        pytest.skip("no groups of exceptions before Python 3.11")
    return App(request.param)


def popped(context: Context) -> list[_failures.Failure]:
    """What is found of the exception that leaves a pop, as the native wrapper hands it on."""
    try:
        context.pop()
    except BaseException as error:
        assert error.__traceback__ is not None
        error.__traceback__ = error.__traceback__.tb_next
        return _failures.found(error, context, _failures.REQUEST, WRAPPED)
    return []


def close_cart(_error: object) -> None:
    raise RuntimeError("cart")


def close_till(_error: object) -> None:
    raise ValueError("till")


def close_door(_error: object) -> None:
    raise SystemExit("door")


def harmless(_error: object) -> None:
    return


def names(failures: list[_failures.Failure]) -> list[tuple[str, int, str | None, str]]:
    return [(known.function.rpartition(".")[2], known.kind, known.blueprint, known.exception) for known in failures]


def test_each_function_is_a_failure_of_its_own_and_skips_none(app: App) -> None:
    app.teardown_request_funcs = {None: [harmless, close_cart], "till": [close_till]}
    app.teardown_appcontext_funcs = [close_door, harmless]
    failures = popped(Context(app))
    assert names(failures) == [
        ("close_till", _failures.REQUEST, "till", "ValueError"),
        ("close_cart", _failures.REQUEST, None, "RuntimeError"),
        ("close_door", _failures.APP, None, "SystemExit"),
    ]
    assert [failure.skipped for failure in failures] == [(), (), ()]
    assert [failure.traceback.splitlines()[-1].split()[-1] for failure in failures] == [
        "close_till",
        "close_cart",
        "close_door",
    ]


def test_only_one_failed(app: App) -> None:
    app.teardown_appcontext_funcs = [harmless, close_cart, harmless]
    assert names(popped(Context(app))) == [("close_cart", _failures.APP, None, "RuntimeError")]


def test_none_failed_but_the_request_did_not_close(app: App) -> None:
    context = Context(app)
    context.request.close = lambda: close_cart(None)
    assert popped(context) == []


def test_functions_of_one_decorator_are_told_apart_only_by_what_they_called(app: App) -> None:
    def decorated(function: Teardown) -> Teardown:
        @functools.wraps(function)
        def wrapper(error: object) -> None:
            function(error)

        return wrapper

    app.teardown_appcontext_funcs = [decorated(close_cart), decorated(harmless)]
    (failure,) = popped(Context(app))
    assert (failure.exception, failure.blueprint, failure.skipped) == ("RuntimeError", None, ())
    assert failure.function.endswith("wrapper") and failure.traceback.endswith("close_cart")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="no groups of exceptions")
def test_a_group_that_a_function_raised_stays_one(app: App) -> None:
    def close_all(_error: object) -> None:
        raise ExceptionGroup("several", [RuntimeError("one"), ValueError("two")])  # noqa: F821

    app.teardown_appcontext_funcs = [close_all]
    assert names(popped(Context(app))) == [("close_all", _failures.APP, None, "ExceptionGroup")]


def test_what_a_context_inside_of_a_function_raised_is_that_contexts(app: App) -> None:
    other = App(app.is_grouped)
    other.teardown_appcontext_funcs = [close_till]

    def use_other(_error: object) -> None:
        Context(other).pop()

    app.teardown_appcontext_funcs = [use_other]
    (failure,) = popped(Context(app))
    assert failure.function.endswith("use_other")

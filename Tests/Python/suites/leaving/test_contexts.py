"""Contexts that come and go. On every version of Flask."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import flask
import pytest


def test_request(client: Any) -> None:
    assert client.get("/").data == b"1"


def test_client_in_its_block(app: flask.Flask) -> None:
    with app.test_client() as client:
        client.get("/")
        assert flask.request.path == "/"
        client.get("/")


@pytest.fixture
def kept_client(app: flask.Flask) -> Iterator[Any]:
    with app.test_client() as client:
        yield client


def test_client_in_the_block_of_a_fixture(kept_client: Any) -> None:
    kept_client.get("/")
    assert flask.request.path == "/"


@pytest.fixture(scope="module")
def shared_client(shared_app: flask.Flask) -> Iterator[Any]:
    with shared_app.test_client() as client:
        yield client


@pytest.mark.parametrize("turn", range(3))
def test_client_in_the_block_of_a_wider_fixture(shared_client: Any, turn: int) -> None:
    shared_client.get("/")
    assert flask.request.path == "/"


def test_client_in_its_block_when_a_view_fails(app: flask.Flask) -> None:
    with app.test_client() as client, pytest.raises(ValueError, match="nobody closes"):
        client.get("/fails")


def test_context_around(app: flask.Flask) -> None:
    with app.app_context():
        assert app.test_client().get("/").data == b"1"


def test_context_pushed_and_popped(app: flask.Flask) -> None:
    context = app.app_context()
    context.push()
    context.pop()


def test_request_context(app: flask.Flask) -> None:
    with app.test_request_context("/?page=2"):
        assert flask.request.args["page"] == "2"


@pytest.fixture
def context(app: flask.Flask) -> Iterator[None]:
    with app.app_context():
        yield


def test_context_of_a_fixture(client: Any, context: None) -> None:
    assert flask.current_app.name == "shop"
    assert client.get("/").data == b"1"


@pytest.fixture
def pushed_context(app: flask.Flask, request: pytest.FixtureRequest) -> None:
    context = app.test_request_context()
    context.push()
    request.addfinalizer(context.pop)


def test_context_that_a_finalizer_pops(client: Any, pushed_context: None) -> None:
    assert flask.request.path == "/"
    client.get("/")


@pytest.mark.parametrize("turn", range(2))
def test_context_of_a_wider_fixture(shared_context: flask.Flask, turn: int) -> None:
    assert shared_context.test_client().get("/").data == b"1"


def test_context_of_a_wider_fixture_that_is_asked_for_late(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("late_context")
    assert flask.current_app.name == "shop"


@pytest.fixture(scope="module")
def late_context(shared_app: flask.Flask) -> Iterator[None]:
    with shared_app.app_context():
        yield


class TestWithClassContext:
    context: Any = None

    @classmethod
    def setup_class(cls) -> None:
        import shop

        cls.context = shop.create_app("sqlite://").app_context()
        cls.context.push()

    @classmethod
    def teardown_class(cls) -> None:
        cls.context.pop()

    def test_one(self) -> None:
        assert flask.current_app.name == "shop"

    def test_two(self) -> None:
        assert flask.current_app.name == "shop"


def test_thread_with_a_context(app: flask.Flask) -> None:
    def work() -> None:
        with app.app_context():
            app.test_client().get("/")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_thread_that_goes_on(app: flask.Flask, request: pytest.FixtureRequest) -> None:
    """Its job takes longer than the test: slow is not left."""
    may_end, has_begun = threading.Event(), threading.Event()

    def work() -> None:
        with app.app_context():
            has_begun.set()
            may_end.wait(30)

    thread = threading.Thread(target=work)
    thread.start()
    has_begun.wait(30)
    request.session.config.add_cleanup(lambda: (may_end.set(), thread.join()))


def test_failure_of_its_own(request: pytest.FixtureRequest, client: Any) -> None:
    request.applymarker(pytest.mark.xfail(strict=True))
    with contextlib.suppress(ValueError):
        client.get("/fails")
    raise AssertionError("on purpose")

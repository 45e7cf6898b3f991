"""Connections and sessions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import flask
import pytest
import shop
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

leaves = pytest.mark.leaves
kept: list[Any] = []


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return create_engine(f"sqlite:///{tmp_path_factory.mktemp('database')}/plain.db")


@pytest.fixture(scope="module")
def connection(engine: Engine) -> Iterator[Any]:
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def transaction(connection: Any) -> Iterator[Session]:
    """A transaction around each test, as SQLAlchemy's documentation has it."""
    outer = connection.begin()
    session = Session(bind=connection, join_transaction_mode="create_savepoint")
    yield session
    session.close()
    outer.rollback()


@pytest.mark.parametrize("turn", range(2))
def test_transaction_around(transaction: Session, turn: int) -> None:
    assert transaction.execute(text("select 1")).scalar() == 1


@pytest.fixture(scope="module")
def lazy_session(engine: Engine) -> Iterator[Session]:
    """Has no connection before the first query of the first test."""
    with Session(engine) as session:
        yield session


@pytest.mark.parametrize("turn", range(2))
def test_session_of_a_wider_fixture(lazy_session: Session, turn: int) -> None:
    assert lazy_session.execute(text("select 1")).scalar() == 1


def test_session_of_a_wider_fixture_in_a_context(lazy_session: Session, app: flask.Flask) -> None:
    lazy_session.rollback()
    with app.app_context():
        assert lazy_session.execute(text("select 1")).scalar() == 1


@leaves("CTX004")
def test_connection_beside_the_session_of_a_wider_fixture(lazy_session: Session, engine: Engine) -> None:
    assert lazy_session.execute(text("select 1")).scalar() == 1
    kept.append(engine.connect())


@pytest.fixture
def clean_sessions(engine: Engine) -> Iterator[Any]:
    sessions = scoped_session(sessionmaker(engine))
    yield sessions
    sessions.remove()


def test_session_that_a_fixture_removes(clean_sessions: Any, app: flask.Flask) -> None:
    with app.app_context():
        assert clean_sessions.execute(text("select 1")).scalar() == 1


def test_connection_that_only_a_cycle_holds(engine: Engine) -> None:
    cycle: list[Any] = [engine.connect()]
    cycle.append(cycle)


def test_connections_come_back(client: Any) -> None:
    for _ in range(20):
        assert client.get("/").data == b"1"


def test_a_view_that_fails_with_a_connection(client: Any) -> None:
    with pytest.raises(ValueError, match="nobody closes") as raised:
        client.get("/fails")
    assert raised.value.args


@pytest.mark.xfail(strict=True, raises=ValueError)
def test_fails_itself_with_a_connection(client: Any) -> None:
    """The traceback holds the connection, and goes with it."""
    client.get("/fails")


@leaves("CTX004")
def test_connection_of_a_view(client: Any) -> None:
    client.get("/report")


@leaves("CTX004")
def test_connection_of_a_view_that_goes_with_the_application(app: flask.Flask) -> None:
    """After the fixture's end nothing of it would be left to see."""
    taken: list[Any] = []
    app.extensions["taken"] = taken
    app.add_url_rule("/own", "own", lambda: taken.append(shop.db.engine.connect()) or "own")
    app.test_client().get("/own")


@leaves("CTX004")
def test_connection_of_its_own(engine: Engine) -> None:
    kept.append(engine.connect())


@leaves("CTX004")
def test_connection_of_its_own_in_a_context(app: flask.Flask) -> None:
    with app.app_context():
        kept.append(shop.db.engine.connect())


@leaves("CTX003", "CTX004", "CTX005")
def test_session_that_a_failed_teardown_left(client: Any) -> None:
    with contextlib.suppress(RuntimeError):
        client.get("/cart")


@leaves("CTX003")
def test_teardown_that_fails_at_the_end_of_a_context(app: flask.Flask) -> None:
    with contextlib.suppress(RuntimeError), app.app_context():
        flask.g.cart = "broken"


@pytest.mark.ctxtop(allow=["CTX003", "CTX004", "CTX005"])
def test_allowed_by_the_marker(client: Any) -> None:
    with contextlib.suppress(RuntimeError):
        client.get("/cart")


def test_allowed_by_the_fixture(client: Any, ctxtop: Any) -> None:
    ctxtop.allow("CTX003", "CTX004", "CTX005")
    with contextlib.suppress(RuntimeError):
        client.get("/cart")


def test_asked_by_the_test(client: Any, ctxtop: Any) -> None:
    with contextlib.suppress(RuntimeError):
        client.get("/cart")
    assert [leak.code for leak in ctxtop.leaks()] == ["CTX003", "CTX004", "CTX005"]
    assert ctxtop.leaks() == []

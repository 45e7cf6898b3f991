"""What is taken in the context of a wider fixture belongs to that context, and is judged when it has ended."""

from __future__ import annotations

from typing import Any

import flask
import pytest
import shop

kept: list[Any] = []


@pytest.mark.parametrize("turn", range(2))
def test_session(shared_context: flask.Flask, turn: int) -> None:
    assert shop.ask() == "1"


def test_connection(shared_context: flask.Flask) -> None:
    kept.append(shop.db.engine.connect())


@pytest.mark.leaves("CTX004")
def test_last(shared_context: flask.Flask) -> None:
    """Is told of the connection, and which test it is from."""

"""What must not leave the process does not."""

from __future__ import annotations

import pytest
from ctxtop import _redact, _resources
from sqlalchemy import exc
from sqlalchemy.engine import URL, make_url

SECRET = "hunter2-Canary99"


@pytest.fixture(autouse=True)
def asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator has asked for messages."""
    monkeypatch.setattr(_redact, "_shows_messages", True)


def test_no_message_leaves_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_redact, "_shows_messages", False)
    assert _redact.message(RuntimeError("the cart service does not answer")) == ""


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"postgresql+psycopg://app:{SECRET}@db:5432/shop?sslkey={SECRET}", "postgresql+psycopg://app@db:5432/shop"),
        ("sqlite:///shop.db", "sqlite:///shop.db"),
        ("sqlite://", "sqlite://"),
        (f"sqlite:///file:shop.db?key={SECRET}&uri=true", "sqlite:///file:shop.db"),
        (f"mssql+pyodbc:///?odbc_connect=PWD%3D{SECRET}", "mssql+pyodbc://"),
        (f"mysql://u:{SECRET}@[::1]/shop", "mysql://u@[::1]/shop"),
        ("postgresql://app_2:x@db/shop", "postgresql://app_2@db/shop"),
        (f"databricks://{SECRET}@db/shop", "databricks://***@db/shop"),
    ],
)
def test_urls_have_neither_password_nor_query(url: str, shown: str) -> None:
    assert _redact.url(make_url(url)) == shown
    assert SECRET not in _redact.url(url)


def test_a_password_with_an_at_sign_in_it() -> None:
    assert (
        _redact.url(URL.create("postgresql", "app", "p@ss@word", "db", database="shop")) == "postgresql://app@db/shop"
    )
    assert _redact.url("postgresql://app:p@ss@db/shop") == "postgresql://app@db/shop"


@pytest.mark.parametrize(
    "text",
    [
        f"login failed for password={SECRET}",
        f"no user {SECRET}",
        f"KeyError: '{SECRET}'",
        f'unknown key "{SECRET}',
        f"cannot reach https://me:{SECRET}@host/x?y=z",
        f"cannot reach https://host/{SECRET}/x?token={SECRET}",
        "sent to hunter2@canary.example twice",
        f"Authorization: Bearer {SECRET}",
        "card 4111111111111111 declined",
        f"first line\n{SECRET}",
        f"(sqlite3.IntegrityError) UNIQUE failed [SQL: INSERT {SECRET}] [parameters: ('{SECRET}',)]",
        f"cannot open /home/{SECRET}/cart",
        "0123456789abcdef0123456789abcdef",
    ],
)
def test_values_are_masked(text: str) -> None:
    shown = _redact.message(RuntimeError(text))
    for secret in (SECRET, "hunter2", "4111111111111111", "0123456789abcdef", "canary.example"):
        assert secret not in shown


@pytest.mark.parametrize(
    "text", ["the cart service does not answer", "can't pop: it's gone", "timed out after 30 s", ""]
)
def test_prose_stays(text: str) -> None:
    assert _redact.message(RuntimeError(text)) == text


def test_real_sqlalchemy_errors_keep_their_reason_only() -> None:
    error = exc.IntegrityError(f"INSERT {SECRET}", {"name": SECRET}, Exception("UNIQUE constraint failed: item.name"))
    shown = _redact.message(error)
    assert "UNIQUE constraint failed: item.name" in shown
    assert SECRET not in shown and "INSERT" not in shown


def test_messages_are_bounded_and_never_cut_inside_a_character() -> None:
    shown = _redact.message(RuntimeError("é " * 100_000))
    assert len(shown.encode()) <= 200
    assert shown.strip(" é") == ""


def test_an_exception_without_text_is_no_error() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert _redact.message(Mute()) == ""
    assert _redact.message(RuntimeError("\ud800 alone")).endswith("alone")


class Region:
    name = "carts"


@pytest.mark.parametrize(
    "key", [f"user:{SECRET}", f"hunter2:canary|{SECRET}", f"_lock{SECRET}", f"{__name__}:f|", b"\xff"]
)
def test_locks_are_named_by_function_or_not_at_all(key: str | bytes) -> None:
    shown = _resources._name_of(Region(), key)
    assert SECRET not in shown and "hunter2" not in shown and "canary" not in shown
    assert shown == f"{__name__}:f" if isinstance(key, str) and key.endswith(":f|") else shown.startswith("carts key ")

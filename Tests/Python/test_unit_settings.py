"""Settings, and the name of the service."""

from __future__ import annotations

import pytest
from ctxtop import _settings


@pytest.mark.parametrize("value", ["0", "false", "No", " off ", ""])
def test_off_is_off(value: str) -> None:
    assert not _settings.read({}, {"CTXTOP_ENABLED": value}).enabled


def test_on_unless_told_otherwise_and_the_environment_wins() -> None:
    assert _settings.read({}, {}).enabled
    assert not _settings.read({"CTXTOP_ENABLED": False}, {}).enabled
    assert _settings.read({"CTXTOP_ENABLED": False, "CTXTOP_NAME": "a"}, {"CTXTOP_ENABLED": "1"}).enabled
    assert _settings.read({"CTXTOP_NAME": "a"}, {"CTXTOP_NAME": "b"}).name == "b"
    assert _settings.read({"CTXTOP_DIR": "/run/a"}, {}).directory == "/run/a"
    assert _settings.read({"CTXTOP_NAME": ""}, {}).name is None


@pytest.mark.parametrize("value", ["1", "true", "Yes", True])
def test_messages_stay_unless_somebody_asked_for_them(value: object) -> None:
    assert not _settings.read({}, {}).messages
    assert not _settings.read({"CTXTOP_MESSAGES": value}, {"CTXTOP_MESSAGES": "0"}).messages
    assert _settings.read({"CTXTOP_MESSAGES": value}, {}).messages


def test_a_given_name_is_taken_and_reduced() -> None:
    def stem(name: str) -> str:
        return _settings.stem(_settings.read({"CTXTOP_NAME": name}, {}), "app", "/srv")

    assert stem("shop") == "shop"
    assert stem("../../etc/passwd") == "etc-passwd"
    assert stem("Straße 1") == "Stra-e-1"
    assert len(stem("x" * 300)) == 48
    assert stem("...") == "app"


def test_two_copies_of_an_application_have_two_names() -> None:
    settings = _settings.read({}, {})
    one, other = _settings.stem(settings, "shop", "/srv/a"), _settings.stem(settings, "shop", "/srv/b")
    assert one != other
    assert one == _settings.stem(settings, "shop", "/srv/a")
    assert one.startswith("shop-") and len(one) == len("shop-") + 6
    assert len(_settings.stem(settings, "s" * 300, "/srv")) == 48

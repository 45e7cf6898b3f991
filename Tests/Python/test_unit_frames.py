"""The first frame of the application's own code."""

from __future__ import annotations

import json
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from ctxtop import _frames


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    """A module of an application, imported from a directory of its own."""
    (tmp_path / "till.py").write_text("def pay(call):\n    return call()\n")
    sys.path.insert(0, str(tmp_path))
    try:
        import till

        yield till
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("till", None)


def test_names_file_line_and_function(shop: Any) -> None:
    # The comprehension of a library lies between the application and the question.
    assert shop.pay(_frames.first).startswith("till.py:2 pay")


def test_libraries_are_passed_over(shop: Any) -> None:
    class Asking(dict):  # type: ignore[type-arg]
        def items(self) -> Any:
            answers.append(_frames.first(sys._getframe(1)))
            return super().items()

    answers: list[str] = []
    shop.pay(lambda: json.dumps(Asking(a=1), indent=1))
    assert answers and "test_unit_frames.py" in answers[0]


@pytest.mark.parametrize(
    "filename",
    [
        json.__file__,
        pytest.__file__,
        _frames.__file__,
        "<frozen importlib._bootstrap>",
        "<string>",
        str(Path(sysconfig.get_path("scripts")) / "gunicorn"),
        "/srv/elsewhere/lib/python3.12/site-packages/flask/app.py",
    ],
)
def test_what_a_library_is(filename: str) -> None:
    assert _frames.is_library(filename)


def test_an_application_that_is_installed_is_known_by_its_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_frames, "_roots", [])
    monkeypatch.setattr(_frames, "_known", {})
    installed = "/srv/venv/lib/python3.12/site-packages/shop/views/chat.py"
    assert _frames.is_library(installed)
    _frames.add_root("/srv/venv/lib/python3.12/site-packages/shop")
    assert not _frames.is_library(installed)
    assert _frames.short(installed) == "views/chat.py"


def test_a_virtual_environment_inside_the_application_is_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_frames, "_roots", ["/srv/shop/"])
    assert _frames.is_library("/srv/shop/venv/lib/python3.12/site-packages/flask/app.py")
    assert not _frames.is_library("/srv/shop/shop.py")


def test_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[str, str | None] = {}
    monkeypatch.setattr(_frames, "_known", known)
    monkeypatch.setattr(_frames, "_CACHE_LIMIT", 10)
    for number in range(100):
        exec(compile("_frames.first()", f"/srv/generated{number}.py", "exec"), {"_frames": _frames})
    assert 0 < len(known) <= 11

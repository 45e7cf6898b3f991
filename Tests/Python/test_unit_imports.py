"""Calls that wait for an import."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ctxtop import _imports


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "awaited.py").write_text("ready = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "awaited"
    sys.modules.pop("awaited", None)


def test_runs_after_the_import_and_only_once(module: str) -> None:
    seen: list[bool] = []
    _imports.when_imported(module, lambda: seen.append(sys.modules[module].ready))
    assert seen == []
    imported = importlib.import_module(module)
    assert seen == [True]
    importlib.reload(imported)
    assert seen == [True]
    assert _imports._finder not in sys.meta_path


def test_the_module_keeps_its_own_loader(module: str) -> None:
    _imports.when_imported(module, lambda: None)
    imported = importlib.import_module(module)
    assert type(imported.__loader__) is type(importlib.import_module("support").__loader__)
    assert imported.__spec__ is not None and imported.__spec__.loader is imported.__loader__


def test_runs_at_once_for_what_is_there() -> None:
    seen: list[int] = []
    _imports.when_imported("sys", lambda: seen.append(1))
    assert seen == [1]


def test_a_module_that_is_not_there_stays_missing() -> None:
    _imports.when_imported("no_such_module", lambda: None)
    try:
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("no_such_module")
    finally:
        _imports._imported("no_such_module")


def test_a_call_that_raises_does_not_break_the_import(module: str, caplog: pytest.LogCaptureFixture) -> None:
    _imports.when_imported(module, lambda: 1 / 0)
    assert importlib.import_module(module).ready
    assert len(caplog.records) == 1


def test_two_may_wait_for_one_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "awaited_by_two.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    called: list[int] = []
    _imports.when_imported("awaited_by_two", lambda: called.append(1 // 0))
    _imports.when_imported("awaited_by_two", lambda: called.append(2))
    importlib.import_module("awaited_by_two")
    assert called == [2]

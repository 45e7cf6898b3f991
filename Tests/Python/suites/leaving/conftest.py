"""Tests of this suite say what they leave behind: ``@leaves("CTX004")``; all others leave nothing. What the plugin has
found of each is one line in ``LEAVING_FOUND``: the test, what it should leave, what it does.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
import shop

_CODE = re.compile(r"^CTX\d{3}", re.MULTILINE)
_expected: dict[str, list[str]] = {}
_found: dict[str, list[str]] = {}
_outcomes: dict[str, list[str]] = {}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "leaves(*codes): what this test leaves behind")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        _expected[item.nodeid] = sorted({code for mark in item.iter_markers("leaves") for code in mark.args})


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    text = str(report.longrepr or "") + "".join(text for name, text in report.sections if name == "ctxtop")
    _found.setdefault(report.nodeid, []).extend(_CODE.findall(text))
    _outcomes.setdefault(report.nodeid, []).append(report.outcome)


def pytest_runtest_logfinish(nodeid: str) -> None:
    """What a test has left on the thread is taken away, so that the next one of its module is not told of it."""
    if "test_left_" in nodeid:
        from ctxtop import _stack

        while stack := _stack.reader()():
            stack[-1][1].pop()


def pytest_unconfigure() -> None:
    path = os.environ.get("LEAVING_FOUND")
    if path:
        lines = [
            {"test": test, "expected": _expected[test], "found": sorted(set(codes)), "outcomes": _outcomes[test]}
            for test, codes in _found.items()
        ]
        Path(path).write_text(json.dumps(lines))


@pytest.fixture
def app(tmp_path: Path) -> flask.Flask:
    return shop.create_app(f"sqlite:///{tmp_path}/shop.db")


@pytest.fixture
def client(app: flask.Flask) -> Any:
    return app.test_client()


@pytest.fixture(scope="module")
def shared_app(tmp_path_factory: pytest.TempPathFactory) -> flask.Flask:
    return shop.create_app(f"sqlite:///{tmp_path_factory.mktemp('shared')}/shop.db")


@pytest.fixture(scope="module")
def shared_context(shared_app: flask.Flask) -> Iterator[flask.Flask]:
    with shared_app.app_context():
        yield shared_app

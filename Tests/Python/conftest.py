"""Fixtures: servers that are stopped whatever happens, and the switch for the long forms of the tests."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent

# What test_pytest_plugin.py runs: tests that are to fail.
collect_ignore = ["suites/leaving"]
sys.path.insert(0, str(HERE))
if importlib.util.find_spec("ctxtop") is None:
    # Not installed: the tree itself, with a native module that was built in place.
    sys.path.insert(0, str(HERE.parents[1] / "Sources" / "Python"))

from support import eras, observed  # noqa: E402
from support import server as servers  # noqa: E402
from support.screen import Screen  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run loops at their full length, and every version of Flask")
    parser.addoption("--flask-source", default="", help="a source tree of Flask's main branch, for the matrix")


@pytest.fixture(scope="session")
def is_long(request: pytest.FixtureRequest) -> bool:
    """Whether loops run at their full length."""
    return bool(request.config.getoption("--long"))


@pytest.fixture(scope="session")
def observations(request: pytest.FixtureRequest) -> Iterator[dict[eras.Row, Future[observed.Observed]]]:
    """What is seen of each version of Flask; several are looked at at a time, as most of it is waiting."""
    with ThreadPoolExecutor(4) as pool:
        rows = [row for row in eras.selected(request.config) if row.is_there]
        yield {row: pool.submit(observed.observe, row) for row in rows}


@pytest.fixture
def start() -> Iterator[Callable[..., servers.Server]]:
    """Starts servers; stops them at the end of the test."""
    started: list[servers.Server] = []

    def start(*arguments: Any, **options: Any) -> servers.Server:
        server = servers.start(*arguments, **options)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def watch() -> Iterator[Callable[..., Screen]]:
    """Opens the dashboard on a server; closes it at the end of the test."""
    opened: list[Screen] = []

    def watch(server: servers.Server, *arguments: str, **options: int) -> Screen:
        screen = Screen(server.directory, *arguments, **options)
        opened.append(screen)
        return screen

    yield watch
    for screen in opened:
        screen.close()


@pytest.fixture
def tmpfs_directory() -> Iterator[Path]:
    """A directory of ours for an agent's files."""
    path = servers.agent_directory()
    yield path
    shutil.rmtree(path, ignore_errors=True)

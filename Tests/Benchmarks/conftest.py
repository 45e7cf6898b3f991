"""Fixtures of the benchmarks, and the table at the end of a run. ``--long``: every loop at its full length."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
if importlib.util.find_spec("ctxtop") is None:
    # Not installed: the tree itself, with a native module that was built in place.
    sys.path.insert(0, str(HERE.parents[1] / "Sources" / "Python"))

from bench import places  # noqa: E402
from bench.figures import Figures  # noqa: E402

_figures = Figures()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run loops at their full length")
    parser.addoption("--table", metavar="FILE", help="write the table of figures to a file")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.section("figures")
    terminalreporter.write_line(_figures.markdown())
    if path := config.getoption("--table"):
        Path(path).write_text(_figures.markdown() + "\n")


@pytest.fixture(scope="session")
def is_long(request: pytest.FixtureRequest) -> bool:
    """Whether loops run at their full length."""
    return bool(request.config.getoption("--long"))


@pytest.fixture(scope="session")
def figures() -> Figures:
    """Where a test notes what it measured."""
    return _figures


@pytest.fixture
def directory() -> Iterator[Path]:
    """A runtime directory of the agent."""
    with places.runtime_directory() as path:
        yield path

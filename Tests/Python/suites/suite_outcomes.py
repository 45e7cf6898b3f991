"""A pytest plugin: writes what became of each test, phase by phase, to the file ``SUITE_OUTCOMES``, one a line.

Runs inside another project's test suite, with ctxtop and without it; the two files must be the same.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any, TextIO

import pytest

_file: TextIO | None = None


def pytest_configure() -> None:
    global _file
    _file = open(os.environ["SUITE_OUTCOMES"], "w", encoding="utf-8")  # noqa: SIM115


def pytest_unconfigure() -> None:
    if _file is not None:
        _file.close()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    assert _file is not None
    _file.write(json.dumps([report.nodeid, report.when, report.outcome, _why(report)]) + "\n")
    _file.flush()


def pytest_warning_recorded(warning_message: Any, when: str, nodeid: str) -> None:
    assert _file is not None
    _file.write(json.dumps([nodeid, f"warning at {when}", str(warning_message.category), ""]) + "\n")


def _why(report: pytest.TestReport) -> str:
    """The last line of what a test failed with, without what differs from run to run."""
    crash = getattr(report.longrepr, "reprcrash", None)
    message = str(crash.message if crash is not None else report.longrepr or "")
    return re.sub(r"0x[0-9a-f]+|\d+", "N", message.splitlines()[0] if message else "")

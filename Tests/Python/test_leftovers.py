"""Orphan sessions, locks and hazards, as an agent in a real process tells of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.agent import ROOT
from support.server import python_path

Worker = dict[str, Any]


def run(directory: Path, defect: str, *commands: str) -> list[Worker]:
    """The worker as it is after each command."""
    environment = {
        **os.environ,
        "CTXTOP_DIR": str(directory),
        "LEFTOVERS_DEFECT": defect,
        "PYTHONPATH": python_path(),
    }
    result = subprocess.run(
        [sys.executable, str(ROOT / "Tests" / "Apps" / "leftovers.py")],
        input="".join(f"{command}\n" for command in commands),
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return [json.loads(line)["workers"][0] for line in result.stdout.splitlines()]


def test_a_skipped_remove_leaves_an_orphan(tmpfs_directory: Path) -> None:
    before, after = run(tmpfs_directory, "skipped", "/good", "/bad")
    assert before["sessions"] == [] and before["orphan_sessions"] == 0
    [session] = after["sessions"]
    assert after["orphan_sessions"] == 1
    assert session["state"] == "orphan" and session["scope"] == "app context"
    assert session["in_transaction"] and session["dirty"]
    assert session["holder"]["endpoint"] == "bad" and session["context"] == session["holder"]["context"]
    assert session["inherited_by"] is None


def test_a_session_that_is_used_after_its_removal_is_an_orphan(tmpfs_directory: Path) -> None:
    _, after = run(tmpfs_directory, "late", "/good", "/bad")
    [session] = after["sessions"]
    assert session["in_transaction"] and not session["dirty"]
    assert session["holder"]["endpoint"] == "bad"


@pytest.mark.parametrize("defect", ["", "skipped", "late"])
def test_healthy_requests_leave_none(tmpfs_directory: Path, defect: str) -> None:
    for worker in run(tmpfs_directory, defect, "/good", "/copy", "reuse"):
        assert worker["sessions"] == []


def test_a_copied_context_uses_the_session_after_the_teardown(tmpfs_directory: Path) -> None:
    before, after, removed = run(tmpfs_directory, "", "/copy", "late", "remove")
    assert before["sessions"] == []
    [session] = after["sessions"]
    assert session["in_transaction"] and session["inherited_by"] is None
    assert removed["sessions"] == []


def test_a_lock_has_a_holder_until_it_is_released(tmpfs_directory: Path) -> None:
    before, held, after = run(tmpfs_directory, "", "/good", "lock", "unlock")
    assert before["resources"] == after["resources"] == []
    [lock] = held["resources"]
    assert (lock["kind"], lock["name"], lock["state"]) == ("lock", "report", "held")
    assert lock["holder"]["unit"] is not None and lock["holder"]["frame"].startswith("leftovers.py:")


def test_a_setting_that_nobody_honours_is_no_hazard(tmpfs_directory: Path) -> None:
    # Flask-SQLAlchemy 3.1 took it out; the matrix has a version that honours it.
    [worker] = run(tmpfs_directory, "commit", "/good")
    assert worker["hazards"] == []

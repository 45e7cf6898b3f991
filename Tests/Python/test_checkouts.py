"""The agent says of checkouts what the pools' own events say, on every way through SQLAlchemy's pools."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from support.agent import ROOT
from support.server import python_path


def test_as_the_pools_own_events_say(tmpfs_directory: Path) -> None:
    environment = {
        **os.environ,
        "CTXTOP_DIR": str(tmpfs_directory),
        "PYTHONPATH": python_path(),
    }
    result = subprocess.run(
        [sys.executable, str(ROOT / "Tests" / "Apps" / "checkouts.py"), str(tmpfs_directory)],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    steps = {name: (out, told, frames) for name, out, told, frames in map(json.loads, result.stdout.splitlines())}
    assert len(steps) == 20
    assert {name: (out, told) for name, (out, told, _) in steps.items() if out != told} == {}
    assert {name: frames for name, (out, _, frames) in steps.items() if len(frames) != out} == {}
    assert all(frame.startswith("checkouts.py:") for _, _, frames in steps.values() for frame in frames)
    assert [steps[f"QueuePool, {count}"][0] for count in ("two", "one", "none")] == [2, 1, 0]
    assert [steps[f"SingletonThreadPool, {count}"][0] for count in ("two", "one", "none")] == [1, 1, 0]
    assert steps["opened anew"][0] == steps["kept"][0] == 1

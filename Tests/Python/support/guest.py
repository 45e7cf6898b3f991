"""Programs of our own that run with ctxtop on or off, in a process of their own, and print one JSON document."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from .server import agent_directory, python_path

GUESTS = Path(__file__).resolve().parents[1] / "guests"


def answers(name: str, *arguments: str, enabled: bool = True, timeout: float = 60) -> dict[str, Any]:
    """What the guest says. Fails if it does not end well, or if the agent was not there (or was) as it should."""
    directory = agent_directory()
    environment = {
        **os.environ,
        "PYTHONPATH": python_path(),
        "PYTHONDONTWRITEBYTECODE": "1",
        # The order of sets is part of some answers.
        "PYTHONHASHSEED": "0",
        "CTXTOP_DIR": str(directory),
        "CTXTOP_ENABLED": str(int(enabled)),
    }
    command = [sys.executable, "-X", "faulthandler", str(GUESTS / name), *arguments]
    try:
        result = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )
    finally:
        shutil.rmtree(directory)
    assert result.returncode == 0, f"{name}: {result.returncode}\n{result.stderr[-4000:]}"
    document: dict[str, Any] = json.loads(result.stdout)
    assert document.pop("attached") is enabled
    return document

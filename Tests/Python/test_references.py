"""The agent keeps nothing of the application's alive, and makes no garbage of what went by itself before."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.server import _python_path, agent_directory

GUEST = Path(__file__).parent / "guests" / "references.py"
#: As every middleware that is set as the documentation says, ours knows the application that it is part of.
IN_A_CYCLE = {"app"}


def answers(enabled: bool) -> dict[str, Any]:
    directory = agent_directory()
    environment = {
        **os.environ,
        "PYTHONPATH": _python_path(),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CTXTOP_DIR": str(directory),
        "CTXTOP_ENABLED": str(int(enabled)),
    }
    try:
        result = subprocess.run(
            [sys.executable, str(GUEST)], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    finally:
        shutil.rmtree(directory)
    assert result.returncode == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    assert document["attached"] is enabled
    kinds: dict[str, Any] = document["kinds"]
    return kinds


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    return answers(enabled=False)


@pytest.fixture(scope="module")
def watched() -> dict[str, Any]:
    return answers(enabled=True)


def test_nothing_outlives_its_last_user(plain: dict[str, Any], watched: dict[str, Any]) -> None:
    assert len(watched) == len(plain) > 20
    assert all(kind["watched"] for kind in watched.values())
    assert {name: kind["at last"] for name, kind in watched.items() if kind["at last"]} == {}


def test_what_needs_no_collector_needs_none_with_the_agent(plain: dict[str, Any], watched: dict[str, Any]) -> None:
    def at_once(kinds: dict[str, Any]) -> dict[str, set[str]]:
        return {
            name: {thing for thing in kind["at once"] if thing.split()[0] not in IN_A_CYCLE}
            for name, kind in kinds.items()
        }

    assert at_once(watched) == at_once(plain)

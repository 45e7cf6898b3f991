"""Scripted and random scenarios on real Flasks: their traces are those that CtxtopContexts is compared with.

``CTXTOP_RECORD=1`` writes the traces anew, and fails; the Swift side is Tests/CtxtopScenarioTests.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support import eras
from support.agent import ROOT

SCENARIOS = ROOT / "Tests" / "Scenarios"
sys.path.insert(0, str(SCENARIOS))

import goldens  # noqa: E402
import language  # noqa: E402

VERSIONS = ("0.10.1", "0.12.5", "1.1.4", "2.3.3", "3.1.3")


def environment(version: str) -> Path:
    """Shared with the matrix where it is made for every change; else with what Flask itself needs."""
    row = eras.runnable(eras.row(version))
    if not row.is_short:
        packages = [package for package in row.packages.split() if "SQLAlchemy" not in package]
        row = replace(row, packages=" ".join(packages))
    return eras.environment(row)


def play(environment: Path) -> goldens.Traces:
    command = [eras.interpreter(environment), str(SCENARIOS / "player.py"), *map(str, goldens.FILES)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    return goldens.split(result.stdout)


@pytest.mark.parametrize("version", VERSIONS)
def test_flask_does_what_is_recorded(version: str) -> None:
    traces = play(environment(version))
    different = []
    for file in goldens.FILES:
        recorded = goldens.read(goldens.golden_of(file))
        names = [scenario.name for scenario in language.read(file)]
        different += [name for name in names if recorded.get(name, {}).get(version) != traces[name]]
        if os.environ.get("CTXTOP_RECORD"):
            # In the order of the scenarios; without those that there are no more.
            goldens.write(
                goldens.golden_of(file), {name: {**recorded.get(name, {}), version: traces[name]} for name in names}
            )
    assert not os.environ.get("CTXTOP_RECORD"), "recorded"
    assert different == []


def test_newest_flask_finishes_as_recorded(request: pytest.FixtureRequest) -> None:
    """``--flask-source DIR``: Flask's main branch runs all functions. Its contexts are of another kind, so only what is
    called with what is compared, in scenarios where one request follows the other."""
    source = request.config.getoption("--flask-source")
    if not source:
        pytest.skip("no source tree of Flask's main branch")
    row = replace(eras.row("3.2-dev"), source=source)
    traces = play(eras.environment(row))
    plain = [scenario.name for file in goldens.FILES for scenario in language.read(file) if scenario.is_plain]
    calls = {name: {"3.2": [line.split(" | ")[0] for line in traces[name]]} for name in plain}
    recorded = goldens.read(goldens.FINISH)
    if os.environ.get("CTXTOP_RECORD"):
        goldens.write(goldens.FINISH, calls)
    assert not os.environ.get("CTXTOP_RECORD"), "recorded"
    assert calls == recorded


def test_there_are_enough_scenarios_of_different_names() -> None:
    scenarios = [[scenario.name for scenario in language.read(file)] for file in goldens.FILES]
    scripted, made = sum(scenarios[:-1], []), scenarios[-1]
    assert len(set(scripted + made)) == len(scripted) + len(made)
    assert len(scripted) >= 60 and len(made) >= 200


def test_readme_counts_them() -> None:
    counts = [len(language.read(file)) for file in goldens.FILES]
    said = re.findall(r"(\d+) scenarios in a small|(\d+) are written|(\d+) are made", (ROOT / "README.md").read_text())
    assert [int("".join(found)) for found in said] == [sum(counts), sum(counts[:-1]), counts[-1]]


def test_random_scenarios_are_those_of_their_seed() -> None:
    text = goldens.FILES[-1].read_text()
    options = re.findall(r"--seed \d+ --count \d+", text)[0]
    command = [sys.executable, str(SCENARIOS / "generate.py"), *options.split()]
    assert subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout == text

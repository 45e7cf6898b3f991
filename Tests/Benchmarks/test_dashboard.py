"""What the dashboard itself costs, beside htop on the same machine in the same seconds."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest
from bench import places, terminal, workers
from bench.figures import Figures

TRIES = 20


def _environment(directory: Path) -> dict[str, str]:
    return places.environment(directory, HOME=str(directory))


@pytest.mark.parametrize("count", [64, 256])
def test_costs_beside_htop(figures: Figures, directory: Path, count: int, is_long: bool) -> None:
    """At 120x40, once a second, a tenth of the workers serving; then nobody."""
    assert shutil.which("htop"), "htop is not installed: apt-get install htop"
    refreshes = 30 if is_long else 12
    with workers.running(directory, count, serving=count // 10) as path:
        ours, htop = _measured(path, directory, refreshes)
    figures.note(f"htop beside it: CPU ms, bytes per refresh, {count} workers", f"{htop.cpu_ms:.2f}, {htop.bytes:.0f}")
    what = f"dashboard with {count} workers"
    failures = []
    for each, value, bound, goal, form in (
        ("CPU ms per refresh", ours.cpu_ms, htop.cpu_ms, 0.7 if count == 64 else 0.8, "{:.2f}"),
        ("bytes per refresh, 10 % of the rows changing", ours.bytes, htop.bytes, 300, "{:.0f}"),
        ("memory, MB", ours.memory_mb, 30, 12, "{:.1f}"),
    ):
        try:
            figures.at_most(f"{what}: {each}", value, bound, goal, form)
        except AssertionError as error:
            failures.append(str(error))
    assert ours.bytes > 0, "it never refreshed"
    assert not failures, failures


def _measured(path: Path, directory: Path, refreshes: int) -> list[terminal.Cost]:
    """Ours and htop, watching at the same time."""
    environment = _environment(directory)
    with contextlib.ExitStack() as stack:
        commands = ([str(places.program()), "-d", "1", str(path)], ["htop", "-d", "10"])
        monitors = [stack.enter_context(terminal.started(command, environment)) for command in commands]
        return terminal.costs(monitors, refreshes)


def test_idle(figures: Figures, directory: Path) -> None:
    """Nothing happens: bytes for a clock and little else. Reported, for issue 7."""
    with workers.running(directory, 64) as path:
        ours, _ = _measured(path, directory, 8)
    figures.note("dashboard with 64 idle workers: bytes per refresh (goal 40)", f"{ours.bytes:.0f}")


def test_first_frame(figures: Figures, directory: Path) -> None:
    """From the start of the program until a frame shows a worker; htop's until its own row of keys."""
    ours, htop = [], []
    environment = _environment(directory)
    with workers.running(directory, 64, open_requests=4) as path:
        for _ in range(TRIES):
            ours.append(terminal.first_frame([str(places.program()), str(path)], environment, b"/view/"))
            htop.append(terminal.first_frame(["htop"], environment, b"Quit"))
    worst = sorted(ours)[int(TRIES * 0.95) - 1]
    figures.note("first frame of htop, ms, median", f"{sorted(htop)[TRIES // 2] * 1000:.0f}")
    figures.note("first frame of the dashboard, ms, median", f"{sorted(ours)[TRIES // 2] * 1000:.0f}")
    figures.at_most("first frame of the dashboard, ms, 95th percentile", worst * 1000, 100, 15, "{:.0f}")

"""What an event costs a server written in Swift: beside the least that one could cost, and on many threads."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from bench import places
from bench.figures import Figures

TURNS = 200
THREADS = 8
#: An event beside an empty call and one clock read; an event on all threads beside one on one.
FLOOR_LIMIT, THREADS_LIMIT = 6, 2


def _cost(directory: Path, *arguments: object) -> dict:
    command = [str(places.contexts_probe()), str(directory), "cost", *map(str, arguments)]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True, timeout=600).stdout)


def test_event(figures: Figures, directory: Path, is_long: bool) -> None:
    """Pushes and pops of a request, and those of an app context inside of one; all with a label."""
    # A neighbour on the same core makes an event dearer, and not a clock read: the best of three.
    tries = [_cost(directory, "once", TURNS * (10 if is_long else 1)) for _ in range(3)]
    times = min(tries, key=lambda times: max(times["request"], times["push"]) / times["floor"])
    figures.note("Swift: empty call and one clock read, ns", f"{times['floor']:.0f}")
    figures.note("Swift: push or pop of a request, its begin and end included, ns", f"{times['request']:.0f}")
    figures.note("Swift: push or pop of an app context, ns", f"{times['push']:.0f}")
    worst = max(times["request"], times["push"]) / times["floor"]
    figures.at_most("Swift: push or pop beside an empty call and a clock read", worst, FLOOR_LIMIT, form="{:.1f}")


def test_threads(figures: Figures, directory: Path, is_long: bool) -> None:
    """Processor time, so that it does not matter how many processors there are."""
    times = _cost(directory, "cpu", TURNS // 2 * (10 if is_long else 1), THREADS)
    what = f"Swift: processor time of an event on {THREADS} threads beside one on one"
    figures.at_most(what, times["many"] / times["one"], THREADS_LIMIT, form="{:.2f}")


def test_probe_refuses_what_it_does_not_know(directory: Path) -> None:
    command = [str(places.contexts_probe()), str(directory), "cost", "nothing", "1"]
    assert subprocess.run(command, timeout=60).returncode == os.EX_USAGE

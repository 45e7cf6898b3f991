"""Memory: what attaching adds to a worker, and that requests add nothing."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from bench.figures import Figures
from bench.requests import Guest, running

#: After this many requests every cache and free list of the interpreter has its size.
WARM = 5_000
SAMPLES = 10


def test_added_by_attaching(figures: Figures, directory: Path) -> None:
    """Two processes that have served the same requests, one of them instrumented."""
    with running(directory, "--attach") as first:
        # What compiles modules keeps more memory than what finds them compiled.
        first.serve(1)
    added = math.inf
    # The arenas of the interpreter come in quarters of a megabyte: the least of three is what it takes.
    for _ in range(3):
        with running(directory) as plain, running(directory, "--attach") as ours:
            plain.serve(WARM)
            ours.serve(WARM)
            before, segment = plain.private(), ours.segment()
            added = min(added, ours.private() - before)
    assert segment > 0, "the worker maps no segment"
    figures.note("private memory of a plain worker, MB", f"{before / 1e6:.1f}")
    figures.note("added to it by pages of the segment, MB", f"{segment / 1e6:.2f}")
    figures.at_most("private memory added to a worker, MB", added / 1e6, 1, 0.6)


def test_growth(figures: Figures, directory: Path, is_long: bool) -> None:
    """The median of the last samples against that of the first ones, plain beside instrumented."""
    count = 1_000_000 if is_long else 100_000
    with running(directory) as plain, running(directory, "--attach") as ours, ThreadPoolExecutor(2) as pool:
        grown, grown_ours = pool.map(lambda guest: _growth(guest, count), (plain, ours))
    figures.note(f"growth over {count:,} requests, plain, kB", f"{grown:.0f}")
    # Pages come and go with the arenas of the interpreter and of libc: an idle worker's size moves by 30 kB up and
    # down. Whatever leaks, be it one byte a request, is more than twice that in 10^5 requests.
    figures.at_most(f"growth over {count:,} requests, kB", grown_ours, max(grown, 0) + 48, 0, "{:.0f}")


def _growth(guest: Guest, count: int) -> float:
    """In kB, from the first samples to the last ones."""
    guest.serve(WARM)
    samples = []
    for _ in range(SAMPLES):
        guest.serve(count // SAMPLES)
        samples.append(guest.private())
    return (median(samples[-3:]) - median(samples[:3])) / 1024

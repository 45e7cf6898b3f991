"""Memory: what attaching adds to a worker, and that requests add nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench import places
from bench.figures import Figures

#: After this many requests every cache and free list of the interpreter has its size.
WARM = 5_000
SAMPLES = 10


class Guest:
    """A process that serves a block of requests when told to, and can be looked at in between."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def serve(self, count: int) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline().startswith("served ")

    def private(self) -> int:
        """Bytes that belong to this process alone: Private_Clean and Private_Dirty."""
        lines = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) * 1024

    def segment(self) -> int:
        """The part of it that is mapped from the segment: the one worker that maps it has it all to itself."""
        total, counts = 0, False
        for line in Path(f"/proc/{self.process.pid}/smaps").read_text().splitlines():
            if "-" in line.split()[0]:
                counts = line.endswith(".segment")
            elif counts and line.startswith("Private_"):
                total += int(line.split()[1]) * 1024
        return total


@contextmanager
def running(directory: Path, *options: str) -> Iterator[Guest]:
    """A guest, until the end of the block."""
    process = subprocess.Popen(
        places.guest("requests.py", "--phases", *options), env=places.environment(directory),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield Guest(process)
    finally:
        process.kill()
        process.wait()


def test_added_by_attaching(figures: Figures, directory: Path) -> None:
    """Two processes that have served the same requests, one of them instrumented."""
    with running(directory, "--attach") as first:
        # What compiles modules keeps more memory than what finds them compiled.
        first.serve(1)
    with running(directory) as plain, running(directory, "--attach") as ours:
        plain.serve(WARM)
        ours.serve(WARM)
        before, segment = plain.private(), ours.segment()
        added = ours.private() - before
    assert segment > 0, "the worker maps no segment"
    figures.note("private memory of a plain worker, MB", f"{before / 1e6:.1f}")
    figures.note("added to it by pages of the segment, MB", f"{segment / 1e6:.2f}")
    figures.at_most("private memory added to a worker, MB", added / 1e6, 1, 0.6)


def test_growth(figures: Figures, directory: Path, is_long: bool) -> None:
    """The median of the last samples against that of the first ones, plain beside instrumented."""
    count = 1_000_000 if is_long else 100_000
    with running(directory) as plain, running(directory, "--attach") as ours:
        grown = {}
        for name, guest in (("plain", plain), ("ours", ours)):
            guest.serve(WARM)
            samples = []
            for _ in range(SAMPLES):
                guest.serve(count // SAMPLES)
                samples.append(guest.private())
            grown[name] = (median(samples[-3:]) - median(samples[:3])) / 1024
    figures.note(f"growth over {count:,} requests, plain, kB", f"{grown['plain']:.0f}")
    # A page or two come and go with the interpreter's arenas; 16 kB in 10^5 requests is a byte in six of them.
    figures.at_most(f"growth over {count:,} requests, kB", grown["ours"], max(16, grown["plain"] + 16), 0, "{:.0f}")

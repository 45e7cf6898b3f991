"""The guest that serves blocks of requests, and waits in between."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from . import places


class Guest:
    """A process that serves a block of requests when told to, and can be looked at in between."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def serve(self, count: int) -> None:
        """A block of requests."""
        self.say(str(count))

    def say(self, line: str) -> None:
        """Tells it what to do, and waits until it has done it."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer.startswith("served "), answer

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
def started(command: Sequence[str], directory: Path, seed: int = 0) -> Iterator[Guest]:
    """A guest that is run by a command, until the end of the block."""
    process = subprocess.Popen(
        command, env=places.environment(directory, PYTHONHASHSEED=str(seed)),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield Guest(process)
    finally:
        # It ends with its input, and leaves nothing behind: neither a slot nor an instrument's pipes.
        process.communicate()


def running(directory: Path, *options: str) -> AbstractContextManager[Guest]:
    """The guest that serves blocks of requests."""
    return started(places.guest("requests.py", "--phases", *options), directory)

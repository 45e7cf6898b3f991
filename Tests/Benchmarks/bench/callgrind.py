"""Counts instructions: callgrind, by thread, between moments that we choose.

A process starts uncounted, which is quicker. While it waits between blocks of requests, callgrind is told from
outside to count, and to write its counts down and reset them. So blocks of N and of M requests give the instructions
of one request as (I(M) - I(N)) / (M - N), free of start-up and of everything else that both blocks did. Threads are
counted apart: the agent's own thread is not in it.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import places, profile
from .requests import started

WARM, SMALL, LARGE = 100, 100, 600


@dataclass
class Requests:
    """What one request costs."""

    instructions: float
    #: Exclusive, by function.
    functions: Counter[profile.Function]
    #: Inclusive, by caller and callee.
    calls: Counter[tuple[profile.Function, profile.Function]]


def requests(variants: list[tuple[list[str], int]]) -> list[Requests]:
    """The costs of a request in several variants of the guest, which are options and a seed.

    Two at a time, which changes no count. Another seed of Python's hashes is another layout of the memory.
    """
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda variant: _requests(*variant), variants))


def _requests(options: list[str], seed: int) -> Requests:
    with places.runtime_directory() as directory, tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "out"
        command = [*valgrind(output), *places.guest("requests.py", "--phases", *options)]
        with started(command, directory, seed) as guest:
            # The first request is answered uncounted: callgrind cannot be spoken to before the program runs.
            guest.serve(1)
            tell(guest.process.pid, "instrumentation on")
            for count in (WARM, SMALL, LARGE):
                guest.serve(count)
                tell(guest.process.pid, "dump")
        small, large = (profile.read(Path(f"{output}.{part}-01")) for part in (2, 3))
    functions, calls = profile.per_request(large, small, LARGE - SMALL)
    total = (sum(large.exclusive.values()) - sum(small.exclusive.values())) / (LARGE - SMALL)
    return Requests(total, functions, calls)


def valgrind(output: Path, *options: str) -> list[str]:
    """callgrind's own part of a command."""
    return [
        "valgrind", "-q", "--tool=callgrind", "--separate-threads=yes", "--instr-atstart=no",
        f"--callgrind-out-file={output}", *options,
    ]  # fmt: skip


def tell(pid: int, command: str) -> None:
    """Commands reach a process that waits, and all of its threads."""
    subprocess.run(["vgdb", f"--pid={pid}", *command.split()], check=True, capture_output=True, timeout=60)

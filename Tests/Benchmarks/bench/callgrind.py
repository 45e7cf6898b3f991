"""Counts instructions: callgrind, by thread, between two moments that the guest marks.

The guest calls ``getpriority()`` before and after each block of requests, and callgrind writes down and resets
its counts at each such call. So a process that ran blocks of N and of M requests gives the instructions of one
request as (I(M) - I(N)) / (M - N), free of start-up, of the marks and of everything else that both blocks did.
Threads are counted apart: what is compared is the thread that serves; the agent's own thread is not in it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import places, profile

SMALL, LARGE = 100, 500


@dataclass
class Requests:
    """What one request costs."""

    instructions: float
    #: Exclusive, by function.
    functions: Counter[profile.Function]
    #: Inclusive, by caller and callee.
    calls: Counter[tuple[profile.Function, profile.Function]]


def requests(variants: list[list[str]], guest: str = "requests.py") -> list[Requests]:
    """The costs of a request in several variants of the guest; two at a time, which changes no count."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda options: _requests(guest, options), variants))


def _requests(guest: str, options: list[str]) -> Requests:
    with places.runtime_directory() as directory, tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "out"
        # The first block is for warming up: caches, specialised bytecode, the agent's names.
        command = places.guest(guest, 50, SMALL, LARGE, *options)
        run(command, output, directory)
        # Files are numbered by marks, from the one before the first block: before, block, between, block, ...
        small, large = (profile.read(Path(f"{output}.{number}-01")) for number in (4, 6))
    functions, calls = profile.per_request(large, small, LARGE - SMALL)
    total = (sum(large.exclusive.values()) - sum(small.exclusive.values())) / (LARGE - SMALL)
    return Requests(total, functions, calls)


def run(command: list[str], output: Path, directory: Path) -> None:
    """Runs a command under callgrind."""
    result = subprocess.run(
        [*valgrind(output), *command], env=places.environment(directory), capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        sys.stderr.write(result.stderr)
        raise AssertionError(f"{command[1:]} ended with {result.returncode}: {result.stdout}")


def valgrind(output: Path, *options: str) -> list[str]:
    """callgrind's own part of a command."""
    return [
        "valgrind", "--tool=callgrind", "--separate-threads=yes", "--dump-before=getpriority",
        f"--callgrind-out-file={output}", *options,
    ]  # fmt: skip

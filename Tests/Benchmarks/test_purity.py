"""The hot path does no system call, takes no lock and allocates nothing: what the serving thread does in a block
of 11,000 requests and does not do in one of 1,000, with the plain application as the control."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from bench import places
from bench.figures import Figures

FEW, MANY = 1_000, 11_000
#: Warm-up first: it brings in what is made once.
BLOCKS = (200, FEW, MANY)
VIEWS = {"empty": "empty", "database": "each with a checkout and checkin"}


def _system_calls(directory: Path, trace: Path, *options: str) -> Counter[str]:
    """By name, what the serving thread calls in the long block beyond the short one."""
    command = ["strace", "-f", "-o", str(trace), *places.guest("requests.py", *BLOCKS, *options)]
    result = subprocess.run(command, env=places.environment(directory), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    lines = [line.split(maxsplit=1) for line in trace.read_text().splitlines()]
    thread = lines[0][0]
    sections: list[Counter[str]] = [Counter()]
    for number, text in lines:
        name = text.split("(", 1)[0]
        if number != thread or not name.isidentifier():
            continue
        if name == "getpriority":
            sections.append(Counter())
        else:
            sections[-1][name] += 1
    few, many = sections[3], sections[5]
    return Counter({name: many[name] - few[name] for name in many | few if many[name] != few[name]})


@pytest.mark.parametrize("view", VIEWS)
def test_no_system_call(figures: Figures, directory: Path, tmp_path: Path, view: str) -> None:
    """strace of the whole process; clock_gettime is answered by the vDSO and would show if it were not."""
    plain = _system_calls(directory, tmp_path / "plain", f"--view={view}")
    ours = _system_calls(directory, tmp_path / "ours", f"--view={view}", "--attach")
    assert not plain, f"the control itself calls the kernel: {plain}"
    what = f"system calls in 10,000 requests, {VIEWS[view]} {' '.join(ours)}"
    figures.at_most(what.strip(), sum(ours.values()), 0, 0, "{:.0f}")
    assert not ours, ours


def test_a_system_call_would_be_seen(directory: Path, tmp_path: Path) -> None:
    """The method: one call to the kernel per request is found as such."""
    found = _system_calls(directory, tmp_path / "trace", "--view=kernel")
    assert found == {"getppid": MANY - FEW}


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that counts allocations and locks."""
    path = tmp_path_factory.mktemp("counting") / "counting.so"
    return places.compiled("counting.c", path, "-shared", "-fPIC", "-ldl")


def _counted(counting: Path, directory: Path, *options: str) -> tuple[int, int]:
    """Allocations and locks of the serving thread in the long block beyond the short one."""
    command = places.guest("requests.py", *BLOCKS, *options)
    environment = places.environment(directory, LD_PRELOAD=str(counting))
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    counts = [(int(a), int(b)) for a, b in re.findall(r"^counted (\d+) (\d+)$", result.stderr, re.MULTILINE)]
    assert len(counts) == 2 * len(BLOCKS), result.stderr
    few, many = (tuple(counts[end][k] - counts[end - 1][k] for k in (0, 1)) for end in (3, 5))
    return many[0] - few[0], many[1] - few[1]


@pytest.mark.parametrize("view", VIEWS)
def test_no_allocation_no_lock(figures: Figures, counting: Path, directory: Path, view: str) -> None:
    """Every call of malloc's family and of the locks of libc, whoever makes it.

    Objects of Python come from its own arenas; with those the two processes differ by the wrappers' alone.
    """
    plain = _counted(counting, directory, f"--view={view}")
    ours = _counted(counting, directory, f"--view={view}", "--attach")
    assert plain[0] > 0, "the counter counts nothing: Flask itself allocates"
    requests = MANY - FEW
    figures.note(f"allocations (malloc) per request, {VIEWS[view]}, plain", f"{plain[0] / requests:.3f}")
    figures.at_most(f"allocations added, {VIEWS[view]}", (ours[0] - plain[0]) / requests, 0.0005, 0, "{:.4f}")
    figures.at_most(f"locks added in 10,000 requests, {VIEWS[view]}", ours[1] - plain[1], 0, 0, "{:.0f}")


def test_a_lock_would_be_seen(counting: Path, directory: Path) -> None:
    """The method: one lock per request is found as such."""
    assert _counted(counting, directory, "--view=lock")[1] >= MANY - FEW


def test_imports_no_lock() -> None:
    """The extension cannot call what it does not import."""
    result = subprocess.run(
        ["nm", "-D", "--undefined-only", places.native()], capture_output=True, text=True, check=True
    )
    locks = [
        name for name in result.stdout.split() if re.match(r"(pthread_(mutex|rwlock|spin|cond)_|sem_|futex)", name)
    ]
    assert not locks

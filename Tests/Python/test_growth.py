"""Nothing of a worker grows with its requests: neither memory nor descriptors nor threads.

Two servers serve the same at the same time, one of them without ctxtop. What is measured is a slope over the requests
(support/growth.py); what the application itself does to its memory, the other server shows.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from support import agent
from support.growth import Slope, slope
from support.server import GUNICORN_GEVENT, GUNICORN_SYNC, GUNICORN_THREADS, UWSGI, Mode, Server

PATHS = ["/chat/1", "/cart", "/chat/2", "/teapot", "/chat/3", "/", "/nowhere"]
MODES = [
    replace(GUNICORN_SYNC, workers=1), replace(GUNICORN_THREADS, workers=1, threads=4), GUNICORN_GEVENT,
    replace(UWSGI, workers=1, threads=4),
]  # fmt: skip
CLIENTS = 4
SAMPLES = 30
#: By so much more than without us it may have grown over all of the requests: what allocators do. In a short run the
#: first requests are still most of it, for which the two differ by chance.
NEGLIGIBLE, AT_FIRST = 64 * 1024, 256 * 1024


def requests(is_long: bool) -> int:
    """How many are measured, after a tenth as many more: ``CTXTOP_SOAK`` says another number."""
    return int(os.environ.get("CTXTOP_SOAK", 200_000 if is_long else 1_500))


@dataclass
class Usage:
    """What one worker had, sample by sample."""

    memory: list[float] = field(default_factory=list)
    descriptors: list[float] = field(default_factory=list)
    threads: list[float] = field(default_factory=list)

    def take(self, pid: int) -> None:
        process = Path(f"/proc/{pid}")
        lines = (process / "smaps_rollup").read_text().splitlines()
        self.memory.append(sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) * 1024)
        self.descriptors.append(len(os.listdir(process / "fd")))
        self.threads.append(len(os.listdir(process / "task")))


@contextmanager
def load(server: Server, scratch: Path) -> Iterator[None]:
    """Requests as fast as they are answered, by turns to each path."""
    script = scratch / f"{server.port}.lua"
    paths = ", ".join(f'"{path}"' for path in PATHS)
    script.write_text(
        f"local paths, turn = {{{paths}}}, 0\n"
        'request = function() turn = turn + 1; return wrk.format("GET", paths[turn % #paths + 1]) end\n'
    )
    command = ["wrk", "-t1", f"-c{CLIENTS}", "-d36000s", "-s", str(script), f"http://127.0.0.1:{server.port}/"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
        assert process.poll() is None, "wrk ended early"
    finally:
        process.kill()
        process.wait()


def served(server: Server) -> int:
    """Requests so far, as the agent counts them."""
    count: int = agent.until(lambda: agent.snapshot(server.directory), lambda _: True, 5)["totals"]["requests"]
    return count


def measure(ours: Server, plain: Server, scratch: Path, wanted: int) -> tuple[list[float], Usage, Usage]:
    """Requests served by ours at each sample, and what both had then."""
    pids = [server.worker_pids()[0] for server in (ours, plain)]
    xs: list[float] = []
    usages = Usage(), Usage()
    with load(ours, scratch), load(plain, scratch):
        wait(ours, max(500, wanted // 10))
        first = served(ours)
        for sample in range(SAMPLES):
            wait(ours, first + wanted * (sample + 1) // SAMPLES)
            xs.append(served(ours) - first)
            for usage, pid in zip(usages, pids, strict=True):
                usage.take(pid)
    assert pids == [server.worker_pids()[0] for server in (ours, plain)], "a worker was replaced"
    return xs, *usages


def wait(server: Server, count: int) -> None:
    deadline, before = time.monotonic() + 30, -1
    while (now := served(server)) < count:
        if now > before:
            deadline, before = time.monotonic() + 30, now
        assert time.monotonic() < deadline, f"stuck at {now} of {count} requests\n{server.logged()[-2000:]}"
        time.sleep(0.02)


@pytest.mark.parametrize("defect", ["", "S1,S4"], ids=["healthy", "defects"])
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_nothing_grows(start: Callable[..., Server], tmp_path: Path, is_long: bool, mode: Mode, defect: str) -> None:
    if not is_long and (mode.model in ("sync", "gevent") or defect and mode.server == "uwsgi"):
        pytest.skip("a long run has all servers, with and without defects")
    # Defects are repaired: else the application would soon be out of connections, and no server would serve.
    environment = {"CTXTOP_GUARD": "log"} if defect else {}
    ours = start(mode, defect, environment)
    plain = start(mode, defect.replace("S1,", ""), {"CTXTOP_ENABLED": "0"})
    wanted = requests(is_long)
    xs, usage, beside = measure(ours, plain, tmp_path, wanted)
    found = {}
    for what in ("memory", "descriptors", "threads"):
        found[what] = slope(xs, getattr(usage, what)), slope(xs, getattr(beside, what))
    print(f"{mode} {defect or 'healthy'}: {xs[-1]:.0f} requests: " + ", ".join(told(what, *found[what]) for what in found))
    for what, (own, other) in found.items():
        # Flat; or, for as short as it was measured, no steeper than without us.
        excess = (own.low - max(0, other.high)) * xs[-1]
        bound = (NEGLIGIBLE if xs[-1] > 100_000 else AT_FIRST) if what == "memory" else 0
        assert excess <= bound, (what, own, other, getattr(usage, what))
    # Connections of visitors come and go.
    assert len(set(usage.descriptors)) <= 2 * CLIENTS and len(set(usage.threads)) <= CLIENTS, usage


def told(what: str, own: Slope, other: Slope) -> str:
    """Of memory in bytes a request."""
    factor, unit = (1.0, "B") if what == "memory" else (1000.0, "/1000")
    interval = f"[{own.low * factor:.2f}, {own.high * factor:.2f}]"
    return f"{what} {own.value * factor:.3f} {unit} {interval} (without ctxtop {other.value * factor:.3f})"

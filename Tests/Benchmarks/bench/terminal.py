"""Runs a monitor in a pseudo-terminal and measures what it costs to watch with it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import callgrind, profile

ROWS, COLUMNS = 40, 120


@dataclass
class Cost:
    """Per refresh, but for the memory."""

    cpu_ms: float
    bytes: float
    memory_mb: float


class Monitor:
    """A program in a terminal of its own."""

    def __init__(self, command: list[str], environment: dict[str, str], rows: int = ROWS) -> None:
        self.begun = time.perf_counter()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, environment | {"TERM": "xterm-256color"})
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, COLUMNS, 0, 0))

    def read(self, seconds: float, until: bytes | None = None) -> bytes:
        """What it writes during so many seconds, or until it has written something."""
        deadline = time.perf_counter() + seconds
        written = b""
        while (left := deadline - time.perf_counter()) > 0 and (until is None or until not in written):
            if select.select([self.terminal], [], [], left)[0]:
                try:
                    written += os.read(self.terminal, 1 << 16)
                except OSError:  # it has ended
                    break
        return written

    def press(self, key: bytes) -> float:
        """Seconds from a key until the last byte of what it changes on the screen, which must not be nothing."""
        # What is under way comes first.
        self.read(0.05)
        begun = time.perf_counter()
        os.write(self.terminal, key)
        taken = 0.0
        patience = 2.0
        while select.select([self.terminal], [], [], patience)[0]:
            os.read(self.terminal, 1 << 16)
            taken = time.perf_counter() - begun
            # Frames come in one piece, or in pieces that follow one another at once.
            patience = 0.01
        assert taken, f"{key!r} changed nothing"
        return taken

    def cpu_ns(self) -> int:
        """Time on a processor, to the nanosecond; utime and stime count in ticks of ten milliseconds."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(path.read_text().split()[0]) for path in tasks)

    def memory(self) -> int:
        """The most that it ever had resident."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


@contextlib.contextmanager
def started(command: list[str], environment: dict[str, str], rows: int = ROWS) -> Iterator[Monitor]:
    """A monitor, until the end of the block."""
    monitor = Monitor(command, environment, rows)
    try:
        yield monitor
    finally:
        monitor.stop()


def first_frame(command: list[str], environment: dict[str, str], shows: bytes) -> float:
    """Seconds from the start until the first frame shows something."""
    with started(command, environment) as monitor:
        written = monitor.read(10, until=shows)
        taken = time.perf_counter() - monitor.begun
    assert shows in written, f"never showed {shows!r}: {written[-2000:]!r}"
    return taken


def costs(monitors: list[Monitor], refreshes: int) -> list[Cost]:
    """What monitors that refresh once a second cost, all watched at the same time, once they have settled."""
    _drain(monitors, 3)
    before = [monitor.cpu_ns() for monitor in monitors]
    written = _drain(monitors, refreshes)
    return [
        Cost((monitor.cpu_ns() - cpu) / 1e6 / refreshes, size / refreshes, monitor.memory() / 1e6)
        for monitor, cpu, size in zip(monitors, before, written, strict=True)
    ]


def instructions(command: list[str], environment: dict[str, str], rows: int, refreshes: int) -> float:
    """Instructions per refresh of a program that refreshes once a second, without those of the kernel."""
    with tempfile.TemporaryDirectory() as scratch:
        # callgrind does not read the debug information of every compiler, and needs none.
        program = Path(scratch) / "program"
        subprocess.run(["strip", "-g", "-o", program, command[0]], check=True)
        output = Path(scratch) / "out"
        with started([*callgrind.valgrind(output), str(program), *command[1:]], environment, rows) as monitor:
            monitor.read(30, until=b"live")
            monitor.read(3)
            callgrind.tell(monitor.pid, "instrumentation on")
            # What runs for the first time under instrumentation is not counted.
            monitor.read(1.5)
            callgrind.tell(monitor.pid, "dump")
            monitor.read(refreshes)
            callgrind.tell(monitor.pid, "dump")
        return sum(profile.read(Path(f"{output}.2-01")).exclusive.values()) / refreshes


def _drain(monitors: list[Monitor], seconds: float) -> list[int]:
    """Reads what they write, as fast as a terminal would; how many bytes from each."""
    sizes = [0] * len(monitors)
    deadline = time.perf_counter() + seconds
    while (left := deadline - time.perf_counter()) > 0:
        ready = select.select([monitor.terminal for monitor in monitors], [], [], left)[0]
        for index, monitor in enumerate(monitors):
            if monitor.terminal in ready:
                sizes[index] += len(os.read(monitor.terminal, 1 << 16))
    return sizes

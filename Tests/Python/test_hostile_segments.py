"""Segments that are none of an agent: longer than any disk, cut while they are read, pipes, devices, copies of copies."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import agent
from support.server import GUNICORN_SYNC, Server

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Operator"))
from hostile import Measured, expect_harmless  # noqa: E402

DATAERR, NOINPUT, TEMPFAIL, NOPERM = 65, 66, 75, 77
MEGABYTES, SECONDS = 450, 10
PAGE = 4096
#: Words of the header, and of a slot's control page: layout.h.
HEADER_SLOTS, TENANT = 2, 0


@pytest.fixture
def segment(start: Callable[..., Server], tmp_path: Path) -> Path:
    """A copy of what a real worker wrote, with nobody behind it."""
    server = start(GUNICORN_SYNC)
    for _ in range(20):
        server.get("/cart")
    agent.snapshot(server.directory)
    [path] = server.directory.glob("*.segment")
    copy = tmp_path / path.name
    shutil.copy(path, copy)
    return copy


def dump(path: Path, *options: str, timeout: float = 30) -> Measured:
    environment = {"PATH": os.environ["PATH"], "CTXTOP_DIR": str(path.parent), "LANG": "C.UTF-8"}
    result = Measured([str(agent.program()), "dump", str(path), *options], environment, timeout=timeout)
    assert result.status >= 0, (result.status, result.err)
    assert result.megabytes < MEGABYTES and result.seconds < SECONDS, (result.megabytes, result.seconds)
    assert result.err.count(b"\n") == (result.status != 0), result.err
    expect_harmless(result.err)
    return result


def test_hostile_segments(segment: Path, tmp_path: Path) -> None:
    """All of them with one server: what is changed is a copy."""
    assert dump(segment, "-f", "csv").status == 0
    _far_end(segment)
    _copies(segment)
    _cuts(segment)
    _noise(segment)
    _no_files(segment, tmp_path)


def _copy(segment: Path) -> Path:
    copy = segment.with_name("hostile.v2.segment")
    shutil.copy(segment, copy)
    return copy


def _far_end(segment: Path) -> None:
    path = _copy(segment)
    os.truncate(path, 1 << 40)
    assert dump(path, "-f", "csv").status in (0, DATAERR)


def _copies(segment: Path) -> None:
    """The first worker in every slot there can be, each of which says that all of its tables are full."""
    path = _copy(segment)
    data = bytearray(path.read_bytes())
    slots, pages = struct.unpack_from("<II", data, 8 * HEADER_SLOTS)
    size = pages * PAGE
    first = bytes(data[PAGE : PAGE + size])
    with path.open("r+b") as file:
        for index in range(min(slots, 300)):
            file.seek(PAGE + index * size)
            file.write(first[:65536])
        file.truncate(PAGE + slots * size)
    assert dump(path, "-f", "csv").status in (0, DATAERR)


def _cuts(segment: Path) -> None:
    """Cut at many lengths, and cut and lengthened while it is read."""
    length = segment.stat().st_size
    for cut in (0, 1, 7, 8, 63, PAGE - 1, PAGE, PAGE + 8, 2 * PAGE, length // 2, length - 1):
        path = _copy(segment)
        os.truncate(path, cut)
        assert dump(path, "-f", "csv").status in (0, DATAERR)
    path = _copy(segment)
    ended = threading.Event()

    def shake() -> None:
        while not ended.is_set():
            os.truncate(path, PAGE)
            os.truncate(path, length)
            os.truncate(path, length // 3)
            shutil.copyfile(segment, path)

    thread = threading.Thread(target=shake)
    thread.start()
    try:
        for _ in range(10):
            dump(path, "-f", "csv")
    finally:
        ended.set()
        thread.join()


def _noise(segment: Path) -> None:
    """Random bytes behind a header that is right; all ones, all the same."""
    header = segment.read_bytes()[:PAGE]
    for rest in (os.urandom(4 << 20), b"\xff" * (4 << 20), b"\x01" * (4 << 20), b"\x00\x00\x00\x80" * (1 << 20)):
        path = _copy(segment)
        path.write_bytes(header + rest)
        assert dump(path, "-f", "csv").status in (0, DATAERR)


def _no_files(segment: Path, tmp_path: Path) -> None:
    """What the name leads to is none that anybody could have written there."""
    path = tmp_path / "odd.v2.segment"
    for make in (
        lambda: os.mkfifo(path), path.mkdir, lambda: path.symlink_to("/dev/zero"), lambda: path.symlink_to(path),
        lambda: path.symlink_to("/dev/tty"), lambda: path.symlink_to("/proc/self/mem"),
    ):  # fmt: skip
        make()
        begun = time.monotonic()
        assert dump(path, "-f", "csv").status in (DATAERR, NOINPUT, TEMPFAIL, NOPERM, 71, 74)
        assert time.monotonic() - begun < 5
        subprocess.run(["rm", "-rf", path], check=True)

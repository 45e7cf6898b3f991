"""Reads what agents say: over their socket, and through the ``ctxtop`` program."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[3]
Snapshot = dict[str, Any]
T = TypeVar("T")


class NoAnswer(Exception):
    """Nobody answered, or not with a whole document."""


def socket_path(directory: Path) -> Path:
    """The one exporter socket below a directory."""
    # A leader binds its socket under a name that begins with a dot, and renames it.
    found = sorted(path for path in directory.glob("*.sock") if not path.name.startswith("."))
    if len(found) != 1:
        raise NoAnswer(f"{len(found)} sockets in {directory}: {[path.name for path in found]}")
    return found[0]


def snapshot(directory: Path, timeout: float = 2) -> Snapshot:
    """One JSON document from the exporter. Raises ``NoAnswer``; a document that is no JSON is an error of its own."""
    data = ask(directory, b"json\n", timeout)
    if not data:
        raise NoAnswer("end of stream")
    document: Snapshot = json.loads(data)
    assert document["schema"] == "ctxtop.snapshot/1", document["schema"]
    return document


def ask(directory: Path, request: bytes, timeout: float = 2) -> bytes:
    """Everything that the exporter answers to one request, until it closes."""
    deadline = time.monotonic() + timeout
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(timeout)
        try:
            client.connect(str(socket_path(directory)))
            client.sendall(request)
            # Nothing follows: after a binary record the exporter would wait for more.
            client.shutdown(socket.SHUT_WR)
            parts = []
            while True:
                client.settimeout(max(0.001, deadline - time.monotonic()))
                part = client.recv(1 << 16)
                if not part:
                    return b"".join(parts)
                parts.append(part)
        except OSError as error:
            raise NoAnswer(str(error)) from error


def wait_snapshot(directory: Path, holds: Callable[[Snapshot], bool], seconds: float = 2) -> Snapshot:
    """The first snapshot for which ``holds``; fails with the last one if none comes in time."""
    return until(lambda: snapshot(directory), holds, seconds)


def until(take: Callable[[], T], holds: Callable[[T], bool], seconds: float) -> T:
    """The first value that ``holds``; fails with the last one if none comes in time."""
    deadline = time.monotonic() + seconds
    last: object = None
    while True:
        try:
            last = value = take()
            if holds(value):
                return value
        except NoAnswer as error:
            last = error
        if time.monotonic() > deadline:
            text = json.dumps(last, indent=1) if isinstance(last, dict) else repr(last)
            raise AssertionError(f"not within {seconds} s; last seen: {text}")
        time.sleep(0.02)


def program() -> Path:
    """The ``ctxtop`` program: ``CTXTOP_BIN``, else what was built last in the tree."""
    given = os.environ.get("CTXTOP_BIN")
    candidates = [Path(given)] if given else [ROOT / ".build" / kind / "ctxtop" for kind in ("release", "debug")]
    found = [path for path in candidates if path.is_file()]
    assert found, "the ctxtop program is not built: swift build --product ctxtop, or set CTXTOP_BIN"
    return max(found, key=lambda path: path.stat().st_mtime)


def dump(directory: Path, timeout: float = 10) -> Snapshot:
    """What ``ctxtop dump`` says: the facts, and the verdicts that it draws from them."""
    result = run_program(directory, "dump", target(directory), "--format", "json", timeout=timeout)
    assert result.returncode == 0, f"ctxtop dump: {result.returncode}: {result.stderr}"
    document: Snapshot = json.loads(result.stdout)
    return document


def run_program(directory: Path, *arguments: str, timeout: float = 10) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CTXTOP_DIR": str(directory)}
    return subprocess.run(
        [str(program()), *arguments], env=environment, capture_output=True, text=True, timeout=timeout, check=False
    )


def target(directory: Path) -> str:
    """The service's socket, or its segment where there is none any more."""
    try:
        return str(socket_path(directory))
    except NoAnswer:
        return str(next(directory.glob("*.segment")))


def live(document: Snapshot) -> list[dict[str, Any]]:
    """Workers that are not known to be dead or to have exited."""
    return [worker for worker in document["workers"] if worker["liveness"] not in ("dead", "exited")]


def pids(document: Snapshot) -> list[int]:
    return sorted(worker["pid"] for worker in live(document))


def codes(document: Snapshot) -> set[str]:
    """The codes of the verdicts in a document that ``dump`` made."""
    verdicts = document["verdicts"]
    assert verdicts is not None, "no verdicts: these are an exporter's bare facts"
    return {verdict["code"] for verdict in verdicts}


def leader(directory: Path) -> int:
    """The pid of the worker whose agent answers the socket: who called listen()."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        try:
            client.connect(str(socket_path(directory)))
        except OSError as error:
            raise NoAnswer(str(error)) from error
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[:4], "little", signed=True)


def timed_snapshot(directory: Path, seconds: float = 5) -> tuple[float, Snapshot]:
    """How long it takes until somebody answers (seconds), trying again at once where nobody does; and the answer."""
    begun = time.monotonic()
    while True:
        try:
            document = snapshot(directory, timeout=0.5)
            return time.monotonic() - begun, document
        except NoAnswer:
            if time.monotonic() - begun > seconds:
                raise
            time.sleep(0.001)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def worker(document: Snapshot, pid: int) -> dict[str, Any]:
    """The worker with a process id; of several tenants of one, the latest."""
    found = [each for each in document["workers"] if each["pid"] == pid]
    assert found, f"no worker {pid} in {[each['pid'] for each in document['workers']]}"
    return max(found, key=lambda each: str(each["started"]))

"""A program that lives through one fault after the other, each in a process of its own, and tells how it was.

Reads one JSON document a line: ``{"function": ..., "error": ..., "first": ..., "last": ...}``, or ``{}`` for a life
without faults; answers each with one line. A life is: attach, requests, clients at the socket, a fork, the segment
unlinked, the descriptors closed, requests again - while the calls fail. Then nothing fails any more: the worker must be
seen again, and after its farewell there must be as many descriptors and threads as before its birth.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import ctxtop._native as native
from ctxtop import Ctxtop
from flask import Flask
from support import faults

#: Seconds after which a life has hung.
LIFETIME = 60
app = Flask("lives")


@app.route("/<int:number>")
def index(number: int) -> str:
    return f"number {number}"


@app.route("/fails")
def fails() -> str:
    raise LookupError


@app.errorhandler(LookupError)
def failed(_error: LookupError) -> tuple[str, int]:
    return "as expected", 418


class Lines(logging.Handler):
    """What the logger said."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


class Life:
    """One process's life; ``bad``: what should not have been."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.bad: list[str] = []
        self.longest = 0.0
        self.log = Lines()
        logging.getLogger("ctxtop").addHandler(self.log)
        logging.getLogger("ctxtop").propagate = False

    def serve(self, times: int = 3) -> None:
        client = app.test_client()
        for number in range(times):
            for path, wanted in ((f"/{number}", (200, f"number {number}")), ("/fails", (418, "as expected"))):
                begun = time.monotonic()
                answer = client.get(path)
                self.longest = max(self.longest, time.monotonic() - begun)
                if (answer.status_code, answer.text) != wanted:
                    self.bad.append(f"{path}: {answer.status_code} {answer.text}")

    def ask(self, request: bytes, seconds: float = 0.3) -> bytes:
        """Whatever the socket answers within some time; nothing where nobody does."""
        found = [path for path in self.directory.glob("*.sock") if not path.name.startswith(".")]
        parts: list[bytes] = []
        deadline = time.monotonic() + seconds
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(seconds)
                client.connect(str(found[0]))
                client.sendall(request)
                while time.monotonic() < deadline and (part := client.recv(1 << 16)):
                    parts.append(part)
        except (OSError, IndexError):
            pass
        return b"".join(parts)

    def is_seen(self) -> bool:
        try:
            workers = json.loads(self.ask(b"json\n", 1))["workers"]
        except ValueError:
            return False
        return any(worker["pid"] == os.getpid() and worker["liveness"] == "alive" for worker in workers)

    def until(self, holds: Any, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not (answer := holds()) and time.monotonic() < deadline:
            time.sleep(0.03)
        return bool(answer)

    def fork(self) -> None:
        child = os.fork()
        if child == 0:
            signal.alarm(LIFETIME // 4)
            try:
                self.serve(1)
                native.detach()
                os._exit(1 if self.bad else 0)
            finally:
                os._exit(2)
        _, status = os.waitpid(child, 0)
        if status != 0:
            self.bad.append(f"the child ended with {status}")

    def clients(self) -> None:
        for request in (b"json\n", b"help\n", b"nonsense\n", b"recycle 1\n"):
            self.ask(request)
        self.ask(b"watch 50\n", 0.15)

    def lose_socket(self) -> None:
        """One that nobody listens to takes its name, as after a worker that was killed."""
        for path in self.directory.glob("lives.sock"):
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as dead:
                dead.bind(str(path))
        self.until(self.is_seen, 1.2)

    def lose_files(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)
        self.until(self.is_seen, 1.2)

    def lose_descriptors(self, own: set[int]) -> None:
        for number in descriptors() - own:
            # The agent closes some itself.
            with contextlib.suppress(OSError):
                os.close(number)
        time.sleep(0.6)
        self.until(self.is_seen, 0.6)


def descriptors() -> set[int]:
    found = set()
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.add(number)
    return found


def threads() -> int:
    return len(os.listdir("/proc/self/task"))


def live(plan: faults.Plan, point: dict[str, Any], directory: Path) -> dict[str, Any]:
    life = Life(directory)
    own, before = descriptors(), threads()
    plan.fail(**point) if point else plan.rest()
    Ctxtop(app)
    life.serve()
    if not native.is_attached() and not any("not monitored" in line for line in life.log.lines):
        life.bad.append("not attached, and nothing said")
    life.until(life.is_seen, 0.7)
    life.clients()
    life.fork()
    life.lose_socket()
    life.lose_files()
    life.serve()
    life.lose_descriptors(own)
    life.serve()
    failed, counts = plan.failed, plan.counts
    plan.rest()

    def serves_and_is_seen() -> bool:
        life.serve(1)
        return life.is_seen()

    if not life.until(serves_and_is_seen, 12):
        life.bad.append(f"not seen again: attached {native.is_attached()}, {life.log.lines}")
    if point:
        plan.fail(**point)
    begun = time.monotonic()
    native.detach()
    life.longest = max(life.longest, time.monotonic() - begun)
    life.until(lambda: threads() <= before, 3)
    # What fstat(2) does not tell of may be the application's by now: it is not closed.
    spared = 8 if point.get("function") == "fstat" else 0
    if threads() > before or len(descriptors() - own) > spared:
        life.bad.append(f"left behind: {threads() - before} threads, {[where(it) for it in descriptors() - own]}")
    failed, farewell = failed + plan.failed, plan.counts
    plan.rest()
    native.attach()
    if not life.until(life.is_seen, 3):
        life.bad.append("cannot attach again")
    native.detach()
    if life.longest > 2:
        life.bad.append(f"something took {life.longest:.1f} s")
    return {"bad": life.bad, "failed": failed, "counts": counts, "farewell": farewell, "log": life.log.lines}


def where(number: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{number}")
    except OSError:
        return "?"


def in_a_child(plan: faults.Plan, point: dict[str, Any]) -> dict[str, Any]:
    scratch = tempfile.mkdtemp(prefix="ctxtop-faults-", dir="/dev/shm")
    # To be made by the agent.
    directory = Path(scratch, "run")
    os.environ.update(CTXTOP_DIR=str(directory), CTXTOP_NAME="lives", CTXTOP_GROUP=str(os.getgid()))
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(LIFETIME)
        os.close(reader)
        try:
            os.write(writer, json.dumps(live(plan, point, directory)).encode())
        except BaseException as error:
            os.write(writer, json.dumps({"bad": [repr(error)], "failed": 1, "counts": {}}).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        said = file.read()
    _, status = os.waitpid(child, 0)
    plan.rest()
    shutil.rmtree(scratch, ignore_errors=True)
    if status or not said:
        return {"bad": [f"ended with status {status}"], "failed": 1, "counts": {}}
    answer: dict[str, Any] = json.loads(said)
    return answer


def main() -> None:
    plan = faults.Plan(Path(sys.argv[1]), Path(sys.argv[2]))
    for line in sys.stdin:
        print(json.dumps(in_a_child(plan, json.loads(line))), flush=True)


main()

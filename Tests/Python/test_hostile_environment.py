"""Whatever the machine takes away, the server runs on and its clients notice nothing."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support import agent, load
from support.machine import small_tmpfs
from support.server import GUNICORN_SYNC_PRELOAD, GUNICORN_THREADS, UWSGI, Mode, Server

HEALTHY = {"/": 200, "/cart": 200, "/chat/1": 200, "/stream": 200, "/teapot": 418}
MODES = [GUNICORN_THREADS, UWSGI]


def check_serves(server: Server, times: int = 4) -> None:
    """All of the shop's healthy routes answer as they do without ctxtop, and nobody died."""
    before = server.worker_pids()
    paths = list(HEALTHY) * times
    for path, answer in zip(paths, load.send(server, paths), strict=True):
        assert answer.status == HEALTHY[path], f"{path}: {answer}\n{server.logged()}"
    assert server.worker_pids() == before, server.logged()


def complaints(server: Server) -> list[str]:
    return [line for line in server.logged().splitlines() if "not monitored" in line]


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_no_home_and_nowhere_to_write(start: Callable[..., Server], mode: Mode) -> None:
    # Nobody can make a directory in /proc, not even root.
    nowhere = {"HOME": None, "XDG_RUNTIME_DIR": None, "CTXTOP_DIR": "/proc/ctxtop"}
    server = start(mode, environment=nowhere)
    check_serves(server)
    assert 1 <= len(complaints(server)) <= mode.workers, server.logged()
    assert "Traceback" not in server.logged()


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_no_home_alone_changes_nothing(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode, environment={"HOME": None, "XDG_RUNTIME_DIR": None})
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == server.worker_pids())
    check_serves(server)
    assert complaints(server) == []


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_switched_off_leaves_no_trace(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode, environment={"CTXTOP_ENABLED": "0"})
    check_serves(server)
    assert list(server.directory.iterdir()) == []
    for pid in server.worker_pids():
        assert "_native" not in Path(f"/proc/{pid}/maps").read_text()


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_a_file_system_without_room_for_a_slot(start: Callable[..., Server], mode: Mode, tmp_path: Path) -> None:
    with small_tmpfs(tmp_path, "16k") as directory:
        server = start(mode, directory=directory)
        check_serves(server)
        assert 1 <= len(complaints(server)) <= mode.workers, server.logged()


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_a_file_system_that_fills_up_under_load(start: Callable[..., Server], mode: Mode, tmp_path: Path) -> None:
    with small_tmpfs(tmp_path, "64m") as directory:
        server = start(mode, directory=directory)
        agent.wait_snapshot(directory, lambda seen: agent.pids(seen) == server.worker_pids())
        with (directory / "ballast").open("wb", buffering=0) as ballast, pytest.raises(OSError, match="No space"):
            while True:
                ballast.write(b"x" * (1 << 16))
        check_serves(server, times=20)
        assert agent.pids(agent.snapshot(directory)) == server.worker_pids()


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_files_unlinked_under_load(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == server.worker_pids())
    for path in server.directory.iterdir():
        path.unlink()
    check_serves(server, times=10)


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_the_directory_deleted_under_load(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == server.worker_pids())
    shutil.rmtree(server.directory)
    check_serves(server, times=10)
    # Long enough for every agent to have looked for its files.
    time.sleep(1.5)
    check_serves(server)


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_an_application_that_closes_all_descriptors(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == server.worker_pids())
    assert int(server.get("/close-descriptors").body) > 0
    check_serves(server)
    # The agent notices within a second; what it says afterwards is a document, and the server still serves.
    time.sleep(1.2)
    agent.wait_snapshot(server.directory, lambda seen: len(agent.pids(seen)) >= mode.workers - 1, 3)
    check_serves(server)


@pytest.mark.parametrize("mode", [replace(GUNICORN_SYNC_PRELOAD, workers=3), replace(UWSGI, workers=3)], ids=str)
def test_a_grandchild_keeps_neither_clients_nor_leadership(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == server.worker_pids())
    leader = agent.leader(server.directory)
    forked_by_leader = False
    for _ in range(100):
        answer = server.get("/fork")
        grandchild = int(answer.body)
        server.grandchildren.append(grandchild)
        if parent_of(grandchild) == leader:
            forked_by_leader = True
            break
    assert forked_by_leader, "the leader never served"
    # A child of a worker is no worker.
    assert grandchild not in [worker["pid"] for worker in agent.snapshot(server.directory)["workers"]]

    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        client.connect(str(agent.socket_path(server.directory)))
        client.sendall(b"watch 100\n")
        assert client.recv(1 << 16)
        os.kill(leader, signal.SIGKILL)
        seconds, document = agent.timed_snapshot(server.directory)
        assert seconds < 0.5
        # The stream ends although the grandchild lives.
        deadline = time.monotonic() + 2
        while client.recv(1 << 16):
            assert time.monotonic() < deadline, "the stream of a dead worker goes on"
    assert leader not in agent.pids(document)
    assert Path(f"/proc/{grandchild}").exists()


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])

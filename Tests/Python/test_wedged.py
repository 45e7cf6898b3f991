"""CTX008: workers from which nothing comes any more, told from those that are merely slow."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support import agent
from support.server import GUNICORN_SYNC, GUNICORN_THREADS, UWSGI, Mode, Server

ONE_SYNC = replace(GUNICORN_SYNC, workers=1)
ONE_THREADED = replace(GUNICORN_THREADS, workers=1)
ONE_UWSGI = replace(UWSGI, workers=1)


def wedged(document: agent.Snapshot) -> list[dict[str, Any]]:
    return [verdict for verdict in document["verdicts"] if verdict["code"] == "CTX008"]


def ask(server: Server, path: str, clients: int, seconds: float) -> list[threading.Thread]:
    """Clients that wait for their answers."""
    arguments = {"timeout": seconds}
    started = [threading.Thread(target=server.get, args=(path,), kwargs=arguments, daemon=True) for _ in range(clients)]
    for client in started:
        client.start()
    return started


def state(document: agent.Snapshot) -> str:
    [worker] = agent.live(document)
    return str(worker["state"])


def queue(document: agent.Snapshot) -> int:
    [worker] = agent.live(document)
    return int(worker["listen_queue"])


@pytest.mark.parametrize("mode", [GUNICORN_THREADS, UWSGI], ids=str)
def test_a_stopped_worker(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode)
    pid, other = server.worker_pids()
    os.kill(pid, signal.SIGSTOP)
    document = agent.until(lambda: agent.dump(server.directory), lambda seen: bool(wedged(seen)), 10)
    [verdict] = wedged(document)
    assert verdict["worker"] == pid and "stopped by a signal" in verdict["message"]
    assert agent.worker(document, pid)["state"] == "stopped" and agent.worker(document, other)["state"] == "ok"
    os.kill(pid, signal.SIGCONT)
    document = agent.until(lambda: agent.dump(server.directory), lambda seen: not wedged(seen), 10)
    agent.until(lambda: agent.worker(agent.dump(server.directory), pid)["state"], lambda seen: seen == "ok", 10)


@pytest.mark.parametrize("mode", [ONE_SYNC, ONE_UWSGI], ids=str)
def test_who_waits_is_counted(start: Callable[..., Server], mode: Mode) -> None:
    """A slow server: its threads serve, others wait, and that is no verdict."""
    server = start(mode)
    clients = ask(server, "/slow/1500", mode.threads, 15)
    agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["in_flight"] == mode.threads)
    clients += ask(server, "/", 3, 15)
    document = agent.until(lambda: agent.dump(server.directory), lambda seen: queue(seen) == 3, 5)
    assert (state(document), wedged(document)) == ("busy", [])
    for client in clients:
        client.join()
    document = agent.until(lambda: agent.dump(server.directory), lambda seen: queue(seen) == 0, 5)
    agent.until(lambda: state(agent.dump(server.directory)), lambda seen: seen == "ok", 5)


@pytest.mark.parametrize("mode", [ONE_SYNC, ONE_UWSGI, ONE_THREADED], ids=str)
def test_nothing_moves_although_others_wait(start: Callable[..., Server], is_long: bool, mode: Mode) -> None:
    if not is_long:
        pytest.skip("takes a minute: --long")
    # gunicorn itself ends a worker of this kind after its timeout.
    words = ["--timeout", "300"] if mode.server == "gunicorn" else []
    server = start(mode, words=words)
    ask(server, "/slow/100000", mode.threads, 90)
    agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["in_flight"] == mode.threads)
    if mode is not ONE_THREADED:
        # Slow alone is none.
        threading.Event().wait(34)
        assert wedged(agent.dump(server.directory)) == []
    ask(server, "/", 3, 90)
    if mode is ONE_THREADED:
        # Its own thread takes every connection, so that nobody waits where it can be seen.
        agent.until(lambda: state(agent.dump(server.directory)), lambda seen: seen == "saturated", 45)
        assert wedged(agent.dump(server.directory)) == []
        return
    document = agent.until(lambda: agent.dump(server.directory), lambda seen: bool(wedged(seen)), 10)
    [verdict] = wedged(document)
    assert "3 connections wait" in verdict["message"] and "/slow/" in verdict["evidence"]["oldest_request"]
    assert state(document) == "wedged"

"""CTX007: connections that a master opened and its workers use. And which server process a connection belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from support import agent, daemons, load
from support.server import GUNICORN_SYNC_PRELOAD, GUNICORN_THREADS_PRELOAD, Mode, Server

DRIVERS = ["psycopg", "psycopg2"]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with daemons.postgresql() as port:
        yield port


def forked(start: Callable[..., Server], mode: Mode, url: str, *words: str) -> Server:
    return start(mode, "", {"FORKS_URL": url}, app="forks:app", words=words)


def crossed(document: agent.Snapshot) -> list[dict[str, Any]]:
    return [verdict for verdict in document["verdicts"] if verdict["code"] == "CTX007"]


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_connection_from_before_the_fork(start: Callable[..., Server], port: int, driver: str) -> None:
    server = forked(start, replace(GUNICORN_SYNC_PRELOAD, workers=1), f"postgresql+{driver}://shop@127.0.0.1:{port}/postgres")
    with load.running(server, ["/pid/200"], clients=1):
        document = agent.until(lambda: agent.dump(server.directory), lambda seen: bool(crossed(seen)), 6)
    [verdict] = crossed(document)
    assert verdict["worker"] == server.worker_pids()[0]
    assert verdict["evidence"]["endpoint"] == "pid"
    assert verdict["evidence"]["frame"].startswith("forks.py:") and verdict["evidence"]["frame"].endswith(" pid")
    assert verdict["evidence"]["engine"].startswith(f"postgresql+{driver}://")


def test_a_pool_that_began_anew_has_no_verdict(start: Callable[..., Server], port: int) -> None:
    url = f"postgresql+psycopg://shop@127.0.0.1:{port}/postgres"
    server = forked(start, GUNICORN_SYNC_PRELOAD, url, "--config", "forks_disposed.py")
    with load.running(server, ["/pid/100", "/"], clients=2):
        for _ in range(5):
            assert agent.codes(agent.dump(server.directory)) == set()
    states = {each["state"] for worker in agent.live(agent.dump(server.directory)) for each in worker["connections"]}
    assert states == {"idle"}


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_process_of_the_database(start: Callable[..., Server], port: int, driver: str) -> None:
    url = f"postgresql+{driver}://shop@127.0.0.1:{port}/postgres"
    mode = replace(GUNICORN_THREADS_PRELOAD, workers=1)
    server = forked(start, mode, url, "--config", "forks_disposed.py")
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(server.get, "/pid/1000") for _ in range(2)]

        def both_out(document: agent.Snapshot) -> bool:
            return [each["state"] for each in connections(document)] == ["checked_out"] * 2

        document = agent.wait_snapshot(server.directory, both_out, 5)
        told = {each["backend_pid"] for each in connections(document)}
        assert told == {int(answer.result().body) for answer in asked}
    assert {each["backend_pid"] for each in connections(agent.snapshot(server.directory))} == told


def connections(document: agent.Snapshot) -> list[dict[str, Any]]:
    return [connection for worker in agent.live(document) for connection in worker["connections"]]

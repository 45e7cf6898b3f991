"""Locks: dogpile.cache's in a real memcached without being asked, and what an application tells of itself.

A worker that dies while it holds one leaves everybody else waiting: the verdict names the lock and who took it.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from support import agent, daemons
from support.server import APPS, GUNICORN_THREADS_PRELOAD, UWSGI, Mode, Server

#: One worker with three threads, as in the report that this goes back to.
UWSGI_3 = replace(UWSGI, workers=1, threads=3)
GUNICORN_3 = replace(GUNICORN_THREADS_PRELOAD, workers=1, threads=3)
#: Stands for a customer's name: it must not be seen anywhere.
CANARY = "canary7d1f"
Serve = Callable[..., Server]


@pytest.fixture
def serve(start: Callable[..., Server]) -> Iterator[Serve]:
    """Starts the reports on a memcached of their own."""
    with daemons.memcached() as address:

        def serve(mode: Mode, *words: str, **environment: str) -> Server:
            return start(mode, "", {"MEMCACHED": address, **environment}, app="locks:app", words=words)

        yield serve


def ask(server: Server, path: str) -> threading.Thread:
    """A client that may never get an answer."""
    client = threading.Thread(target=server.get, args=(path,), kwargs={"timeout": 20}, daemon=True)
    client.start()
    return client


def resources(document: agent.Snapshot) -> list[dict[str, Any]]:
    return [resource for worker in agent.live(document) for resource in worker["resources"]]


def states(document: agent.Snapshot) -> list[str]:
    return sorted(resource["state"] for resource in resources(document))


def line_of(text: str) -> int:
    lines = (APPS / "locks.py").read_text().splitlines()
    return 1 + next(number for number, line in enumerate(lines) if text in line)


@pytest.mark.parametrize("mode", [GUNICORN_3, UWSGI_3], ids=str)
def test_held_waited_for_and_released(serve: Serve, mode: Mode) -> None:
    server = serve(mode, LOCK_TIMEOUT="60")
    holder = ask(server, "/report/may/2.5")
    agent.wait_snapshot(server.directory, lambda seen: states(seen) == ["held"])
    waiter = ask(server, "/report/may/2.5")
    document = agent.wait_snapshot(server.directory, lambda seen: states(seen) == ["held", "waiting"])
    [worker] = agent.live(document)
    held, waiting = sorted(resources(document), key=lambda resource: str(resource["state"]))
    for resource in held, waiting:
        assert (resource["kind"], resource["name"]) == ("lock", "locks:make_report")
        assert resource["holder"]["endpoint"] == "report"
        assert resource["holder"]["frame"] == f"locks.py:{line_of('return str(make_report(')} report"
        assert worker["units"][resource["holder"]["unit"]]["request"]["endpoint"] == "report"
    assert held["holder"]["unit"] != waiting["holder"]["unit"]
    holder.join()
    waiter.join()
    agent.wait_snapshot(server.directory, lambda seen: states(seen) == [])
    assert agent.codes(agent.dump(server.directory)) == set()


def test_a_resource_of_the_applications_own(serve: Serve) -> None:
    server = serve(GUNICORN_3, LOCK_TIMEOUT="60")
    client = ask(server, "/printer/1.0")
    document = agent.wait_snapshot(server.directory, lambda seen: states(seen) == ["held"])
    [held] = resources(document)
    assert (held["kind"], held["name"], held["holder"]["endpoint"]) == ("printer", "second floor", "printer")
    client.join()
    agent.wait_snapshot(server.directory, lambda seen: states(seen) == [])


def test_no_key_of_the_applications_own_is_told(serve: Serve) -> None:
    server = serve(GUNICORN_3)
    asked = [f"/cart/{CANARY}/1.5", f"/report/{CANARY}/1.5"]
    clients = [ask(server, path) for path in asked]
    document = agent.wait_snapshot(server.directory, lambda seen: states(seen) == ["held", "held"])
    assert {held["name"].split(" ")[0] for held in resources(document)} == {"reports", "locks:make_report"}
    said = [agent.ask(server.directory, b"json\n"), agent.ask(server.directory, b"snapshot\n")]
    said += [path.read_bytes() for path in server.directory.iterdir() if path.is_file()]
    assert not [text for text in said if CANARY.encode() in text]
    for client in clients:
        client.join()


def test_an_exception_in_one_thread_ends_the_request_that_holds_the_lock(serve: Serve) -> None:
    """uWSGI's --reload-on-exception ends the worker at once, whatever its other threads do."""
    server = serve(UWSGI_3, "--reload-on-exception")
    [pid] = server.worker_pids()
    ask(server, "/report/may/15.0")
    agent.wait_snapshot(server.directory, lambda seen: states(seen) == ["held"])
    assert hazards(server) == {"reload_on_exception_with_threads", "lock_without_timeout"}
    server.get("/boom")
    wait_replaced(server, pid)
    died = verdict(server, "CTX009")
    assert died["worker"] == pid
    assert "lock locks:make_report" in died["message"] and "/report/" in died["message"]
    assert died["evidence"]["resources"] == "lock locks:make_report"
    assert died["evidence"]["resource_holder"].startswith("GET /report/")
    assert died["evidence"]["resource_frame"].endswith(" report")
    # What it means: whoever comes next waits for ever.
    ask(server, "/report/may/15.0")
    agent.wait_snapshot(server.directory, lambda seen: states(seen) == ["waiting"], 10)


def test_a_killed_worker_held_a_lock(serve: Serve) -> None:
    server = serve(GUNICORN_3)
    [pid] = server.worker_pids()
    ask(server, "/report/may/15.0")
    ask(server, "/report/may/15.0")
    agent.wait_snapshot(server.directory, lambda seen: states(seen) == ["held", "waiting"])
    os.kill(pid, signal.SIGKILL)
    wait_replaced(server, pid)
    died = verdict(server, "CTX009")
    assert died["worker"] == pid and died["evidence"]["resources"] == "lock locks:make_report"
    assert died["evidence"]["resource_holder"].startswith("GET /report/")


def test_a_worker_that_ends_as_it_should_has_no_verdict(serve: Serve) -> None:
    server = serve(GUNICORN_3, LOCK_TIMEOUT="60")
    [pid] = server.worker_pids()
    assert server.get("/report/may/0.1").status == 200
    os.kill(pid, signal.SIGTERM)
    wait_replaced(server, pid)
    assert agent.codes(agent.dump(server.directory)) == set()


def wait_replaced(server: Server, pid: int) -> None:
    """Until the server has a new worker in place of this one, and its agent answers."""
    agent.wait_snapshot(server.directory, lambda seen: len(agent.pids(seen)) == 1 and agent.pids(seen) != [pid], 15)


def verdict(server: Server, code: str) -> dict[str, Any]:
    def found(document: agent.Snapshot) -> list[dict[str, Any]]:
        return [verdict for verdict in document["verdicts"] if verdict["code"] == code]

    return found(agent.until(lambda: agent.dump(server.directory), lambda seen: bool(found(seen)), 10))[0]


def hazards(server: Server) -> set[str]:
    verdicts = agent.dump(server.directory)["verdicts"]
    return {verdict["evidence"]["hazard"] for verdict in verdicts if verdict["code"] == "CTX010"}

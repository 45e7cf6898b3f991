"""The leaks that happen today, one by one, on real servers: the right verdict, with the right names.

S1, S3 and S4 have files of their own. Healthy traffic runs beside each: it gets no verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support import agent, load
from support.server import GUNICORN_GEVENT, GUNICORN_SYNC, GUNICORN_THREADS, UWSGI, Mode, Server

THREADED = [GUNICORN_THREADS, UWSGI]
EVERYWHERE = [GUNICORN_SYNC, GUNICORN_THREADS, UWSGI]
Verdict = dict[str, Any]
#: What a healthy endpoint must never be named in.
HEALTHY_ENDPOINTS = frozenset(["index", "cart", "chat", "stream", "teapot", "good"])


def leaking(start: Callable[..., Server], mode: Mode, leak: str) -> Server:
    return start(mode, "", {"LEAK": leak, "SHOP_POOL_SIZE": "20"}, app="leaks:app")


def wait_for(server: Server, code: str, holds: Callable[[Verdict], bool] = lambda _: True, seconds: float = 6) -> Verdict:
    """The first verdict of this code that holds, while healthy requests go on."""

    def matching(document: agent.Snapshot) -> list[Verdict]:
        return [verdict for verdict in document["verdicts"] if verdict["code"] == code and holds(verdict)]

    with load.running(server, ["/", "/cart", "/chat/1", "/good", "/stream"]):
        document = agent.until(lambda: agent.dump(server.directory), lambda seen: bool(matching(seen)), seconds)
    for verdict in document["verdicts"]:
        # Only who inherits may be healthy: it is a victim.
        assert verdict["evidence"].get("endpoint") not in HEALTHY_ENDPOINTS, verdict
    return matching(document)[0]


@pytest.mark.parametrize("mode", EVERYWHERE, ids=str)
def test_s2_a_later_request_inherits_the_session(start: Callable[..., Server], mode: Mode) -> None:
    server = leaking(start, mode, "S2")
    server.get("/bad")
    orphan = wait_for(server, "CTX005")
    assert orphan["evidence"]["endpoint"] == "bad"
    failed = wait_for(server, "CTX003")
    assert "leaks.raise_after_bad" in failed["message"] and "_teardown_session" in failed["evidence"]["skipped"]

    def is_inherited(document: agent.Snapshot) -> bool:
        if not any(verdict["severity"] == "critical" for verdict in document["verdicts"] if verdict["code"] == "CTX005"):
            server.get("/bad")
            load.send(server, ["/good"] * 10)
            return False
        return True

    document = agent.until(lambda: agent.dump(server.directory), is_inherited, 20)
    [inherited, *_] = [verdict for verdict in document["verdicts"] if verdict["severity"] == "critical"]
    assert inherited["code"] == "CTX005" and inherited["evidence"]["endpoint"] == "bad"
    assert inherited["evidence"]["inherited_by"].startswith("GET /")
    assert inherited["session"] is not None


@pytest.mark.parametrize("mode", THREADED, ids=str)
def test_s6_a_copied_context_uses_the_session_too_late(start: Callable[..., Server], mode: Mode) -> None:
    server = leaking(start, mode, "S6")
    assert server.get("/bad").status == 200
    orphan = wait_for(server, "CTX005")
    assert orphan["evidence"]["endpoint"] == "bad"
    assert orphan["evidence"]["in_transaction"] == "true"
    worker = agent.worker(agent.dump(server.directory), orphan["worker"])
    assert worker["units"][orphan["unit"]]["name"] == "background"


@pytest.mark.parametrize("mode", EVERYWHERE, ids=str)
def test_s7_a_teardown_uses_the_session_again(start: Callable[..., Server], mode: Mode) -> None:
    server = leaking(start, mode, "S7")
    assert server.get("/bad").status == 200
    orphan = wait_for(server, "CTX005")
    assert orphan["evidence"]["endpoint"] == "bad"
    for _ in range(3):
        server.get("/bad")
    held = wait_for(server, "CTX004")
    assert held["evidence"]["endpoint"] == "bad" and held["evidence"]["frame"].endswith(" query")


@pytest.mark.parametrize("mode", EVERYWHERE, ids=str)
def test_s8_a_view_pushes_and_does_not_pop(start: Callable[..., Server], mode: Mode) -> None:
    server = leaking(start, mode, "S8")
    server.get("/bad")
    vanished = wait_for(server, "CTX006")
    assert vanished["evidence"]["endpoint"] == "bad"
    assert vanished["evidence"]["frame"].startswith("leaks.py:") and vanished["evidence"]["frame"].endswith(" bad")
    held = wait_for(server, "CTX004")
    assert held["evidence"]["endpoint"] == "bad"
    assert wait_for(server, "CTX005")["evidence"]["endpoint"] == "bad"


@pytest.mark.parametrize("mode", THREADED, ids=str)
def test_s9_a_thread_pushes_and_ends(start: Callable[..., Server], mode: Mode) -> None:
    server = leaking(start, mode, "S9")
    assert server.get("/bad").status == 200
    left = wait_for(server, "CTX001")
    assert left["evidence"]["frame"].endswith(" push_and_end") and left["evidence"]["unit_gone"] == "true"
    assert left["evidence"]["thread"] == "background"
    held = wait_for(server, "CTX004")
    assert held["evidence"]["frame"].endswith(" query")


def test_s10_a_greenlet_pushes_and_ends(start: Callable[..., Server]) -> None:
    server = leaking(start, GUNICORN_GEVENT, "S10")
    assert server.get("/bad").status == 200
    left = wait_for(server, "CTX001")
    assert left["evidence"]["frame"].endswith(" push_and_end") and left["evidence"]["unit_gone"] == "true"
    worker = agent.worker(agent.dump(server.directory), left["worker"])
    [unit] = [unit for unit in worker["units"] if unit["id"] == left["unit"]]
    assert unit["kind"] == "greenlet" and unit["state"] == "gone"


def test_s10_a_timeout_out_of_a_teardown(start: Callable[..., Server]) -> None:
    server = leaking(start, GUNICORN_GEVENT, "S10")
    server.get("/timeout")
    failed = wait_for(server, "CTX003")
    assert failed["evidence"]["exception"] == "Timeout" and failed["evidence"]["endpoint"] == "timeout"
    assert "leaks.raise_after_bad" in failed["message"]


@pytest.mark.parametrize("mode", EVERYWHERE, ids=str)
def test_f3_a_stream_is_abandoned(start: Callable[..., Server], mode: Mode) -> None:
    server = leaking(start, mode, "F3")
    assert server.get("/bad").status == 200
    left = wait_for(server, "CTX001")
    assert left["evidence"]["endpoint"] == "bad"
    reused = wait_for(server, "CTX002")
    assert (reused["worker"], reused["unit"]) == (left["worker"], left["unit"])
    assert reused["evidence"]["endpoint"] == "bad"

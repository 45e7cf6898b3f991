"""Old Flask on real servers of today: healthy requests leave nothing, and what they leave is named."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from support import agent, eras, load
from support.server import GUNICORN_THREADS, UWSGI, Mode, Server

HEALTHY = ["/", "/stream", "/nowhere"] * 10
GUNICORN = "gunicorn==27.0.1 packaging==26.3"
# Version, server, what it needs there; path, its endpoint, function that fails, contexts left: request, app.
CASES = [
    ("0.10.1", replace(GUNICORN_THREADS, workers=1), GUNICORN, ("/boom", "boom", "close_cart", 1, 1)),
    ("1.1.4", replace(UWSGI, workers=1), "", ("/stray", "stray", None, 0, 1)),
]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="so old a Flask needs names that Python 3.12 has dropped")
@pytest.mark.parametrize(("flask", "mode", "extra", "leak"), CASES, ids=["0.10.1-gunicorn", "1.1.4-uwsgi"])
def test_old_flask_on_a_server(
    start: Callable[..., Server], flask: str, mode: Mode, extra: str, leak: tuple[str, str, str | None, int, int]
) -> None:
    home = eras.environment(eras.row(flask), extra)
    paths = os.pathsep.join([eras.package_path(), str(eras.MATRIX)])
    server = start(mode, app="served:app", home=home, environment={"PYTHONPATH": paths})
    answers = load.send(server, HEALTHY)
    assert {answer.status for answer in answers} == {200, 404}, server.logged()
    document = agent.wait_snapshot(server.directory, lambda snapshot: snapshot["totals"]["requests"] >= len(HEALTHY))
    assert document["runtime"]["flask"] == flask and document["server"]["kind"] == mode.server
    assert _stands(server) == (set(), 0, 0)

    path, endpoint, function, requests, apps = leak
    server.get(path)
    codes, request_depth, app_depth = _stands(server)
    assert (request_depth, app_depth) == (requests, apps)
    assert codes == {"CTX001", "CTX003"} if function else codes == {"CTX001"}
    document = agent.dump(server.directory)
    (worker,) = agent.live(document)
    assert {context["endpoint"] for context in worker["contexts"]} == {endpoint}
    assert [failure["function"] for failure in worker["failures"]] == ([f"served.{function}"] if function else [])

    load.send(server, HEALTHY)
    document = agent.dump(server.directory)
    assert "CTX002" in agent.codes(document) and document["totals"]["contexts_reused"] > 0
    assert {"poisoned"} <= {unit["state"] for unit in agent.live(document)[0]["units"]}


def _stands(server: Server) -> tuple[set[str], int, int]:
    """Verdicts on contexts and teardowns, and the depths of the one worker's stacks once it rests."""
    document = agent.until(
        lambda: agent.dump(server.directory), lambda found: found["totals"]["in_flight"] == 0, seconds=5
    )
    (worker,) = agent.live(document)
    return agent.codes(document) & {"CTX001", "CTX002", "CTX003"}, worker["depth"]["request"], worker["depth"]["app"]

"""What real servers say of themselves is valid by the schema that is published, and as metrics for Prometheus."""

from __future__ import annotations

import copy
import json
import re
import subprocess
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from support import agent, load
from support.server import GUNICORN_THREADS, UWSGI, Mode, Server

SCHEMA = json.loads((agent.ROOT / "Sources/CtxtopReport/Schema/ctxtop.snapshot-1.json").read_text())


def closed(part: Any) -> Any:
    """The schema without room for members that it does not describe."""
    if isinstance(part, list):
        return [closed(value) for value in part]
    if not isinstance(part, dict):
        return copy.deepcopy(part)
    result = {name: closed(value) for name, value in part.items()}
    return {**result, "additionalProperties": False} if "properties" in part else result


def tells(document: agent.Snapshot) -> bool:
    """Whether it knows of requests and of a leak; a hazard is there from the start."""
    return document["totals"]["requests"] > 20 and bool(agent.codes(document) - {"CTX010"})


@pytest.mark.parametrize(("mode", "leak"), [(GUNICORN_THREADS, "S2"), (UWSGI, "S8")], ids=str)
def test_a_server_that_leaks(start: Callable[..., Server], mode: Mode, leak: str) -> None:
    server = start(mode, "", {"LEAK": leak, "SHOP_POOL_SIZE": "20"}, app="leaks:app")
    server.get("/bad")
    with load.running(server, ["/", "/cart", "/chat/1", "/good", "/stream"]):
        document = agent.until(lambda: agent.dump(server.directory), tells, 10)
        facts = agent.snapshot(server.directory)
    validator = jsonschema.Draft202012Validator(closed(SCHEMA))
    validator.validate(document)
    validator.validate(facts)
    assert facts["verdicts"] is None and document["workers"][0]["units"]

    metrics = agent.run_program(server.directory, "dump", agent.target(server.directory), "-f", "prometheus")
    assert (metrics.returncode, metrics.stderr) == (0, "")
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=metrics.stdout, capture_output=True, text=True, timeout=20, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    after = agent.dump(server.directory)
    requests = sum(int(count) for count in re.findall(r"^ctxtop_requests_total\{.*\} (\d+)$", metrics.stdout, re.M))
    assert document["totals"]["requests"] <= requests <= after["totals"]["requests"]
    counts = re.findall(r"^ctxtop_request_duration_\w+_count\{.*\} (\d+)$", metrics.stdout, re.M)
    ended = sum(map(int, counts))
    assert 0 < ended <= requests

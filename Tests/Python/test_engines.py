"""Every engine of an application at once: what is told of connections is what the application itself counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import agent
from support import server as servers
from support.server import GUNICORN_SYNC, Server

#: What is done to an engine, and what its connections are then.
STORIES: dict[str, tuple[list[str], dict[str, int]]] = {
    "one out, one back": (["take", "take", "return"], {"checked_out": 1, "idle": 1}),
    "overflow": (["take", "take", "take"], {"checked_out": 3}),
    "overflow is closed on return": (["take", "take", "take", "return", "return", "return"], {"idle": 2}),
    "invalidated": (["take", "invalidate"], {}),
    "invalidated and opened again": (["take", "invalidate", "take"], {"checked_out": 1}),
    "detached": (["take", "detach"], {"detached": 1}),
    "detached and closed": (["take", "detach", "return"], {}),
    "disposed with one out": (["take", "dispose"], {"checked_out": 1}),
    "disposed with one out, then another taken": (["take", "dispose", "take"], {"checked_out": 2}),
    "disposed, and returned to the old pool": (["take", "dispose", "return", "collect"], {}),
}
OTHERS: list[tuple[str, list[str], dict[str, int]]] = [
    ("null", ["take"], {"checked_out": 1}),
    ("null", ["take", "take", "return"], {"checked_out": 1}),
    ("null", ["take", "return"], {}),
    ("static", ["take"], {"checked_out": 1}),
    ("static", ["take", "return"], {"idle": 1}),
    ("large", ["take"] * 9, {"checked_out": 9}),
]


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all: every story has an engine of its own, as many as a worker's table has room for."""
    server = serve(tmp_path_factory.mktemp("engines"))
    yield server
    server.stop()


def serve(directory: Path) -> Server:
    variables: dict[str, str | None] = {"ENGINES_DIRECTORY": str(directory)}
    return servers.start(replace(GUNICORN_SYNC, workers=1), "", variables, app="engines:app")


def states(document: agent.Snapshot, name: str) -> Counter[str]:
    [worker] = agent.live(document)
    return Counter(each["state"] for each in worker["connections"] if each["engine"].endswith(f"/{name}.db"))


def engine(document: agent.Snapshot, name: str) -> dict[str, Any]:
    [worker] = agent.live(document)
    [found] = [each for each in worker["engines"] if each["url"].endswith(f"/{name}.db")]
    return dict(found)


def tell(server: Server, name: str, actions: list[str], expected: dict[str, int]) -> None:
    for action in actions:
        assert server.get(f"/do/{action}/{name}").body == "done", server.logged()
    opened, out = json.loads(server.get(f"/truth/{name}").body)
    document = agent.snapshot(server.directory)
    assert states(document, name) == expected
    assert sum(expected.values()) == opened
    assert sum(expected.values()) - expected.get("idle", 0) == out


@pytest.mark.parametrize("story", STORIES)
def test_a_queue_pool(engines: Server, story: str) -> None:
    tell(engines, f"queue-{story.replace(' ', '-')}", *STORIES[story])


@pytest.mark.parametrize(("name", "actions", "expected"), OTHERS)
def test_other_pools(engines: Server, name: str, actions: list[str], expected: dict[str, int]) -> None:
    tell(engines, f"{name}-{'-'.join(actions)}", actions, expected)


def test_each_engine_has_its_own_limits(tmp_path: Path) -> None:
    server = serve(tmp_path)
    try:
        for name in "queue", "queue", "large", "null", "static":
            assert server.get(f"/do/take/{name}").body == "done"
        document = agent.snapshot(server.directory)
    finally:
        server.stop()
    keys = ("pool_size", "overflow", "timeout", "open", "checked_out")
    limits = {name: [engine(document, name)[key] for key in keys] for name in ("queue", "large", "null", "static")}
    assert limits == {
        "queue": [2, 1, 3000, 2, 2],
        "large": [7, -1, 30000, 1, 1],
        "null": [None, None, None, 1, 1],
        "static": [None, None, None, 1, 1],
    }

"""CTX010: dangerous configurations, each read from a running server; and the same server without it.

uWSGI's --reload-on-exception and locks without timeout are with the other tests of locks, Celery's push at import
with those of Celery.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import agent, eras, guest, load
from support.server import APPS, GUNICORN_SYNC, GUNICORN_THREADS, UWSGI, Mode, Server

#: Where the thread that imports also serves. A module that pushes is S4, which has tests of its own on all of them.
SHARED = [GUNICORN_SYNC, UWSGI]


def hazards(server: Server) -> list[dict[str, Any]]:
    """The verdicts after some traffic."""
    load.send(server, ["/"] * 12)
    verdicts: list[dict[str, Any]] = agent.dump(server.directory)["verdicts"]
    return [verdict for verdict in verdicts if verdict["code"] == "CTX010"]


@pytest.mark.parametrize("mode", SHARED, ids=str)
def test_a_push_at_import_by_a_function(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode, "", {"HAZARD": "push"}, app="hazards:app")
    [verdict] = agent.until(lambda: hazards(server), lambda found: len(found) == 1, 5)
    assert verdict["evidence"]["hazard"] == "push_at_import"
    line = 1 + (APPS / "hazards.py").read_text().splitlines().index("        app.app_context().push()")
    assert f"hazards.py:{line} create_app pushes a context at import" in verdict["message"]


@pytest.mark.parametrize("mode", SHARED, ids=str)
def test_a_context_that_import_pops_is_none(start: Callable[..., Server], mode: Mode) -> None:
    assert hazards(start(mode, "", {"HAZARD": "with_block"}, app="hazards:app")) == []


def test_a_pool_smaller_than_its_threads(start: Callable[..., Server]) -> None:
    server = start(GUNICORN_THREADS, "", {"HAZARD": "small_pool"}, app="hazards:app")
    [verdict] = hazards(server)
    assert verdict["evidence"]["hazard"] == "pool_smaller_than_threads"
    assert "1 connections at most for 2 threads" in verdict["message"]


def test_a_pool_that_is_large_enough(start: Callable[..., Server]) -> None:
    server = start(GUNICORN_THREADS, app="hazards:app")
    assert hazards(server) == []


SETTING = "SQLALCHEMY_COMMIT_ON_TEARDOWN"


@pytest.mark.parametrize(
    ("flask", "settings"), [("0.10.1", []), ("0.10.1", [SETTING]), ("2.2.5", []), ("2.2.5", [SETTING]), ("3.1.3", [SETTING])]
)
def test_what_the_versions_are_known_for(tmpfs_directory: Path, flask: str, settings: list[str]) -> None:
    """Flask before 0.11; and a setting that Flask-SQLAlchemy honours up to 3.0."""
    interpreter = eras.interpreter(eras.environment(eras.row(flask)))
    variables = {**os.environ, "PYTHONPATH": eras.package_path(), "CTXTOP_DIR": str(tmpfs_directory)}
    variables["PYTHONDONTWRITEBYTECODE"] = "1"
    with subprocess.Popen(
        [interpreter, "-W", "ignore", str(guest.GUESTS / "configured.py"), *settings],
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout and process.stdout.readline() == "ready\n"
        verdicts = agent.dump(tmpfs_directory)["verdicts"]
        process.communicate(timeout=20)
    expected = {"flask_before_0_11"} if flask == "0.10.1" else set()
    expected |= {"commit_on_teardown"} if settings and flask != "3.1.3" else set()
    assert {verdict["evidence"].get("hazard") for verdict in verdicts} == expected

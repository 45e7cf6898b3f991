"""S11: tasks of a real Celery worker that share one context and one session, and tasks that do not."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from support import agent
from support.server import APPS, Mode, Server

CELERY = Mode("celery", "prefork", preload=False, workers=1)
WORDS = ["--concurrency", "1", "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"]
_TASKS = 3


def mailer(start: Callable[..., Server], directory: Path, kind: str) -> Server:
    """A worker that has run its tasks."""
    inbox, outbox = directory / "in", directory / "out"
    inbox.mkdir()
    outbox.mkdir()
    command = [sys.executable, "-m", "celery", "--app", "mailer:celery", "worker", *WORDS]
    variables = {"MAILER": kind, "JOBS_DIRECTORY": str(inbox), "MAILER_DATABASE": str(directory / "mails.db")}
    server = start(CELERY, "", variables, command=lambda _port: command)
    environment = {**server.environment, "JOBS_DIRECTORY": str(outbox), "CTXTOP_ENABLED": "0"}
    code = f"import mailer\nfor _ in range({_TASKS}): mailer.send.delay()"
    subprocess.run([sys.executable, "-c", code], cwd=APPS, env=environment, check=True, timeout=20)
    # The broker of files would read them while they are being written.
    for message in outbox.glob("*.msg"):
        message.rename(inbox / message.name)
    agent.until(server.logged, lambda log: log.count("sent by") == _TASKS, 20)
    return server


def test_a_push_at_import_is_the_cause(start: Callable[..., Server], tmp_path: Path) -> None:
    server = mailer(start, tmp_path, "import")
    assert len(set(re.findall(r"in session (\d+)", server.logged()))) == 1
    document = agent.dump(server.directory)
    assert [(verdict["code"], verdict["evidence"]["hazard"]) for verdict in document["verdicts"]] == [
        ("CTX010", "push_at_import")
    ]
    line = 1 + (APPS / "mailer.py").read_text().splitlines().index("    app.app_context().push()")
    assert f"mailer.py:{line} " in document["verdicts"][0]["message"]
    [worker] = agent.live(document)
    [context] = worker["contexts"]
    assert context["frame"] == f"mailer.py:{line} <module>"
    [unit] = [unit for unit in worker["units"] if unit["id"] == context["unit"]]
    assert (unit["state"], unit["depth"]) == ("job", {"app": 1, "request": 0})
    [connection] = worker["connections"]
    assert connection["state"] == "checked_out" and connection["holder"]["frame"].endswith(" query")


def test_tasks_with_contexts_of_their_own_have_no_verdict(start: Callable[..., Server], tmp_path: Path) -> None:
    server = mailer(start, tmp_path, "healthy")
    document = agent.dump(server.directory)
    assert document["verdicts"] == []
    [worker] = agent.live(document)
    assert worker["contexts"] == []
    assert [connection["state"] for connection in worker["connections"]] == ["idle"]

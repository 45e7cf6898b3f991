"""What looks like a leak and is none has no verdict: test clients, streams, threads, commands, async views.

The situations are in ``suites/situations.py``, which runs once, attached to a real agent.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import ctxtop
import pytest
from support import agent, suites
from support.server import agent_directory

#: (situation, when): codes. All others have none.
TRUE_VERDICTS = {
    ("left_by_a_request_and_reused_by_a_client", "after two requests"): {"CTX001", "CTX002"},
    ("left_by_a_stream_that_another_thread_closes", "after the close"): {"CTX001"},
    ("left_by_a_stream_that_another_thread_closes", "at the end"): {"CTX001"},
    # The thread is gone, and the context with it was never torn down.
    ("left_by_a_request_and_reused_by_a_client", "at the end"): {"CTX001"},
}
#: (situation, when): the state of the unit that it is about.
STATES = {
    ("client_in_a_with", "in the with"): ("MainThread", {"preserved"}),
    ("stream_in_a_with", "in the stream"): ("MainThread", {"streaming"}),
    ("stream_in_a_with", "in the with"): ("MainThread", {"preserved"}),
    ("client_in_an_app_context", "in the with"): ("MainThread", {"job"}),
    ("app_context_while_an_answer_is_kept", "while pushed"): ("MainThread", {"job"}),
    ("streams", "in the stream"): ("MainThread", {"streaming"}),
    ("nested_app_contexts", "in the view"): ("MainThread", {"in_request"}),
    ("async_view", "in the view"): ("MainThread", {"in_request"}),
    ("request_context_by_hand", "while pushed"): ("MainThread", {"job"}),
    ("copied_request_context", "after the request"): ("copied", {"job"}),
    ("background_thread", "while it works"): ("background", {"job"}),
    ("command", "in the command"): ("MainThread", {"job"}),
    ("request_in_a_request", "in the view"): ("MainThread", {"in_request"}),
    ("request_in_a_request_with_a_servers_environ", "in the view"): ("MainThread", {"in_request"}),
    ("request_in_a_request_with_a_servers_environ", "after the inner request"): ("MainThread", {"in_request"}),
    ("debugger", "after the page"): ("MainThread", {"idle"}),
    ("left_by_a_stream_that_another_thread_closes", "in the stream"): ("sending", {"streaming"}),
    ("left_by_a_stream_that_another_thread_closes", "after the close"): ("sending", {"leaked"}),
}


def environment_of(directory: Path, *modules: Path) -> dict[str, str]:
    """The environment of a process with an agent in a directory, and with Python modules from others."""
    path = directory / "path"
    path.mkdir()
    (path / "ctxtop").symlink_to(Path(ctxtop.__file__).parent)
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, [path, *modules])),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CTXTOP_DIR": str(directory),
        "CTXTOP_NAME": "situations",
        "CTXTOP_BIN": str(agent.program()),
    }


@pytest.fixture(scope="module")
def looks() -> list[dict[str, Any]]:
    directory = agent_directory()
    try:
        environment = environment_of(directory, suites.TESTS)
        command = [str(suites.interpreter()), str(suites.PLUGINS / "situations.py")]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def test_verdicts(looks: list[dict[str, Any]]) -> None:
    assert len({look["situation"] for look in looks}) > 15
    found = {}
    for look in looks:
        key = look["situation"], look["when"]
        codes = {code for code, _ in look["verdicts"]}
        if codes:
            found[key] = codes
    assert found == TRUE_VERDICTS


def test_only_what_a_request_left_counts_as_reused(looks: list[dict[str, Any]]) -> None:
    reused = {look["situation"]: look["reused"] for look in looks}
    leak = "left_by_a_request_and_reused_by_a_client"
    assert reused.pop(leak) == 1
    assert set(reused.values()) == {0}


@pytest.mark.parametrize(("key", "expected"), STATES.items(), ids=lambda value: str(value[0]))
def test_state(looks: list[dict[str, Any]], key: tuple[str, str], expected: tuple[str, set[str]]) -> None:
    name, states = expected
    seen = {look["units"][name] for look in looks if (look["situation"], look["when"]) == key}
    assert seen and seen <= states


def test_nothing_is_left(looks: list[dict[str, Any]]) -> None:
    ends = [look for look in looks if look["when"] == "at the end" and not look["situation"].startswith("left_by")]
    assert [look for look in ends if look["contexts"]] == []
    assert {look["units"]["MainThread"] for look in ends} == {"idle"}


COMMAND = """
import sys
import ctxtop, flask

app = flask.Flask(__name__)
ctxtop.Ctxtop(app)


@app.cli.command()
def tidy():
    print("tidying", flush=True)
    sys.stdin.readline()
"""


def test_flask_command(tmpfs_directory: Path, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(COMMAND)
    process = subprocess.Popen(
        [str(suites.interpreter()), "-m", "flask", "--app", "shop", "tidy"],
        env=environment_of(tmpfs_directory, tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout and process.stdout.readline() == "tidying\n"
        document = agent.dump(tmpfs_directory)
        [worker] = document["workers"]
        assert [(unit["state"], unit["depth"]) for unit in worker["units"]] == [("job", {"app": 1, "request": 0})]
        assert agent.codes(document) == set()
        process.communicate("done\n", timeout=20)
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()

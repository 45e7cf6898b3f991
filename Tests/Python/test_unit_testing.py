"""What the pytest plugin reads and says is what the agent and the program do."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ctxtop._testing import exporter, judges, record, words
from support import agent, plugin

PROGRAM = """
import contextlib, json, os, sys, threading, time
from pathlib import Path
sys.path[:0] = [{leaving!r}, {tests!r}]
from ctxtop import _setup
from ctxtop._testing import judges, record, watch, words
watch_ = watch.Watch()
watch_.start()
import shop
app = shop.create_app("sqlite:///" + sys.argv[1])
app.add_url_rule("/own", "own", lambda: shop.held.append(shop.db.engine.connect()) or "own")
client = app.test_client()
watch_.begin("all")
for path in ("/", "/cart", "/cart", "/report", "/preview", "/job", "/own"):
    with contextlib.suppress(Exception):
        client.get(path)
    # A context that was dropped is noticed by what comes next.
    client.get("/")
time.sleep(0.1)
from support import agent
raw = watch_._exporter.record()
facts = agent.snapshot(watch_._place.path)
judged = agent.dump(watch_._place.path)
leaks = [[leak.code, leak.statement] for leak in watch_.called()]
Path(sys.argv[2]).write_text(json.dumps(dict(
    raw=raw.hex(), pid=os.getpid(), facts=facts, verdicts=judged["verdicts"], leaks=leaks, problem=watch_.problem)))
watch_.end()
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A process that has left behind what there is to be left, as agent, program and plugin see it."""
    scratch = tmp_path_factory.mktemp("seen")
    tests = Path(__file__).parent
    (scratch / "program.py").write_text(PROGRAM.format(leaving=str(plugin.LEAVING), tests=str(tests)))
    environment = {**os.environ, "PYTHONPATH": str(plugin.installed()), "PYTHONDONTWRITEBYTECODE": "1"}
    environment["CTXTOP_BIN"] = str(agent.program())
    result = subprocess.run(
        [sys.executable, "program.py", str(scratch / "shop.db"), str(scratch / "seen.json")],
        cwd=scratch,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads((scratch / "seen.json").read_text())


def without_ages(text: str) -> str:
    return re.sub(r"\b\d+[smhd]\d*[smhd]?\b", "N", text)


def test_the_program_judges_the_same(seen: Any) -> None:
    assert seen["problem"] is None
    program = {
        (verdict["code"], without_ages(verdict["message"].split(": ", 1)[1]))
        for verdict in seen["verdicts"]
        if verdict["code"] not in ("CTX002", "CTX010")
    }
    ours = {(code, without_ages(statement)) for code, statement in seen["leaks"]}
    assert ours == program
    assert {code for code, _ in ours} == {"CTX001", "CTX003", "CTX004", "CTX005", "CTX006"}


def test_the_record_says_what_json_says(seen: Any) -> None:
    worker = record.worker(bytes.fromhex(seen["raw"]), seen["pid"])
    assert worker is not None and worker.is_present
    [facts] = [each for each in seen["facts"]["workers"] if each["pid"] == seen["pid"]]
    assert [(unit.id, unit.name) for unit in worker.units] == [(unit["id"], unit["name"]) for unit in facts["units"]]
    assert [context.serial for unit in worker.units for context in unit.contexts] == [
        context["id"] for context in facts["contexts"]
    ]
    assert [connection_of(each, worker) for each in worker.connections] == [
        (each["id"], each["engine"], each["state"], *holder_of(each["holder"])) for each in facts["connections"]
    ]
    assert [(each.function, each.location, each.count, list(each.skipped)) for each in worker.failures] == [
        (each["function"], each["location"], each["count"], each["skipped"]) for each in facts["failures"]
    ]
    assert [(each.id, each.scope, each.in_transaction, each.is_dirty) for each in worker.sessions] == [
        (each["id"], each["scope"], each["in_transaction"], each["dirty"]) for each in facts["sessions"]
    ]
    assert [(each.frame, each.count) for each in worker.vanished] == [
        (each["frame"], each["count"]) for each in facts["vanished"]
    ]
    assert worker.connections and worker.failures and worker.sessions and worker.vanished
    assert worker.dropped == facts["events_dropped"]


def connection_of(each: record.Connection, worker: record.Worker) -> tuple[Any, ...]:
    state = ("idle", "checked_out", "detached", "inherited")[each.state]
    url = worker.engines[each.engine].url if each.engine is not None else None
    if each.holder is None:
        return each.id, url, state, None, None, None, None
    label = each.holder.label
    endpoint = (label.endpoint or None) if label is not None else None
    return each.id, url, state, each.holder.unit, each.holder.context or None, endpoint, each.holder.frame


def holder_of(holder: dict[str, Any] | None) -> tuple[Any, ...]:
    if holder is None:
        return None, None, None, None
    return holder["unit"], holder["context"], holder["endpoint"], holder["frame"]


def test_a_damaged_record_is_told(seen: Any) -> None:
    raw = bytes.fromhex(seen["raw"])
    for end in range(len(raw)):
        with contextlib.suppress(record.Malformed):
            record.worker(raw[:end].ljust(record.HEADER_BYTES, b"\0"), seen["pid"])
    chance = random.Random(4)
    for _ in range(2000):
        damaged = bytearray(raw)
        damaged[chance.randrange(record.HEADER_BYTES, len(raw))] ^= 1 << chance.randrange(8)
        with contextlib.suppress(record.Malformed):
            worker = record.worker(bytes(damaged), seen["pid"])
            if worker is not None:
                words.leaks([*judges.left_over(worker, 1).values()], worker)


def test_the_words_are_those_of_the_program() -> None:
    readme = " ".join((agent.ROOT / "README.md").read_text().split())
    for code, entry in words.CATALOGUE.items():
        [(name, text)] = re.findall(rf"\*\*{code} ([^*]*)\*\* (.*?)(?=\*\*CTX|<!-- end)", readme)
        assert entry.name == name
        remedy = text.partition("What to do: ")[2].replace(" (the frame below)", "")
        assert entry.remedy.rstrip(".").lower() in remedy.lower()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59, "59s"), (252, "4m12s"), (7500, "2h05m"), (273600, "3d04h"), (9e6, "104d")]
)
def test_ages(seconds: float, text: str) -> None:
    assert words.age(int(seconds * 1e9)) == text


@pytest.fixture
def place() -> Iterator[exporter.Place]:
    place = exporter.Place()
    yield place
    place.remove()


def test_a_place_that_is_in_use_is_left_alone(place: exporter.Place) -> None:
    other = exporter.Place()
    try:
        assert place.path.is_dir() and other.path.is_dir()
        assert place.path.stat().st_mode & 0o777 == 0o700
    finally:
        other.remove()
    assert place.path.is_dir() and not other.path.exists()


def test_nobody_answers(place: exporter.Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporter, "_PATIENCE", 0.2)
    with pytest.raises(exporter.NoAnswer, match=r"no answer within"):
        exporter.Exporter(place.socket).record()

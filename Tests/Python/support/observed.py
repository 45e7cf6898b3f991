"""Runs the matrix's guest in the environment of one version, and looks at it from outside wherever it stops."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import agent, eras, server

_SECONDS = 60


@dataclass
class Point:
    """What was true at one point of a scenario, and what ctxtop said."""

    #: Whether Flask itself has contexts there, and what the scenario knows.
    has: dict[str, bool]
    truth: dict[str, Any]
    #: The thread that stands there, as the agent shows it; None: it has no record.
    unit: dict[str, Any] | None = None
    contexts: list[dict[str, Any]] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)
    #: Failures that the scenario has added so far, counts included.
    failures: list[dict[str, Any]] = field(default_factory=list)
    worker: dict[str, Any] = field(default_factory=dict)
    runtime: dict[str, Any] = field(default_factory=dict)

    @property
    def depth(self) -> tuple[int, int]:
        """(request, app)."""
        depth = self.unit["depth"] if self.unit else {"app": 0, "request": 0}
        return depth["request"], depth["app"]

    @property
    def state(self) -> str:
        return str(self.unit["state"]) if self.unit else "none"

    @property
    def states(self) -> list[str]:
        return [context["state"] for context in self.contexts]


@dataclass
class Observed:
    """Everything that was seen of one version."""

    points: dict[tuple[str, str], Point] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def observe(row: eras.Row) -> Observed:
    """Go through every scenario of the guest."""
    scratch = Path(tempfile.mkdtemp(prefix="ctxtop-matrix-"))
    directory = server.agent_directory()
    try:
        return _observe(row, scratch, directory)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.rmtree(directory, ignore_errors=True)


def _observe(row: eras.Row, scratch: Path, directory: Path) -> Observed:
    observed, before, last = Observed(), dict[tuple[Any, ...], int](), dict[str, Any]()
    with _guest(row, scratch, directory) as guest:
        assert guest.stdin and guest.stdout
        scenario = ""
        for line in guest.stdout:
            said = json.loads(line)
            if said.get("ended"):
                break
            assert "raised" not in said, f"{row}: {said['scenario']}: {said['raised']}"
            if "missing" in said:
                observed.missing[said["scenario"]] = said["missing"]
                continue
            if not last:
                agent.wait_snapshot(directory, lambda _: True, _SECONDS)
            document = agent.dump(directory)
            if said["scenario"] != scenario:
                scenario, before = said["scenario"], _counts(_worker(last)) if last else {}
            last = document
            observed.points[scenario, said["point"]] = _point(said, document, before)
            guest.stdin.write("\n")
            guest.stdin.flush()
        else:
            errors = Path(scratch / "errors").read_text()
            raise AssertionError(f"{row}: the guest ended in {scenario!r}\n{errors}")
    return observed


class _guest:
    """The guest as a process that ends with the block, whatever happens."""

    def __init__(self, row: eras.Row, scratch: Path, directory: Path) -> None:
        self._command = [eras.interpreter(eras.environment(row)), str(eras.MATRIX / "guest.py"), str(scratch)]
        self._errors = scratch / "errors"
        self._variables = {
            **os.environ,
            "PYTHONPATH": eras.package_path(),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONWARNINGS": "ignore",
            "CTXTOP_DIR": str(directory),
            "CTXTOP_NAME": "matrix",
        }

    def __enter__(self) -> subprocess.Popen[str]:
        with self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                self._command,
                env=self._variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        return self._process

    def __exit__(self, *_error: object) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def _worker(document: agent.Snapshot) -> dict[str, Any]:
    worker: dict[str, Any] = document["workers"][0]
    return worker


def _point(said: dict[str, Any], document: agent.Snapshot, before: dict[tuple[Any, ...], int]) -> Point:
    worker = _worker(document)
    point = Point(said["has"], said["truth"], worker=worker, runtime=document["runtime"])
    point.failures = [
        {**failure, "count": failure["count"] - before.get(_key(failure), 0)}
        for failure in worker["failures"]
        if failure["count"] > before.get(_key(failure), 0)
    ]
    units = [unit for unit in worker["units"] if unit["name"] == said["thread"] and unit["state"] != "gone"]
    if units:
        (point.unit,) = units
        point.contexts = [context for context in worker["contexts"] if context["unit"] == point.unit["id"]]
        verdicts = document["verdicts"] or []
        point.codes = {verdict["code"] for verdict in verdicts if verdict["unit"] == point.unit["id"]}
    return point


def _counts(worker: dict[str, Any]) -> dict[tuple[Any, ...], int]:
    return {_key(failure): failure["count"] for failure in worker["failures"]}


def _key(failure: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(str(failure[name]) for name in ("function", "location", "exception", "kind", "blueprint", "first"))


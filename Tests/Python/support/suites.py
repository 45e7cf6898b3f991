"""Test suites of other projects, from their source distributions, run with ctxtop and without it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import ctxtop

from support import agent
from support.server import agent_directory

TESTS = Path(__file__).resolve().parents[1]
PLUGINS = TESTS / "suites"
#: What is downloaded and installed stays there: neither changes unless what it is made from does.
CACHE = Path(os.environ.get("CTXTOP_TEST_CACHE") or TESTS.parents[1] / ".build" / "suites")


@dataclass
class Run:
    """One run of a suite. ``outcomes``: (test, phase, outcome, message); ``seen``: (test, phase, what, details)."""

    outcomes: list[tuple[str, ...]]
    seen: list[tuple[str, ...]]
    log: str


@dataclass
class Suite:
    """A suite that has begun to run; ``result`` waits for it."""

    process: subprocess.Popen[bytes]
    scratch: Path
    directory: Path

    def result(self, timeout: float) -> Run:
        try:
            self.process.wait(timeout)
            log = (self.scratch / "log").read_text(errors="replace")
            # 0: all passed, 1: some failed. Anything else is no run at all.
            assert self.process.returncode in (0, 1), f"{self.process.returncode}\n{log}"
            return Run(_lines(self.scratch / "outcomes"), _lines(self.scratch / "seen"), log)
        finally:
            self.stop()

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, 9)
            self.process.wait(timeout=10)
        shutil.rmtree(self.scratch, ignore_errors=True)
        shutil.rmtree(self.directory, ignore_errors=True)


def start(source: Path, with_ctxtop: bool, *arguments: str) -> Suite:
    """Run the suite of a source tree."""
    scratch, directory = Path(tempfile.mkdtemp(prefix="ctxtop-suite-")), agent_directory()
    # Only the package itself: what else lies beside it is not what the suite is to run on.
    (scratch / "path").mkdir()
    (scratch / "path" / "ctxtop").symlink_to(Path(ctxtop.__file__).parent)
    (scratch / "seen").touch()
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("FLASK_", "PYTEST_"))},
        "PYTHONPATH": os.pathsep.join(map(str, [scratch / "path", PLUGINS, TESTS])),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SUITE_OUTCOMES": str(scratch / "outcomes"),
        "SUITE_SEEN": str(scratch / "seen"),
        "CTXTOP_DIR": str(directory),
        "CTXTOP_NAME": "suite",
        "CTXTOP_BIN": str(agent.program()),
    }
    command = [str(interpreter()), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "-p", "suite_outcomes"]
    command += ["-p", "suite_watch"] if with_ctxtop else []
    command += [f"--basetemp={scratch / 'tmp'}", *arguments]
    with (scratch / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=source,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return Suite(process, scratch, directory)


def interpreter() -> Path:
    """The Python of a virtual environment with what the suites need; made when there is none."""
    wanted = (PLUGINS / "requirements.txt").read_text() + sys.version + sys.base_prefix
    place = CACHE / f"venv-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"
    python = place / "bin" / "python"
    if not (place / "complete").exists():
        shutil.rmtree(place, ignore_errors=True)
        _run(sys.executable, "-m", "venv", "--without-pip", str(place))
        _run(*_pip("--python", str(python)), "install", "--no-deps", "-r", str(PLUGINS / "requirements.txt"))
        (place / "complete").touch()
    return python


def sources() -> dict[str, Path]:
    """The source trees by project name, as their distributions hold them; downloaded when there are none."""
    wanted = (PLUGINS / "sources.txt").read_text()
    place = CACHE / f"sources-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"
    if not (place / "complete").exists():
        shutil.rmtree(place, ignore_errors=True)
        names = [line.partition("==")[0] for line in wanted.splitlines() if "==" in line]
        _run(
            *_pip(),
            "download",
            "--no-deps",
            "--no-binary",
            ",".join(names),
            "--dest",
            str(place),
            "-r",
            str(PLUGINS / "sources.txt"),
        )
        for archive in place.glob("*.tar.gz"):
            with tarfile.open(archive) as file:
                file.extractall(place)
        (place / "complete").touch()
    return {path.name.rpartition("-")[0]: path for path in place.iterdir() if path.is_dir()}


def _pip(*options: str) -> list[str]:
    return [sys.executable, "-m", "pip", *options, "--no-input", "-q"]


def _run(*command: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}{result.stderr}"


def _lines(path: Path) -> list[tuple[str, ...]]:
    return [tuple(json.loads(line)) for line in path.read_text().splitlines()]

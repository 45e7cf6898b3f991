"""Runs pytest with the plugin, as it is where the package is installed: known by its entry point, in a process of its
own. Which interpreter that is may be chosen: pytest itself is always the one of these tests."""

from __future__ import annotations

import atexit
import functools
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctxtop

from .suites import PLUGINS

LEAVING = PLUGINS / "leaving"
_PYTEST = ("pytest", "_pytest", "py", "pluggy", "iniconfig", "packaging", "pygments")
_METADATA = "Metadata-Version: 2.1\nName: ctxtop\nVersion: 1.0.0\n"
# What would change what pytest prints: on a CI machine it does not cut its lines.
_NOT_INHERITED = ("CTXTOP_", "PYTEST_", "CI", "BUILD_NUMBER")
_ENTRY = "[pytest11]\nctxtop = ctxtop.pytest_plugin\n"


@dataclass
class Run:
    """A run of pytest. ``found``: of each test of ``suites/leaving`` what it should leave, and what was found."""

    status: int
    text: str
    found: dict[str, dict[str, Any]]

    @property
    def summary(self) -> list[str]:
        """The lines that the plugin says at the end."""
        parts = re.split(r"^=+ ctxtop =+$\n", self.text, flags=re.MULTILINE)
        if not parts[1:]:
            return []
        return re.split(r"^(?:=+ |\d+ (?:passed|failed|error))", parts[1], flags=re.MULTILINE)[0].splitlines()


def run(
    scratch: Path,
    *arguments: str | Path,
    python: str = sys.executable,
    package: Path | None = None,
    variables: dict[str, str] | None = None,
    timeout: float = 60,
) -> Run:
    """Run pytest below ``scratch``. ``package``: another directory than the usual one with ctxtop in it."""
    found = scratch / "found.json"
    (scratch / "tmp").mkdir(exist_ok=True)
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(_NOT_INHERITED)},
        "PYTHONPATH": os.pathsep.join(map(str, [package or installed(), *pytest_path(python)])),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PY_COLORS": "0",
        "COLUMNS": "100",
        "TMPDIR": str(scratch / "tmp"),
        "LEAVING_FOUND": str(found),
        **(variables or {}),
    }
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore"]
    command.append(f"--basetemp={scratch / 'base'}")
    result = subprocess.run(
        [*command, *map(str, arguments)],
        cwd=scratch,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )
    lines = json.loads(found.read_text()) if found.exists() else []
    return Run(result.returncode, result.stdout, {line["test"].rpartition("/")[2]: line for line in lines})


@functools.cache
def installed() -> Path:
    """A directory with nothing but the package in it, and what its installation says of it."""
    return _described(Path(ctxtop.__file__).parent)


def without_native(scratch: Path) -> Path:
    """A directory with a copy of the package whose native module is missing."""
    copy = scratch / "without"
    copy.mkdir()
    for path in Path(ctxtop.__file__).parent.iterdir():
        if path.suffix != ".so":
            (copy / path.name).symlink_to(path)
    return _described(copy)


def pytest_path(python: str) -> list[Path]:
    """Where an interpreter that has no pytest finds it."""
    return [] if python == sys.executable else [_pytest_alone()]


@functools.cache
def _pytest_alone() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="ctxtop-pytest-alone-"))
    _removed_at_exit(directory)
    for name in _PYTEST:
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None, name
        origin = Path(spec.origin)
        origin = origin.parent if origin.name == "__init__.py" else origin
        (directory / origin.name).symlink_to(origin)
    return directory


def _described(package: Path) -> Path:
    directory = Path(tempfile.mkdtemp(prefix="ctxtop-package-"))
    _removed_at_exit(directory)
    (directory / "ctxtop").symlink_to(package)
    description = directory / "ctxtop-1.0.0.dist-info"
    description.mkdir()
    (description / "METADATA").write_text(_METADATA)
    (description / "entry_points.txt").write_text(_ENTRY)
    return directory


def _removed_at_exit(directory: Path) -> None:
    atexit.register(shutil.rmtree, directory, ignore_errors=True)

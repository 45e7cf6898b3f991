"""The extension on disk: its size, what it needs, how long it takes to load, and in which interpreters."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from statistics import median

import pytest
from bench import places
from bench.figures import Figures

VERSIONS = ("3.10", "3.11", "3.12", "3.13")
TRIES = 15


def _undefined() -> list[tuple[str, str]]:
    """Symbols that it imports, with the version of libc that they want."""
    output = subprocess.run(
        ["nm", "-D", "--undefined-only", "--with-symbol-versions", places.native()],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = [line.split()[-1] for line in output.splitlines()]
    return [(name.split("@")[0], name.split("@")[-1] if "@" in name else "") for name in found]


def test_size(figures: Figures, tmp_path: Path) -> None:
    """Stripped, as it is installed."""
    stripped = tmp_path / places.NATIVE
    shutil.copy(places.native(), stripped)
    subprocess.run(["strip", "--strip-unneeded", stripped], check=True)
    figures.at_most("extension on disk, stripped, kB", stripped.stat().st_size / 1000, 150, 120, "{:.0f}")


def test_needs_libc_alone(figures: Figures) -> None:
    """Nothing of Swift's run-time library, nothing of a libc newer than 2.34."""
    dynamic = subprocess.run(["readelf", "-d", places.native()], capture_output=True, text=True, check=True).stdout
    libraries = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    assert libraries == ["libc.so.6"]
    symbols = _undefined()
    unknown = [
        name
        for name, version in symbols
        if not version and not name.startswith(("Py", "_Py", "__cxa_", "_ITM_", "__gmon"))
    ]
    assert not unknown, "neither the interpreter's nor libc's"
    wanted = [tuple(map(int, version[6:].split("."))) for _, version in symbols if version.startswith("GLIBC_2")]
    assert wanted
    newest = max(wanted)
    assert newest <= (2, 34)
    figures.note("newest libc that the extension asks for", ".".join(map(str, newest)))


def test_load_time(figures: Figures, tmp_path: Path) -> None:
    """Beside an empty extension in C, each in a process of its own, alternately. A ratio: times are the machine's."""
    empty = places.compiled("empty.c", tmp_path / "empty.abi3.so", "-shared", "-fPIC")
    times: list[tuple[int, int]] = []
    for _ in range(TRIES):
        # Whichever goes first pays for what both need of the interpreter; so each is the first.
        times.append((_loaded([str(empty)])[0], _loaded([str(places.native())])[0]))
    floor, ours = (median(taken[k] for taken in times) for k in (0, 1))
    figures.note("time to load the extension, beside an empty one in C", f"{ours / floor:.1f} x")


def _loaded(modules: list[str]) -> list[int]:
    output = subprocess.run(places.guest("loading.py", *modules), capture_output=True, text=True, check=True).stdout
    return list(map(int, output.split()))


def _interpreters() -> dict[str, str]:
    """Every CPython from 3.10 up that can be found: on PATH, and where pyenv keeps its own."""
    found: dict[str, str] = {}
    roots = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    for version in VERSIONS:
        kept = [str(path) for root in roots for path in sorted(root.glob(f"{version}.*/bin/python{version}"))]
        for candidate in [*kept, shutil.which(f"python{version}")]:
            # What is on PATH may be a placeholder for a version that is not installed.
            if candidate and subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0:
                found.setdefault(version, candidate)
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_loads(version: str) -> None:
    """One file for all of them."""
    interpreter = _interpreters().get(version)
    if interpreter is None:
        pytest.skip(f"no Python {version} here")
    command = [interpreter, str(places.GUESTS / "loading.py"), str(places.native())]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 0


def test_some_interpreter_was_found() -> None:
    """The tests above cannot all be skipped."""
    assert _interpreters()

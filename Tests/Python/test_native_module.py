"""The native module: small, needing libc alone, one file for every CPython, and harmless when not attached."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import ctxtop
import pytest

PACKAGE = Path(ctxtop.__file__).parent
MODULE = PACKAGE / "_native.abi3.so"
SIZE_LIMIT = 150_000


def interpreters() -> list[str]:
    """Every CPython from 3.10 on that runs here."""
    names = [f"python3.{minor}" for minor in range(10, 15)]
    roots = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    installed = [str(path) for root in roots for name in names for path in sorted(root.glob(f"*/bin/{name}"))]
    candidates = [sys.executable, *filter(None, map(shutil.which, names)), *installed]
    found: dict[str, str] = {}
    for candidate in candidates:
        question = [
            candidate,
            "-c",
            "import sys, sysconfig as s; print(sys.version, s.get_config_var('Py_GIL_DISABLED'))",
        ]
        answer = subprocess.run(question, capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            found.setdefault(answer.stdout, candidate)
    return list(found.values())


def run(interpreter: str, code: str) -> str:
    """Run ``code`` with the native module alone: no Flask is needed to load it."""
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run([interpreter, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert result.returncode == 0, f"{interpreter}: {result.returncode}\n{result.stderr}"
    return result.stdout


def test_size() -> None:
    assert MODULE.stat().st_size <= SIZE_LIMIT


def test_needs_libc_alone() -> None:
    listing = subprocess.run(["readelf", "-d", str(MODULE)], capture_output=True, text=True, check=True).stdout
    needed = [line.split("[")[1].rstrip("]") for line in listing.splitlines() if "(NEEDED)" in line]
    assert set(needed) <= {"libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def test_exports_nothing_but_its_init_function() -> None:
    command = ["nm", "-D", "--defined-only", str(MODULE)]
    names = [line.split()[-1] for line in subprocess.run(command, capture_output=True, text=True).stdout.splitlines()]
    assert "PyInit__native" in names
    assert [name for name in names if name.startswith(("swift_", "_swift_"))] == []


def test_no_swift_symbol_is_missing() -> None:
    command = ["nm", "-D", "--undefined-only", str(MODULE)]
    names = [line.split()[-1] for line in subprocess.run(command, capture_output=True, text=True).stdout.splitlines()]
    assert names and [name for name in names if name.startswith(("swift_", "_swift_", "$s"))] == []


@pytest.mark.parametrize("interpreter", interpreters())
def test_one_file_loads_everywhere_and_does_nothing_unless_attached(interpreter: str, tmp_path: Path) -> None:
    code = f"""
from ctxtop import _native as n
assert n.is_attached() is False
n.detach()
n.configure("loads", {str(tmp_path)!r}, None)
n.describe("", "", "", -1, -1, -1, 0, "", "", "", "")
record = object()
for listener in (n.connection_opened, n.connection_closed, n.checked_in, n.detached):
    listener(None, record)
n.checked_out(None, record, None)
n.teardown_failed("f", "f.py:1", 0, None, "E", "", None, None, None, (), "")
assert n.is_attached() is False
print("fine")
"""
    assert run(interpreter, code) == "fine\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("interpreter", interpreters())
def test_attach_and_detach_are_idempotent(interpreter: str) -> None:
    code = """
import os, tempfile, time
from ctxtop import _native as n
directory = tempfile.mkdtemp(dir="/dev/shm")
n.configure("loads", directory, None)
n.describe("", "", "", -1, -1, -1, 0, "", "", "", "")
assert n.attach() == 0, n.problem()
assert n.attach() == 0 and n.is_attached()
threads = len(os.listdir("/proc/self/task"))
assert threads == 2, threads
n.detach()
n.detach()
assert not n.is_attached()
deadline = time.monotonic() + 2
while len(os.listdir("/proc/self/task")) > 1 and time.monotonic() < deadline:
    time.sleep(0.01)
assert len(os.listdir("/proc/self/task")) == 1
import shutil
shutil.rmtree(directory)
print("fine")
"""
    assert run(interpreter, code) == "fine\n"

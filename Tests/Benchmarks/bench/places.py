"""Where things are, and the environment that measured processes run in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
GUESTS = ROOT / "Tests" / "Benchmarks" / "guests"
NATIVE = "_native.abi3.so"


def package() -> Path:
    """The directory of the ``ctxtop`` package that the tests found: installed, or the tree's own."""
    import ctxtop

    return Path(ctxtop.__file__).parent


def native() -> Path:
    """The extension module."""
    path = package() / NATIVE
    assert path.is_file(), f"{path} is not built"
    return path


def program() -> Path:
    """The ``ctxtop`` program: ``CTXTOP_PROGRAM``, else the release build of the tree."""
    path = Path(os.environ.get("CTXTOP_PROGRAM", ROOT / ".build" / "release" / "ctxtop"))
    assert os.access(path, os.X_OK), f"{path} is not built: swift build -c release --product ctxtop"
    return path


def recording_probe() -> Path:
    """What writes a day in a minute: ``CTXTOP_RECORDING_PROBE``, else the release build of the tree."""
    path = Path(os.environ.get("CTXTOP_RECORDING_PROBE", ROOT / ".build" / "release" / "ctxtop-recording-probe"))
    assert os.access(path, os.X_OK), f"{path} is not built: swift build -c release --product ctxtop-recording-probe"
    return path


def contexts_probe() -> Path:
    """A server on CtxtopContexts without sockets: ``CTXTOP_CONTEXTS_PROBE``, else the release build of the tree."""
    path = Path(os.environ.get("CTXTOP_CONTEXTS_PROBE", ROOT / ".build" / "release" / "ctxtop-contexts-probe"))
    assert os.access(path, os.X_OK), f"{path} is not built: swift build -c release --product ctxtop-contexts-probe"
    return path


def environment(directory: Path, **more: str) -> dict[str, str]:
    """Variables of a measured process: as little as possible, and the same for plain and instrumented."""
    variables = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(package().parent),
        "PYTHONHASHSEED": "0",
        "CTXTOP_DIR": str(directory),
        "CTXTOP_NAME": "bench",
    }
    return variables | more


@contextmanager
def runtime_directory() -> Iterator[Path]:
    """A private directory on tmpfs, as the agent wants it."""
    path = Path(tempfile.mkdtemp(prefix="ctxtop-bench-", dir="/dev/shm"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def guest(name: str, *arguments: object) -> list[str]:
    """The command that runs one of the guests with the interpreter of the tests."""
    return [sys.executable, str(GUESTS / name), *map(str, arguments)]


def compiled(source: str, output: Path, *options: str) -> Path:
    """A guest in C, compiled."""
    command = ["cc", "-O2", "-Wall", "-Werror", "-o", str(output), str(GUESTS / source), *options]
    subprocess.run(command, check=True)
    return output

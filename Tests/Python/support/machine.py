"""What a test takes from a process of the machine it runs on, and gives it instead: space, the time of day."""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .guest import GUESTS


@contextmanager
def small_tmpfs(tmp_path: Path, size: str) -> Iterator[Path]:
    """A tmpfs of its own. Needs root, as the fresh machine of the tests has."""
    directory = tmp_path / "small"
    directory.mkdir(mode=0o700)
    options = f"size={size},mode=0700,uid={os.getuid()}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)], check=True)
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


class Clock:
    """The wall clock of the processes that run with ``environment``."""

    def __init__(self, tmp_path: Path) -> None:
        library = tmp_path / "clock.so"
        source = str(GUESTS / "clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(library), source], check=True)
        self._file = tmp_path / "clock"
        self._file.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "CLOCK": str(self._file)}

    def step(self, seconds: int) -> None:
        """So many seconds from the machine's time, from now on."""
        with self._file.open("r+b") as file:
            file.write(struct.pack("<q", seconds))

"""Asks the agent of this process for its record, over a socket in a directory that is there for this run only.

The agent's own thread answers, whatever the test does to Python. The directory lies in memory where that can be had,
is locked while the run lives, and goes with it; what a killed run left there, the next one removes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
import stat
import tempfile
import time
from pathlib import Path

from . import record

NAME = "pytest"
_PREFIX = f"ctxtop-pytest-{os.getuid()}-"
_MEMORY = "/dev/shm"
# An agent binds its socket within milliseconds; a machine may be busy.
_PATIENCE = 5.0
_PAUSE = 0.002


class NoAnswer(Exception):
    """The agent did not answer in time, or not with a record."""


class Place:
    """A directory of our own. Holds its lock until ``remove``."""

    def __init__(self) -> None:
        home = _MEMORY if os.access(_MEMORY, os.W_OK | os.X_OK) else tempfile.gettempdir()
        _prune(Path(home))
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=home))
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @property
    def socket(self) -> Path:
        return self.path / f"{NAME}.sock"

    def remove(self) -> None:
        """Remove it with all that is in it. Raises nothing."""
        shutil.rmtree(self.path, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.close(self._lock)


class Exporter:
    """A connection to the agent, opened when it is first needed and kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None

    def record(self) -> bytes:
        """One record, made now. Raises ``NoAnswer``."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                return self._ask(deadline)
            except (OSError, record.Malformed) as error:
                # Who leads may change, and with it who listens; and the first answer waits for the first leader.
                self.close()
                if time.monotonic() > deadline:
                    raise NoAnswer(f"no answer within {_PATIENCE:.0f} s: {error}") from error
            time.sleep(_PAUSE)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(self, deadline: float) -> bytes:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.connect(str(self._path))
        self._socket.settimeout(max(deadline - time.monotonic(), _PAUSE))
        self._socket.sendall(b"snapshot\n")
        header = self._receive(self._socket, record.HEADER_BYTES)
        return header + self._receive(self._socket, record.payload_length(header))

    @staticmethod
    def _receive(client: socket.socket, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            part = client.recv(count - len(parts))
            if not part:
                raise ConnectionError("the connection was closed")
            parts += part
        return bytes(parts)


def _prune(home: Path) -> None:
    """Remove directories of runs that were killed: ours by name and owner, and nobody holds their lock."""
    for path in home.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            status = path.lstat()
            if status.st_uid != os.getuid() or not stat.S_ISDIR(status.st_mode):
                continue
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(descriptor)

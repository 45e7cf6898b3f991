"""System calls of the native module that fail: what stands between module and C library, and what fails when."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .guest import GUESTS

#: What each function of the module's may fail with, by open(2), mmap(2) and so on; the likeliest first.
ERRORS = {
    "accept4": ["EMFILE", "ENFILE", "ECONNABORTED", "EINTR", "ENOMEM"],
    "bind": ["ENOSPC", "EACCES", "EROFS", "EADDRINUSE", "ENOMEM"],
    "close": ["EINTR", "EIO"],
    "connect": ["ECONNREFUSED", "EAGAIN", "EACCES"],
    "fallocate": ["ENOSPC", "EINTR", "EFBIG", "EOPNOTSUPP"],
    "fchmod": ["EPERM", "EROFS"],
    "fchmodat": ["EPERM", "EROFS", "EIO"],
    "fchown": ["EPERM", "EROFS"],
    "fchownat": ["EPERM", "EROFS", "EIO"],
    "fcntl": ["EAGAIN", "ENOLCK", "EINTR", "EACCES"],
    "fstat": ["ENOMEM", "EIO"],
    "fstatat": ["ENOENT", "ENOMEM", "EACCES"],
    "fstatfs": ["ENOSYS", "EIO"],
    "getsockopt": ["ENOMEM", "ENOPROTOOPT"],
    "kill": ["EPERM"],
    "listen": ["EADDRINUSE", "EOPNOTSUPP"],
    "madvise": ["EINVAL", "ENOMEM"],
    "mkdir": ["ENOSPC", "EROFS", "EACCES", "EMLINK"],
    "mmap": ["ENOMEM", "EAGAIN", "ENFILE"],
    "mremap": ["ENOMEM", "EAGAIN"],
    "munmap": ["ENOMEM"],
    "openat": ["EMFILE", "ENFILE", "EACCES", "ENOSPC", "EROFS", "EINTR", "ENOMEM"],
    "open": ["EMFILE", "ENFILE", "EACCES", "ENOSPC", "EROFS", "EINTR", "ENOMEM"],
    "pidfd_open": ["ENOSYS", "EMFILE", "EPERM"],
    "pipe2": ["EMFILE", "ENFILE"],
    "poll": ["EINTR", "ENOMEM"],
    "pread": ["EIO", "EINTR"],
    "pthread_create": ["EAGAIN", "EPERM"],
    "pthread_key_create": ["EAGAIN"],
    "pwritev2": ["EAGAIN", "EPIPE", "EOPNOTSUPP"],
    "read": ["EINTR", "EIO", "ESRCH"],
    "recv": ["EINTR", "EAGAIN", "ECONNRESET", "ENOMEM"],
    "renameat": ["ENOSPC", "EROFS", "EACCES"],
    "renameat2": ["ENOSPC", "EROFS", "EINVAL"],
    "rmdir": ["ENOTEMPTY", "EBUSY"],
    "send": ["EINTR", "EAGAIN", "EPIPE", "ECONNRESET", "ENOBUFS"],
    "socket": ["EMFILE", "ENFILE", "EAFNOSUPPORT"],
    "stat": ["ENOENT", "EACCES"],
    "unlinkat": ["ENOENT", "EROFS", "EACCES"],
    "write": ["EAGAIN", "EINTR", "EPIPE"],
}

#: What else the module has of the C library: calls that cannot fail, and those that are none.
NO_CALLS = frozenset(
    """bcmp calloc clock_gettime dlsym free getenv geteuid getgrnam gethostname getpid getrlimit memcpy memmove
    posix_memalign prctl pthread_attr_destroy pthread_attr_init pthread_attr_setstacksize pthread_detach pthread_join
    pthread_setspecific pthread_sigmask sigfillset snprintf strcpy strerror_r strlen strnlen strtol syscall""".split()
)

#: A call that never comes.
NEVER = 1 << 62
_ERRORS_EACH, _FUNCTIONS = 8, 64


def build(directory: Path) -> Path:
    """The library that is preloaded."""
    library = directory / "faults.so"
    source = str(GUESTS / "faults.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(library), source], check=True)
    return library


class Plan:
    """What fails in the processes that were started with ``environment``: nothing, until it is told otherwise."""

    def __init__(self, library: Path, path: Path) -> None:
        self.names = list(_names(library))
        assert set(self.names) == set(ERRORS), set(self.names) ^ set(ERRORS)
        size = (6 + _FUNCTIONS + _FUNCTIONS * _ERRORS_EACH) * 8
        if not path.exists():
            path.write_bytes(bytes(size))
        with path.open("r+b") as file:
            memory = mmap.mmap(file.fileno(), size)
        self._words = (ctypes.c_uint64 * (size // 8)).from_buffer(memory)
        self.environment: dict[str, str | None] = {"LD_PRELOAD": str(library), "FAULTS": str(path)}
        for number, name in enumerate(self.names):
            for place in range(_ERRORS_EACH):
                error = ERRORS[name][place % len(ERRORS[name])]
                self._words[6 + _FUNCTIONS + number * _ERRORS_EACH + place] = getattr(errno, error)

    def fail(self, function: str, error: str, first: int = 1, last: int | None = None) -> None:
        """The calls from ``first`` to ``last`` of a function fail; counted from now on, over all processes."""
        self.rest()
        self._words[1], self._words[2] = first, first if last is None else last
        self._words[3] = getattr(errno, error)
        self._words[0] = self.names.index(function) + 1

    def fail_by_chance(self, share: float) -> None:
        """So many of all calls fail, whichever."""
        self.rest()
        self._words[4] = int(share * 65536)

    def rest(self) -> None:
        """Nothing fails any more, and counting begins anew."""
        self._words[0] = self._words[4] = self._words[5] = 0
        for number in range(_FUNCTIONS):
            self._words[6 + number] = 0

    @property
    def failed(self) -> int:
        """How many calls have failed."""
        return int(self._words[5])

    @property
    def counts(self) -> dict[str, int]:
        """How often each function was called."""
        return {name: int(self._words[6 + number]) for number, name in enumerate(self.names)}


def _names(library: Path) -> Iterator[str]:
    fault_name = ctypes.CDLL(str(library)).fault_name
    fault_name.restype = ctypes.c_char_p
    number = 0
    while name := fault_name(number):
        yield name.decode()
        number += 1


def called_by_module(module: Path) -> set[str]:
    """The functions of the C library that the native module calls."""
    listed = subprocess.run(["nm", "-D", "--undefined-only", str(module)], check=True, capture_output=True, text=True)
    names = {line.split()[-1].partition("@")[0] for line in listed.stdout.splitlines()}
    return {name for name in names if not name.startswith(("Py", "_"))}


def preloaded(plan: Plan) -> dict[str, str]:
    """The environment of a process in which the plan holds."""
    return {**os.environ, **{key: value for key, value in plan.environment.items() if value is not None}}

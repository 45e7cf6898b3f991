"""Which server this process belongs to, and which part of it we are.

Only what is already loaded is asked: nothing is imported that the process did not import itself (an
application's own module may be called ``uwsgi``).
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from types import FrameType, ModuleType
from typing import Any

UNKNOWN = -1


class Role(Enum):
    """Our part in the server."""

    WORKER = "worker"
    #: Forks workers, or will: never claims a slot, never gets a thread.
    MASTER = "master"
    #: Not a server that we know: a worker from its first event on.
    OTHER = "other"


@dataclass(frozen=True)
class Server:
    """What a worker is called. Numbers: -1 is unknown."""

    kind: str
    model: str = ""
    version: str = ""
    workers: int = UNKNOWN
    threads: int = UNKNOWN
    number: int = UNKNOWN
    #: The same for all workers of one running server.
    instance: int = 0


def role() -> Role:
    """What this process is now; a fork may change the answer. Cheap enough for a cold path only."""
    uwsgi = uwsgi_module()
    if uwsgi is not None:
        if uwsgi.worker_id() > 0 or uwsgi.mule_id() > 0:
            return Role.WORKER
        # A server without master forks nobody: its process becomes the worker, and says so by its hook.
        return Role.MASTER if uwsgi.masterpid() in (0, os.getpid()) else Role.OTHER
    if gunicorn_worker() is not None:
        return Role.WORKER
    # An arbiter that is going to be: a program of the user's own makes its application before it.
    return Role.MASTER if "gunicorn.app.base" in sys.modules else Role.OTHER


def describe() -> Server:
    """This worker, as its server tells it."""
    uwsgi = uwsgi_module()
    if uwsgi is not None:
        return _describe_uwsgi(uwsgi)
    worker = gunicorn_worker()
    if worker is not None:
        return _describe_gunicorn(worker)
    return Server(kind=_program(), workers=1, instance=_instance(os.getpid()))


def uwsgi_module() -> ModuleType | None:
    """The module that uWSGI embeds in its workers; None elsewhere."""
    module = sys.modules.get("uwsgi")
    return module if module is not None and hasattr(module, "masterpid") and hasattr(module, "worker_id") else None


def gunicorn_worker() -> Any:
    """The worker object of the gunicorn worker that we are in; None elsewhere.

    A worker is what an arbiter's ``spawn_worker`` forked: its frame is at the bottom of the main thread's
    stack for the worker's whole life.
    """
    if "gunicorn.arbiter" not in sys.modules:
        return None
    for frame in _frames():
        code = frame.f_code
        if code.co_name == "spawn_worker" and code.co_filename.endswith(("gunicorn/arbiter.py", "arbiter.pyc")):
            # The frame is also there in the arbiter, around the fork, and in whatever a worker forks. A worker's
            # pid is no number until it has begun to boot.
            arbiter = frame.f_locals.get("self")
            worker = frame.f_locals.get("worker")
            pid = getattr(worker, "pid", None)
            is_ours = getattr(arbiter, "pid", 0) != os.getpid() and (not isinstance(pid, int) or pid == os.getpid())
            return worker if is_ours else None
    return None


def _frames() -> Iterator[FrameType]:
    here: FrameType | None = sys._getframe(1)
    main = threading.main_thread().ident
    starts = [here]
    if threading.get_ident() != main:
        starts.append(sys._current_frames().get(main or 0))
    for frame in starts:
        while frame is not None:
            yield frame
            frame = frame.f_back


def _describe_uwsgi(uwsgi: ModuleType) -> Server:
    options = {_text(key): value for key, value in dict(getattr(uwsgi, "opt", {})).items()}
    threads = int(getattr(uwsgi, "cores", 1))
    number = uwsgi.worker_id()
    if uwsgi.mule_id() > 0:
        model = "mule"
    else:
        model = next((name for name in ("gevent", "asyncio", "async") if name in options), "")
        model = model or ("threads" if threads > 1 else "processes")
    return Server(
        kind="uwsgi",
        model=model,
        version=_text(getattr(uwsgi, "version", "")),
        workers=int(getattr(uwsgi, "numproc", UNKNOWN)),
        threads=threads,
        number=number if number > 0 else UNKNOWN,
        instance=_instance(uwsgi.masterpid() or os.getpid()),
    )


def _threads(model: str, config: Any) -> int:
    """How many requests a gunicorn worker serves at once; unknown for greenlets and the like."""
    if model == "gthread":
        return _number(getattr(config, "threads", UNKNOWN))
    return 1 if model == "sync" else UNKNOWN


def _describe_gunicorn(worker: Any) -> Server:
    config = getattr(worker, "cfg", None)
    model = str(getattr(config, "worker_class_str", ""))
    return Server(
        kind="gunicorn",
        model=model.rsplit(".", 1)[-1],
        version=_text(getattr(sys.modules.get("gunicorn"), "__version__", "")),
        workers=_number(getattr(config, "workers", UNKNOWN)),
        threads=_threads(model, config),
        number=_number(getattr(worker, "age", UNKNOWN)),
        instance=_instance(_number(getattr(worker, "ppid", os.getppid()))),
    )


def _program() -> str:
    """``flask``, ``waitress-serve``, ``celery``, ...: the program's own name, for want of a server's."""
    name = os.path.basename(sys.argv[0] if getattr(sys, "argv", None) else "")
    if name == "__main__.py":
        name = os.path.basename(os.path.dirname(sys.argv[0]))
    return name.removesuffix(".py") if name and not name.startswith("-") else "python"


def _instance(pid: int) -> int:
    return (pid & 0xFFFFFFFF) << 32 | _start_time(pid) & 0xFFFFFFFF


def _start_time(pid: int) -> int:
    """Start time of a process in clock ticks since boot; 0 where it cannot be read."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The command, in parentheses, may hold anything; what counts follows the last one.
            return int(file.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _number(value: object) -> int:
    return value if isinstance(value, int) else UNKNOWN

"""Real servers on free loopback ports, each with a process group, a database and an agent directory of its own."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

APPS = Path(__file__).resolve().parents[2] / "Apps"
PACKAGE = Path(__file__).resolve().parents[3] / "Sources" / "Python"
#: Starting includes importing Flask and SQLAlchemy in every worker, on a machine that may be busy.
START_SECONDS = 30


@dataclass(frozen=True)
class Mode:
    """A way to run the shop."""

    server: str
    model: str
    #: Whether the application is loaded before the fork.
    preload: bool
    workers: int = 2
    threads: int = 1

    def __str__(self) -> str:
        return f"{self.server}-{self.model}-{'preload' if self.preload else 'lazy'}"


GUNICORN_SYNC = Mode("gunicorn", "sync", preload=False)
GUNICORN_SYNC_PRELOAD = replace(GUNICORN_SYNC, preload=True)
GUNICORN_THREADS = Mode("gunicorn", "gthread", preload=False, threads=2)
GUNICORN_THREADS_PRELOAD = replace(GUNICORN_THREADS, preload=True)
GUNICORN_GEVENT = Mode("gunicorn", "gevent", preload=False, workers=1)
GUNICORN_STANDALONE = Mode("gunicorn", "standalone", preload=True)
UWSGI = Mode("uwsgi", "threads", preload=True, threads=2)
UWSGI_LAZY = replace(UWSGI, preload=False)
FLASK = Mode("flask", "", preload=False, workers=1, threads=1)
#: The ways that issue and README promise; the two above are each tested on their own.
MODES = [GUNICORN_SYNC, GUNICORN_SYNC_PRELOAD, GUNICORN_THREADS, GUNICORN_THREADS_PRELOAD, UWSGI, UWSGI_LAZY]


@dataclass
class Answer:
    """What a client got. Status 0: no response at all."""

    status: int
    body: str


@dataclass
class Server:
    """A running server. Stop it, whatever happens."""

    mode: Mode
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    directory: Path
    scratch: Path
    environment: dict[str, str]
    command: list[str]
    grandchildren: list[int] = field(default_factory=list)

    def get(self, path: str, method: str = "GET", timeout: float = 15) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return Answer(response.status, response.read().decode("utf-8", "replace"))
        except (OSError, http.client.HTTPException):
            return Answer(0, "")
        finally:
            connection.close()

    def worker_pids(self) -> list[int]:
        """The master's children, as the kernel tells it; those that live. A server without master is its worker."""
        if self.mode.server == "flask":
            return [self.process.pid]
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return sorted(pid for pid in map(int, path.read_text().split()) if _is_running(pid))

    def truths(self) -> dict[int, dict[str, Any]]:
        """What each worker says of itself, by pid. Asks until every worker has answered."""
        found: dict[int, dict[str, Any]] = {}
        wanted = set(self.worker_pids())
        deadline = time.monotonic() + 20
        while not wanted <= set(found) and time.monotonic() < deadline:
            answer = self.get("/pids")
            if answer.status == 200:
                said = json.loads(answer.body)
                found[said["pid"]] = said
        assert wanted <= set(found), f"workers {wanted - set(found)} never answered\n{self.logged()}"
        return found

    def logged(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_ready(self, workers: int | None = None, since: int = 0) -> None:
        """Wait until every worker has loaded the application; without sending a request."""
        workers = workers if workers is not None else self.mode.workers
        pattern = {
            ("gunicorn", True): r"Booting worker with pid: \[?(\d+)",
            ("uwsgi", True): r"spawned uWSGI worker \d+ \(pid: (\d+)",
            ("celery", False): r"celery@(\S+) ready",
        }.get((self.mode.server, self.mode.preload), r"shop loaded (\d+)")
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            if len(set(re.findall(pattern, self.logged()[since:]))) >= workers and self._listens():
                return
            time.sleep(0.02)
        raise AssertionError(f"{self.mode} did not start: {' '.join(self.command)}\n{self.logged()}")

    def _listens(self) -> bool:
        return self.mode.server in ("celery", "command") or _listens(self.port)

    def reload(self) -> None:
        os.kill(self.process.pid, signal.SIGHUP)

    def restart(self) -> None:
        """End the whole server and start it again with the same command, as a supervisor does."""
        self.terminate()
        since = len(self.logged())
        self.process = _launch(self.command, self.environment, self.log)
        self.wait_ready(since=since)

    def stop(self) -> None:
        for pid in self.grandchildren:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGCONT)
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)
        shutil.rmtree(self.scratch, ignore_errors=True)
        shutil.rmtree(self.directory, ignore_errors=True)

    def terminate(self) -> int:
        """Ask the server to end, as an operator would; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


def start(mode: Mode, defect: str = "", environment: dict[str, str | None] | None = None, **options: Any) -> Server:
    """Start the shop and wait until it is ready. ``environment``: more variables; None takes one away.

    Options: ``directory`` for the agent (a fresh one on tmpfs if not given), ``app`` (``shop:app``), ``home``: the
    virtual environment to run in, if not the tests' own, ``command`` (for a port, in place of the mode's own),
    ``before`` and ``words`` (in front of the command, and after it).
    """
    scratch = Path(tempfile.mkdtemp(prefix="ctxtop-shop-"))
    directory = options.get("directory") or agent_directory()
    port = free_port()
    variables = {
        **os.environ,
        "PYTHONPATH": python_path(),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CTXTOP_DIR": str(directory),
        "CTXTOP_NAME": "shop",
        "SHOP_DEFECT": defect,
        "SHOP_DATABASE": str(scratch / "shop.db"),
    }
    for key, value in (environment or {}).items():
        variables.pop(key, None)
        if value is not None:
            variables[key] = value
    given = options.get("command")
    command = given(port) if given else _command(mode, port, options.get("app", "shop:app"), options.get("home"))
    command = [*options.get("before", []), *command, *options.get("words", [])]
    log = scratch / "log"
    log.touch()
    process = _launch(command, variables, log)
    server = Server(mode, port, process, log, Path(directory), scratch, variables, command)
    try:
        server.wait_ready()
    except BaseException:
        server.stop()
        raise
    return server


def _launch(command: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=APPS,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def agent_directory() -> Path:
    """A private directory on tmpfs."""
    return Path(tempfile.mkdtemp(prefix="ctxtop-test-", dir="/dev/shm"))


def _command(mode: Mode, port: int, app: str, home: Path | None = None) -> list[str]:
    python = str(home / "bin" / "python") if home else sys.executable
    if mode is FLASK:
        return [sys.executable, "-m", "flask", "--app", app, "run", "--no-reload", "--port", str(port)]
    if mode is GUNICORN_STANDALONE:
        return [sys.executable, str(APPS / "standalone.py"), f"127.0.0.1:{port}"]
    if mode.server == "gunicorn":
        command = [python, "-m", "gunicorn", "--no-control-socket", "--bind", f"127.0.0.1:{port}"]
        command += ["--workers", str(mode.workers), "--worker-class", mode.model, "--graceful-timeout", "5"]
        command += ["--threads", str(mode.threads)] if mode.threads > 1 else []
        return [*command, *(["--preload"] if mode.preload else []), app]
    command = [str(Path(sysconfig.get_path("scripts")) / "uwsgi"), "--http-socket", f"127.0.0.1:{port}"]
    command += ["--master", "--die-on-term", "--need-app", "--module", app]
    command += ["--processes", str(mode.workers), "--threads", str(mode.threads)]
    if home or sys.prefix != sys.base_prefix:
        command += ["--home", str(home or sys.prefix)]
    return [*command, *([] if mode.preload else ["--lazy-apps"])]


def python_path() -> str:
    """Where servers find ctxtop: where the tests found it."""
    import ctxtop

    return os.pathsep.join([str(Path(ctxtop.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])


def free_port() -> int:
    """A port of loopback that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    # Looked up, not tried: a connection would be a request that never comes.
    wanted = f"0100007F:{port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(line.split()[1] == wanted and line.split()[3] == "0A" for line in lines)


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False

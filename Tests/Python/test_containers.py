"""Servers in namespaces of their own, watched from outside: pids, users, clocks, host names and networks differ."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support import agent
from support.native import Worker
from support.server import GUNICORN_THREADS, Mode, Server, agent_directory

#: Where it listens cannot be seen from outside; that its workers have loaded the shop stands in its log.
INSIDE = replace(GUNICORN_THREADS, server="command")


def needs(*words: str) -> pytest.MarkDecorator:
    """Skips where who we are does not allow such a namespace. Root may make all of them: then it fails."""
    works = os.geteuid() == 0 or subprocess.run(["unshare", *words, "true"], capture_output=True).returncode == 0
    return pytest.mark.skipif(not works, reason=f"unshare {' '.join(words)} is not allowed here")


def gunicorn(port: int) -> list[str]:
    """The tests' usual server, by its own words."""
    from support.server import _command

    return _command(GUNICORN_THREADS, port, "shop:app")


CONTAINER = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--uts", "--ipc", "--net"]
NAMED = ["sh", "-c", 'hostname inside && ip link set lo up && exec "$@"', "sh"]


@pytest.fixture
def container(start: Callable[..., Server]) -> Callable[..., Server]:
    """Starts gunicorn with pids, a network and a host name of its own; its directory is seen from outside."""

    def run(*words: str, **options: object) -> Server:
        environment = {"CTXTOP_CONTROL": "1"}
        before = [*CONTAINER, *words, *NAMED]
        return start(INSIDE, "", environment, command=gunicorn, before=before, **options)

    return run


def inside(server: Server, script: str) -> str:
    """Runs a shell script in the server's namespaces."""
    init = children(server.process.pid)[0]
    words = ["nsenter", f"--target={init}", "--pid", "--mount", "--net", "--uts", "sh", "-c", script]
    return subprocess.run(words, capture_output=True, text=True, timeout=20, check=True).stdout


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def workers(server: Server) -> dict[int, int]:
    """The workers' pids outside, by their pids inside."""
    found = {}
    for pid in children(children(server.process.pid)[0]):
        line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("NSpid:"))
        found[int(line.split()[-1])] = pid
    return found


def get(server: Server, path: str) -> str:
    script = f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:{server.port}{path}', timeout=10).read().decode())"
    return inside(server, f'python3 -c "{script}"')


@needs(*CONTAINER[1:])
def test_by_its_socket_and_after_its_death_by_its_segment(container: Callable[..., Server]) -> None:
    server = container()
    own = workers(server)
    assert set(own) != set(own.values())
    document = agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == sorted(own))
    assert document["host"] == "inside"
    get(server, "/cart")
    seen = agent.dump(server.directory)
    assert seen["totals"]["requests"] == 1 and seen["verdicts"] == []
    assert {worker["liveness"] for worker in seen["workers"]} == {"alive"}
    # The server tells what it uses; the kernel of another pid namespace could not be asked by these pids.
    assert all(worker["rss_bytes"] > 1 << 20 and worker["kernel_state"] for worker in seen["workers"])

    # One dies: the lock says so, whatever has its pid out here.
    victim = min(own)
    os.kill(own[victim], signal.SIGKILL)
    agent.until(lambda: {w["pid"]: w["liveness"] for w in agent.snapshot(server.directory)["workers"]},
                lambda found: found.get(victim) != "alive", 3)
    # All die.
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait(10)
    result = agent.run_program(server.directory, "dump", str(next(server.directory.glob("*.segment"))), "-f", "json")
    assert result.returncode == 0, result.stderr
    dead = json.loads(result.stdout)
    assert {worker["liveness"] for worker in dead["workers"]} == {"dead"}
    assert {worker["rss_bytes"] for worker in dead["workers"]} == {None}


@needs(*CONTAINER[1:])
def test_the_pid_is_the_containers_and_nobody_else_is_touched(container: Callable[..., Server]) -> None:
    server = container()
    own = workers(server)
    agent.wait_snapshot(server.directory, lambda seen: agent.pids(seen) == sorted(own))
    # What has the number outside is some process of the machine, or none: it must not even be a candidate.
    outside = next(iter(own.values()))
    result = agent.run_program(server.directory, "recycle", "shop", str(outside))
    assert result.returncode == 66 and "there is none" in result.stderr
    victim = max(own)
    result = agent.run_program(server.directory, "recycle", "shop", str(victim), timeout=60)
    assert result.returncode == 0, result.stderr
    assert f"worker {victim} is gone, and " in result.stdout
    assert victim not in workers(server) and len(workers(server)) == 2
    # The client cannot be seen from inside, and that is what is said.
    [action] = [action for action in agent.snapshot(server.directory)["actions"] if action["worker"] == victim]
    assert (action["user"], action["pid"], action["outcome"]) == (0, None, "accepted")


@needs(*CONTAINER[1:])
def test_two_containers_in_one_directory(container: Callable[..., Server]) -> None:
    directory = agent_directory()
    first, second = container(directory=directory), container(directory=directory)
    pids = sorted([*workers(first), *workers(second)])
    agent.wait_snapshot(directory, lambda seen: agent.pids(seen) == pids, 5)
    # Both number their processes in the same way: nobody can tell which one is meant.
    twice = [pid for pid in workers(first) if pid in workers(second)]
    assert twice, pids
    answer = agent.ask(directory, b"recycle %d\n" % twice[0]).decode()
    assert answer.startswith("refused: workers in several containers have that pid; ")
    # When all of the container are gone whose worker answers, the other one's take over.
    leader = agent.leader(directory)
    gone, left = (first, second) if leader in workers(first).values() else (second, first)
    assert leader in workers(gone).values()
    os.killpg(gone.process.pid, signal.SIGKILL)
    gone.process.wait(10)
    agent.until(
        lambda: sorted(worker["liveness"] for worker in agent.snapshot(directory)["workers"]),
        lambda found: found == ["alive", "alive", "dead", "dead"],
        5,
    )
    assert agent.leader(directory) in workers(left).values()


@needs("--time", "--monotonic", "1000000", "--fork", "--pid", "--kill-child")
@pytest.mark.parametrize("offset", [1_000_000, 100_000_000])
def test_another_monotonic_clock(container: Callable[..., Server], offset: int) -> None:
    server = container("unshare", "--time", "--monotonic", str(offset), "--boottime", str(offset), "--fork", "--kill-child")
    agent.wait_snapshot(server.directory, lambda seen: len(agent.pids(seen)) == 2, 5)
    init = children(children(server.process.pid)[0])[0]
    script = f"import urllib.request as u; u.urlopen('http://127.0.0.1:{server.port}/cart', timeout=10).read()"
    subprocess.run(["nsenter", f"--target={init}", "--net", "python3", "-c", script], check=True, timeout=20)
    for target in (agent.target(server.directory), str(next(server.directory.glob("*.segment")))):
        result = agent.run_program(server.directory, "dump", target, "-f", "json")
        assert result.returncode == 0, result.stderr
        seen = json.loads(result.stdout)
        [busy] = [worker for worker in seen["workers"] if worker["requests"]]
        assert 0 <= busy["last_event_ms"] < 20_000, target
        assert seen["monotonic_ns"] > offset * 10**9
        assert seen["verdicts"] == [] and {worker["state"] for worker in seen["workers"]} == {"ok"}, target


@needs("--user", "--map-root-user")
def test_a_user_without_an_id_inside_is_nobody(tmp_path: Path) -> None:
    directory = agent_directory()
    directory.chmod(0o700)
    games = pwd.getpwnam("games")
    ask = ["/usr/bin/python3", "-c", "import socket, sys; c = socket.socket(socket.AF_UNIX); c.settimeout(5); "
           "c.connect(sys.argv[1]); c.sendall(b'recycle 1\\n'); print(c.recv(1000))", f"{directory}/shop.sock"]
    try:
        # The agent runs as the very id that stands for those who have none.
        with Worker(directory, before=["unshare", "--user", "--map-user=65534"]) as worker:
            assert worker.attach() == (0, None)
            agent.until(lambda: (directory / "shop.sock").is_socket(), bool, 2)
            own = subprocess.run(ask, capture_output=True, text=True, timeout=20)
            assert "refused: no live worker" in own.stdout, own
            # Somebody loosens the modes.
            directory.chmod(0o755)
            (directory / "shop.sock").chmod(0o666)
            stranger = subprocess.run(ask, capture_output=True, text=True, timeout=20, user=games.pw_uid, group=games.pw_gid,
                                      extra_groups=[], cwd="/")
            assert "refused" not in stranger.stdout and "ok" not in stranger.stdout, stranger
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def network() -> Iterator[str]:
    """A network namespace with a name, as `ip netns` keeps them."""
    name = f"ctxtop-test-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True, capture_output=True)
    try:
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@pytest.mark.skipif(
    not shutil.which("ip") or os.geteuid() != 0, reason="ip netns needs root and iproute2"
)
def test_a_network_namespace_with_a_name(start: Callable[..., Server]) -> None:
    with network() as name:
        server = start(INSIDE, "", command=gunicorn, before=["ip", "netns", "exec", name])
        script = f"import urllib.request as u; u.urlopen('http://127.0.0.1:{server.port}/cart', timeout=10).read()"
        subprocess.run(["ip", "netns", "exec", name, "python3", "-c", script], check=True, timeout=20)
        seen = agent.dump(server.directory)
        assert seen["totals"]["requests"] == 1 and seen["verdicts"] == []
        assert {worker["state"] for worker in seen["workers"]} == {"ok"}
        server.stop()

"""What lies where an agent wants to put its files, and who swaps it: nothing foreign is followed, touched or believed."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import agent
from support.native import Worker
from support.server import GUNICORN_THREADS, UWSGI, Mode, Server

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")

NOBODY = pwd.getpwnam("nobody").pw_uid
SEGMENT, LOCK, SOCKET, TEMPORARY = "shop.v2.segment", "shop.v2.lock", "shop.sock", ".0.shop.sock"
Plant = Callable[[Path, Path], None]


@pytest.fixture
def shared() -> Iterator[Path]:
    """A directory on tmpfs where everybody may make files, as in /dev/shm itself."""
    path = Path(tempfile.mkdtemp(prefix="ctxtop-places-", dir="/dev/shm"))
    path.chmod(0o1777)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def victim(shared: Path) -> Path:
    """A directory of our own with a file of our own, which no agent has any business with."""
    place = shared / "victim"
    place.mkdir(mode=0o700)
    (place / "diary").write_text("dear diary")
    return place


def seen(path: Path) -> tuple[object, ...]:
    """What would differ if somebody had touched it."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return ()
    inside = tuple(sorted(os.listdir(path))) if stat.S_ISDIR(status.st_mode) else ()
    return (status.st_ino, status.st_mode, status.st_uid, status.st_gid, status.st_size, status.st_mtime_ns, inside)


def a_directory(path: Path, _: Path) -> None:
    path.mkdir(mode=0o700)


def an_open_directory(path: Path, _: Path) -> None:
    path.mkdir()
    path.chmod(0o777)


def a_link_to_a_directory(path: Path, victim: Path) -> None:
    path.symlink_to(victim)


def a_link_to_a_file(path: Path, victim: Path) -> None:
    path.symlink_to(victim / "diary")


def a_link_to_nothing(path: Path, victim: Path) -> None:
    path.symlink_to(victim / "nothing")


def a_pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)


def a_file(path: Path, _: Path) -> None:
    path.write_text("x" * 10_000)


def a_second_name(path: Path, victim: Path) -> None:
    os.link(victim / "diary", path)


def a_second_name_of_nothing(path: Path, victim: Path) -> None:
    (victim / "empty").touch()
    os.link(victim / "empty", path)


def a_socket(path: Path, _: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def planted(plant: Plant, path: Path, victim: Path, owner: int = NOBODY) -> None:
    plant(path, victim)
    if plant is not a_second_name and plant is not a_second_name_of_nothing:
        os.chown(path, owner, -1, follow_symlinks=False)


def planted_in_place(shared: Path, plant: Plant, name: str, victim: Path, owner: int) -> tuple[object, ...]:
    """Plants something in a directory that is the agent's otherwise; what is seen of it then."""
    place = shared / "run"
    place.mkdir(mode=0o700)
    planted(plant, place / name, victim, owner)
    return seen_in_place(shared, name, victim)


def seen_in_place(shared: Path, name: str, victim: Path) -> tuple[object, ...]:
    return (seen(shared / "run" / name), seen(victim), *(seen(victim / each) for each in ("diary", "empty", "nothing")))


IN_PLACE_OF_DIRECTORY = [
    a_directory, an_open_directory, a_link_to_a_directory, a_link_to_nothing, a_pipe, a_file, a_second_name, a_socket,
]
IN_PLACE_OF_FILE = [
    a_directory, a_link_to_a_file, a_link_to_nothing, a_pipe, a_file, a_second_name, a_second_name_of_nothing, a_socket,
]


@pytest.mark.parametrize("plant", IN_PLACE_OF_DIRECTORY, ids=lambda plant: plant.__name__)
def test_what_another_user_left_in_place_of_the_directory(shared: Path, victim: Path, plant: Plant) -> None:
    place = shared / "run"
    planted(plant, place, victim)
    before = seen(place), seen(victim), seen(victim / "diary")
    with Worker(place) as worker:
        code, problem = worker.attach()
    assert code < 0 and problem and "\n" not in problem
    assert (seen(place), seen(victim), seen(victim / "diary")) == before


@pytest.mark.parametrize("mode", [GUNICORN_THREADS, UWSGI], ids=str)
def test_a_server_serves_on_beside_it(start: Callable[..., Server], shared: Path, victim: Path, mode: Mode) -> None:
    place = shared / "run"
    place.symlink_to(victim)
    before = seen(victim)
    server = start(mode, directory=place)
    assert server.get("/cart").status == 200
    complaints = [line for line in server.logged().splitlines() if "not monitored" in line]
    assert 1 <= len(complaints) <= mode.workers and "opening the runtime directory" in complaints[0], server.logged()
    assert seen(victim) == before
    place.unlink()


@pytest.mark.parametrize("name", [SEGMENT, LOCK])
@pytest.mark.parametrize("plant", IN_PLACE_OF_FILE, ids=lambda plant: plant.__name__)
@pytest.mark.parametrize("owner", [0, NOBODY], ids=["ours", "foreign"])
def test_what_lies_in_place_of_a_file(shared: Path, victim: Path, plant: Plant, name: str, owner: int) -> None:
    # Whoever could put it there has lost that right: the directory was open once, or it was root.
    before = planted_in_place(shared, plant, name, victim, owner)
    with Worker(shared / "run") as worker:
        code, problem = worker.attach()
        assert code < 0 and problem and "\n" not in problem
    assert seen_in_place(shared, name, victim) == before


@pytest.mark.parametrize("name", [SOCKET, TEMPORARY])
@pytest.mark.parametrize("plant", IN_PLACE_OF_FILE, ids=lambda plant: plant.__name__)
@pytest.mark.parametrize("owner", [0, NOBODY], ids=["ours", "foreign"])
def test_what_lies_in_place_of_the_socket(shared: Path, victim: Path, plant: Plant, name: str, owner: int) -> None:
    place = shared / "run"
    before = planted_in_place(shared, plant, name, victim, owner)
    with Worker(place) as worker:
        # The worker is in the segment all the same, which ctxtop reads when there is no socket.
        assert worker.attach() == (0, None)
        if plant is a_socket and owner == 0:
            # Nobody listens at it, and it is ours: it was left by a worker that was killed.
            agent.wait_snapshot(place, lambda found: len(found["workers"]) == 1)
        else:
            time.sleep(0.7)
            assert seen_in_place(shared, name, victim) == before
            assert not (place / SOCKET).is_socket() or name == SOCKET
        worker.detach()
    if plant is a_socket and owner == 0:
        assert not (place / name).exists()
    else:
        assert seen(place / name) == before[0]


def test_nothing_but_segment_and_lock_is_left_behind(shared: Path) -> None:
    place = shared / "run"
    with Worker(place) as worker:
        assert worker.attach() == (0, None)
        agent.wait_snapshot(place, lambda found: len(found["workers"]) == 1)
        worker.detach()
        assert sorted(os.listdir(place)) == [LOCK, SEGMENT]


LISTEN = """
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(1)
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_name_that_another_program_listens_at_is_not_taken(shared: Path) -> None:
    place = shared / "run"
    place.mkdir(mode=0o700)
    other = subprocess.Popen(
        [sys.executable, "-c", LISTEN, str(place / SOCKET)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdin and other.stdout and other.stdout.readline() == "ready\n"
    try:
        before = seen(place / SOCKET)
        with Worker(place) as first, Worker(place) as second:
            assert first.attach() == second.attach() == (0, None)
            time.sleep(0.8)
            # Who leaves as the last one leaves it there as well.
            second.detach()
            first.detach()
            assert seen(place / SOCKET) == before
            assert first.attach() == (0, None)
            other.kill()
            other.wait(5)
            document = agent.wait_snapshot(place, lambda found: len(agent.live(found)) == 1, 3)
            assert agent.pids(document) == [first.process.pid]
    finally:
        other.kill()
        other.communicate(timeout=5)


@pytest.mark.parametrize("umask", [0, 0o077, 0o777], ids=oct)
def test_the_umask_changes_nothing(shared: Path, umask: int) -> None:
    place = shared / "run"
    with Worker(place, umask=umask) as worker:
        code, problem = worker.attach()
        assert (code, problem) == (0, None)
        agent.wait_snapshot(place, lambda found: len(found["workers"]) == 1)
        modes = {name: stat.S_IMODE((place / name).stat().st_mode) for name in (".", SOCKET, SEGMENT, LOCK)}
        assert modes == {".": 0o700, SOCKET: 0o600, SEGMENT: 0o600, LOCK: 0o600}


def test_a_directory_that_others_may_enter_says_what_to_do(shared: Path) -> None:
    place = shared / "run"
    place.mkdir()
    place.chmod(0o755)
    with Worker(place) as worker:
        code, problem = worker.attach()
        assert code < 0 and problem is not None and problem.endswith(f"; chmod 700 {place}")
        place.chmod(0o700)
        assert worker.attach() == (0, None)


def test_paths_that_are_none(shared: Path) -> None:
    words = {
        "run": "not absolute",
        "./run": "not absolute",
        f"{shared}/none/run": "making the runtime directory: No such file",
        f"{shared}/{'x' * 300}": "File name too long",
        "/" + "x/" * 3000: "File name too long",
        "/proc/ctxtop": "making the runtime directory",
    }
    for path, word in words.items():
        with Worker(path) as worker:
            code, problem = worker.attach()
        assert code < 0 and problem is not None and word in problem, (path[:80], problem)
    assert not Path("/run/run").exists() and os.listdir(shared) == []


def test_a_path_with_dots_and_a_long_one_are_paths(shared: Path) -> None:
    (shared / "a").mkdir(mode=0o700)
    deep = shared / ("d" * 120)
    for path, place in ((f"{shared}/a/../b", shared / "b"), (str(deep), deep)):
        with Worker(path) as worker:
            assert worker.attach() == (0, None)
            # Longer than an address may be: the worker gets a socket all the same, and ctxtop finds it.
            agent.until(lambda place=place: (place / SOCKET).is_socket(), bool, 2)
            result = agent.run_program(place, "dump", str(place / SOCKET), "--format", "json")
            assert result.returncode == 0, result.stderr
            worker.detach()
        assert sorted(os.listdir(place)) == [LOCK, SEGMENT]


RACE = """
import ctypes, sys
exchange = ctypes.CDLL(None, use_errno=True).renameat2
one, other = (path.encode() for path in sys.argv[1:])
print("ready", flush=True)
while True:
    exchange(-100, one, -100, other, 2)
"""


def test_a_directory_that_is_swapped_all_the_time(victim: Path, is_long: bool) -> None:
    """Its parent belongs to somebody else, who exchanges it for a link to another directory of ours."""
    parent = Path(tempfile.mkdtemp(prefix="ctxtop-places-", dir="/dev/shm"))
    os.chown(parent, NOBODY, -1)
    place = parent / "run"
    place.mkdir(mode=0o700)
    (parent / "link").symlink_to(victim)
    before = seen(victim), seen(victim / "diary")
    racer = subprocess.Popen(
        ["/usr/bin/python3", "-c", RACE, str(place), str(parent / "link")], stdout=subprocess.PIPE, user=NOBODY, cwd="/"
    )
    try:
        assert racer.stdout and racer.stdout.readline()
        done = {True: 0, False: 0}
        with Worker(place) as worker:
            for _ in range(5000 if is_long else 400):
                code, _ = worker.attach()
                done[code == 0] += 1
                worker.detach()
        assert (seen(victim), seen(victim / "diary")) == before
        # It was a race: sometimes the directory was there, and sometimes the link.
        assert min(done.values()) > 5, done
    finally:
        racer.kill()
        racer.communicate(timeout=5)
        shutil.rmtree(parent, ignore_errors=True)

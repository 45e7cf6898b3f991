"""`ssh://`: a real sshd on loopback, with and without ctxtop behind it."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
from types import SimpleNamespace

import pytest
from fake import record
from screen import Screen
from sshd import SSHD, Sshd, command_of, key

pytestmark = pytest.mark.skipif(not os.access(SSHD, os.X_OK), reason="openssh-server is not installed")

# Without ctxtop there is still a world in PATH.
BARE = "/usr/bin:/bin"


@pytest.fixture
def there(tmp_path, program):
    """A directory that is in PATH on the other host, with ctxtop in it."""
    directory = tmp_path / "there"
    directory.mkdir()
    (directory / "ctxtop").symlink_to(program)
    return directory


@pytest.fixture
def sockets():
    """Where sockets to other hosts lie. No client of ssh, and no socket of one, is left there by any test."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="ctxtop-", dir="/tmp"))
    yield directory
    expect_nothing_left(directory)
    directory.rmdir()


def expect_nothing_left(sockets):
    end = time.monotonic() + 5
    while (left := [*map(str, sockets.iterdir()), *map(command_of, clients(sockets))]) and time.monotonic() < end:
        time.sleep(0.02)
    assert not left


def clients(sockets):
    """The processes of ctxtop and ssh that were started with this place for their sockets."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            environment = (entry / "environ").read_bytes() if entry.name.isdigit() else b""
            name = os.path.basename((entry / "cmdline").read_bytes().split(b"\0")[0]) if environment else b""
        except OSError:
            continue
        if f"TMPDIR={sockets}\0".encode() in environment and name in (b"ssh", b"ctxtop"):
            found.append(int(entry.name))
    return found


@pytest.fixture
def daemon(tmp_path, place, alone):
    """Starts an sshd, and stops it at the end of the test."""
    running = []

    def start(path=BARE, name="sshd", **variables):
        running.append(Sshd(tmp_path / name, {"PATH": path, "HOME": str(tmp_path), "CTXTOP_DIR": str(place), **variables}, alone))
        return running[-1]

    yield start
    for each in running:
        each.stop()


@pytest.fixture
def sshd(daemon, there):
    """The other host, with ctxtop in its PATH."""
    return daemon(f"{there}:{BARE}")


@pytest.fixture
def bare(daemon):
    """The other host, without ctxtop."""
    return daemon()


@pytest.fixture
def here(program, sockets, tmp_path):
    """Runs ctxtop where nothing runs but what is on the other host."""

    def run(sshd, *arguments, timeout=30, **variables):
        environment = {
            "PATH": f"{sshd.bin}:{BARE}", "LANG": "C.UTF-8", "TMPDIR": str(sockets), "HOME": str(tmp_path), **variables}
        return subprocess.run(
            [program, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
            env=environment)

    return run


# With ctxtop on the far side, and without


@pytest.mark.parametrize("target", ["ssh://prod-3/shop", "ssh://root@prod-3/"])
def test_dump_through_a_relay(sshd, here, exporter, target):
    exporter("shop")
    result = here(sshd, "dump", target, "--format", "json")
    assert (result.returncode, result.stderr) == (0, "")
    assert [worker["pid"] for worker in json.loads(result.stdout)["workers"]] == [4312, 4313]


@pytest.mark.parametrize("target", ["ssh://prod-3/shop", "ssh://prod-3"])
def test_dump_through_a_forwarded_socket(bare, here, exporter, target):
    exporter("shop")
    result = here(bare, "dump", target, "--format", "json")
    assert (result.returncode, result.stderr) == (0, "")
    assert [worker["pid"] for worker in json.loads(result.stdout)["workers"]] == [4312, 4313]


@pytest.mark.parametrize("kind", ["sshd", "bare"])
def test_a_path_there(request, kind, here, exporter, place):
    exporter("shop")
    result = here(request.getfixturevalue(kind), "dump", f"ssh://prod-3{place}/shop.sock", "--table", "workers")
    assert (result.returncode, result.stderr) == (0, "")
    assert "4312" in result.stdout


@pytest.mark.parametrize("kind", ["sshd", "bare"])
def test_what_is_not_there(request, kind, here, exporter):
    exporter("shop")
    result = here(request.getfixturevalue(kind), "dump", "ssh://prod-3/ship")
    assert result.returncode == 66
    assert result.stderr == (
        "ctxtop: on prod-3: looking for the app ship: not here; there is shop; name one of these, or give the path of"
        " its socket\n")


@pytest.mark.parametrize("kind", ["sshd", "bare"])
def test_a_socket_that_nobody_listens_on(request, kind, here, exporter):
    exporter("shop").stop(unlink=False)
    result = here(request.getfixturevalue(kind), "dump", "ssh://prod-3/shop")
    assert result.returncode in (69, 75)
    assert result.stderr.count("\n") == 1
    if kind == "bare":
        assert "without ctxtop on prod-3 its segment cannot be read" in result.stderr


@pytest.mark.parametrize("kind", ["sshd", "bare"])
def test_list(request, kind, here, exporter):
    exporter("shop")
    exporter("chat", pids=(7,))
    result = here(request.getfixturevalue(kind), "ls", "ssh://prod-3")
    assert (result.returncode, result.stderr) == (0, "")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [(line[0], line[3], line[4]) for line in lines[1:]] == [("chat", "1/1", "yes"), ("shop", "2/2", "yes")]
    listed = json.loads(here(request.getfixturevalue(kind), "ls", "ssh://prod-3", "--json").stdout)
    assert [entry["name"] for entry in listed] == ["chat", "shop"]


def test_recording_and_checking(sshd, here, exporter, tmp_path):
    exporter("shop")
    path = tmp_path / "far.ctxtop"
    result = here(sshd, "record", "ssh://prod-3/shop", "-o", path, "-n", 3, "-i", "0.2", "-q")
    assert (result.returncode, result.stderr) == (0, "")
    assert len(here(sshd, "dump", path, "-f", "ndjson", "-n", 9).stdout.splitlines()) == 3
    result = here(sshd, "check", "ssh://prod-3/shop", "-c", "leaked=0")
    assert result.stdout.startswith("CTXTOP OK"), result.stdout
    before = tmp_path / "before.json"
    assert here(sshd, "dump", "ssh://prod-3/shop", "-f", "json", "-o", before).returncode == 0
    assert here(sshd, "diff", before, "ssh://prod-3/shop").returncode == 0


@pytest.mark.parametrize("kind", ["sshd", "bare"])
def test_recycle(request, kind, here, exporter):
    """The worker goes when it is told to, and another one comes."""
    pids = [4312, 4313]

    def serve(connection):
        words = connection.makefile("rb").readline().split()
        if words[:1] == [b"recycle"]:
            connection.sendall(b"ok: it takes no new requests\n")
            pids[0] = 5000
        while words[:1] == [b"watch"]:
            connection.sendall(record(pids=tuple(pids), generations=tuple(pids)))
            time.sleep(int(words[1]) / 1000)

    exporter("shop", serve)
    result = here(request.getfixturevalue(kind), "recycle", "ssh://prod-3/shop", 4312)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "it takes no new requests\nworker 4312 is gone, and 5000 is there in its place\n"


# What goes wrong


def test_a_host_key_that_changed(sshd, here, exporter):
    exporter("shop")
    key(sshd.directory / "other")
    sshd.trust("other.pub")
    result = here(sshd, "dump", "ssh://prod-3/shop")
    assert result.returncode == 77
    assert "Host key verification failed" in result.stderr.splitlines()[-1]


def test_a_key_that_is_refused(sshd, here):
    key(sshd.directory / "stranger")
    sshd.write_client(sshd.directory / "stranger")
    result = here(sshd, "dump", "ssh://prod-3/shop")
    assert result.returncode == 77
    assert result.stderr.startswith("ctxtop: connecting to prod-3: ssh would have to ask: ")
    assert "Permission denied (publickey)" in result.stderr


def test_nobody_listens(sshd, here):
    sshd.stop()
    begun = time.monotonic()
    result = here(sshd, "dump", "ssh://prod-3/shop")
    assert result.returncode == 69 and time.monotonic() < begun + 10
    assert "Connection refused" in result.stderr and result.stderr.count("\n") == 1


def test_a_question_without_a_terminal_is_an_error_at_once(sshd, here):
    """A host that nobody knows yet."""
    (sshd.directory / "known_hosts").write_text("")
    result = here(sshd, "dump", "ssh://prod-3/shop", timeout=15)
    assert result.returncode == 77
    assert "Host key verification failed" in result.stderr


def test_no_client(sshd, here, tmp_path):
    result = here(sshd, "dump", "ssh://prod-3/shop", PATH=str(tmp_path))
    assert result.returncode == 69
    assert result.stderr == "ctxtop: connecting to prod-3: there is no ssh in PATH; install OpenSSH's client\n"


def test_hostile_names(here, tmp_path):
    """What could be an option, a word for a shell or a sequence for the terminal is no target. No ssh is even looked for."""
    nowhere = SimpleNamespace(bin=tmp_path)
    for target, reason in [
        ("ssh://", "names no host"), ("ssh:///shop", "names no host"), ("ssh://-oProxyCommand=id/x", "begin with a dash"),
        ("ssh://-l@h/x", "begin with a dash"), ("ssh://h:0/x", "port"), ("ssh://h:66000/x", "port"),
        ("ssh://h$(id)/x", "cannot be in"), ("ssh://h/%00", "control characters"), ("ssh://h/%1b[2J", "control characters"),
        ("ssh://h/%zz", "hexadecimal"), ("ssh://[::1/x", "bracket"), ("ssh://h'/x", "cannot be in"),
        ("ssh://h/a b", "no app's name"),
    ]:
        result = here(nowhere, "dump", target)
        assert result.returncode == 64, result.stderr
        assert reason in result.stderr and result.stderr.count("\n") == 1 and "\x1b" not in result.stderr


def test_a_hostile_path_is_one_word_there(sshd, here, tmp_path):
    """Whatever a shell would make of it: it is looked for, and not there."""
    name = f"/a/'; touch {tmp_path}/pwned; '$(touch {tmp_path}/pwned)`touch {tmp_path}/pwned`"
    result = here(sshd, "dump", "ssh://prod-3" + name)
    assert result.returncode == 66 and "No such file" in result.stderr
    assert not (tmp_path / "pwned").exists()


HOSTILE = [
    ("yes", "not a ctxtop snapshot"),
    ("tr '\\0' x < /dev/zero", "not a ctxtop snapshot"),
    ("head -c 100000 /dev/urandom", "not a ctxtop snapshot"),
    ("echo 'ctxtop relay 1 9'; tr '\\0' x < /dev/zero", "not a ctxtop snapshot"),
    ("echo 'ctxtop relay 1 9'; head -c 100000 /dev/urandom", "not a ctxtop snapshot"),
    ("echo 'ctxtop relay 7 9'; sleep 20", "speaks version 7 of the relay"),
    ("printf 'ctxtop relay 1 9\\nfailed\\t66\\t\\033[2Jx\\ty\\tz\\n'; exit 66", "on prod-3: ?[2Jx: y; z"),
    ("printf 'a \\033[31mred\\033[0m word\\n' >&2; exit 3", "a ?[31mred?[0m word"),
    ("exit 5", "it ended with status 5"),
]


def test_hostile_output(daemon, tmp_path, here, is_long):
    """Whatever the other side says: one line, without a sequence for the terminal, and soon."""
    (tmp_path / "hostile").mkdir()
    ctxtop = tmp_path / "hostile/ctxtop"
    sshd = daemon(f"{ctxtop.parent}:{BARE}")
    for script, words in HOSTILE + ([("echo 'ctxtop relay 1 9'; yes live", "no answer")] if is_long else []):
        ctxtop.write_text(f"#!/bin/sh\n{script}\n")
        ctxtop.chmod(0o755)
        result = here(sshd, "dump", "ssh://prod-3/shop")
        assert result.returncode not in (0, 139, 134, 132), (script, result)
        assert words in result.stderr, script
        assert result.stderr.count("\n") == 1 and "\x1b" not in result.stderr and len(result.stderr) < 2000


def test_a_host_that_talks_at_login(daemon, there, here, exporter, program):
    """What a shell's start files print comes before the relay."""
    exporter("shop")
    (there / "ctxtop").unlink()
    (there / "ctxtop").write_text(f'#!/bin/sh\necho "Welcome to prod-3"\nexec {program} "$@"\n')
    (there / "ctxtop").chmod(0o755)
    assert here(daemon(f"{there}:{BARE}"), "dump", "ssh://prod-3/shop").returncode == 0


def test_the_program_there_can_be_named(bare, here, exporter, program):
    exporter("shop")
    assert here(bare, "dump", "ssh://prod-3/shop", CTXTOP_REMOTE_PROGRAM=program).returncode == 0
    result = here(bare, "dump", "ssh://prod-3/shop", CTXTOP_REMOTE_PROGRAM="/nowhere/ctxtop")
    assert result.returncode == 69 and "calling ctxtop on prod-3: it is not there" in result.stderr


def test_doing_without_ctxtop_there(sshd, here, exporter):
    exporter("shop")
    assert here(sshd, "dump", "ssh://prod-3/shop", CTXTOP_REMOTE_PROGRAM="none").returncode == 0


# In a terminal


@pytest.fixture
def terminal(program, place, tmp_path, sockets):
    """A shell in a terminal from which ctxtop reaches the other host."""
    screens = []

    def open_terminal(sshd):
        screen = Screen(program, tmp_path / "nothing", tmp_path, ["env", f"PATH={sshd.bin}:{BARE}", f"TMPDIR={sockets}"])
        screens.append(screen)
        return screen

    yield open_terminal
    for screen in screens:
        # Who was killed leaves a terminal in which the shell reads nothing, and ends: then the server has ended, too.
        subprocess.run(["tmux", "-L", screen.name, "kill-server"], capture_output=True)


@pytest.mark.parametrize("kind", ["sshd", "bare"])
def test_the_dashboard(request, kind, terminal, exporter):
    exporter("shop")
    screen = terminal(request.getfixturevalue(kind))
    screen.start("ssh://prod-3/shop", "-d", "0.2")
    screen.wait("4312", "4313", "live")
    screen.press("q")
    screen.expect_end()


@pytest.mark.parametrize("kind", ["sshd", "bare"])
def test_the_server_is_restarted(request, kind, terminal, exporter):
    first = exporter("shop")
    screen = terminal(request.getfixturevalue(kind))
    screen.start("ssh://prod-3/shop", "-d", "0.2")
    screen.wait("4312", "live")
    first.stop()
    screen.wait("reconnecting")
    exporter("shop", pids=(5000, 5001))
    screen.wait("5000", "live", missing=["4312"])
    screen.press("q")
    screen.expect_end()


@pytest.mark.parametrize("kind", ["sshd", "bare"])
def test_sshd_is_restarted(request, kind, terminal, exporter):
    exporter("shop")
    sshd = request.getfixturevalue(kind)
    screen = terminal(sshd)
    screen.start("ssh://prod-3/shop", "-d", "0.2")
    screen.wait("4312", "live")
    sshd.stop()
    screen.wait("reconnecting", "4312")
    sshd.start()
    screen.wait("live", missing=["reconnecting"], seconds=20)
    screen.press("q")
    screen.expect_end()


def test_a_frozen_link(sshd, terminal, exporter):
    """A connection that says nothing any more is given up within seconds, for one that does."""
    exporter("shop")
    screen = terminal(sshd)
    screen.start("ssh://prod-3/shop", "-d", "0.2")
    screen.wait("4312", "live")
    sshd.freeze()
    screen.wait("reconnecting", seconds=12)
    screen.wait("live", missing=["reconnecting"], seconds=20)
    sshd.cut()
    screen.wait("live", missing=["reconnecting"], seconds=20)
    screen.press("q")
    screen.expect_end()


def test_questions_are_asked_before_the_screen(sshd, terminal, exporter):
    """A host that nobody knows yet, and a key with a passphrase."""
    exporter("shop")
    (sshd.directory / "known_hosts").write_text("")
    locked = key(sshd.directory / "locked", "open sesame")
    (sshd.directory / "authorized_keys").write_text((sshd.directory / "locked.pub").read_text())
    sshd.write_client(locked)
    screen = terminal(sshd)
    screen.start("ssh://prod-3/shop", "-d", "0.2")
    screen.wait("Are you sure you want to continue connecting")
    screen.press("yes", "Enter")
    screen.wait("Enter passphrase for key")
    screen.press("open sesame", "Enter")
    screen.wait("4312", "live")
    # What was answered once has to be answered again: nobody keeps it.
    sshd.stop()
    screen.wait("reconnecting")
    sshd.start()
    screen.wait("ssh wants an answer: Enter", seconds=20)
    screen.press("Enter")
    # The screen that it leaves for shows the first question again.
    end = time.monotonic() + 8
    while screen.text().count("Enter passphrase for key") < 2:
        assert time.monotonic() < end, screen.text()
        time.sleep(0.05)
    screen.press("open sesame", "Enter")
    screen.wait("4312", "live", missing=["ssh wants"])
    screen.press("q")
    screen.expect_end()


def test_a_question_that_is_not_answered(sshd, terminal):
    (sshd.directory / "known_hosts").write_text("")
    screen = terminal(sshd)
    screen.start("ssh://prod-3/shop")
    screen.wait("Are you sure you want to continue connecting")
    screen.press("no", "Enter")
    screen.wait("ctxtop: connecting to prod-3: ssh says: Host key verification failed")
    screen.expect_end(69)


@pytest.mark.parametrize("kind, name, status", [
    ("sshd", "INT", 0), ("sshd", "TERM", 143), ("sshd", "KILL", 137), ("bare", "HUP", 129), ("bare", "KILL", 137)])
def test_nothing_outlives_it(request, kind, terminal, exporter, sockets, name, status):
    exporter("shop")
    sshd = request.getfixturevalue(kind)
    screen = terminal(sshd)
    # A terminal that goes must not be what ends them.
    screen.start("ssh://prod-3/shop", "-d", "0.2", before="trap '' HUP;" if name == "KILL" else "")
    screen.wait("4312", "live")
    assert list(sockets.iterdir()) and len(clients(sockets)) >= 3
    os.kill(screen.pid(), signal.Signals["SIG" + name])
    if name != "KILL":
        screen.expect_end(status)
    expect_nothing_left(sockets)
    end = time.monotonic() + 5
    while (left := [*map(command_of, sshd.sessions())]) and time.monotonic() < end:
        time.sleep(0.02)
    assert not left


def test_killed_while_ssh_asks(sshd, terminal, sockets):
    (sshd.directory / "known_hosts").write_text("")
    screen = terminal(sshd)
    screen.start("ssh://prod-3/shop")
    screen.wait("Are you sure you want to continue connecting")
    os.kill(screen.pid(), signal.SIGKILL)
    screen.wait("status=137")
    expect_nothing_left(sockets)

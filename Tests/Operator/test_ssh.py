"""`ssh://`: a real sshd on loopback, with and without ctxtop behind it. What is asked and shown in a terminal,
test_ssh_screen.py has."""

import json
import time
from types import SimpleNamespace

import pytest
from fake import record
from sshd import BARE, key


# With ctxtop on the far side, and without


# Through a relay, and through a forwarded socket.
@pytest.mark.parametrize("kind", ["sshd", "bare"])
@pytest.mark.parametrize("target", ["ssh://prod-3/shop", "ssh://root@prod-3/"])
def test_dump(request, kind, here, exporter, target):
    exporter("shop")
    result = here(request.getfixturevalue(kind), "dump", target, "--format", "json")
    assert (result.returncode, result.stderr) == (0, "")
    assert [worker["pid"] for worker in json.loads(result.stdout)["workers"]] == [4312, 4313]


@pytest.mark.parametrize("kind", ["sshd", "bare"])
def test_a_path_there(request, kind, here, exporter, place):
    exporter("shop")
    result = here(request.getfixturevalue(kind), "dump", f"ssh://prod-3{place}/shop.sock", "--table", "workers")
    assert (result.returncode, result.stderr) == (0, "")
    assert "4312" in result.stdout


@pytest.mark.parametrize("kind", ["sshd", "bare"])
def test_through_a_jump_host(request, kind, daemon, here, exporter):
    exporter("shop")
    sshd, jump = request.getfixturevalue(kind), daemon("/nowhere", name="jump")
    sshd.lead_through(jump)
    result = here(sshd, "dump", "ssh://prod-3/shop", "--table", "workers")
    assert (result.returncode, result.stderr) == (0, "") and "4312" in result.stdout
    assert "Accepted publickey" in (jump.directory / "log").read_text()
    jump.stop()
    result = here(sshd, "dump", "ssh://prod-3/shop")
    assert result.returncode == 69 and "ctxtop: connecting to prod-3: ssh says: " in result.stderr


@pytest.mark.parametrize("kind", ["sshd", "bare"])
def test_an_address_of_ipv6(request, kind, here, exporter):
    sshd = request.getfixturevalue(kind)
    sshd.stop()
    sshd.start("ListenAddress ::1")
    exporter("shop")
    result = here(sshd, "dump", f"ssh://[::1]:{sshd.port}/shop", "--table", "workers")
    assert (result.returncode, result.stderr) == (0, "") and "4312" in result.stdout


@pytest.mark.parametrize("kind", ["sshd", "bare"])
def test_what_is_not_there(request, kind, here, exporter):
    exporter("shop")
    result = here(request.getfixturevalue(kind), "dump", "ssh://prod-3/ship")
    assert result.returncode == 66
    assert result.stderr == (
        "ctxtop: on prod-3: looking for the app ship: not here; there is shop; name one of these, or give the path of"
        " its socket\n")


@pytest.mark.parametrize("kind", ["sshd", "bare"])
@pytest.mark.parametrize("is_path", [True, False])
def test_a_socket_that_nobody_listens_on(request, kind, is_path, here, exporter, place, fails):
    exporter("shop").stop(unlink=False)
    path = place / "shop.sock"
    result = here(request.getfixturevalue(kind), "dump", f"ssh://prod-3{path}" if is_path else "ssh://prod-3/shop")
    if kind == "bare":
        fails(
            result, 69, f"ctxtop: connecting to {path} on prod-3: nobody answers: it is not there, nobody listens on it, or",
            "without ctxtop on prod-3 its segment cannot be read", "see with `ctxtop ls ssh://prod-3` what runs there")
    else:
        fails(result, 69, f"on prod-3: connecting to {path}: nobody listens there; start the app")


@pytest.mark.parametrize("kind", ["sshd", "bare"])
def test_a_path_that_is_not_there(request, kind, here, place, fails):
    path = place / "shop.sock"
    result = here(request.getfixturevalue(kind), "dump", f"ssh://prod-3{path}")
    words = (69, f"connecting to {path} on prod-3: nobody answers") if kind == "bare" else (66, f"on prod-3: reading {path}: ")
    fails(result, *words, "see with `ctxtop ls ssh://prod-3` what runs there")


def test_an_sshd_that_forwards_nothing(bare, here, exporter, place, fails):
    """It does not say so to the client, which must name it as possible."""
    exporter("shop")
    bare.stop()
    bare.start("AllowStreamLocalForwarding no")
    fails(here(bare, "dump", "ssh://prod-3/shop"), 69, f"{place}/shop.sock on prod-3", "or sshd there forwards no sockets")


@pytest.mark.parametrize("kind", ["sshd", "bare"])
def test_what_to_do_is_told_for_the_other_host(request, kind, here, exporter, fails):
    exporter("shop")
    exporter("blog")
    result = here(request.getfixturevalue(kind), "dump", "ssh://prod-3")
    fails(
        result, 64, "on prod-3: choosing an app: there are several: blog, shop; name one of them, as in"
        " `ctxtop ssh://prod-3/blog`")


@pytest.mark.parametrize("target, words", [
    ("ssh://", "it names no host; write ssh://[user@]host[:port]\n"),
    ("ssh://prod-3/shop", "that is no host; write ssh://[user@]host[:port]\n")])
def test_a_list_of_no_host(tmp_path, here, fails, target, words):
    fails(here(SimpleNamespace(bin=tmp_path), "ls", target), 64, f"listing {target}: {words}")


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

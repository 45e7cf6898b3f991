"""Bad input: one clear line that says what was tried and what to do, a status of sysexits, never a trap or a hang."""

import os
import random
import socket
import struct
import time

import pytest
from fake import crc32c, record, saying, wait_for_end

USAGE, DATAERR, NOINPUT, UNAVAILABLE, TEMPFAIL, PROTOCOL, NOPERM = 64, 65, 66, 69, 75, 76, 77

COMMANDS = [("dump",), ()]


@pytest.mark.parametrize("command", COMMANDS, ids=["dump", "watch"])
def test_nothing_runs(ctxtop, fails, place, command):
    fails(ctxtop(*command), NOINPUT, "looking for a running app", place, "socket")


@pytest.mark.parametrize("command", COMMANDS, ids=["dump", "watch"])
def test_unknown_name(ctxtop, fails, exporter, command):
    exporter("chat")
    fails(ctxtop(*command, "shop"), NOINPUT, "looking for the app shop", "there is chat")


@pytest.mark.parametrize("command", COMMANDS, ids=["dump", "watch"])
def test_several_services(ctxtop, fails, exporter, command):
    exporter("chat")
    exporter("shop")
    fails(ctxtop(*command), USAGE, "chat, shop", "name one")


def test_unknown_path(ctxtop, fails):
    fails(ctxtop("dump", "/no/such/place.sock"), NOINPUT, "/no/such/place.sock", "No such file")


def test_neither_socket_nor_segment(ctxtop, fails):
    fails(ctxtop("dump", "/dev/null"), NOINPUT, "neither a socket nor a file")


def test_a_url(ctxtop, fails):
    fails(ctxtop("dump", "https://prod-3/shop"), USAGE, "https://prod-3/shop", "ssh://")


@pytest.mark.parametrize("target", ["", "shop"])
def test_dead_socket(ctxtop, fails, exporter, target):
    exporter("shop").stop(unlink=False)
    fails(ctxtop("dump", *target.split()), UNAVAILABLE, "nobody listens there")


def test_dead_socket_and_a_segment_that_is_none(ctxtop, fails, exporter, place):
    exporter("shop").stop(unlink=False)
    (place / "shop.v2.segment").write_bytes(os.urandom(5000))
    fails(ctxtop("dump", "shop"), DATAERR, "nobody listens there", "shop.v2.segment instead", "not a ctxtop segment")


@pytest.mark.parametrize(
    "content", [b"", b"CTX", bytes(100_000), b"\xff" * 70_000], ids=["empty", "short", "zeros", "ones"])
def test_files_that_are_no_segment(ctxtop, fails, place, content):
    path = place / "shop.v2.segment"
    path.write_bytes(content)
    fails(ctxtop("dump", path), DATAERR, path)


def test_silent_socket(ctxtop, fails, exporter):
    exporter("shop", wait_for_end)
    began = time.monotonic()
    fails(ctxtop("dump", "shop"), TEMPFAIL, "no answer")
    assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    "words", [b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(100), b"{}\n", b"ctxtopr1" + bytes(40)],
    ids=["http", "zeros", "json", "nearly"])
def test_not_our_protocol(ctxtop, fails, exporter, words):
    server = exporter("shop", saying(words))
    fails(ctxtop("dump", server.path), PROTOCOL, "not a ctxtop snapshot")


def test_an_exporter_that_refuses(ctxtop, fails, exporter):
    exporter("shop", saying(b"error: \x1b]0;owned\x07 no\n"))
    result = ctxtop("dump", "shop")
    fails(result, PROTOCOL, "it refused")
    assert "\x1b" not in result.stderr and "\x07" not in result.stderr


def test_another_record_version(ctxtop, fails, exporter):
    exporter("shop", saying(record()[:8] + b"\7\0" + record()[10:]))
    fails(ctxtop("dump"), PROTOCOL, "version 7")


def test_a_damaged_record(ctxtop, fails, exporter):
    bad = bytearray(record())
    bad[60] ^= 0x10
    exporter("shop", saying(bytes(bad)))
    fails(ctxtop("dump"), DATAERR, "checksum")


def test_a_record_that_claims_too_much(ctxtop, fails, exporter):
    head = b"CTXTOPR1" + struct.pack("<HHIQQI", 1, 0, 0xFFFFFFF0, 1, 1, 0)
    exporter("shop", saying(head + struct.pack("<I", crc32c(head))))
    fails(ctxtop("dump"), DATAERR, "MiB")


def test_a_record_cut_short(ctxtop, fails, exporter):
    exporter("shop", lambda connection: connection.sendall(record()[:-1]))
    result = ctxtop("dump")
    fails(result, TEMPFAIL, "ctxtop: ")
    # It tries until its time is up; on a busy machine that may be in the middle of a try.
    assert any(told in result.stderr for told in ("middle of a record", "answer", "closed")), result.stderr


def test_random_records(ctxtop, exporter):
    """Whatever comes: an orderly end, and no longer than the deadline."""
    dice = random.Random(7)

    def serve(connection):
        data = bytearray(record())
        for _ in range(dice.randrange(1, 9)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        connection.sendall(data[: dice.randrange(1, len(data))])
        connection.sendall(dice.randbytes(dice.randrange(300)))
        time.sleep(0.01)

    exporter("shop", serve)
    for _ in range(10):
        result = ctxtop("dump", "shop")
        assert result.returncode in (DATAERR, TEMPFAIL, PROTOCOL), result.stderr
        assert result.stderr.count("\n") == 1


def test_a_directory_that_is_not_safe(ctxtop, fails, exporter, place):
    exporter("shop")
    os.chmod(place, 0o777)
    fails(ctxtop("dump"), NOPERM, place, "others can write to it")


def test_a_directory_that_is_a_link(ctxtop, fails, exporter, place, tmp_path):
    exporter("shop")
    link = tmp_path / "link"
    link.symlink_to(place)
    fails(ctxtop("dump", env={"CTXTOP_DIR": str(link)}), NOPERM, link, "symbolic link")


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


def as_user(user):
    return {"as_somebody_else": True, "preexec_fn": lambda: (os.setgroups([]), os.setgid(user), os.setuid(user))}


@as_root
def test_a_directory_that_is_not_ours(ctxtop, fails, exporter, place, tmp_path):
    exporter("shop")
    os.chown(place, 4242, 4242)
    for directory in (tmp_path, *tmp_path.parents[:2]):
        os.chmod(directory, 0o755)
    fails(ctxtop("dump", **as_user(5555)), NOPERM, place, "uid 4242")
    assert "shop" in ctxtop("ls").stdout, "root looks at everybody's"


@as_root
def test_a_peer_that_is_neither_root_nor_we(ctxtop, fails, place, tmp_path):
    """The socket lies where root put it, but somebody else listens."""
    for directory in (tmp_path, *tmp_path.parents[:2], place):
        os.chmod(directory, 0o755)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(place / "shop.sock"))
    os.chmod(place / "shop.sock", 0o777)
    os.seteuid(4242)
    listener.listen(4)  # the kernel notes who listens
    os.seteuid(0)
    fails(ctxtop("dump", **as_user(5555)), NOPERM, "uid 4242 listens there")


@pytest.mark.parametrize("arguments, words", [
    ("--no-such", "unknown option '--no-such'; see `ctxtop watch --help`"), ("-i 0", "unknown option"),
    ("dump --formt json", "did you mean '--format'?; see `ctxtop dump --help`"),
    ("dump -f xml", "one of the following: json, ndjson, csv"), ("dump -n", "missing value"),
    ("-d 0", "seconds from 0.1 to 86400"), ("-d nan", "seconds from 0.1"), ("record -o x -i 0.001", "seconds from 0.1"),
    ("dump -n 0", "a whole number from 1"), ("dump --at 25:00", "@SECONDS"), ("record", "--output"),
    ("record -o x --rotate-size 20k", "from 64k"), ("record -o x --for 0", "a time from 1s"),
    ("record -o -", "a recording is a file"), ("record -o x --keep 3", "--rotate-size"), ("recycle shop", "<pid>"),
    ("dump shop more", "unexpected argument 'more'; it looks at one target at a time"),
    ("record shop more", "unexpected argument 'more'; it looks at one target at a time"),
    ("help a b", "unexpected argument"),
])
def test_usage_is_one_line(ctxtop, fails, arguments, words):
    result = ctxtop(*arguments.split())
    fails(result, USAGE, "reading the command line: ")
    assert words.lower() in result.stderr.lower()


def test_usage_with_characters_that_do_something(ctxtop, fails):
    result = ctxtop("dump", "--at", "\x1b[31m\n9\u2028:04")
    fails(result, USAGE, "?[31m")
    assert "\x1b" not in result.stderr and len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("target", ["/nowhere/shop.ctxtop", "shop.ctxtop", "/nowhere/run"])
def test_a_file_that_is_not_there_is_not_waited_for(ctxtop, fails, exporter, target):
    exporter("shop")
    fails(ctxtop("shop", target, "-n", "1"), NOINPUT, target)


def test_an_app_that_is_not_there_is_looked_for(ctxtop, exporter, place):
    exporter("shop")
    for target in ("blog", place / "blog.sock"):
        result = ctxtop("shop", target, "-n", "1")
        assert result.returncode == 0 and "4312" in result.stdout and result.stderr.startswith("ctxtop: blog: ")

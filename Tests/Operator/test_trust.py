"""Whom ctxtop believes: who listens at a socket and who owns a file counts, wherever these lie."""

import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile

import pytest

NOPERM, DATAERR = 77, 65
GAMES, NOBODY = (pwd.getpwnam(name).pw_uid for name in ("games", "nobody"))
LISTEN = """
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
os.setuid(int(sys.argv[2]))
listener.listen(5)
print("ready", flush=True)
while True:
    client, _ = listener.accept()
    try:
        client.sendall(b"error: you have been had\\n")
    except OSError:
        pass  # It did not want to hear it.
    client.close()
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


@pytest.fixture
def place():
    """A runtime directory of the user games, who can get there."""
    path = tempfile.mkdtemp(prefix="ctxtop-trust-", dir="/dev/shm")
    os.chown(path, GAMES, -1)
    yield pathlib.Path(path)
    shutil.rmtree(path, ignore_errors=True)


def as_games():
    return {"as_somebody_else": True, "preexec_fn": lambda: (os.setgroups([]), os.setgid(GAMES), os.setuid(GAMES))}


@pytest.fixture
def listener(place):
    """Somebody who listens at the shop's socket, in a directory that nobody but games should be able to write to."""
    running = []

    def start(user):
        command = [sys.executable, "-c", LISTEN, str(place / "shop.sock"), str(user)]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert running[-1].stdout.readline() == "ready\n"

    yield start
    for process in running:
        process.kill()
        process.communicate(timeout=5)


def test_a_foreign_listener_in_a_directory_of_ours_is_not_believed(ctxtop, place, listener, fails):
    listener(NOBODY)
    for command in (["dump", "shop"], ["recycle", "shop", "1"], ["record", "shop", "-o", str(place / "x"), "--for", "1s"]):
        result = ctxtop(*command, **as_games())
        assert result.returncode != 0 and "had" not in result.stderr + result.stdout
        assert "nobody listens there, who is neither you nor root" in result.stderr, result.stderr
    fails(ctxtop("dump", "shop", **as_games()), NOPERM, "nobody listens there, who is neither you nor root")


def test_root_and_oneself_are_believed(ctxtop, place, listener):
    for user in (0, GAMES):
        (place / "shop.sock").unlink(missing_ok=True)
        listener(user)
        assert "you have been had" in ctxtop("dump", "shop", **as_games()).stderr


def test_a_foreign_segment_is_read_only_by_its_own_name(ctxtop, place, fails):
    segment = place / "shop.v2.segment"
    segment.write_bytes(b"x" * 8192)
    segment.chmod(0o644)
    os.chown(segment, NOBODY, -1)
    fails(ctxtop("dump", "shop", **as_games()), NOPERM, "it belongs to nobody, who is neither you nor root")
    # Who names it means it; and this one is none.
    fails(ctxtop("dump", segment, **as_games()), DATAERR, "not a ctxtop segment")
    link = place / "link.segment"
    link.symlink_to(segment)
    fails(ctxtop("dump", link, **as_games()), DATAERR, "not a ctxtop segment")


def test_a_link_in_a_directory_of_ours_is_no_segment(ctxtop, place, tmp_path):
    (tmp_path / "secret").write_bytes(b"x" * 8192)
    (place / "shop.v2.segment").symlink_to(tmp_path / "secret")
    result = ctxtop("ls", **as_games())
    assert "shop" not in result.stdout

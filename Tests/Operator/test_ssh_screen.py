"""`ssh://` in a terminal: the questions of ssh, connections that break, and that nothing outlives the program."""

import os
import signal
import time

import pytest
from sshd import clients, command_of, expect_nothing_left, key


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

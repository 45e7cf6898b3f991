"""`ssh://` in a terminal: the questions of ssh, connections that break, and that nothing outlives the program."""

import os
import pathlib
import signal
import subprocess
import tempfile
import time

import pytest
from fake import Exporter
from screen import expect_restart_shown
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
    expect_restart_shown(terminal(request.getfixturevalue(kind)), exporter, "ssh://prod-3/shop")


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
    sshd.write_client(locked, "NumberOfPasswordPrompts 1")
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
    wait_for_passphrases(screen, 2)
    screen.press("close sesame", "Enter")
    text = screen.wait("ctxtop: connecting to prod-3: ssh says: ", "Enter goes back to the screen.")
    assert text.count("Permission denied") == 1 and "4312" not in text
    # It stays until it was read, and then somebody may answer again.
    time.sleep(0.5)
    assert "Enter goes back to the screen." in screen.text()
    screen.press("Enter")
    screen.wait("ssh wants an answer: Enter", "4312", "Permission denied", missing=["goes back"])
    screen.press("Enter")
    wait_for_passphrases(screen, 3)
    screen.press("open sesame", "Enter")
    screen.wait("4312", "live", missing=["ssh wants", "Permission denied"])
    screen.press("q")
    screen.expect_end()


def test_one_of_several_targets_waits_for_an_answer(sshd, terminal, exporter, place):
    exporter("shop")
    exporter("blog", pids=(7,))
    locked = key(sshd.directory / "locked", "open sesame")
    (sshd.directory / "authorized_keys").write_text((sshd.directory / "locked.pub").read_text())
    sshd.write_client(locked)
    screen = terminal(sshd)
    screen.resize(120, 30)
    screen.start(place / "blog.sock", "ssh://prod-3/shop", "-d", "0.2")
    screen.wait("Enter passphrase for key")
    screen.press("open sesame", "Enter")
    screen.wait("4312", "blog ", "live")
    sshd.stop()
    screen.wait("prod-3/shop reconnecting")
    sshd.start()
    screen.wait("ssh wants an answer: t, then Enter on it", seconds=20)
    # On another one Enter opens what it is there for.
    screen.press("t", "Home", "Enter")
    screen.wait("Esc", "blog", missing=["4312"])
    screen.press("Escape")
    screen.wait("4312")
    screen.press("/", "prod-3/shop", "Enter", "Enter")
    wait_for_passphrases(screen, 2)
    screen.press("open sesame", "Enter")
    screen.wait("4312", "live", missing=["ssh wants"])
    screen.press("q")
    screen.expect_end()


def wait_for_passphrases(screen, count):
    """ssh has asked so often."""
    end = time.monotonic() + 8
    while screen.text().count("Enter passphrase for key") < count:
        assert time.monotonic() < end, screen.text()
        time.sleep(0.05)


def test_a_question_that_is_not_answered(sshd, terminal):
    (sshd.directory / "known_hosts").write_text("")
    screen = terminal(sshd)
    screen.start("ssh://prod-3/shop")
    screen.wait("Are you sure you want to continue connecting")
    screen.press("no", "Enter")
    text = screen.wait("ctxtop: connecting to prod-3: ssh says: Host key verification failed")
    assert text.count("Host key verification failed") == 1
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


@pytest.fixture
def ann(place):
    """A user with a password, for as long as the test takes: only root can make one."""
    if os.geteuid() != 0:
        pytest.skip("only root can make users")
    name = f"ctxtop-{os.getpid()}"
    subprocess.run(["useradd", "--no-create-home", "--shell", "/bin/sh", name], check=True, capture_output=True)
    subprocess.run(["chpasswd"], input=f"{name}:open sesame\n", text=True, check=True, capture_output=True)
    yield name
    subprocess.run(["userdel", name], check=True, capture_output=True)


def test_a_password(daemon, ann, terminal):
    """Without ctxtop there: the user must reach nothing but the app's socket."""
    with tempfile.TemporaryDirectory(prefix="ctxtop-", dir="/tmp") as directory:
        os.chmod(directory, 0o755)
        exporter = Exporter(pathlib.Path(directory) / "shop.sock")
        os.chmod(exporter.path, 0o666)
        sshd = daemon(CTXTOP_DIR=directory)
        sshd.stop()
        sshd.start("PasswordAuthentication yes")
        screen = terminal(sshd)
        screen.start(f"ssh://{ann}@prod-3/shop", "-d", "0.2")
        screen.wait(f"{ann}@127.0.0.1's password:")
        screen.press("wrong", "Enter")
        screen.wait("Permission denied, please try again.")
        screen.press("open sesame", "Enter")
        screen.wait("4312", "live")
        screen.press("q")
        screen.expect_end()
        exporter.stop()


def test_killed_while_ssh_asks(sshd, terminal, sockets):
    (sshd.directory / "known_hosts").write_text("")
    screen = terminal(sshd)
    screen.start("ssh://prod-3/shop")
    screen.wait("Are you sure you want to continue connecting")
    os.kill(screen.pid(), signal.SIGKILL)
    screen.wait("status=137")
    expect_nothing_left(sockets)

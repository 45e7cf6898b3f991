"""The program in a real xterm: what it draws, at any size, and what it leaves behind."""

import os
import signal
import time

import pytest
from xterm import XTerm, display



@pytest.fixture(scope="module")
def server():
    with display() as name:
        yield name


@pytest.fixture
def xterm(server, tmp_path):
    xterm = XTerm(server, tmp_path)
    yield xterm
    xterm.close()


@pytest.mark.parametrize("term", ["xterm", "xterm-256color", "vt100", "linux"])
def test_no_garbage(xterm, probe, term):
    xterm.run([probe, "mouse"], TERM=term)
    xterm.wait("last: nothing")
    for width, height in ((20, 2), (400, 120), (33, 9), (80, 24)):
        xterm.press(b"t")
        xterm.resize(width, height)
        time.sleep(0.15)
        xterm.press(b"t")
        xterm.wait("last: t", f"{width}x{height}"[:width - 9])
        before = xterm.settled()
        xterm.press(b"\x0c")
        xterm.wait("last: ^L")
        assert xterm.settled().splitlines()[1:] == before.splitlines()[1:]
    xterm.press(b"q")
    xterm.expect_end(0)


def test_the_dashboard(xterm, program, place, alone, exporter):
    exporter("shop", service="ショップ e\u0301")
    xterm.run([*alone, program, "shop", "-d", "0.2"], CTXTOP_DIR=str(place))
    text = xterm.wait("4312", "4313", "live", "ショップ")
    for width, height in ((20, 2), (300, 80), (80, 24)):
        xterm.resize(width, height)
        time.sleep(0.2)
    assert xterm.wait("4312", "4313", "live").splitlines()[-2:] == text.splitlines()[-2:]
    xterm.press(b"q")
    xterm.expect_end(0)


@pytest.mark.parametrize("name", ["TERM", "HUP", "SEGV", "ABRT"])
def test_a_signal_ends_it_and_gives_the_terminal_back(xterm, probe, program, place, alone, exporter, name):
    exporter("shop")
    number = signal.Signals["SIG" + name]
    if number in (signal.SIGTERM, signal.SIGHUP):
        xterm.run([*alone, program, "shop"], CTXTOP_DIR=str(place))
        xterm.wait("4312")
    else:
        xterm.run([probe, "mouse"], SWIFT_BACKTRACE="enable=no")
        xterm.wait("last:")
    os.kill(xterm.program.pid, number)
    xterm.expect_end(-number)

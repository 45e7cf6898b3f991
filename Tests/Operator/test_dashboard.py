"""The dashboard in a real terminal: tmux presses the keys and reads the screen."""

import os
import signal
import time

import pytest
from screen import expect_restart_shown


def test_shows_rows_and_quits(screen, exporter):
    exporter("shop")
    screen.start("shop", "-d", "0.2")
    text = screen.wait("4312", "4313", "live")
    assert "shop" in text
    screen.press("?")
    screen.wait("Keys", "Esc", missing=["4313"])
    screen.press("Escape")
    screen.wait("4313")
    screen.press("q")
    screen.expect_end()


def test_survives_every_size(screen, exporter):
    exporter("shop")
    screen.start("-d", "0.2")
    screen.wait("4312")
    for width, height in ((20, 2), (200, 60), (3, 1), (80, 24)):
        screen.tmux("resize-window", "-x", str(width), "-y", str(height))
        time.sleep(0.3)
    screen.wait("4312", "4313")
    screen.press("q")
    screen.expect_end()


def test_survives_a_restart_of_the_server(screen, exporter):
    expect_restart_shown(screen, exporter)


@pytest.mark.parametrize("name, status", [("INT", 0), ("TERM", 143), ("HUP", 129)])
def test_a_signal_ends_it_and_gives_the_terminal_back(screen, exporter, name, status):
    exporter("shop")
    screen.start()
    screen.wait("4312")
    os.kill(screen.pid(), signal.Signals["SIG" + name])
    screen.expect_end(status)


def test_is_stopped_and_continued(screen, exporter):
    exporter("shop")
    screen.start()
    screen.wait("4312")
    screen.press("C-z")
    screen.wait(missing=["4312"])
    screen.press("fg", "Enter")
    screen.wait("4312", "4313")
    screen.press("q")
    screen.wait("$")


def test_a_bad_target_leaves_the_terminal_alone(screen, exporter):
    exporter("shop").stop(unlink=False)
    screen.start("shop")
    screen.wait("nobody listens there")
    screen.expect_end(69)


def test_a_dumb_terminal_gets_plain_frames(screen, exporter):
    exporter("shop")
    screen.start("-d", "0.2", before="TERM=dumb")
    screen.wait("4312")
    screen.press("C-c")
    screen.press("echo ov''er", "Enter")
    screen.wait("over")

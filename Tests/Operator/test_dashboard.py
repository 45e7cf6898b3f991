"""The dashboard in a real terminal: tmux presses the keys and reads the screen."""

import os
import shlex
import shutil
import signal
import subprocess
import time
import uuid

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("tmux"), reason="needs tmux")


class Screen:
    """A shell in a terminal of its own."""

    def __init__(self, program, place, directory, alone):
        self.program, self.directory = program, directory
        self.name = "ctxtop-" + uuid.uuid4().hex[:8]
        shell = shlex.join([*alone, "env", f"CTXTOP_DIR={place}", "sh"])
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", f"exec {shell}")

    def tmux(self, *arguments):
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color", "PS1": "$ "}
        return subprocess.run(
            ["tmux", "-L", self.name, *arguments], env=environment, check=True, capture_output=True, text=True).stdout

    def press(self, *keys):
        self.tmux("send-keys", *keys)

    def text(self):
        return self.tmux("capture-pane", "-p")

    def value(self, format):
        return self.tmux("display-message", "-p", "#{%s}" % format).strip()

    def wait(self, *words, missing=(), seconds=8):
        end = time.monotonic() + seconds
        while True:
            text = self.text()
            if all(word in text for word in words) and not any(word in text for word in missing):
                return text
            assert time.monotonic() < end, f"waited for {words} without {missing}, saw:\n{text}"
            time.sleep(0.05)

    def start(self, *arguments, before=""):
        """Runs the program between two looks at the terminal's settings."""
        words = shlex.join([self.program, *map(str, arguments)])
        self.press(f"stty -g > {self.directory}/before; {before} {words}; echo status=$?; stty -g > {self.directory}/after")
        self.press("Enter")

    def expect_end(self, status=0):
        """The program has ended and the terminal is as it was."""
        self.wait(f"status={status}")
        assert self.value("alternate_on") == "0"
        assert self.value("cursor_flag") == "1"
        end = time.monotonic() + 3
        while not (self.directory / "after").exists() and time.monotonic() < end:
            time.sleep(0.05)
        assert (self.directory / "before").read_text() == (self.directory / "after").read_text()

    def pid(self):
        shell = self.value("pane_pid")
        return int(subprocess.run(["pgrep", "-P", shell], capture_output=True, text=True).stdout.split()[0])


@pytest.fixture
def screen(program, place, tmp_path, alone):
    screen = Screen(program, place, tmp_path, alone)
    yield screen
    screen.tmux("kill-server")


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
    first = exporter("shop")
    screen.start("-d", "0.2")
    screen.wait("4312", "live")
    first.stop()
    screen.wait("reconnecting")
    exporter("shop", pids=(5000, 5001))
    screen.wait("5000", "live", missing=["4312"])
    screen.press("q")
    screen.expect_end()


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
    screen.wait("\nover")

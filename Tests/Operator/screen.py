"""A real terminal: tmux, which presses keys, reads the screen and knows the terminal's modes."""

import os
import re
import shlex
import subprocess
import time
import uuid


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

    def send(self, data: bytes):
        """What a terminal would send."""
        self.tmux("send-keys", "-H", *(f"{byte:02x}" for byte in data))

    def resize(self, width, height):
        """Returns when the program can know: tmux takes its time when sizes change often."""
        self.tmux("resize-window", "-x", str(width), "-y", str(height))
        end = time.monotonic() + 3
        with open(self.value("pane_tty")) as terminal:
            while os.get_terminal_size(terminal.fileno()) != (width, height):
                assert time.monotonic() < end, f"never becomes {width}x{height}"
                time.sleep(0.01)

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

    def start(self, *arguments, before="", program=None):
        """Runs the program between two looks at the terminal's settings."""
        words = shlex.join([str(program or self.program), *map(str, arguments)])
        self.press(f"ulimit -c 0; stty -g > {self.directory}/before; {before} {words}; echo status=$?; stty -g > {self.directory}/after")
        self.press("Enter")

    def expect_end(self, status=0):
        """The program has ended and the terminal is as it was."""
        self.wait(f"status={status}")
        assert self.value("alternate_on") == "0"
        assert self.value("cursor_flag") == "1"
        assert self.mouse() == ""
        end = time.monotonic() + 3
        while not (self.directory / "after").exists() and time.monotonic() < end:
            time.sleep(0.05)
        assert (self.directory / "before").read_text() == (self.directory / "after").read_text()

    def mouse(self):
        """Which protocols of the mouse are switched on."""
        return " ".join(name for name in ("standard", "button", "any", "sgr") if self.value(f"mouse_{name}_flag") == "1")

    def pid(self):
        shell = self.value("pane_pid")
        return int(subprocess.run(["pgrep", "-P", shell], capture_output=True, text=True).stdout.split()[0])


def expect_restart_shown(screen, exporter, *target):
    """The app goes, which is said, and comes back with other workers, which are shown."""
    first = exporter("shop")
    screen.start(*target, "-d", "0.2")
    screen.wait("4312", "live")
    first.stop()
    screen.wait("reconnecting")
    exporter("shop", pids=(5000, 5001))
    screen.wait("5000", "live", missing=["4312"])
    screen.press("q")
    screen.expect_end()


class Desk(Screen):
    """A screen whose program runs in a directory of its own."""

    def __init__(self, program, place, directory, alone):
        super().__init__(program, place, directory, alone)
        self.home = directory / "home"
        self.home.mkdir()
        self.press(f"cd {self.home}", "Enter")

    def wait(self, *words, missing=(), seconds=8):
        """As said, or as said over several lines."""
        end = time.monotonic() + seconds
        while True:
            text = self.text()
            seen = text + re.sub(r"\s*\n {4}", " ", text) + re.sub(r"\s*\n {4}", "", text)
            if all(word in seen for word in words) and not any(word in text for word in missing):
                return seen
            assert time.monotonic() < end, f"waited for {words} without {missing}, saw:\n{text}"
            time.sleep(0.05)

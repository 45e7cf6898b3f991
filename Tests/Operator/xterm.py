"""xterm under a virtual display. It lends us its pseudo-terminal: what is written to our end of it are keys, and
it prints its own screen when it is told to."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time
import tty

RESOURCES = [
    "allowWindowOps: true", "printerAutoClose: true", "printAttributes: 0", "allowTitleOps: false", "locale: true",
    "geometry: 80x24", "faceName: DejaVu Sans Mono", "faceSize: 5",
]  # fmt: skip


@contextlib.contextmanager
def display():
    """A display without a screen, big enough for any terminal."""
    out, end = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(end), "-screen", "0", "4000x3000x8", "-nolisten", "tcp"], pass_fds=[end],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(end)
    try:
        with os.fdopen(out) as answer:
            number = answer.readline().strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


class XTerm:
    """An xterm, and at most one program in it."""

    def __init__(self, display, directory):
        self.page = directory / "page"
        self.keys, self.slave = pty.openpty()
        resources = [word for each in [*RESOURCES, f"printerCommand: cat > {self.page}.new; mv {self.page}.new {self.page}"]
                     for word in ("-xrm", f"XTerm*{each}")]  # fmt: skip
        name = os.ttyname(self.slave)
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "DISPLAY": display, "HOME": str(directory)}
        self.process = subprocess.Popen(
            ["xterm", f"-S{name}/{self.keys}", "-u8", *resources], env=environment, pass_fds=[self.keys],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # Its first words are the number of its window.
        assert os.read(self.slave, 100).strip(), "xterm did not start"
        tty.setraw(self.slave)
        self.settings = termios.tcgetattr(self.slave)
        self.program = None

    def run(self, command, **environment):
        """Starts a program whose terminal this is."""

        def prepare():
            os.setsid()
            # The tests may have been started by nohup; a program in a terminal is not.
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

        self.program = subprocess.Popen(
            command, stdin=self.slave, stdout=self.slave, stderr=self.slave, preexec_fn=prepare, pass_fds=[self.slave],
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color"} | environment)

    def press(self, data: bytes):
        os.write(self.keys, data)

    def resize(self, width, height):
        os.write(self.slave, b"\x1b[8;%d;%dt" % (height, width))

    def text(self):
        """What is on the screen now."""
        self.page.unlink(missing_ok=True)
        os.write(self.slave, b"\x1b[i")
        end = time.monotonic() + 5
        while not self.page.exists():
            assert time.monotonic() < end, "xterm does not print"
            time.sleep(0.01)
        # The right half of a wide character is printed as this.
        lines = self.page.read_text().replace("\uffff", "").split("\n")
        return "\n".join(line.rstrip() for line in lines)

    def settled(self):
        """The text once it has stopped changing."""
        text, before = self.text(), None
        while text != before:
            time.sleep(0.05)
            text, before = self.text(), text
        return text

    def wait(self, *words, seconds=8):
        end = time.monotonic() + seconds
        while not all(word in (text := self.text()) for word in words):
            assert time.monotonic() < end, f"waited for {words}, saw:\n{text}"
            time.sleep(0.05)
        return text

    def is_set(self, mode):
        """Whether one of DEC's private modes is switched on."""
        os.write(self.slave, b"\x1b[?%d$p" % mode)
        answer = b""
        while not answer.endswith(b"$y"):
            assert select.select([self.slave], [], [], 5)[0], f"no answer, only {answer}"
            answer += os.read(self.slave, 100)
        return answer.rpartition(b";")[2] in (b"1$y", b"3$y")

    def expect_end(self, status):
        """The program has ended and the terminal is as it was."""
        assert self.program.wait(8) == status
        assert termios.tcgetattr(self.slave) == self.settings
        modes = {25: "cursor", 1: "application's cursor keys", 1000: "mouse", 1006: "mouse", 1049: "other screen"}
        assert [name for mode, name in modes.items() if self.is_set(mode)] == ["cursor"]

    def close(self):
        for process in filter(None, (self.program, self.process)):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
        os.close(self.keys)
        os.close(self.slave)

"""Terminals of every kind and size: nothing is left behind on them or in their modes.

Whether garbage is on a screen, the screen tells: after all of it was painted anew, it must be the same.
"""

import difflib
import os
import pathlib
import pty
import random
import re
import select
import signal
import subprocess
import threading
import time

import pytest
from fake import record


TERMINALS = ["vt100", "linux", "screen", "xterm", "xterm-256color", "tmux-256color", "xterm-direct"]
SIZES = [(20, 2), (400, 120), (21, 7), (80, 24), (133, 5), (40, 60)]
"""Columns and rows."""

# As ncurses-term has it, which not every machine has.
DIRECT = """xterm-direct|xterm with direct colour,
    RGB, colors#0x1000000, pairs#0x10000, op=\\E[39;49m,
    setab=\\E[%?%p1%{8}%<%t4%p1%d%e48\\:2\\:\\:%p1%{65536}%/%d\\:%p1%{256}%/%{255}%&%d\\:%p1%{255}%&%d%;m,
    setaf=\\E[%?%p1%{8}%<%t3%p1%d%e38\\:2\\:\\:%p1%{65536}%/%d\\:%p1%{256}%/%{255}%&%d\\:%p1%{255}%&%d%;m,
    initc@, ccc@, oc@, use=xterm-256color,
"""


@pytest.fixture(scope="session")
def terminfo(tmp_path_factory):
    """What to put before a command so that it knows all of `TERMINALS`."""
    directory = tmp_path_factory.mktemp("terminfo")
    subprocess.run(["tic", "-x", "-o", directory, "-"], input=DIRECT, text=True, check=True, capture_output=True)
    return f"TERMINFO_DIRS={directory}:/etc/terminfo:/lib/terminfo:/usr/share/terminfo"


@pytest.fixture
def shown(screen, probe):
    """Starts the probe."""

    def start(*arguments, term="tmux-256color", before=""):
        screen.start(*arguments, before=f"{before} TERM={term}", program=probe)
        screen.wait("last: nothing")
        return screen

    return start


def settled(screen, seconds=3):
    """The screen's text once it has stopped changing."""
    end = time.monotonic() + seconds
    text = screen.text()
    while True:
        time.sleep(0.06)
        text, before = screen.text(), text
        if text == before:
            return text
        assert time.monotonic() < end, f"never stands still:\n{before}\n{text}"


# The probe: what the dashboard draws with


@pytest.mark.parametrize("term", TERMINALS)
def test_no_garbage(shown, terminfo, term):
    screen = shown(term=term, before=terminfo)
    for width, height in SIZES:
        screen.press("t")
        screen.resize(width, height)
        time.sleep(0.1)
        screen.press("t")
        screen.wait(f"last: t {width}x{height}"[:width])
        before = settled(screen)
        screen.press("C-l")
        screen.wait("last: ^L"[:width])
        after = settled(screen)
        assert before.splitlines()[1:] == after.splitlines()[1:]
    screen.press("q")
    screen.resize(80, 24)
    screen.expect_end()


@pytest.mark.parametrize("colors, term, found", [
    ("", "xterm-direct", "38:2:"), ("", "xterm-256color", "38;5;"), ("", "xterm", "\x1b[36m"), ("NO_COLOR=1", "xterm", ""),
    ("", "vt100", ""),
])  # fmt: skip
def test_colours_are_those_of_the_terminal(probe, tmp_path, terminfo, colors, term, found):
    """What is written, byte by byte."""
    words = [f"TERM={term}", "LANG=C.UTF-8", terminfo] + ([colors] if colors else [])
    with Run(["env", *words, probe] + ([] if colors else ["dark"])) as run:
        written = run.read_until(b"nothing", 5) + run.read_for(0.3)
        run.write(b"q")
        assert run.end() == 0
    text = written.decode()
    if found:
        assert found in text
    else:
        assert not any(f"\x1b[{begin}" in text for begin in ("31m", "32m", "33m", "91m", "38", "48"))


@pytest.mark.parametrize("term, click, wheel", [
    ("xterm-256color", b"\x1b[<0;6;5M\x1b[<0;6;5m", b"\x1b[<65;6;5M"),
    ("tmux-256color", b"\x1b[M &%\x1b[M#&%", b"\x1b[Ma&%"),
])  # fmt: skip
def test_mouse(shown, term, click, wheel):
    screen = shown("mouse", term=term)
    assert "standard" in screen.mouse()
    screen.send(click)
    screen.wait("last: press 5,4")
    time.sleep(0.5)
    screen.send(click)
    screen.send(click)
    screen.wait("last: doubleClick 5,4")
    screen.send(wheel)
    screen.wait("last: wheelDown 5,4")
    screen.press("C-z")
    screen.wait(missing=["last:"])
    assert screen.mouse() == ""
    screen.press("fg", "Enter")
    screen.wait("last: wheelDown")
    assert "standard" in screen.mouse()
    screen.press("q")
    screen.wait("$", missing=["last:"])
    assert screen.mouse() == ""


def test_no_mouse_unless_asked(shown):
    screen = shown(term="xterm-256color")
    assert screen.mouse() == ""
    screen.press("q")
    screen.expect_end()


def test_copy(shown):
    text = "worker 4312: /cart/<int:id> 日本 é"
    screen = shown(f"copy={text}")
    screen.tmux("set-option", "-s", "set-clipboard", "on")
    before = settled(screen).splitlines()[1:]
    screen.press("c")
    screen.wait("last: sent")
    assert screen.tmux("show-buffer") == text
    screen.press("C")
    screen.wait("last: cut(toBytes: 5624")
    assert screen.tmux("show-buffer").startswith("long long ")
    assert 56_230 < len(screen.tmux("show-buffer")) <= 56_244
    assert settled(screen).splitlines()[1:] == before
    screen.press("q")
    screen.expect_end()


def test_copy_is_refused_where_it_would_be_shown(shown):
    screen = shown("copy=text", term="linux")
    before = settled(screen).splitlines()[1:]
    screen.press("c")
    screen.wait("last: refused")
    assert settled(screen).splitlines()[1:] == before
    screen.press("q")
    screen.expect_end()


@pytest.mark.parametrize("key, status", [("s", 139), ("a", 134)])
def test_a_crash_gives_the_terminal_back(shown, key, status):
    # Swift's own handler would ask the terminal what to do.
    screen = shown("mouse", term="xterm-256color", before="SWIFT_BACKTRACE=enable=no")
    assert screen.mouse()
    screen.press(key)
    screen.expect_end(status)


# The dashboard


class Feed:
    """Serves records that differ, until told to hold."""

    def __init__(self):
        self.holds = threading.Event()
        self.serial = 0

    def serve(self, connection):
        request = connection.makefile("rb").readline().split()
        while request:
            if not self.holds.is_set():
                self.serial += 1
                pids = [4312 + self.serial * index % 97 for index in range(30)]
                connection.sendall(record(service="ショップ e\u0301", pids=list(dict.fromkeys(pids))))
            time.sleep(0.05)


@pytest.mark.parametrize("term", TERMINALS)
def test_the_dashboard_runs_on(screen, exporter, terminfo, term):
    feed = Feed()
    exporter("shop", feed.serve)
    screen.start("shop", "-d", "0.1", before=f"{terminfo} TERM={term}")
    screen.wait("4312", "live")
    for width, height in SIZES[:3]:
        screen.resize(width, height)
        time.sleep(0.1)
    screen.resize(80, 24)
    screen.wait("4312", "live")
    screen.press("q")
    screen.expect_end()


def test_an_unknown_terminal_gets_plain_frames(screen, exporter):
    exporter("shop")
    screen.start("-d", "0.2", before="TERM=no-such-terminal")
    screen.wait("4312")
    assert screen.value("alternate_on") == "0"
    screen.press("C-c")
    screen.press("echo ov''er", "Enter")
    screen.wait("over")


KEYS = [
    "Up", "Down", "Left", "Right", "PPage", "NPage", "Home", "End", "Enter", "Escape", "Tab", "BTab", "BSpace", "DC", "IC",
    "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", *"123456789abcdefghijklmnoprstuvwxyzABCDEFGHIJLMNOPRSTUVWXYZ",
    "<", ">", "/", "\\\\", "?", "+", "!", "é", "日", "C-l", "C-a", "C-u", "C-w", "Space", "[", "]", "(", "*",
]  # fmt: skip
"""Keys that neither end nor stop the program. `K` recycles a worker: not on a server that may be
real. `-` makes it expect snapshots sooner than `expect_no_garbage` lets them come."""


NOTICE = re.compile(r"^ *[▲!] (wrote|recor|handed|no|cannot|it |asking)", re.MULTILINE)


def test_random_keys_and_resizes(screen, exporter, is_long):
    seed = int(os.environ.get("CTXTOP_SEED") or time.time_ns() % 1_000_000)
    print(f"CTXTOP_SEED={seed}")
    chance = random.Random(seed)
    feed = Feed()
    exporter("shop", feed.serve)
    # One of the keys writes a file where the program was started.
    screen.press(f"cd {screen.directory}", "Enter")
    # Snapshots come much faster than it asks for: so it has patience when they are held back.
    screen.start("shop", "-d", "5")
    screen.wait("4312", "live")
    pid = screen.pid()
    for round in range(100 if is_long else 15):
        width, height = chance.randint(20, 400), chance.randint(2, 120)
        if chance.random() < 0.5:
            width, height = chance.randint(20, 100), chance.randint(2, 30)
        screen.resize(width, height)
        screen.press(*chance.choices(KEYS, k=9))
        expect_no_garbage(screen, feed, pid, f"seed {seed}, round {round}, {width}x{height}")
    screen.resize(80, 24)
    for _ in range(4):
        screen.press("Escape")
        time.sleep(0.06)
    screen.press("q")
    screen.expect_end()


def expect_no_garbage(screen, feed, pid, where):
    """Without news, what is shown stays as it is for some seconds: long enough to compare."""
    for attempt in range(4):
        feed.holds.set()
        time.sleep(0.06)
        wait_until_idle(pid)
        before = settled(screen)
        os.kill(pid, signal.SIGCONT)
        wait_until_idle(pid)
        after = settled(screen)
        feed.holds.clear()
        if before == after:
            return
        # A line that says something for a while may have gone in between. Or a clock ticked: then only digits differ.
        if attempt < 3 and NOTICE.search(before) and not NOTICE.search(after):
            continue
        assert attempt < 3 and masked(before) == masked(after), f"{where}:\n{difference(before, after)}"


def wait_until_idle(pid, seconds=5):
    """Everything that came to it has been taken in, however busy the machine is: it sleeps, and goes on sleeping."""
    end, quiet, seen = time.monotonic() + seconds, 0, None
    while quiet < 4:
        assert time.monotonic() < end, "never idle"
        # Time on a processor, time of waiting for one, how often.
        now = pathlib.Path(f"/proc/{pid}/schedstat").read_text()
        sleeps = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"
        quiet, seen = quiet + 1 if sleeps and now == seen else 0, now
        time.sleep(0.02)


def difference(before, after):
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "shown", "painted anew", lineterm="")
    return "\n".join(lines)


def masked(text):
    return "".join("0" if character.isdigit() else character for character in text)


def test_quits_at_once(program, place, alone, exporter):
    """From the key to the end of the process, while data flows."""
    feed = Feed()
    exporter("shop", feed.serve)
    times = []
    for _ in range(20):
        environment = [f"CTXTOP_DIR={place}", "TERM=xterm-256color", "LANG=C.UTF-8"]
        with Run([*alone, "env", *environment, program, "shop", "-d", "0.1"]) as run:
            run.read_until(b"live", 5)
            run.read_for(0.05)
            begun = time.monotonic()
            run.write(b"q")
            assert run.end() == 0
            times.append(time.monotonic() - begun)
    assert sorted(times)[int(len(times) * 0.95) - 1] < 0.1, times


class Run:
    """A program in a terminal that only listens."""

    def __init__(self, command):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], command)
        self.status = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.terminal)

    def write(self, data):
        os.write(self.terminal, data)

    def read_for(self, seconds, until=None):
        written, end = b"", time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and (until is None or until not in written):
            if select.select([self.terminal], [], [], left)[0]:
                try:
                    written += os.read(self.terminal, 1 << 16)
                except OSError:  # nobody is there any more
                    break
        return written

    def read_until(self, words, seconds):
        written = self.read_for(seconds, words)
        assert words in written, written
        return written

    def end(self):
        """The exit status; what is still written is read, as a terminal would."""
        self.read_for(5)
        _, status = os.waitpid(self.pid, 0)
        self.status = os.waitstatus_to_exitcode(status)
        return self.status

"""The dashboard over a recording, and a recording that the dashboard makes: the real program in a real terminal."""

import os
import random
import re
import stat
import time

import pytest
from fake import record
from screen import Desk

PLACE = re.compile(r"([\d,]+)/([\d,]+)")


class App:
    """A fake exporter's app, whose workers die and come at the test's will."""

    def __init__(self, pids=(4312, 4313)):
        self.pids = list(pids)

    def serve(self, connection):
        words = connection.makefile("rb").readline().split()
        while words:
            connection.sendall(record(pids=self.pids))
            time.sleep(int(words[1]) / 1000)


class ReplayDesk(Desk):
    """One that shows a recording."""

    def position(self):
        """Number of the shown record, and how many there are."""
        found = PLACE.search(self.text().split("\n", 1)[0])
        return tuple(int(number.replace(",", "")) for number in found.groups()) if found else None

    def wait_position(self, number, seconds=3):
        end = time.monotonic() + seconds
        while (self.position() or (None,))[0] != number:
            assert time.monotonic() < end, f"never shows record {number}:\n{self.text()}"
            time.sleep(0.02)


@pytest.fixture
def desk(program, place, tmp_path, alone):
    desk = ReplayDesk(program, place, tmp_path, alone)
    yield desk
    desk.tmux("kill-server")


def make_recording(desk, app, seconds=1.5):
    """Records by `r`; the file."""
    desk.start("shop", "-d", "0.1")
    desk.wait("4312", "live")
    desk.press("r")
    desk.wait("recording into ctxtop-shop-", "◉ rec")
    time.sleep(seconds)
    app.pids = [4312, 4390]
    desk.wait("4390")
    time.sleep(0.3)
    desk.press("r")
    desk.wait("recorded ", " records in ctxtop-shop-", missing=["◉"])
    desk.press("q")
    desk.expect_end()
    [path] = desk.home.glob("*.ctxtop")
    return path


def again(desk):
    """A clean shell, after a program has ended."""
    desk.press("clear", "Enter")
    desk.wait(missing=["status="])
    for name in ("before", "after"):
        (desk.directory / name).unlink(missing_ok=True)


def test_what_was_recorded_is_shown_again(desk, exporter, ctxtop):
    app = App()
    exporter("shop", app.serve)
    path = make_recording(desk, app)
    assert re.fullmatch(r"ctxtop-shop-\d{8}T\d{6}Z\.ctxtop", path.name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again(desk)
    desk.start(path.name)
    text = desk.wait("replay", "4313", "◆", missing=["live"])
    assert "the first record" in text
    first, count = desk.position()
    assert first == 1 and count > 10
    desk.press("Z")
    desk.wait_position(count)
    desk.wait("4390")
    # What is shown is what `dump` says of the same moment.
    desk.press("w")
    desk.wait("wrote ctxtop-shop-")
    [document] = desk.home.glob("*.json")
    assert document.read_text() == ctxtop("dump", path, "-f", "json").stdout
    desk.press("T", "T", "t")
    desk.wait_position(count - 1)
    desk.press("b")
    desk.press("-l", "start")
    desk.wait("go to", "start")
    desk.press("Enter")
    desk.wait_position(1)
    desk.press("K")
    desk.wait("cannot recycle a worker: this is a recording")
    desk.press("r", "Space")
    desk.wait("►")
    desk.wait("this is the end of the recording", seconds=10)
    desk.press("F5")
    desk.wait("worker 4312")
    desk.press("q")
    desk.expect_end()
    # The same without a terminal: the last record, or those from a time on.
    last = ctxtop(path)
    assert last.returncode == 0 and "4390" in last.stdout and last.stderr == ""
    three = ctxtop(path, "-b", "-n", "3", "--at", "start")
    assert three.stdout.count("4313") >= 3 and "4390" not in three.stdout


def test_a_recording_is_whole_when_the_dashboard_is_quit_or_ended(desk, exporter, ctxtop):
    exporter("shop")
    for number, end in enumerate(("q", "TERM")):
        desk.start("shop", "-d", "0.1")
        desk.wait("4312", "live")
        desk.press("r")
        desk.wait("recording into")
        time.sleep(1)
        if end == "q":
            desk.press("q")
        else:
            os.kill(desk.pid(), 15)
        desk.expect_end(0 if end == "q" else 143)
        again(desk)
        paths = sorted(desk.home.glob("*.ctxtop"), key=lambda path: path.stat().st_mtime)
        assert len(paths) == number + 1
        assert "4312" in ctxtop(paths[-1]).stdout


def test_a_full_disk_stops_nothing_but_the_recording(desk, exporter, ctxtop):
    def serve(connection):
        # What cannot be compressed.
        while connection.recv(100):
            while True:
                connection.sendall(record(pids=[4312, *(random.randrange(10_000, 2_000_000) for _ in range(200))]))
                time.sleep(0.1)

    exporter("shop", serve)
    # The shell writes files of its own around the program.
    desk.start("shop", "-d", "0.1", before="ulimit -f 24; exec")
    desk.wait("4312", "live")
    desk.press("r")
    desk.wait("recording into")
    desk.wait("File too large", "it goes on when there is room", "◉ rec", seconds=20)
    [path] = desk.home.glob("*.ctxtop")
    size = path.stat().st_size
    assert 4096 < size <= 24 * 512
    desk.press("r")
    desk.wait("live", missing=["◉"])
    # What fitted is whole.
    assert "4312" in ctxtop(path).stdout


def test_a_directory_that_cannot_be_written_is_one_line(desk, exporter):
    exporter("shop")
    desk.start("shop", "-d", "0.1", before="cd /sys;")
    desk.wait("4312", "live")
    desk.press("r")
    desk.wait("nothing is recorded any more", missing=["◉"])
    desk.press("q")
    desk.expect_end()


def test_readonly_records_nothing(desk, exporter):
    exporter("shop")
    desk.start("shop", "-d", "0.1", "--readonly")
    desk.wait("4312", "live")
    desk.press("r")
    desk.wait("cannot record: started with --readonly")
    assert list(desk.home.iterdir()) == []


def test_a_recording_that_is_being_made_is_followed(desk, exporter, program, place, tmp_path, alone):
    app = App()
    exporter("shop", app.serve)
    desk.start("shop", "-d", "0.2")
    desk.wait("4312", "live")
    desk.press("r")
    desk.wait("recording into")
    [path] = desk.home.glob("*.ctxtop")
    other = ReplayDesk(program, place, tmp_path / "other", alone) if (tmp_path / "other").mkdir() is None else None
    try:
        other.start(path)
        other.wait("replay", "4312")
        other.press("Z")
        other.wait("follows", seconds=5)
        app.pids = [4312, 4399]
        other.wait("4399", seconds=5)
        other.press("p")
        other.wait(missing=["follows"])
        number, _ = other.position()
        time.sleep(1.5)
        assert other.position()[0] == number and other.position()[1] > number
    finally:
        other.tmux("kill-server")


def test_times_are_for_recordings_and_files_must_be_some(ctxtop, exporter, tmp_path, fails):
    exporter("shop")
    fails(ctxtop("shop", "--at", "09:04", "-b", "-n", "1"), 64, "--at")
    bad = tmp_path / "bad.ctxtop"
    bad.write_bytes(b"no recording at all" * 9)
    fails(ctxtop(bad), 65, bad)

"""What the dashboard does to the outside: files, the clipboard, requests to the exporter; and the mouse."""

import json
import os
import re
import stat
import time

import pytest
from fake import record, wait_for_end
from screen import Desk


SELECTED = re.compile(r"^▸.?\s*(\d+)", re.MULTILINE)
NO_LEVEL = "refused: the app is not to be controlled; CTXTOP_CONTROL=1 in its configuration allows it\n"
NO_WORKER = "refused: no live worker of this app has that pid; json tells which ones have\n"
ACCEPTED = "ok: the worker goes when its turn has come and no request has been open for long\n"


class ClipboardDesk(Desk):
    """One with a clipboard."""

    def __init__(self, program, place, directory, alone):
        super().__init__(program, place, directory, alone)
        self.tmux("set-option", "-g", "set-clipboard", "on")

    def files(self):
        return sorted(path.name for path in self.home.iterdir())

    def selected(self):
        found = SELECTED.search(self.text())
        return int(found[1]) if found else None

    def wait_selected(self, pid, seconds=3):
        end = time.monotonic() + seconds
        while self.selected() != pid:
            assert time.monotonic() < end, f"{pid} is not selected:\n{self.text()}"
            time.sleep(0.02)

    def place_of(self, word, row=None):
        """Column and row, from 0, of the first place that says this."""
        for y, line in enumerate(self.text().splitlines()):
            if word in line and row in (None, y):
                return line.index(word), y
        raise AssertionError(f"{word} is not on the screen:\n{self.text()}")

    def turn(self, button, x, y):
        """Presses a button (0), lets it go (3), or turns the wheel (64 up, 65 down), in the protocol of tmux's TERM."""
        self.send(b"\x1b[M" + bytes((32 + button, 33 + x, 33 + y)))

    def click(self, word, row=None, times=1):
        x, y = self.place_of(word, row)
        for _ in range(times):
            self.turn(0, x, y)
            self.turn(3, x, y)

    def clipboard(self, *words, seconds=3):
        """What the terminal's clipboard holds, once it says this."""
        end = time.monotonic() + seconds
        while True:
            text = self.tmux("show-buffer") if self.tmux("list-buffers") else ""
            if text and all(word in text for word in words):
                return text
            assert time.monotonic() < end, f"waited for {words}, the clipboard holds: {text!r}"
            time.sleep(0.05)


@pytest.fixture
def desk(program, place, tmp_path, alone):
    desk = ClipboardDesk(program, place, tmp_path, alone)
    yield desk
    desk.tmux("kill-server")


class App:
    """What a fake exporter shows, how it answers to `recycle`, and who was asked for."""

    def __init__(self, answer="", service="shop", pids=(4312, 4313)):
        self.answer, self.service, self.pids = answer, service, list(pids)
        self.asked = []

    def serve(self, connection):
        words = connection.makefile("rb").readline().split()
        if words[:1] == [b"recycle"]:
            pid = int(words[1])
            self.asked.append(pid)
            answer = self.answer(pid) if callable(self.answer) else self.answer
            if answer is None:
                wait_for_end(connection)
            else:
                connection.sendall(answer.encode())
        elif words:
            while True:
                connection.sendall(record(service=self.service, pids=self.pids))
                time.sleep(int(words[1]) / 1000)


def allowed(pid):
    return ACCEPTED if pid else NO_WORKER


# Files


def test_writes_what_is_shown_and_never_over_a_file(desk, exporter):
    exporter("shop")
    desk.start("shop", "-d", "0.2")
    desk.wait("4312", "live")
    desk.press("p")
    desk.wait("paused")
    desk.press("w")
    desk.wait("wrote ctxtop-shop-", "Z.json in ", "/home")
    [first] = desk.files()
    assert re.fullmatch(r"ctxtop-shop-\d{8}T\d{6}Z\.json", first)
    before = (desk.home / first).read_bytes()
    document = json.loads(before)
    assert document["app"] == "shop" and document["host"] == "prod-3"
    assert sorted(worker["pid"] for worker in document["workers"]) == [4312, 4313]
    assert stat.S_IMODE((desk.home / first).stat().st_mode) == 0o600
    # Held still, it is the same snapshot, of the same time.
    desk.press("w")
    desk.wait("wrote " + first.replace(".json", "-2.json"))
    assert desk.files() == sorted([first, first.replace(".json", "-2.json")])
    assert (desk.home / first).read_bytes() == before
    desk.press("q")
    desk.expect_end()


def test_an_apps_name_leads_nowhere(desk, exporter, place):
    app = App(service="../../\x1b[31mshöp x")
    exporter("shop", app.serve)
    desk.start(place / "shop.sock", "-d", "0.2")
    desk.wait("4312", "live")
    desk.press("w")
    desk.wait("wrote ")
    [name] = desk.files()
    assert re.fullmatch(r"ctxtop-\.\._\.\.___31msh_p_x-\d{8}T\d{6}Z\.json", name)


@pytest.mark.parametrize("before, words", [
    ("cd /sys;", ["creating ./ctxtop-shop-", "; choose a directory that you can write to"]),
    ("ulimit -f 0;", ["writing ./ctxtop-shop-", "File too large", "; make room"]),
])
def test_a_file_that_cannot_be_written_is_one_line_and_nothing_else(desk, exporter, before, words):
    exporter("shop")
    # The shell writes files of its own around the program.
    desk.start("shop", "-d", "0.2", before=f"{before} exec")
    desk.wait("4312", "live")
    desk.press("w")
    desk.wait(*words)
    assert desk.files() == []
    desk.press("j")
    desk.wait("4313", "live")


def test_readonly_refuses_with_a_reason(desk, exporter):
    app = App(allowed)
    exporter("shop", app.serve)
    desk.start("shop", "-d", "0.2", "--readonly")
    desk.wait("4312", "live")
    for key, what in (("K", "recycle a worker"), ("w", "write a file"), ("y", "copy")):
        desk.press(key)
        desk.wait(f"cannot {what}: started with --readonly")
    desk.press("Enter")
    desk.wait("Worker", "gunicorn")
    desk.press("y")
    desk.wait("cannot copy: started with --readonly")
    assert desk.files() == [] and app.asked == [] and not desk.tmux("list-buffers")


# The clipboard


def test_copies_a_row_and_a_detail_with_where_it_is_from(desk, exporter):
    exporter("shop")
    desk.start("shop", "-d", "0.2")
    desk.wait("4312", "live")
    desk.press("j", "y")
    desk.wait("handed to the terminal's clipboard")
    row = desk.clipboard("pid=4313")
    assert "\n" not in row and "state=" in row
    desk.press("Enter")
    desk.wait("worker 4313")
    desk.press("y")
    detail = desk.clipboard("worker 4313")
    assert re.match(r"ctxtop: shop on prod-3 at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\ngunicorn gthread\n\n", detail)
    assert not re.search(r" $", detail, re.MULTILINE)
    # More than fits on the screen.
    assert len(detail.splitlines()) > 24
    desk.press("Escape", "h", "y")
    assert desk.clipboard("Keys", "Verdicts").startswith("Keys\n")


# Replacing a worker


def test_a_worker_is_replaced(desk, exporter):
    app = App(allowed)
    exporter("shop", app.serve)
    desk.start("shop", "-d", "0.2")
    desk.wait("4312", "live")
    desk.press("j", "K")
    desk.wait("Replace worker 4313 gracefully?", "(y/n)")
    desk.press("n")
    desk.wait(missing=["(y/n)"])
    assert set(app.asked) <= {0}
    desk.press("K", "y")
    desk.wait("worker 4313: the worker goes when its turn has come")
    assert app.asked.count(4313) == 1
    app.pids[1] = -4313
    desk.wait("worker 4313 has gone; nobody has come in its place yet")
    # A key does not take the news away.
    desk.press("k")
    app.pids.append(4390)
    desk.wait("worker 4313 has gone; 4390 started in its place")
    desk.press("j")
    time.sleep(0.3)
    desk.wait("4390 started in its place")
    desk.wait("Quit", missing=["4390 started in its place"])


def test_who_may_not_is_told_before_the_answer(desk, exporter):
    app = App(NO_LEVEL)
    exporter("shop", app.serve)
    desk.start("shop", "-d", "0.2")
    desk.wait("4312", "live")
    desk.press("K")
    # All of it, although the line is longer than the screen is wide.
    text = desk.wait("cannot recycle a worker: the app is not to be controlled", "allows it", missing=["(y/n)"])
    assert "CTXTOP_CONTROL=1" in text
    assert app.asked == [0], "asking must not touch any worker"


@pytest.mark.parametrize("answer, words", [
    ("refused: the worker or its agent is stopped; let it continue, or end it by hand\n",
     "worker 4312 is not replaced: the worker or its agent is stopped; let it continue"),
    ("error: unknown request; try help\n", "the app's agent says: error: unknown request"),
    ("refused: \x1b[2J\x07gone\n", "worker 4312 is not replaced: ?[2J?gone"),
    ("", "worker 4312 is not replaced: reading from"),
])
def test_a_refusal_is_shown_in_its_own_words(desk, exporter, answer, words):
    app = App(lambda pid: answer if pid else NO_WORKER)
    exporter("shop", app.serve)
    desk.start("shop", "-d", "0.2")
    desk.wait("4312", "live")
    desk.press("K")
    desk.wait("(y/n)")
    desk.press("y")
    desk.wait(words)


def test_an_exporter_that_does_not_answer_holds_nothing_up(desk, exporter):
    app = App(lambda pid: None)
    exporter("shop", app.serve)
    desk.start("shop", "-d", "0.2")
    desk.wait("4312", "live")
    desk.press("K", "y")
    desk.wait("asking for the replacement of worker 4312")
    desk.press("j")
    desk.wait_selected(4313)
    desk.wait("worker 4312 is not replaced: asking", "no answer", seconds=8)
    desk.press("K", "y")
    desk.wait("asking for the replacement of worker 4313")
    pid = int(desk.pid())
    pressed = time.monotonic()
    desk.press("q")
    while os.path.exists(f"/proc/{pid}") and time.monotonic() < pressed + 2:
        time.sleep(0.005)
    # 100 ms of ours, and what tmux takes to press the key on a machine that is busy.
    assert time.monotonic() - pressed < 0.4
    desk.expect_end()


# The mouse


def test_the_mouse_does_what_keys_do(desk, exporter):
    exporter("shop", pids=tuple(range(4301, 4331)))
    desk.start("shop", "-d", "0.2")
    desk.wait("4301", "live")
    assert desk.mouse() != ""
    desk.click("4303")
    desk.wait_selected(4303)
    x, y = desk.place_of("4305")
    desk.turn(65, x, y)
    desk.wait_selected(4306)
    desk.turn(64, x, y)
    desk.wait_selected(4303)
    # What comes at once is all taken.
    desk.send(b"".join(b"\x1b[M" + bytes((32 + 65, 33 + x, 33 + y)) for _ in range(4)))
    desk.wait_selected(4315)
    desk.press("Home")
    desk.click("PID")
    desk.wait("PID▲")
    desk.click("PID")
    desk.wait("PID▼")
    desk.press("Home")
    desk.wait("4330")
    desk.click("2 Units")
    desk.wait(missing=["4330"])
    desk.click("1 Workers")
    desk.wait("4330")
    desk.click("Help")
    desk.wait("Keys", "this help")
    desk.turn(65, 10, 10)
    desk.wait(missing=["this help"])
    desk.click("Back")
    desk.wait("4330")
    desk.click("4328", times=2)
    desk.wait("worker 4328")
    desk.press("Escape")
    desk.wait("4330")
    desk.press("F6")
    desk.wait("Sort by")
    desk.click("ERR/S", times=2)
    desk.wait("PID", missing=["Sort by", "PID▼"])
    desk.press("q")
    desk.expect_end()


def test_nothing_that_a_mouse_sends_stops_the_clock(desk, exporter):
    app = App(pids=range(4301, 4311))
    exporter("shop", app.serve)
    desk.start("shop", "-d", "0.2")
    desk.wait("4301", "live")
    # A press and its release, a release out of nowhere, the right button, a wheel that is turned sideways.
    for number, buttons in enumerate([(0, 3), (3,), (2, 3), (66,)]):
        desk.send(b"".join(b"\x1b[M" + bytes((32 + button, 37, 42)) for button in buttons))
        time.sleep(0.3)
        app.pids = [*app.pids, 4390 + number]
        desk.wait(f"{4390 + number}", seconds=2)
    desk.press("q")
    desk.expect_end()


def test_a_click_on_a_notice_takes_it_away(desk, exporter):
    exporter("shop")
    desk.start("shop", "-d", "0.2")
    desk.wait("4312", "Quit")
    desk.press("F")
    desk.wait("follows worker 4312", missing=["Quit"])
    desk.click("follows")
    # By itself it goes after five seconds.
    desk.wait("Quit", seconds=3)


def test_without_the_mouse_the_terminal_keeps_it(desk, exporter):
    exporter("shop")
    desk.start("shop", "-d", "0.2", "--no-mouse")
    desk.wait("4312", "live")
    assert desk.mouse() == ""


# The loop


def test_interval_pause_and_redraw(desk, exporter):
    app = App()
    exporter("shop", app.serve)
    desk.start("shop", "-d", "0.2")
    desk.wait("4312", "live 0.2s")
    desk.press("+")
    desk.wait("live 0.5s")
    desk.press("-", "-")
    desk.wait("live 0.1s")
    desk.press("p")
    desk.wait("paused")
    app.pids.append(4399)
    time.sleep(0.5)
    assert "4399" not in desk.text()
    desk.press("p")
    desk.wait("4399", "live")
    with open(desk.value("pane_tty"), "w") as terminal:
        terminal.write("\x1b[5;5Hgarbage from elsewhere")
    desk.wait("garbage")
    desk.press("C-l")
    desk.wait("4312", missing=["garbage"])

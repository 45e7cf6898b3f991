"""What the dashboard does to real servers: workers are replaced, and the one that is followed stays selected."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from support import agent
from support.screen import Screen
from support.server import GUNICORN_THREADS, UWSGI, Mode, Server
from test_screen import rows_of

#: A worker asks for its turn twice a second, and another one imports Flask.
SECONDS = 30


def selected(text: str) -> int | None:
    """The pid in the selected row."""
    found = re.search(r"^▸.?\s*(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else None


def select(screen: Screen, pid: int) -> None:
    """Move to a worker's row."""
    screen.keys("Home")
    for _ in range(8):
        if selected(screen.text()) == pid:
            return
        before = selected(screen.text())
        screen.keys("j")
        screen.wait(lambda text: selected(text) != before, 2)
    raise AssertionError(f"no row of {pid}:\n{screen.text()}")


@pytest.mark.parametrize("mode", [GUNICORN_THREADS, UWSGI], ids=str)
def test_a_followed_worker_is_replaced(
    start: Callable[..., Server], watch: Callable[..., Screen], mode: Mode
) -> None:
    server = start(mode, "", {"CTXTOP_CONTROL": "1"})
    screen = watch(server, "-d", "0.2")
    screen.wait(rows_of(server))
    # Both, one after the other: one of them answers on the socket.
    for pid in server.worker_pids():
        others = set(server.worker_pids()) - {pid}
        select(screen, pid)
        screen.keys("F")
        screen.wait_for(f"follows worker {pid}")
        screen.keys("K")
        screen.wait_for(rf"Replace worker {pid} gracefully\?")
        screen.keys("y")
        text = screen.wait_for(rf"worker {pid} has gone; \d+ started in its place", SECONDS)
        found = re.search(r"gone; (\d+) started", text)
        assert found is not None
        heir = int(found[1])
        agent.until(lambda: set(server.worker_pids()), lambda now, want=others | {heir}: now == want, 5)
        screen.wait(lambda text, heir=heir: selected(text) == heir)
        screen.keys("F")
        screen.wait_for("nobody is followed any more")


def test_nobody_is_replaced_without_leave(start: Callable[..., Server], watch: Callable[..., Screen]) -> None:
    server = start(GUNICORN_THREADS, "")
    before = server.worker_pids()
    screen = watch(server, "-d", "0.2", width=80, height=24)
    screen.wait(rows_of(server))
    screen.keys("K")
    # The question vanishes: nobody could answer it with yes.
    text = screen.wait(lambda text: "not to be controlled" in text and "(y/n)" not in text)
    assert "cannot recycle a worker: " in text and "CTXTOP_CONTROL=1" in text and "allows it" in text
    screen.keys("y")
    screen.wait_for("handed to the terminal's clipboard")
    assert server.worker_pids() == before

"""The dashboard on real servers, in a real terminal: what an operator sees, and when."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest
from support import agent, load
from support.screen import Screen
from support.server import GUNICORN_SYNC, GUNICORN_THREADS, UWSGI, Mode, Server

#: From the moment of the leak to the screen.
SECONDS_TO_SCREEN = 2.0


def rows_of(server: Server) -> Callable[[str], bool]:
    """Whether a screen has a row for every worker."""
    return lambda text: all(f" {pid} " in text for pid in server.worker_pids())


def replace_workers(server: Server) -> None:
    before = server.worker_pids()
    server.reload()
    agent.until(server.worker_pids, lambda now: len(now) == server.mode.workers and not set(now) & set(before), 20)


def checked_out(server: Server) -> int:
    return max(truth["checked_out"] for truth in server.truths().values())


def leak(server: Server) -> None:
    """Fails requests until a worker has lost two connections."""
    for _ in range(20):
        load.send(server, ["/cart"] * 2)
        if checked_out(server) >= 2:
            return


def wait_for_drain(server: Server, screen: Screen) -> str:
    """The screen with the verdict on a connection that is lost. A healthy request may get the address, and with it
    the session, of one that failed; its own teardown then returns that connection, and rightly no verdict comes."""
    while True:
        try:
            return screen.wait_for(r"CTX004", SECONDS_TO_SCREEN)
        except AssertionError:
            if checked_out(server):
                raise
            leak(server)


@pytest.mark.parametrize("mode", [GUNICORN_THREADS, UWSGI], ids=str)
def test_s1_is_on_the_screen_before_the_first_500(
    start: Callable[..., Server], watch: Callable[..., Screen], mode: Mode
) -> None:
    server = start(mode, "S1", {"SHOP_POOL_SIZE": "5"})
    screen = watch(server, "-d", "0.5")
    screen.wait(rows_of(server))
    screen.keys("6")
    with load.running(server, ["/chat/1", "/teapot"]) as statuses:
        leak(server)
        screen.wait_for(r"CTX003", SECONDS_TO_SCREEN)
        text = wait_for_drain(server, screen)
    assert not statuses[500], "healthy requests still work when the screen says so"
    assert "GET /cart" in text and "close_cart" in text
    replace_workers(server)
    screen.wait(lambda text: "CTX00" not in text and "leaking" not in text, 10)


@pytest.mark.parametrize("mode", [GUNICORN_SYNC, UWSGI], ids=str)
def test_s3_is_on_the_screen_with_the_request_that_left_the_context(
    start: Callable[..., Server], watch: Callable[..., Screen], mode: Mode
) -> None:
    server = start(mode, "S3")
    screen = watch(server, "-d", "0.5")
    screen.wait(rows_of(server))
    assert server.get("/arm", "POST").status == 200
    for _ in range(200):
        if server.get("/chat/7").status != 200:
            break
    screen.wait_for(r"CTX001 worker \d+ thread \d+: app context left by GET /chat/<int:number>", SECONDS_TO_SCREEN)
    with load.running(server, ["/", "/teapot"]):
        screen.keys("6")
        screen.wait_for(r"CTX002", 5)
    replace_workers(server)
    screen.wait(lambda text: "CTX00" not in text and "leaking" not in text, 10)


def test_s4_is_on_the_screen_with_the_line_that_pushed(
    start: Callable[..., Server], watch: Callable[..., Screen]
) -> None:
    server = start(UWSGI, "S4")
    screen = watch(server, "-d", "0.5")
    screen.wait(rows_of(server))
    assert "CTX00" not in screen.text(), "nothing has run on it yet"
    with load.running(server, ["/", "/teapot"], clients=4):
        screen.wait_for(r"CTX001 .*shop\.py:\d+ <module>", 5)


def test_starts_reacts_to_keys_survives_and_leaves_the_terminal_as_it_was(
    start: Callable[..., Server], watch: Callable[..., Screen]
) -> None:
    server = start(GUNICORN_THREADS)
    screen = watch(server, "-d", "0.5")
    screen.wait(rows_of(server))
    assert screen.is_alternate()
    screen.keys("h")
    screen.wait_for("Keys")
    screen.keys("Escape")
    screen.wait(rows_of(server))
    screen.keys("Enter")
    screen.wait_for("Units: what each is serving")
    screen.keys("Escape")
    screen.keys("p")
    screen.wait_for("paused")
    screen.keys("p")
    screen.wait_for("live")

    screen.resize(20, 2)
    screen.wait(lambda text: len(text.splitlines()) <= 2 and max(map(len, text.splitlines()), default=0) <= 20)
    screen.resize(100, 24)
    screen.wait(rows_of(server))

    server.restart()
    screen.wait(rows_of(server), 30)

    screen.keys("q")
    screen.wait(lambda text: text.rstrip().endswith("$"))
    assert not screen.is_alternate()
    screen.run("stty -a | grep -o ' -\\?echo ' ; echo status $?")
    assert " -echo " not in screen.wait_for("status 0")


def test_a_stopped_server_is_still_on_the_screen(
    start: Callable[..., Server], watch: Callable[..., Screen]
) -> None:
    server = start(GUNICORN_SYNC)
    screen = watch(server, "-d", "0.5")
    screen.wait(rows_of(server))
    for pid in server.worker_pids():
        os.kill(pid, signal.SIGSTOP)
    screen.wait(lambda text: text.count("stopped") >= server.mode.workers, 6)
    for pid in server.worker_pids():
        os.kill(pid, signal.SIGCONT)
    screen.wait(lambda text: "stopped" not in text and "live" in text, 6)

"""Several real servers in one dashboard: each does as it does, and what happens to one is no concern of the others."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import agent, load
from support.screen import Screen
from support.server import GUNICORN_THREADS, UWSGI, Server

#: How long what happens may take to be on the screen of a busy machine.
SECONDS = 15
BLOG = {"CTXTOP_NAME": "blog"}
CONTROL = {"CTXTOP_CONTROL": "1"}


@pytest.fixture
def watch(tmpfs_directory: Path) -> Iterator[Callable[..., Screen]]:
    """Opens the dashboard on targets; closes it at the end of the test."""
    opened: list[Screen] = []

    def watch(*arguments: str) -> Screen:
        opened.append(Screen(tmpfs_directory, *arguments, "-d", "0.5"))
        return opened[-1]

    yield watch
    for screen in opened:
        screen.close()


def rows(text: str, target: str) -> dict[int, str]:
    """The state of each worker that a target has on the screen, by pid."""
    found = re.findall(rf"^.. {target} +(\d+) (\S+)", text, re.MULTILINE)
    return {int(pid): state for pid, state in found}


def has(target: str, server: Server) -> Callable[[str], bool]:
    """Whether a screen has the living workers of a server, and these alone as such."""
    return lambda text: {pid for pid, state in rows(text, target).items() if state in ("ok", "busy")} == set(
        server.worker_pids()
    )


def test_one_comes_late_is_killed_and_comes_again_while_the_other_serves(
    start: Callable[..., Server], watch: Callable[..., Screen], tmpfs_directory: Path
) -> None:
    shop = start(GUNICORN_THREADS, directory=tmpfs_directory)
    screen = watch("shop", "blog")
    screen.wait(has("shop", shop), SECONDS)
    screen.wait_for(r"^ ctxtop +2 targets .*blog not found", SECONDS)
    blog = start(UWSGI, environment=BLOG, directory=tmpfs_directory)
    screen.wait(has("blog", blog), SECONDS)
    screen.wait_for(r"^ ctxtop +2 targets +shop, blog +4 workers .*live 0\.5s", SECONDS)
    with load.running(shop, ["/"]):
        before = set(blog.worker_pids())
        os.killpg(blog.process.pid, signal.SIGKILL)
        text = screen.wait_for(r"^ ctxtop +2 targets .*2 workers .*blog no answer, reading its segment", SECONDS)
        assert has("shop", shop)(text) and set(rows(text, "shop").values()) <= {"ok", "busy"}
        text = screen.wait(lambda text: set(rows(text, "blog").items()) == {(pid, "dead") for pid in before}, SECONDS)
        for path in tmpfs_directory.glob("blog.*"):
            path.unlink()
        screen.wait_for(r"^ ctxtop +2 targets .*blog reconnecting for \d+s", SECONDS)
        blog.restart()
        screen.wait(has("blog", blog), SECONDS)
        text = screen.wait_for(r"^ ctxtop +2 targets +shop, blog +4 workers .*live 0\.5s", SECONDS)
        assert has("shop", shop)(text), "nothing happened to it all the time"
    screen.keys("t")
    screen.wait_for(r"▾ shop +live .*▾ blog +live".replace(".*", r"(?s:.*)"))


def test_a_worker_of_the_right_one_is_replaced(
    start: Callable[..., Server], watch: Callable[..., Screen], tmpfs_directory: Path
) -> None:
    shop = start(GUNICORN_THREADS, environment=CONTROL, directory=tmpfs_directory)
    blog = start(UWSGI, environment=BLOG, directory=tmpfs_directory)
    screen = watch("--all")
    screen.wait(lambda text: has("shop", shop)(text) and has("blog", blog)(text), SECONDS)
    before = {"shop": set(shop.worker_pids()), "blog": set(blog.worker_pids())}

    def choose(target: str) -> int:
        screen.keys("Escape")
        screen.keys("F4")
        screen.keys(f"target:{target}")
        screen.keys("Enter")
        other = "blog" if target == "shop" else "shop"
        text = screen.wait(lambda text: set(rows(text, target)) == before[target] and not rows(text, other), SECONDS)
        return int(re.findall(rf"^▸. {target} +(\d+)", text, re.MULTILINE)[0])

    choose("blog")
    screen.keys("F9")
    screen.wait_for(r"blog: cannot recycle a worker: .*CTXTOP_CONTROL=1", SECONDS)
    pid = choose("shop")
    screen.keys("F9")
    screen.wait_for(rf"Replace shop worker {pid} gracefully\?", SECONDS)
    screen.keys("y")
    screen.wait_for(rf"shop worker {pid} has gone; \d+ started in its place", SECONDS)
    assert pid not in shop.worker_pids() and set(blog.worker_pids()) == before["blog"]


def test_frames_and_files_say_whose_each_row_is(
    start: Callable[..., Server], tmpfs_directory: Path, tmp_path: Path
) -> None:
    shop = start(GUNICORN_THREADS, directory=tmpfs_directory)
    blog = start(UWSGI, environment=BLOG, directory=tmpfs_directory)
    environment = {**os.environ, "CTXTOP_DIR": str(tmpfs_directory)}

    def ctxtop(*words: str) -> subprocess.CompletedProcess[str]:
        command = [str(agent.program()), *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)

    frames = ctxtop("shop", "blog", "nobody", "-n", "2", "-d", "0.2")
    assert frames.returncode == 0 and frames.stdout.count("3 targets: shop, blog, nobody") == 2
    for target, server in (("shop", shop), ("blog", blog)):
        for pid in server.worker_pids():
            assert len(re.findall(rf"^{target} +{pid} ", frames.stdout, re.MULTILINE)) == 2
    assert "nobody" in frames.stderr and frames.stderr.count("\n") == 1
    for words, status, said in (
        (["shop", str(tmpfs_directory / "shop.sock")], 64, "they are the same app"),
        (["nobody", "no-one"], 66, "looking for the app nobody"),
        (["shop", "blog", "--at", "09:00"], 64, "looking at 09:00"),
        (["shop", str(tmp_path / "one.json")], 64, "holds what was seen of an app"),
    ):
        (tmp_path / "one.json").write_text(ctxtop("dump", "shop", "-f", "json").stdout)
        answer = ctxtop(*words, "-n", "1")
        assert answer.returncode == status and said in answer.stderr and answer.stderr.count("\n") == 1, answer

    screen = Screen(tmpfs_directory, "--version", height=20)
    try:
        screen.run(f"cd {tmp_path}; {agent.program()} shop blog")
        screen.wait(lambda text: has("shop", shop)(text) and has("blog", blog)(text), SECONDS)
        screen.keys("w")
        screen.wait_for(r"wrote ctxtop-shop__blog-\S+\.json", SECONDS)
    finally:
        screen.close()
    [path] = tmp_path.glob("ctxtop-*.json")
    workers = json.loads(path.read_text())["workers"]
    assert {(worker["target"], worker["pid"]) for worker in workers} == {
        *(("shop", pid) for pid in shop.worker_pids()),
        *(("blog", pid) for pid in blog.worker_pids()),
    }
    assert "TARGET" in ctxtop(str(path), "-n", "1").stdout

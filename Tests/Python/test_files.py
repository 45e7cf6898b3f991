"""What was seen of a real server is the same from a file: JSON, and recordings of the same instant, to the byte."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import agent, load
from support.server import GUNICORN_SYNC, UWSGI, Mode, Server


class Player:
    """Says to everybody what a real exporter said once: so two clients see the same instant."""

    def __init__(self, path: Path, records: list[bytes]) -> None:
        self.path = path
        self.records = records
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._play, args=(connection,), daemon=True).start()

    def _play(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as requests:
            requests.readline()
            try:
                for record in self.records:
                    connection.sendall(record)
                requests.read()
            except OSError:
                pass

    def stop(self) -> None:
        self.listener.close()


def heard(directory: Path, count: int, milliseconds: int) -> list[bytes]:
    """So many records, as the exporter sends them."""
    with socket.socket(socket.AF_UNIX) as client, client.makefile("rb") as answers:
        client.settimeout(10)
        client.connect(str(agent.socket_path(directory)))
        client.sendall(b"watch %d\n" % milliseconds)
        records = []
        for _ in range(count):
            head = answers.read(40)
            records.append(head + answers.read(struct.unpack_from("<I", head, 12)[0]))
        return records


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    result = agent.run_program(Path("/nonexistent"), *map(str, arguments))
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    return result


@pytest.fixture(params=[GUNICORN_SYNC, UWSGI], ids=str)
def player(start: Callable[..., Server], request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Player]:
    """What a server says that leaks while it serves, twice, a quarter of a second apart."""
    mode: Mode = request.param
    server = start(mode, "S4")
    agent.wait_snapshot(server.directory, lambda _: True, 5)
    with load.running(server, ["/", "/chat/1", "/teapot"], clients=4):
        agent.until(lambda: agent.dump(server.directory), lambda seen: {"CTX001", "CTX002"} <= agent.codes(seen), 5)
        player = Player(tmp_path / "shop.sock", heard(server.directory, 2, 250))
    yield player
    player.stop()


def test_files_say_what_the_server_said(player: Player, tmp_path: Path) -> None:
    live = run("dump", player.path, "-f", "json").stdout
    assert '"CTX001"' in live
    document, recording, again = tmp_path / "a.json", tmp_path / "a.ctxtop", tmp_path / "b.json"
    run("dump", player.path, "-f", "json", "-o", document)
    assert document.read_text() == live
    run("dump", player.path, "-f", "recording", "-o", recording)
    run("dump", recording, "-f", "json", "-o", again)
    assert again.read_text() == live
    recorded = tmp_path / "c.ctxtop"
    run("record", player.path, "-o", recorded, "-n", "2", "--quiet")
    assert run("dump", recorded, "-f", "json").stdout == live
    for path in document, again:
        assert run("dump", path, "-f", "json").stdout == live


def test_facts_of_an_exporter_are_read(start: Callable[..., Server], tmp_path: Path) -> None:
    server = start(GUNICORN_SYNC, "S4")
    agent.wait_snapshot(server.directory, lambda _: True, 5)
    load.send(server, ["/", "/chat/1"] * 10)
    path = tmp_path / "facts.json"
    path.write_bytes(agent.ask(server.directory, b"json\n"))
    document = json.loads(run("dump", path, "-f", "json").stdout)
    facts = json.loads(path.read_text())
    assert agent.pids(document) == agent.pids(facts)
    assert {worker["state"] for worker in document["workers"]} <= {"ok", "busy", "leaking"}
    assert "CTX002" in agent.codes(document)
    for name in "requests", "in_flight", "contexts_live", "connections_open", "connections_checked_out":
        assert document["totals"][name] == facts["totals"][name]

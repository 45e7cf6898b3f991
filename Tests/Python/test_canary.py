"""A secret in every place where an application has one is in nothing that ctxtop writes, answers or shows."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from support import agent
from support.screen import Screen
from support.server import GUNICORN_THREADS, UWSGI, Mode, Server

#: A plain word, words, and what looks like a key. None of them stands in a program, a path or a name.
SECRETS = ["quixotikanary", "Kanary42-sk_live_9f3b2c7d", "skanary11223344556677"]
NEEDLE = "kanary"
SECRET = " ".join(SECRETS)
FAILURES = "prose bare word tuple key file dsn url lines json bytes integrity group chain".split()
EXCEPTIONS = {"ValueError", "RuntimeError", "KeyError", "FileNotFoundError", "Refused", "IntegrityError", "LookupError"}
#: What must be seen, or nothing has been looked at.
KNOWN = "lose_app"
#: So wide that nothing is cut.
WIDTH, HEIGHT = 400, 60


@pytest.mark.parametrize("mode", [GUNICORN_THREADS, UWSGI], ids=str)
def test_a_secret_is_in_nothing_that_leaves_the_server(start: Callable[..., Server], mode: Mode) -> None:
    server = start(mode, environment={"VAULT_SECRETS": ",".join(SECRETS)}, app="vault:app")
    visit_everything(server)
    with open_requests(server):
        document = agent.wait_snapshot(server.directory, lambda seen: seen["totals"]["in_flight"] >= 2, 5)
        assert_everything_was_recorded(document)
        seen = dict(everything(server))
    for name, text in seen.items():
        assert not re.search(NEEDLE, text, re.IGNORECASE), f"{name}: {excerpt(text)}"
    for name in ("segment", "json", "snapshot", "dump json", "dump failures as csv", "plain frames", "recording as json", "screen 5"):
        assert KNOWN in seen[name], f"{name} does not show what it should: {seen[name][:2000]}"


def send(server: Server, path: str, method: str = "GET", seconds: float = 15) -> None:
    """A request with the secret wherever a client can put one; what the server makes of it is not looked at."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=seconds)
    headers = {
        "Cookie": f"session={SECRETS[0]}; token={SECRETS[1]}",
        "Authorization": f"Bearer {SECRETS[2]}",
        "User-Agent": SECRET,
        "Referer": f"https://example.com/{SECRETS[0]}",
        "X-Forwarded-For": SECRETS[1],
        f"X-{SECRETS[2]}": SECRET,
    }
    separator = "&" if "?" in path else "?"
    try:
        connection.request(method, f"{path}{separator}token={quote(SECRET)}&{SECRETS[0]}=1", SECRET, headers)
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()


def visit_everything(server: Server) -> None:
    rest = quote(SECRET)
    for method in ("GET", "POST", "QUIXOTIKANARY"):
        send(server, f"/visit/{SECRETS[0]}/{rest}", method)
    # Workers take turns, and make room for more kinds of failures twice a second: each is met by somebody in the end.
    agent.until(lambda: fail_in_every_way(server), lambda seen: EXCEPTIONS <= seen, 20)
    for path in (f"/nowhere/{rest}", f"/boom/{rest}", f"/boom/abort-{rest}", f"/lend/{rest}"):
        send(server, path)
    # A context that is left behind, and requests that run on it.
    send(server, "/arm")
    for _ in range(12):
        send(server, f"/visit/{SECRETS[1]}/{rest}")


def fail_in_every_way(server: Server) -> set[str]:
    """The exceptions that are recorded by now."""
    for how in FAILURES:
        for where in ("app", "request"):
            send(server, f"/visit/{SECRETS[0]}/{quote(SECRET)}?how={where}-{how}")
    document = agent.snapshot(server.directory)
    return {failure["exception"] for worker in agent.live(document) for failure in worker["failures"]}


@contextmanager
def open_requests(server: Server) -> Iterator[None]:
    """One that waits in a view with a connection, and one that streams."""
    paths = [f"/wait/{quote(SECRET)}?seconds=8", f"/stream/{quote(SECRET)}"]
    threads = [threading.Thread(target=send, args=(server, path)) for path in paths]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join(timeout=20)


def assert_everything_was_recorded(document: agent.Snapshot) -> None:
    workers = agent.live(document)
    failures = [failure for worker in workers for failure in worker["failures"]]
    assert {failure["function"] for failure in failures} == {"vault.lose_app", "vault.lose_request"}
    assert EXCEPTIONS <= {failure["exception"] for failure in failures}
    assert {failure["message"] for failure in failures} == {None}
    assert document["totals"]["contexts_leaked"] and document["totals"]["connections_checked_out"] >= 3
    urls = {engine["url"] for worker in workers for engine in worker["engines"]}
    assert {"vault://app@db.example/shop", "vault://***@keys.example"} <= urls


def everything(server: Server) -> Iterator[tuple[str, str]]:
    """Everything that ctxtop has written, answers, prints and shows: names and texts."""
    for path in sorted(server.directory.iterdir()):
        name = "segment" if path.suffix == ".segment" else path.name
        yield name, path.name + ("" if path.is_socket() else path.read_bytes().decode("latin-1"))
    for request in ("json", "snapshot", "help", "nonsense"):
        yield request, agent.ask(server.directory, f"{request}\n".encode()).decode("latin-1")
    yield from printed(server)
    yield from shown(server)


def printed(server: Server) -> Iterator[tuple[str, str]]:
    target = agent.target(server.directory)
    usage = agent.run_program(server.directory, "dump", "--help").stdout.partition("OPTIONS")[2]
    tables, formats = values(usage, "--table"), values(usage, "--format")
    assert {"workers", "failures", "verdicts"} <= set(tables) and {"json", "csv", "text"} <= set(formats)
    commands = {f"dump {name}": ["dump", target, "--format", name] for name in formats}
    commands |= {f"dump {table} as csv": ["dump", target, "--format", "csv", "--table", table] for table in tables}
    # What a recording holds is compressed: it is read when it is printed again.
    recording = str(server.directory / "canary.ctxtop")
    commands["dump recording"] += ["-o", recording]
    commands |= {f"recording as {name}": ["dump", recording, "--format", name] for name in formats if name != "recording"}
    commands["plain frames"] = [target, "-b", "-n", "2", "-d", "0.2"]
    commands["ls"] = ["ls"]
    for name, command in commands.items():
        result = agent.run_program(server.directory, *command)
        assert result.returncode == 0, f"{name}: {result.stderr}"
        yield name, result.stdout + result.stderr


def values(usage: str, option: str) -> list[str]:
    found = re.search(rf"{option}.*?values: ([^;)]*)", usage, re.DOTALL)
    assert found, usage
    return re.findall(r"\w+", found[1])


def shown(server: Server) -> Iterator[tuple[str, str]]:
    """All views, and the details of their first rows."""
    screen = Screen(server.directory, "-d", "0.2", width=WIDTH, height=HEIGHT)
    try:
        screen.wait(lambda text: all(f" {pid} " in text for pid in server.worker_pids()))
        screen.keys("h")
        yield "help", screen.wait_for("Keys")
        screen.keys("Escape")
        for key in "123456789":
            screen.keys(key, "Home")
            time.sleep(0.1)
            texts = [screen.text()]
            for _ in range(6):
                screen.keys("Enter")
                time.sleep(0.05)
                texts.append(screen.text())
                screen.keys("Escape", "Down")
            screen.keys("Escape")
            yield f"screen {key}", "\n".join(texts)
    finally:
        screen.close()


def excerpt(text: str) -> str:
    found = re.search(NEEDLE, text, re.IGNORECASE)
    assert found
    return text[max(0, found.start() - 200) : found.end() + 100]

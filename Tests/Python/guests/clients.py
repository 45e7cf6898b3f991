"""A client of an exporter's socket, in a process of its own: an honest one, or one that attacks it in one way.

Arguments: the socket, the way, and of an honest one how many records it takes. Prints `ready` when it begins. Goes on
until that is done or its input ends, then prints one JSON document: what an honest one has waited (milliseconds), how often one that watches has lost its connection, how many
connections an attacker has made.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator

REQUESTS = [b"snapshot\n", b"watch 50\n", b"json\n", b"help\n", b"recycle 1\n", b"nonsense\n"]
HEADER = 40


def is_over() -> bool:
    return bool(select.select([0], [], [], 0)[0])


class Clients:
    """Connections, of which no more are kept than there may be descriptors."""

    def __init__(self, path: str, kept: int = 2000) -> None:
        self.path, self.kept = path, kept
        self.open: list[socket.socket] = []
        self.made = 0

    def connect(self) -> socket.socket | None:
        """A new one; nobody waits. None: the queue is full."""
        client = socket.socket(socket.AF_UNIX)
        client.setblocking(False)
        try:
            client.connect(self.path)
        except OSError:
            client.close()
            return None
        self.made += 1
        self.open.append(client)
        if len(self.open) > self.kept:
            self.open.pop(0).close()
        return client

    def drop(self, client: socket.socket) -> None:
        self.open.remove(client)
        client.close()


def send(client: socket.socket | None, data: bytes) -> None:
    if client is not None:
        with contextlib.suppress(OSError):
            client.send(data)


def silent(clients: Clients) -> Iterator[None]:
    """Says nothing."""
    while True:
        clients.connect()
        yield


def half(clients: Clients) -> Iterator[None]:
    """Half a line, then a byte now and then."""
    while True:
        send(clients.connect(), b"snap")
        for client in random.sample(clients.open, min(3, len(clients.open))):
            send(client, b"s")
        yield


def endless(clients: Clients) -> Iterator[None]:
    """Lines without end."""
    while True:
        client = clients.connect()
        for _ in range(4):
            send(client, b"x" * 5000)
        yield


def deaf(clients: Clients) -> Iterator[None]:
    """Asks for more and more and reads nothing."""
    while True:
        client = clients.connect()
        send(client, random.choice([b"watch 50\n", b"json\n", b"snapshot\n" * 50]))
        yield


def slow(clients: Clients) -> Iterator[None]:
    """Takes its answer byte by byte."""
    while True:
        send(clients.connect(), b"json\n")
        for client in clients.open[-60:]:
            with contextlib.suppress(OSError):
                client.recv(1)
        yield


def flood(clients: Clients) -> Iterator[None]:
    """Comes and goes."""
    while True:
        client = clients.connect()
        if client is not None:
            clients.drop(client)
        yield


def noise(clients: Clients) -> Iterator[None]:
    """Random bytes, some of which begin like a request."""
    while True:
        client = clients.connect()
        send(client, random.choice([b"", b"watch ", b"recycle ", b"json"]) + random.randbytes(random.randrange(300)))
        if client is not None and random.random() < 0.5:
            clients.drop(client)
        yield


def forbidden(clients: Clients) -> Iterator[None]:
    """Wants workers to be replaced, without being allowed to."""
    while True:
        send(clients.connect(), b"recycle %d\n" % random.randrange(1, 100_000))
        yield


def greedy(clients: Clients) -> Iterator[None]:
    """Wants all there is, again and again, and reads it."""
    while True:
        client = clients.connect()
        if client is not None:
            client.setblocking(True)
            client.settimeout(0.1)
            with contextlib.suppress(OSError):
                for _ in range(200):
                    client.sendall(b"snapshot\n" * 20)
                    client.recv(1 << 20)
            clients.drop(client)
        yield


def cutting(clients: Clients) -> Iterator[None]:
    """Goes after each byte of each request, and after each part of its answer."""
    while True:
        for request in REQUESTS:
            for length in range(len(request) + 1):
                client = clients.connect()
                send(client, request[:length])
                if client is not None:
                    clients.drop(client)
                yield
            for length in range(0, 400, 7):
                client = clients.connect()
                send(client, request)
                if client is not None:
                    client.setblocking(True)
                    client.settimeout(0.02)
                    with contextlib.suppress(OSError):
                        client.recv(length)
                    clients.drop(client)
                yield


def burning(_clients: Clients) -> Iterator[None]:
    """No attack: keeps a processor as busy as one would, to compare with."""
    while True:
        with socket.socket(socket.AF_UNIX), contextlib.suppress(ValueError):
            bytes(100_000).index(b"x")
        yield


ATTACKS: dict[str, Callable[[Clients], Iterator[None]]] = {
    attack.__name__: attack for attack in (silent, half, endless, deaf, slow, flood, noise, forbidden, greedy, cutting, burning)
}


def attack(path: str, way: str) -> None:
    """Does not come back: at the end of its input it tells how many connections it has made."""
    # What an attacker burns itself is not what is asked: it takes what the machine has left.
    os.nice(19)
    clients = Clients(path)

    def end() -> None:
        sys.stdin.read()
        print(json.dumps(clients.made), flush=True)
        os._exit(0)

    threading.Thread(target=end, daemon=True).start()
    for _ in ATTACKS[way](clients):
        pass


def take(path: str) -> None:
    """One record on a connection of its own. Raises where there is no place for it."""
    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)
        client.connect(path)
        client.settimeout(5)
        client.sendall(b"snapshot\n")
        data = bytearray()
        while len(data) < HEADER or len(data) < HEADER + struct.unpack_from("<I", data, 12)[0]:
            part = client.recv(1 << 16)
            if not part:
                raise ConnectionError("dropped")
            data += part


def honest(path: str, count: int) -> list[float]:
    """Asks and tries again as dashboards do. How long each record took, in milliseconds."""
    times: list[float] = []
    while len(times) < count and not is_over():
        begun = time.monotonic()
        while True:
            try:
                take(path)
                break
            except OSError:
                time.sleep(0.002)
        times.append((time.monotonic() - begun) * 1000)
        time.sleep(0.01)
    return times


def watching(path: str) -> int:
    """Keeps one connection for ten records a second; how often it was lost."""
    losses = 0
    while not is_over():
        with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
            client.settimeout(2)
            client.connect(path)
            client.sendall(b"watch 100\n")
            while client.recv(1 << 16):
                if is_over():
                    return losses
        losses += 1
        time.sleep(0.02)
    return losses


def main(path: str, way: str, count: str = "0") -> None:
    print("ready", flush=True)
    if way == "honest":
        print(json.dumps(honest(path, int(count))))
    elif way == "watching":
        print(json.dumps(watching(path)))
    else:
        attack(path, way)


if __name__ == "__main__":
    main(*sys.argv[1:])

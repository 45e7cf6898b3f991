"""A fake exporter: a real Unix socket that answers with records written here, independently of the Swift encoder."""

import os
import socket
import struct
import threading
import time


def crc32c_of_byte(crc: int) -> int:
    for _ in range(8):
        crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc


CRC32C = [crc32c_of_byte(byte) for byte in range(256)]


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ CRC32C[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def zigzag(value: int) -> bytes:
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def block(body: bytes, strings: list[str]) -> bytes:
    table = varint(len(strings)) + b"".join(varint(len(s.encode())) + s.encode() for s in strings)
    return struct.pack("<II", len(body) + len(table), len(body)) + body + table


def worker(
    slot: int, pid: int, alive: bool = True, heartbeat: int = 1, kind: str = "gunicorn", generation: int = 1
) -> bytes:
    """slot, generation, pid, number, instance, started, attached, then the server; its pulse: liveness, heartbeat."""
    server = varint(1) + varint(2)
    body = varint(slot) + varint(generation) + zigzag(pid) + varint(0) + varint(9) + varint(1) + varint(1)
    body += struct.pack("<I", len(server)) + server
    pulse = varint(1 if alive else 2) + varint(heartbeat)
    # Zeros are what fields and lists that are not there read as; they make it as long as a real worker.
    return block(body + bytes(64), [kind, "gthread"]) + struct.pack("<I", len(pulse)) + pulse


def record(
    service: str = "shop", pids=(4312, 4313), monotonic: int | None = None, is_awake: bool = False, server: str = "gunicorn",
    generations=None
) -> bytes:
    """A snapshot of workers with these pids, all alive but those that are negative; awake: their agents are."""
    generations = generations or [1] * len(pids)
    beat = time.monotonic_ns() if is_awake else 1
    workers = b"".join(
        worker(slot, abs(pid), pid > 0, beat, server, generations[slot]) for slot, pid in enumerate(pids))
    payload = block(struct.pack("<I", len(pids)) + workers + varint(1) + varint(2), [service, "prod-3"])
    now = time.monotonic_ns() if monotonic is None else monotonic
    head = b"CTXTOPR1" + struct.pack("<HHIQQI", 1, 0, len(payload), time.time_ns(), now, crc32c(payload))
    return head + struct.pack("<I", crc32c(head)) + payload


class Exporter:
    """Serves every connection on a thread of its own, by default like a real exporter."""

    def __init__(self, path, serve=None, **content):
        self.path = str(path)
        self.content = content
        self.serve = serve or self.watch
        self.connections = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.run, args=(connection,), daemon=True).start()

    def run(self, connection):
        try:
            self.serve(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def watch(self, connection):
        request = connection.makefile("rb").readline().split()
        if not request:
            return  # somebody only wanted to know whether we listen
        assert request[0] == b"watch"
        while True:
            connection.sendall(record(**self.content))
            time.sleep(int(request[1]) / 1000)

    def stop(self, unlink=True):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        if unlink:
            os.unlink(self.path)


def wait_for_end(connection):
    while connection.recv(4096):
        pass


def saying(data: bytes):
    """An exporter that says this, whatever it is asked, and then waits."""

    def serve(connection):
        connection.sendall(data)
        wait_for_end(connection)

    return serve

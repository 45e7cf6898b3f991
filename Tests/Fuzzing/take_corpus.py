"""Takes inputs to begin with from a real server: Tests/Fuzzing/take_corpus.py SOCKET PROGRAM

What is small and varied is worth most: a server with one worker and two threads, on which something has gone wrong.
The inputs without a server in them - requests, settings, patterns - are written here.
"""

import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import time

HEADER = 40
CORPUS = pathlib.Path(__file__).parent / "corpus"

REQUESTS = {
    "snapshot": b"\x00\x09snapshot\n\xfd",
    "watch": b"\x00\x0bwatch 1000\n\xfd\xfb\xfd\xfb\xfd\x0awatch 100\n\xfa\xfd",
    "json": b"\x01\x05json\n\xfc\xfc\xfd\xfd",
    "recycle": b"\x01\x0drecycle 4312\n\xfd",
    "not-allowed": b"\x00\x0drecycle 4312\n\xfd",
    "help-then-gone": b"\x00\x05help\n\xfe",
    "half-a-line": b"\x00\x04snap\xfe\xfd",
    "many": b"\x00\x1bsnapshot\nsnapshot\nsnapshot\n\xfd\xfd\xfd",
    "endless": b"\x00" + (b"\xf9" + b"x" * 249) * 3,
    "never-reads": b"\x00" + b"\x09snapshot\n" * 40 + b"\xfb\xfd",
}

ARGUMENTS = [
    "shop", "./shop.sock", "/run/ctxtop/shop.v2.segment", "ssh://deploy@db1.example:2222/shop", "-5m", "+1h30m", "start",
    "end", "09:04:12.5", "2026-11-22T10:04:12.5+01:00", "@1795338000.5", "10:20", "@~:1.5", "500ms:2h",
    "leaked=1,teardown=5:", "pid,-state,+cpu", "-pid", "pid:desc",
]

FILTERS = [
    "!state:left.*shop\nleft behind, shop.py:41", "^GET /cart/<int:id>$\nGET /cart/7", "(a+)+$\n" + "a" * 30 + "b",
    "\\p{Lu}[^a-z]{2,5}(?i:x)\\Q.\\E\nÉAbX.", "(?<n>.)\\k<n>|(?R)?\nnaïve", "pid:\\d+(?=12)\n4312",
]


def words(*changes: tuple[int, int]) -> bytes:
    """Words of a segment: which, and what it becomes."""
    return b"".join(struct.pack("<IQ", where, what) for where, what in changes)


SEGMENTS = {
    # As layout.h has them; the first slot begins behind a page.
    "untouched": b"",
    "counts": words((512 + 24, 2048), (512 + 25, 4096), (512 + 26, 1024), (512 + 33, 4096), (512 + 34, 2**64 - 1)),
    "odd": words((512 + 1, 7), (512 + (4096 + 8192 + 2048 * 128) // 8, 3)),
    "names": words((512 + 9, 2**64 - 1), (512 + 10, 3 << 32 | 2), (512 + (4096 + 8192) // 8 + 16, 2**63)),
    "short": words((10_000_000, 0)),
}

RELAYS = {
    "words": b"\x03Welcome to prod-3\nctxtop relay 1 1.0.0\nconnecting\nlive\nanswer\tok: pid 4312\nended\n",
    "failures": b"\x01ctxtop relay 1 1.0.0\nsegment\t69\tlooking at shop\tnobody answers\tstart it\n"
    b"reconnecting\t69\ta\tb\tc\nfailed\t66\tlooking for shop\tthere is none\tsee ls\n",
    "other-version": b"\x01ctxtop relay 2 2.0.0\n",
    "listing": b"\x000\ndrwx------ 2 0 0 60 Nov 22 23:40 /run/ctxtop\n"
    b"srw------- 1 0 0 0 Nov 22 23:40 /run/ctxtop/shop.sock\ndrwxrwxrwt 2 1000 1000 60 Nov 22 23:40 /run/user/x\n",
}


class Exporter:
    """A connection to the server's exporter."""

    def __init__(self, path: str):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def record(self) -> bytes:
        self.socket.sendall(b"snapshot\n")
        header = self.file.read(HEADER)
        return header + self.file.read(struct.unpack_from("<I", header, 12)[0])


def save(target: str, name: str, data: bytes) -> None:
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def from_server(path: str, program: str) -> None:
    exporter = Exporter(path)
    records = [exporter.record()]
    time.sleep(0.5)
    records.append(exporter.record())
    first, second = (record[HEADER:] for record in records)
    for target in "record", "judge":
        save(target, "shop", struct.pack("<H", len(first)) + first + second)
        save(target, "alone", struct.pack("<H", 0) + second)
    save("stream", "two-records", b"\x09" + b"".join(records))
    save("relay", "records", b"\x10ctxtop relay 1 1.0.0\nlive\n" + records[0])
    save("stream", "refused", b"\x00error: unknown request; try help\n")
    save("document", "judged", subprocess.check_output([program, "dump", path, "-f", "json"]))
    exporter.socket.sendall(b"json\n")
    save("document", "facts", exporter.file.read())
    with tempfile.TemporaryDirectory() as directory:
        recording = pathlib.Path(directory, "shop.ctxtop")
        subprocess.check_call([program, "record", path, "-o", recording, "-i", "0.1", "-n", "12", "-q"])
        save("recording", "shop", recording.read_bytes())


def main() -> None:
    path, program = sys.argv[1:]
    from_server(path, program)
    for name, data in REQUESTS.items():
        save("request", name, data)
    for name, data in SEGMENTS.items():
        save("segment", name, data)
    for name, data in RELAYS.items():
        save("relay", name, data)
    for target, texts in ("arguments", ARGUMENTS), ("filter", FILTERS):
        for number, text in enumerate(texts):
            save(target, f"{number:02}", text.encode())
    save("settings", "defaults", subprocess.check_output([program, "--write-config"]))


main()

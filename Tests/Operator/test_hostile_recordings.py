"""Recordings that nobody recorded: frames that swell, contradict each other or never end, and names that are orders."""

import ctypes
import os
import struct

import pytest
from fake import crc32c, record
from hostile import NASTY, Measured, Screen, expect_harmless, full_worker, record_of

DATAERR = 65
MEGABYTES, SECONDS = 450, 10
SEED = 0x1234_5678
RECORD, GAP = 1, 2

# Every Debian has it: dpkg needs it.
zstd = ctypes.CDLL("libzstd.so.1")
zstd.ZSTD_compress.restype = zstd.ZSTD_compressBound.restype = ctypes.c_size_t


def compressed(data: bytes) -> bytes:
    room = zstd.ZSTD_compressBound(ctypes.c_size_t(len(data)))
    buffer = ctypes.create_string_buffer(room)
    count = zstd.ZSTD_compress(buffer, ctypes.c_size_t(room), data, ctypes.c_size_t(len(data)), 3)
    return buffer.raw[:count]


def head(service=b"shop", host=b"prod-3") -> bytes:
    one = struct.pack("<QHHHHQI", 0x3146_504F_5458_5443, 1, 0, len(service), len(host), 1, SEED)
    one = (one.ljust(64, b"\0") + service.ljust(192, b"\0") + host.ljust(248, b"\0")).ljust(508, b"\0")
    one += struct.pack("<I", crc32c(one))
    return one * 2


def frame(kind, payload, sequence=0, position=0, length=0, wall=0, monotonic=0) -> bytes:
    header = b"CTXF" + struct.pack(
        "<BBHIIIHHQQIII", kind, 0, position, sequence, len(payload), length, 0, 0, wall, monotonic, 0, 0, crc32c(payload))
    return header + struct.pack("<I", crc32c(header) ^ SEED) + payload


def stream(bytes_=b"", marks=b"", details=b"", claimed=None) -> bytes:
    """A payload, whose parts need not be as long as they are said to be."""
    counts = claimed or (len(bytes_), len(marks), len(details))
    return struct.pack("<III", *counts) + compressed(bytes_ + marks + details)


def plain(data: bytes, **more) -> bytes:
    """The frame of a record: each byte that is none of ASCII is a word of its own."""
    marks, details = bytearray(), bytearray()
    out, place = bytearray(), 0
    while place < len(data):
        if data[place] < 128:
            out.append(data[place])
            place += 1
            continue
        end = place + 1
        while data[end - 1] >= 128 and end - place < 8 and end < len(data):
            end += 1
        out.append(0x80)
        marks.append(5)
        details += bytes([end - place]) + data[place:end]
        place = end
    wall, monotonic = struct.unpack_from("<QQ", data, 16)
    return frame(RECORD, stream(bytes(out), bytes(marks), bytes(details)), length=len(data), wall=wall, monotonic=monotonic, **more)


@pytest.fixture
def run(program, place, alone):
    def run(*arguments, **options):
        environment = {"CTXTOP_DIR": str(place), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(place)}
        result = Measured([*alone, program, *map(str, arguments)], environment, **options)
        assert result.status >= 0, (arguments, result.status, result.err)
        assert result.megabytes < MEGABYTES and result.seconds < SECONDS, (arguments, result.megabytes, result.seconds)
        expect_harmless(result.err)
        return result

    return run


def test_what_is_written_here_is_read(run, tmp_path):
    """Else the other tests would say nothing."""
    path = tmp_path / "shop.ctxtop"
    path.write_bytes(head() + plain(record()) + plain(record(pids=(7,)), sequence=1))
    assert b'"pid":7' in run("dump", path, "-f", "json").out.replace(b" ", b"")


LONG = (64 << 20) + 40


@pytest.mark.parametrize("payload, length", [
    (stream(bytes(8 << 20), claimed=(LONG, 0, 0)), LONG),
    (stream(bytes(LONG)), LONG),
    (stream(b"\x80" * (40 << 20), b"\x05" + b"\x10" * ((40 << 20) - 1), b"\x01\x80"), 40 << 20),
    (stream(b"\x80" * (8 << 20), b"\x05" + b"\x10" * ((8 << 20) - 1), b"\x08" + b"\xff" * 8), LONG),
    (stream(bytes(1 << 20), claimed=(0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF)), LONG),
    (stream(bytes(5000)), 4000), (stream(bytes(4000)), 5000), (b"\0" * 11, 40), (b"", 40), (stream(), 0),
    (stream(b"\x80" * 9, b"\xbf" * 9), 72), (stream(b"\x80" * 9, b"\x02" * 9, b"\xff" * 36), 72),
])  # fmt: skip
def test_a_frame_that_swells(run, tmp_path, payload, length):
    """64 MiB out of some kilobytes, or what claims to be: it costs no more than such a record would."""
    path = tmp_path / "shop.ctxtop"
    path.write_bytes(head() + frame(RECORD, payload, length=length, wall=5, monotonic=6) + plain(record(), sequence=1))
    for at in ("start", "end"):
        shown = run("dump", path, "--at", at, "-f", "csv")
        assert shown.status in (0, DATAERR) and shown.err.count(b"\n") == (shown.status != 0), shown.err


def test_a_group_that_swells(run, tmp_path):
    """Each record of a group names the one before it, and all must be read to read the last."""
    part = stream(bytes(1 << 20))
    frames = b"".join(
        frame(RECORD, part, index, index, 1 << 20, 5, 6 + index) for index in range(200))
    path = tmp_path / "shop.ctxtop"
    path.write_bytes(head() + frames)
    shown = run("dump", path, "--at", "end")
    assert shown.status == DATAERR and shown.err.count(b"\n") == 1


def test_frames_without_number(run, tmp_path):
    """A hundred thousand, empty or the same: what is kept of each is bounded."""
    empty = b"".join(frame(99, b"", index) for index in range(20_000))
    gap = frame(GAP, b"\x1b[66;66H\xe2\x80\xae" * 20, 20_000, wall=1, monotonic=2)
    same = frame(GAP, b"x", 5) * 20_000
    path = tmp_path / "shop.ctxtop"
    path.write_bytes(head() + empty + gap + same + plain(record(), sequence=30_000))
    assert run("dump", path, "-f", "csv").status == 0
    assert run(path, "-b", terminal=True).status == 0


def test_an_end_far_away(run, tmp_path):
    """A terabyte of nothing behind the last record is not read to its end."""
    path = tmp_path / "shop.ctxtop"
    with path.open("wb") as file:
        file.write(head() + plain(record()))
        file.truncate(1 << 40)
    assert run("dump", path, "-f", "csv", timeout=60).status == 0


def test_nothing_but_text_reaches_a_screen(run, tmp_path, program, place, alone):
    path = tmp_path / "shop.ctxtop"
    gap = frame(GAP, (NASTY[0] + NASTY[2] + NASTY[11]).encode(), 1, wall=1, monotonic=2)
    body = record_of([full_worker(texts=NASTY[:12])], service=NASTY[2], host=NASTY[0])
    path.write_bytes(head(NASTY[2].encode(), NASTY[0].encode()) + plain(body) + gap + plain(body, sequence=2) + b"junk" * 99)
    for arguments in (("dump", path), (path, "-b"), ("check", path), ("dump", path, "-f", "csv")):
        shown = run(*arguments, terminal=True)
        assert shown.out, shown.err
        expect_harmless(shown.out)
    environment = {
        "CTXTOP_DIR": str(place), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color",
        "HOME": str(place)}
    with Screen([*alone, program, str(path)], environment, tmp_path) as screen:
        assert screen.read(5, b"Workers")
        screen.press(b"t", b"t", b"]", b"[", b"Z", b"p", b"p", b"\r", b"\x1b", b"g", b"\x1b", seconds=0.1)
        assert screen.quit() == 0
        expect_harmless(screen.written, is_screen=True)

"""Hostile servers and files: an error in one line, or a cleaned text; memory and processor bounded; `q` ends at once.

What is merely damaged, test_bad_input.py has; what else is done to recordings, test_record.py.
"""

import os
import socket
import struct
import threading
import time

import documents
import pytest
from fake import record, varint, wait_for_end
from hostile import NASTY, Measured, Screen, entity, expect_harmless, full_worker, record_of

DATAERR, NOINPUT, TEMPFAIL, PROTOCOL = 65, 66, 75, 76
#: Whatever comes, in MB and in seconds of a processor; a harmless service needs 20 and 0.1.
MEGABYTES, SECONDS = 450, 10
HUGE = [(1 << 64) - 1, 1 << 63, (1 << 63) - 1, 1 << 62, 0]
FORMATS = ["text", "json", "ndjson", "csv", "prometheus"]
KEYS = [each for view in b"123456" for each in (bytes([view]), b"\r", b"\x1b[6~", b"\x1b")]
KEYS += [b"t", b"*", b"\x1bOB", b"\r", b"\x1b", b"g", b"\x1b", b"/owned\r", b"n", b"\x1b", b"\\owned\r", b"\x1b", b"C\x1b", b"I"]


def saying(*parts: bytes, pause=0.1, again=True):
    """An exporter that says these parts, again and again, whatever it is asked."""

    def serve(connection):
        connection.recv(100)
        while True:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            if not again:
                return wait_for_end(connection)

    return serve


def two_passes(workers, monotonic=10**15, **more):
    """Two records, far enough apart for one of them to confirm the other: else the program waits for one that is."""
    return [record_of(workers, monotonic=max(0, monotonic - before), **more) for before in (3 * 10**8, 0)]


@pytest.fixture
def run(program, place, alone):
    """Runs the program, measured."""

    def run(*arguments, **options):
        environment = {"CTXTOP_DIR": str(place), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(place)}
        result = Measured([*alone, program, *map(str, arguments)], environment | options.pop("env", {}), **options)
        assert result.status >= 0, (arguments, result.status, result.err)
        assert result.megabytes < MEGABYTES and result.seconds < SECONDS, (arguments, result.megabytes, result.seconds)
        expect_harmless(result.err)
        return result

    return run


@pytest.fixture
def screen_of(program, place, alone, tmp_path):
    """Runs the program in a terminal that keeps what it is sent."""
    screens = []

    def start(*arguments):
        environment = {
            "CTXTOP_DIR": str(place), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color",
            "HOME": str(place), "SWIFT_BACKTRACE": "enable=no"}
        screens.append(Screen([*alone, program, *map(str, arguments)], environment, tmp_path))
        return screens[-1]

    yield start
    for screen in screens:
        screen.__exit__()


# What reaches a terminal


def test_nothing_but_text_reaches_a_screen(screen_of, exporter):
    workers = [full_worker(0), full_worker(1, 4313, texts=NASTY[::-1])]
    exporter("shop", saying(record_of(workers, service=NASTY[2], host=NASTY[11])))
    screen = screen_of("shop", "-d", "0.2")
    assert screen.read(5, b"live"), screen.written
    screen.press(*KEYS, seconds=0.1)
    # What it tells of files and answers.
    screen.press(b"K", b"\x1b", b"r", b"r", seconds=0.2)
    assert screen.megabytes() < 60
    assert screen.quit() == 0
    expect_harmless(screen.written, is_screen=True)


def test_nothing_but_text_reaches_a_terminal(run, exporter, tmp_path):
    """Also as CSV and metrics, which programs get as they are."""
    exporter("shop", saying(*two_passes([full_worker()], service=NASTY[0], host=NASTY[2])))
    for arguments in [("dump", "shop", "-f", each) for each in FORMATS] + [("check", "shop"), ("ls",), ("shop", "-b", "-n", "1")]:
        shown = run(*arguments, terminal=True)
        assert shown.out and shown.status in (0, 1, 2), (arguments, shown.err)
        expect_harmless(shown.out)
        if "csv" not in arguments and "prometheus" not in arguments and "json" not in arguments[-1]:
            expect_harmless(run(*arguments).out)
    path = tmp_path / "shop.json"
    assert run("dump", "shop", "-f", "json", "-o", path).status == 0
    expect_harmless(run("diff", path, path, terminal=True).out)
    for names in (run("completions", "--names"), run("ls", "--json", terminal=True)):
        expect_harmless(names.out)


def test_a_document_is_cleaned_as_a_server_is(run, screen_of, tmp_path):
    texts = {"rule": NASTY[0], "endpoint": NASTY[1], "frame": NASTY[11], "method": NASTY[6]}
    worker = documents.worker(
        contexts=[documents.context(1) | texts], failures=[documents.failure() | {"function": NASTY[2], "message": NASTY[3]}],
        hazards=[{"code": NASTY[4], "message": NASTY[7]}])
    verdict = documents.verdict(message=NASTY[2], remedy=NASTY[11], subject=NASTY[0], evidence={NASTY[0]: NASTY[2]})
    path = documents.write(tmp_path / "shop.json", workers=[worker], verdicts=[verdict], app=NASTY[1], host=NASTY[0])
    for arguments in [("dump", path), ("check", path), (path, "-b"), ("dump", path, "-f", "csv")]:
        shown = run(*arguments, terminal=True)
        assert shown.out, (arguments, shown.err)
        expect_harmless(shown.out)
    screen = screen_of(path)
    assert screen.read(5, b"Workers")
    screen.press(*KEYS, seconds=0.05)
    assert screen.quit() == 0
    expect_harmless(screen.written, is_screen=True)


def test_bytes_that_are_no_text(run, exporter):
    texts = [b"\xff\xfe\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\x80", b"half \xe2\x82", b"\x9b31m", b"fine"]
    exporter("shop", saying(*two_passes([full_worker(texts=texts)])))
    for each in FORMATS:
        shown = run("dump", "shop", "-f", each)
        assert shown.status == 0 and shown.out.decode("utf-8", "strict")


@pytest.mark.parametrize("answer", [
    b"ok \x1b[66;66H\x07\xe2\x80\xaeowned\n", b"refused: \x1b]0;owned\x07\n", b"\xff" * 900 + b"\n", b"x" * 100_000,
    b"\x1bc\n", b"ok\n" * 1000, b"\n", b"",
])  # fmt: skip
def test_answers_to_a_request(run, exporter, answer):
    def serve(connection):
        if connection.recv(100).startswith(b"watch"):
            connection.sendall(record(is_awake=True))
            return wait_for_end(connection)
        connection.sendall(answer)
        return wait_for_end(connection) if answer else None

    exporter("shop", serve)
    shown = run("recycle", "shop", "4312", "--timeout", "1", terminal=True)
    assert shown.status > 0 and shown.err.count(b"\n") <= 1
    expect_harmless(shown.out)


# Numbers that cannot be


@pytest.mark.parametrize("huge", HUGE[::2])
def test_absurd_numbers(run, exporter, huge):
    workers = [full_worker(slot, 4312 + slot, huge=huge, texts=["a", "b"]) for slot in range(3)]
    exporter("shop", saying(*two_passes(workers, wall=huge, monotonic=huge or 10**15)))
    for each in FORMATS:
        assert run("dump", "shop", "-f", each).status == 0
    assert run("check", "shop").status in (0, 1, 2, 3)


@pytest.mark.parametrize("huge", HUGE[:3])
def test_absurd_numbers_on_a_screen(screen_of, exporter, huge):
    worker = full_worker(0, huge=huge, texts=["a", "b"]), full_worker(1, 4313, huge=1, texts=["a"])
    exporter("shop", saying(record_of(worker), record_of(worker[:1], wall=huge, monotonic=huge), record_of(worker[::-1])))
    screen = screen_of("shop", "-d", "0.1")
    assert screen.read(5, b"live")
    screen.press(*KEYS, seconds=0.05)
    assert screen.quit() == 0


def test_time_goes_backwards(run, screen_of, exporter, tmp_path):
    base = 10**15
    steps = [0, -(10**9), 10**12, -(10**14), 5, 5, 0]
    records = [record_of([full_worker(texts=["a"], huge=7)], wall=base + step, monotonic=base - step) for step in steps]
    exporter("shop", saying(*records))
    assert run("dump", "shop").status == 0
    path = tmp_path / "shop.ctxtop"
    assert run("record", "shop", "-o", path, "-n", "7", "-i", "0.1").status == 0
    assert run("dump", path, "-f", "json", "--at", "end").status == 0
    screen = screen_of("shop", "-d", "0.1")
    assert screen.read(5, b"live")
    screen.press(b"g", b"\x1b", b"t", seconds=0.4)
    assert screen.quit() == 0


# Too much


def crowded(strings=0, contexts=0, units=0):
    """A worker with no more than the numbers say: as much as possible in few bytes."""
    context = entity(varint(7), bytes(7))
    unit = entity(varint(1) * 2, bytes(11), varint(contexts), context * contexts)
    body = varint(0) + varint(1) + varint(2 * 4312) + bytes(1) + varint(9) + varint(1) * 2 + entity() * 2 + bytes(1)
    body += entity() * 2 + bytes(1) + varint(units or bool(contexts)) + unit * (units or bool(contexts)) + bytes(64)
    table = varint(strings) + bytes(strings)
    return struct.pack("<II", len(body) + len(table), len(body)) + body + table + entity(varint(1) * 2)


@pytest.mark.parametrize("worker, count", [
    (crowded(strings=2_000_000), 1), (crowded(units=70_000), 1), (crowded(contexts=40_000), 7), (crowded(), 30_000),
])  # fmt: skip
def test_a_record_that_swells(run, exporter, worker, count):
    """Little in bytes, much in memory once it is read."""
    exporter("shop", saying(*two_passes([worker] * count)))
    shown = run("dump", "shop", "-f", "csv")
    assert shown.status in (0, DATAERR, TEMPFAIL), shown.err
    assert shown.err.count(b"\n") == (shown.status != 0)


def test_a_long_stack_is_no_slow_one(screen_of, exporter):
    exporter("shop", saying(record_of([crowded(contexts=60_000)]), pause=0.4))
    screen = screen_of("shop", "-d", "0.4")
    assert screen.read(8, b"live")
    screen.press(b"t", b"\x1b[F", b"3", b"6", seconds=0.5)
    assert screen.quit() == 0


def test_a_record_without_end(run, screen_of, exporter):
    """It begins as one of 64 MiB; what follows comes as fast as it is taken, or a byte now and then."""
    head = record_of([crowded()])[:40]
    head = head[:12] + struct.pack("<I", 64 << 20) + head[16:36]
    from fake import crc32c

    head += struct.pack("<I", crc32c(head))
    exporter("shop", saying(record(), head, *[bytes(1 << 20)] * 80, pause=0))
    exporter("drip", saying(head, *[b"x"] * 1000, pause=0.3))
    assert run("dump", "drip").status == TEMPFAIL
    screen = screen_of("shop", "-d", "0.1")
    assert screen.read(5, b"Workers")
    screen.read(2)
    assert screen.megabytes() < 250
    assert screen.quit() == 0


def test_records_without_end(screen_of, exporter):
    """Far more of them than were asked for: they are taken as slowly as suits us, and it goes on being quick."""
    exporter("shop", saying(record_of([full_worker(texts=["a"], huge=5)] * 8) * 20, pause=0))
    screen = screen_of("shop", "-d", "1")
    assert screen.read(5, b"live")
    begun, used = time.monotonic(), screen.seconds()
    screen.read(3)
    assert screen.seconds() - used < 0.5 * (time.monotonic() - begun)
    assert screen.megabytes() < 60
    assert screen.quit(1) == 0


@pytest.mark.parametrize("after", [b"", record()], ids=["at once", "after a record"])
def test_a_connection_that_flaps(screen_of, exporter, after):
    taken = []

    def serve(connection):
        taken.append(time.monotonic())
        connection.recv(100)
        connection.sendall(after)

    exporter("shop", serve)
    exporter("other", saying(record()))
    screen = screen_of("shop", "-d", "1")
    screen.read(2)
    assert len(taken) < 150
    os.write(screen.terminal, b"q")
    screen.read(0.5)
    expect_harmless(screen.written, is_screen=True)


# Files


@pytest.mark.parametrize("content", [
    '{"schema": "ctxtop.snapshot/1"}',
    '{"schema": "ctxtop.snapshot/1", "workers": []}',
    '{"schema": "ctxtop.snapshot/1", "time": 1e400}',
    '{"schema": "ctxtop.snapshot/1", "time": "9999999999-01-01T00:00:00Z"}',
    '{"schema": "ctxtop.snapshot/1", "time": "2026-11-22T09:00:00Z", "monotonic_ns": NaN}',
    '{"schema": "ctxtop.snapshot/1", "time": "2026-11-22T09:00:00Z", "monotonic_ns": -1}',
    '{"schema": "ctxtop.snapshot/1", "time": "2026-11-22T09:00:00Z", "workers": [{"pid": 1e300}]}',
    '{"schema": "ctxtop.snapshot/1", "time": "2026-11-22T09:00:00Z", "workers": [{"latency_ms": {"p50": Infinity}}]}',
    '{"schema": "ctxtop.snapshot/1", "workers": [1], "workers": [2]}',
    '{"schema": "ctxtop.snapshot/\\u001b[66;66H\\u202e"}',
    '{"a":' * 100_000, "[" * 100_000, '{"schema": "ctxtop.snapshot/1", "x": ' + "[" * 600 + "]" * 600 + "}",
    '{"schema": "ctxtop.snapshot/1", "\ud800": 1}', "{" + "\x00" * 5000,
])  # fmt: skip
def test_documents_that_are_none(run, tmp_path, content):
    path = tmp_path / "shop.json"
    path.write_text(content, errors="surrogatepass")
    for arguments in [("dump", path), ("check", path), ("diff", path, path)]:
        shown = run(*arguments, terminal=True)
        expected = {"check": 3, "diff": 2}.get(arguments[0], DATAERR)
        assert shown.status == expected, (arguments, shown.status, shown.err)
        assert (shown.out if "check" in arguments else shown.err).count(b"\n") == 1, (shown.out, shown.err)
        expect_harmless(shown.out)


@pytest.mark.parametrize("part", ["{},", "0,", '{"units":[{},{}]},'])
def test_documents_that_swell(run, tmp_path, part):
    path = tmp_path / "shop.json"
    begin = b'{"schema": "ctxtop.snapshot/1", "time": "2026-11-22T09:00:00Z", "workers": ['
    with path.open("wb") as file:
        file.write(begin + part.encode() * ((60 << 20) // len(part)) + part.encode()[:-1] + b"]}")
    shown = run("dump", path, "-f", "csv")
    assert shown.status == DATAERR and b"more in it" in shown.err
    # As much as is read.
    count = 60_000 if "{" in part else 4_000_000
    path.write_bytes(begin + part.encode() * count + part.encode()[:-1] + b"]}")
    assert run("dump", path, "-f", "csv").status in (0, DATAERR)


def test_documents_that_are_too_long(run, tmp_path):
    path = tmp_path / "shop.json"
    with path.open("wb") as file:
        file.write(b'{"schema": "')
        file.truncate(1 << 40)
    shown = run("dump", path, timeout=120)
    assert shown.status in (DATAERR, 74) and shown.err.count(b"\n") == 1


@pytest.mark.parametrize("make", ["fifo", "directory", "zero", "loop", "socket"])
@pytest.mark.parametrize("role", ["target", "configuration"])
def test_what_is_no_file(run, tmp_path, make, role):
    path = tmp_path / "config" / "ctxtop" / "config.toml"
    path.parent.mkdir(parents=True)
    listener = socket.socket(socket.AF_UNIX)
    {
        "fifo": lambda: os.mkfifo(path), "directory": path.mkdir, "zero": lambda: path.symlink_to("/dev/zero"),
        "loop": lambda: path.symlink_to(path), "socket": lambda: listener.bind(str(path)),
    }[make]()  # fmt: skip
    if role == "target":
        assert run("dump", path, timeout=10).status > 0
    else:
        good = documents.write(tmp_path / "shop.json")
        assert run(good, "-b", env={"XDG_CONFIG_HOME": str(tmp_path / "config")}, timeout=10).status == 0


@pytest.mark.parametrize("content", [
    b"a = " + b"[" * 50_000, b"a." * 20_000 + b"a = 1", b"\xff\xfe", b"x = \"\x1b[66;66H\"\n", "\u202e = 1\n".encode(),
    b"[a]\n" * 10_000, b"interval = nan\n", b"interval = 1e999\n", b"interval = -1\n", b"x" * 70_000,
])  # fmt: skip
def test_configurations(run, tmp_path, content):
    path = tmp_path / "config" / "ctxtop" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    good = documents.write(tmp_path / "shop.json")
    shown = run(good, "-b", env={"XDG_CONFIG_HOME": str(tmp_path / "config")}, terminal=True)
    assert shown.status == 0 and b"4312" in shown.out
    expect_harmless(shown.out)


def test_two_servers_at_once(run, exporter):
    """One that never says anything does not keep `ls` from the other."""
    exporter("silent", wait_for_end)
    exporter("shop", saying(record()))
    threads = threading.active_count()
    shown = run("ls", timeout=10)
    assert shown.status == 0 and b"shop" in shown.out and threading.active_count() <= threads + 4

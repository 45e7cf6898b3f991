"""What a hostile server or file says, and what must not come of it on the terminal of whoever looks at it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import threading
import time

from fake import block, crc32c, varint, zigzag

#: Each does something to a terminal that gets it, or to the order of what stands beside it.
NASTY = [
    "\x1b[66;66H", "\x1b[?6666h", "\x1b]0;owned\x07", "\x1b]52;c;b3duZWQ=\x07", "\x1bPowned\x1b\\", "\x1bc", "\x9b66;66H",
    "\x9d0;owned\x9c", "\x07\x08\x7f", "a\rowned", "a\nowned\tb", "\u202eowned\u202c", "\u2066owned\u2069", "\u200f\u061c",
    "\u2028owned\u2029", "\x00owned", "\x0e\x0f\x05", "\U000e0041\ufeff\u200b", "e" + "\u0301" * 300, "\u65e5\u672c" * 40,
    "x" * 20_000, '",\\}{"; $(id) `id` | & <b> %n %s',
]  # fmt: skip
#: What these look like where they were not made harmless.
ORDERS = re.compile(rb"\x1b\[66;66H|\x1b\[\?6666h|\x1b\]|\x1bP|\x1bc|\xc2[\x80-\x9f]|\x00|\x05|\x07|\x7f")
#: Marks of direction, separators of lines and paragraphs.
DIRECTIONS = re.compile("[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
#: All that ncurses writes to an xterm of what has no letters.
ALLOWED = re.compile(
    rb"\x1b\[[0-9;:]*[ABCDGHJKLMPSTXZ@bdmrf]|\x1b\[[?][0-9;]*[hl]|\x1b\[>[0-9;]*[hlm]|\x1b\[4[hl]|\x1b\[22;0;0t|\x1b\[23;0;0t"
    rb"|\x1b[()][0AB]|\x1b[=>78MD]|[\r\n\t\b\x0e\x0f]")  # fmt: skip


def expect_harmless(written: bytes, is_screen=False):
    """Nothing but text, and on a screen what moves its cursor and colours it."""
    rest = ALLOWED.sub(b"", written) if is_screen else re.sub(rb"\r*\n|\t", b"", written)
    found = re.search(rb"[\x00-\x1f\x7f]", rest)
    assert not found, rest[max(0, found.start() - 60) : found.start() + 60]
    order = ORDERS.search(written)
    assert not order, written[max(0, order.start() - 60) : order.start() + 60]
    text = written.decode("utf-8", "strict")
    direction = DIRECTIONS.search(text)
    assert not direction, text[max(0, direction.start() - 60) : direction.start() + 60]


# A record of everything


class Strings:
    """The table of a block: texts, numbered as they come."""

    def __init__(self, texts):
        self.kept, self.texts = [], texts

    def any(self) -> bytes:
        """The number of the next text, one after the other."""
        text = self.texts[len(self.kept) % len(self.texts)]
        self.kept.append(text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text)
        return varint(len(self.kept))

    def table(self) -> bytes:
        return varint(len(self.kept)) + b"".join(varint(len(each)) + each for each in self.kept)


def entity(*parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack("<I", len(body)) + body


def some(value: bytes) -> bytes:
    return varint(1) + value


def number(value=1) -> bytes:
    return varint(value)


def full_worker(slot=0, pid=4312, texts=NASTY, huge=(1 << 64) - 1, rounds=3) -> bytes:
    """All that a worker can have, every text of it taken from `texts`, every number as large as it can be."""
    strings = Strings(texts)
    text, big = strings.any, number(huge)
    place = number(min(huge, 0xFFFFFFFF))
    label = lambda: some(text() + text() + text())  # noqa: E731
    holder = lambda: some(entity(some(zigzag(0)), number(1), number(7), number(9), label(), text()))  # noqa: E731

    def context(serial):
        return entity(number(serial), number(serial % 2), number(0), number(5), some(number(6)), number(7), label(), text(), big)

    def unit(index):
        contexts = varint(2) + context(9 + 2 * index) + context(10 + 2 * index)
        request = some(entity(big, label(), number(1), number(0)))
        return entity(
            place, number(1), number(index % 3), big, text(), number(0), place, place, big, big, number(7), request, big,
            contexts, number(1))  # fmt: skip

    def connection(index):
        return entity(
            number(index), number(1), some(zigzag(0)), some(zigzag(-5)), number(1), number(1), number(2), holder())

    def failure():
        return entity(
            text(), text(), number(0), text(), text(), text(), label(), some(zigzag(0)), big, number(1), big,
            varint(2) + text() + text(), text())  # fmt: skip

    def session(index):
        return entity(
            number(index), number(1), text(), number(1), number(1), number(1), holder(), label(), number(3), number(0))

    def resource(index):
        return entity(number(index), number(1), text(), text(), number(1), number(1), holder())

    vanished = lambda: entity(number(0), text(), label(), some(zigzag(0)), big, number(1), big)  # noqa: E731
    server = entity(text(), text(), text(), some(zigzag(2**62)), some(zigzag(-(2**62))))
    body = number(slot) + number(1) + zigzag(pid) + some(zigzag(2**62)) + number(9) + big + big + server
    body += entity(*(text() for _ in range(5))) + some(big) + entity(*[big] * 21) + entity(big, number(0)) + place
    for make in (unit, connection, lambda _: entity(text(), some(zigzag(2**62)), some(zigzag(-1)), some(big)),
                 lambda _: failure(), session, resource, lambda _: vanished(), lambda _: entity(text(), text())):
        parts = [make(index) for index in range(rounds)]
        body += varint(len(parts)) + b"".join(parts)
    table = strings.table()
    whole = struct.pack("<II", len(body) + len(table), len(body)) + body + table
    kernel = some(entity(number(27), big, big, big, big, some(big)))
    return whole + entity(number(1), big, kernel, big)


def record_of(workers, service="shop", host="prod-3", wall=None, monotonic=None) -> bytes:
    payload = block(
        struct.pack("<I", len(workers)) + b"".join(workers) + varint(1) + varint(2), [service, host])
    wall = time.time_ns() if wall is None else wall
    monotonic = time.monotonic_ns() if monotonic is None else monotonic
    head = b"CTXTOPR1" + struct.pack("<HHIQQI", 1, 0, len(payload), wall, monotonic, crc32c(payload))
    return head + struct.pack("<I", crc32c(head)) + payload


# Programs that are measured


class Measured:
    """A run of a program: what it said, and what it needed at most."""

    def __init__(self, command, env=None, timeout=30, terminal=False):
        ours, theirs = pty.openpty() if terminal else os.pipe()
        # What it says is kept in a file, so that nothing of ours grows with it.
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complaints:
            process = subprocess.Popen(
                command, env=env, stdin=subprocess.DEVNULL, stdout=theirs if terminal else said, stderr=complaints)
            os.close(theirs)
            reader = threading.Thread(target=copy, args=(ours, said), daemon=True)
            reader.start()
            self.megabytes, begun = 0.0, time.monotonic()
            status = None
            while status is None:
                ended, code, usage = os.wait4(process.pid, os.WNOHANG)
                if ended:
                    status = os.waitstatus_to_exitcode(code)
                    self.seconds = usage.ru_utime + usage.ru_stime
                    process.returncode = status
                else:
                    self.megabytes = max(self.megabytes, peak(process.pid))
                    if time.monotonic() - begun > timeout:
                        process.kill()
                    time.sleep(0.005)
            reader.join(5)
            os.close(ours)
            said.seek(0)
            complaints.seek(0)
            self.status, self.out, self.err = status, said.read(1 << 26), complaints.read()


def copy(source, target):
    while True:
        try:
            part = os.read(source, 1 << 16)
        except OSError:
            return
        if not part:
            return
        target.write(part)
        target.flush()


def peak(pid) -> float:
    """The most memory that a process had so far, in MB; what stood before it in the same process does not count."""
    try:
        lines = open(f"/proc/{pid}/status").read().splitlines()
    except OSError:
        return 0
    return max([int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")], default=0)


class Screen:
    """A program in a terminal of which every byte is kept."""

    def __init__(self, command, environment, directory, width=120, height=40):
        self.written = b""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            # What the program records lies where it was started.
            os.chdir(directory)
            os.execvpe(command[0], command, environment)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.terminal)

    def read(self, seconds, until=None):
        end = time.monotonic() + seconds
        start = len(self.written)
        while (left := end - time.monotonic()) > 0:
            if until is not None and until in self.written[max(0, start - len(until)) :]:
                return True
            if select.select([self.terminal], [], [], left)[0]:
                try:
                    self.written += os.read(self.terminal, 1 << 16)
                except OSError:
                    break
        return until is None

    def press(self, *keys, seconds=0.15):
        for key in keys:
            os.write(self.terminal, key)
            self.read(seconds)

    def seconds(self) -> float:
        """Of a processor, so far."""
        fields = open(f"/proc/{self.pid}/stat").read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        return peak(self.pid)

    def quit(self, seconds=5) -> int:
        os.write(self.terminal, b"q")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(0.02)
            pid, code = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(code)
        raise AssertionError(f"does not end within {seconds} s")

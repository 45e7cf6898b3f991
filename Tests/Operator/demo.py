"""A demo server: `ctxtop-demo`, which lies beside the program, and what it knows that it leaked."""

import collections
import contextlib
import os
import pathlib
import signal
import struct
import subprocess
import time


class Demo:
    """A server of its own, in a runtime directory of its own. Without visitors, unless they are asked for."""

    def __init__(self, program, place, *options):
        self.executable = pathlib.Path(program).resolve().parent / "ctxtop-demo"
        assert os.access(self.executable, os.X_OK), f"{self.executable} is not built: swift build --product ctxtop-demo"
        self.options = [str(option) for option in options]
        environment = {"CTXTOP_DIR": str(place), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            [self.executable, "--show-place", *self.options], env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True)
        words = self.process.stdout.readline().split()
        assert words[:1] == ["ready"], words
        self.url, self.target = words[1:]
        self.port = int(self.url.rsplit(":", 1)[1])
        self.work = pathlib.Path(self.process.stdout.readline().strip())

    def visit(self, requests, seed, *options):
        """Has so many requests made, and waits for the end of all of them: then nothing is in flight."""
        return subprocess.run(
            [self.executable, "visit", "--to", str(self.port), "--requests", str(requests), "--seed", str(seed),
             "--rate", "0", *self.options, *map(str, options)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=600).stdout

    def truths(self):
        """What each worker counted, by process id; also of those that are dead."""
        return {int(path.name[6:]): self._truth(path) for path in self.work.glob("truth-*")}

    def _truth(self, path):
        raw = path.read_bytes()
        names = raw[:512].rstrip(b"\0").decode().split()
        counts = struct.unpack(f"<{len(names)}Q", raw[512:])
        return collections.Counter(dict(zip(names, counts, strict=True)))

    def workers(self):
        """The process ids of those that live."""
        return [pid for pid in self.truths() if pathlib.Path(f"/proc/{pid}").exists() and command_of(pid) == "work"]

    def end(self, sent=signal.SIGTERM):
        """Ends it; nothing is to be left after it."""
        if self.process.poll() is None:
            self.process.send_signal(sent)
        self.process.wait(20)
        self.process.stdout.close()


@contextlib.contextmanager
def served(program, place, *options):
    """A demo for as long as the block lasts."""
    demo = Demo(program, place, *options)
    try:
        yield demo
    finally:
        demo.end()


def command_of(pid):
    """Which part of the demo a process is; None: it is none, or there is none."""
    with contextlib.suppress(OSError):
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if words[0].endswith(b"ctxtop-demo"):
            return words[1].decode()
    return None


def parts_of(mark):
    """The processes of the demo whose environment names this directory."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        pid = int(path.parent.name)
        with contextlib.suppress(OSError):
            if command_of(pid) is not None and f"CTXTOP_DIR={mark}".encode() in path.read_bytes().split(b"\0"):
                found.append(pid)
    return found


def until(holds, seconds=10):
    """Waits until this is true."""
    end = time.monotonic() + seconds
    while not (result := holds()):
        assert time.monotonic() < end, "it never became true"
        time.sleep(0.05)
    return result

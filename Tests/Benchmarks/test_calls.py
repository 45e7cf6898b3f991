"""Instructions of single calls of the extension from Python, without the loop around them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench import callgrind, places, profile
from bench.figures import Figures
from bench.requests import started

COUNT = 2_000
KINDS = ("loop", "empty", "event", "plain", "wrapped")


def _instructions() -> dict[str, float]:
    """Of one call of each kind."""
    with places.runtime_directory() as directory, tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "out"
        command = [*callgrind.valgrind(output), *places.guest("calls.py")]
        with started(command, directory) as guest:
            # Twice: before the second time, every call site has been specialised.
            for kind in KINDS:
                guest.say(f"{kind} {COUNT}")
            callgrind.tell(guest.process.pid, "instrumentation on")
            for kind in KINDS:
                guest.say(f"{kind} {COUNT}")
                callgrind.tell(guest.process.pid, "dump")
        # Files bear the number of their part; the loop's own comes off.
        totals = [sum(profile.read(Path(f"{output}.{part + 1}-01")).exclusive.values()) for part in range(len(KINDS))]
    return {kind: (total - totals[0]) / COUNT for kind, total in zip(KINDS, totals, strict=True)}


def test_single_calls(figures: Figures) -> None:
    """A native event without a clock over an empty native call; the wrappers of push and pop over what they wrap.

    The event is a connection's return to its pool of which nothing is known: it looks the connection up in a table,
    and counts. The other events of the extension are wrappers, which have no empty call to be compared with.
    """
    cost = _instructions()
    assert cost["empty"] > 10, "nothing was called"
    figures.note("instructions of an empty native call from Python", f"{cost['empty']:.0f}")
    added = cost["wrapped"] - cost["plain"]
    figures.note("instructions added to one push and pop of an app context", f"{added:.0f}")
    assert added > 100, "push and pop were not recorded"
    figures.at_most("native event without clock, over an empty call", cost["event"] / cost["empty"], 2.5, 2, "{:.2f} x")

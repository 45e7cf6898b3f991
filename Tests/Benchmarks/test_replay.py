"""How soon a day of records is on the screen, and any moment of it."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench import places, terminal
from bench.figures import Figures

DAY = 86_400
TRIES = 20
#: In seconds, 95th percentile of 20.
FIRST_FRAME, SEEK = 0.200, 0.100
#: What leads to another record: to the end and the beginning, to where something begins, one forward and back.
SEEKS = {
    "from end to end": [b"Z", b"r"],
    "to a time": [b"b-12h\r", b"b-3h\r", b"b+1h\r", b"b-20h\r"],
    "one record forward and back": [b"t", b"T"],
    # Pressed and let go, as xterm says it.
    "by the mouse": [b"\x1b[<0;%d;2M\x1b[<0;%d;2m" % (x, x) for x in (30, 90, 60, 20)],
}


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, is_long: bool) -> Iterator[Path]:
    """A day at a record a second; of 16 workers with 8 threads when run at full length."""
    path = tmp_path_factory.mktemp("replay") / "day.ctxtop"
    workers = (16, 8) if is_long else (2, 1)
    command = [str(places.recording_probe()), "day", str(path), *map(str, (DAY, *workers, 10))]
    subprocess.run(command, capture_output=True, check=True, timeout=1200)
    yield path
    path.unlink()


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95) - 1]


def test_first_frame(figures: Figures, directory: Path, day: Path) -> None:
    """From the start of the program until the first record is shown; also where it begins in the middle."""
    environment = places.environment(directory, HOME=str(directory))
    for what, arguments in (("", []), (" at a time in the middle", ["--at", "-12h"])):
        command = [str(places.program()), str(day), *arguments]
        taken = _first_frames(command, environment)
        for _ in range(2):
            # What else the machine does can only add.
            if taken > FIRST_FRAME:
                taken = min(taken, _first_frames(command, environment))
        name = f"recording of a day: first frame{what}, ms, 95th percentile"
        figures.at_most(name, taken * 1000, FIRST_FRAME * 1000, form="{:.0f}")


def _first_frames(command: list[str], environment: dict[str, str]) -> float:
    return _p95([terminal.first_frame(command, environment, b"/86,400") for _ in range(TRIES)])


@pytest.mark.parametrize("what", SEEKS)
def test_seeks(figures: Figures, directory: Path, day: Path, what: str) -> None:
    """From the key until the screen is done; what graphs show is read after that, and no key waits for it."""
    environment = places.environment(directory, HOME=str(directory))
    with terminal.started([str(places.program()), str(day)], environment) as monitor:
        assert b"/86,400" in monitor.read(10, until=b"/86,400")
        monitor.read(1)
        times = [monitor.press(key) for key in itertools.islice(itertools.cycle(SEEKS[what]), TRIES)]
    name = f"recording of a day: {what}, ms, 95th percentile"
    figures.at_most(name, _p95(times) * 1000, SEEK * 1000, form="{:.0f}")

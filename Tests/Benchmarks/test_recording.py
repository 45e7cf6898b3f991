"""What a day of records costs on disk, and how long it takes to look at any moment of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from bench import places
from bench.figures import Figures

DAY = 86_400
TRIES = 20
#: 16 workers with 8 threads each; in the busy hours 10 requests a second in each worker, all day about 100 in all.
WORKERS, UNITS, PEAK = 16, 8, 10
#: What a day at one record a second may have.
LIMIT_MB = 200
#: Milliseconds, 95th percentile of 20.
OPEN_MS, SEEK_MS = 200, 100


def _probe(*arguments: object) -> dict:
    command = [str(places.recording_probe()), *map(str, arguments)]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True, timeout=1200).stdout)


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95) - 1]


def test_size_of_a_day(figures: Figures, tmp_path: Path, is_long: bool) -> None:
    """A tenth of the records, from all hours alike, unless run at full length."""
    share = 1 if is_long else 10
    day = _probe("day", tmp_path / "day.ctxtop", DAY // share, WORKERS, UNITS, PEAK)
    figures.note("raw records of such a day, MB", f"{day['raw'] * share / 1e6:.0f}")
    figures.note("writing one of them, ms", f"{day['writing'] / (DAY // share) * 1000:.2f}")
    what = "recording of a day at 1 s: 16 workers with 8 threads, 100 requests a second, MB"
    figures.at_most(what, day["bytes"] * share / 1e6, LIMIT_MB, form="{:.0f}")


@pytest.mark.parametrize(("what", "records", "workers", "units"), [
    ("recording of a day", DAY, 2, 1), ("recording of 500 workers with 8 threads", 200, 500, 8)])
def test_looking_at_any_moment(
    figures: Figures, tmp_path: Path, what: str, records: int, workers: int, units: int
) -> None:
    """Opens the file and decodes the latest moment and the one before; the same anywhere in it."""
    path = tmp_path / "day.ctxtop"
    _probe("day", path, records, workers, units, PEAK)
    times = _probe("read", path, TRIES)
    assert times["records"] == records
    form = "{:.0f}"
    figures.at_most(f"{what}: to open it and decode the latest moment, ms", _p95(times["open"]), OPEN_MS, form=form)
    figures.at_most(f"{what}: to decode any moment, ms", _p95(times["seek"]), SEEK_MS, form=form)

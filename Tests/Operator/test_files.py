"""Targets that are files: JSON and recordings are dumped as they were, at the moment that is asked for."""

import datetime
import gzip
import json
import os
import struct
import subprocess
import time

import documents
import pytest
from fake import crc32c, record, wait_for_end

USAGE, DATAERR, NOINPUT = 64, 65, 66

BASE = 1_795_338_000_000_000_000


def at(data: bytes, second: float) -> bytes:
    """The same record as of another time: 2026-11-22, so many seconds after 09:00."""
    wall, monotonic = BASE + int(second * 1e9), 10**12 + int(second * 1e9)
    head = data[:16] + struct.pack("<QQ", wall, monotonic) + data[32:36]
    return head + struct.pack("<I", crc32c(head)) + data[40:]


def playing(*records: bytes):
    """An exporter that says the same to everybody: these records, one after the other."""

    def serve(connection):
        connection.makefile("rb").readline()
        for each in records:
            connection.sendall(each)
            time.sleep(0.02)
        wait_for_end(connection)

    return serve


@pytest.fixture
def two(exporter):
    """An app whose two passes are always the same."""
    return exporter("shop", playing(at(record(), 0), at(record(), 0.25)))


def test_json_is_dumped_again_as_it_is(ctxtop, two, tmp_path):
    path = tmp_path / "shop.json"
    assert ctxtop("dump", "shop", "-f", "json", "-o", path).returncode == 0
    result = ctxtop("dump", path, "-f", "json")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == path.read_text()
    assert "4312" in ctxtop("dump", path).stdout
    assert "4312" in ctxtop(path).stdout


def test_a_recording_says_what_the_app_said(ctxtop, two, tmp_path):
    path = tmp_path / "shop.ctxtop"
    live = ctxtop("dump", "shop", "-f", "json").stdout
    result = ctxtop("dump", "shop", "-f", "recording", "-o", path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert ctxtop("dump", path, "-f", "json").stdout == live
    assert ctxtop("dump", path, "-f", "json", "--at", "end").stdout == live
    first = json.loads(ctxtop("dump", path, "-f", "json", "--at", "start").stdout)
    assert first["time"] == "2026-11-22T09:00:00.000000000Z"
    assert first["workers"][0]["cpu_percent"] is None
    assert sorted(each.name for each in tmp_path.iterdir()) == ["run", "shop.ctxtop"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_recording_of_a_recording(ctxtop, two, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    for target, path in ("shop", one), (one, other):
        assert ctxtop("dump", target, "-f", "recording", "-o", path).returncode == 0
    assert ctxtop("dump", one, "-f", "json").stdout == ctxtop("dump", other, "-f", "json").stdout


def test_a_recording_replaces_a_file_as_a_whole(ctxtop, fails, two, tmp_path):
    path = tmp_path / "shop.ctxtop"
    path.write_text("old")
    fails(ctxtop("dump", "nobody", "-f", "recording", "-o", path), NOINPUT)
    assert path.read_text() == "old"
    assert ctxtop("dump", "shop", "-f", "recording", "-o", path).returncode == 0
    assert json.loads(ctxtop("dump", path, "-f", "json").stdout)["app"] == "shop"


def test_a_recording_needs_a_file(ctxtop, fails, two, tmp_path):
    for arguments in [], ["-o", "-"]:
        fails(ctxtop("dump", "shop", "-f", "recording", *arguments), USAGE, "a recording is a file", "-o")
    fails(ctxtop("dump", "shop", "-f", "recording", "-o", "/dev/null"), 73, "/dev/null", "not a file")
    fails(ctxtop("dump", "shop", "-f", "recording", "-o", tmp_path / "none" / "x"), 73, "creating", "none/x:")


def series(tmp_path, seconds):
    path = tmp_path / "series.ndjson"
    path.write_text("".join(json.dumps(documents.document(second)) + "\n" for second in seconds))
    return path


def times(result):
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    return [json.loads(line)["time"][14:19] for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ([], ["01:00"]), (["--at", "start"], ["00:00"]), (["--at", "09:00:31"], ["00:30"]), (["--at", "+25s"], ["00:20"]),
        (["--at", "-25s"], ["00:30"]), (["-n", "3"], ["00:40", "00:50", "01:00"]),
        (["-n", "3", "--at", "start"], ["00:00", "00:10", "00:20"]), (["-n", "9", "--at", "09:00:45"], ["00:40", "00:50", "01:00"]),
        (["-n", "9", "-i", "20", "--at", "start"], ["00:00", "00:20", "00:40", "01:00"]),
        (["-n", "2", "-i", "30"], ["00:30", "01:00"]),
    ],
)
def test_moments_of_a_series(ctxtop, tmp_path, arguments, expected):
    path = series(tmp_path, range(0, 61, 10))
    assert times(ctxtop("dump", path, "-f", "ndjson", *arguments)) == expected


def test_a_moment_that_was_not_seen(ctxtop, fails, tmp_path):
    path = series(tmp_path, range(0, 61, 10))
    for time_ in "08:59", "09:01:01", "@0", "+2m", "-2m":
        fails(ctxtop("dump", path, "--at", time_), USAGE, time_, "2026-11-22T09:00:00Z to 2026-11-22T09:01:00Z")


def test_what_is_no_moment(ctxtop, tmp_path):
    path = series(tmp_path, [0])
    result = ctxtop("dump", path, "--at", "soon")
    assert result.returncode == USAGE and "soon" in result.stderr


def test_an_app_has_no_moments(ctxtop, fails, exporter):
    exporter("shop")
    fails(ctxtop("dump", "shop", "--at", "-5m"), USAGE, "-5m", "shop is an app")


def test_json_that_was_written_anew(ctxtop, two, tmp_path):
    path = tmp_path / "shop.json"
    plain = ctxtop("dump", "shop", "-f", "json").stdout
    path.write_text("\n" + json.dumps(json.loads(plain), indent=2, sort_keys=True))
    assert ctxtop("dump", path, "-f", "json").stdout == plain


def test_what_an_exporter_says_to_json(ctxtop, two, tmp_path):
    """Facts alone: they are judged from the one pass that they are of."""
    path = tmp_path / "facts.json"
    document = json.loads(ctxtop("dump", "shop", "-f", "json").stdout)
    document["verdicts"] = None
    for worker in document["workers"]:
        worker["state"] = worker["cpu_percent"] = None
    path.write_text(json.dumps(document))
    again = json.loads(ctxtop("dump", path, "-f", "json").stdout)
    assert [worker["state"] for worker in again["workers"]] == ["ok", "ok"]
    assert again["verdicts"] == []


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", ["empty"]), (gzip.compress(b"{}"), ["gzip", "unpack"]), (b"hello", ["neither", "recording"]),
        (b"[]", ["neither", "recording"]), (b"{", ["not JSON"]), (b"{}", ["no schema"]),
        (b'{"schema":"ctxtop.snapshot/9"}', ["ctxtop.snapshot/9", "ctxtop.snapshot/1"]),
        (b'{"schema":"ctxtop.snapshot/1","workers":[{},{"units":[{"id":"\\u001b[2J"}]}]}', ["workers[1].units[0].id is not a whole number"]),
        (b'{"a":' * 100_000, ["not JSON"]), (os.urandom(16) + b"\xff" * 1000, ["neither"]),
    ],
    ids=["empty", "gzip", "text", "array", "cut", "no schema", "other schema", "place", "deep", "random"],
)
@pytest.mark.parametrize("command", [["dump"], []], ids=["dump", "watch"])
def test_files_that_cannot_be_read(ctxtop, fails, tmp_path, content, words, command):
    path = tmp_path / "file"
    path.write_bytes(content)
    fails(ctxtop(*command, path), DATAERR, path, *words)


def test_a_bad_line_of_a_series_is_named(ctxtop, fails, tmp_path):
    path = series(tmp_path, [0, 10])
    with path.open("a") as file:
        file.write('{"schema":"ctxtop.snapshot/1","time":"2026-11-22T09:00:20Z","workers":7}\n')
    fails(ctxtop("dump", path), DATAERR, "document 3", "workers is not an array")
    assert times(ctxtop("dump", path, "-f", "ndjson", "--at", "09:00:10")) == ["00:10"]


def test_a_huge_file_is_refused(ctxtop, fails, tmp_path):
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.write(b'{"schema":"ctxtop.snapshot/1","a":"')
        file.truncate(1 << 27)
    fails(ctxtop("dump", path), DATAERR, "longer than 64 MiB")


def test_a_file_is_nothing_to_recycle(ctxtop, fails, tmp_path):
    path = series(tmp_path, [0])
    fails(ctxtop("recycle", path, "4312"), USAGE, "4312", "is no app")


def test_the_dashboard_of_a_document(screen, tmp_path):
    path = series(tmp_path, [0, 10])
    screen.start(path, "--at", "start")
    screen.wait("replay", "09:00:00 UTC", "shop@prod-3", "4312", "nothing is wrong")
    screen.press("p", "Z", "6", "t")
    screen.wait("this is the last record")
    screen.press("q")
    screen.expect_end()


@pytest.fixture
def ten_minutes(recording_probe, tmp_path):
    """A recording of 600 records, a second apart."""
    path = tmp_path / "day.ctxtop"
    subprocess.run([recording_probe, "day", path, "600", "2", "1", "10"], check=True, capture_output=True)
    return path


def moments(result):
    times = [json.loads(line)["time"] for line in result.stdout.splitlines()]
    return [datetime.datetime.fromisoformat(time[:26]) for time in times]


def test_an_interval_in_a_file_is_the_one_that_was_asked_for(ctxtop, ten_minutes):
    every = json.loads(ctxtop("dump", ten_minutes, "--at", "start", "-f", "json").stdout)["time"]
    apart = moments(ctxtop("dump", ten_minutes, "-f", "ndjson", "-n", "600"))
    step = (apart[-1] - apart[0]) / (len(apart) - 1)
    assert every[:19] in apart[0].isoformat()
    times = moments(ctxtop("dump", ten_minutes, "--at", "start", "-f", "ndjson", "-n", "5", "-i", str(60 * step.total_seconds())))
    assert len(times) == 5
    for earlier, later in zip(times, times[1:], strict=False):
        assert abs((later - earlier) / step - 60) < 1.5


def test_what_lies_behind_damage_is_printed(ctxtop, ten_minutes):
    whole = ctxtop("dump", ten_minutes, "-f", "ndjson", "-n", "600").stdout.splitlines()
    sound = ten_minutes.read_bytes()
    hits = 0
    for part in range(1, 7):
        bytes_ = bytearray(sound)
        place = len(bytes_) * part // 7
        bytes_[place : place + 20] = bytes(each ^ 0x55 for each in bytes_[place : place + 20])
        ten_minutes.write_bytes(bytes_)
        result = ctxtop("dump", ten_minutes, "-f", "ndjson", "-n", "600")
        lines = result.stdout.splitlines()
        if lines == whole:
            continue  # What was hit there was an index: no moment is lost with it.
        hits += 1
        assert result.returncode == DATAERR and "of its moments cannot be read" in result.stderr
        assert 600 - 2 * 64 <= len(lines) < 600 and lines[0] == whole[0] and lines[-1] == whole[-1]
        # Only the record behind the damage has another one before it.
        assert sum(line not in whole for line in lines) <= 1
    assert hits >= 3

"""`ctxtop dump` and plain frames."""

import csv
import io
import json
import os
import pathlib
import resource
import stat
import subprocess
import time

import pytest
from fake import record, wait_for_end


def test_json(ctxtop, exporter):
    exporter("shop")
    result = ctxtop("dump", "shop", "--format", "json")
    assert (result.returncode, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    assert document["schema"] == "ctxtop.snapshot/1"
    assert document["app"] == "shop"
    assert [worker["pid"] for worker in document["workers"]] == [4312, 4313]
    assert document["verdicts"] == []


def test_by_every_kind_of_target(ctxtop, exporter, place):
    server = exporter("shop-0a1b2c")
    for target in ([], ["shop"], ["shop-0a1b2c"], [server.path], [place]):
        assert json.loads(ctxtop("dump", *target, "-f", "json").stdout)["app"] == "shop"


def test_several_lines(ctxtop, exporter):
    exporter("shop")
    result = ctxtop("dump", "-f", "ndjson", "-n", "3", "-i", "0.2")
    times = [json.loads(line)["monotonic_ns"] for line in result.stdout.splitlines()]
    assert len(times) == 3
    assert times[1] - times[0] > 150e6 and times[2] - times[1] > 150e6


def test_csv(ctxtop, exporter):
    exporter("shop")
    rows = list(csv.reader(io.StringIO(ctxtop("dump", "-f", "csv", "--table", "workers").stdout)))
    assert len(rows) == 3
    assert {"4312", "4313"} <= {cell for row in rows[1:] for cell in row}


def test_text_is_the_default_and_what_a_pipe_gets_from_the_dashboard(ctxtop, exporter):
    exporter("shop")
    for arguments in (["dump"], [], ["-b", "-n", "1"], ["-n", "1"]):
        result = ctxtop(*arguments)
        assert (result.returncode, result.stderr) == (0, "")
        assert "4312" in result.stdout and "\x1b" not in result.stdout


def test_frames(ctxtop, exporter):
    exporter("shop")
    assert ctxtop("-b", "-n", "3", "-d", "0.2").stdout.count("4312") == 3


def test_a_reader_that_has_enough(program, exporter, place):
    exporter("shop")
    environment = {"CTXTOP_DIR": str(place), "PATH": os.environ["PATH"]}
    process = subprocess.Popen(
        [program, "shop", "-b", "-d", "0.1"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(5) == 0
    assert process.stderr.read() == b""


def test_output_replaces_a_file_as_a_whole(ctxtop, exporter, tmp_path):
    exporter("shop")
    path = tmp_path / "shop.json"
    path.write_text("old")
    path.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(path)
    result = ctxtop("dump", "-f", "json", "-o", link)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert json.loads(path.read_text())["app"] == "shop"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.json", "run", "shop.json"]


def test_output_of_several_is_written_as_they_come(ctxtop, exporter, tmp_path):
    exporter("shop")
    path = tmp_path / "shop.ndjson"
    assert ctxtop("dump", "-f", "ndjson", "-n", "2", "-i", "0.1", "-o", path).returncode == 0
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 2


def test_output_that_cannot_be_created(ctxtop, fails, exporter, tmp_path):
    exporter("shop")
    fails(ctxtop("dump", "-o", tmp_path / "none" / "shop.json"), 73, "creating", "No such file")
    fails(ctxtop("dump", "-n", "2", "-o", tmp_path / "none" / "shop.json"), 73, "creating")


def test_output_that_cannot_be_written(ctxtop, fails, exporter):
    exporter("shop")
    fails(ctxtop("dump", "-o", "/dev/full"), 74, "/dev/full", "No space left")
    with open("/dev/full", "w") as full:
        result = ctxtop("dump", stdout=full)
    assert result.returncode == 74 and "No space left" in result.stderr


def with_files_up_to(size):
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))}


def test_a_full_disk_leaves_the_old_file_and_nothing_else(ctxtop, fails, exporter, tmp_path):
    exporter("shop")
    path = tmp_path / "shop.json"
    path.write_text("old")
    fails(ctxtop("dump", "-f", "json", "-o", path, **with_files_up_to(100)), 74, "writing", path, "too large")
    assert path.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run", "shop.json"]


@pytest.mark.parametrize("more", [[], ["-n", "3", "-i", "0.1"]])
@pytest.mark.parametrize("size", [0, 1100], ids=["nothing", "a head"])
def test_a_full_disk_leaves_no_recording_without_records(ctxtop, fails, exporter, tmp_path, more, size):
    exporter("shop")
    path = tmp_path / "shop.ctxtop"
    run = ctxtop("dump", "-f", "recording", *more, "-o", path, **with_files_up_to(size))
    fails(run, 74, "writing", path, "make room")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run"]


def test_a_full_disk_ends_a_series_after_a_whole_line(ctxtop, fails, exporter, tmp_path):
    exporter("shop")
    line = len(ctxtop("dump", "-f", "ndjson").stdout)
    path = tmp_path / "shop.ndjson"
    run = ctxtop("dump", "-f", "ndjson", "-n", "9", "-i", "0.1", "-o", path, **with_files_up_to(line * 5 // 2))
    fails(run, 74, "writing", path)
    text = path.read_text()
    assert text.endswith("\n") and len([json.loads(each) for each in text.splitlines()]) == 2


def test_the_only_app_that_runs_among_dead_ones(ctxtop, exporter):
    exporter("dead").stop(unlink=False)
    exporter("shop")
    assert json.loads(ctxtop("dump", "-f", "json").stdout)["app"] == "shop"


def test_a_series_survives_a_restart(program, exporter, place):
    first = exporter("shop")
    environment = {"CTXTOP_DIR": str(place), "PATH": os.environ["PATH"]}
    process = subprocess.Popen(
        [program, "dump", "shop", "-f", "ndjson", "-n", "6", "-i", "0.2"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=environment)
    process.stdout.readline()
    first.stop()
    exporter("shop", pids=(5000,))
    rest = [json.loads(line) for line in process.stdout]
    assert process.wait(5) == 0
    assert len(rest) == 5
    assert [worker["pid"] for worker in rest[-1]["workers"]] == [5000]


def test_a_leader_that_stops_answering_in_between(ctxtop, exporter):
    """The first connection gets one record and then silence; the second is served."""
    seen = []

    def serve(connection):
        seen.append(connection)
        if len(seen) == 1:
            connection.sendall(record())
            wait_for_end(connection)
        server.watch(connection)

    server = exporter("shop", serve)
    began = time.monotonic()
    result = ctxtop("dump", "-f", "json")
    assert result.returncode == 0 and time.monotonic() - began < 2.5


@pytest.mark.parametrize("command", [[], ["watch"], ["ls"], ["dump"]])
def test_help_has_examples(ctxtop, command):
    result = ctxtop(*command, "--help")
    assert result.returncode == 0
    assert "EXAMPLES" in result.stdout


def test_version(ctxtop):
    assert ctxtop("--version").stdout.strip() == "1.0.0"


def test_runs_without_a_home(ctxtop, exporter):
    exporter("shop")
    assert ctxtop("dump", env={"HOME": "/nonexistent"}).returncode == 0
    assert not pathlib.Path("/nonexistent").exists()

"""`ctxtop dump --table`: which rows and columns of one table, in which order; and that none is left out unasked."""

import csv
import io
import json
import re

import pytest

MANY = list(range(20001, 20501))


def pids(text):
    return [int(line.split()[0]) for line in text.splitlines()[1:]]


def test_rows_columns_and_order(ctxtop, exporter):
    exporter("shop", pids=(4312, -4313, 4314))
    result = ctxtop("dump", "--table", "workers", "--columns", "pid,state", "--sort", "-pid", "--filter", "!4312")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == " PID  STATE\n4314  stale\n4313  dead\n"
    rows = ctxtop("dump", "-f", "ndjson", "--table", "workers", "--columns", "pid,cpu_percent", "--sort", "pid:desc")
    assert [json.loads(line) for line in rows.stdout.splitlines()] == [
        {"pid": pid, "cpu_percent": None} for pid in (4314, 4313, 4312)]
    table = ctxtop("dump", "-f", "csv", "--columns", "-now,-time", "--filter", "state:dead").stdout
    [head, row] = csv.reader(io.StringIO(table))
    assert head[:3] == ["number", "pid", "state"] and row[:3] == ["", "4313", "dead"] and "now" not in head


def test_rows_of_several_snapshots_are_told_apart(ctxtop, exporter):
    exporter("shop")
    lines = ctxtop("dump", "-f", "ndjson", "--table", "workers", "-n", "2", "-i", "0.1").stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 4 and len({row["time"] for row in rows}) == 2
    lines = ctxtop("dump", "-f", "json", "--table", "workers", "-n", "2", "-i", "0.1").stdout.splitlines()
    assert [len(json.loads(line)) for line in lines] == [2, 2]


@pytest.mark.parametrize("arguments, words", [
    (["--table", "conections"], ["there is no table conections", "is it connections?", "workers, units, contexts"]),
    (["--table", "workers", "--columns", "pid,memory"], ["there is no column memory; there are time, target, number, pid, ", "rss_bytes"]),
    (["--table", "workers", "--columns", "cpu_percnt"], ["is it cpu_percent?"]),
    (["--table", "workers", "--sort", "upime"], ["there is no column upime", "is it uptime?"]),
    (["--table", "workers", "--columns", "pid,+now"], ["some columns have a sign"]),
    (["--table", "workers", "--columns", "pid,pid"], ["twice"]),
    (["--table", "workers", "--sort", "pid:down"], ["pid:down is no order"]),
    (["--table", "workers", "--filter", "a("], ["no regular expression", "at character 2"]),
    (["--columns", "pid"], ["--columns", "without --table"]),
    (["-f", "json", "--sort", "pid"], ["--sort", "without --table"]),
    (["-f", "ndjson", "--filter", "x"], ["--filter", "without --table"]),
])
def test_what_cannot_be_chosen(ctxtop, fails, exporter, arguments, words):
    exporter("shop")
    fails(ctxtop("dump", "shop", *arguments), 64, *words)


def test_an_expression_that_takes_too_long_leaves_nothing_out_unsaid(ctxtop, fails, exporter):
    exporter("shop", pids=MANY)
    fails(ctxtop("dump", "--table", "workers", "--filter", ".*" * 20 + "[xy]"), 64, "too many steps")


def test_500_workers_in_every_format(ctxtop, exporter):
    exporter("shop", pids=MANY)

    def dump(*arguments):
        result = ctxtop("dump", "shop", *arguments, timeout=30)
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout

    assert [worker["pid"] for worker in json.loads(dump("-f", "json"))["workers"]] == MANY
    [line] = dump("-f", "ndjson").splitlines()
    assert [worker["pid"] for worker in json.loads(line)["workers"]] == MANY
    assert [row["pid"] for row in json.loads(dump("-f", "json", "--table", "workers"))] == MANY
    assert [int(row["pid"]) for row in csv.DictReader(io.StringIO(dump("-f", "csv")))] == MANY
    assert pids(dump("--table", "workers")) == MANY
    text = dump()
    assert "Workers (500)\n" in text and pids(text[text.index("\nWorkers (500)") + 15:]) == MANY
    metrics = dump("-f", "prometheus")
    assert [int(pid) for pid in re.findall(r'^ctxtop_worker_state\{.*pid="(\d+)"', metrics, re.M)] == MANY
    frame = ctxtop("shop", "-b", "-n", "1", timeout=30).stdout
    assert pids(frame[frame.index("  PID"):]) == MANY


def test_500_workers_on_the_screen(screen, exporter):
    exporter("shop", pids=MANY)
    screen.start("shop")
    screen.wait("20001")
    seen = set()
    # The first one goes to the last row of the page that is there.
    screen.press("PageDown")
    for _ in range(60):
        text = screen.text()
        seen |= {int(pid) for pid in re.findall(r"\b20[0-5]\d\d\b", text)}
        if 20500 in seen:
            break
        last = max(seen)
        screen.press("PageDown")
        screen.wait(str(min(last + 1, 20500)))
    assert sorted(seen) == MANY
    screen.press("q")
    screen.expect_end()

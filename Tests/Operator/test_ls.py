"""`ctxtop ls`."""

import json
import os


def test_lists_what_runs(ctxtop, exporter, place):
    exporter("shop-0a1b2c", pids=(4312, -4313, 4314))
    result = ctxtop("ls")
    assert result.returncode == 0
    heading, line = result.stdout.splitlines()
    assert heading.split() == ["NAME", "SERVER", "WORKERS", "ANSWERS", "OWNER", "SOCKET"]
    assert line.split()[:5] == ["shop", "gunicorn", "gthread", "2/3", "yes"]
    assert line.endswith(str(place / "shop-0a1b2c.sock"))
    assert result.stderr == ""


def test_json(ctxtop, exporter, place):
    exporter("shop")
    (place / "gone.v2.segment").write_bytes(b"\0" * 64)
    listed = {entry["name"]: entry for entry in json.loads(ctxtop("ls", "--json").stdout)}
    assert listed["shop"]["answers"] == "live"
    assert (listed["shop"]["workers_alive"], listed["shop"]["workers"]) == (2, 2)
    assert listed["gone"]["answers"] == "none"
    assert listed["gone"]["workers"] is None and listed["gone"]["socket"] is None


def test_nothing_is_no_failure(ctxtop, place):
    result = ctxtop("ls")
    assert (result.returncode, result.stdout) == (0, "")
    assert str(place) in result.stderr and result.stderr.count("\n") == 1
    assert json.loads(ctxtop("ls", "--json").stdout) == []


def test_a_place_that_is_not_safe_is_named_and_not_searched(ctxtop, exporter, place):
    exporter("shop")
    os.chmod(place, 0o777)
    result = ctxtop("ls")
    assert result.stdout == ""
    assert f"{place} is not searched: others can write to it (mode 777)" in result.stderr


def test_a_dead_neighbour_does_not_hide_the_living(ctxtop, exporter):
    exporter("dead").stop(unlink=False)
    exporter("shop")
    lines = {line.split()[0]: line for line in ctxtop("ls").stdout.splitlines()}
    assert "nobody listens there" in lines["dead"]
    assert " yes " in lines["shop"]

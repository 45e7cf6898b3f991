"""`ctxtop check`: its lines are read by a parser of the plugin guidelines' rules, and by a plugin that calls plugins."""

import json
import os
import re
import shutil
import subprocess
import time

import pytest
from documents import connection, context, document, failure, stamp, verdict, worker, write, write_lines
from fake import record, wait_for_end

STATUSES = {"OK": 0, "WARNING": 1, "CRITICAL": 2, "UNKNOWN": 3}
NUMBER = r"-?\d+(?:\.\d+)?"
RANGE = rf"(?:@?(?:(?:~|{NUMBER})?:)?(?:{NUMBER})?)"
VALUE = re.compile(rf"(?P<label>[^\s'=]+)=(?P<value>{NUMBER}|U)(?P<unit>s|us|ms|%|B|KB|MB|TB|c)?"
                   rf"(?:;(?P<warn>{RANGE}))?(?:;(?P<crit>{RANGE}))?(?:;(?P<min>{NUMBER})?)?(?:;(?P<max>{NUMBER})?)?")


class Line:
    """The first line of a plugin's output, as the guidelines have it."""

    def __init__(self, result):
        text, *self.more = result.stdout.splitlines()
        assert result.stdout.endswith("\n") and text.count("|") <= 1 and text.isprintable()
        message, _, data = text.partition("|")
        found = re.fullmatch(r"CTXTOP (OK|WARNING|CRITICAL|UNKNOWN) - (\S.*)", message.strip())
        assert found, text
        self.status, self.message = found.groups()
        assert result.returncode == STATUSES[self.status]
        self.data = {}
        for word in data.split():
            value = VALUE.fullmatch(word)
            assert value, word
            assert value["label"] not in self.data and len(value["label"]) <= 19
            self.data[value["label"]] = value


@pytest.fixture
def check(ctxtop):
    def run(*arguments, **options):
        result = ctxtop("check", *arguments, **options)
        line = Line(result)
        assert "-v" in arguments or not line.more
        return line

    return run


@pytest.fixture
def leaking(tmp_path):
    return write(
        tmp_path / "leaking.json", 60, [worker(contexts=[context(900)], connections=[connection(age=90_500.0)])],
        [verdict(context=900), verdict("CTX004", "warning", message="worker 4312: 1 connection not returned")])


def test_all_is_well(check, exporter):
    exporter("shop", is_awake=True)
    line = check("shop")
    assert line.status == "OK" and line.message.startswith("shop: 2 workers, leaked 0, ")
    assert line.data["leaked"]["value"] == "0" and line.data["workers"]["value"] == "2"
    assert line.data["requests"]["unit"] == "c" and line.data["oldest"]["unit"] == "s"
    assert line.data["critical"]["crit"] == "0" and line.data["workers"]["crit"] == "1:"


def test_the_usual_thresholds(check, leaking, tmp_path):
    line = check(leaking)
    assert line.status == "CRITICAL"
    assert "critical is 1 (critical 0)" in line.message and "CTX001 worker 4312" in line.message
    warned = write(tmp_path / "warned.json", 60, [worker()], [verdict("CTX003", "warning")])
    assert check(warned).status == "WARNING"
    dead = write(tmp_path / "dead.json", 60, [worker(), worker(4313, 1, liveness="dead", state="dead")])
    assert check(dead).status == "WARNING"
    replaced = [worker(), worker(4313, 1, liveness="dead", state="dead"), worker(4314, 2)]
    assert check(write(tmp_path / "replaced.json", 60, replaced, wanted=2)).status == "OK"
    assert check(write(tmp_path / "missing.json", 60, replaced, wanted=3)).status == "WARNING"
    stopped = write(tmp_path / "stopped.json", 60, [worker(state="stopped")])
    assert check(stopped).status == "CRITICAL"
    gone = write(tmp_path / "gone.json", 60, [worker(liveness="exited", state="exited")])
    assert "workers is 0 (critical 1:)" in check(gone).message


@pytest.mark.parametrize("arguments, status", [
    (["-w", "leaked=0"], "WARNING"), (["-w", "leaked=1"], "OK"), (["-c", "leaked=0"], "CRITICAL"),
    (["-w", "leaked=0", "-c", "leaked=1"], "WARNING"), (["-c", "CTX004=0"], "CRITICAL"), (["-c", "CTX002=0"], "OK"),
    (["-w", "oldest=60s"], "WARNING"), (["-w", "oldest=2m"], "OK"), (["-w", "oldest=@90s:91s"], "WARNING"),
    (["-w", "connections=0,sessions=0", "-c", "dead=0"], "WARNING"), (["--critical", "workers=2:"], "CRITICAL"),
    (["-c", "failures=0"], "OK"), (["-c", "warning=~:0"], "CRITICAL"),
])
def test_thresholds(check, leaking, arguments, status):
    line = check(leaking, *arguments)
    assert line.status == status
    for name, words in (word.split("=") for word in arguments[1].split(",")):
        assert line.data[name]["warn" if arguments[0] == "-w" else "crit"] or words == ""


def test_a_time_in_a_range_is_in_seconds(check, leaking):
    line = check(leaking, "-w", "oldest=5m", "-c", "oldest=1h")
    assert (line.data["oldest"]["value"], line.data["oldest"]["warn"], line.data["oldest"]["crit"]) == ("90.5", "300", "3600")
    assert "oldest is 90.5s (critical 10s)" in check(leaking, "-c", "oldest=10").message
    assert "oldest is 90.5s (warning @1s:100s)" in check(leaking, "-w", "oldest=@1:100").message


def test_failures_per_minute_are_known_or_not(check, tmp_path):
    def rate(*arguments, **about):
        return write(tmp_path / "failing.json", 120, [worker(failures=[failure(**about)])]), "-w", "failures=5", *arguments

    recent = check(*rate(count=7, first=70, last=119))
    assert recent.status == "WARNING" and recent.data["failures"]["value"] == "7"
    assert check(*rate(count=7, first=1, last=59)).data["failures"]["value"] == "0"
    unknown = check(*rate(count=70, first=1, last=119))
    assert unknown.status == "UNKNOWN" and "1 to 69" in unknown.message and unknown.data["failures"]["value"] == "U"
    assert check(*rate("-c", "leaked=5", count=4, first=1, last=119)).status == "OK"


def test_failures_of_a_file_that_goes_back_for_a_minute(check, tmp_path):
    def moment(second, count):
        return document(second, [worker(failures=[failure(count, first=1, last=second - 1)])])

    path = write_lines(tmp_path / "shop.ndjson", moment(60, 65), moment(90, 68), moment(120, 70), moment(900, 72))
    assert check(path, "--at", "+60s", "-w", "failures=4").data["failures"]["value"] == "5"
    # It does not go back so far, and the other time it does for much longer.
    assert check(path, "--at", "+30s", "-w", "failures=4").status == "UNKNOWN"
    line = check(path, "-w", "failures=1")
    assert line.status == "UNKNOWN" and "1 to 2" in line.message
    assert check(path, "-w", "failures=2").status == "OK"


def test_a_file_is_how_it_was(check, leaking):
    assert check(leaking, "-w", "leaked=0").message.startswith("shop at 2026-11-22T09:01:00Z: leaked is 1 (warning 0)")
    assert "a file does not change" in check(leaking, "--window", "1").message


def test_a_worker_that_is_silent_is_perhaps_wedged(check, exporter):
    exporter("shop")
    line = check("shop")
    assert line.status == "UNKNOWN" and "wedged is not known (critical 0): 0 to 2" in line.message


def test_a_window(check, exporter):
    exporter("shop")
    begun = time.monotonic()
    assert check("shop", "--window", "1", "-c", "failures=0").status == "OK"
    assert time.monotonic() - begun >= 0.9


def test_one_pass_is_not_enough(check, exporter):
    seen = []

    def serve(connection):
        seen.append(connection)
        if len(seen) == 1:
            connection.sendall(record())
        wait_for_end(connection)

    exporter("shop", serve)
    line = check("shop", "-c", "leaked=0")
    assert line.status == "UNKNOWN" and "leaked is not known" in line.message
    seen.clear()
    assert check("shop", "-w", "workers=2:").status == "OK"


def test_no_answer_in_time(check, ctxtop, exporter):
    exporter("shop", wait_for_end)
    begun = time.monotonic()
    assert "no answer within 0.5 s" in check("shop", "--timeout", "0.5").message
    assert 0.4 < time.monotonic() - begun < 2
    assert check("shop").status == "UNKNOWN"


def test_a_fifo_does_not_keep_it(check, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    assert check(tmp_path / "fifo", "-t", "1").status == "UNKNOWN"


@pytest.mark.parametrize("arguments, words", [
    (["nobody"], "nobody"), (["/nowhere/shop.sock"], "No such file"), ([], "looking for a running app"),
    (["shop", "-w", "leaked"], "NAME=RANGE"), (["shop", "-c", "leakd=0"], "is it leaked?"),
    (["shop", "-c", "leaked=5:1"], "no range for leaked"), (["shop", "-c", "oldest=1w"], "60s, 5m or 1h"),
    (["shop", "-c", "leaked=0,leaked=1"], "twice"), (["shop", "--no-such"], "unknown option"),
    (["shop", "--window", "20"], "longer --timeout than 10 s; see"), (["shop", "extra"], "extra"), (["-t", "0"], "timeout"),
])
def test_every_failure_is_one_line(check, arguments, words):
    line = check(*arguments)
    assert line.status == "UNKNOWN" and words in line.message and not line.data


def test_data_that_cannot_be_read(check, tmp_path, exporter):
    (tmp_path / "broken.json").write_text('{"schema": "ctxtop.snapshot/1"')
    assert "broken.json" in check(tmp_path / "broken.json").message
    server = exporter("shop", lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert check(server.path).status == "UNKNOWN"


def test_text_of_a_server_stays_in_the_message(check, tmp_path):
    message = "worker 4312: a|b=1;2\ny\x1b[31m\u2028" + "x" * 600
    line = check(write(tmp_path / "odd.json", 60, [worker()], [verdict(message=message)]))
    assert line.status == "CRITICAL" and "a/b=1;2 y?[31m?x" in line.message and line.message.endswith("...")
    assert set(line.data) >= {"leaked", "requests"} and "b" not in line.data


def test_long_output_only_if_asked_for(ctxtop, check, leaking):
    line = check(leaking, "-v")
    assert len(line.more) > 10
    assert "CTX004 warning: worker 4312: 1 connection not returned" in line.more
    assert not any("|" in each for each in line.more)


def test_help_is_no_check(ctxtop):
    """As the guidelines say: a check that is configured to print help must not look well."""
    result = ctxtop("check", "--help")
    assert result.returncode == 3 and "EXAMPLES" in result.stdout and not result.stderr
    assert result.stdout == ctxtop("help", "check").stdout


def test_a_plugin_that_calls_plugins(program, leaking, tmp_path):
    """negate(1) of the monitoring plugins runs another plugin, and turns its status and its text round."""
    negate = shutil.which("negate", path="/usr/lib/nagios/plugins")
    assert negate, "negate is not installed: Tests/run names its package"

    def run(path, *options):
        # It runs programs by their whole path only.
        words = [negate, "--substitute", *options, os.path.abspath(program), "check", str(path)]
        return subprocess.run(words, capture_output=True, text=True, timeout=20)

    turned = run(leaking)
    assert turned.returncode == 0 and turned.stdout.startswith("CTXTOP OK - shop at 2026-11-22T09:01:00Z: critical is 1"), turned
    turned = run(write(tmp_path / "well.json", 60), "--ok=warning")
    assert turned.returncode == 1 and turned.stdout.startswith("CTXTOP WARNING - shop at 2026-11-22T09:01:00Z: 1 worker"), turned
    turned = run(tmp_path / "none.json", "--unknown=critical")
    assert turned.returncode == 2 and turned.stdout.startswith("CTXTOP CRITICAL - ")


def test_documents_of_these_tests_are_as_dumps_are(ctxtop, exporter, tmp_path):
    """A document made here has the members of one that the program wrote."""
    exporter("shop")
    dumped = json.loads(ctxtop("dump", "-f", "json").stdout)
    made = document(60)
    assert set(made) == set(dumped) and set(made["workers"][0]) == set(dumped["workers"][0])
    assert set(made["totals"]) == set(dumped["totals"])
    assert stamp(61).startswith("2026-11-22T09:01:01")

"""`ctxtop diff`: documents and apps compared; what a CI job sees."""

import json
import os
import re

import pytest
from documents import connection, context, document, failure, verdict, worker, write, write_lines


@pytest.fixture
def before(tmp_path):
    return write(tmp_path / "before.json", 0)


@pytest.fixture
def diff(ctxtop, before, tmp_path):
    """Compares the healthy document with another one."""

    def run(*workers, second=60, options=(), **more):
        after = write(tmp_path / "after.json", second, list(workers) or None, **more)
        return ctxtop("diff", before, after, *options)

    return run


def test_nothing_leaked(diff):
    result = diff(worker(requests=1304))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0] == "nothing leaked in between: 1,204 requests, 1 worker"
    assert re.search(r"^requests +100 +1304 +\+1204$", result.stdout, re.M)
    assert re.search(r"^ *4312 +stayed", result.stdout, re.M)


def test_a_context_and_a_connection(diff):
    result = diff(worker(contexts=[context(900)], connections=[connection()]), verdicts=[verdict(context=900)])
    assert (result.returncode, result.stderr) == (1, "")
    assert result.stdout.splitlines()[0] == (
        "leaked in between: 1 context in GET /q (1 worker); "
        "1 connection of postgresql://app@db/shop in GET /cart (1 worker)")
    assert "worker 4312 thread 1: app context left" in result.stdout
    assert "connection 0 taken by GET /cart at shop.py:44 cart 1s ago" in result.stdout


def test_what_had_leaked_before(ctxtop, tmp_path):
    one = write(tmp_path / "one.json", 0, [worker(contexts=[context(900)], connections=[connection()])])
    two = write(tmp_path / "two.json", 60, [worker(contexts=[context(900, age=61000.0)], connections=[connection(age=61000.0)])])
    result = ctxtop("diff", one, two)
    assert result.returncode == 0 and result.stdout.startswith("nothing leaked in between: ")
    # The other way round it would have been repaired: that is not asked.
    assert ctxtop("diff", two, one).returncode == 2


def test_a_failure_is_not_torn_down_and_no_leak(diff):
    result = diff(worker(failures=[failure(3)]))
    assert result.returncode == 1
    assert result.stdout.splitlines()[0] == (
        "not torn down in between: shop.close_cart raised RuntimeError 3 times (1 worker)")
    result = diff(worker(failures=[failure(3)]), options=["--leaks-only"])
    assert result.returncode == 0 and "raised RuntimeError 3 times" in result.stdout
    assert diff(worker(contexts=[context(1)]), options=["--leaks-only"]).returncode == 1


def test_json(diff):
    result = diff(worker(contexts=[context(900)], failures=[failure(2)]), options=["-f", "json"])
    assert result.returncode == 1 and result.stdout.count("\n") == 1
    document = json.loads(result.stdout)
    assert document["schema"] == "ctxtop.diff/1" and document["leaked"] is True and document["torn_down"] is False
    assert document["conclusion"].startswith("leaked in between: 1 context in GET /q")
    assert [(loss["kind"], loss["count"], loss["workers"]) for loss in document["losses"]] == [
        ("context", 1, [4312]), ("teardown_failure", 2, [4312])]
    assert document["totals"]["teardown_failures"] == {"before": 0, "after": 2, "change": 2, "at_least": False}
    assert document["workers"][0]["fate"] == "stayed"
    assert document["workers"][0]["numbers"]["contexts_leaked"]["change"] == 1


def test_quiet(diff):
    for leaked in [], [context(900)]:
        result = diff(worker(contexts=leaked), options=["--quiet"])
        assert (result.returncode, result.stdout, result.stderr) == (len(leaked), "", "")


def test_what_is_as_it_should_be_is_listed_if_asked_for(diff):
    busy = worker(contexts=[context(1, state="live")])
    assert "app context of GET /q" not in (short := diff(busy).stdout) and "1 thing as" in short
    assert "app context of GET /q" in diff(busy, options=["--all"]).stdout


def test_a_replaced_worker(ctxtop, tmp_path):
    one = write(tmp_path / "one.json", 0, [worker(contexts=[context(900)]), worker(4313, 1)])
    new = worker(5000, generation=2, started="2026-11-22T09:00:30.000000000Z", requests=7)
    result = ctxtop("diff", one, write(tmp_path / "two.json", 60, [new, worker(4313, 1)]))
    assert result.returncode == 0
    assert result.stdout.splitlines()[0] == "nothing leaked in between that is known: at least 7 requests, 2 workers"
    assert "note: 1 worker is gone" in result.stdout
    gone = result.stdout.partition("gone with its worker, which is no repair\n")[2]
    assert "worker 4312: app context of GET /q on thread 1; leaked" in gone


def test_a_restart(ctxtop, before, tmp_path):
    new = worker(5000, instance=10, started="2026-11-22T09:00:30.000000000Z", requests=7, contexts=[context(3)])
    result = ctxtop("diff", before, write(tmp_path / "two.json", 60, [new]))
    assert result.returncode == 1
    assert result.stdout.splitlines()[0] == (
        "leaked in between: 1 context in GET /q (1 worker); the server was restarted")


def test_trouble(ctxtop, fails, before, tmp_path, exporter):
    later = write(tmp_path / "later.json", 60)
    other = write(tmp_path / "other.json", 60, app="chat")
    fails(ctxtop("diff", later, before), 2, "the second moment", "give the earlier one first")
    fails(ctxtop("diff", before, other), 2, "two apps, shop and chat", "--any-app")
    assert ctxtop("diff", before, other, "--any-app").returncode == 0
    fails(ctxtop("diff", before), 2, "one moment")
    fails(ctxtop("diff", before, tmp_path / "none.json"), 2, "No such file")
    fails(ctxtop("diff", before, "nobody"), 2, "nobody")
    (tmp_path / "broken.json").write_text("{")
    fails(ctxtop("diff", before, tmp_path / "broken.json"), 2, "broken.json")


@pytest.mark.parametrize("words", [[], ["a", "b", "c"], ["a", "--no-such"], ["a", "--at", "never"], ["a", "-q", "-f", "json"],
                                   ["a", "--at", "1:00", "--at", "2:00", "--at", "3:00"]])
def test_usage_is_trouble(ctxtop, fails, words):
    fails(ctxtop("diff", *words), 2, "reading the command line: ", "see `ctxtop diff --help`")


def test_an_app_as_it_is_now(ctxtop, exporter, tmp_path):
    exporter("shop")
    document = tmp_path / "shop.json"
    assert ctxtop("dump", "shop", "-f", "json", "-o", document).returncode == 0
    result = ctxtop("diff", document, "shop")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("nothing leaked in between: 0 requests, 2 workers\n")
    assert ctxtop("diff", "shop", "shop").returncode == 0


def test_moments_of_one_file(ctxtop, fails, tmp_path):
    leaking = worker(requests=300, contexts=[context(900)])
    path = write_lines(tmp_path / "shop.ndjson", document(0), document(60, [worker(requests=200)]), document(120, [leaking]))
    assert ctxtop("diff", path).stdout.startswith("leaked in between: 1 context in GET /q (1 worker)\n")
    assert ctxtop("diff", path, "--at", "09:00", "--at", "09:01").stdout.startswith(
        "nothing leaked in between: 100 requests, 1 worker\n")
    later = ctxtop("diff", path, "--at", "-60s", "-f", "json")
    assert later.returncode == 1 and json.loads(later.stdout)["totals"]["requests"]["change"] == 100
    one = write(tmp_path / "one.json", 90, [worker(requests=250)])
    # A time chooses among the moments of a file that has several.
    assert ctxtop("diff", path, one, "--at", "+60s").stdout.startswith("nothing leaked in between: 50 requests")
    assert ctxtop("diff", one, path, "--at", "start", "--at", "end").returncode == 1
    fails(ctxtop("diff", path, "--at", "end", "--at", "end"), 2, "they are one")
    fails(ctxtop("diff", path, "--at", "09:02", "--at", "09:01"), 2, "give the earlier one first")
    fails(ctxtop("diff", path, "--at", "2026-11-21"), 2, "it shows")


def test_facts_without_conclusions(ctxtop, fails, before, tmp_path):
    facts = document(60)
    facts["verdicts"] = None
    facts["workers"][0].update(state=None, cpu_percent=None)
    facts["workers"][0]["units"][0]["state"] = None
    fails(ctxtop("diff", before, write_lines(tmp_path / "facts.json", facts)), 2, "without conclusions")


def test_text_of_a_server_cannot_reach_the_terminal(diff):
    result = diff(worker(contexts=[context(900, rule="/\x1b[2J\n")]))
    assert result.returncode == 1 and "\x1b" not in result.stdout
    assert result.stdout.splitlines()[0] == "leaked in between: 1 context in GET /?[2J  (1 worker)"


def test_every_worker_of_many_is_listed(ctxtop, tmp_path):
    def many(requests):
        return [worker(4000 + slot, slot, requests) for slot in range(500)]

    result = ctxtop("diff", write(tmp_path / "a.json", 0, many(1)), write(tmp_path / "b.json", 60, many(3)))
    assert result.stdout.splitlines()[0] == "nothing leaked in between: 1,000 requests, 500 workers"
    assert len(re.findall(r"^ *\d+ +stayed +\+2$", result.stdout, re.M)) == 500


def test_a_full_disk(program, before, tmp_path, ctxtop):
    with open("/dev/full", "w") as full:
        result = ctxtop("diff", before, before, stdout=full)
    assert result.returncode == 2 and "No space left" in result.stderr


def test_help_has_examples(ctxtop):
    result = ctxtop("diff", "--help")
    assert result.returncode == 0 and "EXAMPLES" in result.stdout and os.linesep in result.stdout


def test_one_pass_shows_no_new_leak(ctxtop, exporter, tmp_path):
    """What leaked joins two records: a recording of one has said nothing when it has said nothing of a leak."""
    exporter("shop")
    before, once, twice = tmp_path / "before.json", tmp_path / "once.ctxtop", tmp_path / "twice.ctxtop"
    assert ctxtop("dump", "shop", "-f", "json", "-o", before).returncode == 0
    assert ctxtop("record", "shop", "-o", once, "-n", "1").returncode == 0
    result = ctxtop("diff", before, once)
    assert result.returncode == 2 and result.stdout.startswith("nothing leaked in between that is known: ")
    assert result.stderr.count("\n") == 1 and "one pass" in result.stderr
    assert ctxtop("record", "shop", "-o", twice, "-n", "2", "-i", "0.2").returncode == 0
    for moment in "start", "end":
        result = ctxtop("diff", before, twice, "--at", moment)
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.startswith("nothing leaked in between: ")


def test_a_time_that_nobody_takes(ctxtop, before, tmp_path):
    result = ctxtop("diff", before, write(tmp_path / "after.json", 60), "--at", "09:00")
    assert (result.returncode, result.stdout) == (2, "") and "has several moments" in result.stderr

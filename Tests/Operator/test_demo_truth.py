"""What ctxtop says of the demo against what the demo knows that it leaked: no miss, no false alarm.

The demo counts in its own code what it leaves behind (Sources/ctxtop-demo/Shop/Deeds.swift), where it does it. ctxtop
sees what any server's agent reports. At every moment at rest both must come to the same numbers, for each worker.
"""

import collections
import json

import pytest
from demo import served

#: Kinds of leak, and how often they are met in relation to 100 requests; all of them at random.
LEAKS = {
    "pop": "cart=0.2,order=0.3,report=0.15,audit=0.15,job=0.1,hook=0.02,stray=0.2,invoice=0.3,warmup=0.01,export=0.02",
    "finish": "cart=0.5,order=0.5,report=0.5,audit=0.5,job=0.3,hook=0.5,stray=0.5,invoice=0.5,warmup=0.02,export=0.05",
    "log": "cart=0.5,order=0.5,report=0.5,audit=0.5,job=0.3,hook=0.5,stray=0.5,invoice=0.5,warmup=0.02,export=0.05",
    # Each of these leaves a context on a thread, and no thread has room for the names of many.
    "legacy": "cart=0.1,order=0.1,report=0.5,audit=0.5,job=0.3,hook=0.02,stray=0.02,invoice=0.02,warmup=0.01,"
    "export=0.05",
}
#: In the long form less of what stays on a thread: what is more than six deep is counted as dropped, as it should be.
LONG_LEAKS = {
    "pop": "stray=0.03,hook=0.01,warmup=0.005", "finish": "stray=0.2,warmup=0.01", "log": "stray=0.2,warmup=0.01",
    "legacy": "stray=0.01,invoice=0.01",
}
#: Requests for a change, in moments between which the server rests; then those of the long form: 100,000 in all.
REQUESTS = {"pop": (2000, 2), "finish": (1000, 2), "log": (1000, 1), "legacy": (1000, 2)}
LONG = {"pop": (70_000, 14), "finish": (10_000, 4), "log": (10_000, 4), "legacy": (10_000, 4)}


#: Where functions behind one that throws run all the same, or its context stays, a commit makes no difference.
CASES = [*((policy, False) for policy in REQUESTS), ("pop", True)]


@pytest.mark.parametrize(
    ("policy", "commits"), CASES, ids=[policy + ("-commit_on_teardown" if commits else "") for policy, commits in CASES])
def test_verdicts_equal_what_was_leaked(ctxtop, program, place, is_long, policy, commits):
    requests, moments = (LONG if is_long else REQUESTS)[policy]
    if commits:
        # What is written on a context that is never torn down is never committed: the database would stay locked.
        requests //= 2
    options = ["--policy", policy, "--mix", LEAKS[policy] + ",slow=0.5,failing=2"]
    if is_long:
        options[-1] += "," + LONG_LEAKS[policy]
    if commits:
        options[-1] += ",hook=0,warmup=0"
        options.append("--commit-on-teardown")
    with served(program, place, *options, "--visitors", 0, "--connections", 900, "--workers", 3) as demo:
        for moment in range(moments):
            said = demo.visit(requests // moments, 1000 * moment + 7, "--visitors", 6)
            assert f"visitors: {requests // moments} answers" in said, said
            assert ", 0 requests without an answer" in said.replace(";", ","), said
            document = json.loads(ctxtop("dump", demo.target, "--format", "json", timeout=60).stdout)
            expect_truth(document, demo.truths())


def test_a_healthy_shop_has_no_verdict(ctxtop, program, place):
    with served(program, place, "--healthy", "--visitors", 0) as demo:
        demo.visit(500, 11, "--visitors", 12)
        document = json.loads(ctxtop("dump", demo.target, "--format", "json").stdout)
        expect_truth(document, demo.truths())
        assert document["verdicts"] == []
        assert sum(truth["requests"] for truth in demo.truths().values()) == 500
        assert ctxtop("check", demo.target).returncode == 0


def expect_truth(document, truths):
    """Both say the same, of each worker and in each number."""
    assert {worker["pid"] for worker in document["workers"]} == set(truths)
    for worker in document["workers"]:
        seen, known = facts(document, worker), expected(truths[worker["pid"]])
        assert {name: (seen[name], known[name]) for name in seen if seen[name] != known[name]} == {}, "(seen, known)"
    assert document["totals"]["events_dropped"] == 0


def facts(document, worker):
    """What ctxtop says of a worker."""
    verdicts = collections.Counter()
    for verdict in document["verdicts"]:
        if verdict["worker"] == worker["pid"] and verdict["code"] != "CTX010":
            verdicts[verdict["code"]] += verdict["count"] or 1
    return {
        "requests": worker["requests"], "in flight": worker["in_flight"], "exceptions": worker["exceptions"],
        "left": verdicts.pop("CTX001", 0), "reused": worker["contexts_reused"],
        "failures": verdicts.pop("CTX003", 0), "counted failures": worker["teardown_failures"],
        "lost": verdicts.pop("CTX004", 0), "out": worker["connections_checked_out"],
        "orphans": verdicts.pop("CTX005", 0), "vanished": verdicts.pop("CTX006", 0), "locks": len(worker["resources"]),
        # As many as there are contexts that somebody else runs on; how many requests did, is told above.
        "reuse is told": verdicts.pop("CTX002", 0) > 0, "others": dict(verdicts),
    }


def expected(truth):
    """What it has to say, by what the worker counted."""
    return {
        "requests": truth["requests"], "in flight": 0, "exceptions": truth["exceptions"],
        "left": truth["contexts_left"], "reused": truth["contexts_reused"],
        "failures": truth["teardown_failures"], "counted failures": truth["teardown_failures"],
        "lost": truth["connections_lost"], "out": truth["connections_lost"] + truth["connections_kept"],
        "orphans": truth["sessions_orphaned"], "vanished": truth["contexts_vanished"], "locks": truth["locks_left"],
        "reuse is told": truth["contexts_reused"] > 0, "others": {},
    }

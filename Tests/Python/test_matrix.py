"""One set of hooks for every Flask: what ctxtop says of each way in which contexts come and go is what is true there.

For every change the versions that differ most from each other; ``--long`` runs all of them, and the newest on every
interpreter that is installed. Flask's main branch is on no package index: ``--flask-source DIR`` runs it from a
source tree.
"""

from __future__ import annotations

import json
import re
from concurrent.futures import Future
from dataclasses import dataclass, replace

import pytest
from support import eras
from support.agent import ROOT
from support.eras import Row
from support.observed import Observed, Point

GUEST = (eras.MATRIX / "guest.py").read_text().splitlines()
# Columns of the tables below: Flask 0.10, 0.11 to 2.1, 2.2 to 3.1, 3.2.
OLDEST, STACKS, VARIABLES, ONE_CLASS = range(4)


def era(row: Row) -> int:
    return sum(row.version >= first for first in ((0, 11), (2, 2), (3, 2)))


@dataclass(frozen=True)
class Stands:
    """How a thread stands: (request, app) depth, and its state."""

    request: int
    app: int
    state: str


NOTHING = Stands(0, 0, "idle")


def all_eras(stands: Stands) -> tuple[Stands, ...]:
    return (stands,) * 4


def in_oldest(stands: Stands) -> tuple[Stands, ...]:
    """Left behind before 0.11, which popped nothing when a teardown function raised."""
    return (stands, NOTHING, NOTHING, NOTHING)


def merged(*stands: Stands) -> tuple[Stands, ...]:
    """The same up to 3.1; since 3.2 a request has no app context beside its own."""
    return (stands[0],) * 3 + stands[1:]


STANDS: dict[tuple[str, str], tuple[Stands, ...]] = {
    ("healthy", "end"): all_eras(NOTHING),
    ("error_in_view", "end"): all_eras(NOTHING),
    ("nested", "inside"): merged(Stands(1, 3, "in_request"), Stands(1, 2, "in_request")),
    ("nested", "end"): all_eras(NOTHING),
    ("streaming", "sending"): merged(Stands(1, 1, "streaming"), Stands(1, 0, "streaming")),
    ("streaming", "end"): all_eras(NOTHING),
    ("copied_to_thread", "working"): merged(Stands(1, 1, "job"), Stands(1, 0, "job")),
    ("copied_to_thread", "end"): all_eras(NOTHING),
    ("client_in_with", "end"): all_eras(NOTHING),
    ("kept_after_exception", "kept"): (Stands(1, 1, "preserved"), Stands(1, 1, "preserved"), NOTHING, NOTHING),
    ("kept_after_exception", "end"): all_eras(NOTHING),
    ("command", "running"): all_eras(Stands(0, 1, "job")),
    ("command", "end"): all_eras(NOTHING),
    ("request_teardown", "first"): in_oldest(Stands(1, 1, "leaked")),
    ("request_teardown", "end"): in_oldest(Stands(2, 1, "poisoned")),
    ("app_teardown", "first"): in_oldest(Stands(0, 1, "leaked")),
    ("app_teardown", "end"): in_oldest(Stands(0, 1, "poisoned")),
    ("both_teardowns", "end"): in_oldest(Stands(1, 1, "leaked")),
    ("several_teardowns", "end"): in_oldest(Stands(1, 1, "leaked")),
    ("blueprint_teardown", "end"): in_oldest(Stands(1, 1, "leaked")),
    ("base_exceptions", "end"): in_oldest(Stands(0, 3, "leaked")),
    ("own_group", "end"): in_oldest(Stands(0, 1, "leaked")),
    ("receiver", "end"): in_oldest(Stands(0, 1, "leaked")),
    ("decorated", "end"): in_oldest(Stands(0, 1, "leaked")),
    ("nested_teardown", "end"): in_oldest(Stands(0, 2, "leaked")),
    ("asynchronous", "view"): all_eras(NOTHING),
    ("asynchronous", "end"): all_eras(NOTHING),
    # What was pushed last is popped in the place of the context of the request; since 2.2 neither is left; in 3.2 both.
    ("stray_push", "first"): (Stands(0, 1, "leaked"), Stands(0, 1, "leaked"), NOTHING, Stands(1, 1, "leaked")),
    ("stray_push", "end"): (Stands(0, 1, "poisoned"), Stands(0, 1, "poisoned"), NOTHING, Stands(1, 1, "leaked")),
    ("pushed_receiver", "first"): merged(Stands(0, 1, "leaked"), NOTHING),
    ("pushed_receiver", "end"): merged(Stands(0, 1, "poisoned"), NOTHING),
    ("push_outside", "pushed"): all_eras(Stands(0, 1, "job")),
    ("push_outside", "end"): merged(Stands(0, 1, "poisoned"), Stands(0, 1, "job")),
    ("pool", "inside"): merged(Stands(1, 1, "in_request"), Stands(1, 0, "in_request")),
    ("pool", "end"): all_eras(NOTHING),
    ("guard_finish", "end"): all_eras(NOTHING),
    ("guard_log", "end"): all_eras(NOTHING),
    ("pool_drained", "end"): in_oldest(Stands(0, 1, "leaked")),
}
# By the first version. Up to 2.1 Flask marks what it keeps; later the test client pushes it again, in 2.2 twice.
KEPT_BY_CLIENT = {
    (0, 10): Stands(1, 1, "preserved"),
    (2, 2): Stands(1, 2, "preserved"),
    (2, 3): Stands(1, 1, "preserved"),
    (3, 2): Stands(1, 0, "preserved"),
}
CODES = {"leaked": {"CTX001"}, "poisoned": {"CTX001", "CTX002"}}
# Whatever else there is to be said of a thread must not be said of these.
HEALTHY = "healthy error_in_view nested streaming copied_to_thread kept_after_exception command pool".split()
ENDPOINTS = {
    "blueprint_teardown": "till.pay",
    "guard_finish": "till.pay",
    "guard_log": "till.pay",
    "stray_push": "stray",
    "pool_drained": "query",
}


@dataclass(frozen=True)
class Failure:
    """A teardown function that raises. ``eras``: where it runs at all; ``counts``: how often, by era."""

    function: str
    kind: str
    exception: str
    skipped: tuple[str, ...] = ()
    eras: tuple[int, ...] = (OLDEST, STACKS, VARIABLES, ONE_CLASS)
    counts: tuple[int, int, int, int] = (1, 1, 1, 1)
    blueprint: str | None = None


NEWER = (STACKS, VARIABLES, ONE_CLASS)
FAILURES: dict[str, list[Failure]] = {
    "request_teardown": [Failure("close_cart", "request", "RuntimeError", ("skipped_one",), counts=(2, 2, 2, 2))],
    # Where the app context stays, no function is called a second time on that thread.
    "app_teardown": [Failure("close_cart", "appcontext", "RuntimeError", ("skipped_one",), counts=(1, 2, 2, 2))],
    "both_teardowns": [
        Failure("close_cart", "request", "RuntimeError"),
        Failure("close_till", "appcontext", "ValueError", eras=NEWER),
    ],
    "several_teardowns": [
        Failure("close_till", "request", "ValueError", ("close_cart",)),
        Failure("close_cart", "request", "RuntimeError", eras=(ONE_CLASS,)),
        Failure("close_door", "appcontext", "OSError", ("close_shop",), eras=NEWER),
        Failure("close_shop", "appcontext", "LookupError", eras=(ONE_CLASS,)),
    ],
    "blueprint_teardown": [
        Failure("close_till", "request", "ValueError", ("skipped_one", "skipped_two"), blueprint="till")
    ],
    "base_exceptions": [
        Failure("_raise", "appcontext", exception) for exception in ("SystemExit", "KeyboardInterrupt", "Killed")
    ],
    "own_group": [Failure("close_all", "appcontext", "ExceptionGroup")],
    "receiver": [Failure("on_tearing_down", "appcontext", "RuntimeError")],
    "decorated": [Failure("close_cart", "appcontext", "RuntimeError")],
    "nested_teardown": [
        Failure("close_till", "appcontext", "ValueError"),
        Failure("nested_teardown.<locals>.use_other", "appcontext", "ValueError"),
    ],
    "asynchronous": [Failure("close_later", "appcontext", "RuntimeError")],
    **{
        scenario: [
            Failure("close_till", "request", "ValueError", blueprint="till"),
            Failure("close_cart", "appcontext", "RuntimeError"),
        ]
        for scenario in ("guard_finish", "guard_log")
    },
    "pool_drained": [Failure("close_cart", "appcontext", "RuntimeError", ("remove the session",))],
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "row" in metafunc.fixturenames:
        rows = eras.selected(metafunc.config)
        metafunc.parametrize("row", rows, ids=str, scope="session")


def seen(row: Row, observations: dict[Row, Future[Observed]]) -> Observed:
    if row.flask.endswith("-dev") and not row.source:
        pytest.skip("Flask's main branch is on no package index; --flask-source DIR runs it")
    if not row.python:
        pytest.skip(f"there is no Python {row.python_version} on this machine")
    return observations[row].result()


def test_stacks(row: Row, observations: dict[Row, Future[Observed]]) -> None:
    """At every point: the depth, the state, and a verdict on contexts where one is left, and nowhere else."""
    observed = seen(row, observations)
    wrong = []
    expected = {place: stands[era(row)] for place, stands in STANDS.items()}
    first = max(first for first in KEPT_BY_CLIENT if row.version >= first)
    expected["client_in_with", "inside"] = KEPT_BY_CLIENT[first]
    for place, stands in expected.items():
        if place[0] in observed.missing:
            continue
        point = observed.points[place]
        found = (*point.depth, point.state, point.codes & {"CTX001", "CTX002"})
        if found != (stands.request, stands.app, stands.state, CODES.get(stands.state, set())):
            wrong.append(f"{place}: {found} instead of {stands}")
        # In 3.2 a request context is an app context, and one without a request hides it.
        if era(row) != ONE_CLASS and point.has != {"app": stands.app > 0, "request": stands.request > 0}:
            wrong.append(f"{place}: Flask says {point.has}, the table {stands}")
    assert not wrong, "\n".join(wrong)


def test_nothing_is_said_of_the_healthy(row: Row, observations: dict[Row, Future[Observed]]) -> None:
    points = seen(row, observations).points
    assert {scenario for scenario, _ in points} >= set(HEALTHY) - seen(row, observations).missing.keys()
    said = {place: point.codes for place, point in points.items() if place[0] in HEALTHY and point.codes}
    assert not said


def test_scenarios_are_there(row: Row, observations: dict[Row, Future[Observed]]) -> None:
    """Only what a version does not have is left out."""
    first = {"command": (0, 11), "asynchronous": (2, 0)}
    missing = {scenario for scenario, version in first.items() if row.version < version}
    assert set(seen(row, observations).missing) == missing


def test_who_left_it(row: Row, observations: dict[Row, Future[Observed]]) -> None:
    """A context that is left behind bears the name of the request that left it."""
    for (scenario, _), point in seen(row, observations).points.items():
        if point.state != "leaked" or scenario == "client_in_with":
            continue
        endpoints = {context["endpoint"] for context in point.contexts}
        assert endpoints == {ENDPOINTS.get(scenario, scenario)}, (scenario, point.contexts)


def test_teardown_failures(row: Row, observations: dict[Row, Future[Observed]]) -> None:
    observed, now = seen(row, observations), era(row)
    for scenario in sorted({scenario for scenario, _ in observed.points}):
        point = observed.points[scenario, "end"]
        found = {(failure["function"], failure["kind"], failure["exception"]): failure for failure in point.failures}
        expected = [_on(row, failure) for failure in FAILURES.get(scenario, []) if now in failure.eras]
        names = {(f"__main__.{failure.function}", failure.kind, failure.exception) for failure in expected}
        assert set(found) == names, scenario
        assert ("CTX003" in point.codes) == bool(expected), scenario
        for failure in expected:
            said = found[f"__main__.{failure.function}", failure.kind, failure.exception]
            _check(said, failure, scenario, row)


def _on(row: Row, failure: Failure) -> Failure:
    """What is raised where Python has groups of exceptions, from 3.11 on, and where it has none."""
    has_groups = eras.has_groups(row)
    if failure.function == "close_all" and not has_groups:
        return replace(failure, exception="RuntimeError")
    if failure.function.endswith("use_other") and era(row) == ONE_CLASS and has_groups:
        return replace(failure, exception="ExceptionGroup")
    return failure


def _check(said: dict[str, object], failure: Failure, scenario: str, row: Row) -> None:
    skipped = list(failure.skipped)
    if era(row) == ONE_CLASS:
        skipped = []
    elif scenario == "blueprint_teardown" and row.version < (2, 0):
        # The application's own functions had run before.
        skipped = ["skipped_one"]
    elif scenario == "pool_drained":
        skipped = [_remove_session(row)]
    prefix = "" if scenario == "pool_drained" else "__main__."
    assert said["skipped"] == [prefix + name for name in skipped], (scenario, said)
    assert said["location"] == f"guest.py:{_line(failure.function)}", (scenario, said)
    assert said["count"] == failure.counts[era(row)], (scenario, said)
    assert said["blueprint"] == failure.blueprint, (scenario, said)
    assert (said["method"], said["endpoint"]) == ("GET", ENDPOINTS.get(scenario, scenario)), (scenario, said)
    last = str(said["traceback"]).splitlines()[-1]
    assert last.split()[0].startswith(("guest.py:", "flask/")), (scenario, said)


def _remove_session(row: Row) -> str:
    version = re.findall(r"Flask-SQLAlchemy==(\d+)", row.packages)[0]
    name = "init_app.<locals>.shutdown_session" if int(version) < 3 else "_teardown_session"
    return f"flask_sqlalchemy.{'' if int(version) < 3 else 'extension.'}SQLAlchemy.{name}"


def _line(function: str) -> int:
    """Where the guest defines a function; of a decorated one, the line of its first decorator."""
    pattern = re.compile(rf"\s*(async )?def {function.rpartition('.')[2]}\(")
    (line,) = (number for number, text in enumerate(GUEST, 1) if pattern.match(text))
    while GUEST[line - 2].lstrip().startswith("@"):
        line -= 1
    return line


def test_guards(row: Row, observations: dict[Row, Future[Observed]]) -> None:
    """All functions run and no context stays (above); what is raised in the end is up to version and guard."""
    points = seen(row, observations).points
    for scenario in ("guard_finish", "guard_log"):
        assert points[scenario, "end"].truth["ran"] == ["request", "app"]
    assert points["guard_log", "end"].truth["came"] == "200 OK"
    together = eras.has_groups(row) and era(row) in (OLDEST, ONE_CLASS)
    # In between, the failure of the app context's functions takes the place of the request's.
    alone = "ValueError" if era(row) in (OLDEST, ONE_CLASS) else "RuntimeError"
    assert points["guard_finish", "end"].truth["came"] == ("ExceptionGroup" if together else alone)


def test_pools(row: Row, observations: dict[Row, Future[Observed]]) -> None:
    """The engine is known, its password is not; a connection has its holder; what a skipped function holds is seen."""
    points = seen(row, observations).points
    inside, end, drained = points["pool", "inside"], points["pool", "end"], points["pool_drained", "end"]
    assert [out(point, "pool.db") for point in (inside, end)] == [1, 0]
    (engine,) = (engine for engine in end.worker["engines"] if engine["url"].endswith("/pool.db"))
    assert engine["url"].startswith("shopdb://alice@db.example:5433/")
    assert (engine["pool_size"], engine["overflow"], engine["open"]) == (5, 10, 1)
    (connection,) = (known for known in inside.worker["connections"] if known["state"] == "checked_out")
    holder = connection["holder"]
    assert holder["unit"] == inside.unit["id"] and holder["endpoint"] == "query" and holder["frame"].endswith(" query")
    assert holder["context"] in {context["id"] for context in inside.contexts}
    assert out(drained, "pool_drained.db") == (0 if era(row) == ONE_CLASS else 1)
    assert ("CTX004" in drained.codes) == (era(row) in (STACKS, VARIABLES))
    assert "canary" not in json.dumps(drained.worker)


def out(point: Point, name: str) -> int:
    """Connections that are out of the pool of one database."""
    return sum(
        connection["engine"].endswith(f"/{name}") and connection["state"] in ("checked_out", "leaked")
        for connection in point.worker["connections"]
    )


def test_versions_are_told(row: Row, observations: dict[Row, Future[Observed]]) -> None:
    runtime = seen(row, observations).points["healthy", "end"].runtime
    versions = dict(re.findall(r"(\S+)==(\S+)", row.packages))
    assert (runtime["werkzeug"], runtime["sqlalchemy"]) == (versions["Werkzeug"], versions["SQLAlchemy"])
    if not row.source:
        assert runtime["flask"] == row.flask


def test_readme_names_the_versions() -> None:
    readme = (ROOT / "README.md").read_text()
    table = readme.partition("<!-- versions -->")[2].partition("<!-- end of versions -->")[0]
    named = [line.split("|")[1].strip() for line in table.splitlines() if re.match(r"\| \d", line)]
    assert named == [row.flask for row in eras.ROWS]
    for row in eras.ROWS:
        versions = dict(re.findall(r"(\S+)==(\S+)", row.packages))
        cells = [versions[name] for name in ("Werkzeug", "SQLAlchemy", "Flask-SQLAlchemy")]
        assert f"| {row.flask} | {' | '.join(cells)} |" in table, row

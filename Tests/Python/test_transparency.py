"""The test suites of Flask, Flask-SQLAlchemy and Werkzeug have the same outcome with ctxtop as without it, and the
agent reports no leak in them that is not there.

Every Flask application that a suite makes is instrumented, in a process that is attached; after each phase of each
test the agent is asked (``suites/suite_watch.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from support import suites

SECONDS = 240
#: The suite of Werkzeug makes no Flask application: ctxtop can only be in its way by being in the process.
SUITES = ["flask", "flask_sqlalchemy", "werkzeug"]


@pytest.fixture(params=SUITES)
def runs(request: pytest.FixtureRequest) -> Iterator[tuple[str, suites.Run, suites.Run]]:
    """The suite's name, its run without ctxtop and its run with it; both at the same time."""
    name = str(request.param)
    source = suites.sources()[name]
    with ExitStack() as stack:
        started = [suites.start(source, with_ctxtop) for with_ctxtop in (False, True)]
        for suite in started:
            stack.callback(suite.stop)
        plain, watched = (suite.result(SECONDS) for suite in started)
        yield name, plain, watched


def test_suite(runs: tuple[str, suites.Run, suites.Run]) -> None:
    name, plain, watched = runs
    assert len(plain.outcomes) > 1000, plain.log
    differ = sorted(set(plain.outcomes) ^ set(watched.outcomes))
    assert differ == [], f"{name} tells the difference: {differ}\n{watched.log}"
    assert watched.seen == [], f"{name} leaves nothing behind, and yet:\n{watched.log}"

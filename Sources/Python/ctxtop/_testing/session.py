"""pytest's hooks, once somebody asks for them: looks at the right moments, and fails the test that left something.

What has ended for good is told with the test's own outcome (a failure), what the test itself holds only after its
finalizers (an error at its teardown, as pytest calls it).
"""

from __future__ import annotations

from collections.abc import Generator, Hashable
from typing import Any

import pytest

from ..pytest_plugin import asks
from . import allowing, tally, words
from .watch import Watch

MARKER = "ctxtop"
# What pytest says of a test that was to fail, strictly, and did not.
_XPASS = "[XPASS(strict)]"


class Session:
    """Registered as a plugin. One per process that runs tests."""

    def __init__(self, config: pytest.Config, watch: Watch, allowed: frozenset[str]) -> None:
        self.tally = tally.Tally()
        self.watches_all = False
        self._config = config
        self._watch = watch
        self._allowed = allowed
        self._warns = bool(config.getoption("ctxtop_warn"))
        self._item: pytest.Item | None = None
        self._allowed_here: set[str] = set()
        #: What is wrong with a marker of the test.
        self._wrong: str | None = None
        self._leaks: list[words.Leak] = []
        #: Contexts that tests left on the thread, by key: which test.
        self._left: dict[Hashable, str] = {}

    @property
    def now(self) -> Now:
        """What the running test may ask."""
        return Now(self)

    def allow(self, codes: tuple[str, ...]) -> None:
        """Allow this test these. Raises ``pytest.UsageError``."""
        __tracebackhide__ = True
        try:
            self._allowed_here |= allowing.checked(codes, "ctxtop.allow")
        except pytest.UsageError as error:
            if not self._warns or self._item is None:
                raise
            self.tally.problem(f"{self._item.nodeid}: {error}")

    def look(self) -> list[words.Leak]:
        """What the test has left behind so far by what has ended; it is told, and told only here."""
        return self._watch.called()

    # MARK: pytest's hooks

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, None]:
        self._item = item if self._is_watched(item) else None
        if self._item is not None:
            self._read_markers(item)
            self._watch.begin(item.nodeid)
            self.tally.ran(self._watch)
            self.tally.found_left(self._left[key] for key in self._watch.contexts() if key in self._left)
        else:
            self._watch.passes_over()
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, None]:
        yield
        if self._item is item:
            self._leaks = self._judged(self._watch.called())

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, None]:
        yield
        if self._item is item:
            self._leaks = self._judged(self._watch.finished())

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
        outcome = yield
        if self._item is not item:
            return
        report = outcome.get_result()
        if self._wrong is not None and call.when == "setup" and report.passed:
            # Only here: its fixtures are taken down as ever, and it is an error also of a test that is to fail.
            report.outcome, report.longrepr = "failed", self._wrong
        leaks, self._leaks = self._leaks, []
        if report.failed and call.when == "call":
            self._add_poison(report)
        if call.excinfo is not None and call.when == "call":
            # A traceback holds what the test's functions held: connections may come back when it goes.
            leaks = [leak for leak in leaks if leak.code != "CTX004"]
        if leaks:
            self._tell(item, report, leaks)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, None]:
        if self._item is None or fixturedef.scope == "function":
            yield
            return
        before = self._watch.fixture_begins()
        yield
        name = f"{fixturedef.argname} ({fixturedef.scope})"
        self._watch.fixture_made(id(fixturedef), name, before)

    def pytest_fixture_post_finalizer(self, fixturedef: Any) -> None:
        self._watch.fixture_ended(id(fixturedef))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        self._watch.end()
        # The controller of pytest-xdist runs no tests.
        if hasattr(self._config, "workerinput") or getattr(self._config.option, "dist", "no") == "no":
            self.tally.end(self._watch)
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output["ctxtop"] = self.tally.as_data()

    # MARK: Parts

    def _is_watched(self, item: pytest.Item) -> bool:
        return self.watches_all or asks(item)

    def _read_markers(self, item: pytest.Item) -> None:
        self._allowed_here, self._wrong = set(), None
        for marker in item.iter_markers(MARKER):
            try:
                self._allowed_here |= allowing.of_marker(marker)
            except pytest.UsageError as error:
                if self._warns:
                    self.tally.problem(f"{item.nodeid}: {error}")
                else:
                    self._wrong = str(error)

    def _judged(self, leaks: list[words.Leak]) -> list[words.Leak]:
        allowed = self._allowed | self._allowed_here
        return [leak for leak in leaks if leak.code not in allowed]

    def _tell(self, item: pytest.Item, report: Any, leaks: list[words.Leak]) -> None:
        for leak in leaks:
            self.tally.leaked(item.nodeid, leak)
            self._left.update((thing.key, item.nodeid) for thing in leak.things if thing.code == "CTX001")
        text = "\n\n".join(leak.text for leak in leaks)
        unexpected = str(report.longrepr).startswith(_XPASS) if report.failed else report.passed
        if self._warns or not unexpected:
            report.sections.append(("ctxtop", text))
        elif report.when == "call" and (report.failed or hasattr(report, "wasxfail")):
            # It was expected to fail, and does.
            report.sections.append(("ctxtop", text))
            report.wasxfail = getattr(report, "wasxfail", str(report.longrepr).removeprefix(_XPASS).strip())
            report.outcome, report.longrepr = "skipped", text
        else:
            report.outcome, report.longrepr = "failed", text

    def _add_poison(self, report: Any) -> None:
        tests = sorted({self._left[key] for key in self._watch.contexts() if key in self._left})
        if tests:
            text = f"this test ran on a context that was left on its thread by {', '.join(tests)}"
            report.sections.append(("ctxtop", text))


class Now:
    """The fixture ``ctxtop``: this test, watched."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def allow(self, *codes: str) -> None:
        """These verdicts do not fail this test. Raises ``pytest.UsageError`` where there is none of that code."""
        __tracebackhide__ = True
        self._session.allow(codes)

    def leaks(self) -> list[words.Leak]:
        """What requests of this test have left behind since it was asked last. It does not fail the test any more."""
        return self._session.look()

"""What a whole run has found, as plain data: workers of pytest-xdist send it to where the summary is written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .watch import Watch
    from .words import Leak

_PLACES = 10


class Tally:
    def __init__(self) -> None:
        self.tests = 0
        #: (test, code, name of the verdict, place).
        self.leaks: list[tuple[str, str, str, str]] = []
        #: How many later tests ran on a context that a test had left, by that test.
        self.later: dict[str, int] = {}
        #: Why nothing or not all was seen, or could be allowed, each once.
        self.problems: list[str] = []

    def ran(self, watch: Watch) -> None:
        if watch.problem is None:
            self.tests += 1

    def found_left(self, tests: Iterable[str]) -> None:
        for test in set(tests):
            self.later[test] = self.later.get(test, 0) + 1

    def leaked(self, test: str, leak: Leak) -> None:
        from .words import CATALOGUE

        self.leaks.append((test, leak.code, CATALOGUE[leak.code].name, leak.place))

    def end(self, watch: Watch) -> None:
        if watch.problem is not None:
            self.problem(f"could not watch: {watch.problem}")
        elif not watch.is_attached:
            self.problem("nothing to watch: no Flask application was made")
        if watch.dropped:
            self.problem(f"{watch.dropped} events were not recorded: there may be more")

    def as_data(self) -> dict[str, Any]:
        return {"tests": self.tests, "leaks": self.leaks, "later": self.later, "problems": self.problems}

    def add(self, data: dict[str, Any]) -> None:
        """What another process has found."""
        self.tests += data["tests"]
        self.leaks += [tuple(leak) for leak in data["leaks"]]
        for test, number in data["later"].items():
            self.later[test] = self.later.get(test, 0) + number
        for problem in data["problems"]:
            self.problem(problem)

    def problem(self, text: str) -> None:
        if text not in self.problems:
            self.problems.append(text)

    def lines(self) -> list[str]:
        """The summary."""
        tests = len({leak[0] for leak in self.leaks})
        found = f"{_count(len(self.leaks), 'leak')} in {tests} of {_count(self.tests, 'test')}"
        lines = [found if self.leaks else f"no leaks in {_count(self.tests, 'test')}"] if self.tests else []
        places: dict[tuple[str, str, str], list[str]] = {}
        for test, code, name, place in self.leaks:
            places.setdefault((code, name, place), []).append(test)
        for (code, name, place), names in sorted(places.items()):
            where = f" at {place}" if place else ""
            lines.append(f"{code} {name}{where}: {_listed(names)}")
        for test, number in self.later.items():
            lines.append(f"{test} left a context on its thread, and {_count(number, 'later test')} ran on it")
        return lines + self.problems


def _listed(tests: list[str]) -> str:
    unique = list(dict.fromkeys(tests))
    rest = len(unique) - _PLACES
    return ", ".join(unique[:_PLACES]) + (f" and {rest} more" if rest > 0 else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")

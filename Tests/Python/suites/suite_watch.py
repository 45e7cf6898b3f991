"""A pytest plugin: switches ctxtop on for every Flask application of a test suite, and asks it after each phase of
each test what it sees.

What it says is compared with the real stack of the thread that runs the tests, read here by other means than the
agent's own. Everything that does not agree, and everything that looks like a leak, is one line in ``SUITE_SEEN``.
"""

from __future__ import annotations

import contextvars
import functools
import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import ctxtop
import flask
import pytest
from flask.globals import _cv_app, _cv_request
from support import agent

_DIRECTORY = Path(os.environ["CTXTOP_DIR"])
_made = flask.Flask.__init__
_seen: TextIO | None = None
# Totals that were told of already: they only grow.
_counted = {"contexts_leaked": 0, "contexts_reused": 0, "events_dropped": 0}
_told: set[str] = set()
# The program is asked after every so many phases, whatever the facts look like.
_SAMPLE = 50
_looks = itertools.count()


@functools.wraps(_made)
def _make(app: flask.Flask, *arguments: Any, **options: Any) -> None:
    _made(app, *arguments, **options)
    ctxtop.Ctxtop(app)


flask.Flask.__init__ = _make  # type: ignore[method-assign]
# The process is attached before the first test: no test can be the first to see it happen.
with flask.Flask(__name__).app_context():
    pass


def pytest_configure() -> None:
    global _seen
    _seen = open(os.environ["SUITE_SEEN"], "w", encoding="utf-8")  # noqa: SIM115
    from ctxtop import _native

    assert _native.is_attached(), _native.problem()


def pytest_unconfigure() -> None:
    if _seen is not None:
        _seen.close()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    try:
        return (yield)
    finally:
        _look(item.nodeid, "call")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    try:
        return (yield)
    finally:
        _look(item.nodeid, "teardown")


def _look(test: str, when: str) -> None:
    document = agent.snapshot(_DIRECTORY, timeout=10)
    [worker] = [worker for worker in document["workers"] if worker["pid"] == os.getpid()]
    _compare_depth(test, when, worker)
    for name, before in _counted.items():
        now = document["totals"][name]
        if now != before:
            _say(test, when, name, f"{now - before} more")
        _counted[name] = now
    if _is_suspect(worker) or next(_looks) % _SAMPLE == 0:
        _judge(test, when)


def _is_suspect(worker: dict[str, Any]) -> bool:
    """Whether there is anything that a judge could object to. The program takes its time: it is not asked always."""
    current = {context["id"] for context in worker["contexts"]}
    return (
        any(context["requests_served"] or context["method"] for context in worker["contexts"])
        or any(unit["state"] == "gone" and sum(unit["depth"].values()) for unit in worker["units"])
        or any(
            connection["state"] == "checked_out" and connection["holder"]["context"] not in current
            for connection in worker["connections"]
            if connection["holder"]
        )
        or bool(worker["failures"])
    )


def _compare_depth(test: str, when: str, worker: dict[str, Any]) -> None:
    """The record of this thread agrees with the real stack."""
    unit = next((unit for unit in worker["units"] if unit["name"] == "MainThread"), None)
    recorded = unit["depth"] if unit else {"app": 0, "request": 0}
    real = {"app": _depth(_cv_app), "request": _depth(_cv_request)}
    if recorded != real:
        _say(test, when, "depth", f"recorded {recorded}, real {real}")


def _depth(variable: Any) -> int:
    """How many contexts lie under a variable: undone one by one, in a copy of what is current."""
    def count() -> int:
        depth, used = 0, {}
        while (context := variable.get(None)) is not None:
            depth += 1
            nth = used[id(context)] = used.get(id(context), 0) + 1
            tokens = context._cv_tokens
            if nth > len(tokens):
                break
            token = tokens[-nth]
            old = (token[0] if isinstance(token, tuple) else token).old_value
            variable.set(None if old is contextvars.Token.MISSING else old)
        return depth

    return contextvars.copy_context().run(count)


def _judge(test: str, when: str) -> None:
    """What the operator's program concludes. Each verdict is told once, of the first test after which it is there."""
    for verdict in agent.dump(_DIRECTORY)["verdicts"]:
        if verdict["code"] == "CTX003":
            key = f"{verdict['code']} {verdict['count']} {verdict['evidence']}"
        else:
            key = f"{verdict['code']} {verdict['unit']} {verdict['context']} {verdict['connection']}"
        if key not in _told:
            _told.add(key)
            _say(test, when, verdict["code"], verdict["message"])


def _say(test: str, when: str, what: str, details: str) -> None:
    assert _seen is not None
    _seen.write(json.dumps([test, when, what, details]) + "\n")
    _seen.flush()

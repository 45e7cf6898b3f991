"""Verdicts in words: the program's own (``Judge*.swift``, ``VerdictEntries.swift``), for what a test left behind.

Only the advice to restart the worker is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .judges import Thing
from .record import APP, CHECKED_OUT, Connection, Context, Failure, Label, Session, Vanished, Worker

_SECOND = 1_000_000_000
# A test's failure begins with the cause of the others, where there is one.
_ORDER = ("CTX003", "CTX006", "CTX001", "CTX007", "CTX004", "CTX005")
Evidence = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    remedy: str


CATALOGUE = {
    "CTX001": Entry(
        "context left behind",
        "Find what keeps the context from being popped: a push without a pop, or something that raises while contexts "
        "are pushed or torn down.",
    ),
    "CTX003": Entry(
        "teardown failed",
        "Make the function catch its own errors, or guard teardown, so that the functions behind it still run.",
    ),
    "CTX004": Entry(
        "connection outlives its context",
        "Return the connection where it was taken, in a `with` block or a teardown that cannot fail.",
    ),
    "CTX005": Entry(
        "orphan session",
        "Find why session.remove() did not run, or ran too early (see CTX003).",
    ),
    "CTX006": Entry(
        "context dropped without teardown",
        "Pop what is pushed, best with `with app.app_context():`, so that its teardown functions run.",
    ),
    "CTX007": Entry(
        "connection crossed a fork",
        "Call engine.dispose(close=False) in every worker after the fork, or open connections only there.",
    ),
}


@dataclass(frozen=True, slots=True)
class Leak:
    """One verdict. ``statement``: what is wrong, since when. ``place``: where it was taken, pushed or defined."""

    code: str
    statement: str
    place: str
    evidence: tuple[tuple[str, str], ...]
    things: tuple[Thing, ...]

    @property
    def headline(self) -> str:
        return f"{self.code} {CATALOGUE[self.code].name}: {self.statement}"

    @property
    def text(self) -> str:
        lines = [self.headline]
        lines += [f"    {name.replace('_', ' ')}: {value}" for name, value in self.evidence]
        lines.append(f"    remedy: {CATALOGUE[self.code].remedy}")
        return "\n".join([*lines, f"    more: ctxtop explain {self.code}"])


def leaks(things: Sequence[Thing], worker: Worker) -> list[Leak]:
    """The verdicts on things that are left over in ``worker``: one each, but one for all connections of a kind."""
    groups: dict[object, list[Thing]] = {}
    for thing in things:
        if _is_implied(thing, things):
            continue
        groups.setdefault(_group(thing), []).append(thing)
    found = [_leak(group, worker) for group in groups.values()]
    return sorted(found, key=lambda leak: _ORDER.index(leak.code))


def age(nanoseconds: int) -> str:
    """A time in its two greatest units: ``9s``, ``4m12s``, ``2h05m``, ``3d04h``."""
    seconds = max(nanoseconds, 0) // _SECOND
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m{seconds % 60:02}s"
    if seconds < 86_400:
        return f"{seconds // 3600}h{seconds // 60 % 60:02}m"
    days = seconds // 86_400
    return f"{days}d{seconds // 3600 % 24:02}h" if days < 100 else f"{days}d"


def count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _is_implied(thing: Thing, things: Sequence[Thing]) -> bool:
    """Whether an app context came with the request context above it, which is told: that push is one mistake."""
    context = thing.subject
    if not isinstance(context, Context) or context.kind != APP or context.frame or thing.unit is None:
        return False
    place = thing.unit.contexts.index(context) + 1
    above = thing.unit.contexts[place : place + 1]
    return any(other.subject == each and each.request == context.request for other in things for each in above)


def _group(thing: Thing) -> object:
    if isinstance(thing.subject, Connection):
        holder = thing.subject.holder
        return (thing.code, holder.label, holder.frame) if holder else (thing.code, None)
    return thing.key


def _leak(group: list[Thing], worker: Worker) -> Leak:
    describe = _DESCRIPTIONS[group[0].code]
    statement, place, evidence = describe(group, worker)
    # Once is enough; the name of an endpoint is easily part of some other word.
    kept = tuple((name, value) for name, value in evidence if value and (name == "endpoint" or value not in statement))
    return Leak(group[0].code, statement, place, kept, tuple(group))


def _named(label: Label | None) -> str:
    return label.text if label is not None else "work outside of a request"


def _endpoint(label: Label | None) -> str:
    return label.endpoint if label is not None else ""


def _kind(kind: int) -> str:
    return "app" if kind == APP else "request"


def _times(number: int) -> str:
    return "" if number == 1 else f" {number} times"


def _context(group: list[Thing], worker: Worker) -> tuple[str, str, Evidence]:
    context: Any = group[0].subject
    assert isinstance(context, Context)
    owner = context.frame if context.label is None and context.frame else _named(context.label)
    since = context.pushed if context.left is None else context.left
    statement = f"{_kind(context.kind)} context left by {owner} {age(worker.time - since)} ago"
    if context.served:
        statement += f"; {count(context.served, 'request has', 'requests have')} run on it since"
    unit = group[0].unit
    evidence = [("left_by", owner), ("endpoint", _endpoint(context.label)), ("frame", context.frame)]
    if unit is not None:
        evidence += [("thread", unit.name), ("unit_gone", "true" if unit.is_gone else "")]
    return statement, context.frame, evidence


def _failure(group: list[Thing], worker: Worker) -> tuple[str, str, Evidence]:
    failure: Any = group[0].subject
    assert isinstance(failure, Failure)
    # What was counted before this test is not its own.
    times = _times(group[0].count)
    skipped = ", ".join(failure.skipped)
    statement = f"{failure.function} raised {failure.exception}{times} after {_named(failure.label)}"
    if skipped:
        statement += f"; did not run: {skipped}"
    request = failure.label.text if failure.label is not None else ""
    evidence = [("location", failure.location), ("blueprint", failure.blueprint), ("message", failure.message)]
    evidence += [("request", request), ("endpoint", _endpoint(failure.label)), ("skipped", skipped)]
    return statement, failure.location, evidence


def _connection(group: list[Thing], worker: Worker) -> tuple[str, str, Evidence]:
    connections: Any = [thing.subject for thing in group]
    oldest: Connection = min(connections, key=lambda each: each.since)
    holder = oldest.holder
    label, frame = (holder.label, holder.frame) if holder is not None else (None, "")
    number = count(len(group), "connection", "connections")
    place = f" at {frame}" if frame else ""
    statement = f"{number} not returned by {_named(label)}{place}, oldest {age(worker.time - oldest.since)}"
    pool, url = _pool(oldest, worker)
    if pool:
        statement += f"; {pool}"
    return statement, frame, _connection_evidence(connections, label, frame, url)


def _crossed(group: list[Thing], worker: Worker) -> tuple[str, str, Evidence]:
    connections: Any = [thing.subject for thing in group]
    oldest: Connection = min(connections, key=lambda each: each.since)
    holder = oldest.holder
    label, frame = (holder.label, holder.frame) if holder is not None else (None, "")
    number = count(len(group), "connection", "connections")
    statement = f"{number} opened by another process in use by {_named(label)}"
    return statement, frame, _connection_evidence(connections, label, frame, _pool(oldest, worker)[1])


def _connection_evidence(connections: list[Connection], label: Label | None, frame: str, url: str) -> Evidence:
    backends = ", ".join(str(each.backend_pid) for each in connections if each.backend_pid is not None)
    evidence = [("holder", _named(label)), ("endpoint", _endpoint(label)), ("frame", frame)]
    return [*evidence, ("engine", url), ("backend_pid", backends)]


def _pool(connection: Connection, worker: Worker) -> tuple[str, str]:
    """(``5 of 5 out: the pool is empty``, the engine's URL); empty where the engine is not known."""
    if connection.engine is None or not 0 <= connection.engine < len(worker.engines):
        return "", ""
    engine = worker.engines[connection.engine]
    out = sum(each.engine == connection.engine and each.state == CHECKED_OUT for each in worker.connections)
    if engine.limit is None:
        return f"{out} out", engine.url
    return f"{out} of {engine.limit} out" + (": the pool is empty" if out >= engine.limit else ""), engine.url


def _session(group: list[Thing], worker: Worker) -> tuple[str, str, Evidence]:
    session: Any = group[0].subject
    assert isinstance(session, Session)
    holder = session.holder
    owner = _named(holder.label if holder is not None else None)
    statement = f"session of {owner} left without its context {age(worker.time - session.since)} ago"
    if session.in_transaction:
        statement += ", its transaction open"
    if session.is_dirty:
        statement += ", work uncommitted"
    heir = _named(session.heir) if session.heir_request else ""
    if heir:
        statement += f"; it {'became' if session.has_ended else 'is now'} the session of {heir}"
    endpoint = _endpoint(holder.label) if holder is not None else ""
    evidence = [("holder", owner), ("endpoint", endpoint), ("scope", session.scope), ("inherited_by", heir)]
    return statement, holder.frame if holder is not None else "", evidence


def _vanished(group: list[Thing], worker: Worker) -> tuple[str, str, Evidence]:
    vanished: Any = group[0].subject
    assert isinstance(vanished, Vanished)
    owner = vanished.frame or _named(vanished.label)
    times = _times(group[0].count)
    statement = f"{_kind(vanished.kind)} context pushed by {owner} went without its teardown{times}"
    if vanished.frame and vanished.label is not None:
        statement += f" in {vanished.label.text}"
    request = vanished.label.text if vanished.label is not None else ""
    return statement, vanished.frame, [("request", request), ("endpoint", _endpoint(vanished.label))]


_DESCRIPTIONS: dict[str, Callable[[list[Thing], Worker], tuple[str, str, Evidence]]] = {
    "CTX001": _context,
    "CTX003": _failure,
    "CTX004": _connection,
    "CTX005": _session,
    "CTX006": _vanished,
    "CTX007": _crossed,
}

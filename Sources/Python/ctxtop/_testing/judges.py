"""What is left over, by the same rules as the program's: ``Judge*.swift`` is the other half.

A program has no tests, so the rules here go one step further: a test is the owner of what its own code pushed or took
outside of any request. What is left over is of one of two kinds:

========  ============================================================================================
finished  its owner, a request, has ended: nobody is left to return it, and no fixture of the test is
at rest   the test itself is its owner, or a fixture: to be looked at when these have ended
========  ============================================================================================

Whatever joins two records must stand in two looks (``Watch``): each thing has a key that names the same record, of the
same generation, in both.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from . import record
from .record import Connection, Context, Failure, Holder, Session, Unit, Vanished, Worker

Subject = Context | Connection | Failure | Session | Vanished


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that is left over. ``count``: how often it has happened; only more of it is news."""

    code: str
    key: Hashable
    subject: Subject
    #: Whether its owner was a request, or nobody's: no fixture is going to return it.
    is_finished: bool
    #: Whether it joins two records: it must be seen twice.
    is_joined: bool
    count: int = 1
    unit: Unit | None = None

    @property
    def since(self) -> int:
        """When it was pushed or taken, in monotonic nanoseconds; 0: it is an event."""
        subject = self.subject
        if isinstance(subject, Context):
            return subject.pushed
        return subject.since if isinstance(subject, (Connection, Session)) else 0


def left_over(worker: Worker, thread: int) -> dict[Hashable, Thing]:
    """Everything that is left over in a worker, by key. ``thread``: the kernel's id of the one that runs the tests."""
    found = [*_contexts(worker, thread), *_connections(worker, thread), *_sessions(worker), *_events(worker)]
    return {thing.key: thing for thing in found}


def has_open_response(worker: Worker, thread: int) -> bool:
    """Whether a request of the test thread, which runs none now, is not over: its response was not closed."""
    return any(_runs_tests(unit, thread) and unit.request for unit in worker.units)


def serves_elsewhere(worker: Worker, thread: int) -> bool:
    """Whether another thread than that of the tests serves a request now."""
    return any(unit.request and not unit.is_gone and not _runs_tests(unit, thread) for unit in worker.units)


def _contexts(worker: Worker, thread: int) -> Iterator[Thing]:
    for unit in worker.units:
        for context in unit.contexts:
            is_left = _is_left_behind(context, unit, worker)
            # Its thread is asked between tests: the request that seems open there is a response that nobody has closed.
            is_tests = _runs_tests(unit, thread) and not context.request
            if is_left or is_tests:
                # What a task has pushed another one may pop, in the same Context: fixtures do.
                is_alone = unit.is_gone and unit.kind != record.TASK
                is_finished = is_left and bool(context.request or context.left is not None or is_alone)
                is_joined = context.left is None
                yield Thing("CTX001", ("context", context.serial), context, is_finished, is_joined, unit=unit)


def _is_left_behind(context: Context, unit: Unit, worker: Worker) -> bool:
    if unit.is_gone:
        return True
    if context.is_preserved:
        return False
    if context.left is not None:
        return True
    if not context.request:
        return context.served > 0
    return not _serves(worker, context.request)


def _serves(worker: Worker, request: int) -> bool:
    """Whether any unit serves a request: its latest, or one that this began inside of."""
    return any(
        unit.request and (unit.outermost_request or unit.request) <= request <= unit.request for unit in worker.units
    )


def _runs_tests(unit: Unit, thread: int) -> bool:
    return unit.kind == record.THREAD and not unit.is_gone and unit.native_id == thread


def _connections(worker: Worker, thread: int) -> Iterator[Thing]:
    for connection in worker.connections:
        key = (connection.id, connection.generation, connection.since)
        if connection.state == record.INHERITED:
            yield Thing("CTX007", ("inherited", *key), connection, True, False)
        if connection.state != record.CHECKED_OUT or connection.holder is None:
            continue
        holder = connection.holder
        if holder.request:
            is_left = not _has_context(worker, holder.context) and not _serves(worker, holder.request)
        else:
            is_left = _is_forgotten(connection, worker, thread)
        if is_left:
            yield Thing("CTX004", ("connection", *key), connection, _was_request(holder, worker), True)


def _is_forgotten(connection: Connection, worker: Worker, thread: int) -> bool:
    """Whether a connection that no request took is out although its context has ended, or the test (as it is asked
    when the test has) or the thread."""
    holder = connection.holder
    if holder is None or holder.unit is None or _has_context(worker, holder.context):
        return False
    unit = worker.by_name.get((holder.unit, holder.generation))
    if unit is None or unit.is_gone or _runs_tests(unit, thread):
        return True
    has_other_work = unit.request or unit.contexts or unit.latest_request > holder.context
    return bool(holder.context and has_other_work)


def _has_context(worker: Worker, serial: int) -> bool:
    """Whether a context is on any stack; that of a unit that is gone is evidence only."""
    return serial != 0 and any(
        context.serial == serial for unit in worker.units if not unit.is_gone for context in unit.contexts
    )


def _was_request(holder: Holder, worker: Worker) -> bool:
    """Whether a request took it, in a context that has ended.

    A request in a task runs in a copy of what is around the task: a context that a fixture has pushed, perhaps, which
    is another unit's, or not known. That ends with the fixture.
    """
    unit = worker.by_name.get((holder.unit, holder.generation)) if holder.unit is not None else None
    is_copied = not holder.context or (unit is not None and unit.kind == record.TASK)
    return bool(holder.request) and not is_copied


def _sessions(worker: Worker) -> Iterator[Thing]:
    for session in worker.sessions:
        holder = session.holder
        key = ("session", session.id, session.generation, session.heir_request != 0)
        yield Thing("CTX005", key, session, holder is not None and _was_request(holder, worker), True)


def _events(worker: Worker) -> Iterator[Thing]:
    """What has happened and stays true."""
    for failure in worker.failures:
        key = ("failure", failure.function, failure.location, failure.exception, failure.kind, failure.label)
        yield Thing("CTX003", key, failure, True, False, failure.count)
    for vanished in worker.vanished:
        if vanished.label is None and not vanished.frame:
            # Nobody saw it pushed: it was found in a Context that several tasks share, and another one popped it.
            continue
        place = ("vanished", vanished.kind, vanished.frame, vanished.label)
        yield Thing("CTX006", place, vanished, True, False, vanished.count)

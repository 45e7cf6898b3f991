"""Decodes the snapshot record: what of it concerns the judges, and of one worker only.

``Record.swift`` describes the bytes; the fields stand in the order in which ``RecordEncoder.swift`` writes them. Agent
and decoder come in one package, so that the versions always agree. The checksums are not looked at: the bytes come from
this very process over a socket.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

MAGIC, VERSION, HEADER_BYTES = b"CTXTOPR1", 1, 40
_HEADER = struct.Struct("<8sHHIQQII")
_LENGTH = struct.Struct("<I")
APP, REQUEST = 0, 1
THREAD, GREENLET, TASK = 0, 1, 2
IDLE, CHECKED_OUT, DETACHED, INHERITED = 0, 1, 2, 3
_PRESENT = (0, 1)
T = TypeVar("T")


class Malformed(Exception):
    """The bytes are no record of this version."""


@dataclass(frozen=True, slots=True)
class Label:
    """How a request is named. ``endpoint`` and ``rule`` are empty where nothing matched."""

    method: str
    endpoint: str
    rule: str

    @property
    def text(self) -> str:
        """``GET /chat/<id>``; the endpoint where there is no rule; ``a request`` where nothing is known."""
        return " ".join(filter(None, (self.method, self.rule or self.endpoint))) or "a request"


@dataclass(frozen=True, slots=True)
class Context:
    """One context on a unit's stack. Times are monotonic nanoseconds; ``request`` 0: pushed outside of any."""

    serial: int
    kind: int
    is_preserved: bool
    pushed: int
    left: int | None
    request: int
    label: Label | None
    frame: str
    served: int


@dataclass(frozen=True, slots=True)
class Unit:
    """A thread, greenlet or task. ``request``: the serial number of the one that it serves; 0: none."""

    id: int
    generation: int
    kind: int
    native_id: int
    name: str
    is_gone: bool
    latest_request: int
    request: int
    outermost_request: int
    contexts: tuple[Context, ...]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who checked a connection out. ``unit`` is None where its table was full; numbers: 0 is none."""

    unit: int | None
    generation: int
    request: int
    context: int
    label: Label | None
    frame: str


@dataclass(frozen=True, slots=True)
class Connection:
    id: int
    generation: int
    engine: int | None
    backend_pid: int | None
    state: int
    since: int
    holder: Holder | None


@dataclass(frozen=True, slots=True)
class Engine:
    url: str
    pool_size: int | None
    overflow: int | None

    @property
    def limit(self) -> int | None:
        """The most connections that its pool gives out; None: no pool, or no limit."""
        size, overflow = self.pool_size, self.overflow
        return size + overflow if size and overflow is not None and size > 0 <= overflow else None


@dataclass(frozen=True, slots=True)
class Failure:
    function: str
    location: str
    kind: int
    blueprint: str
    exception: str
    message: str
    label: Label | None
    count: int
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Session:
    id: int
    generation: int
    scope: str
    since: int
    in_transaction: bool
    is_dirty: bool
    holder: Holder | None
    heir: Label | None
    heir_request: int
    has_ended: bool


@dataclass(frozen=True, slots=True)
class Vanished:
    kind: int
    frame: str
    label: Label | None
    count: int


@dataclass(frozen=True, slots=True)
class Worker:
    """What is known of one process. ``time``: when, in monotonic nanoseconds; ``dropped``: events not recorded."""

    time: int
    pid: int
    attached: int
    is_present: bool
    dropped: int
    units: tuple[Unit, ...] = ()
    connections: tuple[Connection, ...] = ()
    engines: tuple[Engine, ...] = ()
    failures: tuple[Failure, ...] = ()
    sessions: tuple[Session, ...] = ()
    vanished: tuple[Vanished, ...] = ()
    #: Units by (id, generation).
    by_name: dict[tuple[int, int], Unit] = field(default_factory=dict)


def payload_length(header: bytes) -> int:
    """How many bytes follow a header. Raises ``Malformed``."""
    magic, version, _flags, length, *_ = _HEADER.unpack(header)
    if magic != MAGIC or version != VERSION:
        raise Malformed("the agent answered with something else than a record")
    return int(length)


def worker(record: bytes, pid: int) -> Worker | None:
    """The worker with a process id, the latest of several; None: there is none. Raises ``Malformed``."""
    payload_length(record[:HEADER_BYTES])
    time = _HEADER.unpack_from(record)[5]
    snapshot = _Fields(record, HEADER_BYTES, len(record), ())
    _, body = snapshot.block()
    found: Worker | None = None
    for _ in range(body.fixed()):
        block = body.worker_block()
        pulse = body.entity()
        is_present = pulse.number() in _PRESENT
        slot = _begin(block, time, is_present)
        if slot.pid == pid and (found is None or slot.attached >= found.attached):
            found = _finish(block, slot)
    return found


def _begin(block: _Fields, time: int, is_present: bool) -> Worker:
    """A worker's own fields, as far as the counters."""
    block.skip(2)  # slot, generation
    pid = block.integer()
    block.optional()  # number
    block.skip(2)  # instance, started
    attached = block.number()
    block.entity()  # server
    block.entity()  # runtime
    block.optional_natural()  # last event
    counters = block.entity()
    counters.skip(14)
    dropped = sum(counters.number() for _ in range(6))
    block.entity()  # latency
    block.number()  # unstable
    return Worker(time, pid, attached, is_present, dropped)


def _finish(block: _Fields, begun: Worker) -> Worker:
    """The same worker with all that hangs on it."""
    units = block.list(_unit)
    connections, engines = block.list(_connection), block.list(_engine)
    failures, sessions = block.list(_failure), block.list(_session)
    block.list(lambda _: None)  # resources
    vanished = block.list(_vanished)
    names = {(unit.id, unit.generation): unit for unit in units}
    own = (begun.time, begun.pid, begun.attached, begun.is_present, begun.dropped)
    return Worker(*own, units, connections, engines, failures, sessions, vanished, names)


class _Fields:
    """Reads fields one after the other; behind the last one there are zeros, as a newer reader expects."""

    __slots__ = ("_bytes", "_end", "_place", "_strings")

    def __init__(self, data: bytes, place: int, end: int, strings: tuple[str, ...]) -> None:
        if end > len(data) or place > end:
            raise Malformed("a part of the record is longer than the record")
        self._bytes, self._place, self._end, self._strings = data, place, end, strings

    def number(self) -> int:
        place, end, data = self._place, self._end, self._bytes
        value = shift = 0
        while place < end:
            byte = data[place]
            place += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
        self._place = place
        return value

    def count(self) -> int:
        """How many parts follow: each has a byte at least."""
        value = self.number()
        if value > self._end - self._place:
            raise Malformed("a list of the record is longer than the record")
        return value

    def skip(self, fields: int) -> None:
        for _ in range(fields):
            self.number()

    def integer(self) -> int:
        value = self.number()
        return (value >> 1) ^ -(value & 1)

    def optional(self) -> int | None:
        return self.integer() if self.number() else None

    def optional_natural(self) -> int | None:
        return self.number() if self.number() else None

    def yes(self) -> bool:
        return self.number() != 0

    def string(self) -> str:
        number = self.number()
        return self._strings[number - 1] if 0 < number <= len(self._strings) else ""

    def label(self) -> Label | None:
        return Label(self.string(), self.string(), self.string()) if self.number() else None

    def holder(self) -> Holder | None:
        return _holder(self.entity()) if self.number() else None

    def fixed(self) -> int:
        if self._end - self._place < _LENGTH.size:
            raise Malformed("the record ends in the middle of a length")
        (value,) = _LENGTH.unpack_from(self._bytes, self._place)
        self._place += _LENGTH.size
        return int(value)

    def entity(self) -> _Fields:
        length = self.fixed()
        part = _Fields(self._bytes, self._place, self._place + length, self._strings)
        self._place += length
        return part

    def list(self, decode: Callable[[_Fields], T]) -> tuple[T, ...]:
        return tuple([decode(self.entity()) for _ in range(self.count())])

    def block(self) -> tuple[_Fields, _Fields]:
        """(strings, body) of the block that begins here; goes on behind it."""
        length = self.fixed()
        offset = self.fixed()
        end = self._place + length
        strings = _Fields(self._bytes, self._place + offset, end, ())
        body = _Fields(self._bytes, self._place, self._place + offset, ())
        self._place = end
        return strings, body

    def worker_block(self) -> _Fields:
        """The body of the block that begins here, with its strings."""
        strings, body = self.block()
        body._strings = strings.table()
        return body

    def table(self) -> tuple[str, ...]:
        found = []
        for _ in range(self.count()):
            length = self.number()
            start = self._place
            self._place = start + length
            if self._place > self._end:
                raise Malformed("a text of the record is longer than the record")
            found.append(self._bytes[start : start + length].decode("utf-8", "replace"))
        return tuple(found)


def _unit(fields: _Fields) -> Unit:
    id, generation, kind, native_id = (fields.number() for _ in range(4))
    name, is_gone = fields.string(), fields.yes()
    fields.skip(4)  # depths, requests, reused
    latest = fields.number()
    request = fields.entity().number() if fields.number() else 0
    fields.number()  # last event
    contexts = fields.list(_context)
    outermost = fields.number()
    return Unit(id, generation, kind, native_id, name, is_gone, latest, request, outermost, contexts)


def _context(fields: _Fields) -> Context:
    serial, kind, is_preserved, pushed = fields.number(), fields.number(), fields.yes(), fields.number()
    left, request = fields.optional_natural(), fields.number()
    return Context(serial, kind, is_preserved, pushed, left, request, fields.label(), fields.string(), fields.number())


def _holder(fields: _Fields) -> Holder:
    unit, generation, request, context = fields.optional(), fields.number(), fields.number(), fields.number()
    return Holder(unit, generation, request, context, fields.label(), fields.string())


def _connection(fields: _Fields) -> Connection:
    id, generation, engine, backend = fields.number(), fields.number(), fields.optional(), fields.optional()
    state, _opened, since = fields.number(), fields.number(), fields.number()
    return Connection(id, generation, engine, backend, state, since, fields.holder())


def _engine(fields: _Fields) -> Engine:
    return Engine(fields.string(), fields.optional(), fields.optional())


def _failure(fields: _Fields) -> Failure:
    function, location, kind, blueprint = fields.string(), fields.string(), fields.number(), fields.string()
    exception, message, label = fields.string(), fields.string(), fields.label()
    fields.optional()  # unit
    count = fields.number()
    fields.skip(2)  # first, last
    skipped = tuple([fields.string() for _ in range(fields.count())])
    return Failure(function, location, kind, blueprint, exception, message, label, count, skipped)


def _session(fields: _Fields) -> Session:
    id, generation, scope, since = fields.number(), fields.number(), fields.string(), fields.number()
    in_transaction, is_dirty, holder = fields.yes(), fields.yes(), fields.holder()
    return Session(
        id, generation, scope, since, in_transaction, is_dirty, holder, fields.label(), fields.number(), fields.yes()
    )


def _vanished(fields: _Fields) -> Vanished:
    kind, frame, label = fields.number(), fields.string(), fields.label()
    fields.optional()  # unit
    return Vanished(kind, frame, label, fields.number())

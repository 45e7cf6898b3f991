"""One run of tests: what was there before each, and what is there after it.

::

    begin      looks: what is there now is nobody's of this test
    fixture    a fixture of wider scope: looks before and after its setup
    called     the test's own code has run: what requests left is left, whatever fixtures will do
    finished   all finalizers have run: what the test itself left is left as well

A look costs one question to the agent. Only where it shows something is it confirmed: garbage is collected, as a
connection that only a cycle holds is not lost, and a second look, a little later, must show the same.
"""

from __future__ import annotations

import bisect
import gc
import os
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import replace

from .. import _settings
from . import applications, exporter, judges, ownership, record, words
from .judges import Thing

# Two looks confirm each other if they are so far apart: as in the program.
_APART = 50_000_000
# How long a request of another thread may take to end when a test has, in seconds, and how often to ask.
_PATIENCE, _PAUSE = 0.2, 0.005
# So often is it tried although it was in vain: each time takes time.
_VAIN = 4
_SETTINGS = {
    "CTXTOP_ENABLED": "1",
    "CTXTOP_NAME": exporter.NAME,
    "CTXTOP_MESSAGES": "1",
    "CTXTOP_RECYCLE": "0",
    "CTXTOP_CONTROL": "0",
}
Things = dict[Hashable, Thing]
Judge = Callable[[Thing], bool]
#: The keys of what was there, and of sessions and clients.
Marks = tuple[frozenset[Hashable], tuple[set[int], int]]


class Watch:
    """The facts of this process, looked at. No method raises an ``Exception``; ``problem`` says why nothing is seen."""

    def __init__(self) -> None:
        self.problem: str | None = None
        self._pid = os.getpid()
        self._thread = threading.get_native_id()
        self._place: exporter.Place | None = None
        self._exporter: exporter.Exporter | None = None
        self._is_attached = False
        self._dropped = 0
        self._worker: record.Worker | None = None
        self._seen: Things = {}
        self._base: Things = {}
        self._told: Things = {}
        #: The keys of everything that was ever told.
        self._charged: set[Hashable] = set()
        #: What was there after the test before; None: it was not looked.
        self._after: Things | None = None
        self._owners = ownership.Ownership()
        #: How often it was in vain to wait for a request, and, of late, to collect garbage for a response.
        self._futile = self._held = 0
        #: When each test began, in the agent's time.
        self._began: list[tuple[int, str]] = []

    @property
    def is_attached(self) -> bool:
        """Whether there was an application to watch."""
        return self._is_attached

    @property
    def dropped(self) -> int:
        """Events that were not recorded."""
        return self._dropped

    def start(self) -> None:
        try:
            from .. import _native  # noqa: F401
        except ImportError as error:
            self.problem = f"the native module does not load: {error}"
            return
        try:
            applications.watch(self._prepare, self._made)
        except Exception as error:
            self._fail(error)

    def end(self) -> None:
        """Leave the process as it was found, and no file behind."""
        try:
            applications.end()
            if self._exporter is not None:
                self._exporter.close()
            if self._is_attached and os.getpid() == self._pid:
                from .. import _native

                _native.detach()
        except Exception as error:
            self._fail(error)
        if self._place is not None and os.getpid() == self._pid:
            self._place.remove()

    def begin(self, test: str) -> None:
        """A test is about to be set up."""
        # Between two tests nothing comes that were a test's own; what is there may go.
        self._base = self._look() if self._after is None or self._after else {}
        self._told, self._after = {}, None
        self._owners.test_begins()
        if self._worker is not None:
            self._began.append((self._worker.time, test))

    def passes_over(self) -> None:
        """A test is about to be set up that is not watched: what it leaves is not to be the next one's."""
        self._after = None

    def called(self) -> list[words.Leak]:
        """The test's code has run: what of it was left by what has ended."""
        return self._leaks(lambda thing: thing.is_finished)

    def finished(self) -> list[words.Leak]:
        """The test is over, with its fixtures: everything that it left, and was not told yet."""
        leaks = self._leaks(lambda thing: thing.is_finished or not self._owners.is_owned(thing))
        self._after = self._seen
        return leaks

    def fixture_begins(self) -> Marks:
        """A fixture that outlives the test is about to be set up. What is there before."""
        return frozenset(self._look()), self._owners.marks()

    def fixture_made(self, fixture: int, name: str, before: Marks) -> None:
        """It has been set up, well or not."""
        known, marks = before
        new = [key for key, thing in self._look().items() if key not in known and not thing.is_finished]
        self._owners.fixture_made(fixture, name, new, marks)

    def fixture_ended(self, fixture: int) -> None:
        """Its finalizers have run; also of fixtures that are not known."""
        self._owners.fixture_ended(fixture)

    def contexts(self) -> frozenset[Hashable]:
        """The contexts that lay on this thread when this test began."""
        return frozenset(
            key
            for key, thing in self._base.items()
            if thing.unit is not None and thing.unit.native_id == self._thread and not thing.unit.is_gone
        )

    def _leaks(self, is_judged: Judge) -> list[words.Leak]:
        try:
            things = self._new(self._settled(), is_judged)
            if things:
                things = self._confirmed(is_judged)
            self._told.update((thing.key, thing) for thing in things)
            self._charged.update(self._told)
            if not things or self._worker is None:
                return []
            return [self._explained(leak) for leak in words.leaks([*map(self._counted, things)], self._worker)]
        except Exception as error:
            self._fail(error)
            return []

    def _settled(self) -> Things:
        """What is left over once what is still ending has ended: a server's thread that has answered closes the
        response a moment later; and a response that only garbage has is closed by collecting it."""
        things = self._look()
        deadline = time.monotonic() + _PATIENCE
        while self._is(judges.serves_elsewhere) and self._futile < _VAIN:
            if time.monotonic() > deadline:
                # It takes longer, or has not to do with this test.
                self._futile += 1
                break
            time.sleep(_PAUSE)
            things = self._look()
        for generation in (1, 2):
            if self._is(judges.has_open_response) and self._held < _VAIN:
                gc.collect(generation)
                things = self._look()
        self._held = self._held + 1 if self._is(judges.has_open_response) else 0
        return things

    def _is(self, holds: Callable[[record.Worker, int], bool]) -> bool:
        return self._worker is not None and holds(self._worker, self._thread)

    def _new(self, things: Things, is_judged: Judge) -> list[Thing]:
        """What was not there when the test began, was not told, and is to be judged now."""
        new = [thing for thing in things.values() if thing.count > self._known(thing.key) and is_judged(thing)]
        if self._worker is None or all(thing.is_finished for thing in new):
            return new
        lent = self._owners.lent(each for each in self._worker.connections if each.state == record.CHECKED_OUT)
        return [thing for thing in new if thing.is_finished or thing.key not in lent]

    def _known(self, key: Hashable) -> int:
        """How often that was known when the test began, or was told since."""
        known = self._told.get(key) or self._base.get(key)
        if known is None or (key not in self._charged and self._owners.is_orphan(key)):
            return 0
        return known.count

    def _counted(self, thing: Thing) -> Thing:
        """The thing with the number of times that are this test's own."""
        before = self._base.get(thing.key)
        return thing if before is None else replace(thing, count=thing.count - before.count)

    def _explained(self, leak: words.Leak) -> words.Leak:
        """With whom it is really from: a fixture that has ended, or an earlier test under whose fixture it lay."""
        thing = leak.things[0]
        notes = []
        if owner := self._owners.owner(thing.key):
            notes.append(("fixture", owner))
        if self._began and 0 < thing.since < self._began[-1][0]:
            index = bisect.bisect(self._began, (thing.since, "")) - 1
            notes.append(("taken in", self._began[index][1] if index >= 0 else "before the first test"))
        return replace(leak, evidence=(*leak.evidence, *notes))

    def _confirmed(self, is_judged: Judge) -> list[Thing]:
        """What is left over once garbage is collected, and still is a little later."""
        gc.collect()
        first = self._new(self._look(), is_judged)
        if not any(thing.is_joined for thing in first):
            return first
        time.sleep(_APART / 1e9)
        seen = {thing.key for thing in first}
        return [thing for thing in self._new(self._look(), is_judged) if not thing.is_joined or thing.key in seen]

    def _look(self) -> Things:
        """Everything that is left over now; nothing where nothing can be seen."""
        try:
            worker = self._facts()
            self._seen = {}
            if worker is None:
                return {}
            self._worker, self._dropped = worker, worker.dropped
            self._seen = judges.left_over(worker, self._thread)
            return self._seen
        except Exception as error:
            self._fail(error)
            return {}

    def _facts(self) -> record.Worker | None:
        """The record of this process; None: there is nothing to watch yet, or no more. Raises what goes wrong."""
        if self.problem is not None or os.getpid() != self._pid or not self._attach() or self._exporter is None:
            return None
        from .. import _native

        # What lies on the stack of this thread is read once more, and the record made to agree.
        _native.settle()
        worker = record.worker(self._exporter.record(), self._pid)
        if worker is None or not worker.is_present:
            raise exporter.NoAnswer("this process is not in the agent's record")
        return worker

    def _prepare(self) -> None:
        """An application is about to be instrumented."""
        if self._place is None:
            try:
                self._place = exporter.Place()
            except OSError as error:
                self._fail(error)
                return
        _settings.force({**_SETTINGS, "CTXTOP_DIR": str(self._place.path)})

    def _made(self, error: Exception | None) -> None:
        """An application has been instrumented, or could not be: no event of it is to be the first."""
        try:
            if error is None and not self._attach():
                error = exporter.NoAnswer("ctxtop does not serve this Python, and the log says why")
        except Exception as other:
            error = other
        if error is not None:
            self._fail(error)

    def _attach(self) -> bool:
        """Whether the agent serves this process, in our place; False: there is no application yet."""
        from .. import _native, _setup

        if self._is_attached and _native.is_attached():
            return True
        lifecycle = _setup._lifecycle
        if lifecycle is None or self._place is None:
            return False
        if self._is_attached:
            raise exporter.NoAnswer("the agent was detached")
        if _native.is_attached():
            # An application that was made before us has a place of its own choice.
            _native.detach()
        _native.configure(exporter.NAME, str(self._place.path), None)
        if not lifecycle.attach():
            raise exporter.NoAnswer(_native.problem() or "the agent does not attach")
        self._is_attached = True
        self._exporter = exporter.Exporter(self._place.socket)
        return True

    def _fail(self, error: Exception) -> None:
        if self.problem is None:
            self.problem = str(error) or type(error).__name__

"""Plays scenarios on the Flask of this environment and writes what happened: ``player.py FILE...``, traces on stdout.

Nothing of Flask is replaced: what is written is what its functions were called with, what came out of the calls,
and how its stacks were each time (``stacks.py``). Names of contexts are given in the order in which they are first
seen: ``index.1`` is the first request context of the view ``index``.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask
import stacks
from language import Block, Scenario, Step, read
from werkzeug.test import create_environ

_WAIT_SECONDS = 20
#: Answers that are never closed: CPython would close them as soon as nobody had them any more, others need not.
_kept: list[Any] = []
UNKNOWN = "unknown"


class Raised(Exception):
    """What a scenario raises on purpose; its subclasses have the names."""


class RaisedBase(BaseException):
    """The same for what no ``except Exception`` takes."""


def name_of(error: Any) -> str:
    """An error of a scenario by its name; one of Flask's own by what it complains of, however the version says it."""
    if error is None:
        return "none"
    if isinstance(error, (Raised, RaisedBase)):
        return type(error).__name__
    # Since 3.2; older Pythons do not know groups.
    if type(error).__name__.endswith("ExceptionGroup"):
        return "+".join(map(name_of, error.exceptions))
    if isinstance(error, AssertionError) and "Popped wrong" in str(error):
        return "wrong_context"
    # Nothing in the list of its pushes; nothing in the variable.
    if isinstance(error, LookupError) and not isinstance(error, KeyError):
        return "not_pushed"
    # The proxies of Flask; up to 1.1 the stack, where Flask looks for the current request.
    is_outside = isinstance(error, RuntimeError) and "outside of" in str(error)
    if is_outside or (isinstance(error, AttributeError) and str(error).startswith("'NoneType'")):
        return "outside"
    if isinstance(error, ValueError) and "different Context" in str(error):
        return "other_unit"
    if isinstance(error, GeneratorExit):
        return "closed"
    return UNKNOWN


class Player:
    """One scenario, with an application for each of its own."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.lines: list[str] = []
        self._names: dict[int, str] = {}
        #: Keeps every context that has a name: its address must not be used again.
        self._seen: list[Any] = []
        self._numbers: dict[str, int] = {}
        self._contexts: dict[str, Any] = {}
        self._answers: dict[str, Answer] = {}
        self._raised: set[tuple[str, ...]] = set()
        self._threads: dict[str, Worker] = {}
        self._errors: dict[str, type[BaseException]] = {}
        self._apps = {name: self._make(name, propagates) for name, propagates in scenario.apps.items()}

    def play(self) -> list[str]:
        main = self._worker("main")
        main.do(lambda: self._run_all(self.scenario.main))
        for name, worker in self._threads.items():
            worker.do(lambda name=name: self._note(f"end of {name}"))
        for worker in self._threads.values():
            worker.end()
        stacks.forget_threads()
        return list(self.lines)

    # The application.

    def _make(self, name: str, propagates: bool) -> flask.Flask:
        app = flask.Flask(name, static_folder=None)
        app.config["PROPAGATE_EXCEPTIONS"] = propagates
        app.logger.disabled = True
        scenario = self.scenario
        groups = {group: flask.Blueprint(group, group) for group, of in scenario.groups.items() if of == name}
        owners: dict[str, Any] = {name: app, **groups}
        for view in scenario.views.values():
            if view.owner in owners:
                owners[view.owner].add_url_rule(f"/{view.name}", view.name, self._view(view))
        for block in scenario.teardowns:
            if block.owner in owners:
                owner = owners[block.owner]
                register = owner.teardown_request if block.kind == "request" else owner.teardown_appcontext
                register(self._teardown(block))
        for block in scenario.receivers:
            if block.owner == name:
                flask.appcontext_pushed.connect(self._receiver(block), app, weak=False)
        for group in groups.values():
            app.register_blueprint(group)
        return app

    def _view(self, block: Block) -> Callable[[], Any]:
        def view() -> Any:
            self._note(f"view {block.name}")
            return self._run(block.steps) or "done"

        return view

    def _teardown(self, block: Block) -> Callable[[BaseException | None], None]:
        def function(error: BaseException | None) -> None:
            self._note(f"teardown {block.name} given {name_of(error)}")
            self._run(block.steps)

        return function

    def _receiver(self, block: Block) -> Callable[..., None]:
        def function(_app: object, **_more: object) -> None:
            self._note(f"receiver {block.name}")
            self._run(block.steps)

        return function

    def _body(self, block: Block) -> Iterator[str]:
        self._note(f"body {block.name}")
        for step in block.steps:
            if step == ("chunk",):
                yield "piece"
            else:
                self._step(step)

    # Steps.

    def _run_all(self, steps: list[Step]) -> None:
        """As nobody is there to take what they raise: the next one goes on."""
        for step in steps:
            self._take(lambda step=step: self._step(step))

    def _run(self, steps: list[Step]) -> Any:
        answer = None
        for step in steps:
            answer = self._step(step) or answer
        return answer

    def _take(self, action: Callable[[], object]) -> None:
        """Does it; an error that has a name has been written, and ends here. What has none is a mistake of ours."""
        try:
            action()
        except BaseException as error:
            if name_of(error) is UNKNOWN:
                raise

    def _step(self, step: Step) -> Any:
        match step:
            case ["look"]:
                self._note("look")
            case ["raise", *_]:
                self._raise(step)
            case ["stream", *options, body]:
                pieces = self._body(self.scenario.bodies[body])
                kept = pieces if options else flask.stream_with_context(pieces)
                _kept.append(kept)
                return flask.Response(kept)
            case ["do", part]:
                return self._run(self.scenario.parts[part].steps)
            case ["on", thread, part]:
                self._worker(thread).do(lambda: self._run_all(self.scenario.parts[part].steps))
            case ["catch", part]:
                self._take(lambda: self._noted(step, lambda: self._run(self.scenario.parts[part].steps)))
            case _:
                self._noted(step, lambda: self._act(step))
        return None

    def _noted(self, step: Step, action: Callable[[], object]) -> None:
        """Does it, and writes what came of it."""
        try:
            came = action()
        except BaseException as error:
            self._note(f"{' '.join(step)}: {name_of(error)}")
            raise
        self._note(f"{' '.join(step)}: {came or 'ok'}")

    def _act(self, step: Step) -> str | None:
        match step:
            case ["request", view]:
                answer = self._ask(view)
                answer.read_all()
                return answer.status
            case ["open", view, "as", name]:
                self._answers[name] = self._ask(view)
                return self._answers[name].status
            case ["read", name]:
                return self._answer(name).read()
            case ["drain", name]:
                return self._answer(name).drain()
            case ["close", name]:
                self._answer(name).close()
            case ["push", name]:
                self._context(name).push()
            case ["pop", name, *options]:
                # Without an argument it would take what is being handled somewhere around it.
                self._context(name).pop(self._error(options[1]) if options else None)
            case ["with", kind, of, part]:
                with self._make_context(kind, of):
                    self._run(self.scenario.parts[part].steps)
            case ["set", key, value]:
                setattr(flask.g, key, value)
            case ["get", key]:
                return str(getattr(flask.g, key, "nothing"))
            case _:
                raise ValueError(f"{self.scenario.name}: no such step: {' '.join(step)}")
        return None

    def _raise(self, step: Step) -> None:
        options, name = step[1:-1], step[-1]
        if "once" in options:
            if step in self._raised:
                return
            self._raised.add(step)
        raise self._error(name, "base" in options)

    def _error(self, name: str, is_base: bool = False) -> BaseException:
        base = RaisedBase if is_base else Raised
        return self._errors.setdefault(name, type(name, (base,), {}))()

    def _ask(self, view: str) -> Answer:
        return Answer(self._apps[self.scenario.app_of(self.scenario.views[view].owner)], f"/{view}")

    def _answer(self, name: str) -> Answer:
        if name not in self._answers:
            raise self._error("no_answer")
        return self._answers[name]

    def _context(self, name: str) -> Any:
        if name not in self._contexts:
            self._contexts[name] = self._make_context(*self.scenario.contexts[name])
        return self._contexts[name]

    def _make_context(self, kind: str, of: str) -> Any:
        if kind == "app":
            return self._apps[of].app_context()
        return self._apps[self.scenario.app_of(self.scenario.views[of].owner)].test_request_context(f"/{of}")

    # What is written.

    def _note(self, what: str) -> None:
        thread = threading.current_thread().name
        before = "" if thread == "main" else f"[{thread}] "
        requests = " ".join(self._name(context, "request") + mark for context, mark in stacks.requests())
        apps = " ".join(self._name(context, "app") + mark for context, mark in stacks.apps())
        self.lines.append(f"{before}{what} | {requests or '-'} | {apps or '-'}")

    def _name(self, context: Any, kind: str) -> str:
        if id(context) not in self._names:
            of = context.app.name if kind == "app" else context.request.path[1:]
            self._numbers[of] = self._numbers.get(of, 0) + 1
            self._names[id(context)] = f"{of}.{self._numbers[of]}"
            self._seen.append(context)
        return self._names[id(context)]

    def _worker(self, name: str) -> Worker:
        if name not in self._threads:
            self._threads[name] = Worker(name)
        return self._threads[name]


class Answer:
    """The answer to a request, as a server has it in hand."""

    def __init__(self, app: flask.Flask, path: str) -> None:
        self.status = ""
        self._body = app(create_environ(path), self._start)
        self._pieces = iter(self._body)
        _kept.append(self)

    def _start(self, status: str, _headers: Any, _error: Any = None) -> Callable[[bytes], None]:
        self.status = status[:3]
        return lambda _data: None

    def read(self) -> str:
        return "piece" if next(self._pieces, None) is not None else "end"

    def drain(self) -> str:
        return f"{sum(1 for _ in self._pieces)} pieces"

    def close(self) -> None:
        if hasattr(self._body, "close"):
            self._body.close()

    def read_all(self) -> None:
        """As a server: whatever happens meanwhile, it is closed."""
        try:
            self.drain()
        finally:
            self.close()


class Worker:
    """A thread that does what it is told, one thing at a time, and lives until the scenario has ended."""

    def __init__(self, name: str) -> None:
        self._work: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._done: queue.Queue[BaseException | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def do(self, work: Callable[[], None]) -> None:
        self._work.put(work)
        error = self._done.get(timeout=_WAIT_SECONDS)
        if error is not None:
            raise error

    def end(self) -> None:
        self._work.put(None)
        self._thread.join(_WAIT_SECONDS)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            error = None
            try:
                work()
            except BaseException as caught:
                error = caught
            self._done.put(error)


def main(paths: list[str]) -> None:
    for path in paths:
        for scenario in read(Path(path)):
            if stacks.ARE_ONE and not scenario.is_plain:
                continue
            print(f"scenario {scenario.name}")
            for line in Player(scenario).play():
                print(f"  {line}")
    sys.stdout.flush()
    # What is still open would be closed now, by whichever thread.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Every step of our own Python code fails in turn, and what the application answers stays the same.

Each scenario is run once to see which steps - calls and lines of the package ``ctxtop`` - it takes, and then once
for each step and kind of exception, with that step raising. Prints one JSON document: for each scenario the
number of steps, and those that changed an answer.
"""

from __future__ import annotations

import contextvars
import functools
import gc
import importlib
import json
import opcode
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import ctxtop
import flask
import sqlalchemy
from ctxtop import Ctxtop
from flask.testing import EnvironBuilder
from flask_sqlalchemy import SQLAlchemy
from outcome import answer
from sqlalchemy.pool import QueuePool, StaticPool

PACKAGE = os.path.dirname(ctxtop.__file__) + os.sep
#: What Python or the application calls without asking us. Their own lines cannot be guarded - what they call is.
ENTRIES = {
    ("__init__.py", "__init__"),
    ("__init__.py", "init_app"),
    ("_imports.py", "__getattr__"),
    ("_imports.py", "create_module"),
    ("_imports.py", "exec_module"),
    ("_imports.py", "find_spec"),
    ("_lifecycle.py", "_forked"),
    ("_lifecycle.py", "_detach"),
    # Of weak references: Python writes down what they raise, and goes on.
    ("_origins.py", "<lambda>"),
    ("_resources.py", "resource"),
    ("_resources.py", "__init__"),
    ("_resources.py", "__enter__"),
    ("_resources.py", "__exit__"),
    ("_resources.py", "_enter"),
    ("_resources.py", "waiting"),
    ("_resources.py", "held"),
    ("_resources.py", "released"),
    ("_sessions.py", "__init__"),
    ("_sessions.py", "remove"),
}
Step = tuple[str, int, str]
Scenario = Callable[[], Any]
SCENARIOS: dict[str, Scenario] = {}


class Interrupt(BaseException):
    """What a signal's handler raises. It is the application's own, and arrives there sooner or later."""


#: Raised in the place of a step; those in front also where time is short.
KINDS: list[type[BaseException]] = [RuntimeError, Interrupt, MemoryError, RecursionError, StopIteration, KeyError]


def scenario(function: Scenario) -> Scenario:
    SCENARIOS[function.__name__] = function
    return function


class Steps:
    """Traces our own code in the threads where it is started: notes the steps, or lets one of them fail."""

    def __init__(self, failing: Step | None = None, error: type[BaseException] = RuntimeError) -> None:
        self.taken: list[Step] = []
        self.has_failed = False
        self._failing = failing
        self._error = error

    def start(self) -> None:
        sys.settrace(self._called)

    def _called(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        self._step(frame, event)
        return self._ran

    def _ran(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            self._step(frame, event)
        return self._ran

    def _step(self, frame: FrameType, event: str) -> None:
        step = (frame.f_code.co_filename[len(PACKAGE) :], frame.f_lineno, event)
        if (step[0], frame.f_code.co_name) in ENTRIES:
            return
        if step == self._failing:
            self.has_failed = True
            raise self._error("a step of ctxtop fails")
        if step not in self.taken and not (event == "line" and is_forgetting(frame)):
            self.taken.append(step)


def is_forgetting(frame: FrameType) -> bool:
    """Whether a line begins with the end of an ``except`` clause.

    No such step can fail but under a tracer, and then CPython takes the exception for one that is still handled: it
    would be the context of whatever the application raises later.
    """
    return frame.f_code.co_code[frame.f_lasti] == POP_EXCEPT


POP_EXCEPT = opcode.opmap["POP_EXCEPT"]
STEPS = Steps()


def run(work: Scenario, steps: Steps) -> Any:
    global STEPS
    STEPS = steps
    steps.start()
    try:
        said = contextvars.Context().run(lambda: next(handled(work)))
        # A signal's exception is raised when the main thread is back in Python.
        for _ in range(3):
            pass
        return said
    except Interrupt:
        return Interrupt.__name__
    finally:
        sys.settrace(None)


def handled(work: Scenario) -> Iterator[Any]:
    """CPython does not note that an exception was handled if a trace function raises just then; a generator does."""
    yield answer(work, Interrupt)


def try_all(work: Scenario, kinds: list[type[BaseException]], one_in: int = 1) -> dict[str, Any]:
    expected = run(work, Steps())
    steps = Steps()
    bad = []
    if run(work, steps) != expected:
        bad.append(["nothing fails", "", expected])
    for number, step in enumerate(steps.taken[::one_in]):
        if number % 8 == 0:
            gc.collect()
        for kind in kinds:
            trial = Steps(step, kind)
            said = run(work, trial)
            # Not all that is done the first time is done again. What a child did is not known here.
            is_interrupt = kind is Interrupt and (trial.has_failed or work is first_time)
            if not (Interrupt.__name__ in str(said) if is_interrupt else said == expected):
                bad.append([step, kind.__name__, said])
    if run(work, Steps()) != expected:
        bad.append(["all steps", "afterwards", expected])
    return {"steps": len(steps.taken), "answer": expected, "bad": bad}


# What an application does.


def make_app() -> flask.Flask:
    made = flask.Flask("shop")
    made.secret_key = "x"
    made.teardown_appcontext(functools.partial(torn_down, "app"))
    made.teardown_request(functools.partial(torn_down, "request"))
    made.add_url_rule("/plain/<int:number>", "plain", lambda number: "plain")
    made.add_url_rule("/stream", "stream", lambda: flask.Response(flask.stream_with_context(parts())))
    blueprint = flask.Blueprint("cart", __name__)
    blueprint.teardown_request(functools.partial(torn_down, "blueprint"))
    blueprint.add_url_rule("/cart", "cart", lambda: "cart")
    made.register_blueprint(blueprint)
    return made


def parts() -> Iterator[str]:
    yield from "abc"


CALLED: list[str] = []
FAILING: set[str] = set()


def torn_down(name: str, _error: BaseException | None = None, **_extra: Any) -> None:
    CALLED.append(name)
    if name in FAILING:
        raise RuntimeError(name)


def receive(name: str, _sender: Any, **_extra: Any) -> None:
    torn_down(name)


RECEIVERS = {
    "pushed": (flask.appcontext_pushed, functools.partial(receive, "pushed")),
    "tearing": (flask.appcontext_tearing_down, functools.partial(receive, "tearing")),
}
app = make_app()
for signal, receiver in RECEIVERS.values():
    signal.connect(receiver, app)


def serve(served: flask.Flask, path: str) -> Any:
    started: list[Any] = []
    environ = EnvironBuilder(served, path).get_environ()
    start: Any = lambda status, headers, exc_info=None: started.append(status)  # noqa: E731
    response: Any = served(environ, start)
    try:
        return started, b"".join(response).decode()
    finally:
        response.close()


def request(path: str, *failing: str) -> Any:
    """The answer, what was torn down, and whether the next request is a healthy one."""
    CALLED.clear()
    FAILING.clear()
    FAILING.update(failing)
    first = answer(lambda: serve(app, path))
    FAILING.clear()
    return first, list(CALLED), answer(lambda: serve(app, path)), list(CALLED)


for name, arguments in {
    "a request": ["/plain/1"],
    "a stream": ["/stream"],
    "no such page": ["/nowhere"],
    "the app's teardown fails": ["/plain/1", "app"],
    "the request's teardown fails": ["/cart", "request"],
    "a blueprint's teardown fails": ["/cart", "blueprint", "app"],
    "a receiver of the teardown fails": ["/plain/1", "tearing"],
    "a receiver of the push fails": ["/plain/1", "pushed"],
}.items():
    SCENARIOS[name] = functools.partial(request, *arguments)


@scenario
def a_context_of_ones_own() -> Any:
    with app.app_context():
        return flask.current_app.name, serve(app, "/plain/1")


@scenario
def a_context_that_nobody_pops() -> Any:
    app.app_context().push()
    return serve(app, "/plain/1"), serve(app, "/cart")


@scenario
def another_thread() -> Any:
    said: list[Any] = []

    def work() -> None:
        STEPS.start()
        try:
            said.append(answer(lambda: serve(app, "/plain/1")))
        except Interrupt:
            said.append(serve(app, "/plain/1"))
        finally:
            sys.settrace(None)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return said


def use(**options: Any) -> Any:
    engine = sqlalchemy.create_engine("sqlite://", **options)
    with engine.connect() as connection:
        first = connection.scalar(sqlalchemy.text("SELECT 1"))
    detached = engine.connect()
    detached.detach()
    second = detached.scalar(sqlalchemy.text("SELECT 2"))
    detached.close()
    broken = engine.connect()
    broken.invalidate()
    third = broken.scalar(sqlalchemy.text("SELECT 3"))
    broken.close()
    engine.dispose()
    return first, second, third, engine.pool.status()


SCENARIOS["an engine"] = functools.partial(use, poolclass=QueuePool)
SCENARIOS["an engine with one connection"] = functools.partial(use, poolclass=StaticPool)


@scenario
def a_session_that_a_failed_teardown_left() -> Any:
    """... and that is let go of at last."""
    own = make_app()
    own.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db = SQLAlchemy(own)
    own.teardown_appcontext(functools.partial(torn_down, "session"))

    @own.route("/number")
    def number() -> str:
        return str(db.session.scalar(sqlalchemy.text("SELECT 1")))

    untraced(lambda: Ctxtop(own))
    FAILING.add("session")
    said = [answer(lambda: serve(own, "/number"))]
    FAILING.clear()
    said += [answer(lambda: serve(own, "/number")) for _ in range(2)]
    with own.app_context():
        db.session.scalar(sqlalchemy.text("SELECT 1"))
        db.session.remove()
    return said


@scenario
def a_lock() -> Any:
    with ctxtop.resource("lock", "report") as held:
        held.waiting()
        held.held()
    return "released"


@scenario
def an_application_more() -> Any:
    from ctxtop import _setup

    # CPython leaves a with block without its end if a trace function raises just there: the lock would stay.
    untraced(_setup._forget_in_child)
    other = make_app()
    Ctxtop(other)
    return serve(other, "/plain/1")


@scenario
def a_module_that_somebody_waits_for() -> Any:
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "awaited.py").write_text("x = 1\n")
        sys.path.insert(0, directory)
        before = list(sys.meta_path)
        from ctxtop import _imports

        # What failed the last time has not been put in order again.
        _imports._waiting.clear()
        _imports._asking.now = False
        untraced(lambda: _imports.when_imported("awaited", lambda: None))
        try:
            module: Any = importlib.import_module("awaited")
            return module.x
        finally:
            sys.modules.pop("awaited", None)
            sys.path.remove(directory)
            sys.meta_path[:] = before
            importlib.invalidate_caches()


def untraced(work: Scenario) -> None:
    sys.settrace(None)
    work()
    STEPS.start()


@scenario
def the_end_of_a_process() -> Any:
    from ctxtop import _native, _setup

    lifecycle = _setup._lifecycle
    assert lifecycle is not None
    lifecycle._forked()
    lifecycle._detach()
    _native.attach()
    return "ended"


def first_time() -> Any:
    """In a child for each step: what a process does once."""

    def work() -> Any:
        own = make_app()
        Ctxtop(own)
        return serve(own, "/plain/1"), serve(own, "/cart")

    return in_child(work)


def in_child(work: Scenario) -> Any:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            try:
                said = answer(work, Interrupt)
            except Interrupt:
                said = Interrupt.__name__
            sys.settrace(None)
            os.write(writing, json.dumps([said, STEPS.taken]).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(pid, 0)
    if not data:
        return "the process died"
    said, taken = json.loads(data)
    STEPS.taken.extend(tuple(step) for step in taken if tuple(step) not in STEPS.taken)
    return Interrupt.__name__ if said == Interrupt.__name__ else said


if __name__ == "__main__":
    # Finalizers run where the application put them, and not in the middle of whatever is traced.
    gc.disable()
    gc.freeze()
    is_long = "--long" in sys.argv
    serve(app, "/plain/1")
    if not is_long:
        # The imports themselves are tried where there is time.
        for name in ("_hooks", "_imports", "_redact", "_sqlalchemy"):
            importlib.import_module(f"ctxtop.{name}")
    # A process for each step takes its time.
    answers = {"the first time": try_all(first_time, KINDS[: 2 if is_long else 1], 1 if is_long else 5)}
    Ctxtop(app)
    kinds = KINDS if is_long else KINDS[:2]
    for name, work in SCENARIOS.items():
        # An application with a database for each step takes its time as well.
        answers[name] = try_all(work, kinds, 5 if "session" in name and not is_long else 1)
    from ctxtop import _native

    json.dump({"attached": _native.is_attached(), "scenarios": answers}, sys.stdout)

"""Applications whose names, requests, contexts, teardown functions, settings and threads are all wrong."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import flask
from ctxtop import Ctxtop
from hostile import NAMES, SCENARIOS, Raises, call, environ_of, make_app, scenario, serve
from outcome import answer
from werkzeug.routing import Rule



@scenario
def endpoints_and_rules() -> Any:
    said = []
    for name in NAMES:
        app = make_app()
        Ctxtop(app)
        text = NAMES[name]
        answer(lambda: app.add_url_rule(f"/{text[:3000].replace('<', '')}", text, lambda: "named"))
        adapter = app.url_map.bind("localhost")
        path = answer(lambda: adapter.build(text))
        said.append([name, answer(lambda: serve(app, environ_of(app, path))) if isinstance(path, str) else path])
    return said


@scenario
def rules_that_raise() -> Any:
    class Odd(Rule):
        __slots__ = ()

        def __getattribute__(self, name: str) -> Any:
            if name == "endpoint" and sys._getframe(1).f_code.co_name not in ("dispatch_request", "bind", "update"):
                raise RuntimeError("endpoint")
            return super().__getattribute__(name)

    app = flask.Flask("shop")
    app.url_rule_class = Odd
    Ctxtop(app)
    answer(lambda: app.add_url_rule("/", "index", lambda: "odd"))
    return serve(app)


def request_kind(name: str, cls: type) -> None:
    def run() -> Any:
        app = make_app()
        app.request_class = cls
        Ctxtop(app)
        return serve(app)

    SCENARIOS[f"request: {name}"] = run


class NoRule(flask.Request):
    @property
    def url_rule(self) -> Any:  # type: ignore[override]
        if sys._getframe(1).f_code.co_name not in ("match_request", "raise_routing_exception", "dispatch_request"):
            raise RuntimeError("url_rule")
        return self.__dict__.get("rule")

    @url_rule.setter
    def url_rule(self, value: Any) -> None:
        self.__dict__["rule"] = value


class FalseRule(NoRule):
    """A rule that says something else to everybody but the framework."""

    @property
    def url_rule(self) -> Any:  # type: ignore[override]
        rule = self.__dict__.get("rule")
        if sys._getframe(1).f_code.co_name in ("match_request", "raise_routing_exception", "dispatch_request"):
            return rule
        return Raises()

    @url_rule.setter
    def url_rule(self, value: Any) -> None:
        self.__dict__["rule"] = value


request_kind("its rule raises", NoRule)
request_kind("its rule raises at everything", FalseRule)


class OddContext(flask.ctx.AppContext):
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")

    def __hash__(self) -> int:
        raise RuntimeError("hashed")

    def __bool__(self) -> bool:
        raise RuntimeError("truth")

    def __repr__(self) -> str:
        raise RuntimeError("shown")


@scenario
def contexts_that_raise() -> Any:
    app = make_app()
    app.app_context = lambda: OddContext(app)  # type: ignore[method-assign]
    Ctxtop(app)
    said = [serve(app)]
    with app.app_context():
        said.append(serve(app))
    app.app_context().push()
    said.append(serve(app))
    return said


@scenario
def contexts_used_wrongly() -> Any:
    app = make_app()
    Ctxtop(app)
    context = app.app_context()
    return [
        answer(lambda: context.pop()),
        answer(lambda: context.push(3)),  # type: ignore[call-arg]
        answer(lambda: [context.push(), context.push(), context.pop(exc=None), context.pop(None), context.pop()]),
        answer(lambda: context.pop(ValueError(), nonsense=1)),  # type: ignore[call-arg]
        serve(app),
    ]


# Teardown functions and what they raise.


class OddError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("shown")

    __repr__ = __str__

    def __getattribute__(self, name: str) -> Any:
        if name in ("exceptions", "args"):
            raise RuntimeError(name)
        return super().__getattribute__(name)


class OddExceptions(Exception):
    exceptions = (3, None, ValueError("a"))


class OddFunction:
    """A teardown function without a name, or with an odd one."""

    def __init__(self, attributes: dict[str, Any], error: BaseException) -> None:
        self.__dict__.update(attributes)
        self.error = error

    def __call__(self, _error: BaseException | None) -> None:
        raise self.error


def loop() -> BaseException:
    first, second = RuntimeError("first"), RuntimeError("second")
    first.__context__, second.__context__ = second, first
    return first


def teardown_kind(name: str, function: Callable[[], Any]) -> None:
    def run() -> Any:
        app = make_app()
        Ctxtop(app)
        app.teardown_appcontext(function())
        app.teardown_request(function())
        environ = environ_of(app)
        started: list[Any] = []
        return [answer(lambda: call(app.wsgi_app, environ, lambda *_: started.append(1)))[:2], started]

    SCENARIOS[f"teardown: {name}"] = run


for name, error in {
    "that cannot be shown": OddError,
    "with odd members": OddExceptions,
    "in a circle": loop,
    "of the system": lambda: SystemExit(3),
    "of the keyboard": KeyboardInterrupt,
    "of a generator": GeneratorExit,
    "with a huge text": lambda: RuntimeError("x" * 10_000_000),
    "with a broken text": lambda: RuntimeError("\ud800\0"),
    "a group": lambda: BaseExceptionGroup("group", [ValueError("a"), KeyboardInterrupt()]),
}.items():
    teardown_kind(f"raises an exception {name}", lambda error=error: OddFunction({}, error()))  # type: ignore[misc]
for name, text in {**NAMES, "number": 3, "raises": Raises()}.items():
    attributes = {"__qualname__": text, "__module__": text, "__wrapped__": text, "__code__": text}
    teardown_kind(f"is called {name}", lambda a=attributes: OddFunction(a, RuntimeError("no")))  # type: ignore[misc]


@scenario
def teardown_lists_that_are_none() -> Any:
    said = []
    for broken in (None, 3, Raises(), {None: 3}, [None]):
        app = make_app()
        Ctxtop(app)
        app.teardown_appcontext_funcs = broken  # type: ignore[assignment]
        app.teardown_request_funcs = broken  # type: ignore[assignment]
        said.append(serve(app)[:2])
    return said


# Applications.


@scenario
def what_is_no_application() -> Any:
    said = []
    for thing in (None, 3, "app", object(), Raises(), flask.Flask, [], NAMES):
        said.append(answer(lambda a=thing: type(Ctxtop(a)).__name__))  # type: ignore[misc]
        said.append(answer(lambda a=thing: Ctxtop().init_app(a)))  # type: ignore[misc]
    return said


@scenario
def applications_with_odd_settings() -> Any:
    said = []
    for key in ("CTXTOP_NAME", "CTXTOP_DIR", "CTXTOP_GROUP", "CTXTOP_ENABLED", "CTXTOP_MESSAGES"):
        for value in (Raises(), 3, b"x", [], object(), *NAMES.values()):
            app = make_app()
            app.config[key] = value
            Ctxtop(app)
            said.append(serve(app))
    return said


@scenario
def the_same_application_twice() -> Any:
    app = make_app()
    Ctxtop(app)
    Ctxtop(app)
    app.extensions.clear()
    Ctxtop(app)
    return serve(app)


@scenario
def threads_with_odd_names() -> Any:
    said: list[Any] = []
    app = make_app()
    Ctxtop(app)
    for name in NAMES.values():
        thread = threading.Thread(target=lambda: said.append(serve(app)), name=name)
        thread.start()
        thread.join()

    def rename() -> None:
        threading.current_thread()._name = Raises()  # type: ignore[attr-defined]
        said.append(serve(app))
        threading.current_thread()._name = "odd"  # type: ignore[attr-defined]

    thread = threading.Thread(target=rename)
    thread.start()
    thread.join()
    return said


@scenario
def at_the_limit_of_recursion() -> Any:
    """A request begins at every depth near the limit: what is too deep is so without the agent as well."""
    app = make_app()
    Ctxtop(app)
    serve(app)
    environ = environ_of(app)
    served = set()

    def dive(depth: int) -> None:
        if depth:
            dive(depth - 1)
            return
        try:
            call(app.wsgi_app, dict(environ), lambda *_: None)
            served.add("served")
        except RecursionError:
            served.add("too deep")

    here = len(_stack())
    for spare in range(1, 120):
        try:
            dive(sys.getrecursionlimit() - here - spare)
        except RecursionError:
            served.add("too deep")
    return sorted(served), serve(app)


def _stack() -> list[Any]:
    frames, frame = [], sys._getframe(1)
    while frame is not None:
        frames.append(frame.f_code)
        frame = frame.f_back  # type: ignore[assignment]
    return frames

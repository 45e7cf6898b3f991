"""Applications, requests and databases that answer in every wrong way; prints what a server would have got from each.

Run it with ctxtop on and off: the answers must be the same.
"""

from __future__ import annotations

import contextvars
import gc
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import flask
import sqlalchemy
from ctxtop import Ctxtop
from flask.testing import EnvironBuilder
from sqlalchemy.pool import QueuePool, StaticPool
from werkzeug.routing import Rule

Scenario = Callable[[], Any]
SCENARIOS: dict[str, Scenario] = {}
#: Names as clients, generators of code and broken tools make them.
NAMES: dict[str, Any] = {
    "surrogate": "\ud800x",
    "nul": "a\0b",
    "huge": "x" * 1_000_000,
    "empty": "",
    "control": "\x1b[2J\r\n",
    "wide": "\N{WARNING SIGN}" * 90_000,
}


def scenario(function: Scenario) -> Scenario:
    SCENARIOS[function.__name__] = function
    return function


class Raises:
    """Whatever is asked of it, raises."""

    def __init__(self, error: type[BaseException] = RuntimeError) -> None:
        object.__setattr__(self, "error", error)

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":
            return Raises
        raise object.__getattribute__(self, "error")(name)

    def _raise(self, *_: Any) -> Any:
        raise object.__getattribute__(self, "error")("asked")

    __eq__ = __hash__ = __str__ = __repr__ = __bool__ = __len__ = __iter__ = __call__ = _raise  # type: ignore[assignment]


def answer(work: Scenario) -> Any:
    try:
        return work()
    except BaseException as error:
        return describe(error)


def describe(error: BaseException | None, depth: int = 0) -> Any:
    if error is None or depth > 5:
        return None
    places = []
    node = BaseException.__getattribute__(error, "__traceback__")
    while node is not None:
        places.append(f"{node.tb_frame.f_code.co_name}:{node.tb_lineno}")
        node = node.tb_next
    chain = [describe(BaseException.__getattribute__(error, name), depth + 1) for name in ("__context__", "__cause__")]
    return [type(error).__name__, text_of(error), places, *chain]


def text_of(error: BaseException) -> str:
    try:
        return re.sub("0x[0-9a-f]+", "0x", str(error)[:100])
    except RuntimeError:
        return "cannot be shown"


def make_app(view: Callable[..., Any] = lambda: "plain") -> flask.Flask:
    app = flask.Flask("shop")
    app.secret_key = "x"
    app.add_url_rule("/", "index", view)
    return app


def environ_of(app: flask.Flask, path: str = "/") -> dict[str, Any]:
    environ: dict[str, Any] = EnvironBuilder(app, path).get_environ()
    return environ


def call(app: Any, *arguments: Any, **named: Any) -> Any:
    """As gunicorn does: iterates if it can, and closes if there is something to close."""
    response = app(*arguments, **named)
    body = []
    try:
        for part in response:
            body.append(part)
    finally:
        if hasattr(response, "close"):
            response.close()
    return [repr(part)[:100] for part in body]


def serve(app: flask.Flask, environ: Any = None) -> Any:
    started: list[Any] = []

    def start_response(status: str, headers: list[Any], exc_info: Any = None) -> Callable[[bytes], None]:
        started.append([status, sorted(headers)])
        return lambda data: None

    environ = environ_of(app) if environ is None else environ
    said = answer(lambda: call(app.wsgi_app, environ, start_response))
    after = answer(lambda: call(app.wsgi_app, environ_of(app), start_response))
    return [said, after, started]


# The callable, and its arguments.


def response_kind(name: str, make: Callable[[], Any]) -> None:
    """An application, or a middleware in it, that returns something of its own."""

    def run() -> Any:
        app = make_app()
        app.wsgi_app = lambda environ, start_response: make()  # type: ignore[method-assign, assignment]
        Ctxtop(app)
        return serve(app)

    SCENARIOS[f"response: {name}"] = run


class Closing:
    def __init__(self, parts: Any, error: BaseException | None = None) -> None:
        self.parts, self.error = parts, error

    def __iter__(self) -> Any:
        return iter(self.parts)

    def close(self) -> None:
        if self.error is not None:
            raise self.error


class Sized(Closing):
    def __len__(self) -> int:
        return len(self.parts)


class Sequence:
    def __getitem__(self, index: int) -> bytes:
        if index > 2:
            raise IndexError
        return b"item"


class AttributeClose:
    """close() raises what ``hasattr`` takes for an absence."""

    def __iter__(self) -> Iterator[bytes]:
        yield b"x"

    @property
    def close(self) -> Any:
        raise AttributeError("close")


class AnyAttribute:
    def __getattr__(self, name: str) -> Any:
        return lambda *_: iter([b"any"])

    def __iter__(self) -> Iterator[bytes]:
        yield b"any"


def generator(error: BaseException | None = None) -> Iterator[bytes]:
    yield b"one"
    if error is not None:
        raise error
    yield b"two"


for name, make in {
    "nothing": lambda: None,
    "a number": lambda: 7,
    "bytes": lambda: b"bytes",
    "text": lambda: "text",
    "a dictionary": lambda: {b"a": 1},
    "a set": lambda: {b"a"},
    "a sequence": Sequence,
    "sized": lambda: Sized([b"a", b"b"]),
    "a list of text": lambda: ["text"],
    "no iterator": lambda: Closing(None),
    "an iterator over None": lambda: Closing([None]),
    "a generator": generator,
    "a generator that raises": lambda: generator(RuntimeError("half way")),
    "a generator that stops": lambda: generator(StopIteration("half way")),
    "a generator that exits": lambda: generator(SystemExit(3)),
    "close raises": lambda: Closing([b"a"], OSError("close")),
    "close raises an interrupt": lambda: Closing([b"a"], KeyboardInterrupt()),
    "close raises an AttributeError": AttributeClose,
    "any attribute": AnyAttribute,
    "a class": lambda: Closing,
    "raises at everything": Raises,
    "raises AttributeError at everything": lambda: Raises(AttributeError),
    "an exception": lambda: ValueError("returned"),
    "a Response": lambda: flask.Response("x"),
}.items():
    response_kind(name, make)


@scenario
def arguments_by_name() -> Any:
    app = make_app()
    Ctxtop(app)
    start: Any = lambda *_: None
    return [
        answer(lambda: call(app.wsgi_app, environ=environ_of(app), start_response=start)),
        answer(lambda: call(app.wsgi_app, environ_of(app), start_response=start)),
        answer(lambda: call(app.wsgi_app, start_response=start)),
        answer(lambda: call(app.wsgi_app)),
        answer(lambda: call(app.wsgi_app, environ_of(app))),
        answer(lambda: call(app.wsgi_app, environ_of(app), start, 3)),
        answer(lambda: call(app.wsgi_app, environ_of(app), start, nonsense=3)),
    ]


def environ_kind(name: str, change: Callable[[dict[str, Any]], Any]) -> None:
    def run() -> Any:
        app = make_app()
        Ctxtop(app)
        environ = environ_of(app)
        changed = change(environ)
        return serve(app, environ if changed is None else changed)

    SCENARIOS[f"environ: {name}"] = run


class Collides:
    """Equal to nothing, and raises when it is asked whether it is."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, _other: object) -> bool:
        raise RuntimeError("compared")


def collide(environ: dict[Any, Any]) -> dict[Any, Any]:
    return {Collides("wsgi.file_wrapper"): 1, **environ}


for name, change in {
    "no method": lambda environ: environ.pop("REQUEST_METHOD") and None,
    "method None": lambda environ: environ.update(REQUEST_METHOD=None),
    "method a number": lambda environ: environ.update(REQUEST_METHOD=3),
    "method bytes": lambda environ: environ.update(REQUEST_METHOD=b"GET"),
    "method raises": lambda environ: environ.update(REQUEST_METHOD=Raises()),
    "method surrogate": lambda environ: environ.update(REQUEST_METHOD="\ud800"),
    "method huge": lambda environ: environ.update(REQUEST_METHOD="G" * 1_000_000),
    "path None": lambda environ: environ.update(PATH_INFO=None),
    "wrapper raises": lambda environ: environ.update({"wsgi.file_wrapper": Raises()}),
    "wrapper a function": lambda environ: environ.update({"wsgi.file_wrapper": print}),
    "a key that raises": collide,
    "no dictionary": lambda environ: [],
    "None": lambda environ: 0,
    "a dictionary of its own": lambda environ: type("Environ", (dict,), {})(environ),
}.items():
    environ_kind(name, change)


# The names and objects of the framework.


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
        said.append([answer(lambda: Ctxtop(thing) and None), answer(lambda: Ctxtop().init_app(thing))])  # type: ignore[arg-type, func-returns-value]
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


# Databases.


class OddConnection:
    """A driver's connection on SQLite that raises wherever it is asked for more than it must have."""

    def __init__(self) -> None:
        import sqlite3

        self.real = sqlite3.connect(":memory:", check_same_thread=False)

    def __getattr__(self, name: str) -> Any:
        if name in ("cursor", "rollback", "commit", "close", "create_function", "isolation_level"):
            return getattr(self.real, name)
        raise RuntimeError(name)

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")

    def __hash__(self) -> int:
        raise RuntimeError("hashed")


class SlottedConnection(OddConnection):
    """No weak references."""

    __slots__ = ()


def engine_kind(name: str, creator: Callable[[], Any], **options: Any) -> None:
    def run() -> Any:
        engine = sqlalchemy.create_engine("sqlite://", creator=creator, **options)
        Ctxtop(make_app())
        return [answer(lambda: use(engine)), answer(lambda: use(engine)), answer(lambda: misuse(engine))]

    SCENARIOS[f"engine: {name}"] = run


def use(engine: Any) -> Any:
    with engine.connect() as connection:
        return connection.scalar(sqlalchemy.text("SELECT 1"))


def misuse(engine: Any) -> Any:
    connection = engine.connect()
    connection.detach()
    connection.close()
    connection = engine.connect()
    connection.invalidate()
    connection.close()
    engine.dispose()
    return use(engine)


class OddCreator:
    def __call__(self) -> Any:
        return OddConnection()

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("compared")

    def __hash__(self) -> int:
        raise RuntimeError("hashed")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise RuntimeError(name)


def refuse() -> Any:
    raise sqlalchemy.exc.OperationalError("connect", {}, Exception("refused"))


engine_kind("odd connections", OddConnection, poolclass=QueuePool)
engine_kind("connections without weak references", SlottedConnection, poolclass=StaticPool)
engine_kind("an odd creator", OddCreator(), poolclass=QueuePool)
engine_kind("a server that refuses", refuse, poolclass=QueuePool)
engine_kind("no connection", lambda: None, poolclass=QueuePool)
engine_kind("odd sizes", OddConnection, poolclass=QueuePool, pool_size=0, max_overflow=-1, pool_timeout=1e300)


@scenario
def listeners_called_with_nonsense() -> Any:
    """As SQLAlchemy of another version might."""
    from ctxtop import _native

    names = "connection_opened connection_closed checked_out checked_in invalidated detached"
    things = (None, 3, Raises(), object(), OddConnection())
    for name in names.split():
        listener = getattr(_native, name)
        for first in things:
            for second in things:
                for more in ((), (None,), (Raises(), 3)):
                    if listener(first, second, *more) is not None:
                        return name
        if listener() is not None or listener(None) is not None:
            return name
    return "nothing"


def run(work: Scenario) -> Any:
    said = contextvars.Context().run(lambda: answer(work))
    # Unless a signal's exception was raised late, the thread is in order.
    gc.collect()
    return said


if __name__ == "__main__":
    warm = make_app()
    Ctxtop(warm)
    serve(warm)
    gc.freeze()
    names = [name for name in sys.argv[1:] if name in SCENARIOS] or list(SCENARIOS)
    answers = {name: run(SCENARIOS[name]) for name in names}
    native: Any = sys.modules.get("ctxtop._native")
    json.dump({"attached": native is not None and native.is_attached(), "scenarios": answers}, sys.stdout)

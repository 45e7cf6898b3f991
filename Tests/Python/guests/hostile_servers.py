"""What passes between an application and its server, in every wrong way: responses, arguments, environments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import flask
from ctxtop import Ctxtop
from hostile import SCENARIOS, Raises, call, environ_of, make_app, scenario, serve
from outcome import answer



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

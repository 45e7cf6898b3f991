"""Answers its server in every way that there is, and in some that there should not be.

``/NAME`` for each of ``ANSWERS``, and a few that are not answers alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

from ctxtop import Ctxtop
from flask import Flask

app = Flask(__name__)


class Parts:
    """An iterable with a close(), as middleware makes them."""

    def __init__(self, parts: list[Any], error: BaseException | None = None) -> None:
        self.parts, self.error = parts, error

    def __iter__(self) -> Iterator[Any]:
        return iter(self.parts)

    def close(self) -> None:
        if self.error is not None:
            raise self.error


class Sized(Parts):
    def __len__(self) -> int:
        return len(self.parts)


class Sequence:
    """Iterable by index only."""

    def __getitem__(self, index: int) -> bytes:
        if index > 2:
            raise IndexError
        return b"item"


def failing(error: BaseException) -> Iterator[bytes]:
    yield b"one"
    raise error


ANSWERS: dict[str, Callable[[], Any]] = {
    "list": lambda: [b"a", b"b"],
    "tuple": lambda: (b"a",),
    "empty": list,
    "bytes": lambda: b"bytes",
    "text": lambda: "text",
    "nothing": lambda: None,
    "number": lambda: 7,
    "dictionary": lambda: {b"key": 1},
    "set": lambda: {b"one"},
    "generator": lambda: (part for part in (b"a", b"b")),
    "parts": lambda: Parts([b"a", b"", b"b"]),
    "sized": lambda: Sized([b"a", b"b"]),
    "one": lambda: Sized([b"alone"]),
    "sequence": Sequence,
    "wrong-parts": lambda: Parts([None, 3]),
    "text-parts": lambda: Parts(["text"]),
    "not-iterable": lambda: Parts(None),  # type: ignore[arg-type]
    "raises-half-way": lambda: failing(RuntimeError("half way")),
    "disconnects-half-way": lambda: failing(ConnectionResetError("half way")),
    "close-raises": lambda: Parts([b"a"], RuntimeError("close")),
    "close-is-a-socket-error": lambda: Parts([b"a"], BrokenPipeError("close")),
    "class": lambda: Parts,
}


def answer(environ: dict[str, Any], start_response: Any) -> Any:
    name = environ["PATH_INFO"].strip("/")
    if name == "raises":
        raise RuntimeError("before anything was sent")
    if name == "no-start":
        return [b"never started"]
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    if name == "written":
        write(b"written ")
        return [b"and returned"]
    return ANSWERS[name]()


app.wsgi_app = answer  # type: ignore[method-assign]
Ctxtop(app)
print(f"shop loaded {os.getpid()}", file=sys.stderr, flush=True)

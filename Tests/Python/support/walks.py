"""A process that asks for the application's first frame on stacks of many shapes, Python's walk and the native one.

Run with a directory for the agent. Prints one JSON line per question: [shape, Python's answer, the native answer].
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
import sys
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

from ctxtop import _frames, _native

DIRECTORY = Path(sys.argv[1])
Ask = Callable[[], Any]


class Hooks:
    """What the native walk asks; nothing else is asked here."""

    asked = 0

    def frame(self, code: CodeType, line: int) -> str | None:
        self.asked += 1
        return _frames.named(code, line)

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_arguments: None


class Context:
    def push(self) -> None:
        return

    def pop(self) -> None:
        return


HOOKS = Hooks()
_native.configure("walks", str(DIRECTORY), None)
_native.describe("", "", "", -1, -1, -1, 0, "", "", "", "")
_native.install(HOOKS, None, None)
_frames.on_change(_native.own_frames)
Context.push = _native.wrap_push(Context, Context.push, 0)  # type: ignore[method-assign]
Context.pop = _native.wrap_pop(Context, Context.pop, 0)  # type: ignore[method-assign]
assert _native.attach() == 0, _native.problem()


def recorded() -> str:
    """The frame of the context on top, as the agent tells it."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.connect(str(DIRECTORY / "walks.sock"))
            client.sendall(b"json\n")
            document = json.loads(b"".join(iter(lambda: client.recv(1 << 16), b"")))
            return document["workers"][0]["contexts"][-1]["frame"] or ""
        time.sleep(0.01)
    raise SystemExit("the agent does not answer")


def library(source: str, filename: str = "<probe>") -> dict[str, Any]:
    """What a piece of code defines that lies in a file of a library, or in any other."""
    names: dict[str, Any] = {}
    exec(compile(source, filename, "exec"), names)
    return names


SHAPE = ""


def report(expected: str, context: Context) -> None:
    print(json.dumps([SHAPE, expected, recorded()]), flush=True)


# A library's function: the question begins in it, for both.
_PROBE = """
def ask():
    context = Context()
    expected = first(sys._getframe())
    context.push()
    report(expected, context)
    context.pop()
"""
_probe = library(_PROBE)
_probe.update(Context=Context, first=_frames.first, sys=sys, report=report)
ask: Ask = _probe["ask"]

_LIBRARY = """
def call(function): return function()
def deep(count, function): return deep(count - 1, function) if count else function()
def drain(iterable):
    for _ in iterable: pass
def generate(function): yield function()
def wsgi_app(function): return call(function)
class Lazy:
    def __init__(self, function): self.function = function
    def __getattr__(self, name): return self.function()
"""
lib = library(_LIBRARY, "/srv/venv/lib/python3/site-packages/lib.py")
shop = library(_LIBRARY, "/srv/shop/till.py")
installed = library(_LIBRARY, "/srv/venv/lib/python3/site-packages/shop/views.py")


def in_thread(function: Ask) -> None:
    """On a stack of nothing but libraries."""
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def lines() -> None:
    ask()
    ask(), ask()
    ask()


def comprehension() -> None:
    [ask() for _ in range(2)]
    list(ask() for _ in range(2))


def nested() -> None:
    lib["call"](lambda: shop["call"](lambda: lib["call"](ask)))
    lib["call"](lambda: shop["deep"](2, ask))


def from_c() -> None:
    sorted([1, 2], key=lambda _: ask() or 0)
    list(map(lambda _: lib["call"](ask), [1]))


def generators() -> None:
    lib["drain"](shop["generate"](ask))
    shop["drain"](lib["generate"](ask))
    lib["drain"](lib["generate"](lambda: lib["call"](ask)))


def generated() -> None:
    exec("call(ask)", {"call": lib["call"], "ask": ask})
    exec(compile("\n\nask()", "/srv/shop/made.py", "exec"), {"ask": ask})


def class_body() -> None:
    class Made:
        lib["call"](ask)

        @property
        def it(self) -> Any:
            return ask()

    Made().it  # noqa: B018


def coroutine() -> None:
    async def inner() -> None:
        lib["call"](ask)

    async def outer() -> None:
        await inner()
        await asyncio.gather(inner(), inner())

    asyncio.run(outer())


def deep() -> None:
    lib["deep"](400, ask)
    shop["deep"](400, lambda: lib["deep"](300, ask))


def lazily() -> None:
    lib["Lazy"](ask).anything  # noqa: B018
    shop["Lazy"](lambda: lib["call"](ask)).anything  # noqa: B018


def without_application() -> None:
    in_thread(ask)
    in_thread(lib["Lazy"](ask).function)


def in_request() -> None:
    _frames.set_entry(lib["wsgi_app"])
    lib["wsgi_app"](ask)
    lib["wsgi_app"](lambda: lib["call"](ask))
    shop["wsgi_app"](ask)
    _frames.set_entry(None)
    lib["wsgi_app"](ask)


def installed_application() -> None:
    installed["call"](ask)
    _frames.add_root("/srv/venv/lib/python3/site-packages/shop")
    installed["call"](ask)
    lib["call"](ask)


def another_attachment() -> None:
    for _ in range(2):
        _native.detach()
        assert _native.attach() == 0, _native.problem()
        shop["call"](ask)
        lines()


def short_lived() -> None:
    """Code objects that go, and others that get their addresses: now a library's, now the application's."""
    for number in range(150):
        filename = "<string>" if number % 3 == 0 else f"/srv/shop/made{number % 5}.py"
        exec(compile("\n" * (number % 4) + "ask()", filename, "exec"), {"ask": ask})


SHAPES = [
    lines, comprehension, nested, from_c, generators, generated, class_body, coroutine, deep, lazily,
    without_application, in_request, installed_application, another_attachment, short_lived,
]  # fmt: skip


def push_often(code: CodeType, count: int) -> None:
    """Runs code that pushes and pops one context, without a look at what was recorded."""
    for _ in range(count):
        exec(code, {"context": Context()})


def remembered() -> None:
    """Whether Python is asked again for a place that is known, and whether code that goes is kept.

    CPython 3.11 replaces two instructions of a call by one when it has run for a while: a new place.
    """
    code = compile("context.push(); context.pop()", "/srv/shop/often.py", "exec")
    push_often(code, 1)
    before = HOOKS.asked
    push_often(code, 100)
    again = HOOKS.asked - before
    reference = weakref.ref(code)
    del code
    for number in range(5000):
        push_often(compile("context.push(); context.pop()", f"/srv/shop/made{number % 7}.py", "exec"), 1)
    gc.collect()
    print(json.dumps(["remembered", [True, True], [again <= 1, reference() is None]]))


for shape in SHAPES:
    SHAPE = shape.__name__
    shape()
remembered()
_native.detach()

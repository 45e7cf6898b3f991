"""Workers without a framework: processes that attach, serve some requests on each of their threads, and wait.

Arguments: how many workers; how many threads in each; how many of these are then in the middle of a request, with
its two contexts on their stacks; how many workers, evenly among all, go on serving, two requests a second. Prints ``ready`` when all
have attached and served; ends with its standard input.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ctxtop import _native

_app: ContextVar[Any] = ContextVar("app", default=None)
_request: ContextVar[Any] = ContextVar("request", default=None)


class Rule:
    """What a router would have found."""

    def __init__(self, number: int) -> None:
        self.endpoint, self.rule = f"view_{number}", f"/view/{number}/<item>"


class Request:
    def __init__(self, rule: Rule) -> None:
        self.url_rule = rule


class AppContext:
    def push(self) -> None:
        self.token = _app.set(self)

    def pop(self) -> None:
        _app.reset(self.token)


class RequestContext:
    def __init__(self, rule: Rule) -> None:
        self.request = Request(rule)
        self.app_context = AppContext()

    def push(self) -> None:
        self.app_context.push()
        self.token = _request.set(self)

    def pop(self) -> None:
        _request.reset(self.token)
        self.app_context.pop()


class Hooks:
    """What native code asks on its cold paths."""

    def stack(self) -> tuple[tuple[int, Any], ...]:
        return tuple((kind, context.get()) for kind, context in enumerate((_app, _request)) if context.get())

    def unit_name(self, unit: object = None) -> str:
        return threading.current_thread().name

    def frame(self) -> str:
        return ""

    def origin(self, _context: Any) -> str:
        return ""

    def is_made_by_client(self, _context: Any) -> bool:
        return False

    def is_kept(self, _context: Any) -> bool:
        return False

    def raised(self, _context: Any, _kind: int, _error: BaseException) -> None:
        return

    def route(self, _environ: Any, _application: Any) -> tuple[None, None]:
        return None, None

    def engine(self, _record: Any) -> int:
        return -1

    def backend_pid(self, _connection: Any) -> int:
        return -1

    def first_event(self, _context: Any = None) -> None:
        return


_rules = [Rule(number) for number in range(8)]


def _application(environ: dict[str, Any], _start: Any) -> list[bytes]:
    context = RequestContext(_rules[environ["number"] % len(_rules)])
    context.push()
    environ["inside"]()
    context.pop()
    return [b""]


def _install() -> Callable[..., Any]:
    _native.configure(os.environ["CTXTOP_NAME"], os.environ["CTXTOP_DIR"], None)
    _native.install(Hooks(), _app, _request)
    for kind, cls in enumerate((AppContext, RequestContext)):
        push, pop = cls.push, cls.pop
        cls.push, cls.pop = _native.wrap_push(cls, push, kind), _native.wrap_pop(cls, pop, kind)
    return _native.wrap_wsgi(_application, None)


def _serve(app: Callable[..., Any], number: int, inside: Callable[[], object]) -> None:
    app({"REQUEST_METHOD": "GET", "number": number, "inside": inside}, None)


def _thread(app: Callable[..., Any], number: int, stays: bool, reached: threading.Barrier) -> None:
    for _ in range(20):
        _serve(app, number, int)
    if stays:

        def stay() -> None:
            reached.wait()
            threading.Event().wait()

        _serve(app, number, stay)
    reached.wait()
    threading.Event().wait()


def _worker(app: Callable[..., Any], number: int, threads: int, open_requests: int, serves: bool, ready: int) -> None:
    _native.describe("gunicorn", "gthread", "27.0.1", -1, threads, number, 1, "3.11.7", "3.1.3", "3.1.9", "")
    if _native.attach() != 0:
        print(_native.problem(), file=sys.stderr)
        os._exit(1)
    reached = threading.Barrier(threads + 1)
    # With sixty-four threads in each of many workers, the stacks are most of what they take.
    threading.stack_size(256 << 10)
    for each in range(threads):
        threading.Thread(target=_thread, args=(app, each, each < open_requests, reached), daemon=True).start()
    reached.wait()
    os.write(ready, b".")
    while serves:
        time.sleep(0.5)
        _serve(app, 0, int)
    signal.pause()


def main() -> None:
    workers, threads, open_requests, serving = map(int, sys.argv[1:])
    app = _install()
    receiving, sending = os.pipe()
    children = []

    def serves(number: int) -> bool:
        # Evenly among all, so that their part of the rows is the same on any page of a list.
        return (number + 1) * serving // workers > number * serving // workers

    for number in range(workers):
        pid = os.fork()
        if pid == 0:
            os.close(receiving)
            _worker(app, number + 1, threads, open_requests, serves(number), sending)
        children.append(pid)
    os.close(sending)
    try:
        for _ in children:
            if not os.read(receiving, 1):
                sys.exit("a worker did not attach")
        print("ready", flush=True)
        sys.stdin.read()
    finally:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        for pid in children:
            os.waitpid(pid, 0)


main()

"""What is hooked, and the callbacks that native code may call on its cold paths.

Hooked are the classes of contexts (push and pop, once per process) and ``app.wsgi_app`` (once per
application, see ``_entry``): the places that exist in every version of Flask, and that cost least. No
signal receivers and none of Flask's own hook lists: both cost more, and a receiver that raises leaves a context behind.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import CodeType
from typing import TYPE_CHECKING, Any

from . import _clients, _coroutines, _entry, _failures, _frames, _hazards, _origins, _sqlalchemy, _stack

if TYPE_CHECKING:
    from flask import Flask

    from ._lifecycle import Lifecycle


class Hooks:
    """The callbacks. None of them raises an ``Exception``; what a signal handler raises is not ours to keep."""

    def __init__(self, native: Any, lifecycle: Lifecycle, read_stack: Callable[[], _stack.Stack]) -> None:
        self._native = native
        self._lifecycle = lifecycle
        self._read_stack = read_stack
        self._wrapped: frozenset[CodeType] = frozenset()
        self._is_isolated = False

    def wrapping(self, functions: list[Any]) -> None:
        """Know these original functions by their code in tracebacks."""
        codes = (getattr(function, "__code__", None) for function in functions)
        self._wrapped = frozenset(code for code in codes if code is not None)

    def isolate(self, native: Any) -> None:
        """Requests are about to run in Contexts of their own: know of the stack around them."""
        from . import _isolate

        if not self._is_isolated:
            self._is_isolated = True
            self._read_stack = _isolate.whole(self._read_stack)
            native.isolate(_isolate.outer)

    def stack(self) -> _stack.Stack:
        """The real stack of the current unit, bottom first: (kind, context)."""
        try:
            return self._read_stack()
        except Exception:
            return ()

    def raised(self, context: Any, kind: int, exc: BaseException) -> None:
        """A push or pop of ``context`` raised ``exc``: report the teardown functions that did it, if any did.

        ``exc`` must carry its traceback, and must not have travelled beyond that push or pop.
        """
        try:
            failures = _failures.found(exc, context, kind, self._wrapped)
            if failures:
                self.report(failures, context, kind)
        except Exception:
            return

    def report(self, failures: list[_failures.Failure], context: Any, kind: int) -> None:
        """Tell of teardown functions that raised in the teardown of ``context``."""
        try:
            method, endpoint, rule = _failures.request_label(
                _failures.current_request(kind, context, self._read_stack())
            )
            for failure in failures:
                self._native.teardown_failed(
                    failure.function,
                    failure.location,
                    failure.kind,
                    failure.blueprint,
                    failure.exception,
                    failure.message,
                    method,
                    endpoint,
                    rule,
                    failure.skipped,
                    failure.traceback,
                )
        except Exception:
            return

    def frame(self, code: CodeType, line: int) -> str | None:
        """``"shop.py:41 chat"`` for a line of the application's own code; None: a library's; ``""``: not known."""
        try:
            return _frames.named(code, line)
        except Exception:
            return ""

    def origin(self, context: Any) -> str:
        """Where ``context`` was pushed, if that was before this process was attached; ``""`` if not known."""
        try:
            if frame := _origins.left_by_import(context):
                _hazards.pushed_at_import(self._native, frame)
            return _origins.of(context)
        except Exception:
            return ""

    def is_made_by_client(self, context: Any) -> bool:
        """Whether the request of a request context was made by the code around it, and not by a server."""
        try:
            if _clients.is_made_by_client(context.request.environ, sys._getframe(1)):
                return True
            if frame := _origins.left_by_import(_stack.current_app_context()):
                _hazards.pushed_at_import(self._native, frame)
            return False
        except Exception:
            return False

    def is_kept(self, context: Any) -> bool:
        """Whether a request context was pushed by who keeps it after its request."""
        try:
            return _clients.is_kept(context)
        except Exception:
            return False

    def route(self, environ: dict[str, Any], app: Flask) -> tuple[str | None, str | None]:
        """(endpoint, rule) of a request that failed before the framework routed it."""
        try:
            rule, _ = app.url_map.bind_to_environ(environ).match(return_rule=True)
            return str(rule.endpoint), str(rule.rule)
        except Exception:
            return None, None

    def unit_name(self, unit: Any = None) -> str:
        """The name of the current greenlet or task ``unit``, or of the thread; ``""`` where it has none.

        ``threading.current_thread()`` would enter a thread that Python's threading does not know into its table
        for good.
        """
        try:
            if unit is not None:
                return _coroutines.name(unit)
            thread = threading._active.get(threading.get_ident())  # type: ignore[attr-defined]
            return str(thread.name) if thread is not None else ""
        except Exception:
            return ""

    def engine(self, record: Any) -> int:
        """The native number of the engine that a connection record belongs to; -1: unknown."""
        try:
            # By now the application is configured.
            self._lifecycle.look_for_hazards()
            return _sqlalchemy.describe(self._native, record)
        except Exception:
            return -1

    def backend_pid(self, connection: Any) -> int:
        """The database server's process id for a connection, if its driver knows; -1 otherwise."""
        try:
            return _sqlalchemy.backend_pid(connection)
        except Exception:
            return -1

    def first_event(self, context: Any = None) -> bool:
        """An event in a process that is not attached. Attaches a worker; else remembers who pushed what is there.

        ``context``: what is being pushed or popped, where the caller knows. False: do not ask again for a while.
        """
        try:
            if self._lifecycle.has_declined():
                return False
            # Whoever attaches finds what is on the stack, and asks for its origin.
            contexts = [pushed for _, pushed in self._read_stack()]
            if context is not None:
                contexts.append(context)
            _origins.remember(contexts, sys._getframe(1))
            return self._lifecycle.first_event() or not self._lifecycle.has_declined()
        except Exception:
            return True


def install(native: Any, lifecycle: Lifecycle) -> Hooks:
    """Hook the classes of contexts. Once per process; may raise, and then nothing is hooked."""
    from flask import Flask

    _frames.set_entry(Flask.wsgi_app)
    hooks = Hooks(native, lifecycle, _stack.reader())
    native.install(hooks, *_stack.variables())
    _frames.on_change(native.own_frames)
    originals = [(cls, kind, cls.__dict__["push"], cls.__dict__["pop"]) for cls, kind in _stack.classes()]
    hooks.wrapping([function for _, _, push, pop in originals for function in (push, pop)])
    wrappers = [
        (cls, native.wrap_push(cls, push, kind), native.wrap_pop(cls, pop, kind)) for cls, kind, push, pop in originals
    ]
    for cls, push, pop in wrappers:
        cls.push = push
        cls.pop = pop
    return hooks


def instrument(app: Flask, native: Any) -> None:
    """Hook one application's requests. Middleware that is set later lies outside of ours."""
    _entry.watch(app, native)


def is_instrumented(app: Flask) -> bool:
    """Whether ``app.wsgi_app`` is our wrapper already, with no middleware around it."""
    held = getattr(app.wsgi_app, "__self__", None)
    return type(held) is tuple and len(held) == 2 and held[1] is app

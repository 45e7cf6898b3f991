"""Guard, an opt-in repair: all teardown functions run, whatever one of them raises.

``finish``: then the failure is raised, as Flask 3.2 does it: a single one is raised itself; several as a group,
or, before CPython 3.11, the first of them. ``log``: each failure is logged by ``app.logger`` and none is raised.
An exception that is no ``Exception`` (SystemExit, GreenletExit, a timeout of gevent's) is meant for somebody
outside: it goes on as itself in both ways, and what else failed is logged. (Flask 3.2 puts it into its group.)

Contexts call ``app.do_teardown_*``, so an attribute of the application stands in for the method: functions
count whenever they are registered, and other applications are not touched. The signal is still sent last, and
each failure is reported where it is caught.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from inspect import signature
from typing import TYPE_CHECKING, Any

from . import _failures, _stack
from ._stack import APP, REQUEST

if TYPE_CHECKING:
    from flask import Flask

FINISH, LOG = "finish", "log"

#: Called with the failures, their context and its kind.
Report = Callable[[list[_failures.Failure], Any, int], None]

_MESSAGE = "Errors during context teardown"
_METHODS = {APP: "do_teardown_appcontext", REQUEST: "do_teardown_request"}
_SIGNALS = {APP: "appcontext_tearing_down", REQUEST: "request_tearing_down"}
# Where a context keeps what its teardown raised until it has been popped.
_KEPT = "_ctxtop_failed"
_log = logging.getLogger("ctxtop")


def install(app: Flask, mode: str, report: Report | None) -> None:
    """Guard the teardown of ``app``; ``mode`` is ``finish`` or ``log``."""
    from flask import Flask

    for kind, name in _METHODS.items():
        if getattr(vars(app).get(name), "_ctxtop", False):
            continue  # Guarded already: its constructor ran twice.
        if getattr(type(app), name) is not getattr(Flask, name) or name in vars(app):
            _log.warning("%s is not guarded: it has a %s of its own", app.name, name)
            continue
        if mode == FINISH and _takes_context(app, kind):
            continue  # Flask 3.2 does it itself.
        stand_in = _stand_in(app, kind, _Teardown(app, kind, mode, report))
        stand_in._ctxtop = True  # type: ignore[attr-defined]
        setattr(app, name, stand_in)
    if _leaves_context():
        _pop_before_raising()


def _takes_context(app: Flask, kind: int) -> bool:
    """Whether this version hands the context to its teardown: Flask 3.2."""
    return "ctx" in signature(getattr(app, _METHODS[kind])).parameters


def _stand_in(app: Flask, kind: int, teardown: _Teardown) -> Callable[..., None]:
    """What is called instead of the method. Not named like it: who reads tracebacks must not take it for Flask's."""
    if _takes_context(app, kind):

        def with_context(ctx: Any, exc: BaseException | None = None) -> None:
            teardown.run(ctx, exc)

        return with_context
    # None or a sentinel, by version; in its place stands the exception that is being handled.
    default = signature(getattr(app, _METHODS[kind])).parameters["exc"].default
    top = _top_of(kind)

    def of_top(exc: Any = default) -> None:
        teardown.run(top(), sys.exc_info()[1] if exc is default else exc)

    return of_top


def _top_of(kind: int) -> Callable[[], Any]:
    """What finds the current context of a kind."""
    variable = _stack.variables()[kind]
    if variable is not None:
        return lambda: variable.get(None)
    from flask import globals as flask_globals

    stack = getattr(flask_globals, "_app_ctx_stack" if kind == APP else "_request_ctx_stack")
    return lambda: stack.top


class _Teardown:
    """Both lists of one application, or one of them: run to their ends."""

    def __init__(self, app: Flask, kind: int, mode: str, report: Report | None) -> None:
        from flask import signals

        self._app = app
        self._kind = kind
        self._is_logged = mode == LOG
        self._report = report
        self._signal: Any = getattr(signals, _SIGNALS[kind])
        self._ensure_sync: Callable[[Any], Any] = getattr(app, "ensure_sync", lambda function: function)
        self._extra: dict[str, Any] = {}
        if "_async_wrapper" in signature(self._signal.send).parameters:
            self._extra["_async_wrapper"] = self._ensure_sync
        self._is_kept = _leaves_context()

    def run(self, context: Any, exc: BaseException | None) -> None:
        """Everything that the teardown of ``context`` consists of."""
        errors: list[BaseException] = []
        for blueprint, function in _failures.functions(self._app, context, self._kind):
            try:
                self._ensure_sync(function)(exc)
            except BaseException as error:
                self._failed(error, function, blueprint, context, errors)
        try:
            self._signal.send(self._app, exc=exc, **self._extra)
        except BaseException as error:
            self._failed(error, None, None, context, errors)
        if not errors:
            return
        if self._is_kept:
            setattr(context, _KEPT, errors)
        else:
            raise_together(self._app, errors)

    def _failed(
        self, error: BaseException, function: Any, blueprint: str | None, context: Any, errors: list[BaseException]
    ) -> None:
        try:
            failure = _failures.survived(error, function, blueprint, self._kind)
            if self._report is not None:
                self._report([failure], context, self._kind)
        except Exception:
            failure = None
        if self._is_logged and isinstance(error, Exception):
            log(self._app, failure.function if failure is not None else "", error)
        else:
            errors.append(error)


def log(app: Flask, name: str, error: BaseException) -> None:
    """One failure in the application's own log."""
    try:
        app.logger.exception("Teardown function %s failed", name, exc_info=error)
    except Exception:
        return


def raise_together(app: Flask, errors: list[BaseException]) -> None:
    """Raise what was caught: see above."""
    try:
        raise _together(app, errors)
    finally:
        # An exception's traceback leads to this frame and its caller's: neither may lead back.
        errors.clear()


def _together(app: Flask, errors: list[BaseException]) -> BaseException:
    outsider = next((error for error in errors if not isinstance(error, Exception)), None)
    if outsider is not None:
        for error in errors:
            if error is not outsider:
                log(app, "", error)
        return outsider
    if sys.version_info >= (3, 11) and len(errors) > 1:
        return BaseExceptionGroup(_MESSAGE, list(errors))  # noqa: F821
    return errors[0]


def _leaves_context() -> bool:
    """Whether a raising teardown leaves its context on the stack: Flask before 0.11."""
    import flask

    numbers = str(vars(flask).get("__version__", "")).split(".")
    return numbers[0] == "0" and len(numbers) > 1 and numbers[1].isdigit() and int(numbers[1]) < 11


def _pop_before_raising() -> None:
    """Let both classes of contexts be popped first, and raise afterwards what their teardown raised."""
    from flask import ctx

    for cls in (ctx.AppContext, ctx.RequestContext):
        if not getattr(cls.pop, "_ctxtop_guard", False):
            cls.pop = _raising_last(cls.pop)  # type: ignore[method-assign]


def _raising_last(pop: Callable[..., Any]) -> Callable[..., Any]:
    def raising_last(context: Any, *arguments: Any, **options: Any) -> Any:
        errors: list[BaseException] = []
        result = None
        try:
            result = pop(context, *arguments, **options)
        except BaseException as error:
            # Of a request's own app context, which was popped with it.
            errors.append(error)
        errors[:0] = vars(context).pop(_KEPT, ())
        if errors:
            raise_together(context.app, errors)
        return result

    raising_last._ctxtop_guard = True  # type: ignore[attr-defined]
    return raising_last

"""Which teardown function raised, and which ones it skipped: read from the traceback of what left a pop.

A pop that fails because of a teardown function has a traceback that begins

    AppContext.pop  ->  Flask.do_teardown_appcontext  ->  the function (or a signal's receiver)

A request context pops its app context, so the same exception leaves two pops; and a second failure hides the
first one in its ``__context__``. Each failure is reported by exactly one pop: the one whose own frame called
``do_teardown_*``. That needs no memory of what was reported before.

Flask 3.2 runs every function, collects what they raise, and raises that as groups, one in another: what each
function raised is a failure of its own, with a traceback that begins in ``do_teardown_*``. Before Python 3.11
there are no groups, and it raises the first one of what it has collected.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FrameType, TracebackType
from typing import Any

from . import _frames, _redact
from ._stack import APP, REQUEST, is_request

_TEARDOWN_KINDS = {"do_teardown_appcontext": APP, "do_teardown_request": REQUEST}
# Raises what Flask 3.2 has collected.
_RAISE_ANY = "raise_any"
# Frameworks that call a teardown function, or a signal's receiver, on Flask's behalf.
_CALLERS = frozenset(
    ["flask", "blinker", "asgiref", "concurrent", "asyncio", "contextlib.py", "sentry_sdk", "threading.py"]
)
_TRACEBACK_FRAMES = 40
_CHAIN_LIMIT = 20
_NAME_BYTES = 200

# Every method that HTTP defines; another one is whatever a client chose to send.
_METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"])


@dataclass(frozen=True)
class Failure:
    """A teardown function that raised, as it is reported."""

    function: str
    location: str
    kind: int
    blueprint: str | None
    exception: str
    message: str
    skipped: tuple[str, ...]
    traceback: str


def found(exc: BaseException, context: Any, kind: int, wrapped: frozenset[CodeType]) -> list[Failure]:
    """The failures that the pop of ``context`` which ``exc`` has just left answers for; usually none or one.

    ``wrapped``: the code of every push and pop that is hooked. Call it before ``exc`` travels further.
    """
    outermost = exc.__traceback__
    if outermost is None:
        return []
    # Both lists of functions are run by the one pop of a context that is app and request context in one.
    kinds = (APP, REQUEST) if hasattr(type(context), "has_request") else (kind,)
    failures: list[Failure] = []
    for error in _chain(exc):
        if error is not exc and not _begins_in(error, outermost.tb_frame):
            continue
        for leaf, path in _leaves(error, error.__traceback__, wrapped):
            teardown = _teardown(path, wrapped)
            if teardown is not None and _kind(teardown) in kinds and _called_any(teardown):
                failures.append(_failure(leaf, teardown, context))
    return failures


def request_label(context: Any) -> tuple[str | None, str | None, str | None]:
    """(method, endpoint, rule) of a request context; all None without one. Never the path."""
    request = _request_of(context)
    if request is None:
        return None, None, None
    method = str(getattr(request, "method", "") or "").upper()
    rule = getattr(request, "url_rule", None)
    endpoint = getattr(rule, "endpoint", None)
    text = getattr(rule, "rule", None)
    return (
        method if method in _METHODS else "OTHER",
        None if endpoint is None else str(endpoint),
        None if text is None else str(text),
    )


def _request_of(context: Any) -> Any:
    """The request of a context; None without one. A context of Flask 3.2 that has none raises."""
    try:
        return context.request
    except (AttributeError, RuntimeError):
        return None


def _chain(exc: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    error: BaseException | None = exc
    while error is not None and id(error) not in seen and len(seen) < _CHAIN_LIMIT:
        seen.add(id(error))
        yield error
        error = error.__context__


def _begins_in(error: BaseException, frame: FrameType) -> bool:
    return error.__traceback__ is not None and error.__traceback__.tb_frame is frame


def _leaves(
    error: BaseException, path: TracebackType | None, wrapped: frozenset[CodeType]
) -> list[tuple[BaseException, TracebackType]]:
    """What a pop raises, each with its way from the pop; more than one where Flask has collected errors."""
    if path is None:
        return []
    raised = _raised_collected(path, wrapped)
    if raised is None:
        return [(error, path)]
    leaves = []
    for member in _members(error, raised):
        leaves += _leaves(member, raised.tb_next if member is error else member.__traceback__, wrapped)
    return leaves


def _raised_collected(node: TracebackType | None, wrapped: frozenset[CodeType]) -> TracebackType | None:
    """Where Flask raised what it had collected; None: something else raised, perhaps a group of its own."""
    while node is not None:
        code = node.tb_frame.f_code
        if code.co_name == _RAISE_ANY:
            return node
        if code not in wrapped and code.co_name not in _TEARDOWN_KINDS:
            return None
        node = node.tb_next
    return None


def _members(error: BaseException, raised: TracebackType) -> list[BaseException]:
    members: Any = getattr(raised.tb_frame.f_locals.get("self"), "errors", None)
    if members is None and raised.tb_next is None:
        members = getattr(error, "exceptions", None)
    return [member for member in members or () if isinstance(member, BaseException)]


def _teardown(node: TracebackType | None, wrapped: frozenset[CodeType]) -> TracebackType | None:
    """The ``do_teardown_*`` entry that the outermost hooked pop called; None: it was another one's, or none."""
    pop: FrameType | None = None
    while node is not None:
        code = node.tb_frame.f_code
        if code.co_name in _TEARDOWN_KINDS:
            return _innermost(node)
        if code in wrapped:
            if pop is not None and pop is not node.tb_frame:
                return None
            pop = node.tb_frame
        node = node.tb_next
    return None


def _innermost(node: TracebackType) -> TracebackType:
    # A subclass of Flask may override the method and call the inherited one.
    name = node.tb_frame.f_code.co_name
    while node.tb_next is not None and node.tb_next.tb_frame.f_code.co_name == name:
        node = node.tb_next
    return node


def _kind(node: TracebackType) -> int:
    return _TEARDOWN_KINDS[node.tb_frame.f_code.co_name]


def _failure(error: BaseException, node: TracebackType, context: Any) -> Failure:
    frame, kind = node.tb_frame, _kind(node)
    order = functions(context.app, context, kind)
    culprit = _culprit(node.tb_next)
    function, skips = _running(node, [known for _, known in order])
    position = next((index for index, (_, known) in enumerate(order) if known is function), None)
    if function is None:
        # A signal's receiver, or an overridden do_teardown_* itself: what runs after it is not known.
        name, location = _receiver(culprit or frame)
    else:
        name, location = name_of(function), location_of(function, culprit)
    skipped = () if position is None or not skips else tuple(name_of(known) for _, known in order[position + 1 :])
    return Failure(
        function=_redact.bounded(name, _NAME_BYTES),
        location=location,
        kind=kind,
        blueprint=None if position is None else order[position][0],
        exception=type(error).__name__,
        message=_redact.message(error),
        skipped=skipped,
        traceback=traceback_text(node.tb_next),
    )


def _running(node: TracebackType, functions: list[Any]) -> tuple[Any, bool]:
    """The teardown function that ``do_teardown_*`` was calling, and whether its failure skips the ones behind it.

    None: it was not calling one of them, or it cannot be told which.
    """
    if _is_receiver(node.tb_next):
        return None, False
    variables = node.tb_frame.f_locals
    if "collect_errors" not in variables:
        return variables.get("func"), True
    # The loop has gone on to other functions since: the function is the one whose code was run.
    entry = node.tb_next
    while entry is not None:
        called = [function for function in functions if _code(function) is entry.tb_frame.f_code]
        if called:
            # Functions that one decorator made have one code: which of them it was is not known.
            return (called[0] if all(function is called[0] for function in called) else None), False
        entry = entry.tb_next
    return None, False


def survived(error: BaseException, function: Any, blueprint: str | None, kind: int) -> Failure:
    """A failure that skipped nothing, told by whoever caught it around its call; None: a signal's receiver failed."""
    node = error.__traceback__.tb_next if error.__traceback__ is not None else None
    culprit = _culprit(node)
    if function is not None:
        name, location = name_of(function), location_of(function, culprit)
    else:
        name, location = _receiver(culprit) if culprit is not None else ("", "")
    return Failure(
        function=_redact.bounded(name, _NAME_BYTES),
        location=location,
        kind=kind,
        blueprint=blueprint,
        exception=type(error).__name__,
        message=_redact.message(error),
        skipped=(),
        traceback=traceback_text(node),
    )


def _receiver(frame: FrameType) -> tuple[str, str]:
    """Name and location of what is known by its frame alone."""
    code = frame.f_code
    module = str(frame.f_globals.get("__name__", ""))
    return f"{module}.{getattr(code, 'co_qualname', code.co_name)}", _frames.location(code)


def functions(app: Any, context: Any, kind: int) -> list[tuple[str | None, Any]]:
    """(blueprint, function) of everything that the teardown of ``context`` would run, in that order."""
    if kind == APP:
        return [(None, function) for function in reversed(getattr(app, "teardown_appcontext_funcs", ()))]
    registered = getattr(app, "teardown_request_funcs", {})
    request = context.request
    blueprints = getattr(request, "blueprints", None)
    names: list[str | None]
    if blueprints is not None:
        names = [*blueprints, None]
    else:
        # Before Flask 2.0: the application's own functions first, then those of the one blueprint.
        blueprint = getattr(request, "blueprint", None)
        names = [None] if blueprint is None else [None, blueprint]
    return [(name, function) for name in names for function in reversed(registered.get(name, ()))]


def _culprit(node: TracebackType | None) -> FrameType | None:
    """The first frame behind ``do_teardown_*`` that is not one of those who only pass the call on."""
    while node is not None:
        if _relative(node).partition("/")[0] not in _CALLERS:
            return node.tb_frame
        node = node.tb_next
    return None


def _called_any(node: TracebackType) -> bool:
    """Whether ``do_teardown_*`` came as far as its functions.

    In another thread than its context's it does not: nothing is current, and asking for the blueprints raises. No
    function is to blame then.
    """
    if node.tb_next is None or "func" in node.tb_frame.f_locals or not _relative(node).startswith("flask/"):
        return True
    return _relative(node.tb_next) != "werkzeug/local.py"


def _is_receiver(node: TracebackType | None) -> bool:
    return node is not None and _relative(node).startswith("blinker/")


def _relative(node: TracebackType) -> str:
    return _frames.relative(node.tb_frame.f_code.co_filename)


def name_of(function: Any) -> str:
    """``shop.close_cart``: module and qualified name; of a partial, the function's in it."""
    while isinstance(function, functools.partial):
        function = function.func
    owner = function if hasattr(function, "__qualname__") else type(function)
    return f"{getattr(owner, '__module__', None) or '?'}.{owner.__qualname__}"


def location_of(function: Any, culprit: FrameType | None) -> str:
    """``shop.py:12``: where a function is defined; where it failed if that cannot be told; else ``""``."""
    while isinstance(function, functools.partial):
        function = function.func
    # A chain of wrappers that bites its own tail has no end.
    with contextlib.suppress(ValueError):
        function = inspect.unwrap(function)
    code = _code(function)
    if code is not None:
        return _frames.location(code)
    return _frames.location(culprit.f_code) if culprit is not None else ""


def _code(function: Any) -> CodeType | None:
    """A function's own code, else that of an object which can be called; a wrapper's, not what it wraps."""
    while isinstance(function, functools.partial):
        function = function.func
    caller = vars(type(function)).get("__call__")
    code = getattr(function, "__code__", None) or getattr(caller, "__code__", None)
    return code if isinstance(code, CodeType) else None


def traceback_text(node: TracebackType | None) -> str:
    """``file:line function`` of each frame, one a line, innermost last. No source text, no values."""
    lines: list[str] = []
    while node is not None and len(lines) < _TRACEBACK_FRAMES:
        code = node.tb_frame.f_code
        lines.append(f"{_relative(node)}:{node.tb_lineno} {code.co_name}")
        node = node.tb_next
    return "\n".join(lines)


def current_request(kind: int, context: Any, stack: tuple[tuple[int, Any], ...]) -> Any:
    """The request context that is being torn down, or was when it popped this app context; None: neither."""
    if kind == REQUEST:
        return context
    # Up to Flask 3.1 the request context is off the stack when it pops its app context: it is our caller.
    frame: FrameType | None = sys._getframe(1)
    for _ in range(8):
        if frame is None:
            break
        if frame.f_code.co_name == "pop":
            candidate = frame.f_locals.get("self")
            if candidate is not context and _request_of(candidate) is not None:
                return candidate
        frame = frame.f_back
    return next((known for found_kind, known in reversed(stack) if is_request(found_kind)), None)

"""The native module, as Python sees it. Nothing in it raises towards the application."""

from collections.abc import Callable
from contextvars import ContextVar
from types import CodeType
from typing import Any

def configure(
    name: str, directory: str | None, group: str | None, controllers: str | None = None, /
) -> None:
    """Remember the settings of this process. Before any fork; maps nothing, starts nothing."""

def describe(
    server_kind: str,
    server_model: str,
    server_version: str,
    server_workers: int,
    server_threads: int,
    number: int,
    instance: int,
    python: str,
    flask: str,
    werkzeug: str,
    sqlalchemy: str,
    /,
) -> None:
    """Say who this worker is; -1 and "" are unknown. May be said again."""

def attach() -> int:
    """Claim a slot and start the agent's thread in this process. 0, or a negative errno. Idempotent."""

def detach() -> None:
    """Free the slot: a clean end."""

def is_attached() -> bool:
    """Whether this very process has a slot."""

def problem() -> str | None:
    """Why the last attach failed, in one line; None: it did not."""

def warning() -> str | None:
    """What an attach that worked nevertheless has to say, in one line; None: nothing."""

def install(hooks: object, cv_app: ContextVar[Any] | None, cv_request: ContextVar[Any] | None, /) -> None:
    """Take the callbacks for cold paths, and Flask's context variables where this version has them."""

def wrap_wsgi(callable: Callable[..., Any], app: object, /) -> Callable[..., Any]:
    """A WSGI application that tells when requests begin and when their responses are closed."""

def wsgi_entry(function: Callable[..., Any], mark: str, /) -> Any:
    """What to set as ``Flask.wsgi_app``. Applications are watched that have the attribute ``mark`` of their own."""

def wrap_push(cls: type, function: Callable[..., Any], kind: int, /) -> Any:
    """What to set as ``cls.push``. Kind 0: app context, 1: request context, 2: whatever its ``has_request`` says."""

def wrap_pop(cls: type, function: Callable[..., Any], kind: int, /) -> Any:
    """What to set as ``cls.pop``."""

def watch_greenlets(getcurrent: Callable[[], object], /) -> int:
    """From now on each greenlet is a unit of its own. 0: this is not greenlet's own function, nothing is watched."""

def expect_coroutines() -> None:
    """There are greenlets or tasks in this process: ask at every event, and not only where one begins to matter."""

def watch_tasks(get_running_loop: Callable[[], object], current_task: Callable[[object], object], /) -> int:
    """From now on each asyncio task is a unit of its own. 0: these are not asyncio's own functions."""

def connection_opened(dbapi: object, record: object, /) -> None: ...
def connection_closed(dbapi: object, record: object | None, /) -> None: ...
def wrap_checkout(function: Callable[..., Any], /) -> Callable[..., Any]:
    """What to set as ``_ConnectionFairy._checkout``, in the place of the event."""

def checked_out(dbapi: object, record: object, fairy: object, /) -> None: ...
def checked_in(dbapi: object, record: object, /) -> None: ...
def detached(dbapi: object, record: object, /) -> None: ...
def engine(engine_key: int, url: str, pool_size: int, overflow: int, timeout_ms: int, /) -> int:
    """The number of an engine, registered under its key at the first call. -1: unknown, or no room."""

def own_frames(entry: CodeType | None, /) -> None:
    """What code is the application's own has changed. ``entry``: nothing below it is looked at."""

def teardown_failed(
    function: str,
    location: str,
    kind: int,
    blueprint: str | None,
    exception: str,
    message: str,
    method: str | None,
    endpoint: str | None,
    rule: str | None,
    skipped: tuple[str, ...],
    traceback: str,
    /,
) -> None:
    """A teardown function raised. All texts are free of secrets already."""

def watch_sessions(popped: Callable[[object], None] | None, pushed: Callable[[], None] | None, /) -> None:
    """Who is told of each app context that was popped, and of each context pushed that may inherit a session."""

def watch_pushes(pushed: Callable[[], None] | None, /) -> None:
    """Who is told of each context that the application pushes outside of any request."""

def session_orphaned(
    scope: str,
    flags: int,
    context: object | None,
    method: str | None,
    endpoint: str | None,
    rule: str | None,
    /,
) -> int:
    """A scoped session whose context is gone or just going. Flags: 1 in a transaction, 2 uncommitted work. A token.

    The label counts where the context is on no record any more.
    """

def session_changed(token: int, flags: int, inherited: bool, /) -> None:
    """An orphan session was looked at again; ``inherited``: it is the session of the open request now."""

def resource_taken(kind: str, name: str, state: int, /) -> int:
    """The current unit holds (state 1) or waits for (state 2) a resource. A token; 0: it has no record."""

def released(token: int, /) -> None:
    """A session or resource is there no more. Any thread; a token of another process is ignored."""

def hazard(code: str, message: str, /) -> None:
    """Something in the configuration is known to lead to leaks. Saying it again changes nothing."""

def permit(recycle: bool, control: bool, signal: int, /) -> None:
    """Whether this worker asks to be replaced when it leaked, whether clients may ask for it, and by which signal
    its server does it gracefully; 0: it cannot. Call it before ``attach``."""

def recycled() -> int:
    """Why this worker was told to go: 0 it was not, 1 it leaked, 2 it was asked to."""

def isolate(outer: Any, /) -> None:
    """Requests run in Contexts of their own from now on; the context variable holds what is pushed around them."""

def settle() -> None:
    """Make the record of this thread agree with the real stack, outside of any request."""

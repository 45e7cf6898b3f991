"""A stand-in for the native module where only the callbacks are under test: wraps as it does, notes what it is told."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import TracebackType
from typing import Any


class Recorder:
    """Notes every teardown failure. Its wrappers leave no frame of their own in a traceback, like native ones."""

    def __init__(self) -> None:
        self.hooks: Any = None
        self.failures: list[dict[str, Any]] = []
        self.engines: list[tuple[Any, ...]] = []

    def install(self, hooks: Any, _app: Any, _request: Any) -> None:
        self.hooks = hooks

    def wrap_push(self, _cls: type, function: Callable[..., Any], kind: int) -> Callable[..., Any]:
        return self._wrap(function, kind)

    def wrap_pop(self, _cls: type, function: Callable[..., Any], kind: int) -> Callable[..., Any]:
        return self._wrap(function, kind)

    def own_frames(self, _entry: Any) -> None:
        """Has no answers that could be wrong."""

    def is_attached(self) -> bool:
        return True

    def engine(self, *values: Any) -> int:
        self.engines.append(values)
        return int(values[0])

    def teardown_failed(self, *values: Any) -> None:
        names = "function location kind blueprint exception message method endpoint rule skipped traceback"
        self.failures.append(dict(zip(names.split(), values, strict=True)))

    def _wrap(self, function: Callable[..., Any], kind: int) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(context: Any, *arguments: Any) -> Any:
            try:
                return function(context, *arguments)
            except BaseException as error:
                whole: TracebackType | None = error.__traceback__
                error.__traceback__ = whole.tb_next if whole else None
                self.hooks.raised(context, kind, error)
                error.__traceback__ = whole
                raise

        return wrapper

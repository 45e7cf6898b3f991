"""What is to be known of a push, besides its record: is it a session's again, was it done by a module's own code?

The native module has one callback for that, which costs every request; so it is set only while somebody wants it:
the sessions, while there are orphans; and until it is clear whether anything was pushed at import.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from . import _hazards, _origins

# How many pushes are looked at while a context from an import is alive: requests may run on other threads.
_PATIENCE = 1000


class Pushes:
    """Stands for the native module before those who want to hear of pushes. No method raises an ``Exception``."""

    def __init__(self, native: Any, read_stack: Callable[[], Any]) -> None:
        self._native = native
        self._read_stack = read_stack
        self._popped: Callable[[Any], None] | None = None
        self._sessions: Callable[[], None] | None = None
        self._patience = _PATIENCE
        self._set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._native, name)

    def watch_sessions(self, popped: Callable[[Any], None], pushed: Callable[[], None] | None) -> None:
        """What the sessions want to be told."""
        self._popped, self._sessions = popped, pushed
        self._set()

    def _set(self) -> None:
        self._native.watch_sessions(self._popped, self._pushed if self._patience > 0 else self._sessions)

    def _pushed(self) -> None:
        if self._sessions is not None:
            self._sessions()
        try:
            self._look()
        except Exception:
            return

    def _look(self) -> None:
        caller = sys._getframe(2)
        contexts = [context for _, context in self._read_stack()]
        if _origins.is_module_running(caller):
            # The push may have been the module's own; what is left of it is seen once that has run.
            _origins.remember(contexts, caller)
        if not self._told(contexts):
            self._patience -= 1
        if self._patience <= 0 or not (_origins.is_any_known() or _origins.is_module_running(caller)):
            self._patience = 0
            self._set()

    def _told(self, contexts: list[Any]) -> bool:
        frames = [frame for frame in map(_origins.left_by_import, contexts) if frame]
        for frame in frames:
            _hazards.pushed_at_import(self._native, frame)
            self._patience = 0
        return bool(frames)

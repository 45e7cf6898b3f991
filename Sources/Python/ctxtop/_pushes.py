"""Pushes outside of any request: which of them does a module's own code do?

A context that is pushed while a module is imported, and is still there when that module has run to its end, stays on
the stack for good. So the module is noted at the push. What becomes of it is seen when a request runs on the context,
or when a worker attaches and finds it (``Hooks``). No request's own push comes here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from . import _origins


def watch(native: Any, read_stack: Callable[[], Any]) -> None:
    """Note every context that a module's own code pushes from now on."""

    def pushed() -> None:
        try:
            caller = sys._getframe(1)
            if _origins.is_module_running(caller):
                _origins.remember([context for _, context in read_stack()], caller)
        except Exception:
            return

    native.watch_pushes(pushed)

"""Greenlets and asyncio tasks: each has context variables of its own, and so each is a unit of its own.

The native module is told how to ask which one runs once the libraries are there; a process without them is
never asked. What it keeps of one goes with it, by a weak reference.
"""

from __future__ import annotations

import re
import sys
from types import BuiltinFunctionType
from typing import Any

from . import _imports

# Names end up in a table that is never emptied: only those that tell more than a number, and not too many.
_NUMBERED = re.compile(r".*[-_ ]?\d+\Z", re.DOTALL)
_LIMIT = 64
_names: set[str] = set()


# Libraries that nobody imports who does not run greenlets. SQLAlchemy imports greenlet itself in any case.
_RUN_GREENLETS = ("gevent", "eventlet", "sqlalchemy.ext.asyncio")


def watch(native: Any) -> None:
    """Tell the native module as soon as there may be greenlets or tasks in this process."""
    _imports.when_imported("greenlet", lambda: _watch_greenlets(native))
    _imports.when_imported("asyncio", lambda: _watch_tasks(native))


def _watch_greenlets(native: Any) -> None:
    native.watch_greenlets(sys.modules["greenlet"].getcurrent)
    for library in _RUN_GREENLETS:
        _imports.when_imported(library, native.expect_coroutines)


def _watch_tasks(native: Any) -> None:
    import _asyncio

    tasks = sys.modules["asyncio.tasks"]
    current = tasks.current_task
    if not isinstance(current, BuiltinFunctionType):
        # Up to 3.11 it is Python, and would be seen by tracers and profilers. The dictionary behind it is not.
        current = tasks._current_tasks.get
    native.watch_tasks(_asyncio._get_running_loop, current)


def name(unit: Any) -> str:
    """What a greenlet or task is called; ``""`` where it has nothing but a number.

    Only attributes that asyncio and gevent themselves give, and those of functions. Asked for the name of one that was
    given none, gevent would number it, and remember the number.
    """
    said = unit.get_name() if hasattr(unit, "get_name") else getattr(unit, "__dict__", {}).get("name")
    if not isinstance(said, str) or _NUMBERED.match(said):
        said = _function(unit)
    if said not in _names:
        if len(_names) >= _LIMIT:
            return ""
        _names.add(said)
    return said


def _function(unit: Any) -> str:
    """The function that a task or gevent's greenlet runs."""
    run = unit.get_coro() if hasattr(unit, "get_coro") else getattr(unit, "_run", None)
    said = getattr(run, "__qualname__", "")
    return said if isinstance(said, str) else ""

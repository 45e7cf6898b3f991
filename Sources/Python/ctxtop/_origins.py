"""Who pushed a context that requests and jobs find on their stack: long ago, and perhaps in another process.

A context pushed at import, in a master that forks later or in a worker that is still starting, stays on the
stack of every request of that thread. When the worker attaches it finds the context, but the push is long
past: its frame is remembered here, as text, under a weak reference; and the module whose code ran then. Once that
module has run to its end and the context is still there, nobody will pop it.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from . import _frames

# An application that pushes endlessly without ever attaching must not grow.
_LIMIT = 256


@dataclass(frozen=True)
class _Origin:
    context: weakref.ref[Any]
    #: ``"shop.py:41 chat"``.
    frame: str
    #: ``"shop.py"``: the module whose own code ran when it was pushed; "" if none did.
    module: str


_origins: dict[int, _Origin] = {}


def remember(contexts: Iterable[Any], caller: FrameType) -> None:
    """Note where contexts were pushed that are not known yet: by ``caller``. Holds no reference to any of them."""
    for context in contexts:
        key = id(context)
        if key not in _origins and len(_origins) < _LIMIT:
            gone = weakref.ref(context, lambda _, key=key: _origins.pop(key, None))  # type: ignore[misc]
            _origins[key] = _Origin(gone, _frames.first(caller), _module(caller))


def of(context: Any) -> str:
    """``"shop.py:41 chat"``: where ``context`` was pushed; ``""`` if that was not seen."""
    origin = _known(context)
    return origin.frame if origin is not None else ""


def left_by_import(context: Any) -> str:
    """Where ``context`` was pushed, if a module's code did that which has run to its end; else ``""``.

    Must be called on the thread that has it on its stack: a module that still runs may be in a ``with`` block.
    """
    origin = _known(context)
    return origin.frame if origin is not None and origin.module and not _runs(origin.module) else ""


def is_module_running(caller: FrameType) -> bool:
    """Whether the code of one of the application's own modules is on this stack."""
    return bool(_module(caller))


def _known(context: Any) -> _Origin | None:
    origin = _origins.get(id(context))
    return origin if origin is not None and origin.context() is context else None


def _module(frame: FrameType | None) -> str:
    while frame is not None:
        code = frame.f_code
        if code.co_name == "<module>" and not _frames.is_library(code.co_filename):
            return _frames.short(code.co_filename)
        frame = frame.f_back
    return ""


def _runs(module: str) -> bool:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "<module>" and _frames.short(frame.f_code.co_filename) == module:
            return True
        frame = frame.f_back
    return False

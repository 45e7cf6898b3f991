"""Who pushed a context before this process was attached.

A context pushed at import, in a master that forks later or in a worker that is still starting, stays on the
stack of every request of that thread. When the worker attaches it finds the context, but the push is long
past: its frame is remembered here, as text, under a weak reference.
"""

from __future__ import annotations

import weakref
from typing import Any

# An application that pushes endlessly without ever attaching must not grow.
_LIMIT = 256

_frames: dict[int, tuple[weakref.ref[Any], str]] = {}


def remember(context: Any, frame: str) -> None:
    """Note where ``context`` was pushed, unless that is known. Holds no reference that keeps it alive."""
    key = id(context)
    if key in _frames or len(_frames) >= _LIMIT:
        return
    _frames[key] = (weakref.ref(context, lambda _: _frames.pop(key, None)), frame)


def of(context: Any) -> str:
    """``"shop.py:41 chat"``: where ``context`` was pushed; ``""`` if that was not seen."""
    reference, frame = _frames.get(id(context), (None, ""))
    return frame if reference is not None and reference() is context else ""

"""Locks and other things that the application holds, and that die with a worker unless they are returned.

``ctxtop.resource("lock", "report")`` is the public face. dogpile.cache's distributed locks are tracked without
being asked: a worker that dies while it holds one leaves every other worker waiting.
"""

from __future__ import annotations

import functools
import hashlib
import re
import sys
from types import FrameType
from typing import Any

from . import _redact

_HELD, _WAITING = 1, 2
_NAME_BYTES = 100
_DIGEST_DIGITS = 8
_native: Any = None
# The key that dogpile makes by itself for a function: no value of any argument before the bar.
_FUNCTION_KEY = re.compile(r"[A-Za-z_][\w.]*:[\w.<>]+(?=\|)")


class Resource:
    """Something that the current unit holds, or waits for; best used in a ``with`` block.

    No method raises; where no agent runs, none does anything. Any thread may release what another one took.
    """

    def __init__(self, kind: str, name: str) -> None:
        self._kind = kind
        self._name = name
        self._token = 0

    def waiting(self) -> Resource:
        """It is wanted, and somebody else has it."""
        return self._enter(_WAITING)

    def held(self) -> Resource:
        """It is ours from now on."""
        return self._enter(_HELD)

    def released(self) -> None:
        """It is not ours any more, or no longer wanted."""
        token, self._token = self._token, 0
        if token:
            _native.released(token)

    def __enter__(self) -> Resource:
        return self.held()

    def __exit__(self, *_: object) -> None:
        self.released()

    def _enter(self, state: int) -> Resource:
        self.released()
        try:
            if _native is not None:
                self._token = _native.resource_taken(_bounded(self._kind), _bounded(self._name), state)
        except Exception:
            return self
        return self


def resource(kind: str, name: str) -> Resource:
    """``with ctxtop.resource("lock", "report"): ...`` - shown with its holder until the block ends.

    ``kind`` and ``name`` are shown as they are given: put no secret into them.
    """
    return Resource(kind, name)


def install(native: Any) -> None:
    """Resources are written by ``native`` from now on."""
    global _native
    _native = native


def install_dogpile(native: Any) -> None:
    """Track the distributed locks of every cache region. Once per process; may raise."""
    from dogpile.cache.region import CacheRegion

    name = "_mutex" if "_mutex" in vars(CacheRegion) else "_create_mutex"
    original = vars(CacheRegion)[name]
    if getattr(original, "_ctxtop", False):
        return

    @functools.wraps(original)
    def mutex_of(self: Any, key: Any) -> Any:
        mutex = original(self, key)
        try:
            return _tracked(native, self, _unmangled(sys._getframe(1), key), mutex)
        except Exception:
            return mutex

    mutex_of._ctxtop = True  # type: ignore[attr-defined]
    setattr(CacheRegion, name, mutex_of)


class _TrackedMutex:
    """A backend's mutex, and what it does. Everything else is the mutex's own."""

    def __init__(self, mutex: Any, resource: Resource) -> None:
        self._mutex = mutex
        self._resource = resource

    def acquire(self, *args: Any, **kwargs: Any) -> Any:
        self._resource.waiting()
        acquired = False
        try:
            acquired = self._mutex.acquire(*args, **kwargs)
            return acquired
        finally:
            if acquired:
                self._resource.held()
            else:
                self._resource.released()

    def release(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._mutex.release(*args, **kwargs)
        finally:
            self._resource.released()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._mutex, name)


def _tracked(native: Any, region: Any, key: Any, mutex: Any) -> Any:
    # A region without a distributed lock has locks of its own, which end with their process.
    if isinstance(mutex, _TrackedMutex) or not _is_distributed(mutex):
        return mutex
    name = _name_of(region, key)
    if not _timeout_of(region.backend, mutex):
        native.hazard(
            "lock_without_timeout",
            f"dogpile.cache region {getattr(region, 'name', None) or 'without name'} locks without lock_timeout",
        )
    return _TrackedMutex(mutex, Resource("lock", name))


def _unmangled(frame: FrameType, key: Any) -> Any:
    """The key as dogpile was given it, if it is there to be seen: memcached's backends make a digest of each."""
    return frame.f_locals.get("orig_key", key)


def _is_distributed(mutex: Any) -> bool:
    module = type(mutex).__module__
    return not (module.startswith(("dogpile.cache.region", "dogpile.util", "dogpile.core")) or module == "_thread")


def _timeout_of(backend: Any, mutex: Any) -> Any:
    for owner in (mutex, backend, getattr(backend, "proxied", None)):
        for name in ("timeout", "lock_timeout"):
            value = getattr(owner, name, None)
            if isinstance(value, (int, float)) and value > 0:
                return value
    return None


def _name_of(region: Any, key: Any) -> str:
    """A lock's name: that of the cached function, where dogpile made the key; else no more than a digest of it.

    A key that the application made may hold anything, a customer's name for instance.
    """
    text = key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key)
    text = text.removeprefix("_lock")
    found = _FUNCTION_KEY.match(text)
    # Only looks like one, perhaps: "user:alice|cart".
    if found is not None and found.group().partition(":")[0] in sys.modules:
        return _bounded(found.group())
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_DIGITS]
    return _bounded(f"{getattr(region, 'name', None) or 'region'} key {digest}")


def _bounded(text: Any) -> str:
    return _redact.bounded(str(text), _NAME_BYTES)

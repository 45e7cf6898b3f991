"""Calls that wait for a module to be imported.

A finder in front of ``sys.meta_path`` that finds nothing itself: it asks the others, and wraps the loader of
a module that somebody waits for. It is there only while somebody waits.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_log = logging.getLogger("ctxtop")
_waiting: dict[str, Callable[[], None]] = {}
_asking = threading.local()


def when_imported(name: str, call: Callable[[], None]) -> None:
    """Run ``call`` once the module ``name`` has been imported: now, if it is there already.

    ``call`` may raise: that is one log line.
    """
    module = sys.modules.get(name)
    if module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False):
        _run(name, call)
        return
    before = _waiting.get(name)
    _waiting[name] = call if before is None else _both(name, before, call)
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


def _both(name: str, first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def calls() -> None:
        _run(name, first)
        second()

    return calls


def _run(name: str, call: Callable[[], None]) -> None:
    try:
        call()
    except Exception as error:
        _log.warning("%s is not monitored: %s: %s", name, type(error).__name__, error)


def _imported(name: str) -> None:
    call = _waiting.pop(name, None)
    if not _waiting and _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    if call is not None:
        _run(name, call)


def _given_back(module: ModuleType, loader: Any) -> None:
    # The module is to keep the loader it would have had without us.
    spec = module.__spec__
    if spec is not None:
        spec.loader = loader
    module.__loader__ = loader


def _found(name: str) -> ModuleSpec | None:
    """What the others find, with a loader that tells when it is done; None: nobody waits, or they find nothing."""
    if name not in _waiting or getattr(_asking, "now", False):
        return None
    _asking.now = True
    try:
        spec = importlib.util.find_spec(name)
    finally:
        _asking.now = False
    if spec is None or spec.loader is None or not hasattr(spec.loader, "exec_module"):
        return None
    spec.loader = _Loader(spec.loader)
    return spec


class _Loader(Loader):
    """Does what the module's own loader does, then tells that the module is there."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        with contextlib.suppress(Exception):
            _given_back(module, self._loader)
        self._loader.exec_module(module)
        with contextlib.suppress(Exception):
            _imported(module.__name__)


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        try:
            return _found(fullname)
        except Exception:
            return None


_finder = _Finder()

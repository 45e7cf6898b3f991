"""The first frame of the application's own code: who did it, rather than which library was asked to.

This module says what that is; the native module walks, and asks here once for each code object and for each place
in the application's own code.

A file belongs to the application unless it lies in a library directory (standard library, site-packages,
this package, installed scripts); an application that is itself installed there is known by its root path.
The answer per file is cached.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import CodeType, FrameType

# Enough for any real program; a program that compiles code under endless names must not grow us.
_CACHE_LIMIT = 8192
_SHORT_COMPONENTS = 2

_roots: list[str] = []
# What lies below the framework's own entry is the server, or the program that started it.
_entry: CodeType | None = None
_known: dict[str, str | None] = {}
# Who remembers answers of `named`; told the entry whenever they no longer hold.
_forget: Callable[[CodeType | None], object] | None = None


def first(frame: FrameType | None = None) -> str:
    """``"shop.py:41 chat"`` for the innermost frame of the application's own code; ``""`` without one.

    In a request, only what the framework called is looked at.
    ``frame``: where to begin; the caller's frame if not given. Any thread.
    """
    frame = frame or sys._getframe(1)
    while frame is not None and frame.f_code is not _entry:
        name = named(frame.f_code, frame.f_lineno)
        if name is not None:
            return name
        frame = frame.f_back
    return ""


def named(code: CodeType, line: int | None) -> str | None:
    """``"shop.py:41 chat"`` for a line of a function of the application's own; None for a library's."""
    try:
        short = _known[code.co_filename]
    except KeyError:
        short = _remember(code.co_filename)
    return None if short is None else f"{short}:{line} {code.co_name}"


def location(code: CodeType) -> str:
    """``"shop.py:12"``: where a function is defined."""
    return f"{short(code.co_filename)}:{code.co_firstlineno}"


def short(filename: str) -> str:
    """A file's name below the nearest directory that Python imports from, at most two components."""
    return "/".join(relative(filename).split("/")[-_SHORT_COMPONENTS:])


def relative(filename: str) -> str:
    """A file's name below the nearest directory that Python imports from."""
    base = max(_bases(filename, [*_roots, *_library_directories, *_import_directories()]), key=len, default="")
    return filename[len(base) :].lstrip("/") if base else filename.lstrip("/")


def add_root(path: str) -> None:
    """Files below ``path`` are the application's own, even where libraries are installed."""
    path = _directory(path)
    if path not in _roots:
        _roots.append(path)
        _changed()


def set_entry(function: object) -> None:
    """``function`` is where the framework takes a request over from its server."""
    global _entry
    code = getattr(function, "__code__", None)
    _entry = code if isinstance(code, CodeType) else None
    _changed()


def on_change(forget: Callable[[CodeType | None], object]) -> None:
    """``forget`` is called now, and whenever answers of ``named`` or the entry change: with the entry's code."""
    global _forget
    _forget = forget
    forget(_entry)


def is_library(filename: str) -> bool:
    """Whether a file belongs to a library rather than to the application."""
    if filename.startswith("<"):
        return True
    library = max(map(len, _bases(filename, _library_directories)), default=0)
    for marker in ("/site-packages/", "/dist-packages/"):
        end = filename.rfind(marker)
        library = max(library, end + len(marker)) if end >= 0 else library
    return library > 0 and library >= max(map(len, _bases(filename, _roots)), default=0)


def _changed() -> None:
    _known.clear()
    if _forget is not None:
        _forget(_entry)


def _remember(filename: str) -> str | None:
    if len(_known) >= _CACHE_LIMIT:
        _known.clear()
    answer = None if is_library(filename) else short(filename)
    _known[filename] = answer
    return answer


def _directory(path: str) -> str:
    return os.path.abspath(path).rstrip("/") + "/"


def _bases(filename: str, directories: list[str]) -> list[str]:
    return [directory for directory in directories if filename.startswith(directory)]


def _import_directories() -> list[str]:
    return [_directory(entry or ".") for entry in sys.path if isinstance(entry, str)]


def _find_library_directories() -> list[str]:
    # What is installed lies below directories that are known by their names; see is_library. Not by sysconfig,
    # which would load a megabyte of build settings.
    found = {os.path.dirname(os.__file__), os.path.dirname(os.path.abspath(__file__))}
    if sys.executable:
        # Installed scripts lie beside their interpreter.
        found.add(os.path.dirname(sys.executable))
    return sorted({_directory(path) for path in found} | {_directory(os.path.realpath(path)) for path in found})


_library_directories = _find_library_directories()

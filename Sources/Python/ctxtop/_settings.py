"""CTXTOP_* settings, and the name of the service that they or the application give.

The environment wins over ``app.config``: who runs the server has the last word.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

# The stem names files and a socket; its bound is the segment's name field.
_STEM_BYTES = 48
_HASH_DIGITS = 6
_GUARDS = ("finish", "log")
_OFF = frozenset({"0", "false", "no", "off", ""})


# What wins over the environment as well, and is not told to the processes that this one starts.
_forced: dict[str, str] = {}


@dataclass(frozen=True)
class Settings:
    """What may be configured. ``None``: not given."""

    enabled: bool
    name: str | None
    directory: str | None
    group: str | None
    #: Whether messages of exceptions may leave the process.
    messages: bool = False
    #: ``finish`` or ``log``.
    guard: str | None = None
    isolate: bool = False
    recycle: bool = False
    control: bool = False
    #: Whose members may have workers replaced; without it those of ``group``.
    control_group: str | None = None


def read(
    config: Mapping[str, object], environment: Mapping[str, str] = os.environ, guard: str | None = None
) -> Settings:
    """Read the settings of one application; what its code gave goes last. An empty value counts as not given."""

    environment = {**environment, **_forced} if _forced else environment

    def text(key: str) -> str | None:
        value: object = environment.get(key)
        if value is None:
            value = config.get(key)
        return str(value) if value not in (None, "") else None

    def switch(key: str) -> bool:
        return _is_on(environment.get(key), config.get(key))

    return Settings(
        enabled=_is_on(environment.get("CTXTOP_ENABLED"), config.get("CTXTOP_ENABLED", True)),
        name=text("CTXTOP_NAME"),
        directory=text("CTXTOP_DIR"),
        group=text("CTXTOP_GROUP"),
        guard=_guard(text("CTXTOP_GUARD") or guard),
        isolate=switch("CTXTOP_ISOLATE"),
        recycle=switch("CTXTOP_RECYCLE"),
        control=switch("CTXTOP_CONTROL"),
        control_group=text("CTXTOP_CONTROL_GROUP"),
        messages=switch("CTXTOP_MESSAGES"),
    )


def groups(settings: Settings) -> tuple[str | None, str | None]:
    """Whose members may look, and whose may act besides: these need not be named twice, for who acts must get in."""
    controllers = settings.control_group if settings.control else None
    return settings.group or controllers, controllers


def force(settings: Mapping[str, str]) -> None:
    """These win over all others in this process from now on; an empty mapping: none does any more."""
    _forced.clear()
    _forced.update(settings)


def stem(settings: Settings, app_name: str, root_path: str) -> str:
    """The service's name as files bear it: reduced to ``[A-Za-z0-9._-]``, at most 48 bytes, never empty.

    Without ``CTXTOP_NAME`` it ends in six hexadecimal digits of a hash of user and root path, so that two
    users, or two copies of one application, do not meet in one segment.
    """
    if settings.name is not None:
        return _reduced(settings.name, _STEM_BYTES)
    key = f"{os.getuid()}\0{root_path}".encode("utf-8", "surrogateescape")
    digits = hashlib.sha256(key).hexdigest()[:_HASH_DIGITS]
    return f"{_reduced(app_name, _STEM_BYTES - _HASH_DIGITS - 1)}-{digits}"


def _guard(value: str | None) -> str | None:
    mode = (value or "").strip().lower()
    if mode in _OFF:
        return None
    if mode not in _GUARDS:
        raise ValueError(f"CTXTOP_GUARD is {value!r}, and may be finish, log or 0")
    return mode


def _is_on(environment: str | None, config: object) -> bool:
    value = environment if environment is not None else config
    return str(value).strip().lower() not in _OFF and value is not None


def _reduced(name: str, size: int) -> str:
    # A leading dot would hide the file or climb a directory; a leading dash reads as an option.
    return re.sub(r"[^A-Za-z0-9._-]", "-", name).lstrip(".-")[:size] or "app"

"""What a server that is only watched serves: nothing, at no cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def application(_environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
    """Nothing."""
    start("204 No Content", [])
    return []

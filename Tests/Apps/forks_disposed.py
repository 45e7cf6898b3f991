"""gunicorn's configuration for an application that has used its engine before the fork."""

from __future__ import annotations

from typing import Any


def post_fork(_server: Any, _worker: Any) -> None:
    """The parent's connections are the parent's: the pool begins anew, and closes none of them."""
    from forks import engine

    engine.dispose(close=False)

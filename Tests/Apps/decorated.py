"""The shop in a project that uses uWSGI's fork hook itself, by hand and then through uWSGI's decorators.

``SHOP_DECORATORS=1`` imports the decorators last: they take the hook over, knowing of nobody who was there.
"""

from __future__ import annotations

import os
import sys

import uwsgi


def earlier_hook() -> None:
    print(f"earlier hook {os.getpid()}", file=sys.stderr, flush=True)


uwsgi.post_fork_hook = earlier_hook

from shop import app  # noqa: E402

if os.environ.get("SHOP_DECORATORS"):
    import uwsgidecorators

    @uwsgidecorators.postfork
    def decorated_hook() -> None:
        print(f"decorated hook {os.getpid()}", file=sys.stderr, flush=True)


__all__ = ["app"]

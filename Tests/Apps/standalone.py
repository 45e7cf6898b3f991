"""The shop as a program that brings its own gunicorn: the application exists before the arbiter does."""

from __future__ import annotations

import sys
from typing import Any

from gunicorn.app.base import BaseApplication
from shop import app


class Standalone(BaseApplication):  # type: ignore[misc]
    """Serves one application on the address given, with two workers."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def load_config(self) -> None:
        for key, value in {"bind": self.address, "workers": 2, "control_socket_disable": True}.items():
            self.cfg.set(key, value)

    def load(self) -> Any:
        return app


if __name__ == "__main__":
    # What a program does before it serves; with the arbiter to be, this is no worker's doing.
    with app.app_context():
        pass
    Standalone(sys.argv[1]).run()

"""A worker without a server: a process that attaches by the native module alone, and says what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from support.server import python_path

_ATTACH = """
import json, os, sys
import ctxtop._native as native
settings = json.loads(sys.argv[1])
os.umask(settings.get("umask", 0o22))
native.configure(settings.get("name", "shop"), settings["directory"], settings.get("group"))
native.permit(False, True, 15)
for line in sys.stdin:
    if line.strip() == "attach":
        print(json.dumps([native.attach(), native.problem(), native.warning()]), flush=True)
    else:
        native.detach()
        print("[]", flush=True)
"""


class Worker:
    """Attaches to a directory when it is told to. A context manager: its process ends with it."""

    def __init__(self, directory: Path | str, before: list[str] | None = None, **settings: Any) -> None:
        words = json.dumps({"directory": str(directory), **settings})
        self.process = subprocess.Popen(
            [*(before or []), sys.executable, "-c", _ATTACH, words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd="/",
            env={**os.environ, "PYTHONPATH": python_path()},
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)

    def attach(self) -> tuple[int, str | None]:
        """0 or -errno, and what a server's log would say."""
        code, problem, _ = self._ask("attach")
        return code, problem

    def detach(self) -> None:
        self._ask("detach")

    def _ask(self, word: str) -> Any:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"the worker ended with {self.process.wait(5)}"
        return json.loads(answer)

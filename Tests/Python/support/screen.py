"""The real program in a real terminal: tmux runs it, keys go in, what a person would see comes out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from . import agent


class Screen:
    """A tmux server of its own with one window, in which a shell runs ``ctxtop``."""

    def __init__(self, directory: Path, *arguments: str, width: int = 120, height: int = 30) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="ctxtop-screen-"))
        self._socket = self._scratch / "tmux"
        environment: Mapping[str, str] = {
            **os.environ,
            "CTXTOP_DIR": str(directory),
            "LANG": "C.UTF-8",
            "SHELL": "/bin/sh",
            "PS1": "$ ",
        }
        self._environment = dict(environment)
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), "sh")
        self.run(" ".join([str(agent.program()), *arguments]))

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self._socket), *arguments]
        result = subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=10, check=True)
        return result.stdout

    def run(self, command: str) -> None:
        """Type a command into the shell."""
        self._tmux("send-keys", "-l", command)
        self._tmux("send-keys", "Enter")

    def keys(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        self._tmux("send-keys", *keys)

    def resize(self, width: int, height: int) -> None:
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def text(self) -> str:
        return self._tmux("capture-pane", "-p")

    def is_alternate(self) -> bool:
        """Whether a full-screen program has the terminal."""
        return self.value("alternate_on") == "1"

    def value(self, name: str) -> str:
        """What tmux knows of the window."""
        return self._tmux("display-message", "-p", f"#{{{name}}}").strip()

    def wait(self, holds: Callable[[str], bool], seconds: float = 5) -> str:
        """The first screen that ``holds``; fails with the last one."""
        deadline = time.monotonic() + seconds
        while True:
            text = self.text()
            if holds(text):
                return text
            assert time.monotonic() < deadline, f"not within {seconds} s; the screen is:\n{text}"
            time.sleep(0.02)

    def wait_for(self, pattern: str, seconds: float = 5) -> str:
        return self.wait(lambda text: re.search(pattern, text) is not None, seconds)

    def close(self) -> None:
        subprocess.run(["tmux", "-S", str(self._socket), "kill-server"], capture_output=True, check=False)
        shutil.rmtree(self._scratch, ignore_errors=True)

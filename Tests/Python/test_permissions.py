"""Who may look: the server's own user alone, or a group besides."""

from __future__ import annotations

import grp
import os
import pwd
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

from support import agent
from support.server import GUNICORN_SYNC, Server

GROUP = "nogroup"
ASK = """
import socket, sys
client = socket.socket(socket.AF_UNIX)
client.settimeout(5)
client.connect(sys.argv[1])
client.sendall(b"json\\n")
data = b""
while part := client.recv(65536):
    data += part
print(len(data))
"""


def ask_as(user: str, group: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Ask the socket for JSON as somebody else."""
    return subprocess.run(
        ["/usr/bin/python3", "-c", ASK, str(path)],
        user=pwd.getpwnam(user).pw_uid,
        group=grp.getgrnam(group).gr_gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env={"PATH": os.environ["PATH"]},
        cwd="/",
    )


def modes(directory: Path) -> dict[str, tuple[int, str]]:
    """Mode and group of the directory and of what is in it, by kind."""
    found = {"directory": directory, **{path.suffix: path for path in directory.iterdir()}}
    return {
        kind: (stat.S_IMODE(path.stat().st_mode), grp.getgrgid(path.stat().st_gid).gr_name)
        for kind, path in found.items()
    }


def test_alone_by_default(start: Callable[..., Server]) -> None:
    server = start(GUNICORN_SYNC)
    agent.snapshot(server.directory)
    found = modes(server.directory)
    assert found["directory"][0] == 0o700
    assert {kind: mode for kind, (mode, _) in found.items() if kind != "directory"} == {
        ".sock": 0o600,
        ".segment": 0o600,
        ".lock": 0o600,
    }


def test_a_group_may_look(start: Callable[..., Server]) -> None:
    server = start(GUNICORN_SYNC, "", {"CTXTOP_GROUP": GROUP})
    agent.snapshot(server.directory)
    assert modes(server.directory) == {
        "directory": (0o750, GROUP),
        ".sock": (0o660, GROUP),
        ".segment": (0o640, GROUP),
        ".lock": (0o640, GROUP),
    }
    path = agent.socket_path(server.directory)
    member = ask_as("nobody", GROUP, path)
    assert member.returncode == 0 and int(member.stdout) > 100, member.stderr
    stranger = ask_as("nobody", "games", path)
    assert stranger.returncode != 0 and "PermissionError" in stranger.stderr

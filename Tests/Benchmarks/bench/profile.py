"""Reads what callgrind wrote: instructions per function, and along the calls between functions."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_NAME = re.compile(r"\((\d+)\)(?: (.*))?")
_RECURSION = re.compile(r"'\d+$")
#: A function: the object that it lies in, and its name.
Function = tuple[str, str]


@dataclass
class Profile:
    """Instructions of one thread."""

    exclusive: Counter[Function] = field(default_factory=Counter)
    #: Inclusive, from caller to callee.
    calls: Counter[tuple[Function, Function]] = field(default_factory=Counter)
    #: How often.
    counts: Counter[tuple[Function, Function]] = field(default_factory=Counter)


class _Reader:
    """Names are given once and numbered from then on."""

    def __init__(self) -> None:
        self.names: dict[tuple[str, str], str] = {}

    def name(self, kind: str, text: str) -> str:
        match = _NAME.match(text)
        if match is None:
            return text
        key = (kind, match[1])
        if match[2] is not None:
            self.names[key] = match[2]
        return self.names[key]


def read(path: Path) -> Profile:
    """The profile of one file of one thread. Levels of recursion are one function."""
    profile, reader = Profile(), _Reader()
    here = there = callee_object = ""
    function: Function = ("", "")
    callee: Function = ("", "")
    is_call = False
    for line in path.read_text().splitlines():
        key, equals, text = line.partition("=")
        if equals and key in ("ob", "cob", "fn", "cfn", "calls", "fl", "fi", "fe", "cfi", "cfl"):
            if key == "ob":
                here = reader.name("ob", text)
            elif key == "cob":
                callee_object = reader.name("ob", text)
            elif key == "fn":
                function = (Path(here).name, _RECURSION.sub("", reader.name("fn", text)))
            elif key == "cfn":
                there = callee_object or here
                callee = (Path(there).name, _RECURSION.sub("", reader.name("fn", text)))
                callee_object = ""
            elif key == "calls":
                profile.counts[function, callee] += int(text.split()[0])
                is_call = True
        elif line and line[0] in "0123456789+-*":
            cost = int(line.split()[1]) if " " in line else 0
            if is_call:
                profile.calls[function, callee] += cost
                is_call = False
            else:
                profile.exclusive[function] += cost
    return profile


def per_request(
    large: Profile, small: Profile, requests: int
) -> tuple[Counter[Function], Counter[tuple[Function, Function]]]:
    """Exclusive instructions of functions and inclusive ones of calls, of one request."""
    exclusive: Counter[Function] = Counter()
    calls: Counter[tuple[Function, Function]] = Counter()
    for key in large.exclusive.keys() | small.exclusive.keys():
        exclusive[key] = round((large.exclusive[key] - small.exclusive[key]) / requests)
    for edge in large.calls.keys() | small.calls.keys():
        calls[edge] = round((large.calls[edge] - small.calls[edge]) / requests)
    return exclusive, calls


def demangled(names: Iterable[str]) -> dict[str, str]:
    """Readable names of Swift symbols, where the toolchain is at hand."""
    wanted = list(names)
    if shutil.which("swift") is None:
        return {name: name for name in wanted}
    result = subprocess.run(
        ["swift", "demangle", "--simplified", "--compact"],
        input="\n".join(wanted), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(zip(wanted, result.stdout.splitlines(), strict=True))

"""Runs the benchmarks and prints their figures as a Markdown table. Arguments go to pytest (``--long``, ``-k``).

With ``--profile`` it runs none of them, and prints where the instructions go that ctxtop adds to a request; what
follows are options of the guest (``--profile --view=database``).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def table(arguments: list[str]) -> int:
    """Runs everything; the table on standard output, the tests' own words on standard error."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "table.md"
        command = [sys.executable, "-m", "pytest", str(HERE), "--table", str(path), *arguments]
        status = subprocess.run(command, stdout=sys.stderr, check=False).returncode
        print(path.read_text() if path.exists() else "", end="")
    return status


def profile(options: list[str]) -> int:
    """Where the added instructions of one request go."""
    sys.path[:0] = [str(HERE), str(HERE.parents[1] / "Sources" / "Python")]
    from bench import callgrind, places
    from bench.profile import demangled

    plain, ours = callgrind.requests([(options, 0), ([*options, "--attach"], 0)])
    names = demangled({name for _, name in ours.functions})
    print(f"plain {plain.instructions:.0f}, instrumented {ours.instructions:.0f} instructions\n")
    print("In the extension, exclusive:")
    for (place, name), cost in ours.functions.most_common():
        if place == places.NATIVE and cost > 0:
            print(f"{cost:8}  {names[name]}")
    print("\nFrom the extension into others, inclusive:")
    for ((place, name), (there, callee)), cost in ours.calls.most_common():
        if place == places.NATIVE != there and cost > 0:
            print(f"{cost:8}  {names[name]} -> {callee}")
    print("\nElsewhere, exclusive, more than plain:")
    differences = {key: ours.functions[key] - plain.functions[key] for key in ours.functions | plain.functions}
    for (place, name), cost in sorted(differences.items(), key=lambda item: -abs(item[1]))[:40]:
        if place != places.NATIVE:
            print(f"{cost:8}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(profile(sys.argv[2:]) if sys.argv[1:2] == ["--profile"] else table(sys.argv[1:]))

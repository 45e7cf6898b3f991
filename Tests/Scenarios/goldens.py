"""The traces of all versions in one file for each file of scenarios: what is equal stands there once.

    scenario NAME
    flask 0.10.1
      LINES
    flask 0.12.5 1.1.4
      LINES
"""

from __future__ import annotations

from pathlib import Path

#: Of one version: the lines of each scenario.
Traces = dict[str, list[str]]
#: Of each scenario: the lines by version.
Goldens = dict[str, dict[str, list[str]]]

HERE = Path(__file__).resolve().parent
#: In the order in which they are played.
FILES = [*sorted((HERE / "scripted").glob("*.txt")), HERE / "random.txt"]
#: What Flask's main branch calls with what, in the scenarios that are plain.
FINISH = HERE / "traces" / "finish.txt"


def golden_of(file: Path) -> Path:
    return HERE / "traces" / file.name


def split(output: str) -> Traces:
    """What the player has written."""
    traces: Traces = {}
    for line in output.splitlines():
        if line.startswith("scenario "):
            lines = traces[line.split()[1]] = []
        else:
            lines.append(line.strip())
    return traces


def read(path: Path) -> Goldens:
    goldens: Goldens = {}
    versions: list[str] = []
    for line in path.read_text().splitlines() if path.exists() else []:
        word, *rest = line.split()
        if word == "scenario" and not line.startswith(" "):
            of_scenario = goldens[rest[0]] = {}
        elif word == "flask" and not line.startswith(" "):
            versions = rest
            of_scenario.update({version: [] for version in versions})
        else:
            for version in versions:
                of_scenario[version].append(line.strip())
    return goldens


def write(path: Path, goldens: Goldens) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"scenario {name}\n{_sections(traces)}" for name, traces in goldens.items()))


def _sections(traces: dict[str, list[str]]) -> str:
    by_lines: dict[tuple[str, ...], list[str]] = {}
    for version in sorted(traces, key=lambda version: tuple(map(int, version.split(".")))):
        by_lines.setdefault(tuple(traces[version]), []).append(version)
    return "".join(
        f"flask {' '.join(versions)}\n" + "".join(f"  {line}\n" for line in lines)
        for lines, versions in by_lines.items()
    )

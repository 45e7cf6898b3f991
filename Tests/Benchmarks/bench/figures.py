"""Figures that were measured, with their bounds; and the Markdown table that they make."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    what: str
    value: str
    bound: str
    goal: str
    holds: bool


class Figures:
    """Everything that one run measured, in order."""

    def __init__(self) -> None:
        self.lines: list[Figure] = []

    def note(self, what: str, value: str) -> None:
        """A figure without a bound: reported, not judged."""
        self.lines.append(Figure(what, value, "", "", True))

    def at_most(self, what: str, value: float, bound: float, goal: float | None = None, form: str = "{:.2f}") -> None:
        """A figure that must not exceed its bound; fails after it has been noted."""
        text, limit = form.format(value), form.format(bound)
        self.lines.append(Figure(what, text, limit, "" if goal is None else form.format(goal), value <= bound))
        assert value <= bound, f"{what}: {text}, at most {limit}"

    def markdown(self) -> str:
        """The table."""
        lines = ["| what | measured | at most | goal |", "|---|---|---|---|"]
        for line in self.lines:
            value = line.value if line.holds else f"**{line.value}**"
            lines.append(f"| {line.what} | {value} | {line.bound} | {line.goal} |")
        return "\n".join(lines)

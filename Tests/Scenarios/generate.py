"""Makes scenarios at random: ``generate.py --seed 7 --count 220 >random.txt``; for ever the same ones of a seed.

They end: whatever asks for another thing asks for one that was made before it. What they leave out is about something
else than contexts: a view that takes away the request it answers, a context that one thread pushes and another pops.
"""

from __future__ import annotations

import argparse
import random
import re
from dataclasses import dataclass, field

ERRORS = ("Broken", "Torn", "base Killed")
USERS = ("alice", "bob", "carol")
APPS = ("shop", "bank")


class Dice:
    """Only ``random()``, which Python promises to be the same in every version."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def below(self, count: int) -> int:
        return int(self._random.random() * count)

    def is_lucky(self, chance: float) -> bool:
        return self._random.random() < chance

    def one(self, choices: list[str] | tuple[str, ...]) -> str:
        return choices[self.below(len(choices))]

    def weighted(self, choices: dict[str, float]) -> str:
        point = self._random.random() * sum(choices.values())
        for name, weight in choices.items():
            point -= weight
            if point < 0:
                return name
        return next(iter(choices))


@dataclass(frozen=True)
class Mood:
    """How likely things are to go wrong."""

    #: That a function at the end, a view, another block raises.
    teardown: float
    view: float
    #: That contexts are pushed and popped by hand, in no order.
    by_hand: float
    #: That an answer is left open.
    streams: float


MOODS = {
    "tidy": Mood(0, 0.1, 0, 0.2),
    "failing": Mood(0.5, 0.2, 0.1, 0.2),
    "misplaced": Mood(0.15, 0.05, 1, 0.1),
    "streaming": Mood(0.2, 0.1, 0.15, 1),
    "anything": Mood(0.3, 0.15, 0.6, 0.5),
}


@dataclass
class Sketch:
    """What a scenario is made of so far."""

    dice: Dice
    mood: Mood
    apps: list[str]
    lines: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    app_of: dict[str, str] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    #: That blocks may push and pop by name; none if several threads would.
    app_contexts: list[str] = field(default_factory=list)
    is_threaded: bool = False
    contexts: list[str] = field(default_factory=list)
    streams: list[str] = field(default_factory=list)

    def define(self, head: str, steps: list[str]) -> None:
        self.lines.append(f"  {head}" + (f": {'; '.join(steps)}" if steps else ""))


def scenario(seed: int, number: int) -> str:
    dice = Dice(seed * 100_003 + number)
    mood = dice.one(tuple(MOODS))
    sketch = Sketch(dice, MOODS[mood], list(APPS[: 1 + dice.below(2)]))
    for app in sketch.apps:
        sketch.define(f"app {app}" + (" propagates" if dice.is_lucky(0.25) else ""), [])
    owners = list(sketch.apps)
    for group in ("till", "door")[: dice.below(3)]:
        sketch.define(f"group {group} of {dice.one(sketch.apps)}", [])
        owners.append(group)
    _add_contexts_and_blocks(sketch, owners)
    _add_teardowns(sketch, owners)
    _add_main(sketch)
    return f"scenario {mood}_{number}\n" + "\n".join(_used(sketch.lines)) + "\n"


def _used(lines: list[str]) -> list[str]:
    """Without the blocks and contexts that no other line names."""
    while True:
        words = [set(re.findall(r"\w+", line)) for line in lines]
        kept = [
            line
            for number, line in enumerate(lines)
            if not line.startswith(("  part", "  view", "  body", "  context"))
            or any(_name(line) in named for other, named in enumerate(words) if other != number)
        ]
        if len(kept) == len(lines):
            return lines
        lines = kept


def _name(line: str) -> str:
    return line.split()[1].rstrip(":")


def _add_contexts_and_blocks(sketch: Sketch, owners: list[str]) -> None:
    dice = sketch.dice
    for name in ("a", "b", "c")[: dice.below(4)]:
        sketch.define(f"context {name} of app {dice.one(sketch.apps)}", [])
        sketch.contexts.append(name)
    sketch.is_threaded = dice.is_lucky(0.3)
    if not sketch.is_threaded:
        sketch.app_contexts += sketch.contexts
    if dice.is_lucky(0.6):
        sketch.define("body rows", _body(sketch))
    # From the last to the first, each of them may use what was made before it.
    for name in reversed(("index", "detail", "pay", "login")[: 2 + dice.below(3)]):
        _add_part(sketch)
        steps = _steps(sketch, dice.below(3), sketch.mood.view, sketch.app_contexts)
        streams = any(line.startswith("  body") for line in sketch.lines) and dice.is_lucky(sketch.mood.streams * 0.6)
        if streams:
            steps.append("stream rows")
            sketch.streams.append(name)
        owner = dice.one(owners)
        sketch.define(f"view {name} of {owner}", steps)
        sketch.views.append(name)
    for name in ("r", "s")[: dice.below(3)]:
        sketch.define(f"context {name} of request {dice.one(sketch.views)}", [])
        sketch.contexts.append(name)
    _add_part(sketch)


def _add_part(sketch: Sketch) -> None:
    name = f"part{len(sketch.parts)}"
    steps = _steps(sketch, 1 + sketch.dice.below(2), sketch.mood.view, sketch.app_contexts)
    sketch.define(f"part {name}", steps)
    sketch.parts.append(name)


def _steps(sketch: Sketch, count: int, raises: float, contexts: list[str]) -> list[str]:
    """Steps of a block, out of what there is so far."""
    steps = [_step(sketch, contexts) for _ in range(count)]
    if sketch.dice.is_lucky(raises):
        steps.append(_raise(sketch))
    return steps


def _step(sketch: Sketch, contexts: list[str]) -> str:
    dice = sketch.dice
    chances = {"look": 0.7, "storage": 1.5}
    if sketch.views:
        chances["request"] = 0.8
        chances["with request"] = 0.4
    if sketch.parts:
        chances["with app"] = 0.7
        chances["catch"] = 0.5
    if contexts:
        chances["by hand"] = 2 * sketch.mood.by_hand
    match dice.weighted(chances):
        case "storage":
            return f"set user {dice.one(USERS)}" if dice.is_lucky(0.5) else "get user"
        case "request":
            return f"request {dice.one(sketch.views)}"
        case "with request" if sketch.parts:
            return f"with request {dice.one(sketch.views)} {dice.one(sketch.parts)}"
        case "with app":
            return f"with app {dice.one(sketch.apps)} {dice.one(sketch.parts)}"
        case "catch":
            return f"catch {dice.one(sketch.parts)}"
        case "by hand":
            return _by_hand(sketch, contexts)
        case _:
            return "look"


def _by_hand(sketch: Sketch, contexts: list[str]) -> str:
    name = sketch.dice.one(contexts)
    if sketch.dice.is_lucky(0.5):
        return f"push {name}"
    return f"pop {name}" + (" with Broken" if sketch.dice.is_lucky(0.2) else "")


def _raise(sketch: Sketch) -> str:
    return f"raise {'once ' if sketch.dice.is_lucky(0.5) else ''}{sketch.dice.one(ERRORS)}"


def _body(sketch: Sketch) -> list[str]:
    dice = sketch.dice
    steps = ["chunk"] + [dice.one(("chunk", "look", "get user", "set user dave")) for _ in range(dice.below(4))]
    return steps + ([_raise(sketch)] if dice.is_lucky(sketch.mood.view) else [])


def _add_teardowns(sketch: Sketch, owners: list[str]) -> None:
    """Functions only raise and look: what they ask for would have functions of its own, without an end."""
    dice = sketch.dice
    for number in range(dice.below(7)):
        owner = dice.one(owners)
        kind = "app" if owner in sketch.apps and dice.is_lucky(0.5) else "request"
        steps = [dice.one(("get user", "look"))] if dice.is_lucky(0.2) else []
        if sketch.app_contexts and dice.is_lucky(sketch.mood.by_hand * 0.1):
            steps.append(f"push {dice.one(sketch.app_contexts)}")
        if dice.is_lucky(sketch.mood.teardown):
            steps.append(_raise(sketch))
        sketch.define(f"teardown end{number} of {owner} on {kind}", steps)


def _add_main(sketch: Sketch) -> None:
    dice = sketch.dice
    steps: list[str] = []
    # Who opened an answer reads it: a name belongs to one thread.
    opened: list[str] = []
    for _ in range(3 + dice.below(4)):
        if sketch.is_threaded and dice.is_lucky(0.4):
            steps.append(f"on {dice.one(('one', 'two'))} {dice.one(sketch.parts)}")
        elif sketch.streams and dice.is_lucky(sketch.mood.streams * 0.6):
            steps.append(_stream(sketch, opened))
        elif sketch.contexts and dice.is_lucky(sketch.mood.by_hand * 0.6):
            steps.append(_by_hand(sketch, sketch.contexts))
        elif dice.is_lucky(0.6):
            steps.append(f"request {dice.one(sketch.views)}")
        else:
            steps.append(_step(sketch, sketch.contexts))
    sketch.define("main", steps)


def _stream(sketch: Sketch, opened: list[str]) -> str:
    dice = sketch.dice
    if not opened or dice.is_lucky(0.4):
        opened.append(f"answer{len(opened)}")
        return f"open {dice.one(sketch.streams)} as {opened[-1]}"
    return f"{dice.one(('read', 'read', 'drain', 'close'))} {dice.one(opened)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    options = parser.parse_args()
    print(f"# Made by generate.py --seed {options.seed} --count {options.count}; not to be edited.\n")
    print("\n".join(scenario(options.seed, number) for number in range(options.count)), end="")


if __name__ == "__main__":
    main()

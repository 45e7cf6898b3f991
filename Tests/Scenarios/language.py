"""The language of the scenarios: what an application is made of, and what happens to it, one line each.

Both players read it: ``player.py`` plays it on a real Flask, Tests/CtxtopScenarioTests on CtxtopContexts.

    scenario NAME                       begins one; lines that begin with # say what it shows
    app NAME [propagates]               an application; ``propagates``: an error of a view goes on to who asked
    group NAME of APP                   a blueprint
    view NAME of OWNER [: STEPS]        OWNER: an application or a group
    body NAME: STEPS                    of a response that is streamed; ``chunk`` sends a piece of it
    teardown NAME of OWNER on request|app [: STEPS]
    receiver NAME of APP: STEPS         is called when an app context of the application has been pushed
    context NAME of request VIEW        a context that is made once, and pushed and popped by name
    context NAME of app APP
    part NAME: STEPS                    steps to be used by others
    main: STEPS                         what happens; several lines are one after the other

Steps are separated by semicolons. What a step raises ends what it belongs to; only in ``main`` and in what another
thread does the next step goes on.

    request VIEW                        asks for a view as a server does, and reads and closes the answer
    open VIEW as NAME                   asks for a view and leaves its answer open
    read NAME | drain NAME | close NAME one piece of an open answer; all of it; its end, as the server tells it
    push CONTEXT | pop CONTEXT [with ERROR]
    with request VIEW PART | with app APP PART    steps with such a context around them
    do PART | catch PART                ``catch`` takes what they raise
    on THREAD PART                      another thread, made when it is first named, does them; this one waits
    raise [once] [base] ERROR           ``base``: what no ``except Exception`` takes; ``once``: only the first time
    stream [bare] BODY                  the answer of a view; ``bare``: without the context of the request
    set KEY VALUE | get KEY             storage of the application context, Flask's ``g``
    look                                says how the stacks are
    chunk                               in a body: sends a piece
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

Step = tuple[str, ...]
#: Steps that put one context into another.
NESTING = {"request", "open", "with", "push", "pop", "on"}
NESTING_MAIN = NESTING - {"request"}


@dataclass(frozen=True)
class Block:
    """Steps that have a name. ``owner`` of a view or teardown function; ``kind`` of a teardown function."""

    name: str
    steps: list[Step]
    owner: str = ""
    kind: str = ""


@dataclass
class Scenario:
    name: str
    #: Whether an error of a view goes on to who asked, by name.
    apps: dict[str, bool] = field(default_factory=dict)
    #: The application of a group.
    groups: dict[str, str] = field(default_factory=dict)
    views: dict[str, Block] = field(default_factory=dict)
    bodies: dict[str, Block] = field(default_factory=dict)
    parts: dict[str, Block] = field(default_factory=dict)
    #: In the order of registration.
    teardowns: list[Block] = field(default_factory=list)
    receivers: list[Block] = field(default_factory=list)
    #: Kind, and name of the view or application.
    contexts: dict[str, tuple[str, str]] = field(default_factory=dict)
    main: list[Step] = field(default_factory=list)

    def app_of(self, owner: str) -> str:
        return self.groups.get(owner, owner)

    @property
    def is_plain(self) -> bool:
        """Whether all contexts in it are those of requests, one after the other."""
        blocks = [*self.views.values(), *self.teardowns, *self.parts.values()]
        inside = {step[0] for block in blocks for step in block.steps}
        around = {step[0] for step in self.main}
        return not (self.contexts or self.bodies or self.receivers or inside & NESTING or around & NESTING_MAIN)


def steps_of(text: str) -> list[Step]:
    return [tuple(step.split()) for step in text.split(";") if step.strip()]


def parse(text: str) -> list[Scenario]:
    scenarios: list[Scenario] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        head, _, tail = line.partition(":")
        words = head.split()
        if words[0] == "scenario":
            scenarios.append(Scenario(words[1]))
            continue
        try:
            _define(scenarios[-1], words, steps_of(tail))
        except (IndexError, ValueError, KeyError) as error:
            raise ValueError(f"line {number}: {line.strip()}") from error
    return scenarios


def _define(scenario: Scenario, words: list[str], steps: list[Step]) -> None:
    match words:
        case ["app", name, *options]:
            scenario.apps[name] = "propagates" in options
        case ["group", name, "of", app]:
            scenario.groups[name] = app
        case ["view", name, "of", owner]:
            scenario.views[name] = Block(name, steps, owner)
        case ["teardown", name, "of", owner, "on", ("request" | "app") as kind]:
            scenario.teardowns.append(Block(name, steps, owner, kind))
        case ["receiver", name, "of", app]:
            scenario.receivers.append(Block(name, steps, app))
        case ["context", name, "of", ("request" | "app") as kind, of]:
            scenario.contexts[name] = (kind, of)
        case ["body", name]:
            scenario.bodies[name] = Block(name, steps)
        case ["part", name]:
            scenario.parts[name] = Block(name, steps)
        case ["main"]:
            scenario.main.extend(steps)
        case _:
            raise ValueError


def read(path: Path) -> list[Scenario]:
    return parse(path.read_text())

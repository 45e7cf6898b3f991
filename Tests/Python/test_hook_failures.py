"""No hook raises, whatever fails inside of it and whatever the application does: answers stay the same."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

from support import guest


def test_every_step_of_our_own_fails_in_turn(is_long: bool) -> None:
    scenarios = guest.answers("failing_steps.py", *(["--long"] if is_long else []), timeout=600)["scenarios"]
    assert sum(scenario["steps"] for scenario in scenarios.values()) > 1000
    assert {name: scenario["bad"] for name, scenario in scenarios.items() if scenario["bad"]} == {}


def test_whatever_the_application_does() -> None:
    plain = guest.answers("hostile_objects.py", enabled=False)["scenarios"]
    watched = guest.answers("hostile_objects.py")["scenarios"]
    assert len(watched) == len(plain) > 60
    assert {name: said for name, said in watched.items() if said != plain[name]} == {}


def test_every_allocation_of_the_agents_fails_in_turn(tmp_path: Path) -> None:
    library = tmp_path / "no_memory.so"
    include = sysconfig.get_path("include")
    source = str(guest.GUESTS / "no_memory.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-I", include, "-o", str(library), source], check=True)
    scenarios = guest.answers("no_memory_anywhere.py", str(library), timeout=300)["scenarios"]
    assert sum(scenario["allocations"] for scenario in scenarios.values()) > 1000
    assert {name: scenario["bad"] for name, scenario in scenarios.items() if scenario["bad"]} == {}

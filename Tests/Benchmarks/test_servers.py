"""Instructions that ctxtop adds to a request through a real server, in the worker: its master is not counted."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from bench import servers
from bench.figures import Figures


@pytest.mark.parametrize(("server", "bound", "goal"), [("gunicorn", 0.02, 0.005), ("uwsgi", 0.02, 0.01)])
def test_through_server(figures: Figures, server: str, bound: float, goal: float) -> None:
    """gunicorn with gthread workers, uWSGI with threads; the whole worker but the agent's thread. Repeatable to 0.7 %,
    which is a good part of what is looked for: the least of three runs while above the bound."""
    plain, ours = min(_runs(server, bound), key=lambda pair: pair[1] / pair[0])
    figures.note(f"instructions of a request through {server}, plain", f"{plain:,.0f}")
    figures.at_most(f"added to a request through {server}", ours / plain - 1, bound, goal, "{:.2%}")


def _runs(server: str, bound: float) -> Iterator[tuple[float, float]]:
    """Instructions of a request, plain and watched."""
    for _ in range(3):
        with ThreadPoolExecutor(2) as pool:
            plain, ours = pool.map(lambda attach: servers.instructions(server, attach), (False, True))
        yield plain, ours
        if ours / plain - 1 <= bound:
            return

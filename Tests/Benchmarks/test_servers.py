"""Instructions that ctxtop adds to a request through a real server, in the worker: its master is not counted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from bench import servers
from bench.figures import Figures


@pytest.mark.parametrize(("server", "bound", "goal"), [("gunicorn", 0.02, 0.005), ("uwsgi", 0.025, 0.01)])
def test_through_server(figures: Figures, server: str, bound: float, goal: float) -> None:
    """gunicorn with gthread workers, uWSGI with threads; the whole worker but the agent's thread."""
    with ThreadPoolExecutor(2) as pool:
        plain, ours = pool.map(lambda attach: servers.instructions(server, attach), (False, True))
    figures.note(f"instructions of a request through {server}, plain", f"{plain:,.0f}")
    figures.at_most(f"added to a request through {server}", ours / plain - 1, bound, goal, "{:.2%}")

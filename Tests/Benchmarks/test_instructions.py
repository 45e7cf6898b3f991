"""Instructions that ctxtop adds to a request, in process: the WSGI callable, a fixed environ, no network.

A clock costs about ten instructions here, since valgrind hides the vDSO from the process: the six clock readings of
a request are undercounted by some 300 instructions (0.1 %). CPython's cache of methods is indexed by addresses; a
layout of memory in which two names of the hot path collide costs up to 0.5 % more, in either process. So the figure
is the median over layouts.
"""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from bench import callgrind
from bench.figures import Figures


def _pairs(options: list[str], is_long: bool) -> list[tuple[float, float]]:
    """A request plain and instrumented, each pair with a seed of its own."""
    seeds = range(9 if is_long else 3)
    variants = ([*options], [*options, "--attach"])
    costs = callgrind.requests([(variant, seed) for seed in seeds for variant in variants])
    return [(plain.instructions, ours.instructions) for plain, ours in zip(costs[::2], costs[1::2], strict=True)]


def _share(pairs: list[tuple[float, float]]) -> float:
    shares = [ours / plain - 1 for plain, ours in pairs]
    assert min(shares) > 0.0005, "less than a clock reading: the requests were not recorded"
    return median(shares)


def _median(values: Iterable[float]) -> str:
    return f"{median(values):,.0f}"


def test_empty_request(figures: Figures, is_long: bool) -> None:
    """An empty request."""
    pairs = _pairs([], is_long)
    shares = sorted(ours / plain - 1 for plain, ours in pairs)
    figures.note("instructions of an empty Flask request, plain", _median(plain for plain, _ in pairs))
    figures.note("added to it", _median(ours - plain for plain, ours in pairs))
    figures.note("added to it, by layout of memory", " ".join(f"{share:.2%}" for share in shares))
    figures.at_most("added to an empty request", _share(pairs), 0.025, 0.01, "{:.2%}")


def test_checkout(figures: Figures, is_long: bool) -> None:
    """A request that checks a connection of SQLAlchemy's pool out and in, beside the same request plain."""
    pairs = _pairs(["--view=database"], is_long)
    figures.note("instructions of a request with one checkout and checkin, plain", _median(plain for plain, _ in pairs))
    figures.note("added to it", _median(ours - plain for plain, ours in pairs))
    figures.at_most("added to a request with one checkout and checkin", _share(pairs), 0.045, 0.035, "{:.2%}")

"""Instructions that ctxtop adds to a request, in process: the WSGI callable, a fixed environ, no network.

A clock costs about ten instructions here, since valgrind hides the vDSO from the process: the six clock readings of
a request are undercounted by some 300 instructions (0.1 %). CPython's cache of methods is indexed by addresses; a
layout of memory in which two names of the hot path collide costs up to 0.5 % more, in either process. So the figure
is the median over layouts.
"""

from __future__ import annotations

from statistics import median

from bench import callgrind
from bench.figures import Figures


def test_empty_request(figures: Figures, is_long: bool) -> None:
    """An empty request: plain and instrumented in pairs, each pair with a seed of its own."""
    seeds = range(9 if is_long else 3)
    costs = callgrind.requests([(options, seed) for seed in seeds for options in ([], ["--attach"])])
    pairs = [(plain.instructions, ours.instructions) for plain, ours in zip(costs[::2], costs[1::2], strict=True)]
    shares = sorted(ours / plain - 1 for plain, ours in pairs)
    figures.note("instructions of an empty Flask request, plain", f"{median(plain for plain, _ in pairs):,.0f}")
    figures.note("added to it", f"{median(ours - plain for plain, ours in pairs):,.0f}")
    figures.note("added to it, by layout of memory", " ".join(f"{share:.2%}" for share in shares))
    assert shares[0] > 0.0005, "less than a clock reading: the requests were not recorded"
    figures.at_most("added to an empty request", median(shares), 0.04, 0.01, "{:.2%}")


def test_checkout(figures: Figures) -> None:
    """A request that checks a connection of SQLAlchemy's pool out and in. Reported: no budget speaks of it."""
    plain, ours = callgrind.requests([(["--view=database"], 0), (["--view=database", "--attach"], 0)])
    added = ours.instructions - plain.instructions
    share = added / plain.instructions
    figures.note("added to a request with one checkout and checkin", f"{added:,.0f} ({share:.2%})")
    assert added > 0, "the checkout was not recorded"

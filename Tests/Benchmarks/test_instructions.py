"""Instructions that ctxtop adds to a request, in process: the WSGI callable, a fixed environ, no network.

A clock costs about ten instructions here, since valgrind hides the vDSO from the process: the five or six clock
readings of a request are undercounted by some 300 instructions (0.1 %).
"""

from __future__ import annotations

from bench import callgrind
from bench.figures import Figures


def test_empty_request_and_checkout(figures: Figures) -> None:
    """An empty request; and, reported, one that checks out a connection of SQLAlchemy's pool and gives it back."""
    plain, ours, plain_database, ours_database = callgrind.requests(
        [[], ["--attach"], ["--view=database"], ["--view=database", "--attach"]]
    )
    figures.note("instructions of an empty Flask request, plain", f"{plain.instructions:,.0f}")
    added = ours_database.instructions - plain_database.instructions
    share = added / plain_database.instructions
    figures.note("added to a request with one checkout and checkin", f"{added:,.0f} ({share:.2%})")
    checkout = added - (ours.instructions - plain.instructions)
    figures.note("of which for the checkout and checkin", f"{checkout:,.0f}")
    figures.note("added to an empty request", f"{ours.instructions - plain.instructions:,.0f}")
    share = ours.instructions / plain.instructions - 1
    assert share > 0.0005, "less than a clock reading: the requests were not recorded"
    figures.at_most("added to an empty request", share, 0.04, 0.01, "{:.2%}")

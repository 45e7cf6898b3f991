"""Where an application's requests are taken over: each is seen once, and of the watched applications alone."""

from __future__ import annotations

from support import guest


def test_by_whatever_way_a_request_comes() -> None:
    assert guest.answers("entries.py")["seen"] == {
        "watched_and_not": [True, False, True, False],
        "several": [True] * 9,
        "never_watched": [False] * 3,
        "one_after_the_other_at_the_same_address": [False],
        "a_copy": [True, True],
        "the_method_alone": [True, True, True],
        "middleware": [True],
        "by_hand": [True, True, True, False, False],
        # It is the framework's own function there.
        "by_the_class": [False],
    }

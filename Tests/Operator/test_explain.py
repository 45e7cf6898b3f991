"""`ctxtop explain`: the catalogue of verdicts as pages for people."""

import re

import pytest

CODES = [f"CTX{number:03}" for number in range(1, 11)]


def test_the_list_has_every_code(ctxtop):
    result = ctxtop("explain")
    assert result.returncode == 0 and not result.stderr
    assert [line.split()[0] for line in result.stdout.splitlines()] == CODES


@pytest.mark.parametrize("code", CODES)
def test_a_page_says_what_it_means_how_it_arises_and_what_to_do(ctxtop, code):
    result = ctxtop("explain", code)
    assert result.returncode == 0 and not result.stderr
    assert re.match(rf"{code} [a-z ]+ \((critical|warning|notice)\)\n", result.stdout)
    for heading in ("\nHow it arises\n", "\nWhat to do\n", "\nExample\n"):
        assert heading in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 120


def test_a_code_may_be_written_in_short(ctxtop):
    assert ctxtop("explain", "4").stdout == ctxtop("explain", "ctx4").stdout == ctxtop("explain", "CTX004").stdout


def test_an_unknown_code_is_one_line(ctxtop, fails):
    fails(ctxtop("explain", "CTX099"), 64, "CTX099", "ctxtop explain")

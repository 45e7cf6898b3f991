"""The shop with as many failing teardown functions as a worker can tell of, so that snapshots of it are long."""

from __future__ import annotations

from collections.abc import Callable

from flask import g
from shop import app

COUNT = 64


@app.route("/fail/<int:number>")
def fail(number: int) -> str:
    g.failing = number
    return "it will"


def _this_function_has_a_name_that_makes_a_traceback_longer_than_what_is_kept_of_one_as_its_lines_tell(depth: int) -> None:
    if depth == 0:
        raise RuntimeError("as deep as it goes " * 20)
    # Two lines of a traceback that differ, since the same ones are told once.
    if depth % 2:
        _dig(depth - 1)
    else:
        _dig(depth - 1)


_dig = _this_function_has_a_name_that_makes_a_traceback_longer_than_what_is_kept_of_one_as_its_lines_tell


def _closing(number: int) -> Callable[[BaseException | None], None]:
    def close(_error: BaseException | None) -> None:
        if g.get("failing") == number:
            _dig(100)

    close.__qualname__ = close.__name__ = f"close_number_{number}"
    return close


for number in range(COUNT):
    app.teardown_appcontext(_closing(number))

__all__ = ["app"]

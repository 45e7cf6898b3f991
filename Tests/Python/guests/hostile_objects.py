"""Applications, requests and databases that answer in every wrong way; prints what a server would have got from each.

Run it with ctxtop on and off: the answers must be the same.
"""

from __future__ import annotations

import contextvars
import gc
import json
import sys
from typing import Any

import hostile_applications  # noqa: F401
import hostile_databases  # noqa: F401
import hostile_servers  # noqa: F401
from ctxtop import Ctxtop
from hostile import SCENARIOS, Scenario, make_app, serve
from outcome import answer


def run(work: Scenario) -> Any:
    said = contextvars.Context().run(lambda: answer(work))
    # Unless a signal's exception was raised late, the thread is in order.
    gc.collect()
    return said


if __name__ == "__main__":
    warm = make_app()
    Ctxtop(warm)
    serve(warm)
    gc.freeze()
    names = [name for name in sys.argv[1:] if name in SCENARIOS] or list(SCENARIOS)
    answers = {name: run(SCENARIOS[name]) for name in names}
    native: Any = sys.modules.get("ctxtop._native")
    json.dump({"attached": native is not None and native.is_attached(), "scenarios": answers}, sys.stdout)

"""Prints how long it took to load each extension module named on the command line, in nanoseconds.

Loads without the package around it, and makes sure that what was loaded answers.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
import time


def load(path: str) -> int:
    """Loads one module; how long that took."""
    name = path.rpartition("/")[2].partition(".")[0]
    loader = importlib.machinery.ExtensionFileLoader(name, path)
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    begun = time.perf_counter_ns()
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    taken = time.perf_counter_ns() - begun
    if hasattr(module, "is_attached") and module.is_attached():
        sys.exit("attached by itself")
    return taken


print(*(load(path) for path in sys.argv[1:]))

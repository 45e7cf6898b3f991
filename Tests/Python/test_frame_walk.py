"""The native walk to the application's first frame answers what Python's does, whatever the stack looks like."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from test_native_module import PACKAGE, interpreters

WALKS = Path(__file__).parent / "support" / "walks.py"


@pytest.mark.parametrize("interpreter", interpreters())
def test_both_walks_answer_the_same(interpreter: str) -> None:
    directory = tempfile.mkdtemp(dir="/dev/shm")
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        result = subprocess.run(
            [interpreter, str(WALKS), directory],
            capture_output=True, text=True, env=environment, check=False, timeout=120,
        )  # fmt: skip
    finally:
        shutil.rmtree(directory)
    assert result.returncode == 0, f"{result.returncode}\n{result.stdout[-2000:]}\n{result.stderr[-2000:]}"
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer for answer in answers if answer[1] != answer[2]] == []
    assert answers[-1][0] == "remembered"

    # The stacks were what they were meant to be.
    expected: dict[str, list[str]] = {}
    for shape, answer, _ in answers[:-1]:
        expected.setdefault(shape, []).append(answer.partition(" ")[0].partition(":")[0])
    assert len(expected) == 15 and sum(map(len, expected.values())) > 180
    assert len({answer for shape, answer, _ in answers if shape == "lines"}) == 3
    assert expected["nested"] == ["walks.py", "shop/till.py"]
    assert expected["without_application"] == ["", ""]
    assert expected["in_request"][0] == "" and "" not in expected["in_request"][1:]
    assert expected["installed_application"] == ["walks.py", "views.py", "walks.py"]
    assert Counter(expected["short_lived"])["walks.py"] == 50, "what is a library's is passed over"

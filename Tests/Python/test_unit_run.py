"""What `ctxtop run` leaves of itself in a Python process, and what every app made there gets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import ctxtop
import flask
import pytest

PACKAGE = Path(ctxtop.__file__).resolve().parent
SITE = PACKAGE / "_site"


def python(
    code: str, directory: Path, *before: Path, interpreter: str = sys.executable, after: str = str(PACKAGE.parent)
) -> subprocess.CompletedProcess[str]:
    """Run ``code`` as `ctxtop run` would have it run; ``before``: what the user has on PYTHONPATH."""
    path = os.pathsep.join([*map(str, [SITE, *before]), after])
    environment = {**os.environ, "PYTHONPATH": path, "CTXTOP_DIR": str(directory), "CTXTOP_NAME": "unit"}
    words = [interpreter, "-c", code]
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=30, check=False)


def says(code: str, directory: Path, *before: Path) -> str:
    result = python(code, directory, *before)
    assert result.returncode == 0 and result.stderr == "", result.stderr
    return result.stdout.strip()


def test_nothing_is_loaded_before_flask_is(tmp_path: Path) -> None:
    """What the process has loaded, and in which order it would find it, is as it is without us."""
    code = "import sys; print(sorted(set(sys.modules) - {'sitecustomize'}), sys.path, [*map(str, sys.argv)])"
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    without = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert says(code, tmp_path) == without.stdout.strip()


def test_the_shadowed_sitecustomize_runs(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os\nfound = [os.environ['PYTHONPATH'], __name__, __file__]\n")
    code = "import sitecustomize, flask; app = flask.Flask('a'); print(sitecustomize.found, 'ctxtop' in app.extensions)"
    path = f"{tmp_path}{os.pathsep}{PACKAGE.parent}"
    assert says(code, tmp_path, tmp_path) == f"{[path, 'sitecustomize', f'{tmp_path}/sitecustomize.py']} True"


def test_a_shadowed_sitecustomize_that_raises_is_reported_as_ever(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("raise RuntimeError('own fault')\n")
    result = python("import flask; print('ctxtop' in flask.Flask('a').extensions)", tmp_path, tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    without = subprocess.run([sys.executable, "-c", ""], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout == "True\n" and result.stderr == without.stderr and "own fault" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        "subprocess.run([sys.executable, '-c', code])",
        "os.spawnv(os.P_WAIT, sys.executable, [sys.executable, '-c', code])",
        "os.system(f'{sys.executable} -c \"{code}\"')",
        "os.waitpid(os.fork() or os.execv(sys.executable, [sys.executable, '-c', code]), 0)",
    ],
    ids=["subprocess", "spawn", "system", "fork-exec"],
)
def test_grandchildren_are_not_instrumented(tmp_path: Path, words: str) -> None:
    code = "import flask, os; print('ctxtop' in flask.Flask('a').extensions, '_site' in os.environ['PYTHONPATH'])"
    assert says(f"import os, subprocess, sys\ncode = {code!r}\n{words}", tmp_path) == "False False"


@pytest.mark.parametrize(
    "words", ["os.execv(*what)", "os.execve(*what, dict(os.environb))", "os.execlp(what[0], *what[1])"]
)
def test_a_process_that_becomes_another_program_stays_instrumented(tmp_path: Path, words: str) -> None:
    code = "import flask, os; print('ctxtop' in flask.Flask('a').extensions, '_site' in os.environ['PYTHONPATH'])"
    start = f"import os, sys\nwhat = (sys.executable, [sys.executable, '-c', {code!r}])\n{words}"
    assert says(start, tmp_path) == "True False"


def test_an_exec_that_fails_changes_nothing(tmp_path: Path) -> None:
    code = """
import os
before = dict(os.environ)
for call, *words in (os.execv, ["x"]), (os.execve, ["x"], {}), (os.execv, 7):
    try:
        call("/no/such", *words)
    except Exception as error:
        print(type(error).__name__, getattr(error, "filename", None))
assert os.execve in os.supports_fd
assert before == dict(os.environ)
"""
    lines = ["FileNotFoundError None", "FileNotFoundError /no/such", "TypeError None"]
    assert says(code, tmp_path).splitlines() == lines


def test_every_app_once_however_it_is_made(tmp_path: Path) -> None:
    code = """
import flask, inspect
from flask import Flask
from ctxtop import Ctxtop

class Late(Flask):
    def __init__(self, **options):
        super().__init__("late", **options)
        self.wsgi_app = self.wsgi_app

class Twice(Flask):
    def __init__(self):
        super().__init__("twice")
        super().__init__("twice")

assert str(inspect.signature(Flask.__init__)).startswith("(self, import_name")
apps = [flask.Flask("plain"), Late(static_folder=None), Twice()]
for app in apps:
    assert app.extensions["ctxtop"] is True
    Ctxtop(app), Ctxtop().init_app(app)
    # One wrapper, and the framework's own method in it.
    assert app.wsgi_app.__self__[0].__func__ is Flask.wsgi_app
    app.add_url_rule("/", view_func=lambda: "x")
    assert app.test_client().get("/").data == b"x"
"""
    result = python(code, tmp_path)
    assert result.returncode == 0, result.stderr


def test_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CTXTOP_ENABLED", "0")
    assert says("import flask; print('ctxtop' in flask.Flask('a').extensions)", tmp_path) == "False"


def test_a_python_without_ctxtop_says_so_once_and_goes_on(tmp_path: Path) -> None:
    """Flask is there, and ctxtop is not: the application runs, unmonitored."""
    for package in Path(flask.__file__).parents[1].iterdir():
        if not package.name.startswith(("ctxtop", "__editable__")):
            (tmp_path / package.name).symlink_to(package)
    code = "import flask, os; flask.Flask('a'); flask.Flask('b'); print('_site' in os.environ['PYTHONPATH'])"
    result = python(code, tmp_path, interpreter=os.path.realpath(sys.executable), after=str(tmp_path))
    assert result.stdout == "False\n"
    assert result.stderr.startswith("ctxtop: ") and result.stderr.count("\n") == 1, result.stderr
    assert "has no ctxtop" in result.stderr

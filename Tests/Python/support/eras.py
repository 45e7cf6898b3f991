"""The versions of Flask that ctxtop serves, each with the libraries of its time, and an environment for each.

One table; README.md names the same versions. Environments are made by pip on first use and kept under
``CTXTOP_MATRIX``, else beside the interpreter that runs the tests.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

MATRIX = Path(__file__).resolve().parents[1] / "matrix"
_PIP_SECONDS = 600


@dataclass(frozen=True)
class Row:
    """One version of Flask. ``packages``: exactly what is installed, dependencies of dependencies included."""

    flask: str
    packages: str
    #: Whether it needs names that Python has moved since, and none that Python 3.12 has dropped.
    is_moved: bool = False
    #: A source tree instead of a release.
    source: str = ""
    python: str = sys.executable
    #: Of an interpreter that is not the tests' own.
    python_version: str = ""
    #: Whether it runs for every change, and not only in the long form.
    is_short: bool = False

    def __str__(self) -> str:
        return self.flask + (f"-python{self.python_version}" if self.python_version else "")

    @property
    def is_there(self) -> bool:
        """Whether there is something to run, and something to run it on."""
        return bool(self.python) and (bool(self.source) or not self.flask.endswith("-dev"))

    @property
    def version(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.flask.removesuffix("-dev").split(".")[:2])


_MARKUP_1 = "MarkupSafe==1.1.1"
_NEW = "itsdangerous==2.2.0 click==8.1.8 blinker==1.9.0 Jinja2==3.1.6 MarkupSafe==3.0.2 typing_extensions==4.12.2"
_NEW += " greenlet==3.1.1 asgiref==3.8.1"

ROWS = [
    # Jinja2 2.9 and MarkupSafe 1.1 are a little younger: older ones are no valid Python 3.11 any more.
    Row(
        "0.10.1",
        f"Werkzeug==0.9.6 Jinja2==2.9.6 {_MARKUP_1} itsdangerous==0.24 blinker==1.3"
        " SQLAlchemy==0.9.10 Flask-SQLAlchemy==1.0",
        is_moved=True,
        is_short=True,
    ),
    Row(
        "0.12.5",
        f"Werkzeug==0.14.1 Jinja2==2.10.3 {_MARKUP_1} itsdangerous==0.24 click==6.7 blinker==1.4"
        " SQLAlchemy==1.1.18 Flask-SQLAlchemy==2.1",
        is_moved=True,
    ),
    Row(
        "1.1.4",
        f"Werkzeug==1.0.1 Jinja2==2.11.3 {_MARKUP_1} itsdangerous==1.1.0 click==7.1.2 blinker==1.4"
        " SQLAlchemy==1.3.24 Flask-SQLAlchemy==2.4.4",
        is_moved=True,
        is_short=True,
    ),
    Row(
        "2.0.3",
        "Werkzeug==2.0.3 Jinja2==3.0.3 MarkupSafe==2.0.1 itsdangerous==2.0.1 click==8.0.4 blinker==1.4"
        " asgiref==3.5.0 greenlet==3.1.1 SQLAlchemy==1.4.54 Flask-SQLAlchemy==2.5.1",
    ),
    # Up to 2.1 any newer Werkzeug is allowed, and 2.2 keeps the stacks elsewhere.
    Row(
        "2.1.3",
        "Werkzeug==2.3.8 Jinja2==3.1.2 MarkupSafe==2.1.5 itsdangerous==2.1.2 click==8.1.8 blinker==1.5"
        " asgiref==3.5.2 greenlet==3.1.1 SQLAlchemy==1.4.54 Flask-SQLAlchemy==2.5.1",
    ),
    Row(
        "2.2.5",
        "Werkzeug==2.2.3 Jinja2==3.1.2 MarkupSafe==2.1.5 itsdangerous==2.1.2 click==8.1.8 blinker==1.5"
        " asgiref==3.6.0 greenlet==3.1.1 SQLAlchemy==1.4.54 Flask-SQLAlchemy==3.0.5",
        is_short=True,
    ),
    Row("2.3.3", f"Werkzeug==2.3.8 {_NEW} SQLAlchemy==2.0.20 Flask-SQLAlchemy==3.0.5"),
    Row("3.0.3", f"Werkzeug==3.0.6 {_NEW} SQLAlchemy==2.0.36 Flask-SQLAlchemy==3.1.1"),
    Row("3.1.3", f"Werkzeug==3.1.3 {_NEW} SQLAlchemy==2.0.36 Flask-SQLAlchemy==3.1.1", is_short=True),
    Row("3.2-dev", f"Werkzeug==3.1.3 {_NEW} SQLAlchemy==2.0.36 Flask-SQLAlchemy==3.1.1"),
]
NEWEST = next(row for row in reversed(ROWS) if not row.flask.endswith("-dev"))
PYTHONS = ("3.10", "3.11", "3.12", "3.13")


def row(flask: str) -> Row:
    return next(known for known in ROWS if known.flask == flask)


def pythons() -> dict[str, str | None]:
    """An interpreter of each version that ctxtop serves; None: there is none on this machine."""
    return {version: _interpreter(version) for version in PYTHONS}


def _interpreter(version: str) -> str | None:
    if sysconfig.get_python_version() == version:
        return sys.executable
    homes = sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{version}.*/bin/python"))
    return str(homes[-1]) if homes else shutil.which(f"python{version}")


def on(python: str, row: Row, version: str) -> Row:
    """The row on another interpreter; "": there is none."""
    return replace(row, python=python, python_version=version)


def selected(config: Any) -> list[Row]:
    """What this run of the tests goes through: a few rows, or all of them and the newest on every interpreter."""
    source = config.getoption("--flask-source")
    rows = [runnable(row) for row in ROWS]
    if source:
        rows = [replace(row, source=source) if row.flask.endswith("-dev") else row for row in rows]
    if not config.getoption("--long"):
        return [row for row in rows if row.is_short or row.source]
    # What Flask raises on main differs where Python has no groups of exceptions.
    newest = [NEWEST, *(row for row in rows if row.source)]
    others = [(version, python) for version, python in pythons().items() if python != sys.executable]
    return rows + [on(python or "", row, version) for row in newest for version, python in others]


def runnable(row: Row) -> Row:
    """The row on an interpreter that it runs on: the tests' own, if it is not too new."""
    if not row.is_moved or sys.version_info < (3, 12):
        return row
    return on(_interpreter("3.11") or "", row, "3.11")


def has_groups(row: Row) -> bool:
    """Whether the row's Python has groups of exceptions."""
    version = row.python_version or sysconfig.get_python_version()
    return tuple(map(int, version.split("."))) >= (3, 11)


def environment(row: Row, extra: str = "") -> Path:
    """The directory of the virtual environment of a row, made if it is not there. ``extra``: more packages."""
    wanted = f"{row} {row.packages} {extra} {row.source} {row.python}"
    home = Path(os.environ.get("CTXTOP_MATRIX") or Path(sys.prefix) / "matrix")
    directory = home / f"{row}-{hashlib.sha256(wanted.encode()).hexdigest()[:8]}"
    if not (directory / "complete").exists():
        shutil.rmtree(directory, ignore_errors=True)
        _make(row, f"{row.packages} {extra}".split(), directory)
        (directory / "complete").write_text(wanted)
    return directory


def interpreter(directory: Path) -> str:
    return str(directory / "bin" / "python")


@functools.cache
def package_path() -> str:
    """A directory with nothing in it but the package that the tests use: it may be installed beside another Flask."""
    import ctxtop

    directory = tempfile.mkdtemp(prefix="ctxtop-package-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    os.symlink(Path(ctxtop.__file__).parent, Path(directory) / "ctxtop")
    return directory


def _make(row: Row, packages: list[str], directory: Path) -> None:
    _run([row.python, "-m", "venv", "--without-pip", str(directory)])
    constraint = directory / "constraint"
    # What old packages are built with.
    constraint.write_text("setuptools<70\n")
    flask = row.source or f"Flask=={row.flask}"
    # No compiled parts: they are not for the Python of today, and nothing here depends on them.
    variables = {"PIP_CONSTRAINT": str(constraint), "DISABLE_SQLALCHEMY_CEXT": "1", "PYTHONPATH": ""}
    command = [sys.executable, "-m", "pip", "--python", interpreter(directory), "install", "-q", "--no-input"]
    _run([*command, "--disable-pip-version-check", "--no-deps", flask, *packages], variables)
    if row.is_moved:
        packages_directory = next(directory.glob("lib/python*/site-packages"))
        shutil.copy(MATRIX / "moved_names.py", packages_directory)
        (packages_directory / "moved_names.pth").write_text("import moved_names\n")


def _run(command: list[str], variables: dict[str, str] | None = None) -> None:
    environment = {**os.environ, **(variables or {})}
    result = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=_PIP_SECONDS, check=False
    )
    assert result.returncode == 0, f"{' '.join(command)}: {result.returncode}\n{result.stdout}{result.stderr}"

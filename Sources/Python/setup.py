"""Builds the native module with the Swift compiler and puts it into the wheel.

The native module is not built by setuptools: it is a product of the Swift package that this directory lies
in. One file serves every CPython from 3.10 on, so that the wheel is tagged for the stable ABI.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
PRODUCT = "ctxtop-extension"
TARGET = Path("ctxtop") / "_native.abi3.so"


class BuildError(SystemExit):
    """Ends the build with one line that says what is missing."""

    def __init__(self, message: str) -> None:
        super().__init__(f"ctxtop: {message}")


def swift_package() -> Path:
    """The folder of the Swift package: above this one, or where CTXTOP_SWIFT_PACKAGE says."""
    given = os.environ.get("CTXTOP_SWIFT_PACKAGE")
    candidates = [Path(given)] if given else [*HERE.parents]
    for candidate in candidates:
        if (candidate / "Package.swift").is_file() and (candidate / "Sources" / "CtxtopExtension").is_dir():
            return candidate
    raise BuildError(
        "the Swift package is not there. Install from a checkout (pip install ./Sources/Python), "
        "or name the checkout in CTXTOP_SWIFT_PACKAGE"
    )


def swift(package: Path, *arguments: str) -> str:
    """Run ``swift build`` for the extension; its standard output."""
    tool = shutil.which("swift")
    if tool is None:
        raise BuildError("Swift 6.3 or newer is needed to build the agent, and there is no 'swift' in PATH (swift.org)")
    # Without debug information, as Tests/machine.sh builds the rest: where one file differs, Swift builds all that knows it.
    options = ["-c", "release", "-debug-info-format", "none", "--product", PRODUCT, "--package-path", str(package)]
    command = [tool, "build", *options, *arguments]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode != 0:
        sys.stderr.write(result.stdout)
        raise BuildError(f"'{' '.join(command)}' failed")
    return result.stdout.strip()


def build_native(target: Path) -> None:
    """Build, check and strip the native module; the result is ``target``."""
    package = swift_package()
    swift(package)
    library = Path(swift(package, "--show-bin-path")) / f"lib{PRODUCT}.so"
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(target.name + ".new")
    shutil.copyfile(library, unfinished)
    if strip := shutil.which("strip"):
        subprocess.run([strip, "--strip-unneeded", str(unfinished)], check=True)
    check_symbols(unfinished)
    # A running server may have the old file mapped: it keeps it.
    os.replace(unfinished, target)


def check_symbols(library: Path) -> None:
    """A Swift symbol that nobody defines links silently, and ends the process at its first call."""
    tool = shutil.which("nm")
    if tool is None:
        return
    command = [tool, "-D", "--undefined-only", str(library)]
    listing = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    names = [line.split()[-1] for line in listing.stdout.splitlines() if line.strip()]
    missing = [name for name in names if name.startswith(("_swift_", "swift_", "$s"))]
    if missing:
        raise BuildError(f"the native module needs a Swift runtime that no server has: {', '.join(missing)}")


class BuildWithNative(build_py):
    """The package's modules, and the native one."""

    def run(self) -> None:
        # Last, so that a module left in the tree by an editable install does not come to lie over this one.
        super().run()
        build_native((HERE if self.editable_mode else Path(self.build_lib)) / TARGET)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        own = [] if self.editable_mode else [str(Path(self.build_lib) / TARGET)]
        return [*dict.fromkeys([*super().get_outputs(include_bytecode), *own])]


class StableABIWheel(bdist_wheel):
    """A wheel for every CPython from 3.10 on."""

    def finalize_options(self) -> None:
        self.py_limited_api = "cp310"
        super().finalize_options()


class NativeDistribution(Distribution):
    """Tells the wheel that it is not pure."""

    def has_ext_modules(self) -> bool:
        return True


setup(
    cmdclass={"build_py": BuildWithNative, "bdist_wheel": StableABIWheel},
    distclass=NativeDistribution,
)

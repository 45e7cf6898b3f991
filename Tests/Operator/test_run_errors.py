"""`ctxtop run` before there is a server: which Python a command runs in, and one clear line where that cannot be.

The environments have no ctxtop, so that the line tells which Python was asked.
"""

import os
import venv

import pytest

# What hides the apps of others from the program is itself looked for in PATH.
PATH_IS_EMPTY = {"as_somebody_else": True}
USAGE, NOINPUT, UNAVAILABLE, CANNOT_RUN, NO_COMMAND = 64, 66, 69, 126, 127


@pytest.fixture(scope="session")
def bare(tmp_path_factory):
    """A virtual environment without any package."""
    directory = tmp_path_factory.mktemp("bare")
    venv.create(directory, symlinks=True)
    return directory


@pytest.fixture
def script(tmp_path):
    """Writes an executable file."""

    def write(text, path=None):
        path = path or tmp_path / "server"
        path.write_text(text)
        path.chmod(0o755)
        return path

    return write


def test_a_command_that_is_not_there(ctxtop, fails):
    fails(ctxtop("run", "--", "no-such-server", "shop:app"), NO_COMMAND, "running no-such-server", "check its name")
    fails(ctxtop("run", "/no/such/server"), NO_COMMAND, "/no/such/server", "No such file")


def test_a_command_that_cannot_be_run(ctxtop, fails, tmp_path):
    path = tmp_path / "server"
    path.write_text("text")
    fails(ctxtop("run", path), CANNOT_RUN, path, "Permission denied")
    fails(ctxtop("run", tmp_path), CANNOT_RUN, tmp_path, "Permission denied")
    fails(ctxtop("run", "server", env={"PATH": str(tmp_path)}, **PATH_IS_EMPTY), CANNOT_RUN, "running server")


@pytest.mark.parametrize("words", [[], ["--"], ["--name", "shop"], ["--no-such", "gunicorn"], [""]])
def test_usage(ctxtop, fails, words):
    fails(ctxtop("run", *words), USAGE, "reading the command line: ", "`ctxtop run --help`")


@pytest.mark.parametrize("words", [["run", "--help"], ["run", "-h"], ["help", "run"]])
def test_help(ctxtop, words):
    result = ctxtop(*words)
    assert result.returncode == 0 and "ctxtop run -- gunicorn" in result.stdout and not result.stderr


def test_a_python_without_ctxtop(ctxtop, fails, bare):
    python = bare / "bin" / "python"
    fails(ctxtop("run", "--", python, "server.py"), UNAVAILABLE, f"asking {python} for its ctxtop", "it has none")


def test_a_python_with_a_ctxtop_of_the_past(ctxtop, fails, bare, tmp_path):
    (tmp_path / "ctxtop").mkdir()
    (tmp_path / "ctxtop" / "__init__.py").touch()
    result = ctxtop("run", bare / "bin" / "python", env={"PYTHONPATH": str(tmp_path)})
    fails(result, UNAVAILABLE, f"the one in {tmp_path}/ctxtop is too old")


def test_a_package_in_the_working_directory_is_no_installed_one(ctxtop, fails, bare, tmp_path):
    (tmp_path / "ctxtop" / "_site").mkdir(parents=True)
    (tmp_path / "ctxtop" / "__init__.py").touch()
    (tmp_path / "ctxtop" / "_site" / "sitecustomize.py").touch()
    fails(ctxtop("run", bare / "bin" / "python", cwd=tmp_path), UNAVAILABLE, "it has none")


@pytest.mark.parametrize("option", ["-E", "-I", "-S", "-uE", "-Werror -I"])
def test_a_python_that_would_not_look(ctxtop, fails, bare, option):
    result = ctxtop("run", bare / "bin" / "python", *option.split(), "server.py")
    fails(result, USAGE, f"with {option.split()[-1]} it does not look at PYTHONPATH")


@pytest.mark.parametrize("words", ["-W Error x.py -E", "-c E -E", "-m shop -S", "-X importtime x.py"])
def test_what_is_no_option_of_pythons_own(ctxtop, fails, bare, words):
    fails(ctxtop("run", bare / "bin" / "python", *words.split()), UNAVAILABLE, "it has none")


FIRST_LINES = {
    "path": "#!{bin}/python\n",
    "path and option": "#! {bin}/python3 -u\r\n",
    "searched": "#!/usr/bin/env python3\n",
    "searched with option": "#!/usr/bin/env -S PYTHONUNBUFFERED=1 python3 -u\n",
    "too long for a first line": "#!/bin/sh\n'''exec' \"{bin}/python\" \"$0\" \"$@\"\n' '''\n",
}


@pytest.mark.parametrize("text", FIRST_LINES.values(), ids=FIRST_LINES)
def test_the_python_that_a_script_names(ctxtop, fails, bare, script, text):
    path = script(text.format(bin=bare / "bin"))
    result = ctxtop("run", "--", path, "shop:app", env={"PATH": f"{bare}/bin:{os.environ['PATH']}"})
    fails(result, UNAVAILABLE, f"asking {bare}/bin/python", "it has none")


def test_a_script_whose_python_would_not_look(ctxtop, fails, bare, script):
    fails(ctxtop("run", script(f"#!{bare}/bin/python -Es\n")), USAGE, "with -Es")


def test_the_likely_python_of_other_programs(ctxtop, fails, bare, script):
    """Beside it in a virtual environment, else in the active one, else in PATH."""
    line = "#!/bin/sh\n"
    inside, outside = script(line, bare / "bin" / "start"), script(line)
    fails(ctxtop("run", inside), UNAVAILABLE, f"asking {bare}/bin/python")
    fails(ctxtop("run", outside, env={"VIRTUAL_ENV": str(bare)}), UNAVAILABLE, f"asking {bare}/bin/python")
    in_path, nowhere = ({"env": {"PATH": path}, **PATH_IS_EMPTY} for path in (f"{bare}/bin", "/no/such"))
    fails(ctxtop("run", outside, **in_path), UNAVAILABLE, f"asking {bare}/bin/python")
    fails(ctxtop("run", outside, **nowhere), UNAVAILABLE, f"which Python {outside} runs in", "--python")


def test_a_python_that_is_named(ctxtop, fails, bare, script):
    python = bare / "bin" / "python"
    fails(ctxtop("run", "--python", python, script("#!/bin/sh\n")), UNAVAILABLE, f"asking {python}")
    fails(ctxtop("run", "--python", "/no/such", script("#!/bin/sh\n")), NOINPUT, "asking /no/such", "No such file")


def test_a_python_that_is_none(ctxtop, fails, script, tmp_path):
    nonsense = script("no program\n", tmp_path / "python")
    fails(ctxtop("run", nonsense), NOINPUT, f"asking {nonsense}", "Exec format error")

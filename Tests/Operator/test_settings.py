"""Settings: the file, the environment and the command line, in that order, and what is told of mistakes in them."""

import os
import subprocess
import time

import pytest

USAGE = 64


@pytest.fixture
def configure(tmp_path):
    """Writes a configuration file; gives the environment that names it."""

    def write(content):
        directory = tmp_path / "config" / "ctxtop"
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / "config.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return {"XDG_CONFIG_HOME": str(tmp_path / "config")}

    return write


def frame(ctxtop, *arguments, env=None):
    result = ctxtop("shop", "-n", "1", *arguments, env=env or {})
    assert result.returncode == 0 and "4312" in result.stdout, result.stderr
    return result


def test_the_defaults_as_a_file_are_no_mistake(ctxtop, exporter, configure):
    exporter("shop")
    defaults = ctxtop("--write-config")
    assert defaults.returncode == 0 and not defaults.stderr
    assert "\n[workers]\n" in defaults.stdout and "\n# " in defaults.stdout
    assert frame(ctxtop, env=configure(defaults.stdout)).stderr == ""
    # The same through the option's own way: the second time the file is read while it is printed.
    again = ctxtop("--write-config", env=configure(defaults.stdout))
    assert again.stdout == defaults.stdout


def test_without_a_file_or_a_home_nothing_is_told(ctxtop, exporter, tmp_path):
    exporter("shop")
    for env in ({}, {"HOME": "/no/such/home"}, {"HOME": str(tmp_path)}, {"XDG_CONFIG_HOME": "relative"}):
        assert frame(ctxtop, env=env).stderr == ""


@pytest.mark.parametrize("content, words", [
    ('theme = "blue"\n', ":1:1: theme is "),
    ("[workers]\nsrt = 1\n", ":2:1: there is no setting workers.srt; is it workers.sort?"),
    ("theme = \n", ":1:"),
    (b"\xff\xfe", ":1: not UTF-8 text"),
    (b"#" * 70_000, ": larger than 64 KiB"),
    ("theme = 1\nmouse = 1\n", "(and 1 more like this)"),
])
def test_a_mistake_in_the_file_is_one_line_and_costs_nothing_else(ctxtop, exporter, configure, content, words):
    exporter("shop")
    env = configure(content)
    result = frame(ctxtop, env=env)
    assert result.stderr.startswith(f"ctxtop: {env['XDG_CONFIG_HOME']}/ctxtop/config.toml:")
    assert words in result.stderr and result.stderr.count("\n") == 1


def test_what_is_no_file_is_one_line(ctxtop, exporter, tmp_path):
    exporter("shop")
    path = tmp_path / "ctxtop" / "config.toml"
    env = {"XDG_CONFIG_HOME": str(tmp_path)}
    path.mkdir(parents=True)
    assert "Is a directory" in frame(ctxtop, env=env).stderr
    path.rmdir()
    os.mkfifo(path)
    assert frame(ctxtop, env=env).stderr == "", "nobody writes into the pipe: it is empty"
    path.unlink()
    path.symlink_to("/dev/zero")
    assert "larger than 64 KiB" in frame(ctxtop, env=env).stderr
    path.unlink()
    path.symlink_to("config.toml")
    assert "symbolic links" in frame(ctxtop, env=env).stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_a_file_that_may_not_be_read(program, configure, tmp_path):
    env = configure("")
    os.chmod(tmp_path / "config" / "ctxtop" / "config.toml", 0)
    for directory in (tmp_path, *tmp_path.parents[:2]):
        os.chmod(directory, 0o755)
    result = subprocess.run(
        ["setpriv", "--reuid=4242", "--clear-groups", program, "/no/such.sock", "-n", "1"], env=env,
        capture_output=True, text=True, timeout=10)
    # The target is looked at first; nothing of the file is told where the program does not start.
    assert result.returncode == 66


def test_other_commands_do_not_read_it(ctxtop, exporter, configure):
    exporter("shop")
    for command in (["ls"], ["dump"], ["explain"], ["help", "keys"]):
        assert ctxtop(*command, env=configure("theme = 1")).stderr == ""


def test_a_mistake_in_a_variable_is_one_line(ctxtop, exporter):
    exporter("shop")
    result = frame(ctxtop, env={"CTXTOP_THEME": "blue", "CTXTOP_NAME": "shop"})
    assert result.stderr.startswith('ctxtop: CTXTOP_THEME: theme is "blue", and may be default, dark')
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [
    ["--theme", "blue"], ["--view", "none"], ["--sort", "nothing"], ["--sort", "nowhere:pid"],
    ["--columns", "pid"], ["--columns", "workers:pid,+state"], ["--unicode", "--ascii"], ["--view", "tree", "--sort", "pid"],
])
def test_a_mistake_on_the_command_line_is_told_and_nothing_is_done(ctxtop, fails, exporter, arguments):
    exporter("shop")
    fails(ctxtop("shop", "-n", "1", *arguments), USAGE, "reading the command line: ", "see `ctxtop watch --help`")


def test_every_option_together(ctxtop, exporter):
    exporter("shop")
    frame(
        ctxtop, "--theme", "light", "--ascii", "--no-color", "--no-mouse", "--readonly", "--view", "failures", "--sort",
        "-count", "--sort", "workers:-pid", "--filter", "-v", "--columns", "workers:+cpu_percent,-rss_bytes",
        "--columns", "failures:pid,count")


def test_the_command_line_wins_over_the_environment_and_this_over_the_file(ctxtop, exporter, configure):
    """By the one setting that plain frames show: how long two frames take."""
    exporter("shop")

    def seconds(*arguments, env):
        begun = time.monotonic()
        assert ctxtop("shop", "-n", "2", *arguments, env=env).returncode == 0
        return time.monotonic() - begun

    env = configure("interval = 60\n")
    assert seconds("-d", "0.1", env={**env, "CTXTOP_INTERVAL": "60"}) < 5
    assert seconds(env={**env, "CTXTOP_INTERVAL": "0.1"}) < 5
    assert seconds(env=configure("interval = 0.1\n")) < 0.9


def test_the_dashboard_shows_a_mistake_and_goes_on(screen, exporter, configure):
    exporter("shop")
    directory = configure('themes = "dark"')["XDG_CONFIG_HOME"]
    screen.start("shop", "-d", "0.2", before=f"XDG_CONFIG_HOME={directory}")
    screen.wait("4312", "config.toml:1:1: there is no setting themes; is it theme?")
    screen.press("q")
    screen.expect_end()


def test_ascii_shapes_by_option_and_by_file(screen, exporter, configure):
    exporter("shop")
    directory = configure('shapes = "ascii"')["XDG_CONFIG_HOME"]
    for arguments, before, missing in (
        (["--ascii"], "", "▸"), ([], f"XDG_CONFIG_HOME={directory}", "▸"), (["--unicode"], f"XDG_CONFIG_HOME={directory}", "> ")
    ):
        screen.start("shop", *arguments, before=before)
        lines = [line for line in screen.wait("4312", "live").splitlines() if "4312" in line]
        assert lines and not any(line.startswith(missing) for line in lines)
        screen.press("q")
        screen.expect_end()
        screen.press("clear", "Enter")

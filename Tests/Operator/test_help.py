"""`ctxtop help`: commands, topics made from the tables, and the manual page."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = ["watch", "ls", "dump", "record", "diff", "check", "recycle", "explain", "run", "relay", "completions", "help"]
TOPICS = ["keys", "columns", "states", "verdicts", "settings", "environment", "status", "manual"]


@pytest.fixture(scope="session")
def manual(program):
    return subprocess.run([program, "help", "manual"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_is_what_its_option_prints(ctxtop, command):
    by_name, by_option = ctxtop("help", command), ctxtop(command, "--help")
    assert by_name.returncode == 0 and not by_name.stderr
    assert by_name.stdout.startswith("OVERVIEW: ")
    assert by_name.stdout == by_option.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_an_example_is_one_line(ctxtop, command):
    """A line that is folded cannot be copied, and goes on where nothing stands in front of it."""
    _, examples = ctxtop("help", command).stdout.split("\nEXAMPLES:\n")
    lines = examples.split("\n\n")[0].splitlines()
    assert lines
    for line in lines:
        assert re.match(r"  (ctxtop|pytest|source)\b", line) and len(line) <= 78, line


@pytest.mark.parametrize("command, option, default", [
    ("dump", "--count", 1), ("record", "--interval", 1), ("check", "--timeout", 10), ("recycle", "--timeout", 60),
    ("watch", "--interval", 1),
])
def test_a_default_is_told(ctxtop, command, option, default):
    about = ctxtop(command, "--help").stdout.split(f"{option} <")[-1].split("\n  -")[0]
    assert f"(default: {default})" in " ".join(about.split()), about


def test_what_a_target_may_be(ctxtop):
    """Only commands that look at files offer them."""
    assert "JSON" in ctxtop("dump", "--help").stdout
    for command in ("record", "recycle"):
        arguments = ctxtop(command, "--help").stdout.split("ARGUMENTS:\n")[1].split("OPTIONS:")[0]
        assert "socket" in arguments and not re.search("recording|JSON", arguments), arguments


def test_help_without_a_subject_is_that_of_the_program(ctxtop):
    assert ctxtop("help").stdout == ctxtop("--help").stdout
    for command in COMMANDS:
        assert re.search(rf"^  {command}\b", ctxtop("help").stdout, re.M), command
    for topic in TOPICS:
        assert topic in ctxtop("help").stdout and re.search(rf"^  {topic}\b", ctxtop("help", "help").stdout, re.M), topic


@pytest.mark.parametrize("topic, words", [
    ("keys", ["F10", "quit"]),
    ("columns", ["Columns of workers", "TDFAIL teardown_failures", "Columns of verdicts"]),
    ("states", ["States of a worker", "leaking", "checked_out"]),
    ("verdicts", ["CTX001", "critical", "context left behind", "CTX010"]),
    ("settings", ["theme", "--theme", "CTXTOP_THEME", "colorblind", "meters.critical", "workers.sort"]),
    ("environment", ["NO_COLOR", "CTXTOP_DIR", "CTXTOP_INTERVAL"]),
    ("status", ["64", "127", "128 + n"]),
])
def test_a_topic(ctxtop, topic, words):
    result = ctxtop("help", topic)
    assert result.returncode == 0 and not result.stderr
    for word in words:
        assert word in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert not re.search(r" $", result.stdout, re.M)


@pytest.mark.parametrize("subject, words", [("vrdicts", "is it verdicts?"), ("dmp", "is it dump?"), ("xyzzy", "ctxtop help help")])
def test_an_unknown_subject_is_one_line(ctxtop, fails, subject, words):
    fails(ctxtop("help", subject), 64, subject, words)


def entries(text):
    """Title, name and meaning of each entry of a printed chapter with sections."""
    title, found = "", []
    for line in text.splitlines():
        if not line.startswith(" "):
            title = line or title
        elif entry := re.match(r"  (\S.*?)  +(.*)", line):
            found.append([title, *entry.groups()])
        else:
            found[-1][2] += " " + line.strip()
    return found


def test_the_statuses_of_the_readme_are_the_programs(ctxtop):
    rows = entries(ctxtop("help", "status").stdout)
    assert len(rows) > 14 and all(len(row) == 3 for row in rows)
    # A title stands in front of its first row.
    cells = [["" if i and rows[i - 1][0] == row[0] else row[0], *row[1:]] for i, row in enumerate(rows)]
    expect_block("statuses", [["of", "status", "meaning"], ["---"] * 3, *cells])


def test_the_variables_of_the_readme_are_the_programs(ctxtop):
    """Those that are no settings of the dashboard: these are a table of their own."""
    rows = []
    for line in ctxtop("help", "environment").stdout.partition("\n\n")[2].splitlines():
        if entry := re.match(r"(\S.*?)  +(.*)", line):
            rows.append([*entry.groups()])
        else:
            rows[-1][1] += " " + line.strip()
    rows = [row for row in rows if not row[1].startswith("The setting ")]
    assert len(rows) > 7
    cells = [["`" + names.replace(", ", "`, `") + "`", meaning] for names, meaning in rows]
    expect_block("variables", [["variable", "meaning"], ["---"] * 2, *cells])


def expect_block(name, rows):
    """The README has this table between its marks. CTXTOP_RECORD=1 writes it, and fails."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = (ROOT / "README.md").read_text().partition(begin)
    block, _, after = rest.partition(end)
    expected = "\n".join(lines) + "\n"
    if os.environ.get("CTXTOP_RECORD") and block != expected:
        (ROOT / "README.md").write_text(before + begin + expected + end + after)
    assert block == expected


def test_the_manual_has_every_table(ctxtop, manual):
    plain = re.sub(r"\\\(aq", "'", manual.replace("\\-", "-"))
    for command in COMMANDS:
        assert f'.SS "ctxtop {command}"' in plain
    for words in ("--theme", "--columns", "F10", "contexts_leaked", "leaking", "CTX004", "CTXTOP_THEME", "config.toml"):
        assert words in plain, words
    for option in set(re.findall(r"^  (-[-\w, ]+?)(?:/| <|  |$)", ctxtop("help", "watch").stdout, re.M)):
        assert option in plain, option


RENDERERS = {
    "groff": ["groff", "-man", "-Tutf8", "-ww"],
    "mandoc": ["mandoc", "-Tlint", "-Wwarning"],
    "man": ["man", "--warnings", "-l", "-"],
}


@pytest.mark.parametrize("name", RENDERERS)
def test_the_manual_renders_without_a_warning(manual, name):
    assert shutil.which(name), f"{name} is not installed: Tests/run names its package"
    result = subprocess.run(
        RENDERERS[name], input=manual, capture_output=True, text=True, timeout=30,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MANWIDTH": "100"})
    assert not result.stderr and result.returncode == 0, result.stderr
    assert name == "mandoc" or "contexts_leaked" in result.stdout
    assert name != "mandoc" or not result.stdout


def test_the_manual_is_the_same_each_time(ctxtop, manual):
    assert ctxtop("help", "manual").stdout == manual

"""`ctxtop completions`: Tab in real shells in a real terminal, and what the program answers them."""

import os
import re
import shlex
import shutil
import subprocess
import time
import uuid

import pytest


@pytest.fixture
def candidates(ctxtop):
    def ask(*words):
        result = ctxtop("candidates", "--", *words)
        assert result.returncode == 0 and not result.stderr
        return [line.split("\t")[0] for line in result.stdout.splitlines()]

    return ask


def test_the_first_word_is_a_command_or_an_app(candidates, exporter):
    exporter("shop")
    exporter("chat")
    assert {"watch", "ls", "dump", "run", "help", "shop", "chat"} <= set(candidates(""))
    assert "candidates" not in candidates("")
    assert candidates("sho") == ["shop"]
    assert candidates("du") == ["dump"]
    assert set(candidates("dump", "")) == {"shop", "chat"}
    assert candidates("-d", "1", "sh") == ["shop"]
    assert candidates("diff", "sh") == candidates("diff", "a.json", "sh") == candidates("check", "sh") == ["shop"]


@pytest.mark.parametrize("words, expected", [
    (["--the"], ["--theme"]),
    (["shop", "--the"], ["--theme"]),
    (["watch", "--theme", "l"], ["light"]),
    (["--theme=mo"], ["--theme=monochrome"]),
    (["dump", "--format", "n"], ["ndjson"]),
    (["dump", "shop", "--tab"], ["--table"]),
    (["explain", "CTX00"], [f"CTX{number:03}" for number in range(1, 10)]),
    (["help", "verd"], ["verdicts"]),
    (["help", "du"], ["dump"]),
    (["diff", "--form"], ["--format"]),
    (["diff", "a.json", "b.json", "-f", "j"], ["json"]),
    (["check", "-w", "leak"], ["leaked="]),
    (["check", "-c", "leaked=0,CTX009"], ["leaked=0,CTX009="]),
    (["completions", ""], ["bash", "zsh", "fish"]),
    (["--sort", "work"], ["workers:"]),
    (["--sort", "-c"], []),
    (["--sort", "workers:p"], ["workers:pid"]),
    (["--columns", "workers:pid,sta"], ["workers:pid,state"]),
    (["--columns", "workers:+cpu"], ["workers:+cpu_percent"]),
    (["--theme", "light", "--them"], []),
    (["run", "--", "gun"], []),
    (["explain", "CTX001", ""], []),
    (["--no-such", "--the"], ["--theme"]),
])
def test_what_fits(candidates, words, expected):
    assert candidates(*words) == expected


def test_a_word_is_told_with_its_meaning(ctxtop):
    assert "CTX004\tconnection outlives its context\n" in ctxtop("candidates", "--", "explain", "").stdout


def test_an_answer_comes_at_once(ctxtop, exporter):
    """Nobody is asked: also an app that does not answer is in the list."""
    from fake import wait_for_end

    exporter("shop", wait_for_end)
    begun = time.monotonic()
    assert "shop" in ctxtop("candidates", "--", "dump", "").stdout
    assert time.monotonic() - begun < 1


class Shell:
    """A shell in a terminal, in which ctxtop's words are completed."""

    STARTS = {
        "bash": ("bash --norc --noprofile -i", "source <(ctxtop completions bash)"),
        "zsh": ("zsh -f -i", "PS1='$ '; autoload -Uz compinit; compinit -u -D; source <(ctxtop completions zsh)"),
        "fish": ("fish --no-config -i", "ctxtop completions fish | source"),
    }

    def __init__(self, name, program, place, directory, alone):
        (directory / "bin").mkdir()
        (directory / "bin" / "ctxtop").symlink_to(program)
        start, self.script = self.STARTS[name]
        self.name = "ctxtop-" + uuid.uuid4().hex[:8]
        environment = [
            "env", "-i", f"PATH={directory}/bin:{os.environ['PATH']}", "LANG=C.UTF-8", f"HOME={directory}",
            f"CTXTOP_DIR={place}", "TERM=tmux-256color", "PS1=$ ", "fish_greeting="]
        words = shlex.join([*alone, *environment, *shlex.split(start)])
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", f"cd {directory}; exec {words}")

    def tmux(self, *arguments):
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color"}
        return subprocess.run(
            ["tmux", "-L", self.name, *arguments], env=environment, check=True, capture_output=True, text=True).stdout

    def wait(self, pattern, seconds=10):
        end = time.monotonic() + seconds
        while True:
            text = self.tmux("capture-pane", "-p")
            if re.search(pattern, text, re.M):
                return text
            assert time.monotonic() < end, f"waited for {pattern}, saw:\n{text}"
            time.sleep(0.05)

    def load(self):
        self.tmux("send-keys", "-l", self.script + "; echo rea''dy")
        self.tmux("send-keys", "Enter")
        self.wait("^ready")

    def type(self, words, *keys):
        self.tmux("send-keys", "C-u")
        self.tmux("send-keys", "-l", words)
        self.tmux("send-keys", *(keys or ("Tab",)))


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell(request, program, place, tmp_path, alone):
    for needed in ("tmux", request.param):
        assert shutil.which(needed), f"{needed} is not installed: Tests/run names its package"
    shell = Shell(request.param, program, place, tmp_path, alone)
    shell.wait(r"\S")
    shell.load()
    yield shell
    shell.tmux("kill-server")


def test_tab(shell, exporter):
    exporter("shop")
    for words, completed in [
        ("ctxtop expl", "ctxtop explain"),
        ("ctxtop sh", "ctxtop shop"),
        ("ctxtop dump sh", "ctxtop dump shop"),
        ("ctxtop shop --the", "ctxtop shop --theme"),
        ("ctxtop --theme mo", "ctxtop --theme monochrome"),
        ("ctxtop --theme=mo", "ctxtop --theme=monochrome"),
        ("ctxtop explain CTX01", "ctxtop explain CTX010"),
        ("ctxtop --sort workers:contexts_l", "ctxtop --sort workers:contexts_leaked"),
        ("ctxtop --columns workers:pid,sta", "ctxtop --columns workers:pid,state"),
    ]:
        shell.type(words)
        shell.wait(rf"[$#>] {re.escape(completed)}\b")
    # Several: a second Tab lists them.
    shell.type("ctxtop explain CTX00", "Tab", "Tab")
    shell.wait(r"CTX009")


def test_files_where_the_program_knows_no_words(shell, tmp_path):
    (tmp_path / "result.json").write_text("{}")
    shell.type("ctxtop dump -o resu")
    shell.wait(r"ctxtop dump -o result\.json")


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_scripts_of_the_parser_are_sound_too(ctxtop, program, name):
    assert shutil.which(name), f"{name} is not installed: Tests/run names its package"
    for arguments in (["completions", name], ["--generate-completion-script", name]):
        script = ctxtop(*arguments)
        assert script.returncode == 0 and "ctxtop" in script.stdout
        check = subprocess.run([name, "-n"], input=script.stdout, capture_output=True, text=True, timeout=10)
        assert check.returncode == 0 and not check.stderr, check.stderr


def test_an_unknown_shell(ctxtop):
    result = ctxtop("completions", "tcsh")
    assert result.returncode == 64 and "'bash', 'zsh' or 'fish'" in result.stderr

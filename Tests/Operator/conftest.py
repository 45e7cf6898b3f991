"""End-to-end tests of the program: the real executable against fake exporters and files."""

import os
import pathlib
import subprocess

import pytest
from fake import Exporter
from screen import Screen

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="run loops at their full length")


@pytest.fixture(scope="session")
def is_long(request):
    return request.config.getoption("--long")


@pytest.fixture(scope="session")
def program():
    """The executable: $CTXTOP_PROGRAM, else the debug build."""
    path = os.environ.get("CTXTOP_PROGRAM", str(ROOT / ".build/debug/ctxtop"))
    assert os.access(path, os.X_OK), f"{path} is not built: swift build --product ctxtop"
    return path


@pytest.fixture(scope="session")
def probe():
    """A screen of its own on the same terminal: Tests/ctxtop-terminal-probe."""
    path = os.environ.get("CTXTOP_TERMINAL_PROBE", str(ROOT / ".build/debug/ctxtop-terminal-probe"))
    assert os.access(path, os.X_OK), f"{path} is not built: swift build --product ctxtop-terminal-probe"
    return path


@pytest.fixture(scope="session")
def recording_probe():
    """What looks into recordings, and damages them: Tests/ctxtop-recording-probe, built with optimisation."""
    path = os.environ.get("CTXTOP_RECORDING_PROBE", str(ROOT / ".build/release/ctxtop-recording-probe"))
    assert os.access(path, os.X_OK), f"{path} is not built: swift build -c release --product ctxtop-recording-probe"
    return path


@pytest.fixture
def place(tmp_path):
    """A runtime directory that is ours alone."""
    directory = tmp_path / "run"
    directory.mkdir(mode=0o700)
    return directory


@pytest.fixture(scope="session")
def alone():
    """What to put before a command so that it sees no other apps of this machine: root looks at everybody's."""
    hide = "for d in /dev/shm /run/user /run/ctxtop; do [ ! -d $d ] || mount -t tmpfs none $d; done"
    words = ["unshare", "--mount", "sh", "-c", f'{hide} && exec "$@"', "sh"]
    works = os.geteuid() == 0 and subprocess.run([*words, "true"], capture_output=True).returncode == 0
    return words if works else []


@pytest.fixture
def ctxtop(program, place, alone):
    """Runs the program in a world where `place` is the only runtime directory that has anything in it."""

    def run(*arguments, timeout=10, **options):
        # Who gives up root can neither see what is others' nor hide it.
        before = [] if options.pop("as_somebody_else", False) else alone
        environment = {"CTXTOP_DIR": str(place), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        environment.update(options.pop("env", {}))
        options.setdefault("stdout", subprocess.PIPE)
        return subprocess.run(
            [*before, program, *map(str, arguments)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            timeout=timeout, env=environment, **options)

    return run


@pytest.fixture
def exporter(place):
    """Starts fake exporters, and stops them at the end of the test."""
    running = []

    def start(name="shop", serve=None, **content):
        running.append(Exporter(place / f"{name}.sock", serve, **content))
        return running[-1]

    yield start
    for each in running:
        try:
            each.stop()
        except OSError:
            pass


@pytest.fixture
def fails():
    """Checks that a run failed with this status, in one line that holds these words, and printed nothing else."""

    def check(result, status, *words):
        assert result.returncode == status, result.stderr
        assert result.stderr.startswith("ctxtop: ") and result.stderr.count("\n") == 1, result.stderr
        for word in words:
            assert str(word) in result.stderr
        assert not result.stdout

    return check


@pytest.fixture
def screen(program, place, tmp_path, alone):
    """A shell in a real terminal."""
    screen = Screen(program, place, tmp_path, alone)
    yield screen
    screen.tmux("kill-server")

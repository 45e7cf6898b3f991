"""End-to-end tests of the program: the real executable against fake exporters and files."""

import os
import pathlib
import subprocess
import tempfile

import pytest
from fake import Exporter
from screen import Screen
from sshd import BARE, SSHD, Sshd, expect_nothing_left

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


# Another host


@pytest.fixture
def there(tmp_path, program):
    """A directory that is in PATH on the other host, with ctxtop in it."""
    directory = tmp_path / "there"
    directory.mkdir()
    (directory / "ctxtop").symlink_to(program)
    return directory


@pytest.fixture
def sockets():
    """Where sockets to other hosts lie. No client of ssh, and no socket of one, is left there by any test."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="ctxtop-", dir="/tmp"))
    yield directory
    expect_nothing_left(directory)
    directory.rmdir()


@pytest.fixture
def daemon(tmp_path, place, alone):
    """Starts an sshd, and stops it at the end of the test."""
    assert os.access(SSHD, os.X_OK), f"{SSHD} is not there: Tests/run names its package"
    running = []

    def start(path=BARE, name="sshd", **variables):
        running.append(Sshd(tmp_path / name, {"PATH": path, "HOME": str(tmp_path), "CTXTOP_DIR": str(place), **variables}, alone))
        return running[-1]

    yield start
    for each in running:
        each.stop()


@pytest.fixture
def sshd(daemon, there):
    """The other host, with ctxtop in its PATH."""
    return daemon(f"{there}:{BARE}")


@pytest.fixture
def bare(daemon):
    """The other host, without ctxtop."""
    return daemon()


@pytest.fixture
def here(program, sockets, tmp_path):
    """Runs ctxtop where nothing runs but what is on the other host."""

    def run(sshd, *arguments, timeout=30, **variables):
        environment = {
            "PATH": f"{sshd.bin}:{BARE}", "LANG": "C.UTF-8", "TMPDIR": str(sockets), "HOME": str(tmp_path), **variables}
        return subprocess.run(
            [program, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
            env=environment)

    return run


@pytest.fixture
def terminal(program, place, tmp_path, sockets):
    """A shell in a terminal from which ctxtop reaches the other host."""
    screens = []

    def open_terminal(sshd):
        screen = Screen(program, tmp_path / "nothing", tmp_path, ["env", f"PATH={sshd.bin}:{BARE}", f"TMPDIR={sockets}"])
        screens.append(screen)
        return screen

    yield open_terminal
    for screen in screens:
        # Who was killed leaves a terminal in which the shell reads nothing, and ends: then the server has ended, too.
        subprocess.run(["tmux", "-L", screen.name, "kill-server"], capture_output=True)

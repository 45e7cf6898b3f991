"""The pytest plugin: each test of ``suites/leaving`` fails with what it leaves behind, and with nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from support import agent, eras, plugin

APPLICATION = """
    import flask
    import pytest

    @pytest.fixture
    def app():
        return flask.Flask("shop")

"""


def write(scratch: Path, text: str, name: str = "test_it.py") -> None:
    (scratch / name).write_text(textwrap.dedent(APPLICATION) + textwrap.dedent(text))


def check_found(run: plugin.Run) -> None:
    assert run.found, run.text
    wrong = {test: line for test, line in run.found.items() if line["found"] != line["expected"]}
    assert not wrong, run.text
    for test, line in run.found.items():
        if not line["expected"]:
            assert set(line["outcomes"]) <= {"passed", "skipped"}, f"{test}: {line}\n{run.text}"
        else:
            assert {"failed", "skipped"} & set(line["outcomes"]), f"{test}: {line}\n{run.text}"
    expected = next(line for test, line in run.found.items() if test.endswith("::test_expected_to_leave"))
    assert expected["outcomes"] == ["passed", "skipped", "passed"], run.text


def test_each_leaves_what_it_should(tmp_path: Path) -> None:
    run = plugin.run(tmp_path, "--ctxtop", plugin.LEAVING)
    check_found(run)
    assert run.status == 1
    leaving = [test for test, line in run.found.items() if line["expected"]]
    assert len(leaving) >= 15 and len(run.found) - len(leaving) >= 35, "the suite is not what it was"
    assert re.fullmatch(rf"\d+ leaks in {len(leaving)} of {len(run.found)} tests", run.summary[0]), run.text


@pytest.mark.parametrize("flask", ["0.10.1", "2.0.3", "2.2.5"])
def test_contexts_of_other_versions(tmp_path: Path, flask: str, is_long: bool) -> None:
    row = next(row for row in map(eras.runnable, eras.ROWS) if row.flask == flask)
    if not row.is_there:
        pytest.skip("no Python that is old enough")
    if not (row.is_short or is_long):
        pytest.skip("only in the long form")
    suites = sorted(plugin.LEAVING.glob("test_*contexts.py"))
    assert len(suites) == 2
    python = eras.interpreter(eras.environment(row))
    run = plugin.run(tmp_path, "--ctxtop", *suites, python=python)
    check_found(run)


def test_without_being_asked_nothing_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_it():\n"
        "    assert 'ctxtop.pytest_plugin' in sys.modules\n"
        "    loaded = [name for name in sys.modules if name.startswith(('ctxtop._', 'flask', 'socket'))]\n"
        "    assert not {'ctxtop._testing', 'ctxtop._native', 'flask'} & set(loaded), loaded\n"
    )
    run = plugin.run(tmp_path)
    assert run.status == 0, run.text
    assert not run.summary


def test_a_leak_without_being_asked_fails_nothing(tmp_path: Path) -> None:
    write(tmp_path, "def test_it(app):\n    app.app_context().push()\n")
    assert plugin.run(tmp_path).status == 0
    assert plugin.run(tmp_path, "--ctxtop").status == 1


def test_it_can_be_gone(tmp_path: Path) -> None:
    write(tmp_path, "def test_it(app):\n    app.app_context().push()\n")
    assert plugin.run(tmp_path, "-p", "no:ctxtop").status == 0
    run = plugin.run(tmp_path, "-p", "no:ctxtop", "--ctxtop")
    assert run.status == 4 and "--ctxtop" in run.text, run.text


def test_settings(tmp_path: Path) -> None:
    write(tmp_path, "def test_it(app):\n    app.app_context().push()\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\nctxtop = true\n")
    assert plugin.run(tmp_path).status == 1
    assert plugin.run(tmp_path, "--no-ctxtop").status == 0
    run = plugin.run(tmp_path, "--ctxtop-warn")
    assert run.status == 0 and run.summary[0] == "1 leak in 1 of 1 test", run.text
    (tmp_path / "pytest.ini").write_text("[pytest]\nctxtop = true\nctxtop_allow = CTX003 CTX001\n")
    run = plugin.run(tmp_path)
    assert run.status == 0 and run.summary == ["no leaks in 1 test"], run.text


CODES = "the codes of what fails a test: CTX001, CTX003, CTX004, CTX005, CTX006, CTX007"


def test_to_warn_is_to_watch_all(tmp_path: Path) -> None:
    write(tmp_path, "def test_it(app):\n    app.app_context().push()\n")
    # A conftest makes its application before the configuration is there.
    (tmp_path / "conftest.py").write_text("import flask\napp = flask.Flask('shop')\n")
    for more in ([], ["--ctxtop"], ["-n", "1"]):
        run = plugin.run(tmp_path, "--ctxtop-warn", *more)
        assert run.status == 0 and run.summary[:1] == ["1 leak in 1 of 1 test"], run.text
    run = plugin.run(tmp_path, "--ctxtop-warn", "--no-ctxtop")
    assert run.status == 0 and not run.summary, run.text


#: What is wrong with a marker, and what is told of it.
WRONG = {
    "alow=['CTX001']": "takes nothing but allow=[...], not alow=",
    "allow=['CTX001'], alow=1": "takes nothing but allow=[...], not alow=",
    "'CTX001'": "takes nothing but allow=[...], not 'CTX001'",
    "allow=['CTX4', 'CTX001']": "unknown: 'CTX4'",
    "allow='CTX001 CTX4'": "unknown: 'CTX001 CTX4'",
    "allow=['CTX002', ['CTX001']]": "unknown: 'CTX002', ['CTX001']",
    "allow=None": "unknown: None",
}


@pytest.mark.parametrize("other", ["filterwarnings('ignore')", "xfail"])
def test_a_wrong_marker_is_an_error_of_its_test(tmp_path: Path, other: str) -> None:
    tests = [
        f"""
        @pytest.mark.ctxtop({given})
        @pytest.mark.{other}
        def test_{number}_(app):
            app.app_context().push()
            print("it ran")
        """
        for number, given in enumerate(WRONG)
    ]
    write(tmp_path, "".join(map(textwrap.dedent, tests)) + "\ndef test_other(app):\n    pass\n")
    run = plugin.run(tmp_path, "--ctxtop", "-s")
    assert run.status == 1 and f"1 passed, {len(WRONG)} errors" in run.text and "it ran" not in run.text, run.text
    for number, told in enumerate(WRONG.values()):
        line = run.text.split(f"ERROR at setup of test_{number}_ ")[1].splitlines()[1]
        assert line == f"@pytest.mark.ctxtop: {told}; {CODES}", run.text
    run = plugin.run(tmp_path, "--ctxtop-warn")
    assert run.status == 0, run.text
    for number, told in enumerate(WRONG.values()):
        assert f"test_it.py::test_{number}_: @pytest.mark.ctxtop: {told}; {CODES}" in run.summary, run.text


def test_a_wrong_marker_of_a_test_that_is_skipped_is_not_told(tmp_path: Path) -> None:
    write(tmp_path, "@pytest.mark.skip\n@pytest.mark.ctxtop('CTX001')\ndef test_it(app):\n    pass\n")
    run = plugin.run(tmp_path, "--ctxtop")
    assert run.status == 0 and "1 skipped" in run.text, run.text


def test_one_code_needs_no_list(tmp_path: Path) -> None:
    write(tmp_path, "@pytest.mark.ctxtop(allow='CTX001')\ndef test_it(app):\n    app.app_context().push()\n")
    run = plugin.run(tmp_path, "--ctxtop")
    assert run.status == 0 and run.summary == ["no leaks in 1 test"], run.text


def test_a_wrong_code_in_a_test_fails_it_there(tmp_path: Path) -> None:
    write(tmp_path, "def test_it(ctxtop):\n    ctxtop.allow('CTX001', 'CTX44')\n\ndef test_other():\n    pass\n")
    run = plugin.run(tmp_path)
    told = f"ctxtop.allow: unknown: 'CTX44'; {CODES}"
    assert run.status == 1 and "1 failed, 1 passed" in run.text and told in run.text, run.text
    assert re.search(r"^test_it\.py:\d+: UsageError$", run.text, re.MULTILINE), run.text
    assert "session.py" not in run.text and "allowing.py" not in run.text, (
        "its traceback ends where the user's code does"
    )
    run = plugin.run(tmp_path, "--ctxtop-warn")
    assert run.status == 0 and f"test_it.py::test_it: {told}" in run.summary, run.text


@pytest.mark.parametrize("arguments", [[], ["--ctxtop", "-n", "1"]])
def test_a_wrong_code_in_the_ini_file_is_refused(tmp_path: Path, arguments: list[str]) -> None:
    write(tmp_path, "@pytest.mark.ctxtop\ndef test_it(app):\n    pass\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\nctxtop_allow = CTX4 CTX001 bogus\n")
    run = plugin.run(tmp_path, *arguments)
    assert run.status == 4, run.text
    assert run.text.strip() == f"ERROR: ctxtop_allow: unknown: 'CTX4', 'bogus'; {CODES}"


def test_only_tests_that_ask(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        def test_silent(app):
            app.app_context().push()

        def test_allows(app):
            pass

        @pytest.mark.ctxtop
        def test_marked(app):
            app.app_context().push()

        def test_with_fixture(app, ctxtop):
            app.app_context().push()
        """,
    )
    run = plugin.run(tmp_path)
    assert (run.status, run.summary[0]) == (1, "2 leaks in 2 of 2 tests"), run.text
    assert "ERROR test_it.py::test_marked" in run.text and "ERROR test_it.py::test_with_fixture" in run.text


def test_what_others_leave_is_not_of_the_test_that_asks(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        @pytest.mark.ctxtop
        def test_before(app):
            pass

        def test_silent(app):
            app.app_context().push()

        @pytest.mark.ctxtop
        def test_after(app):
            pass
        """,
    )
    run = plugin.run(tmp_path)
    assert run.status == 0 and run.summary == ["no leaks in 2 tests"], run.text


def test_a_fixture_of_the_same_name_is_the_suites_own(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        @pytest.fixture
        def ctxtop():
            return "mine"

        def test_it(app, ctxtop):
            app.app_context().push()
            assert ctxtop == "mine"
        """,
    )
    run = plugin.run(tmp_path)
    assert run.status == 0 and not run.summary, run.text


def test_a_context_that_stays_is_told_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        def test_leaves(app):
            app.app_context().push()

        def test_innocent(app):
            assert app.test_client().get("/").status_code == 404

        def test_victim(app):
            assert flask.current_app is app
        """,
    )
    run = plugin.run(tmp_path, "--ctxtop")
    assert run.summary == [
        "1 leak in 1 of 3 tests",
        "CTX001 context left behind at test_it.py:11 test_leaves: test_it.py::test_leaves",
        "test_it.py::test_leaves left a context on its thread, and 2 later tests ran on it",
    ], run.text
    assert "1 failed, 2 passed, 1 error" in run.text
    assert "this test ran on a context that was left on its thread by test_it.py::test_leaves" in run.text


def test_a_fixture_of_wider_scope_that_forgets(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        @pytest.fixture(scope="module")
        def forgetful():
            flask.Flask("shop").app_context().push()

        def test_one(forgetful):
            pass

        def test_two(forgetful):
            pass
        """,
    )
    run = plugin.run(tmp_path, "--ctxtop")
    assert "2 passed, 1 error" in run.text and "ERROR at teardown of test_two" in run.text
    assert "    fixture: forgetful (module)" in run.text


def test_a_conftest_that_makes_its_application_at_import(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("import flask\napp = flask.Flask('shop')\napp.app_context().push()\n")
    (tmp_path / "test_it.py").write_text(
        "from conftest import app\n"
        "def test_fine(): assert app.test_client().get('/').status_code == 404\n"
        "def test_leaves(): app.test_request_context().push()\n"
    )
    run = plugin.run(tmp_path, "--ctxtop")
    assert "2 passed, 1 error" in run.text and "ERROR at teardown of test_leaves" in run.text


def test_workers_of_xdist(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        @pytest.mark.parametrize("turn", range(8))
        def test_leaves(app, turn):
            if turn % 2:
                app.app_context().push()
        """,
    )
    run = plugin.run(tmp_path, "--ctxtop", "-n", "2")
    assert "8 passed, 4 errors" in run.text
    assert run.summary[0] == "4 leaks in 4 of 8 tests", run.text
    assert "could not" not in run.text and "nothing to watch" not in run.text


def test_repairs_of_the_application_stay(tmp_path: Path) -> None:
    """An application that asks for a guarded teardown gets it, although it was instrumented before."""
    write(
        tmp_path,
        """
        import ctxtop

        def test_it(app):
            ctxtop.Ctxtop(app, guard="log")
            ran = []
            app.teardown_appcontext(lambda error: ran.append(True))
            app.teardown_appcontext(lambda error: 1 / 0)
            app.test_client().get("/")
            assert ran
        """,
    )
    run = plugin.run(tmp_path, "--ctxtop")
    assert "CTX003 teardown failed" in run.text and "did not run" not in run.text and "1 failed" in run.text


def test_no_flask(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")
    run = plugin.run(tmp_path, "--ctxtop", "test_it.py", python=str(tmp_path / "bare" / "bin" / "python"))
    assert run.status == 0, run.text
    assert run.summary == ["no leaks in 1 test", "nothing to watch: no Flask application was made"]


def test_what_cannot_watch_says_so_and_fails_nothing(tmp_path: Path) -> None:
    write(tmp_path, "def test_it(app):\n    app.app_context().push()\n")
    run = plugin.run(tmp_path, "--ctxtop", package=plugin.without_native(tmp_path))
    assert run.status == 0 and "could not watch: the native module does not load" in run.summary[-1], run.text


def test_tests_that_fork_and_that_close_everything(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        import os

        def test_fork(app):
            with app.app_context():
                child = os.fork()
                if child == 0:
                    os._exit(0)
                assert os.waitpid(child, 0)[1] == 0

        def test_closes_what_it_can(app):
            client = app.test_client()
            for descriptor in os.listdir("/proc/self/fd"):
                if os.path.exists(f"/proc/self/fd/{descriptor}") is False:
                    try:
                        os.close(int(descriptor))
                    except OSError:
                        pass
            client.get("/")

        def test_leaves(app):
            app.app_context().push()
        """,
    )
    run = plugin.run(tmp_path, "--ctxtop")
    assert "1 passed" not in run.text and "3 passed" in run.text, run.text
    # Either it is found, or it is told that nothing could be.
    assert "1 error" in run.text or "could not watch" in run.text, run.text


def test_two_runs_in_one_process(tmp_path: Path) -> None:
    write(tmp_path, "def test_it(app):\n    app.app_context().push()\n", "inner_it.py")
    (tmp_path / "twice.py").write_text(
        "import pytest\nprint([int(pytest.main(['-q', '--ctxtop', 'inner_it.py'])) for _ in range(2)])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(plugin.installed()), "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(
        [sys.executable, "twice.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert result.stdout.splitlines()[-1] == "[1, 1]", result.stdout + result.stderr


def test_nothing_stays(tmp_path: Path) -> None:
    """Also of a run that was killed, once there is another one."""
    write(tmp_path, "def test_it(app):\n    import os\n    app.app_context().push()\n    os.kill(os.getpid(), 9)\n")
    before = leftovers()
    assert plugin.run(tmp_path, "--ctxtop").status == -9
    assert len(leftovers() - before) == 1
    write(tmp_path, "def test_it(app):\n    with app.app_context():\n        pass\n")
    assert plugin.run(tmp_path, "--ctxtop").status == 0
    assert not leftovers() - before
    assert not list((tmp_path / "tmp").iterdir())


def leftovers() -> set[Path]:
    return set(Path("/dev/shm").glob("ctxtop-pytest-*"))


def test_failure_text_is_that_of_the_readme(tmp_path: Path) -> None:
    """``CTXTOP_RECORD=1`` writes it there, and fails."""
    (tmp_path / "shop.py").write_text((plugin.LEAVING / "shop.py").read_text())
    write(
        tmp_path,
        """
        import contextlib
        import shop

        @pytest.fixture
        def client():
            return shop.create_app("sqlite:///shop.db").test_client()

        def test_cart(client):
            with contextlib.suppress(RuntimeError):
                client.get("/cart")

        def test_report(client):
            client.get("/report")
        """,
        "test_shop.py",
    )
    run = plugin.run(tmp_path, "--ctxtop", "test_shop.py")
    text = run.text[run.text.index("=== FAILURES") - 40 :]
    text = re.sub(r"^=+( .* )=+$", lambda line: line[1].center(100, "="), text[text.index("===") :], flags=re.MULTILINE)
    text = re.sub(r"sqlite:///\S*/shop.db", "sqlite:////srv/shop/shop.db", re.sub(r" in [\d.]+s", " in 0.41s", text))
    text = "\n".join(line.rstrip() for line in text.strip().splitlines())
    readme = agent.ROOT / "README.md"
    before, rest = readme.read_text().split("<!-- pytest failure -->\n```\n")
    shown, after = rest.split("\n```\n<!-- end of pytest failure -->", 1)
    if os.environ.get("CTXTOP_RECORD"):
        readme.write_text(f"{before}<!-- pytest failure -->\n```\n{text}\n```\n<!-- end of pytest failure -->{after}")
        pytest.fail("recorded")
    assert shown == text

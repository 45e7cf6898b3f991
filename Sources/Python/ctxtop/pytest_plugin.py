"""The pytest plugin: ``pytest --ctxtop`` fails the test that leaves a context, a connection or a session behind.

Loaded by pytest wherever ctxtop is installed, and does nothing unless it is asked to: by ``--ctxtop``, by
``--ctxtop-warn``, by ``ctxtop = true`` in the ini file, or by tests that use the fixture or the marker ``ctxtop``. What
it then does is in ``_testing``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ._testing.session import Now, Session
    from ._testing.watch import Watch

_NAME = "ctxtop-session"
# pytest's hooks find here what was begun before there was a configuration.
_begun: Watch | None = None
_sent: list[dict[str, Any]] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ctxtop", "Flask contexts, connections and sessions that tests leave behind")
    group.addoption("--ctxtop", action="store_true", default=None, help="fail each test that leaves something behind")
    group.addoption("--no-ctxtop", action="store_false", dest="ctxtop", help="do not, whatever the ini file says")
    group.addoption("--ctxtop-warn", action="store_true", help="as --ctxtop, but only tell what is left")
    parser.addini("ctxtop", "as --ctxtop", type="bool", default=False)
    parser.addini("ctxtop_allow", "codes of verdicts that fail no test, e.g. CTX003", type="args", default=[])


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    # A conftest may make its application at import.
    if _is_asked(early_config, early_config.known_args_namespace):
        _begin()


def pytest_configure(config: pytest.Config) -> None:
    line = "ctxtop(allow=[...]): watch this test for what it leaves behind; with allow: these verdicts do not fail it"
    config.addinivalue_line("markers", line)
    # Also where only some tests will ask: in the processes of pytest-xdist it would be too late to refuse it.
    _allowed(config)
    if _is_asked(config, config.option):
        _register(config).watches_all = True


def pytest_collection_finish(session: pytest.Session) -> None:
    if not session.config.pluginmanager.has_plugin(_NAME) and any(asks(item) for item in session.items):
        _register(session.config)


@pytest.fixture
def ctxtop(request: pytest.FixtureRequest) -> Now:
    """This test is watched: ``ctxtop.allow("CTX003")``, ``ctxtop.leaks()``."""
    session: Any = request.config.pluginmanager.get_plugin(_NAME)
    return session.now  # type: ignore[no-any-return]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    data = getattr(node, "workeroutput", {}).get("ctxtop")
    if data is not None:
        _sent.append(data)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    session: Any = config.pluginmanager.get_plugin(_NAME)
    if session is None and not _sent:
        return
    from ._testing.tally import Tally

    tally = session.tally if session is not None else Tally()
    for data in _sent:
        tally.add(data)
    lines = tally.lines()
    if lines:
        terminalreporter.section("ctxtop")
        for line in lines:
            terminalreporter.line(line)


def pytest_unconfigure(config: pytest.Config) -> None:
    global _begun
    session: Any = config.pluginmanager.get_plugin(_NAME)
    if session is not None:
        config.pluginmanager.unregister(session)
    if _begun is not None:
        _begun.end()
        _begun = None
    _sent.clear()


def _is_asked(config: pytest.Config, options: Any) -> bool:
    given = getattr(options, "ctxtop", None)
    if given is None:
        return bool(getattr(options, "ctxtop_warn", False) or config.getini("ctxtop"))
    return bool(given)


def _allowed(config: pytest.Config) -> frozenset[str]:
    """The codes of the ini file. Raises ``pytest.UsageError``."""
    codes = config.getini("ctxtop_allow")
    if not codes:
        return frozenset()
    from ._testing import allowing

    return allowing.checked(codes, "ctxtop_allow")


def asks(item: pytest.Item) -> bool:
    """Whether a test asks by itself to be watched: by the fixture, or by the marker without ``allow``."""
    if any("allow" not in marker.kwargs for marker in item.iter_markers("ctxtop")):
        return True
    # A suite may have a fixture of this name for something of its own.
    known = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {}).get("ctxtop")
    return getattr(known[-1].func, "__module__", None) == __name__ if known else False


def _begin() -> Watch:
    global _begun
    from ._testing.watch import Watch

    if _begun is None:
        _begun = Watch()
        _begun.start()
    return _begun


def _register(config: pytest.Config) -> Session:
    from ._testing.session import Session

    session = Session(config, _begin(), _allowed(config))
    config.pluginmanager.register(session, _NAME)
    return session

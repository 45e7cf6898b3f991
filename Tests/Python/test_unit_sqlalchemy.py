"""Engine descriptions and backend process ids, from real SQLAlchemy pools."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy
from ctxtop import _sqlalchemy
from sqlalchemy import event, pool
from support.recorder import Recorder


def describe(engine: sqlalchemy.Engine) -> tuple[Any, ...]:
    """What is told of an engine when it opens a connection."""
    recorder = Recorder()
    event.listen(engine, "connect", lambda _connection, record: _sqlalchemy.describe(recorder, record))
    with engine.connect():
        pass
    return recorder.engines[0]


def test_a_queue_pool(tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/a.db", pool_size=3, max_overflow=4, pool_timeout=1.5)
    assert describe(engine)[1:] == (f"sqlite:///{tmp_path}/a.db", 3, 4, 1500)


def test_a_pool_without_size(tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/a.db", poolclass=pool.NullPool)
    assert describe(engine)[1:] == (f"sqlite:///{tmp_path}/a.db", -1, -1, -1)


def test_the_pool_after_dispose_belongs_to_the_same_engine(tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/a.db")
    before = describe(engine)
    engine.dispose()
    assert describe(engine) == before
    assert describe(sqlalchemy.create_engine(f"sqlite:///{tmp_path}/a.db"))[0] != before[0]


def test_neither_engine_nor_pool_is_kept(tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/a.db")
    describe(engine)
    references = [weakref.ref(engine), weakref.ref(engine.pool)]
    del engine
    gc.collect()
    assert [reference() for reference in references] == [None, None]


@pytest.mark.parametrize(
    "connection",
    [
        SimpleNamespace(info=SimpleNamespace(backend_pid=77)),
        SimpleNamespace(get_backend_pid=lambda: 77),
        SimpleNamespace(thread_id=lambda: 77),
        SimpleNamespace(driver_connection=SimpleNamespace(get_server_pid=lambda: 77)),
    ],
)
def test_drivers_that_know_their_backend(connection: object) -> None:
    assert _sqlalchemy.backend_pid(connection) == 77


def test_a_driver_that_does_not() -> None:
    import sqlite3

    assert _sqlalchemy.backend_pid(sqlite3.connect(":memory:")) == -1
    assert _sqlalchemy.backend_pid(SimpleNamespace(thread_id=lambda: 1 / 0)) == -1


def test_an_engine_in_a_listener_that_will_forget_it(tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/a.db")
    once = [lambda: engine]

    def listener() -> None:
        once.pop()()

    # As SQLAlchemy before 1.4 wraps what is to run once.
    assert _sqlalchemy._in_closure(listener, sqlalchemy.Engine, 2) is engine
    listener()
    assert _sqlalchemy._in_closure(listener, sqlalchemy.Engine, 2) is None

"""What greenlets and tasks are called, and how the native module learns of them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from ctxtop import _coroutines


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    _coroutines._names.clear()
    yield
    _coroutines._names.clear()


async def work() -> str:
    task = asyncio.current_task()
    return _coroutines.name(task)


def test_a_task_is_called_as_it_was_named_or_by_its_function() -> None:
    async def main() -> list[str]:
        return [await asyncio.create_task(work()), await asyncio.create_task(work(), name="mailer")]

    assert asyncio.run(main()) == ["work", "mailer"]


def test_numbered_names_are_none() -> None:
    async def main() -> list[str]:
        return [await asyncio.create_task(work(), name=f"user-{number}") for number in range(200)]

    assert set(asyncio.run(main())) == {"work"}
    assert _coroutines._names == {"work"}


def test_there_are_only_so_many_names() -> None:
    async def main() -> list[str]:
        return [await asyncio.create_task(work(), name=f"user {number} calls") for number in range(200)]

    said = asyncio.run(main())
    assert len(set(said)) == 65 and said.count("") == 136


def test_a_greenlet_of_gevent_is_asked_for_no_number() -> None:
    gevent = pytest.importorskip("gevent")

    def serve() -> str:
        return _coroutines.name(gevent.getcurrent())

    greenlet = gevent.spawn(serve)
    assert greenlet.get().endswith("serve")
    assert "name" not in vars(greenlet) and "minimal_ident" not in vars(greenlet)
    named = gevent.spawn(serve)
    named.name = "mailer"
    assert named.get() == "mailer"
    raw = pytest.importorskip("greenlet").greenlet(lambda: _coroutines.name(gevent.getcurrent()))
    assert raw.switch() == ""


class Native:
    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def watch_greenlets(self, *functions: Any) -> None:
        self.told.append(functions)

    def watch_tasks(self, *functions: Any) -> None:
        self.told.append(functions)


def test_what_the_native_module_is_told_answers_for_the_current_task() -> None:
    native = Native()
    _coroutines._watch_tasks(native)
    [(loop, task)] = native.told

    async def main() -> None:
        assert loop() is asyncio.get_running_loop()
        assert task(loop()) is asyncio.current_task()
        assert type(loop) is type(len), "a C function"

    asyncio.run(main())
    assert loop() is None and "asyncio" in sys.modules

"""asyncio tasks: each is a unit of its own; what is copied into one is not its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import agent, server

PRELUDE = """
import asyncio, contextvars, json, os, pathlib, sys, threading, time
import flask
from ctxtop import Ctxtop
from support import agent

app = flask.Flask("tasks")
Ctxtop(app)
directory = pathlib.Path(os.environ["CTXTOP_DIR"])

@app.route("/")
def index():
    return "index"

def dump():
    return agent.dump(directory)

def units(document):
    return [(unit["kind"], unit["name"], unit["state"], unit["depth"]["app"])
            for worker in document["workers"] for unit in worker["units"]]

def kept(document):
    [worker] = document["workers"]
    return {
        "codes": sorted(agent.codes(document)), "units": units(document), "contexts": len(worker["contexts"]),
        "vanished": worker["contexts_vanished"], "dropped": worker["events_dropped"],
        "connections": [(c["state"], c["holder"]) for c in worker["connections"]],
    }

app.test_client().get("/")
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    import shutil

    path = server.agent_directory()
    yield path
    shutil.rmtree(path, ignore_errors=True)


def run(directory: Path, program: str) -> dict[str, object]:
    """What a program prints as JSON; it runs in a process of its own, watched by ctxtop."""
    environment = {
        **os.environ,
        "CTXTOP_DIR": str(directory),
        "CTXTOP_NAME": "tasks",
        "PYTHONPATH": os.pathsep.join([server.python_path(), str(Path(__file__).parent)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CTXTOP_BIN": str(agent.program()),
    }
    result = subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(program)],
        env=environment, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert result.returncode == 0 and result.stderr == "", result.stderr
    said: dict[str, object] = json.loads(result.stdout)
    return said


def test_fifty_tasks_with_interleaved_contexts(directory: Path) -> None:
    said = run(
        directory,
        """
        async def work(number):
            with app.app_context():
                await asyncio.sleep(0.01 * (number % 7))
                with app.app_context():
                    await asyncio.sleep(0.01 * (number % 5) + 0.5)
                await asyncio.sleep(0.01 * (number % 3))

        async def main():
            everybody = asyncio.gather(*[work(number) for number in range(50)])
            await asyncio.sleep(0.3)
            print(json.dumps([kept(dump())])[1:-1], end="")
            await everybody

        asyncio.run(main())
        after = kept(dump())
        assert after["units"] == [["thread", "MainThread", "idle", 0]] or len(after["units"]) == 1, after
        assert after["codes"] == [] and after["contexts"] == 0 and after["vanished"] == 0, after
        """,
    )
    assert said["codes"] == [] and said["vanished"] == 0 and said["dropped"] == 0
    tasks = [unit for unit in said["units"] if unit[0] == "task"]  # type: ignore[attr-defined]
    assert tasks == [["task", "work", "job", 2]] * 50


def test_a_task_that_ends_with_a_context_is_named(directory: Path) -> None:
    said = run(
        directory,
        """
        async def careless():
            app.app_context().push()

        async def main():
            await asyncio.create_task(careless())

        asyncio.run(main())
        print(json.dumps(kept(dump())))
        """,
    )
    assert said["codes"] == ["CTX001"] and ["task", "careless", "gone", 1] in said["units"]  # type: ignore[operator]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tasks could not share their context variables")
def test_a_context_that_another_task_pops_is_not_left(directory: Path) -> None:
    said = run(
        directory,
        """
        async def push():
            context = app.app_context()
            context.push()
            return context

        async def pop(context):
            context.pop()

        async def main():
            variables = contextvars.copy_context()
            context = await asyncio.create_task(push(), context=variables)
            await asyncio.create_task(pop(context), context=variables)

        asyncio.run(main())
        print(json.dumps(kept(dump())))
        """,
    )
    assert said["codes"] == [] and said["contexts"] == 0 and said["vanished"] == 0


def test_a_request_in_a_copy_of_a_tasks_variables_does_not_take_its_contexts_for_its_own(directory: Path) -> None:
    said = run(
        directory,
        """
        def serve():
            # An application of its own, so that the request gets an app context of its own.
            return other.test_client().get("/").text

        other = flask.Flask("other")
        Ctxtop(other)
        other.add_url_rule("/", "index", lambda: "other")

        async def main():
            with app.app_context():
                assert await asyncio.to_thread(serve) == "other"
                print(json.dumps(kept(dump())))

        asyncio.run(main())
        """,
    )
    assert said["codes"] == [] and said["vanished"] == 0 and said["contexts"] == 1
    assert [unit[3] for unit in said["units"] if unit[0] == "thread"] == [0, 0]  # type: ignore[attr-defined]


DATABASE = """
        import sqlalchemy
        engine = sqlalchemy.create_engine(
            "sqlite://", poolclass=sqlalchemy.pool.QueuePool, connect_args={"check_same_thread": False}
        )
"""


def test_a_connection_taken_in_a_copy_is_held_by_the_original(directory: Path) -> None:
    said = run(
        directory,
        DATABASE
        + """
        def take():
            connections.append(engine.connect())

        connections = []
        async def main():
            with app.app_context():
                await asyncio.to_thread(take)
                print(json.dumps(kept(dump())))
                connections.pop().close()

        asyncio.run(main())
        """,
    )
    [(state, holder)] = said["connections"]  # type: ignore[misc]
    assert state == "checked_out" and holder["context"] is not None
    assert said["codes"] == [] and said["contexts"] == 1
    [task] = [index for index, unit in enumerate(said["units"]) if unit[0] == "task"]  # type: ignore[arg-type]
    assert holder["unit"] == task


def test_s6_a_connection_taken_after_the_teardown_is_held_by_what_has_ended(directory: Path) -> None:
    said = run(
        directory,
        DATABASE
        + """
        with app.app_context():
            variables = contextvars.copy_context()
        connection = variables.run(engine.connect)
        document = dump()
        first = kept(document)
        app.test_client().get("/")
        print(json.dumps({"first": first, "second": kept(dump())}))
        """,
    )
    [(state, holder)] = said["first"]["connections"]  # type: ignore[index]
    assert state == "checked_out" and holder["context"] is not None and said["first"]["codes"] == []  # type: ignore[index]
    assert said["second"]["codes"] == ["CTX004"]  # type: ignore[index]


def test_requests_under_asgi(directory: Path) -> None:
    pytest.importorskip("asgiref")
    said = run(
        directory,
        """
        from asgiref.wsgi import WsgiToAsgi

        # The other one has served a request, and takes no more routes.
        app = flask.Flask("asgi")
        Ctxtop(app)
        app.add_url_rule("/", "index", index)

        @app.route("/slow")
        def slow():
            with app.app_context():
                time.sleep(0.01)
                return "slow"

        @app.route("/async")
        async def view():
            with app.app_context():
                await asyncio.sleep(0.01)
            return "async"

        served = WsgiToAsgi(app)

        async def request(path):
            scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [],
                     "server": ("127.0.0.1", 80), "http_version": "1.1"}
            sent = []
            async def receive():
                return {"type": "http.request", "body": b""}
            async def send(message):
                sent.append(message)
            await served(scope, receive, send)
            return b"".join(message.get("body", b"") for message in sent)

        async def main():
            bodies = await asyncio.gather(*[request(path) for path in ["/", "/slow", "/async"] * 10])
            assert bodies == [b"index", b"slow", b"async"] * 10, bodies
            # Outside of every request, in a task that has a context of its own.
            with app.app_context():
                assert await request("/slow") == b"slow"
                print(json.dumps(kept(dump())))

        asyncio.run(main())
        """,
    )
    assert said["codes"] == [] and said["vanished"] == 0 and said["contexts"] == 1

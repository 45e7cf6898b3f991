"""Situations that look like leaks and are none, and two that are; each is looked at in the middle and at its end.

Run as a program: prints one JSON object a line, {situation, when, verdicts, units, contexts, reused}. One process for
all of them, since each begins with empty stacks and leaves them empty.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ctxtop
import flask
from flask import Flask, copy_current_request_context, stream_with_context
from flask.testing import EnvironBuilder
from support import agent
from werkzeug.debug import DebuggedApplication
from werkzeug.test import Client

DIRECTORY = Path(os.environ["CTXTOP_DIR"])
OUTPUT = os.dup(1)
SITUATIONS: dict[str, Callable[[], None]] = {}

#: What a server says of a request.
SERVED = {"SERVER_SOFTWARE": "gunicorn/27.0.1", "REMOTE_ADDR": "127.0.0.1"}

app = Flask(__name__)
ctxtop.Ctxtop(app)
current = ""


def situation(function: Callable[[], None]) -> Callable[[], None]:
    SITUATIONS[function.__name__] = function
    return function


def look(when: str) -> None:
    """Writes down what the operator's program says now."""
    document = agent.dump(DIRECTORY)
    [worker] = document["workers"]
    seen = {
        "situation": current,
        "when": when,
        "verdicts": [(verdict["code"], verdict["message"]) for verdict in document["verdicts"]],
        "units": {unit["name"]: unit["state"] for unit in worker["units"]},
        "contexts": [(context["kind"], context["state"]) for context in worker["contexts"]],
        "reused": worker["contexts_reused"],
    }
    # Not by print: a command's output is caught.
    os.write(OUTPUT, json.dumps(seen).encode() + b"\n")


@app.get("/plain")
def plain() -> str:
    return "plain"


@app.get("/look")
def looking() -> str:
    look("in the view")
    return "looked"


@app.get("/stream/<int:with_context>")
def stream(with_context: int) -> Any:
    def lines() -> Iterator[str]:
        yield "one"
        yield "two"

    return app.response_class(stream_with_context(lines()) if with_context else lines())


@app.get("/nested")
def nested() -> str:
    with app.app_context(), app.app_context():
        look("in the view")
    return "nested"


@app.get("/client")
def client_inside() -> str:
    return app.test_client().get("/look").text


@app.get("/again")
def called_inside() -> str:
    """Calls the application with what a server has said of this request."""
    environ = {**flask.request.environ, "PATH_INFO": "/look", "SERVER_SOFTWARE": "gunicorn/27.0.1"}
    environ.pop("werkzeug.request", None)
    answer: Any = app(environ, lambda *_: None)
    answer.close()
    look("after the inner request")
    return "again"


@app.get("/fails")
def fails() -> str:
    raise ZeroDivisionError


@app.get("/async")
async def asynchronous() -> str:
    await asyncio.sleep(0)
    look("in the view")
    return "async"


@app.get("/thread")
def threaded() -> str:
    started, ended = threading.Event(), threading.Event()

    @copy_current_request_context
    def work() -> None:
        started.set()
        ended.wait(10)
        assert flask.request.path == "/thread"

    thread = threading.Thread(target=work, name="copied")
    thread.start()
    started.wait(10)
    flask.current_app.extensions["copied"] = thread, ended
    return "thread"


@situation
def plain_client() -> None:
    answers = [app.test_client().get("/plain") for _ in range(3)]
    look("while the answers are kept")
    assert all(answer.text == "plain" for answer in answers)


@situation
def client_in_a_with() -> None:
    with app.test_client() as client:
        for _ in range(2):
            client.get("/plain")
            assert flask.request.path == "/plain"
            look("in the with")


@situation
def stream_in_a_with() -> None:
    """The client keeps the contexts that the stream has pushed, so that they are there twice."""
    with app.test_client() as client:
        answer = client.get("/stream/1")
        look("in the stream")
        answer.close()
        look("in the with")


@situation
def client_in_an_app_context() -> None:
    with app.app_context():
        for _ in range(2):
            app.test_client().get("/plain")
        look("in the with")


@situation
def client_under_a_suspended_generator() -> None:
    def fixture() -> Iterator[None]:
        with app.app_context():
            yield

    made = fixture()
    next(made)
    with app.test_client() as client:
        answer = client.get("/plain")
        answer = client.get("/plain")
        look("in the with")
    del answer
    look("after the with")
    next(made, None)


@situation
def called_by_hand() -> None:
    with app.app_context():
        environ = EnvironBuilder(app, "/plain").get_environ()
        app(environ, lambda *_: None).close()  # type: ignore[attr-defined]
        look("in the with")


@situation
def app_context_while_an_answer_is_kept() -> None:
    answer = app.test_client().get("/plain")
    context = app.app_context()
    context.push()
    answer.close()
    look("while pushed")
    context.pop()


@situation
def streams() -> None:
    for with_context in (0, 1):
        answer = app.test_client().get(f"/stream/{with_context}")
        lines = answer.response
        next(iter(lines))
        look("in the stream")
        answer.close()


@situation
def stream_closed_by_a_collection() -> None:
    answer: Any = app.test_client().get("/stream/1")
    next(iter(answer.response))
    cycle = [answer]
    cycle.append(cycle)
    del answer, cycle
    gc.collect()


@situation
def stream_closed_by_another_thread() -> None:
    answer: Any = app.test_client().get("/stream/0")
    next(iter(answer.response))
    thread = threading.Thread(target=answer.close)
    thread.start()
    thread.join()
    look("after the close")


def in_the_middle(do: Callable[[], object]) -> None:
    """Do something in the middle of the pop of an app context, and something in the middle of its push."""
    for when, signal in (("pop", flask.appcontext_tearing_down), ("push", flask.appcontext_pushed)):
        waiting = [do]

        def receiver(*_: object, waiting: list[Callable[[], object]] = waiting, **__: object) -> None:
            if waiting:
                waiting.pop()()

        with signal.connected_to(receiver, app):
            app.test_client().get("/plain").close()
        look(f"after the {when}")


@situation
def collection_in_a_push_or_pop() -> None:
    def abandon_and_collect() -> None:
        answer: Any = app.test_client().get("/stream/0")
        next(iter(answer.response))
        cycle = [answer]
        cycle.append(cycle)
        del answer, cycle
        gc.collect()

    in_the_middle(abandon_and_collect)


@situation
def request_in_a_push_or_pop() -> None:
    in_the_middle(lambda: app.test_client().get("/plain").close())


@situation
def nested_app_contexts() -> None:
    app.test_client().get("/nested")


@situation
def request_in_a_request() -> None:
    app.test_client().get("/client")


@situation
def request_in_a_request_with_a_servers_environ() -> None:
    app.test_client().get("/again")


@situation
def debugger() -> None:
    """The debugger keeps the contexts of a request that failed, for its console."""
    debugged = DebuggedApplication(app, evalex=True, pin_security=False)
    client = Client(debugged)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    page = client.get("/fails", environ_overrides=SERVED)
    app.config["PROPAGATE_EXCEPTIONS"] = None
    assert "ZeroDivisionError" in page.text
    look("after the page")
    frame = re.findall(r'id="frame-(\d+)"', page.text)[-1]
    console = {"__debugger__": "yes", "cmd": "flask.request.path", "frm": frame, "s": debugged.secret}
    assert "/fails" in client.get("/", query_string=console, environ_overrides=SERVED).text
    look("after the console")


@situation
def async_view() -> None:
    app.test_client().get("/async")


@situation
def request_context_by_hand() -> None:
    context = app.test_request_context("/plain")
    context.push()
    look("while pushed")
    context.pop()


@situation
def copied_request_context() -> None:
    app.test_client().get("/thread")
    thread, ended = app.extensions.pop("copied")
    look("after the request")
    ended.set()
    thread.join()


@situation
def background_thread() -> None:
    started, ended = threading.Event(), threading.Event()

    def work() -> None:
        for _ in range(3):
            with app.app_context():
                pass
        with app.app_context():
            started.set()
            ended.wait(10)

    thread = threading.Thread(target=work, name="background")
    thread.start()
    started.wait(10)
    look("while it works")
    ended.set()
    thread.join()


@situation
def command() -> None:
    @app.cli.command("tidy")
    def tidy() -> None:
        look("in the command")

    result = app.test_cli_runner().invoke(args=["tidy"])
    assert result.exit_code == 0, result.output


@situation
def left_by_a_stream_that_another_thread_closes() -> None:
    """A leak: the stream has pushed its contexts in the thread that began to send it, and can pop them only there."""
    started, ended = threading.Event(), threading.Event()
    answers: list[Any] = []

    def serve() -> None:
        answer = app({**builder.get_environ(), **SERVED}, lambda *_: None)
        next(iter(answer))
        answers.append(answer)
        del answer
        started.set()
        ended.wait(10)

    builder = EnvironBuilder(app, "/stream/1")
    thread = threading.Thread(target=serve, name="sending")
    thread.start()
    started.wait(10)
    look("in the stream")
    with contextlib.suppress(LookupError):
        answers[0].close()
    look("after the close")
    ended.set()
    thread.join()


@situation
def left_by_a_request_and_reused_by_a_client() -> None:
    """A leak: the receiver raises after the app context is on the stack, and nobody ever pops it."""

    def receiver(*_: object, **__: object) -> None:
        raise RuntimeError("not today")

    def run() -> None:
        with flask.appcontext_pushed.connected_to(receiver, app), contextlib.suppress(LookupError):
            app.test_client().get("/plain")
        app.test_client().get("/plain")
        look("after two requests")

    thread = threading.Thread(target=run, name="leaking")
    thread.start()
    thread.join()


if __name__ == "__main__":
    for current in sys.argv[1:] or SITUATIONS:
        SITUATIONS[current]()
        look("at the end")

"""Which requests are seen, by all the ways that lead to an application's ``wsgi_app``.

Prints one JSON document: by way, whether the agent saw each of its requests; every answer is checked here.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

import flask
from ctxtop import Ctxtop
from flask.testing import EnvironBuilder

FRAMEWORK = flask.Flask.wsgi_app
SEEN: dict[str, list[bool]] = {}


class Own(flask.Flask):
    """With an entry of its own around the framework's."""

    def wsgi_app(self, environ: Any, start_response: Any) -> Any:
        return super().wsgi_app(environ, start_response)


class Derived(flask.Flask):
    """Without."""


def make(cls: type[flask.Flask] = flask.Flask, watched: bool = True) -> flask.Flask:
    app = cls("shop")
    app.add_url_rule("/", "index", lambda: "index")
    if watched:
        Ctxtop(app)
    return app


def ask(app: flask.Flask, call: Callable[[Any, Any], Any] | None = None) -> bool:
    """Whether a request is seen: then its response is the agent's."""
    environ = EnvironBuilder(app, "/").get_environ()
    response = (call or app)(environ, lambda *_: None)
    assert b"".join(response) == b"index"
    is_ours = type(response).__module__ == "ctxtop"
    response.close()
    return is_ours


def way(function: Callable[[], list[bool]]) -> None:
    SEEN[function.__name__] = function()


@way
def watched_and_not() -> list[bool]:
    app, plain = make(), make(watched=False)
    return [ask(app), ask(plain), ask(app), ask(plain)]


@way
def several() -> list[bool]:
    apps = [make(), make(Derived), make(Own)]
    return [ask(app) for app in apps * 3]


@way
def never_watched() -> list[bool]:
    return [ask(make(cls, watched=False)) for cls in (flask.Flask, Derived, Own)]


@way
def one_after_the_other_at_the_same_address() -> list[bool]:
    seen, places, again = [], set(), 0
    for _ in range(50):
        app = make()
        assert ask(app)
        places.add(id(app))
        del app
        plain = make(watched=False)
        again += id(plain) in places
        seen.append(ask(plain))
        del plain
    assert again > 10, "no application got the place of another one"
    return sorted(set(seen))


@way
def a_copy() -> list[bool]:
    app = make()
    return [ask(copy.copy(app)), ask(app)]


@way
def the_method_alone() -> list[bool]:
    app = make()
    method = app.wsgi_app
    named: Any = lambda environ, start: method(environ=environ, start_response=start)  # noqa: E731
    return [ask(app, method), ask(app, named), ask(app, lambda *arguments: app.wsgi_app(*arguments))]


@way
def middleware() -> list[bool]:
    app = make()
    inner = app.wsgi_app
    app.wsgi_app = lambda environ, start: inner(environ, start)  # type: ignore[method-assign, assignment]
    return [ask(app)]


@way
def by_hand() -> list[bool]:
    """What stands in the class is a method, whoever calls it."""
    app, plain = make(), make(watched=False)
    entry = vars(flask.Flask)["wsgi_app"]
    return [
        ask(app, lambda *arguments: entry(app, *arguments)),
        ask(app, entry.__get__(app)),
        ask(app, lambda *arguments: entry.__call__(app, *arguments)),
        ask(plain, lambda *arguments: entry(plain, *arguments)),
        ask(plain, entry.__get__(plain)),
    ]


@way
def by_the_class() -> list[bool]:
    app = make()
    assert type(FRAMEWORK) is FunctionType
    assert flask.Flask.wsgi_app is Derived.wsgi_app is FRAMEWORK
    assert vars(flask.Flask)["wsgi_app"].__wrapped__ is FRAMEWORK
    return [ask(app, lambda *arguments: flask.Flask.wsgi_app(app, *arguments))]


def error(call: Callable[[], Any]) -> str:
    try:
        call()
    except TypeError as raised:
        return str(raised)
    return "no error"


def main() -> None:
    from ctxtop import _native

    app, entry = make(), vars(flask.Flask)["wsgi_app"]
    wrong = [(), (app,), (app, {}), (app, {}, 1, 2)]
    assert [error(lambda: entry(*given)) for given in wrong] == [error(lambda: FRAMEWORK(*given)) for given in wrong]
    assert error(lambda: _native.wsgi_entry(3, "mark")) == "wsgi_entry(function, mark)"  # type: ignore[arg-type]
    json.dump({"attached": _native.is_attached(), "seen": SEEN}, sys.stdout)


main()

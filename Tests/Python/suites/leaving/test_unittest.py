"""The same in unittest's way."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any

import flask
import shop


class ShopTest(unittest.TestCase):
    def setUp(self) -> None:
        self.app = shop.create_app("sqlite://")
        self.context = self.app.app_context()
        self.context.push()
        self.addCleanup(self.context.pop)

    def test_request(self) -> None:
        assert self.app.test_client().get("/").status_code == 200


class ClassContextTest(unittest.TestCase):
    context: Any = None

    @classmethod
    def setUpClass(cls) -> None:
        cls.context = shop.create_app("sqlite://").app_context()
        cls.context.push()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.context.pop()

    def test_one(self) -> None:
        assert flask.current_app.name == "shop"

    def test_two(self) -> None:
        assert flask.current_app.name == "shop"


class AsyncTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.app = shop.create_app("sqlite://")

    async def test_context(self) -> None:
        async with _Context(self.app):
            await asyncio.sleep(0)
            assert flask.current_app.name == "shop"


class _Context:
    def __init__(self, app: flask.Flask) -> None:
        self._context = app.app_context()

    async def __aenter__(self) -> None:
        self._context.push()

    async def __aexit__(self, *_: object) -> None:
        self._context.pop()

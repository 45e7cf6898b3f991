"""What stays, in unittest's way."""

from __future__ import annotations

import asyncio
import unittest

import pytest
import shop


class ForgetfulTest(unittest.TestCase):
    @pytest.mark.leaves("CTX001")
    def test_push(self) -> None:
        shop.create_app("sqlite://").app_context().push()


class ForgetfulTaskTest(unittest.IsolatedAsyncioTestCase):
    @pytest.mark.leaves("CTX001")
    async def test_push_in_a_task(self) -> None:
        app = shop.create_app("sqlite://")

        async def work() -> None:
            app.app_context().push()

        await asyncio.create_task(work())

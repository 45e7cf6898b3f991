"""Requests that a server on other threads of this process serves."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import shop
from werkzeug.serving import make_server


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path: Path = tmp_path_factory.mktemp("live") / "shop.db"
    server = make_server("127.0.0.1", 0, shop.create_app(f"sqlite:///{path}"), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as response:
        return bytes(response.read())


@pytest.mark.parametrize("turn", range(3))
def test_requests(address: str, turn: int) -> None:
    assert get(address + "/") == b"1"


@pytest.mark.leaves("CTX004")
def test_connection(address: str) -> None:
    assert get(address + "/report") == b"report"


def test_after(address: str) -> None:
    assert get(address + "/") == b"1"

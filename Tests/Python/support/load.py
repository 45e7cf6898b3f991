"""Traffic beside what a test looks at."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from support.server import Answer, Server

#: Every healthy route of the shop, with a failure that the application handles.
HEALTHY = ["/", "/cart", "/chat/1", "/chat/2", "/teapot", "/stream", "/nowhere"]


def send(server: Server, paths: Sequence[str], clients: int = 4) -> list[Answer]:
    """Each path once, by several clients at a time; the answers in the order of the paths."""
    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(server.get, paths))


@contextmanager
def running(server: Server, paths: Sequence[str], clients: int = 2) -> Iterator[Counter[int]]:
    """Keeps sending while the block runs; counts the answers by status."""
    ended = threading.Event()
    statuses: Counter[int] = Counter()
    lock = threading.Lock()

    def client(start: int) -> None:
        for path in itertools.islice(itertools.cycle(paths), start, None):
            if ended.is_set():
                return
            status = server.get(path, timeout=5).status
            with lock:
                statuses[status] += 1

    threads = [threading.Thread(target=client, args=(number,), daemon=True) for number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        ended.set()
        for thread in threads:
            thread.join(timeout=20)

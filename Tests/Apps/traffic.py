"""Visitors of the shop: healthy requests all the time, and now and then one that meets a defect.

    traffic.py PORT [--healthy] [--errands]

Runs until it is ended. Needs the shop with ``SHOP_DEFECT=S1,S3``; without defects, give ``--healthy``. With
``--errands`` it needs the back office too.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import random
import threading
import time

HEALTHY = ["/", "/chat/1", "/slow/120", "/chat/2", "/stream", "/", "/slow/400", "/teapot"]
VISITORS = 6
PAUSE = 0.08
#: Seconds between two carts that are not closed; each costs a connection of some worker's pool.
LEAK_PAUSE = 6.0
FIRST_LEAKS = 4
#: What happens in the back office, in this order: the worker that dies takes nothing else with it.
ERRANDS = [
    ("GET", "/backup"), ("GET", "/report"), ("GET", "/search"), ("GET", "/export"), ("POST", "/selfcheck"),
    ("POST", "/mail"), ("POST", "/import"), ("GET", "/invoice"), ("POST", "/order"), ("POST", "/order"),
]
#: With errands, carts are left less often: the pools are to last.
ERRANDS_LEAK_PAUSE = 20.0


def send(port: int, path: str, method: str = "GET", timeout: float | None = 10) -> int:
    """The status of the answer; 0 without one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        response.read()
        return response.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def visit(port: int, start: int) -> None:
    """Healthy requests, with pauses as visitors make them."""
    for path in itertools.islice(itertools.cycle(HEALTHY), start, None):
        send(port, path)
        time.sleep(random.uniform(0, 2 * PAUSE))


def poison(port: int) -> None:
    """S3: one worker's next request leaves its app context on the thread for good."""
    send(port, "/arm", "POST")
    for number in range(200):
        if send(port, f"/chat/{number}") >= 500:
            return
        time.sleep(0.02)


def run_errands(port: int) -> None:
    """Each once; most of them never end."""
    for method, path in ERRANDS:
        threading.Thread(target=send, args=(port, path, method, None), daemon=True).start()
        time.sleep(1)


def leak(port: int, pause: float) -> None:
    """S1: a teardown function raises, and the one that returns the connection is skipped."""
    for number in itertools.count():
        send(port, "/cart")
        if number >= FIRST_LEAKS:
            time.sleep(pause)


def main() -> None:
    parser = argparse.ArgumentParser(description="Visitors of the shop.")
    parser.add_argument("port", type=int)
    parser.add_argument("--healthy", action="store_true", help="meet no defect")
    parser.add_argument("--errands", action="store_true", help="have things done in the back office")
    arguments = parser.parse_args()
    for number in range(VISITORS):
        threading.Thread(target=visit, args=(arguments.port, number), daemon=True).start()
    time.sleep(2)
    if arguments.errands:
        run_errands(arguments.port)
    if not arguments.healthy:
        poison(arguments.port)
        leak(arguments.port, ERRANDS_LEAK_PAUSE if arguments.errands else LEAK_PAUSE)
    threading.Event().wait()


if __name__ == "__main__":
    main()

"""JSON documents as `ctxtop dump` writes them, made here: with one healthy worker, or with what a test puts in."""

import copy
import json

MINUTE = 60


def stamp(second):
    """A second after 09:00 of a day."""
    return f"2026-11-22T09:{second // 60:02}:{second % 60:02}.000000000Z"


def context(serial, state="leaked", rule="/q", age=1000.0):
    return {"id": serial, "kind": "app", "unit": 1, "state": state, "age_ms": age, "method": "GET",
            "endpoint": rule.strip("/"), "rule": rule, "frame": None, "requests_served": 0}


def connection(number=0, state="leaked", age=1000.0):
    return {"id": number, "engine": "postgresql://app@db/shop", "backend_pid": None, "state": state, "age_ms": age,
            "holder": {"context": 77, "unit": 1, "method": "GET", "endpoint": "cart", "rule": "/cart",
                       "frame": "shop.py:44 cart"}}


def failure(count=1, first=1, last=1):
    return {"function": "shop.close_cart", "location": "shop.py:12", "kind": "appcontext", "blueprint": None,
            "exception": "RuntimeError", "message": "", "method": "GET", "endpoint": "cart", "rule": "/cart", "unit": 1,
            "count": count, "first": stamp(first), "last": stamp(last), "skipped": [], "traceback": ""}


def verdict(code="CTX001", severity="critical", worker=4312, message="worker 4312 thread 1: app context left", **more):
    return {"code": code, "name": "", "severity": severity, "worker": worker, "unit": 1, "context": None,
            "connection": None, "session": None, "since": None, "count": 1, "message": message, "remedy": "",
            "evidence": {}, **more}


def worker(pid=4312, slot=0, requests=100, **more):
    document = {
        "number": slot + 1, "pid": pid, "slot": slot, "generation": 1, "instance": 9, "state": "ok",
        "liveness": "alive", "started": "2026-11-22T08:00:00.000000000Z", "requests": requests, "in_flight": 0,
        "exceptions": 0, "depth": {"app": 0, "app_max": 1, "request": 0, "request_max": 1}, "contexts_pushed": 0,
        "contexts_leaked": 0, "contexts_reused": 0, "contexts_vanished": 0, "connections_open": 0,
        "connections_checked_out": 0, "teardown_failures": 0, "orphan_sessions": 0, "events_dropped": 0,
        "records_unstable": 0, "latency_ms": {"p50": None, "p99": None, "max": None}, "kernel_state": "S",
        "rss_bytes": 1, "listen_queue": 0, "cpu_percent": None, "last_event_ms": 1.0,
        "units": [{"id": 1, "kind": "thread", "name": "t", "state": "idle", "depth": {"app": 0, "request": 0},
                   "requests": requests, "reused": 0, "request": None}],
        "contexts": [], "connections": [], "failures": [],
        "engines": [{"url": "postgresql://app@db/shop", "pool_size": 5, "overflow": 0, "timeout": 1000, "open": 0,
                     "checked_out": 0}],
        "sessions": [], "resources": [], "vanished": [], "hazards": []}
    document.update(more)
    document["contexts_leaked"] = sum(each["state"] == "leaked" for each in document["contexts"])
    document["teardown_failures"] = sum(each["count"] for each in document["failures"])
    document["connections_open"] = len(document["connections"])
    document["connections_checked_out"] = len(document["connections"])
    return document


def document(second=0, workers=None, verdicts=(), app="shop", host="prod-3", wanted=None):
    workers = [worker()] if workers is None else workers
    totals = {key: sum(each[key] for each in workers) for key in (
        "requests", "in_flight", "contexts_leaked", "contexts_reused", "connections_open", "connections_checked_out",
        "teardown_failures", "events_dropped")}
    return {
        "schema": "ctxtop.snapshot/1", "app": app, "host": host, "time": stamp(second),
        "monotonic_ns": (10_000 + second) * 10**9,
        "server": {"kind": "gunicorn", "model": "gthread", "version": "27", "workers": wanted or len(workers), "threads": 8},
        "runtime": {"python": "3.11.7", "flask": "3.1.3", "werkzeug": "3", "sqlalchemy": "2", "agent": "1.0.0"},
        "totals": {**totals, "contexts_live": 0}, "workers": copy.deepcopy(workers), "verdicts": list(verdicts),
        "actions_accepted": 0, "actions_refused": 0, "actions": []}


def write(path, *arguments, **options):
    path.write_text(json.dumps(document(*arguments, **options)) + "\n")
    return path


def write_lines(path, *documents):
    """Several moments in one file."""
    path.write_text("".join(json.dumps(each) + "\n" for each in documents))
    return path

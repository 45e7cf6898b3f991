"""`ctxtop dump -f prometheus`, as Prometheus itself reads it."""

import contextlib
import functools
import http.server
import json
import pathlib
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MARKET = ROOT / "Tests/CtxtopReportTests/__Documents__/market.prom"
#: The expressions that README.md proposes.
ALERTS = (ROOT / "README.md").read_text().partition("Three alerts:\n\n```\n")[2].partition("```")[0].splitlines()
#: What would end a label's value, or a line, or a page, if it were not escaped.
HOSTILE = 'sh"op\\n\n\t\x01\r{}, 工'


def lint(text):
    """What promtool has to say about metrics: nothing."""
    result = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=20)
    return result.returncode, result.stdout + result.stderr


def test_promtool_has_nothing_to_say(ctxtop, exporter):
    exporter("shop")
    result = ctxtop("dump", "-f", "prometheus")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.count("\nctxtop_requests_total{") == 2
    assert lint(result.stdout) == (0, "")
    assert lint(MARKET.read_text()) == (0, "")
    assert lint("ctxtop_things{a=1} 1\n")[0] != 0, "it would not have anything to say of anything"


def test_what_a_document_does_not_tell_is_no_zero(ctxtop):
    metrics = ctxtop("dump", MARKET.with_suffix(".json"), "-f", "prometheus").stdout
    assert lint(metrics) == (0, "")
    live = set(MARKET.read_text().splitlines())
    series = [line for line in metrics.splitlines() if not line.startswith("#")]
    # Times are told to the microsecond, and the server once: the market's workers have several.
    counts = [line for line in series if "_seconds" not in line and "_capacity" not in line]
    assert len(counts) > 200 and set(counts) <= live
    assert "request_duration" not in metrics and "cpu_seconds" not in metrics and "last_seen" not in metrics


def test_several_replace_the_file_each_time(ctxtop, fails, exporter, tmp_path):
    exporter("shop")
    path = tmp_path / "shop.prom"
    result = ctxtop("dump", "-f", "prometheus", "-n", "3", "-i", "0.1", "-o", path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert path.read_text().count("# TYPE ctxtop_requests_total counter\n") == 1
    assert [each.name for each in tmp_path.iterdir() if "prom" in each.name] == ["shop.prom"]
    fails(ctxtop("dump", "-f", "prometheus", "-n", "3"), 64, "-o")


def test_all_of_it_or_nothing(ctxtop, fails, exporter):
    exporter("shop")
    for option in ("--table", "--columns", "--filter", "--sort"):
        fails(ctxtop("dump", "-f", "prometheus", option, "workers"), 64, option, "always all metrics")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Files below a directory, as metrics."""

    extensions_map = {"": "text/plain; version=0.0.4"}

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def prometheus(directory):
    """A Prometheus that scrapes the files of a directory; what queries it."""
    files = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=directory / "files"))
    threading.Thread(target=files.serve_forever, daemon=True).start()
    jobs = [
        {"job_name": path.name, "metrics_path": f"/{path.name}",
         "static_configs": [{"targets": [f"127.0.0.1:{files.server_port}"]}]}
        for path in (directory / "files").iterdir()
    ]
    (directory / "prometheus.yml").write_text(json.dumps({
        "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms"}, "scrape_configs": jobs}))
    port = free_port()
    process = subprocess.Popen(
        ["prometheus", f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
         f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def query(expression):
        address = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(address, timeout=5) as answer:
            return [(each["metric"], float(each["value"][1])) for each in json.load(answer)["data"]["result"]]

    try:
        yield query
    finally:
        process.terminate()
        files.shutdown()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        files.server_close()


def until(take, seconds=20):
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError):
            if result := take():
                return result
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.1)


def test_prometheus_scrapes_it(ctxtop, exporter, tmp_path):
    exporter("odd", service=HOSTILE)
    files = tmp_path / "files"
    files.mkdir()
    assert ctxtop("dump", "odd", "-f", "prometheus", "-o", files / "odd").returncode == 0
    (files / "market").write_bytes(MARKET.read_bytes())
    with prometheus(tmp_path) as query:
        for job in ("odd", "market"):
            until(lambda: query(f'up{{job="{job}"}} == 1 and scrape_samples_scraped > 0'))
        # A label's value comes back as it was, whatever it was.
        assert {labels["app"] for labels, _ in query('ctxtop_worker_state{job="odd"}')} == {HOSTILE}
        market = MARKET.read_text()
        [(_, samples)] = query('scrape_samples_scraped{job="market"}')
        assert samples == sum(1 for line in market.splitlines() if not line.startswith("#"))
        [(labels, leaked)] = query("ctxtop_contexts_leaked{job='market', pid='4312'}")
        assert leaked == 1 and labels["app"] == "market" and labels["slot"] == "0"
        assert {labels["code"] for labels, _ in query("ctxtop_verdicts > 0")} >= {"CTX001", "CTX004"}
        # 98 of 100 requests took 12 ms, and none more than 310 ms.
        [(_, median)] = query("histogram_quantile(0.5, sum by (le) (ctxtop_request_duration_seconds_bucket))")
        assert 0.008 < median < 0.017
        assert not query("ctxtop_worker_resident_memory_bytes == 0")
        leaks, verdicts, silence = ALERTS
        assert query(leaks) == [({"app": "market"}, 2)]
        assert {labels["code"] for labels, _ in query(verdicts)} >= {"CTX001", "CTX008"}
        query(silence)  # Whether it holds is for the clock to say.

"""`ctxtop record`: whole files whatever happens, gaps where time passed, and nothing written over that is not ours."""

import fcntl
import json
import os
import pty
import re
import resource
import signal
import struct
import subprocess
import termios
import time

import pytest
from fake import record


#: Bytes in front of the records.
HEAD = 1024


def start(program, place, *arguments, **options):
    options.setdefault("stderr", subprocess.PIPE)
    return subprocess.Popen(
        [program, "record", *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        env={"CTXTOP_DIR": str(place), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}, **options)


def stop(process, with_signal=signal.SIGTERM):
    process.send_signal(with_signal)
    out, err = process.communicate(timeout=5)
    assert out == ""
    return process.returncode, err


def until(condition, seconds=8):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def size_of(path):
    return path.stat().st_size if path.exists() else 0


def read(recording_probe, path):
    """What the file holds: times of records, gaps and damage."""
    return json.loads(subprocess.run([recording_probe, "list", path], capture_output=True, text=True, check=True).stdout)


def grown(path, by=300):
    """Waits for so many bytes of records."""
    before = max(size_of(path), HEAD)
    return until(lambda: size_of(path) > before + by)


def test_records_are_there_and_the_file_is_whole(ctxtop, exporter, tmp_path, recording_probe):
    exporter("shop")
    path = tmp_path / "shop.ctxtop"
    result = ctxtop("record", "shop", "-o", path, "-n", "5", "-i", "0.1")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert path.stat().st_mode & 0o777 == 0o600
    content = read(recording_probe, path)
    assert content["service"] == "shop" and content["records"] == 5
    assert not content["gaps"] and not content["damage"]
    document = json.loads(ctxtop("dump", path, "-f", "json").stdout)
    assert [worker["pid"] for worker in document["workers"]] == [4312, 4313]


def test_the_bytes_are_those_of_the_wire(ctxtop, exporter, tmp_path, recording_probe):
    sent = []

    def serve(connection):
        connection.makefile("rb").readline()
        for _ in range(4):
            sent.append(record(monotonic=(len(sent) + 1) * 1_000_000_000))
            connection.sendall(sent[-1])
            time.sleep(0.05)
        connection.recv(1)

    exporter("shop", serve)
    path = tmp_path / "shop.ctxtop"
    assert ctxtop("record", "shop", "-o", path, "-n", "4", "-i", "0.1").returncode == 0
    shown = subprocess.run([recording_probe, "raw", path], capture_output=True, check=True).stdout
    # Where it was too busy to listen in time, it has asked again.
    assert shown == b"".join(each for each in sent if each in shown) and shown.count(sent[0][:8]) == 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_the_file_whole(program, place, exporter, tmp_path, recording_probe, number):
    exporter("shop")
    path = tmp_path / "shop.ctxtop"
    process = start(program, place, "shop", "-o", path, "-i", "0.1")
    grown(path)
    assert stop(process, number) == (0, "")
    content = read(recording_probe, path)
    assert content["records"] > 0 and content["indexed"] and not content["damage"] and not content["rest"]


def test_a_time_ends_it(ctxtop, exporter, tmp_path, recording_probe):
    exporter("shop")
    path = tmp_path / "shop.ctxtop"
    began = time.monotonic()
    assert ctxtop("record", "shop", "-o", path, "--for", "1s", "-i", "0.1").returncode == 0
    assert 0.9 < time.monotonic() - began < 4
    assert read(recording_probe, path)["records"] >= 4


def test_after_a_kill_it_goes_on_with_a_gap(program, ctxtop, place, exporter, tmp_path, recording_probe):
    exporter("shop")
    path = tmp_path / "shop.ctxtop"
    process = start(program, place, "shop", "-o", path, "-i", "0.1")
    grown(path, 250)
    process.kill()
    process.communicate()
    with open(path, "ab") as file:
        file.write(path.read_bytes()[1024:1200])  # a record that was being written
    before = read(recording_probe, path)["records"]
    assert before >= 2
    assert ctxtop("record", "shop", "-o", path, "-n", "3", "-i", "0.1").returncode == 0
    content = read(recording_probe, path)
    assert content["records"] == before + 3
    assert [(gap["before"], gap["reason"]) for gap in content["gaps"]] == [(before, "recording stopped")]
    assert not content["rest"]


def test_a_server_that_goes_and_comes_back_leaves_a_gap(program, place, exporter, tmp_path, recording_probe):
    first = exporter("shop")
    path = tmp_path / "shop.ctxtop"
    process = start(program, place, "shop", "-o", path, "-i", "0.1")
    grown(path, 400)
    first.stop()
    time.sleep(1.6)
    exporter("shop", pids=(5000,))
    grown(path, 400)
    status, err = stop(process)
    assert status == 0
    lines = err.splitlines()
    assert len(lines) == 2 and "trying again" in lines[0] and "answers again" in lines[1]
    gaps = read(recording_probe, path)["gaps"]
    assert len(gaps) == 1 and gaps[0]["until"] - gaps[0]["since"] > 1e9
    assert "No such file" in gaps[0]["reason"] or "nobody listens" in gaps[0]["reason"] or "closed" in gaps[0]["reason"]


def test_without_the_app_it_fails_and_on_request_it_waits(program, ctxtop, place, exporter, tmp_path, fails, recording_probe):
    path = tmp_path / "shop.ctxtop"
    fails(ctxtop("record", "shop", "-o", path), 66, "looking for")
    assert not path.exists()
    process = start(program, place, "shop", "-o", path, "--wait", "-i", "0.1", "-n", "2")
    time.sleep(0.5)
    assert process.poll() is None
    exporter("shop")
    out, err = process.communicate(timeout=8)
    assert process.returncode == 0 and out == "" and err.count("\n") == 1 and "waiting" in err
    assert read(recording_probe, path)["records"] == 2


def test_waiting_can_be_ended(program, place, tmp_path):
    process = start(program, place, "shop", "-o", tmp_path / "shop.ctxtop", "--wait")
    time.sleep(0.3)
    assert stop(process)[0] == 0


def test_there_is_one_writer(program, ctxtop, place, exporter, tmp_path, fails):
    exporter("shop")
    path = tmp_path / "shop.ctxtop"
    process = start(program, place, "shop", "-o", path, "-i", "0.1")
    grown(path)
    fails(ctxtop("record", "shop", "-o", path), 73, path, "somebody else writes to it")
    assert process.poll() is None
    assert stop(process) == (0, "")


@pytest.mark.parametrize("content", [b"#!/bin/sh\n", b"CTXTOPR1 no", bytes(4096)])
def test_what_is_no_recording_stays_as_it_is(ctxtop, exporter, tmp_path, fails, content):
    exporter("shop")
    path = tmp_path / "shop.ctxtop"
    path.write_bytes(content)
    fails(ctxtop("record", "shop", "-o", path), 73, path, "choose another file")
    assert path.read_bytes() == content


def test_files_that_cannot_be_one(ctxtop, exporter, tmp_path, fails):
    exporter("shop")
    os.mkfifo(tmp_path / "pipe")
    fails(ctxtop("record", "shop", "-o", tmp_path / "pipe"), 73, "choose another file")
    fails(ctxtop("record", "shop", "-o", tmp_path), 73)
    fails(ctxtop("record", "shop", "-o", tmp_path / "none" / "shop.ctxtop"), 73, "No such file")
    assert ctxtop("record", "shop", "-o", "-").returncode == 64
    assert ctxtop("record", "shop").returncode == 64


def test_a_recording_of_another_app_is_refused(ctxtop, exporter, tmp_path, fails):
    exporter("shop")
    exporter("bank", service="bank")
    path = tmp_path / "shop.ctxtop"
    assert ctxtop("record", "shop", "-o", path, "-n", "2", "-i", "0.1").returncode == 0
    before = path.read_bytes()
    fails(ctxtop("record", "bank", "-o", path), 64, "bank", "recording of shop")
    assert path.read_bytes() == before


def test_rotation_by_size_keeps_as_many_as_it_is_told(ctxtop, exporter, tmp_path, recording_probe):
    def serve(connection):
        connection.makefile("rb").readline()
        while True:
            # Nothing in common with the one before.
            connection.sendall(record(pids=(4312,), server=os.urandom(10_000).hex()))
            time.sleep(0.05)

    exporter("shop", serve)
    path = tmp_path / "shop.ctxtop"
    others = [tmp_path / name for name in (
        "shop-20200101T000000Z.ctxtop", "shop-notes.ctxtop", "shop-20200101T000000Z-x.ctxtop", "shop-20200101T000000Z")]
    for other in others:
        other.write_text("not ours")
    result = ctxtop("record", "shop", "-o", path, "-n", "25", "-i", "0.1", "--rotate-size", "64k", "--keep", "1")
    assert (result.returncode, result.stderr) == (0, "")
    renamed = [each for each in tmp_path.glob("shop-2*Z*.ctxtop") if each not in others]
    assert len(renamed) == 1 and re.fullmatch(r"shop-\d{8}T\d{6}Z(-\d+)?\.ctxtop", renamed[0].name)
    assert size_of(renamed[0]) >= 64 << 10 and not read(recording_probe, renamed[0])["damage"]
    assert all(other.read_text() == "not ours" for other in others)


def test_usr1_begins_a_new_file(program, place, exporter, tmp_path, recording_probe):
    exporter("shop")
    path = tmp_path / "shop.ctxtop"
    process = start(program, place, "shop", "-o", path, "-i", "0.1", "--rotate-age", "1d", "--keep", "2")
    for _ in range(4):
        grown(path, 200)
        inode = path.stat().st_ino
        process.send_signal(signal.SIGUSR1)
        until(lambda: path.exists() and path.stat().st_ino != inode)
    until(lambda: size_of(path) > HEAD)
    assert stop(process) == (0, "")
    renamed = sorted(tmp_path.glob("shop-*.ctxtop"))
    assert len(renamed) == 2
    for each in [*renamed, path]:
        content = read(recording_probe, each)
        assert content["records"] > 0 and not content["gaps"] and not content["damage"]


def test_rotation_by_age(ctxtop, exporter, tmp_path):
    exporter("shop")
    path = tmp_path / "shop.ctxtop"
    assert ctxtop("record", "shop", "-o", path, "-i", "0.1", "--rotate-age", "1s", "--for", "3s").returncode == 0
    assert 1 <= len(list(tmp_path.glob("shop-*.ctxtop"))) <= 3 and path.exists()


def test_a_file_that_may_not_grow_stays_whole(program, place, exporter, tmp_path, recording_probe):
    exporter("shop")
    path = tmp_path / "shop.ctxtop"
    limit = 2200
    process = start(
        program, place, "shop", "-o", path, "-i", "0.1",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    until(lambda: size_of(path) > 1500)
    time.sleep(1)
    status, err = stop(process)
    assert status == 0 and err.count("\n") == 1 and "too large" in err and "trying again" in err
    content = read(recording_probe, path)
    assert content["records"] > 0 and not content["rest"] and not content["damage"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")
def test_a_full_disk_is_survived(program, place, exporter, tmp_path, recording_probe):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], check=True)
    try:
        exporter("shop")
        path = disk / "shop.ctxtop"
        process = start(program, place, "shop", "-o", path, "-i", "0.1")
        grown(path, 300)
        filler = disk / "filler"
        with pytest.raises(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(bytes(512))
        # What is left of the last page is used up first.
        until(lambda: size_of(path) % 4096 > 3700 or size_of(path) % 4096 == 0 or process.poll() is not None, 30)
        time.sleep(1)
        full = size_of(path)
        assert not read(recording_probe, path)["rest"]
        filler.unlink()
        until(lambda: size_of(path) > full + 500)
        status, err = stop(process)
        assert status == 0
        lines = err.splitlines()
        assert len(lines) == 2 and "No space left" in lines[0] and "there is room again" in lines[1], err
        content = read(recording_probe, path)
        assert [gap["reason"] for gap in content["gaps"]] == ["no room on the disk"]
        assert not content["damage"] and not content["rest"]
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_progress_is_for_terminals(program, place, exporter, tmp_path):
    exporter("shop")
    for quiet in ([], ["--quiet"]):
        ours, theirs = pty.openpty()
        process = start(program, place, "shop", "-o", tmp_path / f"{len(quiet)}.ctxtop", "-i", "0.1", "-n", "3", *quiet, stderr=theirs)
        os.close(theirs)
        assert process.wait(8) == 0
        text = b""
        try:
            while data := os.read(ours, 4096):
                text += data
        except OSError:
            pass
        os.close(ours)
        if quiet:
            assert text == b""
        else:
            assert b"recording shop: 3 records" in text and text.endswith(b"\r\n") and b"live" in text


def test_progress_fits_the_terminal(program, place, exporter, tmp_path):
    exporter("shop")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 30, 0, 0))
    process = start(program, place, "shop", "-o", tmp_path / ("x" * 60), "-i", "0.1", "-n", "3", stderr=theirs)
    os.close(theirs)
    assert process.wait(8) == 0
    text = os.read(ours, 4096).decode()
    os.close(ours)
    lines = [line for line in re.split(r"\x1b\[K|[\r\n]", text) if line]
    assert lines and lines[-1].startswith("recording shop: 3 records") and max(map(len, lines)) == 29


def test_a_disk_that_is_full_at_first_gets_no_file(ctxtop, fails, exporter, tmp_path):
    exporter("shop")
    path = tmp_path / "shop.ctxtop"
    full = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))}
    fails(ctxtop("record", "shop", "-o", path, **full), 74, path, "make room")
    assert not path.exists()
    path.touch()
    fails(ctxtop("record", "shop", "-o", path, **full), 74, path, "make room")
    assert path.exists(), "it was somebody else's"


@pytest.mark.parametrize("wrong", [["--rotate-size", "10"], ["--for", "soon"], ["--keep", "2"], ["-i", "0"]])
def test_wrong_arguments(ctxtop, exporter, tmp_path, wrong):
    exporter("shop")
    result = ctxtop("record", "shop", "-o", tmp_path / "shop.ctxtop", *wrong)
    assert result.returncode == 64 and not result.stdout


@pytest.mark.parametrize("kind, count, long", [("cuts", [], []), ("flips", [30_000], [100_000]), ("splices", [3000], [60_000])])
def test_damage(recording_probe, tmp_path, is_long, kind, count, long):
    """Cut at every byte of its last 64 KiB, one bit flipped so many times, bytes that come, go and move."""
    numbers = [str(each) for each in (is_long and long or count)]
    seed = [str(time.time_ns() % 1_000_000)] if numbers else []
    result = subprocess.run(
        [recording_probe, kind, str(tmp_path / kind), *numbers, *seed], capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, (seed, result.stderr)
    assert json.loads(result.stdout)["bytes"] > (64 << 10 if kind == "cuts" else 10_000)

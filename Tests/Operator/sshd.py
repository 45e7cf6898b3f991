"""A real sshd on loopback: its own keys, its own port, its own home; nothing of this machine's configuration."""

import os
import pathlib
import pwd
import shlex
import signal
import socket
import subprocess
import time

SSHD = "/usr/sbin/sshd"
# Without ctxtop there is still a world in PATH.
BARE = "/usr/bin:/bin"


def key(path, passphrase=""):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "test", "-f", str(path)], check=True)
    return path


def free_port():
    """A port that is free on both loopbacks, as far as there are two."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sshd:
    """The daemon, and a client's configuration that knows it: what `ssh` in PATH becomes for a test."""

    def __init__(self, directory: pathlib.Path, variables: dict[str, str], alone=()):
        """`variables` are what a session sees; `alone` is put before the daemon's command."""
        self.directory, self.alone = directory, list(alone)
        directory.mkdir(mode=0o700)
        # sshd separates its privileges in here, and Debian makes it when the service starts.
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        self.port = free_port()
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        self.key = key(directory / "key")
        key(directory / "host_key")
        (directory / "authorized_keys").write_text((directory / "key.pub").read_text())
        self.variables = variables
        self.process = None
        self.write_client(self.key)
        self.trust()
        self.start()

    # The daemon

    def start(self, *options):
        """`options` win over what is usual here."""
        environment = " ".join(f'"{name}={value}"' for name, value in self.variables.items())
        (self.directory / "sshd_config").write_text("\n".join([
            *options, f"Port {self.port}", "ListenAddress 127.0.0.1", f"HostKey {self.directory}/host_key",
            f"AuthorizedKeysFile {self.directory}/authorized_keys", "StrictModes no", "UsePAM no",
            "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin prohibit-password",
            "PidFile none", "LogLevel VERBOSE", "PrintMotd no", "MaxStartups 100",
            # Half of a login is the usual exchange of keys, which is not what is tested.
            "KexAlgorithms curve25519-sha256", "PerSourcePenalties no"
            if self.knows("PerSourcePenalties") else "", f"SetEnv {environment}", ""]))
        self.log = open(self.directory / "log", "ab")
        self.process = subprocess.Popen(
            [*self.alone, SSHD, "-D", "-e", "-f", str(self.directory / "sshd_config")], stdin=subprocess.DEVNULL, stderr=self.log)
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < end, (self.directory / "log").read_text()
                time.sleep(0.02)

    @staticmethod
    def knows(option):
        return option.encode() in pathlib.Path(SSHD).read_bytes()

    def sessions(self):
        """The processes that serve connections, and what runs in them."""
        found, parents = [], [self.process.pid]
        while parents:
            children = pathlib.Path(f"/proc/{parents[0]}/task/{parents[0]}/children")
            try:
                new = [int(word) for word in children.read_text().split()]
            except OSError:
                new = []
            found += new
            parents = parents[1:] + new
        return found

    def daemons(self):
        """Those of them that are sshd itself, and hold the connection."""
        return [pid for pid in self.sessions() if "sshd" in command_of(pid)]

    def freeze(self):
        """The connections that there are say nothing any more."""
        for pid in self.daemons():
            os.kill(pid, signal.SIGSTOP)

    def cut(self):
        """Ends the connections that there are."""
        for pid in self.daemons():
            kill(pid)

    def stop(self):
        """Nobody listens any more, and the connections are gone."""
        if self.process is None:
            return
        sessions = self.sessions()
        self.process.kill()
        self.process.wait()
        for pid in sessions:
            kill(pid)
        self.log.close()
        self.process = None

    # The client

    def write_client(self, key, *options):
        """An `ssh` that reads a configuration of its own, and nobody's agent. `options` win over what is usual here."""
        self.config = self.directory / "ssh_config"
        self.config.write_text("\n".join([
            *options, "Host *", f"  Port {self.port}", f"  User {self.user}", f"  IdentityFile {key}", "  IdentitiesOnly yes",
            "  IdentityAgent none", f"  UserKnownHostsFile {self.directory}/known_hosts",
            "  GlobalKnownHostsFile /dev/null", "  PreferredAuthentications publickey,password", "  UpdateHostKeys no",
            "Host prod-3", "  HostName 127.0.0.1", ""]))
        self.bin = self.directory / "bin"
        self.bin.mkdir(exist_ok=True)
        client = self.bin / "ssh"
        # The last -F wins: one that ctxtop gives stays.
        client.write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {shlex.quote(str(self.config))} "$@"\n')
        client.chmod(0o755)

    def trust(self, name="host_key.pub"):
        words = (self.directory / name).read_text().split()
        names = ",".join(f"[{host}]:{self.port}" for host in ("127.0.0.1", "::1"))
        (self.directory / "known_hosts").write_text(f"{names} {words[0]} {words[1]}\n")

    def lead_through(self, other):
        """The client reaches this one through another: a jump host, which only passes bytes on."""
        self.write_client(
            self.key, "Host jump", "  HostName 127.0.0.1", f"  Port {other.port}", f"  IdentityFile {other.key}",
            "Host prod-3", "  ProxyJump jump")
        with open(self.directory / "known_hosts", "a") as known:
            known.write((other.directory / "known_hosts").read_text())


def command_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def expect_nothing_left(sockets):
    end = time.monotonic() + 5
    while (left := [*map(str, sockets.iterdir()), *map(command_of, clients(sockets))]) and time.monotonic() < end:
        time.sleep(0.02)
    assert not left


def clients(sockets):
    """The processes of ctxtop and ssh that were started with this place for their sockets."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            environment = (entry / "environ").read_bytes() if entry.name.isdigit() else b""
            name = os.path.basename((entry / "cmdline").read_bytes().split(b"\0")[0]) if environment else b""
        except OSError:
            continue
        if f"TMPDIR={sockets}\0".encode() in environment and name in (b"ssh", b"ctxtop"):
            found.append(int(entry.name))
    return found

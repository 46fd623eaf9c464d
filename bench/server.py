# SPDX-License-Identifier: MIT
"""A PostgreSQL server for the benchmark alone: its own directory, a private socket and a loopback port, the settings that a user
gets from initdb (fsync on). Databases are dropped with the server, at the end: dropping one slows the next run."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path


def find_bin():
    """The server's own folder: Debian's psql is a wrapper that adds 15 ms."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
    if found:
        return found[-1].parent
    program = shutil.which("postgres")
    return Path(program).resolve().parent if program else None


class Server:
    def __init__(self, bin_dir):
        self.bin = bin_dir
        self.root = Path(tempfile.mkdtemp(prefix="amend-bench-pg-"))
        self.user = None
        if os.geteuid() == 0:  # the server refuses to run as root
            names = {p.pw_name for p in pwd.getpwall()}
            self.user = "postgres" if "postgres" in names else "nobody"
            shutil.chown(self.root, self.user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.count = 0
        self._start()

    def _run(self, *argv):
        kwargs = {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []} if self.user else {}
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, cwd=self.root, **kwargs)

    def _start(self):
        data = str(self.root / "data")
        self._run(str(self.bin / "initdb"), "-D", data, "-U", "bench", "-A", "trust", "--locale=C", "-E", "UTF8")
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.root} -c unix_socket_permissions=0777"
        self._run(str(self.bin / "pg_ctl"), "-D", data, "-l", str(self.root / "log"), "-w", "-o", options, "start")

    def close(self):
        self._run(str(self.bin / "pg_ctl"), "-D", str(self.root / "data"), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.root, ignore_errors=True)

    def sql(self, text, database="postgres"):
        out = subprocess.run([self.bin / "psql", "-qAtX", "-h", str(self.root), "-p", str(self.port), "-U", "bench", "-d", database,
                              "-v", "ON_ERROR_STOP=1"], input=text, text=True, check=True, stdout=subprocess.PIPE)
        return out.stdout

    def fresh(self):
        """A new database, and no checkpoint due while it is measured."""
        self.count += 1
        name = f"b{self.count}"
        self.sql(f"CREATE DATABASE {name};\nCHECKPOINT;")
        return name

    def url(self, database, port=None):
        """Through the socket, or over TCP when a port is given. TLS off: not everyone compared here can do it on loopback."""
        if port is None:
            return f"postgres://bench@/{database}?host={self.root}&port={self.port}"
        return f"postgres://bench@127.0.0.1:{port}/{database}?sslmode=disable"


class Relay:
    """bench_relay in front of the server; it ends with its standard input."""

    def __init__(self, program, target_port, delay_us):
        self.process = subprocess.Popen([program, str(target_port), str(delay_us)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()

# SPDX-License-Identifier: MIT
"""A PostgreSQL cluster of the tests' own: made with initdb, on a private socket and a loopback port, stopped by its pid."""
import glob
import os
import re
import shutil
import signal
import tempfile
import time

import psycopg2

from .processes import free_port, give, run_as_server_user, server_user, start_server

SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "on",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "dynamic_shared_memory_type": "mmap",  # in its own folder: nothing stays behind
    "track_activity_query_size": "100kB",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # the message alone: statements are long here
    "timezone": "UTC",
    "lc_messages": "C",
    "listen_addresses": "127.0.0.1",
}

# The role "guarded" needs its password; all others are let in.
HBA = """local all guarded scram-sha-256
local all all trust
host all guarded 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""


def bin_dir():
    """The newest server's own programs (Debian's wrappers in /usr/bin are slow)."""
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb") + glob.glob("/usr/pgsql-*/bin/initdb")
    found = [os.path.dirname(path) for path in found]
    if found:
        return max(found, key=lambda path: [int(n) for n in re.findall(r"\d+", path)])
    path = shutil.which("initdb")
    return os.path.dirname(os.path.realpath(path)) if path else None


def quick_folder():
    """Where making and dropping databases is cheap: memory, when there is plenty of it; None for the usual place."""
    memory = "/dev/shm"
    if os.path.isdir(memory) and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 << 30:
        return memory
    return None


class Cluster:
    def __init__(self, bin_path):
        self.bin = bin_path
        self.home = tempfile.mkdtemp(prefix="amend-pg-", dir=quick_folder())
        os.chmod(self.home, 0o755)
        give(self.home)
        self.data = os.path.join(self.home, "data")
        self.log = os.path.join(self.home, "log")
        self.port = None
        self.process = None
        self.superuser = "owner"
        run_as_server_user([self.program("initdb"), "-D", self.data, "-U", self.superuser, "--auth=trust", "--no-sync",
                            "--encoding=UTF8", "--locale=C.UTF-8"], cwd=self.home)
        with open(os.path.join(self.data, "pg_hba.conf"), "w") as hba:
            hba.write(HBA)

    def program(self, name):
        return os.path.join(self.bin, name)

    def start(self, **more):
        """Start the server; after a stop, on the same port. more: settings in place of, or beside, SETTINGS."""
        for _ in range(5):
            self.port = self.port or free_port()
            settings = [f"--{name}={value}" for name, value in {**SETTINGS, **more}.items()]
            self.process = start_server([self.program("postgres"), "-D", self.data, "-k", self.home, "-p", str(self.port)]
                                        + settings, self.log, cwd=self.home)
            if self._wait_ready():
                return self
            self.port = None
        raise RuntimeError(f"the server does not start:\n{self.tail()}")

    def _wait_ready(self):
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.connect("postgres").close()
                return True
            except psycopg2.OperationalError:
                time.sleep(0.02)
        self.stop()
        return False

    def stop(self, how=signal.SIGINT):
        """SIGINT: fast; SIGQUIT: immediate, as after a crash."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)
        self.process = None

    def remove(self):
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.home, ignore_errors=True)

    def connect(self, database, **more):
        conn = psycopg2.connect(host=self.home, port=self.port, user=self.superuser, dbname=database, **more)
        conn.autocommit = True
        return conn

    def execute(self, sql, database="postgres"):
        conn = self.connect(database)
        try:
            conn.cursor().execute(sql)
        finally:
            conn.close()

    def url(self, database, user=None, password=None, port=None):
        """Over TCP: what a program would use."""
        who = (user or self.superuser) + (f":{password}" if password else "")
        return f"postgres://{who}@127.0.0.1:{port or self.port}/{database}"

    def log_size(self):
        return os.path.getsize(self.log)

    def tail(self, start=0):
        with open(self.log, errors="replace") as log:
            log.seek(start)
            return log.read()[-8000:]

    @staticmethod
    def owner():
        return server_user()

# SPDX-License-Identifier: MIT
"""pgbouncer in transaction mode in front of a cluster."""
import os
import shutil
import signal
import tempfile

from .processes import answers, free_port, give, start_server
from .waiting import wait_until


class Pooler:
    """Two server connections only, so that clients share them and whatever one of them leaves behind."""

    def __init__(self, cluster, pool_size=2):
        self.home = tempfile.mkdtemp(prefix="amend-bouncer-")
        os.chmod(self.home, 0o755)
        give(self.home)
        self.port = free_port()
        self.log = os.path.join(self.home, "log")
        self.cluster = cluster
        config = os.path.join(self.home, "pgbouncer.ini")
        with open(config, "w") as ini:
            ini.write(f"""[databases]
* = host={cluster.home} port={cluster.port} user={cluster.superuser}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 50
""")
        self.process = start_server([shutil.which("pgbouncer") or "/usr/sbin/pgbouncer", config], self.log, cwd=self.home)
        wait_until(lambda: answers(self.port) or self.process.poll() is not None, "pgbouncer to listen")
        assert self.process.poll() is None, self.tail()

    def url(self, database):
        return self.cluster.url(database, port=self.port)

    def tail(self):
        with open(self.log, errors="replace") as log:
            return log.read()[-4000:]

    def remove(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=20)
        shutil.rmtree(self.home, ignore_errors=True)

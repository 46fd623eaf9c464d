# SPDX-License-Identifier: MIT
"""Starting servers: as an unprivileged user when the tests run as root, and never outliving the tests."""
import ctypes
import os
import pwd
import signal
import socket
import subprocess

PR_SET_PDEATHSIG = 1


def server_user():
    """The account for servers that refuse to run as root; None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("running as root, and there is no user postgres or nobody to run servers as")


def give(path):
    """Let the servers' user own a directory."""
    user = server_user()
    if user:
        os.chown(path, user.pw_uid, user.pw_gid)


def start_server(command, log, **more):
    """Start a server as the servers' user, its output in the file `log`; it is told to stop when the tests die."""
    user = server_user()
    if user:
        more.update(user=user.pw_uid, group=user.pw_gid, extra_groups=[])
    libc = ctypes.CDLL(None)
    with open(log, "ab") as output:
        return subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True,
                                preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM), **more)


def run_as_server_user(command, **more):
    user = server_user()
    if user:
        more.update(user=user.pw_uid, group=user.pw_gid, extra_groups=[])
    return subprocess.run(command, check=True, capture_output=True, text=True, **more)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False

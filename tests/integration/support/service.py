# SPDX-License-Identifier: MIT
"""examples/http-cards as a process, and a client for it."""
import http.client
import json
import os
import resource
import signal
import subprocess

from .project import ROOT, binary, clean_env
from .waiting import wait_until

MIGRATIONS = {"sqlite": os.path.join(ROOT, "examples", "cards", "migrations"),
              "postgres": os.path.join(ROOT, "examples", "http-cards", "migrations-postgres")}


def program():
    build = os.path.dirname(os.path.dirname(binary()))
    path = os.path.join(build, "examples", "http-cards", "http-cards")
    assert os.path.exists(path), f"{path} was not built: is libmicrohttpd there?"
    return path


def all_files():
    """As many open files as the system lets a process have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:300]}"


class Service:
    """Started on any free port; its log is a file, so that no pipe fills up."""

    def __init__(self, home, url, *args, wait=True, **env):
        self.home = str(home)
        self.log_path = os.path.join(self.home, "service.log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([program(), "--port", "0", *map(str, args)], cwd=self.home, stdin=subprocess.DEVNULL,
                                            stdout=subprocess.PIPE, stderr=log, text=True,
                                            env=clean_env(self.home, DATABASE_URL=url, **env))
        if wait:
            line = self.process.stdout.readline()
            assert line.startswith("listening on http://127.0.0.1:"), f"{line}{self.log()}"
            self.port = int(line.rsplit(":", 1)[1])

    def log(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def ask(self, method, path, body=None, **more):
        """One request on a connection of its own; a dict goes as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            data = json.dumps(body) if isinstance(body, (dict, list)) else body
            connection.request(method, path, body=data, **more)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def workspace(self, slug="atelier"):
        """A workspace with its owner: {"id": …, "owner_id": …}"""
        answer = self.ask("POST", "/workspaces", {"slug": slug, "name": "Atelier", "owner_email": "zoe@example.org",
                                                  "owner_name": "Zoë"})
        assert answer.status == 201, answer
        return answer.json()

    def card(self, workspace, title="Fire the kiln", **more):
        answer = self.ask("POST", "/cards", {"workspace_id": workspace["id"], "author_id": workspace["owner_id"], "title": title, **more})
        assert answer.status == 201, answer
        return answer.json()

    def connections(self):
        """How many clients are connected now."""
        with open("/proc/net/tcp") as table:
            return sum(line.split()[1].endswith(f":{self.port:04X}") and line.split()[3] == "01" for line in table)

    def stop(self, how=signal.SIGTERM):
        """End it; the exit status."""
        self.process.send_signal(how)
        self.process.communicate(timeout=60)
        return self.process.returncode

    def close(self):
        """A sanitizer's report is a failure."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        assert "Sanitizer" not in self.log() and "runtime error:" not in self.log(), self.log()


class Load:
    """wrk: so many connections, each asking again and again for some seconds."""

    def __init__(self, service, path, connections, seconds):
        self.service, self.connections = service, connections
        self.process = subprocess.Popen(["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s",
                                         f"http://127.0.0.1:{service.port}{path}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, preexec_fn=all_files)

    def wait_connected(self):
        def ready():
            assert self.process.poll() is None, self.process.stdout.read()
            return self.service.connections() >= self.connections

        wait_until(ready, f"{self.connections} connections", 60, 0.1)

    def finish(self):
        """What wrk tells at its end."""
        told, _ = self.process.communicate(timeout=120)
        return told

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

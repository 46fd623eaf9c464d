# SPDX-License-Identifier: MIT
"""tests/programs/pq_app: an application on libpq that does what it is told, wrapped with amend/postgres.h."""
import json
import os
import subprocess

import pytest

from .project import binary, clean_env

CARDS = "CREATE TABLE cards (id SERIAL PRIMARY KEY, title TEXT)"


def program(name):
    path = os.path.join(os.path.dirname(os.path.dirname(binary())), "tests", "programs", name)
    if not os.path.exists(path):
        pytest.skip(f"{name} is not built: the binary is not in a build directory, or PostgreSQL was left out")
    return path


class App:
    """url: amend's database; app_url: what the application connects to, the same one by default."""

    def __init__(self, url, directory, home, app_url=None, **env):
        self.process = subprocess.Popen([program("pq_app"), url, directory, app_url or url], env=clean_env(home, **env), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def send(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        assert line, f"the application ended: {self.process.wait(timeout=20)}\n{self.process.stderr.read()}"
        return json.loads(line)

    def do(self, **request):
        self.send(**request)
        return self.answer()

    def exec(self, sql):
        return self.do(do="exec", sql=sql)

    def bare(self, sql):
        return self.do(do="bare", sql=sql)

    def tx(self, *steps, **more):
        return self.do(do="tx", steps=list(steps), **more)

    def close(self):
        """Its exit must be a clean one: a sanitizer's report is an error."""
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.stdin = None
        _, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0 and "Sanitizer" not in err, err


def exec_step(sql, **more):
    return dict(do="exec", sql=sql, **more)

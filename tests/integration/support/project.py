# SPDX-License-Identifier: MIT
"""A program with migrations, in a directory of its own, and the command `amend` run in it."""
import json
import os
import signal
import subprocess

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))


def binary():
    """AMEND_BIN, or the newest cli/amend of the build directories beside the sources."""
    given = os.environ.get("AMEND_BIN")
    if given:
        return os.path.realpath(given)
    names = [name for name in os.listdir(ROOT) if name == "build" or name.startswith("build-")]
    found = [os.path.join(ROOT, name, "cli", "amend") for name in names]
    found = [path for path in found if os.access(path, os.X_OK)]
    if not found:
        raise RuntimeError("no binary: build the project first, or set AMEND_BIN")
    return max(found, key=os.path.getmtime)


def clean_env(home, **more):
    """An environment without anything that would change what amend does."""
    keep = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE", "GCOV_PREFIX", "GCOV_PREFIX_STRIP")
    env = {key: value for key, value in os.environ.items() if key in keep or key.endswith("SAN_OPTIONS")}
    env.setdefault("LANG", "C.UTF-8")
    env["HOME"] = str(home)
    env["PGPASSFILE"] = os.path.join(str(home), ".pgpass")
    env.update({key: str(value) for key, value in more.items() if value is not None})
    return env


class Result:
    """How a run of the command ended."""

    def __init__(self, command, code, out, err):
        self.command, self.code, self.out, self.err = command, code, out, err

    @property
    def all(self):
        return self.out + self.err

    def json(self):
        return json.loads(self.out)

    def lines(self):
        """One JSON value per line, as up and down stream them."""
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]

    def __str__(self):
        return f"$ {' '.join(self.command)}\n{self.out}{self.err}[exit {self.code}]"


def failures(results):
    """The results that are not exit 0, as text."""
    return "\n".join(str(result) for result in results if result.code != 0)


class Project:
    def __init__(self, home, db=None):
        self.home = str(home)
        self.dir = os.path.join(self.home, "migrations")
        os.makedirs(self.dir, exist_ok=True)
        self.db = db
        self.bin = binary()
        self._running = []

    # ---- files

    def write(self, path, text):
        """A file under the project's home; text or bytes."""
        path = os.path.join(self.home, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    def up(self, name, text):
        return self.write(f"migrations/{name}.sql", text)

    def down(self, name, text):
        return self.write(f"migrations/{name}.down.sql", text)

    def both(self, name, up, down):
        self.up(name, up)
        self.down(name, down)

    # ---- the command

    def env(self, **more):
        settings = {"DATABASE_URL": self.db.url} if self.db else {}
        settings["ALLOW_DESTRUCTIVE_MIGRATION"] = "true"  # but in test_losses.py, no data here is anybody's
        settings.update(more)
        return clean_env(self.home, **settings)

    def start(self, *args, env=None, cwd=None, url=None, **more):
        """Start the command and return the process; it is killed at the test's end if it still runs."""
        settings = self.env(**({"DATABASE_URL": url} if url else {}), **(env or {}))
        process = subprocess.Popen([self.bin, *map(str, args)], env=settings, cwd=cwd or self.home, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", **more)
        self._running.append(process)
        return process

    def finish(self, process, timeout=90):
        out, err = process.communicate(timeout=timeout)
        self._running.remove(process)
        result = Result(process.args, process.returncode, out, err)
        if "Sanitizer" in err or "runtime error:" in err:
            raise AssertionError(f"a sanitizer's report:\n{result}")
        return result

    def amend(self, *args, check=0, timeout=90, **more):
        """Run the command. check: the exit status expected, None for any."""
        result = self.finish(self.start(*args, **more), timeout)
        if check is not None and result.code != check:
            raise AssertionError(f"expected exit {check}:\n{result}")
        return result

    def kill(self, process, how=signal.SIGKILL):
        process.send_signal(how)
        process.communicate(timeout=30)
        self._running.remove(process)

    def close(self):
        for process in self._running:
            process.kill()
            process.communicate()

# SPDX-License-Identifier: MIT
"""SQLite: fresh databases, and those that are up to date already."""

import shutil
import subprocess
from functools import partial

import generate
from timing import Command, Row

TOOLS = ("dbmate", "golang-migrate", "alembic", "sqitch")


def amend_up(bench, project, database):
    return Command([bench.amend, "up", "--quiet", "--dir", project, "--url", database])


def run(bench, command):
    """Untimed: a step of preparation that has to succeed."""
    out = subprocess.run([str(a) for a in command.argv], env=bench.environment(command), cwd=command.cwd, capture_output=True,
                         text=True, check=False)
    if out.returncode != 0:
        raise RuntimeError(f"{command.argv}: {out.stderr or out.stdout}")


def fresh(bench, count, goal, runs):
    script = bench.tmp / f"floor-sqlite-{count}.sql"
    generate.floor_script("sqlite", count, script)

    def database(tool, i):
        folder = bench.tmp / f"fresh-{tool}-{count}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder / f"{i}.db"

    amend = generate.project("amend", "sqlite", count, bench.tmp)
    subjects = {"floor": lambda i: Command(["sqlite3", database("floor", i)], stdin=str(script)),
                "amend": lambda i: amend_up(bench, amend, database("amend", i))}
    for tool, project in bench.peers.projects("sqlite", count, bench.tmp, TOOLS).items():
        subjects[tool] = lambda i, tool=tool, project=project: bench.peers.up(tool, "sqlite", project, database(tool, i))
    return Row(f"sqlite-fresh-{count}", f"fresh `up`, {count:,}, SQLite (floor: sqlite3, one transaction)", goal, subjects, runs, 2.0)


def count_history(path):
    return Command(["sqlite3", path, "SELECT count(*) FROM _migrations"])


def noop(bench, count, goal, runs):
    """Each tool looks at a database that it brought up itself; the floor counts the history in amend's."""
    amend, path = generate.project("amend", "sqlite", count, bench.tmp), bench.tmp / f"noop-{count}.db"
    run(bench, amend_up(bench, amend, path))
    subjects = {"floor": lambda _: count_history(path), "amend": lambda _: amend_up(bench, amend, path)}
    for tool, project in bench.peers.projects("sqlite", count, bench.tmp, TOOLS).items():
        command = bench.peers.up(tool, "sqlite", project, bench.tmp / f"noop-{tool}-{count}.db")
        try:
            run(bench, command)
        except RuntimeError as e:
            bench.note(f"{tool}: {e}")
            continue
        subjects[tool] = lambda _, command=command: command
    return Row(f"sqlite-noop-{count}", f"no-op `up`, {count:,} applied, SQLite (floor: sqlite3 counts the history)", goal, subjects,
               runs)


def rows(bench):
    yield partial(noop, bench, 11, 1.2, 51), "sqlite-noop-11"
    yield partial(noop, bench, 1000, 1.3, 31), "sqlite-noop-1000"
    yield partial(fresh, bench, 1000, 1.15, 9), "sqlite-fresh-1000"

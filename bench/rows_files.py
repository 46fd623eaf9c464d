# SPDX-License-Identifier: MIT
"""Ten thousand files: looking at them, and a no-op over a history as long."""

import shutil
import sqlite3
from functools import partial

import generate
from rows_sqlite import amend_up, run
from timing import Command, Row

COUNT, SIZE = 10000, 2048


def discover(bench):
    project = generate.project("amend", "sqlite", COUNT, bench.tmp, SIZE)
    return Row("discover-10000", "discover, read, hash 10,000 files of 2 KB (floor: a bare loop)", 1.3, {
        "floor": lambda _: Command([bench.tool("bench_floor_files"), project / "versions"]),
        "amend": lambda _: Command([bench.tool("bench_discover"), project])}, runs=21, memory_goal=None)


def dbmate_history(bench, database):
    """dbmate's state after it applied the same ten thousand: its table holds the versions and nothing else."""
    project = generate.project("dbmate", "sqlite", COUNT, bench.tmp)
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY)")
        connection.executemany("INSERT INTO schema_migrations VALUES (?)", [(str(20260101000000 + n),) for n in range(1, COUNT + 1)])
    connection.close()
    return bench.peers.up("dbmate", "sqlite", project, database)


def noop(bench):
    project, path = generate.project("amend", "sqlite", COUNT, bench.tmp, SIZE), bench.tmp / "noop-10000.db"
    run(bench, amend_up(bench, project, path))
    subjects = {"floor": lambda _: Command([bench.tool("bench_floor_files"), project / "versions", path]),
                "amend": lambda _: amend_up(bench, project, path)}
    if "dbmate" in bench.peers.programs:
        copy = bench.tmp / "noop-dbmate-10000.db"
        shutil.copy(path, copy)
        subjects["dbmate"] = lambda _, command=dbmate_history(bench, copy): command
    return Row("sqlite-noop-10000", "no-op `up`, 10,000 applied, SQLite (floor: that loop and one query)", 1.2, subjects, runs=21)


def rows(bench):
    yield partial(discover, bench), "discover-10000"
    yield partial(noop, bench), "sqlite-noop-10000"

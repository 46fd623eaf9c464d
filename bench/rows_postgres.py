# SPDX-License-Identifier: MIT
"""PostgreSQL: over its socket, and over a relay that is 10 ms away."""

from functools import partial

import generate
from rows_sqlite import run
from timing import Command, Row

TOOLS = ("dbmate", "node-pg-migrate", "golang-migrate", "alembic", "sqitch")
HISTORY = "SELECT version, checksum FROM _migrations ORDER BY id"


def amend_up(bench, project, url):
    return Command([bench.amend, "up", "--quiet", "--dir", project], env={"DATABASE_URL": url})


def fresh(bench, count, goal, runs, far):
    script = bench.tmp / f"floor-postgres-{count}.sql"
    generate.floor_script("postgres", count, script)
    project, server = generate.project("amend", "postgres", count, bench.tmp), bench.server()
    port = bench.relay().port if far else None

    def url():
        return server.url(server.fresh(), port)

    subjects = {"floor": lambda _: Command([bench.tool("bench_floor_pg"), url(), script]),
                "amend": lambda _: amend_up(bench, project, url())}
    tools = [t for t in TOOLS if not (far and t == "sqitch")]  # minutes, and no news
    for tool, files in bench.peers.projects("postgres", count, bench.tmp, tools).items():
        subjects[tool] = lambda _, tool=tool, files=files: bench.peers.up(tool, "postgres", files, url())
    subjects["psql -f"] = lambda _: Command([server.bin / "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", url(), "-f", script])
    key, where = ("far", "10 ms round trip") if far else ("pg", "PostgreSQL, socket")
    return Row(f"{key}-fresh-{count}", f"fresh `up`, {count:,}, {where} (floor: one message)", goal, subjects, runs,
               None if far else 2.0)


def noop(bench, count, goal, runs):
    server, port = bench.server(), bench.relay().port
    project, near = generate.project("amend", "postgres", count, bench.tmp), server.fresh()
    run(bench, amend_up(bench, project, server.url(near)))
    url = server.url(near, port)
    subjects = {"floor": lambda _: Command([bench.tool("bench_floor_pg"), url, "-c", HISTORY]),
                "amend": lambda _: amend_up(bench, project, url)}
    for tool, files in bench.peers.projects("postgres", count, bench.tmp, [t for t in TOOLS if t != "sqitch"]).items():
        name = server.fresh()
        try:
            run(bench, bench.peers.up(tool, "postgres", files, server.url(name, server.port)))
        except RuntimeError as e:
            bench.note(f"{tool}: {e}")
            continue
        subjects[tool] = lambda _, command=bench.peers.up(tool, "postgres", files, server.url(name, port)): command
    return Row(f"far-noop-{count}", f"no-op `up`, {count:,} applied, 10 ms round trip (floor: connect, one query)", goal, subjects, runs)


def rows(bench):
    if bench.server_bin is None:
        return
    yield partial(fresh, bench, 1000, 1.1, 5, False), "pg-fresh-1000"
    yield partial(fresh, bench, 11, 1.3, 15, True), "far-fresh-11"
    yield partial(fresh, bench, 100, 1.3, 7, True), "far-fresh-100"
    yield partial(noop, bench, 11, 1.1, 21), "far-noop-11"

# SPDX-License-Identifier: MIT
"""Start-up: what a program costs before it does anything."""

from timing import Command, Row


def rows(bench):
    subjects = {"floor": lambda _: Command(["true"]), "amend": lambda _: Command([bench.amend, "--version"])}
    for tool in ("dbmate", "golang-migrate", "sqitch", "alembic", "node-pg-migrate"):
        if tool in bench.peers.programs:
            subjects[tool] = lambda _, tool=tool: bench.peers.version(tool)
    yield Row("startup", "start-up, `--version` (floor: `true`)", 2.5, subjects, runs=51)

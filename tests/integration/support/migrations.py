# SPDX-License-Identifier: MIT
"""Migrations made by the dozen, in SQL that both kinds of database take unless a name says otherwise."""


def table(n):
    """Up and down of one plain table with an index and a row."""
    up = (f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, label TEXT NOT NULL);\n"
          f"CREATE INDEX t{n}_label ON t{n} (label);\n"
          f"INSERT INTO t{n} (id, label) VALUES ({n}, 'row {n}');\n")
    return up, f"DROP TABLE t{n};\n"


def write_tables(project, count, first=1):
    """count migrations; returns their versions."""
    for n in range(first, first + count):
        project.both(f"{n:03}_table_{n}", *table(n))
    return [f"{n:03}" for n in range(first, first + count)]


def without_transaction(kind, n):
    """A migration that begins and ends in ordinary statements and has one in its middle that can't be in a transaction."""
    middle = "VACUUM;" if kind == "sqlite" else f"CREATE INDEX CONCURRENTLY big{n}_label ON big{n} (label);"
    return (f"CREATE TABLE big{n} (id INTEGER PRIMARY KEY, label TEXT NOT NULL);\n"
            f"INSERT INTO big{n} (id, label) VALUES (1, 'one'), (2, 'two');\n"
            f"{middle}\n"
            f"INSERT INTO big{n} (id, label) VALUES (3, 'three');\n")


def slow_statement(kind, seconds):
    """Takes about so long, touches no table."""
    if kind == "postgres":
        return f"SELECT pg_sleep({seconds});"
    return (f"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < {int(seconds * 6000000)}) "
            "SELECT count(*) FROM c;")

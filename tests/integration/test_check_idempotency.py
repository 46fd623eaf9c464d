# SPDX-License-Identifier: MIT
"""What test_enum_idempotency.py asks of PostgreSQL's enums, asked of SQLite's CHECK constraints and tables."""
import pytest
from support import refusal

VALUES = ("compute", "effect", "orchestrator", "reducer")


def check(values=VALUES):
    return f"CHECK (kind IN ({', '.join(repr(value) for value in values)}))"


def table(values=VALUES):
    return f"""CREATE TABLE IF NOT EXISTS nodes (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL DEFAULT 'compute' {check(values)},
    label TEXT NOT NULL
);
"""


INDEX = "CREATE INDEX IF NOT EXISTS nodes_kind ON nodes (kind, label);\n"
UP = table() + INDEX
DOWN = "DROP TABLE IF EXISTS nodes;\n"


@pytest.fixture
def project(lite_project):
    lite_project.both("001_nodes", UP, DOWN)
    return lite_project


def same(result):
    return [line["message"] for line in result.lines() if line.get("type") == "guard.same"]


def there(db, name):
    return bool(db.rows("SELECT 1 FROM sqlite_schema WHERE name = ?", name))


def refused(project, *lines, command="up"):
    result = refusal.refused(project, *lines, command=command)
    assert "001_" in result.err
    return result


# --------------------------------------------------------------------------------------------------------- fresh install


def test_fresh_install_creates_the_check(project, lite):
    project.amend("up")
    with pytest.raises(Exception, match="CHECK"):
        lite.sql("INSERT INTO nodes (kind, label) VALUES ('wrong', 'a')")


def test_fresh_install_creates_the_table(project, lite):
    project.amend("up")
    lite.sql("INSERT INTO nodes (kind, label) VALUES ('effect', 'a')")
    assert lite.value("SELECT count(*) FROM nodes") == 1


def test_fresh_install_creates_the_indexes(project, lite):
    project.amend("up")
    assert there(lite, "nodes_kind")


# ------------------------------------------------------------------------------------------------------------- run again


def test_run_again_with_the_check_there(project, lite):
    lite.sql(table())
    result = project.amend("up", "--json")
    assert same(result) == ['table "nodes" is there already, and the same']
    assert lite.versions() == ["001"] and there(lite, "nodes_kind")


def test_run_again_with_the_table_there_with_data(project, lite):
    lite.sql(table() + "INSERT INTO nodes (label) VALUES ('kept'), ('too');")
    project.amend("up")
    assert lite.rows("SELECT kind, label FROM nodes ORDER BY id") == [("compute", "kept"), ("compute", "too")]


def test_run_again_with_the_indexes_there(project, lite):
    lite.sql(UP)
    result = project.amend("up", "--json")
    assert len(same(result)) == 2 and lite.versions() == ["001"]


# ---------------------------------------------------------------------------------------------------------- other values


def test_wrong_values_are_refused(project, lite):
    lite.sql(table(("compute", "effect", "wrong_value")))
    refused(project, 'table "nodes" exists with another definition', "  missing   check nodes",
            "  extra     check nodes (kind in ('compute', 'effect', 'wrong_value'))")


def test_missing_values_are_refused(project, lite):
    lite.sql(table(VALUES[:2]))
    refused(project, "  extra     check nodes")


def test_extra_values_are_refused(project, lite):
    lite.sql(table(VALUES + ("sink",)))
    refused(project, "  extra     check nodes")


# ------------------------------------------------------------------------------------------------------------------ down


def test_down_removes_the_table(project, lite):
    project.amend("up")
    project.amend("down")
    assert not there(lite, "nodes")


def test_down_removes_the_indexes(project, lite):
    project.amend("up")
    project.amend("down")
    assert not there(lite, "nodes_kind")


def test_down_removes_the_check(project, lite):
    project.amend("up")
    project.amend("down")
    lite.sql("CREATE TABLE nodes (kind TEXT)")
    lite.sql("INSERT INTO nodes VALUES ('wrong')")


def test_down_with_data_warns(project, lite):
    project.amend("up")
    lite.sql("INSERT INTO nodes (label) VALUES ('kept')")
    result = project.amend("down", env={"ALLOW_DESTRUCTIVE_MIGRATION": None}, check=5)
    assert "AM0303" in result.err and "the table with its rows" in result.all
    assert there(lite, "nodes") and lite.versions() == ["001"]
    project.amend("down", "--allow-destructive")
    assert not there(lite, "nodes")


def test_down_twice(project, lite):
    project.amend("up")
    project.amend("down")
    project.amend("down")
    assert lite.versions() == []


# ----------------------------------------------------------------------------------------------------------- full cycles


def test_full_cycle(project, lite):
    project.amend("up")
    first = lite.schema()
    project.amend("down")
    project.amend("up")
    assert lite.schema() == first


def test_full_cycle_over_a_table_with_data(project, lite):
    lite.sql(table() + "INSERT INTO nodes (label) VALUES ('kept');")
    project.amend("up")
    lite.sql("DELETE FROM _migrations")
    result = project.amend("up", "--json")
    assert len(same(result)) == 2 and lite.rows("SELECT label FROM nodes") == [("kept",)]


def test_another_table_with_the_same_check(project, lite):
    lite.sql("CREATE TABLE other (kind TEXT " + check() + ")")
    project.amend("up")
    project.amend("down")
    assert there(lite, "other")


def test_the_order_of_values_does_not_matter(project, lite):
    lite.sql(table(VALUES[::-1]))
    result = project.amend("up", "--json")
    assert same(result) == ['table "nodes" is there already, and the same']


@pytest.mark.parametrize("existing,migration,equal", [
    ("a IN (3, 10, 2) AND b NOT IN ('x', 'a''b')", "a IN (10, 2, 3) AND b NOT IN ('a''b', 'x')", True),
    ("a IN (1, 2) AND b IN ('x')", "a IN (2, 1) AND b IN ('y')", False),
    ("a IN (1, 2)", "a IN (1, 2, 2)", False), ("a IN (1, b)", "a IN (b, 1)", False), ("a IN (1)", "a IN (1 + 0)", False),
    ("a > 1 AND b > 2", "b > 2 AND a > 1", False), ("a IN ()", "a IN ()", True),
])
def test_only_the_order_of_constants_does_not_matter(lite_project, lite, existing, migration, equal):
    lite.sql(f"CREATE TABLE t (a, b, CHECK ({existing}))")
    lite_project.up("001_t", f"CREATE TABLE IF NOT EXISTS t (a, b, CHECK ({migration}));")
    assert lite_project.amend("up", check=None).code == (0 if equal else 5)


def test_the_order_of_columns_does_not_matter(project, lite):
    lite.sql(f"CREATE TABLE nodes (label text not null, kind TEXT DEFAULT 'compute' NOT NULL {check()}, \"id\" INTEGER PRIMARY KEY)")
    result = project.amend("up", "--json")
    assert same(result) == ['table "nodes" is there already, and the same']


# --------------------------------------------------------------------------------------------------------- other objects

CASES = {
    "column added later": ("CREATE TABLE t (a INT); ALTER TABLE t ADD COLUMN b TEXT", "CREATE TABLE IF NOT EXISTS t (a INT, b TEXT);", True),
    "columns": ("CREATE TABLE t (a INT, b TEXT)", "CREATE TABLE IF NOT EXISTS t (a INT NOT NULL, c TEXT);",
                ["expected  column t.a INT NOT NULL", "existing  column t.a INT", "missing   column t.c TEXT", "extra     column t.b TEXT"]),
    "view in place of a table": ("CREATE VIEW t AS SELECT 1 AS a", "CREATE TABLE IF NOT EXISTS t (a INT);", ["extra     view t"]),
    "view": ("CREATE VIEW v AS SELECT 1 AS a", "CREATE VIEW IF NOT EXISTS v AS SELECT 2 AS a;", ["expected  view v", "existing  view v"]),
    "view that is the same": ("CREATE VIEW v AS SELECT 1 AS a", "create view if not exists main.V as\n  select 1 as a -- one\n;", True),
    "index": ("CREATE TABLE t (a, b); CREATE INDEX i ON t (a)", "CREATE INDEX IF NOT EXISTS i ON t (b);", ["expected  index i ON t (b)"]),
    "index on another table": ("CREATE TABLE t (a); CREATE TABLE u (a); CREATE INDEX i ON u (a)",
                               "CREATE UNIQUE INDEX IF NOT EXISTS main.i ON t (a);", ["existing  index i ON u (a)"]),
    "trigger": ("CREATE TABLE t (a); CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
                "CREATE TRIGGER IF NOT EXISTS g AFTER INSERT ON t BEGIN SELECT 2; END;", ["expected  trigger g"]),
    "trigger that is the same": ("CREATE TABLE t (a); CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
                                 "CREATE TRIGGER IF NOT EXISTS g AFTER INSERT ON t BEGIN SELECT 1; END;", True),
    "dropped before": ("CREATE TABLE t (a INT)", "DROP TABLE t;\nCREATE TABLE IF NOT EXISTS t (b INT);", []),
    "renamed before": ("CREATE TABLE t (a INT)", "ALTER TABLE t RENAME TO u;\nCREATE TABLE IF NOT EXISTS t (b INT);", []),
    "made before": ("CREATE TABLE other (a)", "CREATE TABLE t (b INT);\nCREATE TABLE IF NOT EXISTS T (b INT);", []),
    "temporary": ("CREATE TABLE t (a INT)", "CREATE TEMP TABLE IF NOT EXISTS t (b INT);\nCREATE TABLE IF NOT EXISTS temp.t (b INT);", []),
}


@pytest.mark.parametrize("name", CASES)
def test_claims(lite_project, lite, name):
    existing, migration, expected = CASES[name]
    lite.sql(existing)
    lite_project.up("001_claim", migration + "\n")
    if expected and expected is not True:
        refused(lite_project, *expected)
        return
    result = lite_project.amend("up", "--json")
    assert bool(same(result)) == (expected is True), result
    assert lite.versions() == ["001"]


def test_a_table_made_from_a_query_is_not_compared(lite_project, lite):
    lite.sql("CREATE TABLE t AS SELECT 1 AS a")
    lite_project.up("001_claim", "CREATE TABLE IF NOT EXISTS t AS SELECT 1 AS a, 2 AS b;\n")
    result = lite_project.amend("up")
    assert 'table "t" could not be compared with what exists: its columns come from a query' in result.err


def test_a_dry_run_compares_too(lite_project, lite):
    lite.sql("CREATE TABLE t (a INT)")
    lite_project.up("001_claim", "CREATE TABLE IF NOT EXISTS t (b INT);\n")
    lite_project.amend("up", "--dry-run", check=5)
    lite.sql("DROP TABLE t")
    assert "amend: " in lite_project.amend("up", "--dry-run").out


def test_what_is_made_between_check_and_migration_is_seen(lite_project, lite):
    """As if another program had made it just then: the check of the dry run's text fails on it."""
    lite_project.up("001_claim", "CREATE TABLE IF NOT EXISTS t (b INT);\n")
    script = lite_project.amend("up", "--dry-run").out
    lite.sql("CREATE TABLE t (a INT)")
    with pytest.raises(Exception):
        lite.run_by_hand(script)
    assert lite.versions() == []

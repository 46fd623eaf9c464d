# SPDX-License-Identifier: MIT
"""Enums, tables and indexes that may be there already: made, passed over when they are the same, refused when they are not."""
import os
import re

import pytest
from support.project import ROOT
from support.refusal import refused

VALUES = ("compute", "effect", "orchestrator", "reducer")


def enum(name="node_type_enum", values=VALUES):
    return f"CREATE TYPE {name} AS ENUM ({', '.join(repr(value) for value in values)});\n"


TYPE = enum()
TABLE = """CREATE TABLE IF NOT EXISTS nodes (
    id serial PRIMARY KEY,
    kind node_type_enum NOT NULL DEFAULT 'compute',
    label text NOT NULL CHECK (label <> '')
);
"""
INDEX = "CREATE INDEX IF NOT EXISTS nodes_kind ON nodes (kind, label);\n"
UP = TYPE + TABLE + INDEX
DOWN = "DROP TABLE IF EXISTS nodes;\nDROP TYPE IF EXISTS node_type_enum;\n"


@pytest.fixture
def project(pg_project):
    pg_project.both("001_nodes", UP, DOWN)
    return pg_project


def labels(db, name="node_type_enum"):
    query = "SELECT enumlabel FROM pg_enum JOIN pg_type t ON t.oid = enumtypid WHERE typname = %s ORDER BY enumsortorder"
    return [label for label, in db.rows(query, name)]


def there(db, relation):
    return db.value("SELECT to_regclass(%s) IS NOT NULL", relation)


# --------------------------------------------------------------------------------------------------------- fresh install


def test_fresh_install_creates_the_type(project, pg):
    project.amend("up")
    assert labels(pg) == list(VALUES)


def test_fresh_install_creates_the_table(project, pg):
    project.amend("up")
    pg.sql("INSERT INTO nodes (kind, label) VALUES ('effect', 'a')")
    assert pg.value("SELECT count(*) FROM nodes") == 1


def test_fresh_install_creates_the_indexes(project, pg):
    project.amend("up")
    assert there(pg, "nodes_kind") and there(pg, "nodes_pkey")


# ------------------------------------------------------------------------------------------------------------- run again


def same(result):
    return [line["message"] for line in result.lines() if line.get("type") == "guard.same"]


def test_run_again_with_the_type_there(project, pg):
    pg.sql(TYPE)
    result = project.amend("up", "--json")
    assert same(result) == ['enum "node_type_enum" is there already, and the same']
    assert pg.versions() == ["001"] and labels(pg) == list(VALUES) and there(pg, "nodes")


def test_run_again_with_the_table_there_with_data(project, pg):
    pg.sql(TYPE + TABLE + "INSERT INTO nodes (label) VALUES ('kept'), ('too');")
    project.amend("up")
    assert pg.versions() == ["001"]
    assert pg.rows("SELECT kind, label FROM nodes ORDER BY id") == [("compute", "kept"), ("compute", "too")]
    assert there(pg, "nodes_kind")


def test_run_again_with_the_indexes_there(project, pg):
    pg.sql(UP)
    before = pg.value("SELECT 'nodes_kind'::regclass::oid")
    result = project.amend("up", "--json")
    assert len(same(result)) == 3
    assert pg.versions() == ["001"] and pg.value("SELECT 'nodes_kind'::regclass::oid") == before


# ---------------------------------------------------------------------------------------------------------- other values


def test_wrong_values_are_refused(project, pg):
    pg.sql(enum(values=("compute", "effect", "wrong_value")))
    result = refused(project, "  expected  compute, effect, orchestrator, reducer", "  existing  compute, effect, wrong_value",
                     "  missing   orchestrator, reducer", "  extra     wrong_value",
                     'AM0301: enum "node_type_enum" exists with other values')
    assert "hint: Add the missing values with ALTER TYPE … ADD VALUE in a migration of its own" in result.err


def test_missing_values_are_refused(project, pg):
    pg.sql(enum(values=VALUES[:2]))
    result = refused(project, "  existing  compute, effect", "  missing   orchestrator, reducer")
    assert "extra" not in result.err


def test_extra_values_are_refused(project, pg):
    pg.sql(enum(values=VALUES + ("sink", "two words")))
    result = refused(project, "  extra     sink, 'two words'")
    assert "missing" not in result.err


# ------------------------------------------------------------------------------------------------------------------ down


def test_down_removes_the_table(project, pg):
    project.amend("up")
    project.amend("down")
    assert not there(pg, "nodes")


def test_down_removes_the_type(project, pg):
    project.amend("up")
    project.amend("down")
    assert labels(pg) == []


def test_down_removes_the_indexes(project, pg):
    project.amend("up")
    project.amend("down")
    assert not there(pg, "nodes_kind")


def test_down_twice(project, pg):
    project.amend("up")
    project.amend("down")
    project.amend("down")
    assert pg.versions() == [] and labels(pg) == []


# ----------------------------------------------------------------------------------------------------------- full cycles


def test_full_cycle(project, pg):
    project.amend("up")
    first = pg.schema()
    project.amend("down")
    project.amend("up")
    assert pg.schema() == first and labels(pg) == list(VALUES)


def test_full_cycle_over_a_table_with_data(project, pg):
    pg.sql(TYPE + TABLE + "INSERT INTO nodes (label) VALUES ('kept');")
    project.amend("up")
    pg.sql("DELETE FROM _migrations")
    result = project.amend("up", "--json")
    assert len(same(result)) == 3 and pg.rows("SELECT label FROM nodes") == [("kept",)]


def test_another_table_uses_the_enum(project, pg):
    project.amend("up")
    pg.sql("CREATE TABLE other (kind node_type_enum, kinds node_type_enum[])")
    result = refused(project, "column    public.other.kind", "column    public.other.kinds", code="AM0302", command="down")
    assert "2 objects" in result.err and "nodes.kind" not in result.err
    assert there(pg, "nodes") and pg.versions() == ["001"]


GONE_BEFORE = {
    "a partitioned table": ("CREATE TABLE p (k mood) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF p FOR VALUES IN ('sad');"
                            "CREATE INDEX p_k ON p ((k > 'sad'));", "DROP TABLE p;"),
    "a partition by its own name": ("CREATE TABLE p (k mood) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF p DEFAULT;",
                                    "DROP TABLE p1; DROP TABLE p;"),
    "children": ("CREATE TABLE p (k mood); CREATE TABLE p1 () INHERITS (p);", "DROP TABLE p CASCADE;"),
    "a function": ("CREATE FUNCTION f(mood) RETURNS int LANGUAGE sql AS 'SELECT 1';", "DROP FUNCTION f;"),
    "a cast": ("CREATE FUNCTION f(mood) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE CAST (mood AS int) WITH FUNCTION f(mood);",
               "DROP CAST (mood AS int); DROP FUNCTION f;"),
    "an index": ("CREATE TABLE p (k text); CREATE INDEX p_k ON p (k) WHERE 'sad'::mood < 'happy';", "DROP INDEX p_k;"),
    "an index with its table": ("CREATE TABLE p (k text); CREATE INDEX p_k ON p (k) WHERE 'sad'::mood < 'happy';", "DROP TABLE p;"),
    "a default": ("CREATE TABLE p (k text DEFAULT 'sad'::mood);", "ALTER TABLE p ALTER k DROP DEFAULT;"),
    "a schema": ("CREATE SCHEMA s; CREATE TABLE s.p (k mood);", "DROP SCHEMA s CASCADE;"),
    "a domain and a composite type": ("CREATE DOMAIN d AS mood; CREATE TYPE c AS (k mood);", "DROP DOMAIN d; DROP TYPE c;"),
    "a view": ("CREATE VIEW v AS SELECT 'sad'::mood AS k;", "DROP VIEW v;"),
}


@pytest.mark.parametrize("case", GONE_BEFORE)
@pytest.mark.parametrize("steps", [1, 2])
def test_what_is_dropped_before_the_type_does_not_use_it(pg_project, pg, case, steps):
    made, dropped = GONE_BEFORE[case]
    if steps == 1:
        pg_project.both("001_mood", enum("mood", ("sad", "happy")) + made, dropped + "DROP TYPE mood;")
    else:
        pg_project.both("001_mood", enum("mood", ("sad", "happy")), "DROP TYPE mood;")
        pg_project.both("002_uses", made, dropped)
    pg_project.amend("up")
    pg_project.amend("down", "--steps", str(steps), "--allow-destructive")
    assert labels(pg, "mood") == []


def test_what_an_earlier_migration_drops_is_not_there(pg_project, pg):
    pg.sql("CREATE TABLE t (a int)")
    pg_project.up("001_drop", "DROP TABLE t;")
    pg_project.up("002_make", "CREATE TABLE IF NOT EXISTS t (b text);")
    pg_project.amend("up")
    assert pg.rows("SELECT attname FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0") == [("b",)]


# -------------------------------------------------------------------------------------------------- order independence


def test_the_order_of_values_does_not_matter(project, pg):
    pg.sql(enum(values=reversed(VALUES)))
    project.amend("up")
    assert pg.versions() == ["001"] and labels(pg) == list(reversed(VALUES))


def test_the_order_of_values_matters_when_asked(project, pg):
    project.up("001_nodes", "-- amend:enum-order strict\n" + UP)
    pg.sql(enum(values=reversed(VALUES)))
    result = refused(project, "exists with its values in another order", "  existing  reducer, orchestrator, effect, compute")
    assert "missing" not in result.err and "extra" not in result.err


def test_the_guides_example(pg_project, pg):
    with open(os.path.join(ROOT, "docs", "idempotency.md"), encoding="utf-8") as guide:
        existing, migration, printed = re.search(
            r"<!-- postgres: (.*?) -->\n```sql\n(.*?)```\n\n```text\n(.*?)```", guide.read(), re.DOTALL).groups()
    pg.sql(existing)
    pg_project.up("001_types", migration)
    result = pg_project.amend("up", check=5)
    for line in printed.splitlines():
        assert line in result.err.splitlines(), result.err


def test_down_with_data_warns(project, pg):
    project.amend("up")
    pg.sql("INSERT INTO nodes (label) VALUES ('kept')")
    result = project.amend("down", env={"ALLOW_DESTRUCTIVE_MIGRATION": None}, check=5)
    assert "AM0303" in result.err and "the table with its rows" in result.all
    assert there(pg, "nodes") and pg.versions() == ["001"]
    project.amend("down", "--allow-destructive")
    assert not there(pg, "nodes") and labels(pg) == []

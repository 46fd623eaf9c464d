# SPDX-License-Identifier: MIT
"""Enums, tables and indexes that may be there already: made, passed over when they are the same, refused when they are not."""
import os
import re

import pytest
from support.project import ROOT

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


def refused(project, *lines, code="AM0301", command="up"):
    """Run it, expect the refusal with these lines, and nothing changed."""
    before = project.db.snapshot()
    result = project.amend(command, check=5)
    assert code in result.err, result
    printed = [line.rstrip() for line in result.err.splitlines()]
    for line in lines:
        assert any(line in at for at in printed), (line, result.err)
    assert project.db.snapshot() == before
    return result


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

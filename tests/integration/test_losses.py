# SPDX-License-Identifier: MIT
"""Data is not lost by accident: what is found, counted, refused and allowed, on every road there is."""
import pytest

GUARDED = {"ALLOW_DESTRUCTIVE_MIGRATION": "", "AMEND_LINT": "off"}


def make(project, db, up, down="SELECT 1;", rows=3):
    """Table t (id, a, b) with rows, made by 001; 002 is `up` and `down`."""
    project.both("001_t", "CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(40), b INTEGER);", "DROP TABLE t;")
    project.amend("up")
    for i in range(rows):
        db.sql(f"INSERT INTO t (id, a, b) VALUES ({i}, 'value {i}', {i if i else 'NULL'})")
    if up:
        project.both("002_change", up, down)


def losses(project, *args, check=5, **more):
    """(object, number, what, measure) of each."""
    result = project.amend(*args, "--json", check=check, env={**GUARDED, **more})
    found = [line for line in result.lines() if line.get("type") == "run.finished"][-1].get("losses", [])
    return [(l["object"].removeprefix("public."), l.get("rows", l.get("values")), l["what"], l["measure"]) for l in found]


def nothing_ran(db, count=3):
    assert db.value("SELECT count(*) FROM t") == count
    assert "002" not in db.versions()


EVERYWHERE = [
    ("DROP TABLE t;", [("t", 3, "the table with its rows")]),
    ("ALTER TABLE t DROP COLUMN b;", [("t.b", 2, "the column with its values")]),
    ("DELETE FROM t;", [("t", 3, "all rows")]),
    ("DELETE FROM t WHERE true;", [("t", 3, "all rows")]),
    ("UPDATE t SET b = 1;", [("t.b", 1, "values, overwritten with 1")]),
    ("UPDATE t SET b = NULL, a = lower(a);", [("t.b", 2, "values, overwritten with NULL")]),
    ("ALTER TABLE t RENAME TO u; DROP TABLE u;", [("t", 3, "the table with its rows")]),
    ("ALTER TABLE t RENAME COLUMN b TO c; ALTER TABLE t DROP COLUMN c;", [("t.b", 2, "the column with its values")]),
    ("DELETE FROM t; DROP TABLE t;", [("t", 3, "all rows")]),
]


@pytest.mark.parametrize("sql, expected", EVERYWHERE)
def test_what_would_be_lost_is_refused(project, db, sql, expected):
    make(project, db, sql)
    found = losses(project, "up")
    assert [f[:3] for f in found] == expected
    nothing_ran(db)
    project.amend("up", "--allow-destructive", env=GUARDED)
    assert "002" in db.versions()


HARMLESS = [
    "DROP TABLE IF EXISTS absent;",
    "CREATE TABLE x (id INTEGER); INSERT INTO x VALUES (1); DROP TABLE x;",
    "ALTER TABLE t ADD COLUMN c INTEGER; UPDATE t SET c = 0; ALTER TABLE t DROP COLUMN c;",
    "DELETE FROM t WHERE id = 1;",
    "UPDATE t SET a = upper(a);",
    "DROP VIEW IF EXISTS v; CREATE VIEW v AS SELECT * FROM t; DROP VIEW v;",
    "CREATE INDEX i ON t (a); DROP INDEX i;",
]


@pytest.mark.parametrize("sql", HARMLESS)
def test_what_loses_nothing_is_let_pass(project, db, sql):
    make(project, db, sql)
    project.amend("up", env=GUARDED)
    assert "002" in db.versions()


def test_an_empty_table_is_shown_and_not_refused(project, db):
    make(project, db, "DROP TABLE t;", rows=0)
    shown = project.amend("up", "--dry-run", env=GUARDED)
    assert "nothing: it is empty" in shown.err
    assert losses(project, "up", check=0) == [("t", 0, "the table with its rows", "exact")]


def test_the_table_for_people(project, db):
    make(project, db, "-- one\nDROP TABLE t;\n")
    result = project.amend("up", check=5, env=GUARDED)
    lines = result.err.splitlines()
    assert lines[0].split() == ["MIGRATION", "WHERE", "OBJECT", "ROWS", "WHAT", "IS", "LOST", "ALLOWED", "BY"]
    assert "002 up" in lines[1] and "002_change.sql:2" in lines[1] and " 3 " in lines[1]
    assert "error AM0303: data would be lost: " in result.err
    assert "amend up --allow-destructive" in result.err
    assert "migrations/002_change.sql:2:1" in result.err
    assert project.amend("up", "--quiet", check=5, env=GUARDED).err.count("3 rows") > 1


def test_down_redo_and_reset(project, db):
    make(project, db, None)
    for args in (["down"], ["redo"], ["reset", "--yes"]):
        assert losses(project, *args) == [("t", 3, "the table with its rows", "exact")]
        assert f"amend {' '.join(args)} --allow-destructive" in project.amend(*args, check=5, env=GUARDED).err
        assert db.value("SELECT count(*) FROM t") == 3
    project.amend("redo", "--allow-destructive", env=GUARDED)
    assert db.value("SELECT count(*) FROM t") == 0
    project.amend("reset", "--yes", env=GUARDED)  # nothing to lose
    assert db.versions() == []


def test_who_may_allow_it(project, db):
    make(project, db, "DELETE FROM t;", "SELECT 1;")
    for value, code in (("false", 5), ("0", 5), ("no", 5), ("off", 5), ("true", 0), ("1", 0), ("YES", 0), ("on", 0)):
        db.sql("INSERT INTO t (id) SELECT 7 WHERE NOT EXISTS (SELECT 1 FROM t)")
        project.amend("up", check=code, env={"ALLOW_DESTRUCTIVE_MIGRATION": value})
        if code == 0:
            project.amend("down", env=GUARDED)
    wrong = project.amend("up", check=2, env={"ALLOW_DESTRUCTIVE_MIGRATION": "perhaps"})
    assert '"perhaps" is neither true nor false' in wrong.err
    db.sql("INSERT INTO t (id) SELECT 7 WHERE NOT EXISTS (SELECT 1 FROM t)")
    project.write(".env", "ALLOW_DESTRUCTIVE_MIGRATION=true\n")
    project.amend("up", env=GUARDED)


def test_the_directive_of_the_script_itself(project, db):
    directive = '-- amend:destructive "the rows are in the archive"\n'
    make(project, db, directive + "DELETE FROM t;", "DELETE FROM t;")
    result = project.amend("up", env=GUARDED)
    assert "allowed: the rows are in the archive" in result.err and "3 rows" in result.err
    events = [e for e in project.amend("log", "--json").json()["events"] if e["type"] == "migration.applied"]
    event = [e for e in events if e["version"] == "002"][-1]
    lost = event["detail"]["lost"]
    assert [(l["object"].split(".")[-1], l["rows"], l["allowed"]) for l in lost] == [("t", 3, "the rows are in the archive")]
    db.sql("INSERT INTO t (id) VALUES (1)")
    project.amend("down", check=5, env=GUARDED)  # the down script's own counts, not that of its up
    project.down("002_change", directive + "DELETE FROM t;")
    project.amend("down", env=GUARDED)


def test_a_dry_run_shows_and_refuses_nothing(project, db):
    make(project, db, "DROP TABLE t;")
    result = project.amend("up", "--dry-run", env=GUARDED)
    assert "the table with its rows" in result.err and "DROP TABLE t" in result.out
    nothing_ran(db)


def test_the_whole_run_is_judged_before_its_first_step(project, db):
    make(project, db, "CREATE TABLE x (id INTEGER);")
    project.up("003_drop", "DROP TABLE t;")
    project.amend("up", check=5, env=GUARDED)
    assert db.versions() == ["001"]


def test_a_script_that_cannot_be_read(project, db):
    make(project, db, None)
    project.down("001_t", b"DROP TABLE t; \xff")
    assert "001" in project.amend("down", check=1, env=GUARDED).err
    project.down("001_t", "-- amend:nonsense\nDROP TABLE t;")
    assert "nonsense" in project.amend("down", check=1, env=GUARDED).err


# ---- SQLite's rebuilds

REBUILDS = [
    ("INSERT INTO n (id, a, b) SELECT id, a, b FROM t;", []),
    ("INSERT INTO n SELECT * FROM t;", []),
    ("INSERT INTO n (id, a) SELECT id, a FROM t;", [("t.b", 2, "the column with its values", "exact")]),
    ("INSERT INTO n SELECT * FROM t WHERE b IS NOT NULL;", [("t", 1, "the rows that are not copied", "exact")]),
    ("INSERT INTO n SELECT * FROM t WHERE b > 5;", [("t", 3, "the rows that are not copied", "exact")]),
    ("INSERT INTO n SELECT * FROM t LIMIT 1;", [("t", 3, "the rows that are not copied", "at most")]),
    ("INSERT INTO n SELECT * FROM t WHERE nonsense(b);", [("t", None, "the rows that are not copied", "unknown")]),
    ("", [("t", 3, "the table with its rows", "exact")]),
]


@pytest.mark.parametrize("copy, expected", REBUILDS)
def test_a_rebuild_loses_what_does_not_come_over(lite_project, lite, copy, expected):
    project, db = lite_project, lite
    make(project, db, f"CREATE TABLE n (id INTEGER PRIMARY KEY, a TEXT, b INT);\n{copy}\nDROP TABLE t;\nALTER TABLE n RENAME TO t;")
    assert losses(project, "up", check=5 if expected else 0) == expected


def test_what_can_not_be_counted_says_why(lite_project, lite):
    project, db = lite_project, lite
    make(project, db, "CREATE TABLE n AS SELECT * FROM t WHERE nonsense(b);\nDROP TABLE t;")
    result = project.amend("up", check=5, env=GUARDED)
    assert "no such function: nonsense" in result.err and "can't be counted" in result.err


# ---- PostgreSQL's types and containers

TYPES = [
    ("ALTER c TYPE varchar(3)", [("t.c", 1, "what varchar(3) can't hold of text", "exact")]),
    ("ALTER c TYPE varchar", []),
    ("ALTER n TYPE numeric(10,1)", [("t.n", 1, "what numeric(10,1) can't hold of numeric(10,2)", "exact")]),
    ("ALTER n TYPE numeric(12,4)", []),
    ("ALTER n TYPE numeric", []),
    ("ALTER w TYPE date", [("t.w", 1, "what date can't hold of timestamp with time zone", "exact")]),
    ("ALTER f TYPE real", [("t.f", 1, "what real can't hold of double precision", "exact")]),
    ("ALTER i TYPE bigint", []),
    ("ALTER l TYPE int", [("t.l", None, "what int can't hold of bigint", "unknown")]),
    ("ALTER i TYPE text", []),
    ("ALTER j TYPE jsonb", []),
    ("ALTER c TYPE int USING length(c)", [("t.c", 2, "what int can't hold of text", "exact")]),
    ("ALTER i TYPE int USING i * 1", []),
    ("ALTER i TYPE int USING NULL", [("t.i", 2, "what int can't hold of integer", "exact")]),
    ("ALTER j TYPE text USING 'x'", [("t.j", None, "what text can't hold of json", "unknown")]),
    ("ALTER b TYPE int USING b::int", []),
    ("ALTER e TYPE text", []),
    ("ALTER e TYPE e2 USING e::text::e2", []),
    ("ALTER e TYPE made USING e::text::made", []),
    ("ALTER e TYPE made USING 'x'::made", [("t.e", 2, "what made can't hold of e1", "at most")]),
]


def many(project, db):
    project.amend("up")
    db.sql("CREATE TYPE e1 AS ENUM ('x', 'y')")
    db.sql("CREATE TYPE e2 AS ENUM ('x', 'y', 'z')")
    db.sql("CREATE TABLE t (id int primary key, c text, n numeric(10,2), w timestamptz, f float8, i int, l bigint, j json,"
               " b boolean, e e1)")
    db.sql("INSERT INTO t VALUES (1, 'abc', 1.5, '2024-01-01', 1.5, 1, 1, '1', true, 'x'),"
               " (2, 'abcd', 1.25, '2024-01-01 12:00', 0.1, 2, 9000000000, '{}', false, 'y'),"
               " (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)")


@pytest.mark.parametrize("change, expected", TYPES)
def test_a_narrower_type(pg_project, pg, change, expected):
    project, db = pg_project, pg
    many(project, db)
    project.up("001_type", f"CREATE TYPE made AS ENUM ('x', 'y');\nALTER TABLE t {change};")
    assert losses(project, "up", check=5 if expected else 0) == expected


CONTAINERS = [
    ("DROP SCHEMA app CASCADE", [("app.a", 1), ("app.b", 2)]),
    ("DROP TYPE app.mood CASCADE", [("app.a.m", 1), ("t.m", 1)]),
    ("DROP DOMAIN app.mail CASCADE", [("t.d", 1)]),
    ("TRUNCATE app.a CASCADE", [("app.a", 1), ("app.b", 2)]),
    ("DROP OWNED BY keeper", [("kept", 1)]),
    ("TRUNCATE part", [("part", 2)]),
    ("DROP TABLE part_1", [("part_1", 1)]),
    ("ALTER TABLE part DETACH PARTITION part_1", []),
    ("SET search_path = app; DROP TABLE b", [("app.b", 2)]),
    ("DO $$ BEGIN IF true THEN DELETE FROM t; END IF; END $$", [("t", 1)]),
    ("DO $$ BEGIN EXECUTE 'DROP TABLE t'; END $$", [("t", 1)]),
    ("DO $$ BEGIN EXECUTE format('DROP TABLE %I', 't'); END $$", [("format('DROP TABLE %I', 't')", None)]),
    ("ALTER SCHEMA app RENAME TO old; DROP SCHEMA old CASCADE", [("app.a", 1), ("app.b", 2)]),
    ("DROP MATERIALIZED VIEW mv", []),
    ("DROP VIEW IF EXISTS v CASCADE", []),
    ("ALTER TABLE t DROP COLUMN g CASCADE", []),
    ("DROP DATABASE IF EXISTS other_losses", []),
]


@pytest.mark.parametrize("sql, expected", CONTAINERS)
def test_what_holds_tables(pg_project, pg, sql, expected):
    project, db = pg_project, pg
    project.amend("up")
    for statement in (
            "CREATE SCHEMA app", "CREATE TYPE app.mood AS ENUM ('good', 'bad')", "CREATE DOMAIN app.mail AS text",
            "CREATE TABLE app.a (id int primary key, m app.mood)", "CREATE TABLE app.b (id int, a int REFERENCES app.a)",
            "CREATE TABLE t (id int, m app.mood[], d app.mail, g int GENERATED ALWAYS AS (id + 1) STORED)",
            "INSERT INTO app.a VALUES (1, 'good')", "INSERT INTO app.b VALUES (1, 1), (2, 1)",
            "INSERT INTO t VALUES (1, '{good}', 'a@b')",
            "CREATE TABLE part (id int) PARTITION BY RANGE (id)", "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (5)",
            "CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (5) TO (9)", "INSERT INTO part VALUES (1), (7)",
            "CREATE MATERIALIZED VIEW mv AS SELECT * FROM t",
            "DO $$ BEGIN CREATE ROLE keeper; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
            "CREATE TABLE kept (id int)", "INSERT INTO kept VALUES (1)", "ALTER TABLE kept OWNER TO keeper"):
        db.sql(statement)
    project.up("001_change", sql + ";")
    found = losses(project, "up", check=5 if expected else 0)
    assert [f[:2] for f in found] == expected


def test_a_large_table_is_estimated(pg_project, pg):
    project, db = pg_project, pg
    make(project, db, "TRUNCATE t;")
    db.sql("UPDATE pg_class SET reltuples = 2e7 WHERE relname = 't'")
    assert losses(project, "up") == [("t", 20000000, "all rows", "about")]
    assert "about 20,000,000" in project.amend("up", check=5, env=GUARDED).err


def test_rows_that_a_policy_hides_are_not_overlooked(pg_project, pg):
    project, db = pg_project, pg
    make(project, db, "DROP TABLE t;")
    db.sql("CREATE ROLE half LOGIN")
    try:
        db.sql("GRANT ALL ON SCHEMA public TO half")
        db.sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO half")
        db.sql("ALTER TABLE t OWNER TO half")
        db.sql("ALTER TABLE t ENABLE ROW LEVEL SECURITY")
        db.sql("ALTER TABLE t FORCE ROW LEVEL SECURITY")
        url = db.url.replace("//owner@", "//half@")
        found = losses(project, "up", "--url", url)
        assert found == [("t", None, "the table with its rows", "unknown")]
    finally:
        db.sql("DROP OWNED BY half")
        db.sql("DROP ROLE half")

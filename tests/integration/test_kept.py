# SPDX-License-Identifier: MIT
"""What is kept of the schema after a run: one row of _migrations_schema, the same bytes that a snapshot has, and an event."""
import json

import pytest

ODD = {"sqlite": "CREATE VIEW odd AS SELECT 'tab\t, line\n, crlf\r\n, back\\slash, größe 日本' AS x;\n",
       "postgres": "CREATE VIEW odd AS SELECT 'tab\t, line\n, back\\slash, größe 日本'::text AS x;\n"
                   "CREATE FUNCTION odd() RETURNS text LANGUAGE sql AS E'SELECT ''one\\r\\ntwo\\\\n\\tthree''::text';\n"
                   "CREATE TABLE \"Wide Name\" (id integer, \"größe\" text DEFAULT E'\\\\n');\n"
                   "CREATE TABLE \"Zebra\" (id integer);\nCREATE TYPE mood AS ENUM ('b', 'a');\n"}


def kept(db):
    rows = db.rows("SELECT version, fingerprint, facts FROM _migrations_schema") if db.has("_migrations_schema") else []
    return rows[0] if rows else None


def live(project):
    """(fingerprint, text) as amend snapshot has it."""
    text = project.amend("snapshot").out
    head = {line.split(": ")[0]: line.split(": ")[1] for line in text.splitlines() if line.startswith("# ") and ": " in line}
    return head["# fingerprint"], "".join(line + "\n" for line in text.split("\n") if line and not line.startswith("#"))


def recorded(db):
    events = [e for e in db.dicts("SELECT type, version, detail FROM _migration_events ORDER BY id") if e["type"] == "schema.recorded"]
    return [(e["version"], (e["detail"] if isinstance(e["detail"], dict) else json.loads(e["detail"]))["fingerprint"]) for e in events]


def check(project, db, version):
    fingerprint, text = live(project)
    assert kept(db) == (version, fingerprint, text)
    assert recorded(db)[-1] == (version, fingerprint)
    project.amend("verify")


def test_after_each_run(project, db):
    project.both("001_cards", "CREATE TABLE cards (id INTEGER PRIMARY KEY);\n", "DROP TABLE cards;\n")
    project.both("002_odd", ODD[db.kind], "DROP VIEW odd;\n" + ("" if db.kind == "sqlite" else
                 "DROP FUNCTION odd();\nDROP TABLE \"Wide Name\", \"Zebra\";\nDROP TYPE mood;\n"))
    project.amend("up", "--to", "001")
    check(project, db, "001")
    project.amend("up")
    check(project, db, "002")
    project.amend("redo")
    check(project, db, "002")
    project.amend("down")
    check(project, db, "001")
    project.amend("reset", "--yes")
    check(project, db, None)
    assert len(recorded(db)) == 5 and db.value("SELECT count(*) FROM _migrations_schema") == 1
    assert project.amend("up", "--quiet").all == ""
    check(project, db, "002")


def test_nothing_to_do_writes_nothing(project, db):
    project.up("001_cards", "CREATE TABLE cards (id INTEGER PRIMARY KEY);\n")
    project.amend("up")
    before = db.dicts("SELECT * FROM _migrations_schema")
    project.amend("up")
    assert db.dicts("SELECT * FROM _migrations_schema") == before and len(recorded(db)) == 1


def test_a_run_that_fails_half_way(project, db):
    project.up("001_cards", "CREATE TABLE cards (id INTEGER PRIMARY KEY);\n")
    project.up("002_bad", "CREATE TABLE other (id INTEGER);\nSELECT nope;\n")
    project.amend("up", check=1)
    check(project, db, "001")
    assert db.lock()["holder"] is None if isinstance(db.lock(), dict) else True
    project.up("002_bad", "CREATE TABLE other (id INTEGER);\n")
    project.amend("up")
    check(project, db, "002")


def test_a_first_migration_that_fails_keeps_nothing(project, db):
    project.up("001_bad", "SELECT nope;\n")
    project.amend("up", check=1)
    assert kept(db) is None and recorded(db) == []


def test_baseline_and_repair(project, db):
    db.sql("CREATE TABLE cards (id INTEGER PRIMARY KEY)")
    project.up("001_cards", "CREATE TABLE cards (id INTEGER PRIMARY KEY);\n")
    project.amend("baseline", "001")
    check(project, db, "001")
    project.up("001_cards", "CREATE TABLE cards (id INTEGER PRIMARY KEY); -- more\n")
    project.amend("repair", "--all")
    assert len(recorded(db)) == 1


OUTSIDE = {"sqlite": "CREATE TABLE more (id INTEGER);\nVACUUM;\n", "postgres": "CREATE TABLE more (id INTEGER);\nVACUUM;\n"}


def test_statements_outside_a_transaction(project, db):
    project.up("001_cards", "CREATE TABLE cards (id INTEGER PRIMARY KEY);\n")
    project.up("002_more", OUTSIDE[db.kind])
    project.amend("up")
    check(project, db, "002")
    assert project.amend("up").out.startswith("up to date")


def test_left_half_done_it_is_not_compared(project, db):
    project.up("001_cards", "CREATE TABLE cards (id INTEGER PRIMARY KEY);\n")
    project.amend("up")
    before = kept(db)
    project.up("002_more", OUTSIDE[db.kind] + "SELECT nope;\n")
    project.amend("up", check=1)
    assert kept(db) == before
    project.up("002_more", OUTSIDE[db.kind] + "SELECT 1;\n")
    project.amend("up")
    check(project, db, "002")


def test_a_database_from_before(project, db):
    """The table is made with the next run; it need not be there."""
    project.up("001_cards", "CREATE TABLE cards (id INTEGER PRIMARY KEY);\n")
    project.amend("up")
    db.sql("DROP TABLE _migrations_schema")
    project.amend("verify")
    project.amend("up")
    assert kept(db) is None
    project.up("002_more", "CREATE TABLE more (id INTEGER);\n")
    project.amend("up")
    check(project, db, "002")


def test_a_failure_to_keep_it_fails_nothing(project, db):
    """Somebody's own table has the name."""
    db.sql("CREATE TABLE _migrations_schema (id INTEGER PRIMARY KEY)")
    project.up("001_cards", "CREATE TABLE cards (id INTEGER PRIMARY KEY);\n")
    result = project.amend("up")
    assert "warning: the schema could not be written down: " in result.err
    assert db.versions() == ["001"] and recorded(db) == []
    project.up("002_more", OUTSIDE[db.kind])
    assert "the schema could not be written down" in project.amend("up").err
    project.up("003_good", "CREATE TABLE good (id INTEGER);\n")
    project.up("004_bad", "SELECT nope;\n")
    assert "the schema could not be written down" in project.amend("up", check=1).err
    assert db.versions() == ["001", "002", "003"]
    project.up("004_bad", "SELECT 1;\n")
    assert "waiting" not in project.amend("up").all  # the lock was given back


def test_a_role_that_may_make_no_table(pg_project, pg):
    """It ran migrations before that changed rows only; it still does."""
    pg_project.up("001_cards", "CREATE TABLE cards (id INTEGER PRIMARY KEY);\n")
    pg_project.amend("up")
    pg.sql("DROP TABLE _migrations_schema; CREATE ROLE keep_few LOGIN; GRANT USAGE ON SCHEMA public TO keep_few;"
           " REVOKE CREATE ON SCHEMA public FROM PUBLIC;"
           " GRANT ALL ON _migrations, _migration_events, _migrations_lock, cards TO keep_few; GRANT ALL ON SEQUENCE _migrations_id_seq TO keep_few")
    try:
        pg_project.up("002_rows", "INSERT INTO cards VALUES (1);\n")
        result = pg_project.amend("up", url=pg.url.replace("owner@", "keep_few@"))
        assert "the schema could not be written down: permission denied for schema public" in result.err
        assert pg.versions() == ["001", "002"]
    finally:
        pg.sql("DROP OWNED BY keep_few; DROP ROLE keep_few")


def test_another_encoding_sorts_the_same(cluster, pg, make_project):
    """Bytes of LATIN1 are in another order than those of UTF-8 only behind a collation; the text and its hash must be UTF-8."""
    pg.remove()
    cluster.execute(f"CREATE DATABASE \"{pg.name}\" TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
    project = make_project(pg)
    project.up("001_odd", 'CREATE TABLE "ä" (id INTEGER);\nCREATE TABLE "z" (id INTEGER);\nCREATE TABLE "Ä" (id INTEGER);\n')
    project.amend("up")
    check(project, pg, "001")


@pytest.mark.parametrize("args", [["up"], ["down"]])
def test_dry_run(pg_project, pg, args):
    """Run by hand it leaves the same."""
    pg_project.both("001_cards", "CREATE TABLE cards (id INTEGER PRIMARY KEY);\n", "DROP TABLE cards;\n")
    if args == ["down"]:
        pg_project.amend("up")
    before = kept(pg)
    script = pg_project.amend(*args, "--dry-run").out
    assert kept(pg) == before
    pg.run_by_hand(script)
    check(pg_project, pg, "001" if args == ["up"] else None)

# SPDX-License-Identifier: MIT
"""What happens when files and history disagree, and with a _migrations table that somebody else made."""
import hashlib
import os

from support.migrations import table, write_tables

NARROW = {
    "postgres": """CREATE TABLE _migrations (id SERIAL PRIMARY KEY, version VARCHAR(10) NOT NULL UNIQUE, name VARCHAR(255) NOT NULL,
                   checksum VARCHAR(32) NOT NULL, applied_at TIMESTAMPTZ NOT NULL DEFAULT now(),
                   execution_time_ms INTEGER NOT NULL)""",
    "sqlite": """CREATE TABLE _migrations (id INTEGER PRIMARY KEY, version VARCHAR(10) NOT NULL UNIQUE, name VARCHAR(255) NOT NULL,
                 checksum VARCHAR(32) NOT NULL, applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
                 execution_time_ms INTEGER NOT NULL)""",
}


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def insert_row(db, version, name, checksum):
    db.sql(f"INSERT INTO _migrations (version, name, checksum, execution_time_ms) VALUES ('{version}', '{name}', '{checksum}', 5)")


def test_changed_file_stops_up_before_anything_runs(project, db):
    write_tables(project, 2)
    project.amend("up", "--to", "001")
    project.up("001_table_1", "SELECT 'something else';\n")
    before = db.snapshot(), db.history()
    result = project.amend("up", check=1)
    assert "AM0401" in result.all and "001_table_1.sql" in result.all and "amend repair" in result.all and "git" in result.all
    assert (db.snapshot(), db.history()) == before
    assert "changed" in project.amend("status").out


def test_changed_file_can_be_rolled_back(project, db):
    """The way to work on the newest migration: edit it, down, up."""
    write_tables(project, 2)
    project.amend("up")
    project.up("002_table_2", table(2)[0].replace("PRIMARY KEY", "PRIMARY KEY, more TEXT"))
    project.amend("redo")
    project.amend("verify")
    assert db.rows("SELECT more FROM t2") == [(None,)]
    project.up("002_table_2", table(2)[0])
    project.amend("down")
    project.amend("up")
    project.amend("verify")


def test_gone_file_is_an_error(project, db):
    write_tables(project, 3)
    project.amend("up", "--to", "002")
    os.remove(f"{project.dir}/001_table_1.sql")
    os.remove(f"{project.dir}/001_table_1.down.sql")
    result = project.amend("up", check=1)
    assert "AM0402" in result.all and "001" in result.all
    assert db.versions() == ["001", "002"]
    assert "missing" in project.amend("status").out
    project.amend("verify", check=4)


def test_newer_database_is_only_a_note(project, db):
    write_tables(project, 3)
    project.amend("up")
    for suffix in ("sql", "down.sql"):
        os.remove(f"{project.dir}/003_table_3.{suffix}")
    result = project.amend("up")
    assert "AM0403" in result.all or "older than the database" in result.all
    assert "newer" in project.amend("status").out
    assert db.versions() == ["001", "002", "003"]


def test_out_of_order_names_the_pair(project, db):
    write_tables(project, 1)
    write_tables(project, 1, first=3)
    project.amend("up")
    write_tables(project, 2, first=2)
    project.up("003_table_3", table(3)[0])
    result = project.amend("up", check=1)
    assert "AM0404" in result.all and "002" in result.all and "003" in result.all
    assert db.versions() == ["001", "003"]
    assert "out of order" in project.amend("status").out
    project.amend("up", "--out-of-order")
    assert db.versions() == ["001", "003", "002"]
    project.amend("verify")


def test_unknown_version(project):
    write_tables(project, 2)
    assert "AM0405" in project.amend("up", "--to", "9", check=2).all
    project.amend("up")
    assert "AM0405" in project.amend("down", "--to", "9", check=2).all


def test_narrow_history_is_used_as_it_is(project, db):
    db.sql(NARROW[db.kind])
    write_tables(project, 2)
    insert_row(db, "001", "table_1", sha256(table(1)[0])[:16])
    db.sql(table(1)[0])
    project.amend("up")
    rows = db.history()
    assert [row["version"] for row in rows] == ["001", "002"]
    assert rows[0]["checksum"] == sha256(table(1)[0])[:16]
    assert rows[1]["checksum"] == sha256(table(2)[0])[:32]
    project.amend("verify")
    project.amend("down", "--steps", "2")
    assert db.versions() == []


def test_short_stored_checksum_still_finds_a_change(project, db):
    db.sql(NARROW[db.kind])
    write_tables(project, 1)
    insert_row(db, "001", "table_1", sha256("something else")[:16])
    assert "AM0401" in project.amend("up", check=1).all


def test_full_length_stored_checksum_is_the_same_file(project, db):
    db.sql(NARROW[db.kind].replace("checksum VARCHAR(32)", "checksum VARCHAR(64)"))
    write_tables(project, 1)
    insert_row(db, "001", "table_1", sha256(table(1)[0]))
    db.sql(table(1)[0])
    project.amend("up")
    project.amend("verify")


def test_version_too_wide_for_the_table(project, db):
    db.sql(NARROW[db.kind])
    project.up("20261103120000_long", "CREATE TABLE long (id INTEGER);")
    if db.kind == "sqlite":  # SQLite's widths are words only
        project.amend("up")
        return
    result = project.amend("up", check=1)
    assert "AM0407" in result.all and "20261103120000" in result.all
    assert db.versions() == [] and not db.has("long") and not db.has("_migration_events")


def test_a_table_of_that_name_that_is_another(project, db):
    db.sql("CREATE TABLE _migrations (bird TEXT)")
    write_tables(project, 1)
    assert "AM0408" in project.amend("up", check=1).all
    assert not db.has("t1")


def test_baseline_then_status_shows_applied(project, db):
    write_tables(project, 2)
    project.amend("baseline", "2")
    project.amend("status", "--exit-code")


def test_history_in_a_schema_of_its_own(pg_project, pg):
    pg.sql("CREATE SCHEMA app; ALTER ROLE owner IN DATABASE \"%s\" SET search_path TO app, public" % pg.name)
    write_tables(pg_project, 2)
    pg_project.amend("up")
    assert pg.rows("SELECT version FROM app._migrations ORDER BY id") == [("001",), ("002",)]
    pg_project.amend("up")
    pg_project.amend("verify")
    pg_project.amend("down")
    assert pg.rows("SELECT version FROM app._migrations ORDER BY id") == [("001",)]

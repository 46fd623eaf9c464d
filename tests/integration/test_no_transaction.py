# SPDX-License-Identifier: MIT
"""Statements that can't run in a transaction: found from the SQL, run outside, journalled, resumed; invalid indexes rebuilt."""
import pytest
from support.migrations import slow_statement, table, without_transaction, write_tables
from support.waiting import wait_until


def statement_events(db, version):
    return [event["type"] for event in db.events() if event["version"] == version]


def test_found_without_a_directive(project, db):
    write_tables(project, 1)
    project.up("002_special", without_transaction(db.kind, 2))
    project.up("003_plain", table(3)[0])
    project.amend("up")
    assert db.versions() == ["001", "002", "003"]
    assert db.value("SELECT count(*) FROM big2") == 3
    events = statement_events(db, "002")
    assert "statement.done" in events and events[-1] == "migration.applied"


def test_directive_runs_all_outside(project, db):
    project.up("001_off", "-- amend:transaction off\nCREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);\n")
    project.amend("up")
    assert db.rows("SELECT * FROM a") == [(1,)]
    assert statement_events(db, "001").count("statement.done") == 2


def test_failure_in_the_middle_is_resumed(project, db):
    good = without_transaction(db.kind, 1)
    project.up("001_special", good + "INSERT INTO missing VALUES (1);\nINSERT INTO big1 (id, label) VALUES (4, 'four');\n")
    result = project.amend("up", check=1)
    assert "missing" in result.all and ":5:" in result.all.replace("line 5", ":5:")
    assert db.versions() == []
    assert db.value("SELECT count(*) FROM big1") == 2  # the third row is in the transaction of the statement that failed
    assert "partial" in project.amend("status").out
    db.sql("CREATE TABLE missing (id INTEGER)")
    project.amend("up")
    assert db.value("SELECT count(*) FROM big1") == 4 and db.value("SELECT count(*) FROM missing") == 1
    assert db.versions() == ["001"] and db.applied_events() == ["001"]


def test_tail_may_be_mended_after_a_partial_run(project, db):
    good = without_transaction(db.kind, 1)
    project.up("001_special", good + "INSERT INTO missing VALUES (1);\n")
    project.amend("up", check=1)
    project.up("001_special", good + "INSERT INTO big1 (id, label) VALUES (9, 'nine');\n")
    project.amend("up")
    assert db.value("SELECT count(*) FROM big1") == 4 and db.versions() == ["001"]
    project.amend("verify")


def test_done_part_edited_is_refused(project, db):
    good = without_transaction(db.kind, 1)
    project.up("001_special", good + "INSERT INTO missing VALUES (1);\n")
    project.amend("up", check=1)
    project.up("001_special", good.replace("'two'", "'deux'") + "SELECT 1;\n")
    before = db.snapshot()
    result = project.amend("up", check=1)
    assert "AM0411" in result.all and "001" in result.all
    assert db.snapshot() == before and db.versions() == []


def test_down_half_way_goes_on_with_down(project, db):
    project.both("001_t", table(1)[0], "-- amend:transaction off\nDELETE FROM t1;\nSELECT * FROM nowhere;\nDROP TABLE t1;\n")
    project.amend("up")
    project.amend("down", check=1)
    assert db.value("SELECT count(*) FROM t1") == 0
    assert db.versions() == ["001"]
    project.amend("redo", check=1)
    db.sql("CREATE TABLE nowhere (id INTEGER); INSERT INTO t1 VALUES (5, 'not to be deleted again')")
    project.down("001_t", "-- amend:transaction off\nDELETE FROM t1;\nSELECT * FROM nowhere;\nALTER TABLE t1 RENAME TO kept;\n")
    project.amend("down")
    assert db.versions() == [] and db.rows("SELECT id FROM kept") == [(5,)]


def test_other_direction_after_half_a_run_is_refused(project, db):
    project.both("001_t", table(1)[0], "-- amend:transaction off\nDELETE FROM t1;\nSELECT * FROM nowhere;\nDROP TABLE t1;\n")
    project.amend("up")
    project.amend("down", check=1)
    db.sql("DELETE FROM _migrations")
    project.up("001_t", "-- amend:transaction off\n" + table(1)[0])
    result = project.amend("up", check=1)
    assert "AM0413" in result.err and "001" in result.err and "amend down" in result.err
    assert db.versions() == []


def test_transaction_control_is_refused(project, db):
    project.up("001_bad", "CREATE TABLE a (id INTEGER);\nCOMMIT;\nCREATE TABLE b (id INTEGER);\n")
    result = project.amend("up", check=1)
    assert "AM0409" in result.all and "001_bad.sql" in result.all and "2" in result.all
    assert not db.has("a") and not db.has("b")


@pytest.mark.parametrize("words", [("BEGIN;", "COMMIT;"), ("BEGIN TRANSACTION;", "END;"), ("begin ;", "commit ;"),
                                   ("-- head\nBEGIN;", "COMMIT;\n-- foot"), ("/* x */ BEGIN;", "END TRANSACTION;")])
def test_own_begin_and_commit_are_taken_for_ours(project, db, words):
    begin, commit = words
    project.up("001_own", f"{begin}\nCREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);\n{commit}\n")
    project.up("002_fails", f"{begin}\nCREATE TABLE b (id INTEGER);\nINSERT INTO nowhere VALUES (1);\n{commit}\n")
    project.amend("up", check=1)
    assert db.versions() == ["001"] and not db.has("b")
    assert db.rows("SELECT * FROM a") == [(1,)]


@pytest.mark.parametrize("statement", ["ROLLBACK;", "SAVEPOINT s;", "ABORT;"])
def test_other_transaction_control(pg_project, pg, statement):
    pg_project.up("001_bad", f"CREATE TABLE a (id INTEGER);\n{statement}\n")
    assert "AM0409" in pg_project.amend("up", check=1).all
    assert not pg.has("a")


# ---- PostgreSQL: what the server refuses inside a transaction block


@pytest.mark.parametrize("statement", [
    "CREATE INDEX CONCURRENTLY x_id ON x (id);", "VACUUM x;", "VACUUM (ANALYZE) x;", "REINDEX TABLE CONCURRENTLY x;",
    "ALTER SYSTEM RESET work_mem;", "CREATE DATABASE {name}_2 TEMPLATE template0;", "CLUSTER;",
    "DROP INDEX CONCURRENTLY IF EXISTS nothing_here;", "REINDEX DATABASE {name};", "REFRESH MATERIALIZED VIEW CONCURRENTLY mv;",
    "ALTER TABLE part DETACH PARTITION part1 CONCURRENTLY;", "DROP DATABASE IF EXISTS never_was;"])
def test_each_that_cannot_be_in_a_transaction(pg_project, pg, statement):
    pg.sql("CREATE TABLE x (id INTEGER); CREATE MATERIALIZED VIEW mv AS SELECT 1 AS id; CREATE UNIQUE INDEX mv_id ON mv (id);"
           "CREATE TABLE part (id INTEGER) PARTITION BY RANGE (id); CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (1) TO (9)")
    pg_project.up("001_it", statement.format(name=pg.name) + "\nCREATE TABLE after_it (id INTEGER);\n")
    pg_project.amend("up")
    assert pg.versions() == ["001"] and pg.has("after_it")
    pg.cluster.execute(f"DROP DATABASE IF EXISTS {pg.name}_2")


def test_enum_value_used_at_once(pg_project, pg):
    pg_project.up("001_enum", "CREATE TYPE mood AS ENUM ('sad');\nCREATE TABLE person (m mood);")
    pg_project.up("002_add", "ALTER TYPE mood ADD VALUE 'happy';\nINSERT INTO person VALUES ('happy');")
    pg_project.up("003_next", "INSERT INTO person VALUES ('happy');")
    pg_project.amend("up")
    assert pg.versions() == ["001", "002", "003"] and pg.value("SELECT count(*) FROM person") == 2


def test_enum_value_used_by_the_next_migration(pg_project, pg):
    pg_project.up("001_enum", "CREATE TYPE mood AS ENUM ('sad');\nCREATE TABLE person (m mood DEFAULT 'sad');")
    pg_project.up("002_add", "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'happy' BEFORE 'sad';")
    pg_project.up("003_next", "ALTER TABLE person ALTER m SET DEFAULT 'happy';")
    pg_project.amend("up")
    assert pg.versions() == ["001", "002", "003"]


def test_procedure_that_commits_inside_itself(pg_project, pg):
    pg_project.up("001_table", "CREATE TABLE n (id INTEGER);")
    pg_project.up("002_batches", "DO $$ BEGIN FOR i IN 1..3 LOOP INSERT INTO n VALUES (i); COMMIT; END LOOP; END $$;")
    pg_project.amend("up")
    assert pg.value("SELECT count(*) FROM n") == 3 and pg.versions() == ["001", "002"]


# ---- PostgreSQL: an index that was left INVALID


@pytest.mark.parametrize("exists", ["", "IF NOT EXISTS "])
def test_invalid_index_is_built_again(pg_project, pg, exists):
    """A duplicate makes the unique index fail half-way; once it is gone, the same `up` must not take the corpse for done."""
    pg_project.up("001_data", "CREATE TABLE d (id INTEGER);\nINSERT INTO d VALUES (1), (1);")
    pg_project.up("002_index", f"CREATE UNIQUE INDEX CONCURRENTLY {exists}d_id ON d (id);\nCREATE TABLE e (id INTEGER);")
    result = pg_project.amend("up", check=1)
    assert "002_index.sql" in result.all and "23505" in result.all
    assert pg.versions() == ["001"]
    pg.sql("DELETE FROM d WHERE ctid = (SELECT min(ctid) FROM d)")
    pg_project.amend("up")
    assert pg.versions() == ["001", "002"] and pg.invalid_indexes() == []
    assert pg.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'd'") == 1
    with pytest.raises(Exception):
        pg.sql("INSERT INTO d VALUES (1)")


def test_invalid_index_made_by_hand_before(pg_project, pg):
    pg.sql("CREATE TABLE d (id INTEGER); INSERT INTO d VALUES (1), (1)")
    with pytest.raises(Exception):
        pg.sql("CREATE UNIQUE INDEX CONCURRENTLY d_id ON d (id)")
    assert pg.invalid_indexes() == [("d_id",)]
    pg.sql("DELETE FROM d")
    pg_project.up("001_index", "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS d_id ON d (id);")
    pg_project.amend("up")
    assert pg.invalid_indexes() == [] and "index.rebuilt" in [event["type"] for event in pg.events()]


@pytest.mark.parametrize("victim", ["backend", "runner"])
def test_index_build_interrupted(pg_project, pg, victim):
    pg_project.up("001_data", "CREATE TABLE d (id INTEGER);\nINSERT INTO d SELECT generate_series(1, 1000);")
    pg_project.up("002_index", "CREATE INDEX CONCURRENTLY IF NOT EXISTS d_id ON d (id);")
    pg_project.amend("up", "--to", "001")
    blocker = pg.connect()
    blocker.autocommit = False
    blocker.cursor().execute("INSERT INTO d VALUES (0)")
    process = pg_project.start("up")
    wait_until(lambda: pg.invalid_indexes(), "the index to be there, not yet valid")
    if victim == "backend":
        pg.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%' AND "
                "pid <> pg_backend_pid() AND datname = current_database()")
        assert pg_project.finish(process).code in (1, 7)
    else:
        pg_project.kill(process)
    blocker.rollback()
    blocker.close()
    pg_project.amend("up")
    assert pg.invalid_indexes() == [] and pg.versions() == ["001", "002"]
    assert pg.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'd'") == 1


def test_valid_index_done_before_the_crash_is_not_an_error(pg_project, pg):
    """Killed between building the index and noting it: on the next run the index is there and valid."""
    pg_project.up("001_index", "CREATE TABLE d (id INTEGER);\nCREATE INDEX CONCURRENTLY d_id ON d (id);\n"
                               f"{slow_statement('postgres', 0.1)}\nSELECT * FROM nowhere;")
    pg_project.amend("up", check=1)
    pg.sql("DELETE FROM _migration_events WHERE at >= (SELECT max(at) FROM _migration_events WHERE type = 'statement.done')"
           " OR type = 'migration.failed'")
    pg.sql("CREATE TABLE nowhere (id INTEGER)")
    pg_project.amend("up")
    assert pg.versions() == ["001"] and pg.invalid_indexes() == []
    assert pg.value("SELECT count(*) FROM pg_indexes WHERE tablename = 'd'") == 1


def test_vacuum_on_sqlite(lite_project, lite):
    lite_project.up("001_t", table(1)[0])
    lite_project.up("002_vacuum", "VACUUM;")
    lite_project.up("003_wal", "PRAGMA journal_mode = wal;")
    lite_project.amend("up")
    assert lite.versions() == ["001", "002", "003"] and lite.value("PRAGMA journal_mode") == "wal"

# SPDX-License-Identifier: MIT
"""Many runners at once: each migration is applied exactly once, and all of them are content."""
import time

import pytest
from support import chain
from support.migrations import slow_statement, without_transaction, write_tables
from support.project import failures
from support.waiting import wait_until

RUNNERS = 16


def mixed(project, kind, count=20):
    """Plain migrations, and two that have a statement outside transactions."""
    versions = write_tables(project, count)
    for n in (count + 1, count + 2):
        project.up(f"{n:03}_special", without_transaction(kind, n))
        versions.append(f"{n:03}")
    return versions + write_tables(project, 3, first=count + 3)


def all_up(project, runners, url=None, args=()):
    processes = [project.start("up", *args, url=url) for _ in range(runners)]
    return [project.finish(process, timeout=120) for process in processes]


def check_once(db, versions, undisturbed):
    assert db.versions() == versions
    assert db.applied_events() == versions
    assert chain.broken_links(db.events()) == []
    assert db.snapshot() == undisturbed.snapshot()


@pytest.fixture
def undisturbed(db, make_db, make_project):
    """The database after one plain run of the same migrations."""
    other = make_project(make_db(db.kind), "undisturbed")
    mixed(other, db.kind)
    other.amend("up")
    return other.db


def test_sixteen_at_once(project, db, undisturbed):
    versions = mixed(project, db.kind)
    results = all_up(project, RUNNERS)
    assert failures(results) == ""
    check_once(db, versions, undisturbed)
    assert db.lock()["holder"] is None


def test_sixteen_at_once_on_a_database_that_is_there(project, db):
    write_tables(project, 2)
    project.amend("up")
    versions = ["001", "002"] + write_tables(project, 10, first=3)
    results = all_up(project, RUNNERS)
    assert failures(results) == ""
    assert db.versions() == versions and db.applied_events() == versions


def test_sixteen_at_once_in_wal_mode(lite_project, lite):
    lite.sql("PRAGMA journal_mode = wal; CREATE TABLE x (id INTEGER);")
    versions = mixed(lite_project, "sqlite")
    results = all_up(lite_project, RUNNERS)
    assert failures(results) == ""
    assert lite.versions() == versions == lite.applied_events()


@pytest.mark.parametrize("runners", [1, 2, 16])
def test_behind_a_transaction_pooler(pg_project, pg, pooler, make_db, make_project, runners):
    other = make_project(make_db("postgres"), "undisturbed")
    mixed(other, "postgres")
    other.amend("up")
    versions = mixed(pg_project, "postgres")
    url = pooler.url(pg.name)
    results = all_up(pg_project, runners, url=url)
    assert failures(results) == "", pooler.tail()
    check_once(pg, versions, other.db)
    pg_project.amend("verify", url=url)
    assert pg.rows("SELECT * FROM pg_locks WHERE locktype = 'advisory'") == []
    assert pg.lock()["holder"] is None


def test_pooler_sessions_are_left_as_found(pg_project, pg, pooler):
    pg_project.up("001_settings", "SET search_path TO ''; SET standard_conforming_strings = on; SET statement_timeout = '77s';\n"
                                  "CREATE TABLE public.s (id INTEGER);")
    pg_project.up("002_plain", "CREATE TABLE plain (id INTEGER);")
    pg_project.amend("up", url=pooler.url(pg.name))
    import psycopg2
    for _ in range(4):
        conn = psycopg2.connect(pooler.url(pg.name))
        cursor = conn.cursor()
        cursor.execute("SELECT current_setting('search_path'), current_setting('statement_timeout'), current_setting('lock_timeout')")
        assert cursor.fetchone() == ('"$user", public', "0", "0")
        conn.close()


def test_pooler_down_and_failures(pg_project, pg, pooler):
    url = pooler.url(pg.name)
    write_tables(pg_project, 3)
    pg_project.up("004_bad", "CREATE TABLE four (id INTEGER);\nSELECT 1/0;")
    assert "AM0210" in pg_project.amend("up", url=url, check=1).all
    assert pg.versions() == ["001", "002", "003"] and not pg.has("four")
    pg_project.amend("down", "--steps", "3", url=url)
    assert pg.versions() == [] and pg.lock()["holder"] is None


def test_concurrent_index_with_a_waiter_does_not_hang(pg_project, pg):
    """CREATE INDEX CONCURRENTLY waits for all older transactions: a waiter must not sit in one."""
    pg_project.up("001_big", "CREATE TABLE big (id INTEGER); INSERT INTO big SELECT generate_series(1, 200000);")
    pg_project.up("002_sleep", f"-- amend:transaction off\n{slow_statement('postgres', 0.5)}\n"
                               "CREATE INDEX CONCURRENTLY big_id ON big (id);\nSELECT pg_sleep(0.3);")
    began = time.monotonic()
    results = all_up(pg_project, 4)
    assert failures(results) == ""
    assert time.monotonic() - began < 30
    assert pg.versions() == ["001", "002"] and pg.invalid_indexes() == []


def test_application_keeps_working_meanwhile(project, db):
    """A reader and writer of another table is not kept out by a run that waits for nothing."""
    db.sql("CREATE TABLE app (id INTEGER PRIMARY KEY)")
    for n in range(1, 6):
        project.up(f"00{n}_t", f"-- amend:transaction off\nCREATE TABLE t{n} (id INTEGER);\n{slow_statement(db.kind, 0.05)}")
    process = project.start("up")
    count = 0
    while process.poll() is None:
        count += 1
        db.sql(f"INSERT INTO app VALUES ({count})")
        time.sleep(0.01)
    assert project.finish(process).code == 0
    assert count > 0 and db.value("SELECT count(*) FROM app") == count


def test_status_and_verify_while_a_run_is_on(project, db):
    write_tables(project, 2)
    project.amend("up")
    project.up("003_slow", f"-- amend:transaction off\n{slow_statement(db.kind, 1.5)}\nCREATE TABLE last (id INTEGER);")
    process = project.start("up")
    wait_until(lambda: any(event["type"] == "statement.started" for event in db.events()), "the slow statement to start")
    project.amend("status")
    project.amend("log")
    assert project.finish(process).code == 0
    assert db.versions() == ["001", "002", "003"]

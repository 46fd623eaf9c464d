# SPDX-License-Identifier: MIT
"""One runner at a time: waiting, giving up, taking over from the dead, and never two that both believe they hold the lock."""
import os
import signal
import socket
import time

import pytest
from support import chain
from support.migrations import slow_statement, table, write_tables
from support.project import failures
from support.waiting import wait_until


def hold(db, holder="somebody else", host="elsewhere.example", pid=1, age=0):
    """Make the lock's row look as if another runner held it, its last heartbeat `age` seconds ago."""
    if db.kind == "postgres":
        beat = f"clock_timestamp() - interval '{age} seconds'"
    else:
        beat = f"strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-{age} seconds')"
    db.sql(f"UPDATE _migrations_lock SET holder = '{holder}', host = '{host}', pid = {pid}, fence = fence + 1, "
           f"since = {beat}, heartbeat = {beat}")


@pytest.fixture
def ready(project, db):
    """One migration applied, one pending."""
    write_tables(project, 1)
    project.amend("up")
    write_tables(project, 1, first=2)
    return project


def test_lock_is_free_afterwards(ready, db):
    ready.amend("up")
    assert db.lock()["holder"] is None


def test_lock_is_free_after_a_failure(ready, db):
    ready.up("003_bad", "SELECT * FROM nowhere;")
    ready.amend("up", check=1)
    assert db.lock()["holder"] is None


def test_waits_and_gives_up(ready, db):
    hold(db, age=0)
    began = time.monotonic()
    result = ready.amend("up", "--lock-wait", "1s", check=6)
    assert 0.8 < time.monotonic() - began < 10
    assert "AM0501" in result.all and "elsewhere.example" in result.all
    assert db.versions() == ["001"]


def test_says_for_whom_it_waits(ready, db):
    hold(db)
    result = ready.amend("up", "--lock-wait", "2s", check=6)
    assert "elsewhere.example" in result.err and "wait" in result.err


def test_goes_on_when_the_holder_is_done(ready, db):
    hold(db)
    process = ready.start("up")
    time.sleep(0.5)
    assert process.poll() is None
    db.sql("UPDATE _migrations_lock SET holder = NULL, host = NULL, pid = NULL")
    assert ready.finish(process).code == 0
    assert db.versions() == ["001", "002"]


def test_nothing_to_do_needs_no_lock(project, db):
    write_tables(project, 1)
    project.amend("up")
    hold(db)
    began = time.monotonic()
    project.amend("up")
    project.amend("status")
    project.amend("verify")
    assert time.monotonic() - began < 5


def test_dead_runner_elsewhere_loses_it_after_its_lease(ready, db):
    hold(db, age=3600)
    began = time.monotonic()
    ready.amend("up")
    assert time.monotonic() - began < 5 and db.versions() == ["001", "002"]
    assert "lock.taken_over" in [event["type"] for event in db.events()]


def test_silent_runner_elsewhere_is_given_its_lease(ready, db):
    hold(db, age=0)
    began = time.monotonic()
    ready.amend("up", env={"AMEND_LEASE": "2s"})
    assert 1.5 < time.monotonic() - began < 15
    assert db.versions() == ["001", "002"]


def test_dead_runner_on_this_host_loses_it_at_once(ready, db):
    ready.up("003_slow", f"-- amend:transaction off\nCREATE TABLE three (id INTEGER);\n{slow_statement(db.kind, 1)}\n")
    process = ready.start("up")
    wait_until(lambda: db.has("three") and db.lock()["holder"], "the slow migration to run")
    ready.kill(process)
    assert db.lock()["holder"] is not None
    began = time.monotonic()
    ready.amend("up")
    assert time.monotonic() - began < 15  # PostgreSQL may first have to end the dead runner's statement
    assert db.versions() == ["001", "002", "003"]


def test_number_of_a_dead_runner_used_again(ready, db):
    """The process of that number lives, but began at another time: it is not the runner, and the lock is free at once."""
    ready.up("003_slow", f"-- amend:transaction off\nCREATE TABLE three (id INTEGER);\n{slow_statement(db.kind, 1)}\n")
    process = ready.start("up")
    wait_until(lambda: db.has("three") and db.lock()["holder"], "the slow migration to run")
    ready.kill(process)
    holder = db.lock()["holder"].replace(f"/{process.pid}/", f"/{os.getpid()}/")
    db.sql(f"UPDATE _migrations_lock SET holder = '{holder}', pid = {os.getpid()}")
    began = time.monotonic()
    ready.amend("up")
    assert time.monotonic() - began < 15 and db.versions() == ["001", "002", "003"]


def test_stopped_runner_is_fenced_off(db, make_project):
    """Stopped past its lease, another took over; continued, it notices before it does anything more."""
    project = make_project(db)
    if db.kind == "sqlite":
        db.sql("PRAGMA journal_mode = wal")
    lease = {"AMEND_LEASE": "1s"}
    project.up("001_slow", f"-- amend:transaction off\nCREATE TABLE a (id INTEGER);\n{slow_statement(db.kind, 1)}\n"
                           "CREATE TABLE IF NOT EXISTS b (id INTEGER);\nINSERT INTO a VALUES (1);")
    project.up("002_after", table(2)[0])
    first = project.start("up", env=lease)
    wait_until(lambda: db.has("a") and db.lock()["holder"], "the first runner to be in its slow statement")
    time.sleep(0.1)
    first.send_signal(signal.SIGSTOP)
    second = project.amend("up", env=lease, check=None)
    assert second.code == 0, second
    assert db.versions() == ["001", "002"]
    before = db.snapshot(), db.history(), len(db.events())
    first.send_signal(signal.SIGCONT)
    result = project.finish(first)
    assert result.code == 6 and "AM0502" in result.all, result
    assert (db.snapshot(), db.history(), len(db.events())) == before
    assert db.rows("SELECT * FROM a") == [(1,)]
    assert chain.broken_links(db.events()) == []


def test_long_statement_keeps_its_lease(db, make_project):
    """A heartbeat renews the lease while a statement runs for longer than it."""
    project = make_project(db)
    project.up("001_slow", f"-- amend:transaction off\nCREATE TABLE a (id INTEGER);\n{slow_statement(db.kind, 3)}\n"
                           "INSERT INTO a VALUES (1);")
    first = project.start("up", env={"AMEND_LEASE": "1s"})
    wait_until(lambda: db.has("a") and db.lock()["holder"], "the first runner to be in its slow statement")
    second = project.start("up", env={"AMEND_LEASE": "1s"})
    results = [project.finish(first), project.finish(second)]
    assert failures(results) == ""
    assert db.rows("SELECT * FROM a") == [(1,)] and db.applied_events() == ["001"]
    assert "lock.taken_over" not in [event["type"] for event in db.events()]


def test_lock_row_says_who_holds_it(project, db):
    project.up("001_slow", f"-- amend:transaction off\nCREATE TABLE a (id INTEGER);\n{slow_statement(db.kind, 1)}\n")
    process = project.start("up")
    row = wait_until(lambda: db.has("a") and db.lock()["holder"] and db.lock(), "the slow migration to run")
    assert row["pid"] == process.pid and row["host"] == socket.gethostname()
    assert project.finish(process).code == 0


# ---- locks of the database: other sessions in the way


def test_table_lock_is_retried_until_it_goes(pg_project, pg):
    pg.sql("CREATE TABLE busy (id INTEGER)")
    pg_project.up("001_alter", "ALTER TABLE busy ADD COLUMN extra INTEGER;")
    other = pg.connect()
    other.autocommit = False
    other.cursor().execute("LOCK TABLE busy IN ACCESS EXCLUSIVE MODE")
    process = pg_project.start("up", "--lock-timeout", "200ms")
    time.sleep(1)
    assert process.poll() is None
    other.rollback()
    other.close()
    result = pg_project.finish(process)
    assert result.code == 0, result
    assert pg.versions() == ["001"]


def test_table_lock_that_stays_fails_busy(pg_project, pg):
    pg.sql("CREATE TABLE busy (id INTEGER)")
    write_tables(pg_project, 1)
    pg_project.up("002_alter", "ALTER TABLE busy ADD COLUMN extra INTEGER;")
    other = pg.connect()
    other.autocommit = False
    other.cursor().execute("LOCK TABLE busy IN ACCESS EXCLUSIVE MODE")
    result = pg_project.amend("up", "--lock-timeout", "50ms", check=1)
    other.close()
    assert "AM0211" in result.all and "002" in result.all
    assert pg.versions() == ["001"] and pg.lock()["holder"] is None
    pg_project.amend("up")
    assert pg.versions() == ["001", "002"]


def test_directive_sets_the_lock_timeout(pg_project, pg):
    pg_project.up("001_show", "-- amend:lock-timeout 1234ms\nCREATE TABLE shown AS SELECT current_setting('lock_timeout') AS v;")
    pg_project.up("002_show", "CREATE TABLE shown2 AS SELECT current_setting('lock_timeout') AS v;")
    pg_project.amend("up")
    assert pg.value("SELECT v FROM shown") == "1234ms" and pg.value("SELECT v FROM shown2") == "5s"


def test_traffic_is_not_queued_behind_a_migration(pg_project, pg):
    """While the migration waits for a long reader, other readers get through between its tries."""
    pg.sql("CREATE TABLE busy (id INTEGER)")
    pg_project.up("001_alter", "ALTER TABLE busy ADD COLUMN extra INTEGER;")
    reader = pg.connect()
    reader.autocommit = False
    reader.cursor().execute("SELECT * FROM busy")
    process = pg_project.start("up", "--lock-timeout", "200ms")
    slowest = 0.0
    for _ in range(10):
        began = time.monotonic()
        pg.rows("SELECT * FROM busy")
        slowest = max(slowest, time.monotonic() - began)
    reader.rollback()
    reader.close()
    assert pg_project.finish(process).code == 0 and slowest < 2


def test_deadlock_is_retried(pg_project, pg):
    pg.sql("CREATE TABLE one (id INTEGER); CREATE TABLE two (id INTEGER); SELECT 1")
    pg_project.up("001_both", "-- amend:lock-timeout 20s\nLOCK TABLE one; SELECT pg_sleep(0.3); LOCK TABLE two; "
                              "CREATE TABLE done (id INTEGER);")
    process = pg_project.start("up")
    wait_until(lambda: pg.rows("SELECT 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 'one' "
                               "AND mode = 'AccessExclusiveLock'"), "the migration to lock the first table")
    other = pg.connect()
    other.autocommit = False
    cursor = other.cursor()
    cursor.execute("SET deadlock_timeout = '60s'")
    try:
        cursor.execute("LOCK TABLE two; LOCK TABLE one")
    except Exception:
        pass  # either side may be the victim
    other.rollback()
    other.close()
    result = pg_project.finish(process)
    assert result.code == 0, result
    assert pg.versions() == ["001"]


def test_locked_sqlite_file(lite_project, lite):
    write_tables(lite_project, 1)
    lite.sql("CREATE TABLE x (id INTEGER)")
    other = lite.connect()
    other.execute("BEGIN EXCLUSIVE")
    result = lite_project.amend("up", "--lock-timeout", "200ms", "--lock-wait", "1s", "--connect-timeout", "1s", check=None)
    assert result.code in (1, 6) and ("AM0211" in result.all or "AM0501" in result.all), result
    process = lite_project.start("up")
    time.sleep(0.5)
    assert process.poll() is None
    other.execute("ROLLBACK")
    other.close()
    assert lite_project.finish(process).code == 0 and lite.versions() == ["001"]

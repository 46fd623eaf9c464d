# SPDX-License-Identifier: MIT
"""Killed at any moment, cut off, or with the server gone: the next `up` finishes, and nothing tells that it ever happened."""
import os
import random
import signal
import subprocess
import time

import pytest
from support import chain
from support.migrations import slow_statement, without_transaction, write_tables
from support.project import Project
from support.waiting import wait_until

KILLS = int(os.environ.get("AMEND_TEST_KILLS") or 50)  # fewer where everything is slow, as under sanitizers
COUNT = 200
SPECIAL = 100  # the one with statements outside transactions


def write_two_hundred(project):
    write_tables(project, SPECIAL - 1)
    project.up(f"{SPECIAL:03}_special", without_transaction(project.db.kind, SPECIAL))
    write_tables(project, COUNT - SPECIAL, first=SPECIAL + 1)
    return [f"{n:03}" for n in range(1, COUNT + 1)]


@pytest.fixture
def undisturbed(project):
    """(snapshot, seconds, versions) of one plain run."""
    versions = write_two_hundred(project)
    began = time.monotonic()
    project.amend("up")
    return project.db.snapshot(), time.monotonic() - began, versions


def check_same(db, snapshot, versions):
    assert db.versions() == versions
    assert db.applied_events() == versions
    assert chain.broken_links(db.events()) == []
    assert chain.replay(db.events()) == {row["version"]: row["checksum"] for row in db.history()}
    assert db.snapshot() == snapshot


def test_kill_at_fifty_random_moments(project, make_db, undisturbed):
    snapshot, seconds, versions = undisturbed
    dice = random.Random(20261103)
    kind, killed, project.db = project.db.kind, 0, None
    while killed < KILLS:
        project.db = project.db or make_db(kind)
        process = project.start("up")
        try:
            process.wait(timeout=dice.uniform(0, seconds * 0.6))
        except subprocess.TimeoutExpired:  # still running: that is what we want
            project.kill(process)
            killed += 1
            if dice.random() < 0.5:
                continue  # the next one goes on from here, and may be killed as well
        else:
            result = project.finish(process)
            assert result.code == 0, result
        finish_and_compare(project, snapshot, versions)
    if project.db:
        finish_and_compare(project, snapshot, versions)


def finish_and_compare(project, snapshot, versions):
    project.amend("up")
    check_same(project.db, snapshot, versions)
    project.amend("verify")
    project.db.remove()
    project.db = None


def test_kill_while_statements_run_outside_a_transaction(project, db):
    """Killed in each of the statements in turn: those done are not done again."""
    lines = ["-- amend:transaction off", "CREATE TABLE counted (id INTEGER PRIMARY KEY, step INTEGER);"]
    for n in range(4):
        lines += [f"INSERT INTO counted (id, step) VALUES ({n}, {n});", slow_statement(db.kind, 0.5)]
    project.up("001_steps", "\n".join(lines))
    for n in range(4):
        process = project.start("up")
        wait_until(lambda: db.has("counted") and db.rows(f"SELECT 1 FROM counted WHERE id = {n}"), f"step {n}")
        time.sleep(0.15)  # into the slow statement
        project.kill(process)
    project.amend("up")
    assert db.rows("SELECT id, step FROM counted ORDER BY id") == [(n, n) for n in range(4)]
    assert db.versions() == ["001"] and db.applied_events() == ["001"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=["term", "int", "hup"])
def test_stopped_by_a_signal(project, db, how):
    """The statement is cancelled, also at the server: nothing of its migration comes about afterwards."""
    write_tables(project, 1)
    project.up("002_slow", f"CREATE TABLE half (id INTEGER);\n{slow_statement(db.kind, 60)}")
    process = project.start("up")
    wait_until(lambda: running_slow(project, db, process), "the slow statement to run")
    process.send_signal(how)
    began = time.monotonic()
    result = project.finish(process)
    assert result.code == 1 and "AM0215" in result.err and "002_slow.sql:2" in result.err, result
    assert time.monotonic() - began < 5
    assert db.versions() == ["001"] and not db.has("half") and db.lock()["holder"] is None
    project.up("002_slow", "CREATE TABLE half (id INTEGER);")
    project.amend("up")
    assert db.versions() == ["001", "002"] and chain.broken_links(db.events()) == []


def test_signal_while_waiting_for_another_runner(project, db):
    write_tables(project, 1)
    project.amend("up")
    write_tables(project, 1, first=2)
    db.sql("UPDATE _migrations_lock SET holder = 'x', host = 'elsewhere', fence = fence + 1, heartbeat = %s"
           % ("now()" if db.kind == "postgres" else "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"))
    process = project.start("up", "--lint", "off")
    assert "elsewhere" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    result = project.finish(process, timeout=5)
    assert result.code == 1 and "AM0215" in result.err, result
    assert db.versions() == ["001"] and db.lock()["holder"] == "x"


def test_signal_while_trying_to_connect(bare_project):
    write_tables(bare_project, 1)
    process = bare_project.start("wait", url="postgres://owner@127.0.0.1:1/x")
    assert "try 1" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    result = bare_project.finish(process, timeout=5)
    assert result.code == 1 and "AM0215" in result.err, result


def test_signal_between_many_small_migrations(project, db, make_db):
    """The run stops soon, what is done is done, and the next one goes on."""
    versions = write_two_hundred(project)
    dice = random.Random(7)
    for _ in range(5):
        process = project.start("up")
        time.sleep(dice.uniform(0.01, 0.2))
        process.send_signal(signal.SIGTERM)
        result = project.finish(process)
        assert result.code in (0, 1, -signal.SIGTERM), result  # the last: before there was anything to undo
        assert db.versions() == versions[:len(db.versions())]
        assert db.versions() == [] or db.lock()["holder"] is None
    project.amend("up")
    assert db.versions() == versions == db.applied_events()
    assert chain.broken_links(db.events()) == []


def running_slow(project, db, process):
    if db.kind == "postgres":
        return db.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
    with open(f"/proc/{process.pid}/stat") as stat:
        return float(stat.read().rsplit(")", 1)[1].split()[11]) > 20  # user time, in hundredths of a second


class OwnServer:
    """A database on a server that this test may stop."""

    def __init__(self, cluster, tmp_path):
        from support.database import PostgresDatabase
        self.cluster = cluster
        self.db = PostgresDatabase(cluster, "stopped")
        self.project = Project(tmp_path / "stopped", self.db)


@pytest.fixture
def stoppable(own_cluster, tmp_path):
    server = OwnServer(own_cluster, tmp_path)
    yield server
    server.project.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
@pytest.mark.parametrize("where", ["transaction", "outside"])
def test_server_stopped_in_the_middle(stoppable, how, where):
    project, db, server = stoppable.project, stoppable.db, stoppable.cluster
    write_tables(project, 2)
    head = "-- amend:transaction off\n" if where == "outside" else ""
    project.up("003_slow", f"{head}CREATE TABLE third (id INTEGER);\nSELECT pg_sleep(3);\nINSERT INTO third VALUES (1);")
    process = project.start("up", env={"AMEND_CONNECT_TIMEOUT": "2s"})
    wait_until(lambda: running_slow(project, db, process), "the slow statement to run")
    server.stop(how)
    result = project.finish(process)
    assert result.code in (1, 7), result
    assert "AM02" in result.all and "Traceback" not in result.all
    server.start()
    if how == signal.SIGINT:
        assert db.versions() == ["001", "002"]
    else:  # after a crash the server may lack the newest commits that were not waited for, but nothing out of their middle
        assert db.versions() == ["001", "002"][:len(db.versions())]
    project.amend("up")
    assert db.versions() == ["001", "002", "003"] and db.rows("SELECT * FROM third") == [(1,)]
    project.amend("verify")


def test_backend_terminated_by_an_administrator(pg_project, pg):
    write_tables(pg_project, 1)
    pg_project.up("002_slow", "CREATE TABLE second (id INTEGER);\nSELECT pg_sleep(10);")
    process = pg_project.start("up")
    wait_until(lambda: running_slow(pg_project, pg, process), "the slow statement to run")
    pg.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
    result = pg_project.finish(process)
    assert result.code in (1, 7) and "AM0205" in result.all, result
    assert pg.versions() == ["001"] and not pg.has("second")


def test_network_cut_in_the_middle(pg_project, pg, relay):
    write_tables(pg_project, 1)
    pg_project.up("002_slow", "CREATE TABLE second (id INTEGER);\nSELECT pg_sleep(1);")
    process = pg_project.start("up", url=pg.cluster.url(pg.name, port=relay.port))
    wait_until(lambda: running_slow(pg_project, pg, process), "the slow statement to run")
    relay.cut()
    result = pg_project.finish(process)
    assert result.code in (1, 7) and "AM0205" in result.all, result
    pg_project.amend("up")
    assert pg.versions() == ["001", "002"] and pg.applied_events() == ["001", "002"]


def test_server_that_comes_late_is_waited_for(stoppable):
    project, db, server = stoppable.project, stoppable.db, stoppable.cluster
    write_tables(project, 1)
    server.stop()
    up = project.start("up")
    wait = project.start("wait")
    time.sleep(0.7)
    assert up.poll() is None and wait.poll() is None
    server.start()
    result = project.finish(up)
    assert result.code == 0, result
    assert "AM0203" in result.err or "retry" in result.err or "again" in result.err
    assert project.finish(wait).code == 0
    assert db.versions() == ["001"]


def test_same_work_over_a_slow_network(pg_project, pg, relay):
    relay.delay = 0.01
    versions = write_tables(pg_project, 30)
    pg_project.amend("up", url=pg.cluster.url(pg.name, port=relay.port))
    assert pg.versions() == versions
    assert relay.turns < 12, "thirty migrations go in a few messages"
    relay.turns = 0
    pg_project.amend("up", url=pg.cluster.url(pg.name, port=relay.port))
    assert relay.turns <= 5, "a run with nothing to do is one query after connecting"

# SPDX-License-Identifier: MIT
"""The audit trail, checked by an implementation of its own: the chain holds, tampering shows, the history follows from it."""
import getpass
import os
import re
import socket

import pytest
from support import chain
from support.migrations import table, without_transaction, write_tables


@pytest.fixture
def busy(project, db):
    """A project with every kind of event behind it."""
    write_tables(project, 3)
    project.amend("up")
    project.amend("down")
    project.amend("up")
    project.amend("redo")
    project.up("001_table_1", "-- edited\n" + table(1)[0])
    project.amend("repair", "--all")
    project.up("004_special", without_transaction(db.kind, 4))
    project.amend("up")
    project.up("005_bad", "SELECT nope;")
    project.amend("up", check=1)
    os.remove(f"{project.dir}/005_bad.sql")
    return project


def test_chain_holds(busy, db):
    events = db.events()
    assert len(events) > 10
    assert chain.broken_links(events) == []
    busy.amend("verify")


def test_history_follows_from_the_events(busy, db):
    assert chain.replay(db.events()) == {row["version"]: row["checksum"] for row in db.history()}


def test_events_say_who_when_where_what(busy, db):
    for event in db.events():
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", event["id"]), event
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z", event["at"]), event
        assert event["host"] == socket.gethostname() and event["actor"] == getpass.getuser() and event["application"] == "amend"
        chain.detail_of(event)
    applied = [event for event in db.events() if event["type"] == "migration.applied"]
    assert all(re.fullmatch("[0-9a-f]{32,64}", event["checksum"]) for event in applied)
    ids = [event["id"] for event in db.events()]
    assert len(set(ids)) == len(ids)


ALTERATIONS = {
    "field": "UPDATE _migration_events SET actor = 'somebody else' WHERE version = '002' AND type = 'migration.applied'",
    "checksum": "UPDATE _migration_events SET checksum = '00000000000000000000000000000000' WHERE version = '001'",
    "removed": "DELETE FROM _migration_events WHERE version = '002' AND type = 'migration.applied'",
    "hash": "UPDATE _migration_events SET hash = prev_hash WHERE version = '003' AND type = 'migration.rolled_back'",
    "first": "DELETE FROM _migration_events WHERE prev_hash IS NULL OR prev_hash = ''",
}


@pytest.mark.parametrize("how", ALTERATIONS)
def test_tampering_is_found(busy, db, how):
    db.sql(ALTERATIONS[how])
    assert chain.broken_links(db.events())
    result = busy.amend("verify", check=4)
    assert "AM0602" in result.all


def test_history_that_lost_a_row_is_found(project, db):
    write_tables(project, 3)
    project.amend("up")
    db.sql("DELETE FROM _migrations WHERE version = '003'")
    result = project.amend("verify", check=4)
    assert "AM0603" in result.all and "003" in result.all


def test_history_with_a_row_too_many_is_found(project, db):
    write_tables(project, 2)
    project.amend("up")
    project.amend("down")
    db.sql("INSERT INTO _migrations (version, name, checksum, applied_at, execution_time_ms)"
           " SELECT '002', 'by hand', '', applied_at, 1 FROM _migrations WHERE version = '001'")
    result = project.amend("verify", check=4)
    assert "AM0603" in result.all and "rolled back" in result.all


def test_all_or_nothing(project, db):
    """The event stands in the same transaction as what it tells of: a failed migration has no applied event."""
    write_tables(project, 2)
    project.up("003_bad", "CREATE TABLE three (id INTEGER);\nSELECT nope;")
    project.amend("up", check=1)
    assert db.applied_events() == ["001", "002"] == db.versions()


def test_application_and_actor_can_be_named(project, db):
    write_tables(project, 1)
    project.amend("up", env={"AMEND_APPLICATION": "card shop; x", "AMEND_ACTOR": "release bot"})
    event = db.events()[0]
    assert (event["application"], event["actor"]) == ("card shop; x", "release bot")
    assert chain.broken_links(db.events()) == []


def test_odd_characters_in_the_trail(project, db):
    project.up("001_größe 日本", "CREATE TABLE a (id INTEGER);")
    project.amend("up", env={"AMEND_ACTOR": "O'Brien \\ \"x\" ü 日本\t%ms%"})
    assert chain.broken_links(db.events()) == []
    project.amend("verify")


def test_clock_that_went_back(project, db):
    """Another host's clock was an hour ahead when it wrote the newest event: the chain still goes on from that one."""
    write_tables(project, 1)
    project.amend("up")
    last = db.events()[-1]
    ahead = int(last["id"].replace("-", "")[:12], 16) + 3600 * 1000
    stamp = f"{ahead:012x}"
    later = f"{stamp[:8]}-{stamp[8:]}{last['id'][13:]}"
    hour = int(last["at"][11:13])
    at = f"{last['at'][:11]}{hour + 1:02}{last['at'][13:]}" if hour < 23 else last["at"]
    event = chain.forged(last, id=later, at=at, type="notice.test", version=None, checksum=None)
    values = ", ".join("NULL" if event[name] is None else "'" + event[name].replace("'", "''") + "'" for name in chain.COLUMNS)
    db.sql(f"INSERT INTO _migration_events ({', '.join(chain.COLUMNS)}) VALUES ({values})")
    assert chain.broken_links(db.events()) == []
    write_tables(project, 2, first=2)
    project.amend("up")
    assert chain.broken_links(db.events()) == []
    project.amend("verify")


def test_existing_history_without_events(project, db):
    """A database that another tool migrated: the trail begins with what amend does."""
    from test_history_states import NARROW, insert_row, sha256
    db.sql(NARROW[db.kind])
    write_tables(project, 2)
    insert_row(db, "001", "table_1", sha256(table(1)[0])[:32])
    db.sql(table(1)[0])
    project.amend("up")
    assert [event["version"] for event in db.events() if event["type"] == "migration.applied"] == ["002"]
    project.amend("verify")

# SPDX-License-Identifier: MIT
"""up, down, redo, reset, plan, log, verify, baseline, repair, wait: what they do when all is well."""
import os
import re

from support.migrations import table, write_tables


def test_up_applies_all_in_order_and_records_them(project, db):
    versions = write_tables(project, 3)
    project.amend("up")
    assert db.versions() == versions
    assert [row["name"] for row in db.history()] == ["table_1", "table_2", "table_3"]
    assert all(re.fullmatch("[0-9a-f]{32}", row["checksum"]) for row in db.history())
    assert db.value("SELECT label FROM t2") == "row 2"


def test_up_again_does_nothing(project, db):
    write_tables(project, 2)
    project.amend("up")
    before = db.history(), db.events(), db.snapshot()
    project.amend("up")
    assert (db.history(), db.events(), db.snapshot()) == before


def test_up_applies_what_came_since(project, db):
    write_tables(project, 2)
    project.amend("up")
    write_tables(project, 2, first=3)
    project.amend("up")
    assert db.versions() == ["001", "002", "003", "004"]


def test_up_to_a_version_whatever_its_padding(project, db):
    write_tables(project, 4)
    project.amend("up", "--to", "002")
    assert db.versions() == ["001", "002"]
    project.amend("up", "--to", "3")
    assert db.versions() == ["001", "002", "003"]


def test_up_some_steps(project, db):
    write_tables(project, 4)
    project.amend("up", "--steps", "1")
    assert db.versions() == ["001"]
    project.amend("up", "--steps", "2")
    assert db.versions() == ["001", "002", "003"]


def test_order_is_by_number(project, db):
    for name in ("9_nine", "00010-ten", "100_hundred", "8_eight"):
        project.up(name, f"CREATE TABLE {re.sub('[^a-z]', '', name)} (id INTEGER);")
    project.amend("up")
    assert db.versions() == ["8", "9", "00010", "100"]


def test_both_layouts_give_the_same(db, make_db, make_project):
    flat, canonical = make_project(db, "flat"), make_project(make_db(db.kind), "canonical")
    for n in (1, 2):
        up, down = table(n)
        flat.write(f"migrations/00{n}_t.sql", up)
        flat.write(f"migrations/00{n}_t.down.sql", down)
        canonical.write(f"migrations/versions/00{n}_t.sql", up)
        canonical.write(f"migrations/down/00{n}_t_down.sql", down)
    for project in (flat, canonical):
        project.amend("up")
    assert flat.db.snapshot() == canonical.db.snapshot()
    keys = ("version", "name", "checksum")
    assert [[row[key] for key in keys] for row in flat.db.history()] == \
        [[row[key] for key in keys] for row in canonical.db.history()]
    for project in (flat, canonical):
        project.amend("down", "--steps", "2")
        assert project.db.versions() == [] and project.db.tables() == []


def test_down_takes_the_newest_back(project, db):
    write_tables(project, 3)
    project.amend("up", "--to", "002")
    at_two = db.snapshot()
    project.amend("up")
    project.amend("down")
    assert db.versions() == ["001", "002"]
    assert db.snapshot() == at_two


def test_down_steps_and_to(project, db):
    write_tables(project, 5)
    project.amend("up")
    project.amend("down", "--steps", "2")
    assert db.versions() == ["001", "002", "003"]
    project.amend("down", "--to", "001")
    assert db.versions() == ["001"]


def test_down_without_script_is_skipped_and_told(project, db):
    write_tables(project, 3)
    os.remove(f"{project.dir}/002_table_2.down.sql")
    project.amend("up")
    result = project.amend("down", "--steps", "3")
    assert "002" in result.all and "skipped" in result.all
    assert db.versions() == ["002"]


def test_down_strict_refuses_before_anything_runs(project, db):
    write_tables(project, 3)
    os.remove(f"{project.dir}/002_table_2.down.sql")
    project.amend("up")
    before = db.snapshot(), db.history()
    result = project.amend("down", "--steps", "3", "--strict", check=1)
    assert "AM0406" in result.all and "002" in result.all
    assert (db.snapshot(), db.history()) == before


def test_redo_runs_down_and_up(project, db):
    write_tables(project, 2)
    project.amend("up")
    db.sql("INSERT INTO t2 (id, label) VALUES (50, 'mine')")
    before = db.schema()
    project.amend("redo")
    assert db.versions() == ["001", "002"] and db.schema() == before
    assert db.value("SELECT count(*) FROM t2") == 1
    assert [event["type"] for event in db.events() if event["version"] == "002" and event["type"].startswith("migration")] == \
        ["migration.applied", "migration.rolled_back", "migration.applied"]


def test_redo_needs_every_down_script(project, db):
    write_tables(project, 2)
    os.remove(f"{project.dir}/002_table_2.down.sql")
    project.amend("up")
    before = db.snapshot()
    assert "AM0406" in project.amend("redo", check=1).all
    assert db.snapshot() == before


def test_reset_takes_everything_back(project, db):
    write_tables(project, 3)
    project.amend("up")
    project.amend("reset", "--yes")
    assert db.versions() == [] and db.tables() == []
    project.amend("up")
    assert db.versions() == ["001", "002", "003"]


def test_reset_without_confirmation_is_refused(project, db):
    write_tables(project, 1)
    project.amend("up")
    result = project.amend("reset", check=5)
    assert "AM0704" in result.all and "--yes" in result.all
    assert db.versions() == ["001"]


def test_up_down_up_same_snapshot(project, db):
    write_tables(project, 5)
    project.amend("up")
    first = db.snapshot()
    project.amend("down", "--steps", "5")
    assert db.snapshot() == []
    project.amend("up")
    assert db.snapshot() == first


def test_depends_go_first(project, db):
    project.up("001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);")
    project.up("002_b", "-- amend:depends 001, 003\nCREATE TABLE b AS SELECT * FROM c;")
    project.up("003_c", "-- amend:depends 001\nCREATE TABLE c (id INTEGER PRIMARY KEY);")
    project.amend("up")
    assert db.versions() == ["001", "003", "002"]
    project.amend("up")
    project.amend("verify")


def test_plan_says_what_and_writes_nothing(project, db):
    write_tables(project, 3)
    made = db.made()
    result = project.amend("plan")
    assert all(f"00{n}" in result.out for n in (1, 2, 3))
    assert db.made() == made and not db.has("_migrations")
    project.amend("up", "--to", "002")
    result = project.amend("plan")
    assert "003" in result.out and "002_" not in result.out


def test_log_lists_the_events(project, db):
    write_tables(project, 2)
    project.amend("up")
    project.amend("down")
    out = project.amend("log").out
    assert out.count("migration.applied") == 2 and out.count("migration.rolled_back") == 1
    assert out.index("migration.applied") < out.index("migration.rolled_back")


def test_log_and_status_before_anything(project, db):
    write_tables(project, 1)
    made = db.made()
    assert project.amend("log").code == 0
    assert "pending" in project.amend("status").out
    assert db.made() == made


def test_status_shows_states_and_exit_code(project, db):
    write_tables(project, 2)
    project.amend("status", "--exit-code", check=3)
    project.amend("up", "--to", "001")
    out = project.amend("status", "--exit-code", check=3).out
    assert re.search("001.*applied", out) and re.search("002.*pending", out)
    project.amend("up")
    project.amend("status", "--exit-code")


def test_verify_is_content_and_finds_a_changed_file(project, db):
    write_tables(project, 2)
    project.amend("up")
    project.amend("verify")
    project.up("001_table_1", "CREATE TABLE t1 (id INTEGER PRIMARY KEY);")
    result = project.amend("verify", check=4)
    assert "001" in result.all and "AM0401" in result.all and "AM0601" in result.all


def test_baseline_marks_without_running(project, db):
    write_tables(project, 3)
    db.sql(table(1)[0] + table(2)[0])
    project.amend("baseline", "002")
    assert db.versions() == ["001", "002"]
    assert [event["type"] for event in db.events()] == ["migration.baselined"] * 2 + ["schema.recorded"]
    project.amend("up")
    assert db.versions() == ["001", "002", "003"]
    project.amend("verify")


def test_baseline_of_what_is_there_already(project, db):
    write_tables(project, 3)
    project.amend("up", "--to", "001")
    before = db.history()
    project.amend("baseline", "001")
    assert db.history() == before
    project.amend("baseline", "002")
    assert db.versions() == ["001", "002"] and not db.has("t2")


def test_baseline_of_an_unknown_version(project, db):
    write_tables(project, 1)
    assert "AM0405" in project.amend("baseline", "7", check=2).all


def test_repair_accepts_changed_files(project, db):
    versions = write_tables(project, 3)
    project.amend("up")
    for n in (1, 2):
        project.up(f"00{n}_table_{n}", f"SELECT 1;\n{table(n)[0]}")
    project.amend("repair", "001")
    assert "AM0401" in project.amend("up", check=1).all
    project.amend("repair", "--all")
    project.amend("up")
    project.amend("verify")
    assert db.versions() == versions
    assert [event["version"] for event in db.events() if event["type"] == "migration.repaired"] == ["001", "002"]


def test_wait_for_a_database_that_is_there(project):
    project.amend("wait")


def test_explain_every_code_of_the_registry(bare_project):
    from support.registry import diagnostics
    for number, name, _ in diagnostics():
        out = bare_project.amend("explain", f"AM{number:04}").out
        assert f"AM{number:04}" in out and name
    assert bare_project.amend("explain", "AM9999", check=2).err


def test_execution_time_and_commit_are_recorded(project, db):
    write_tables(project, 1)
    commit = "0123456789abcdef0123456789abcdef01234567"
    project.write(".git/HEAD", "ref: refs/heads/main\n")
    project.write(".git/refs/heads/main", commit + "\n")
    project.amend("up")
    row = db.history()[0]
    assert row["git_commit"] == commit
    assert isinstance(row["execution_time_ms"], int) and 0 <= row["execution_time_ms"] < 10000

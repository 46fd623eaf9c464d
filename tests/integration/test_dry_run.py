# SPDX-License-Identifier: MIT
"""--dry-run writes nothing, and what it prints does by hand what the command would have done."""
import pytest
from support.migrations import table, without_transaction, write_tables


def everything(db):
    """All that a dry run could have changed, amend's own tables included."""
    own = [(name, db.dicts(f"SELECT * FROM {name}")) for name in ("_migrations", "_migration_events", "_migrations_lock")
           if db.made() and db.has(name)]
    return db.made(), db.snapshot() if db.made() else [], own


def dry(project, *args):
    before = everything(project.db)
    result = project.amend(*args, "--dry-run")
    assert everything(project.db) == before
    return result.out


def test_up_on_an_empty_database_writes_nothing(project, db):
    write_tables(project, 3)
    out = dry(project, "up")
    assert out.index("CREATE TABLE t1") < out.index("CREATE TABLE t2") < out.index("CREATE TABLE t3")
    assert db.kind == "postgres" or not db.made()


@pytest.mark.parametrize("special", [False, True], ids=["plain", "outside-transactions"])
def test_up_by_hand_leaves_all_applied(project, db, special):
    versions = write_tables(project, 3)
    if special:
        project.up("004_special", without_transaction(db.kind, 4))
        versions.append("004")
    db.run_by_hand(dry(project, "up"))
    assert db.versions() == versions
    project.amend("status", "--exit-code")
    project.amend("verify")
    project.amend("up")
    assert db.versions() == versions


def test_by_hand_and_by_command_give_the_same(project, db, make_db, make_project):
    write_tables(project, 3)
    project.up("004_special", without_transaction(db.kind, 4))
    db.run_by_hand(dry(project, "up"))
    other = make_project(make_db(db.kind), "other")
    write_tables(other, 3)
    other.up("004_special", without_transaction(db.kind, 4))
    other.amend("up")
    assert db.snapshot() == other.db.snapshot()
    keys = ("version", "name", "checksum")
    assert [[row[key] for key in keys] for row in db.history()] == [[row[key] for key in keys] for row in other.db.history()]


def test_up_with_steps_and_to(project, db):
    write_tables(project, 4)
    assert "t3" not in dry(project, "up", "--to", "002")
    assert "t2" not in dry(project, "up", "--steps", "1")


def test_down_by_hand(project, db):
    write_tables(project, 3)
    project.amend("up")
    db.run_by_hand(dry(project, "down", "--steps", "2"))
    assert db.versions() == ["001"] and len(db.tables()) == 1
    project.amend("verify")


def test_redo_reset_baseline_repair_write_nothing(project, db):
    write_tables(project, 2)
    assert "002" in dry(project, "baseline", "002")
    project.amend("up")
    dry(project, "redo")
    dry(project, "reset", "--yes")
    project.up("001_table_1", "-- edited\n" + table(1)[0])
    out = dry(project, "repair", "--all")
    db.run_by_hand(out)
    project.amend("verify")


def test_baseline_by_hand(project, db):
    write_tables(project, 2)
    db.run_by_hand(dry(project, "baseline", "001"))
    assert db.versions() == ["001"]
    assert not db.has("t1")


def test_reset_by_hand(project, db):
    write_tables(project, 3)
    project.amend("up")
    db.run_by_hand(dry(project, "reset", "--yes"))
    assert db.versions() == [] and db.tables() == []


def test_rebuild_by_hand_keeps_rows(lite_project, lite):
    from support.rebuild import PARENT_REBUILD, REBUILD_BASE, child_rows
    lite_project.up("001_base", REBUILD_BASE)
    lite_project.amend("up")
    lite_project.up("002_rebuild", PARENT_REBUILD)
    lite.run_by_hand("PRAGMA foreign_keys = on;\n" + dry(lite_project, "up"))
    assert lite.versions() == ["001", "002"] and child_rows(lite) == 3


def test_copy_by_hand(pg_project, pg):
    pg_project.up("001_copy", "CREATE TABLE c (a INTEGER, b TEXT);\nCOPY c FROM stdin;\n1\tone\n2\t\\N\n\\.\nANALYZE c;\n")
    pg.run_by_hand(dry(pg_project, "up"))
    assert pg.rows("SELECT * FROM c ORDER BY a") == [(1, "one"), (2, None)]
    pg_project.amend("status", "--exit-code")

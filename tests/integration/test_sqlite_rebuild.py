# SPDX-License-Identifier: MIT
"""Table rebuilds on SQLite lose no row of the tables that refer to the rebuilt one, whatever foreign_keys is."""
import pytest
from support.rebuild import PARENT_REBUILD, REBUILD_BASE, child_rows

FORMS = {
    "plain": PARENT_REBUILD,
    "pragma in the file": f"PRAGMA foreign_keys = off;\n{PARENT_REBUILD}PRAGMA foreign_keys = on;\n",
    "pragma and own transaction": f"PRAGMA foreign_keys=OFF;\nBEGIN;\n{PARENT_REBUILD}COMMIT;\nPRAGMA foreign_keys=ON;\n",
    "pragma inside the transaction": f"BEGIN;\nPRAGMA foreign_keys=OFF;\n{PARENT_REBUILD}PRAGMA foreign_keys=ON;\nCOMMIT;\n",
    "pragma on in the file": f"PRAGMA foreign_keys = on;\n{PARENT_REBUILD}",
    "quoted names": PARENT_REBUILD.replace("parent_new", '"parent new"').replace("DROP TABLE parent", 'DROP TABLE IF EXISTS "parent"'),
}


@pytest.mark.parametrize("default_on", [False, True], ids=["off-by-default", "on-by-default"])
@pytest.mark.parametrize("form", FORMS)
def test_rebuild_keeps_the_children(lite_project, lite, form, default_on):
    url = lite.url + ("?foreign_keys=on" if default_on else "")
    lite_project.up("001_base", REBUILD_BASE)
    lite_project.amend("up", url=url)
    lite_project.up("002_rebuild", FORMS[form])
    lite_project.up("003_after", "CREATE TABLE after_it (id INTEGER PRIMARY KEY);")
    lite_project.amend("up", url=url)
    assert child_rows(lite) == 3
    assert lite.rows("SELECT id, name, colour FROM parent") == [(1, "a", None), (2, "b", None)]
    assert lite.rows("PRAGMA foreign_key_check") == []
    assert lite.value("SELECT \"table\" FROM pragma_foreign_key_list('child')") == "parent"


def test_rebuild_in_the_first_run_with_everything_else(lite_project, lite):
    lite_project.up("001_base", REBUILD_BASE)
    lite_project.up("002_rebuild", PARENT_REBUILD)
    lite_project.up("003_more", "INSERT INTO child VALUES (30, 2);")
    lite_project.amend("up", url=lite.url + "?foreign_keys=on")
    assert child_rows(lite) == 4 and lite.versions() == ["001", "002", "003"]


def test_new_violations_fail_and_undo(lite_project, lite):
    lite_project.up("001_base", REBUILD_BASE)
    lite_project.amend("up")
    before = lite.snapshot()
    lite_project.up("002_rebuild", PARENT_REBUILD.replace("FROM parent;", "FROM parent WHERE id = 1;"))
    result = lite_project.amend("up", check=1)
    assert "AM0216" in result.all and "child" in result.all
    assert lite.snapshot() == before and lite.versions() == ["001"]


def test_old_violations_are_not_held_against_it(lite_project, lite):
    lite_project.up("001_base", REBUILD_BASE + "INSERT INTO child VALUES (99, 77);")
    lite_project.amend("up")
    lite_project.up("002_rebuild", PARENT_REBUILD)
    lite_project.amend("up")
    assert child_rows(lite) == 4 and lite.versions() == ["001", "002"]


MISMATCHED = """CREATE TABLE place (id INTEGER, name TEXT, country TEXT);
CREATE UNIQUE INDEX place_name ON place (name) WHERE country = 'x';
CREATE TABLE visit (place INTEGER REFERENCES place (id), name TEXT REFERENCES place (name), of INTEGER REFERENCES place);
INSERT INTO visit VALUES (1, 'nowhere', 1);
"""


def test_keys_that_do_not_match_elsewhere_are_no_obstacle(lite_project, lite):
    """PRAGMA foreign_key_check gives up at a table that refers to what isn't unique; the others are checked all the same."""
    lite_project.up("001_base", REBUILD_BASE + MISMATCHED)
    lite_project.up("002_rebuild", PARENT_REBUILD)
    lite_project.amend("up")
    before = lite.snapshot()
    lite_project.up("003_loses", "CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT);\nDROP TABLE parent;\n"
                                 "ALTER TABLE p RENAME TO parent;")
    result = lite_project.amend("up", check=1)
    assert "AM0216" in result.all and '3 rows of "child"' in result.all
    assert lite.snapshot() == before and lite.versions() == ["001", "002"]


def test_a_step_that_mends_the_keys_is_not_held_for_the_rows(lite_project, lite):
    lite_project.up("001_base", MISMATCHED)
    lite_project.up("002_mend", "CREATE TABLE place_new (id INTEGER PRIMARY KEY, name TEXT UNIQUE, country TEXT);\n"
                                "DROP TABLE place;\nALTER TABLE place_new RENAME TO place;")
    lite_project.amend("up")
    assert len(lite.rows("PRAGMA foreign_key_check")) == 3
    lite_project.up("003_again", "CREATE TABLE place_new (id INTEGER PRIMARY KEY, name TEXT UNIQUE, country TEXT);\n"
                                 "DROP TABLE place;\nALTER TABLE place_new RENAME TO place;")
    lite_project.amend("up")


KEYS = {
    "rowid": ("id INTEGER PRIMARY KEY", "x INTEGER REFERENCES k (ID)"),
    "rowid unnamed": ("id INTEGER PRIMARY KEY", "x INTEGER REFERENCES k"),
    "primary key with an index": ("id TEXT PRIMARY KEY", "x TEXT REFERENCES k"),
    "unique columns in another order": ("a TEXT, b TEXT, UNIQUE (a, b)", "x TEXT, y TEXT, FOREIGN KEY (x, y) REFERENCES K (B, a)"),
    "parent that is not there": ("a TEXT", "x TEXT REFERENCES nowhere (a)"),
}


@pytest.mark.parametrize("key", KEYS)
def test_rows_are_checked_whatever_the_key(lite_project, lite, key):
    parent, child = KEYS[key]
    lite_project.up("001_base", f"CREATE TABLE k ({parent});\nCREATE TABLE c ({child});\nCREATE TABLE t (x);")
    lite_project.up("002_loses", "CREATE TABLE t2 (x);\nDROP TABLE t;\nALTER TABLE t2 RENAME TO t;\n"
                                 f"INSERT INTO c SELECT {', '.join('7' * (child.count(' TEXT') + child.count(' INTEGER')))};")
    result = lite_project.amend("up", check=1)
    assert "AM0216" in result.all and '1 row of "c"' in result.all


def test_delete_without_rebuild_cascades_as_ever(lite_project, lite):
    lite_project.up("001_base", REBUILD_BASE)
    lite_project.up("002_delete", "DELETE FROM parent WHERE id = 1;")
    lite_project.amend("up", url=lite.url + "?foreign_keys=on")
    assert child_rows(lite) == 1


def test_down_script_may_rebuild_too(lite_project, lite):
    lite_project.up("001_base", REBUILD_BASE)
    lite_project.both("002_colour", "ALTER TABLE parent ADD COLUMN colour TEXT;",
                      PARENT_REBUILD.replace(", colour TEXT", ""))
    lite_project.amend("up", url=lite.url + "?foreign_keys=on")
    lite_project.amend("down", url=lite.url + "?foreign_keys=on")
    assert child_rows(lite) == 3 and lite.versions() == ["001"]


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_journal_mode_is_left_as_found(lite_project, lite, mode):
    lite.sql(f"PRAGMA journal_mode = {mode}; CREATE TABLE x (id INTEGER);")
    lite_project.up("001_base", REBUILD_BASE)
    lite_project.up("002_rebuild", PARENT_REBUILD)
    lite_project.amend("up")
    assert lite.value("PRAGMA journal_mode") == mode and lite.versions() == ["001", "002"]

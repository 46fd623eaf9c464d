# SPDX-License-Identifier: MIT
"""up --preview: what it tells is what up then does, and nothing is left behind."""
import os

import pytest
from support import jsonschema

CARDS = "CREATE TABLE cards (id INTEGER PRIMARY KEY, title TEXT);\nINSERT INTO cards VALUES (1, 'a'), (2, 'b'), (3, 'c');"


def everything(db):
    """All that a preview could have changed, amend's own tables included."""
    own = [(name, db.dicts(f"SELECT * FROM {name}")) for name in ("_migrations", "_migration_events", "_migrations_lock")
           if db.made() and db.has(name)]
    return db.made(), db.snapshot() if db.made() else [], own


def preview(project, *args, check=0, **more):
    before = everything(project.db)
    result = project.amend("up", "--preview", *args, check=check, **more)
    assert everything(project.db) == before
    return result


def told(project, *args, check=0):
    value = preview(project, "--json", *args, check=check).json()
    jsonschema.check(value, jsonschema.load("up.json"))
    return value


def effects(value):
    return {(e["object"].replace("public.", ""), e["what"]): e["value"] for e in value["preview"]["effects"]}


def changes(value):
    return {c["object"].replace("public.", ""): (c.get("before"), c.get("after")) for c in value["preview"]["changes"]}


def test_a_new_table(project, db):
    project.up("001_cards", CARDS)
    value = told(project)
    assert changes(value)["table cards"][0] is None
    assert [(s["statement"], s["line"], s["tried"]) for s in value["preview"]["statements"]] == [(1, 1, True), (2, 2, True)]
    assert value["preview"]["statements"][1]["rows"] == 3
    assert effects(value)[("table cards", "inserted" if db.kind == "postgres" else "rows")] == 3
    assert not any(what.startswith("lock") for _, what in effects(value)), "nobody else can want a new table"
    assert db.kind == "postgres" or not db.made()


def test_what_is_told_is_what_happens(project, db):
    project.up("001_cards", CARDS)
    project.amend("up")
    project.up("002_body", "ALTER TABLE cards ADD COLUMN body TEXT;\nUPDATE cards SET body = title WHERE id > 1;\nDELETE FROM cards WHERE id = 1;")
    project.up("003_index", "CREATE INDEX cards_body ON cards (body);")
    value = told(project)
    assert [item["version"] for item in value["items"]] == ["002", "003"]
    assert set(changes(value)) == {"column cards.body", "index cards_body"}
    found = effects(value)
    if db.kind == "postgres":
        assert found[("table cards", "updated")] == 2 and found[("table cards", "deleted")] == 1
        assert found[("table cards", "lock ACCESS EXCLUSIVE")] == 1
    else:
        assert found == {("table cards", "rows"): -1}
    text = preview(project).out
    assert "previewed 2 migrations in " in text and text.rstrip().endswith("nothing was changed")
    assert "+ column " in text and "UPDATE cards SET body = title WHERE id > 1" in text
    only = told(project, "--to", "002")
    assert set(changes(only)) == {"column cards.body"}
    project.amend("up")
    assert project.amend("up", "--preview").out.startswith("nothing to apply; now at 003")


def test_a_change_that_rewrites(pg_project, pg):
    pg.sql(CARDS.replace("INTEGER", "INT"))
    pg_project.up("001_big", "ALTER TABLE cards ALTER COLUMN id TYPE BIGINT;\nALTER TABLE cards DROP COLUMN title;")
    value = told(pg_project)
    assert effects(value)[("table cards", "rewritten")] == 1
    assert changes(value)["column cards.title"][1] is None
    text = preview(pg_project).out
    assert "table public.cards: rewritten (or truncated)" in text
    assert "table public.cards: locked (ACCESS EXCLUSIVE): others can neither read nor write until the end" in text
    pg_project.up("001_big", "CREATE INDEX i ON cards (title);")
    assert "locked (SHARE): others can read, not write until the end" in preview(pg_project).out


def test_a_failure_is_the_one_of_up(project, db):
    project.up("001_cards", CARDS)
    project.up("002_wrong", "INSERT INTO cards VALUES (4, 'd');\nINSERT INTO\n  nowhere VALUES (1);")
    result = preview(project, check=1)
    assert "002_wrong.sql:" in result.err and "nowhere" in result.err
    value = told(project, check=1)
    assert value["error"]["version"] == "002" and value["error"]["statement"] == 2
    real = project.amend("up", "--json", check=1).lines()[-1]["error"]
    assert {k: real[k] for k in ("code", "message", "file", "line")} == {k: value["error"][k] for k in ("code", "message", "file", "line")}


def test_what_is_checked_at_the_commit(pg_project, pg):
    pg.sql("CREATE TABLE a (id INT PRIMARY KEY); CREATE TABLE b (a INT REFERENCES a DEFERRABLE INITIALLY DEFERRED)")
    pg_project.up("001_orphan", "INSERT INTO b VALUES (1);")
    assert "violates foreign key constraint" in preview(pg_project, check=1).err
    pg_project.up("002_parent", "INSERT INTO a VALUES (1);")
    assert "violates" not in preview(pg_project).all, "all of it is one transaction here"


def test_outside_of_transactions(pg_project, pg):
    pg.sql(CARDS)
    pg_project.up("001_index", "CREATE INDEX CONCURRENTLY cards_title ON cards (title);\nINSERT INTO cards VALUES (4, 'd');")
    result = preview(pg_project)
    assert "not tried" in result.out and "1 statement outside of transactions: not tried" in result.err
    value = told(pg_project)
    assert [s["tried"] for s in value["preview"]["statements"]] == [False, True]
    assert effects(value)[("table cards", "inserted")] == 1 and not value["preview"]["cut_short"]
    pg_project.up("002_follows", "COMMENT ON INDEX cards_title IS 'by title';")
    value = told(pg_project)
    assert value["preview"]["cut_short"] and value["preview"]["changes"] == []
    assert "the rest is not known" in preview(pg_project).err


def test_copy_and_own_begin(pg_project, pg):
    pg.sql(CARDS)
    pg_project.up("001_copy", "BEGIN;\nCOPY cards (id, title) FROM stdin;\n7\tg\n8\th\n\\.\nCOMMIT;\n")
    pg_project.up("002_set", "SET search_path = public;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nDELETE FROM cards WHERE id = 7;")
    assert effects(told(pg_project))[("table cards", "inserted")] == 2


def test_a_lock_that_is_held(pg_project, pg):
    pg.sql(CARDS)
    pg_project.up("001_body", "ALTER TABLE cards ADD COLUMN body TEXT;")
    with pg.connect() as other:
        other.autocommit = False
        cursor = other.cursor()
        cursor.execute("LOCK TABLE cards")
        result = pg_project.amend("up", "--preview", "--lock-timeout", "100ms", check=1)
        other.rollback()
    assert "AM0211" in result.err and "001_body.sql:1" in result.err


def test_a_rebuild(lite_project, lite):
    lite.sql("CREATE TABLE a (id INTEGER PRIMARY KEY, x); CREATE TABLE b (a REFERENCES a ON DELETE CASCADE);"
             "INSERT INTO a VALUES (1, 2); INSERT INTO b VALUES (1);")
    lite_project.up("001_rebuild", "PRAGMA foreign_keys = OFF;\nCREATE TABLE n (id INTEGER PRIMARY KEY, x INTEGER NOT NULL);\n"
                                   "INSERT INTO n SELECT * FROM a;\nDROP TABLE a;\nALTER TABLE n RENAME TO a;")
    value = told(lite_project)
    assert list(changes(value)) == ["column a.x"] and effects(value) == {}
    lite_project.up("002_breaks", "PRAGMA foreign_keys = OFF;\nDELETE FROM a;")
    assert "AM0216" in preview(lite_project, check=1).err


def test_names_with_quotes(project, db):
    db.sql('CREATE TABLE "it\'s ""odd""" (id INTEGER PRIMARY KEY)')
    project.up("001_insert", 'INSERT INTO "it\'s ""odd""" VALUES (1);')
    value = project.amend("up", "--preview", "--json").json()
    assert list(effects(value).values()) == [1]


def test_no_room_for_a_copy(lite_project, lite, tmp_path):
    lite.sql(CARDS)
    lite_project.up("001_body", "ALTER TABLE cards ADD COLUMN body TEXT;")
    result = preview(lite_project, check=1, env={"TMPDIR": str(tmp_path / "nowhere")})
    assert "AM0209" in result.err and "no directory for a copy of the database can be made in" in result.err


def test_the_copy_is_gone(lite_project, lite, tmp_path):
    lite.sql(CARDS)
    lite_project.up("001_body", "ALTER TABLE cards ADD COLUMN body TEXT;")
    os.mkdir(tmp_path / "temp")
    preview(lite_project, env={"TMPDIR": str(tmp_path / "temp")})
    assert os.listdir(tmp_path / "temp") == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_only_be_read(lite_project, lite):
    lite.sql(CARDS)
    os.chmod(lite.path, 0o444)
    lite_project.up("001_body", "ALTER TABLE cards ADD COLUMN body TEXT;")
    assert set(changes(told(lite_project))) == {"column cards.body"}


def test_a_conflict(project, db):
    project.up("001_cards", CARDS)
    project.amend("up")
    project.up("001_cards", CARDS + "\n-- changed\nSELECT 1;")
    project.up("002_next", "SELECT 1;")
    assert "AM0401" in preview(project, check=1).err

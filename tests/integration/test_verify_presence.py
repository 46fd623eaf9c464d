# SPDX-License-Identifier: MIT
"""Is everything there that the history says was applied? And what `repair --replay` makes again, or refuses to."""
import pytest

CARDS = {
    "postgres": """CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TABLE cards (id integer PRIMARY KEY, title text NOT NULL UNIQUE, mood mood);
COMMENT ON TABLE cards IS 'what is on the board';
CREATE INDEX cards_mood ON cards (mood);
CREATE VIEW titles AS SELECT title FROM cards;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER cards_touch BEFORE INSERT ON cards FOR EACH ROW EXECUTE FUNCTION touch();
""",
    "sqlite": """CREATE TABLE cards (id integer PRIMARY KEY, title text NOT NULL UNIQUE, mood text);
CREATE INDEX cards_mood ON cards (mood);
CREATE VIEW titles AS SELECT title FROM cards;
CREATE TRIGGER cards_touch AFTER INSERT ON cards BEGIN SELECT 1; END;
""",
}


def applied(project, **more):
    project.up("001_cards", CARDS[project.db.kind])
    project.up("002_note", "ALTER TABLE cards ADD COLUMN note text;\nCREATE INDEX cards_note ON cards (note);\n")
    for name, text in more.items():
        project.up(name.lstrip("m"), text)
    project.amend("up")
    project.amend("verify")
    return project


def absent(project):
    """What verify finds absent, by version: from its JSON."""
    result = project.amend("verify", "--json", check=None)
    found = {p["version"]: p for p in result.json().get("problems", []) if p["code"] == "AM0605"}
    assert result.code == (4 if any(p["severity"] == "error" for p in found.values()) else 0), result
    return found


def test_each_absent_object_is_named_under_its_migration(project):
    applied(project)
    project.db.sql("DROP INDEX cards_mood; DROP VIEW titles; DROP INDEX cards_note;")
    found = absent(project)
    assert found["001"]["message"] == "001 cards is recorded, but index cards.cards_mood, view titles are not there"
    assert found["002"]["message"] == "002 note is recorded, but index cards.cards_note is not there"
    assert "amend repair --replay 002" in found["002"]["hint"]


def test_what_a_dropped_table_had_is_not_named_one_by_one(project):
    applied(project)
    project.db.sql("DROP VIEW titles; DROP TABLE cards;")
    found = absent(project)
    assert "table cards" in found["001"]["message"] and "title" not in found["001"]["message"].replace("titles", "")
    assert "column cards.note, index cards.cards_note" in found["002"]["message"]


def test_what_later_migrations_drop_or_rename_is_not_missed(project):
    applied(project, m003_drop="DROP VIEW titles;\nDROP INDEX cards_note;\nALTER TABLE cards RENAME COLUMN note TO remark;\n"
                               "ALTER TABLE cards RENAME TO tickets;\n")
    assert absent(project) == {}
    project.db.sql("ALTER TABLE tickets DROP COLUMN remark;")
    assert absent(project)["003"]["message"] == "003 drop is recorded, but column tickets.remark is not there"


def test_pending_migrations_are_not_missed(project):
    applied(project)
    project.up("003_later", "DROP VIEW titles;\nCREATE TABLE later (id integer);\n")
    assert absent(project) == {}


def test_rolled_back_ones_neither(project):
    applied(project)
    project.both("003_later", "CREATE TABLE later (id integer);\n", "DROP TABLE later;\n")
    project.amend("up")
    project.amend("down")
    assert absent(project) == {}


def test_a_baseline_without_its_schema_is_found(project):
    project.up("001_cards", CARDS[project.db.kind])
    project.amend("baseline", "001")
    assert "table cards" in absent(project)["001"]["message"]


def test_replay_makes_what_is_absent_and_only_that(project):
    applied(project)
    before = project.db.snapshot()
    project.db.sql("DROP INDEX cards_mood; DROP VIEW titles; DROP TRIGGER cards_touch" +
                   (" ON cards;" if project.db.kind == "postgres" else ";"))
    dry = project.amend("repair", "--replay", "001", "--dry-run")
    assert "CREATE INDEX cards_mood" in dry.out and "CREATE TABLE cards" not in dry.out
    assert absent(project)["001"]
    result = project.amend("repair", "--replay", "001")
    assert "001 cards: what was absent is there again" in result.out
    assert absent(project) == {}
    assert project.db.snapshot() == before
    event = project.db.events()[-1]
    assert event["type"] == "migration.replayed" and event["version"] == "001" and '"lines":[' in event["detail"]
    assert "nothing to replay" in project.amend("repair", "--replay", "001").out
    assert project.db.versions() == ["001", "002"]


def test_replay_of_a_table_brings_its_comments_but_not_what_others_made(pg_project):
    project = applied(pg_project)
    before = project.db.snapshot()
    project.db.sql("DROP VIEW titles; DROP TABLE cards;")
    project.amend("repair", "--replay", "001")
    assert list(absent(project)) == ["002"]
    project.amend("repair", "--replay", "002")
    assert absent(project) == {}
    assert project.db.snapshot() == before


REFUSED = {
    "a part of a table": ("CREATE TABLE a (x integer, y integer);\n", "ALTER TABLE a DROP COLUMN y;",
                          "003 can't be replayed for column a.y: its statement also makes table a, which is there"),
    "rows": ("CREATE TABLE a (x integer);\nINSERT INTO a VALUES (1);\n", "DROP TABLE a;",
             "003 can't be replayed for table a: the migration also works with its rows, which would not come back by themselves"),
    "a back-filled column": ("ALTER TABLE cards ADD COLUMN z text;\nUPDATE cards SET z = title;\n",
                             "ALTER TABLE cards DROP COLUMN z;",
                             "003 can't be replayed for column cards.z: the migration also works with its rows, which would not "
                             "come back by themselves"),
    "a name given": ("ALTER TABLE cards RENAME COLUMN note TO remark;\n", "ALTER TABLE cards DROP COLUMN remark;",
                     "003 can't be replayed for column cards.remark: the migration gave it its name, but an earlier one made it"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_replay_refuses(project, case):
    made, undone, message = REFUSED[case]
    if case != "a name given":
        applied(project, m003_case=made)
    else:
        applied(project, m003_case="DROP INDEX cards_note;\n" + made)
    project.db.sql(undone)
    before = project.db.snapshot()
    result = project.amend("repair", "--replay", "003", check=5)
    assert message in result.err and "AM0610" in result.err, result
    assert "003_case.sql:" in result.err
    assert project.db.snapshot() == before


def test_replay_refuses_what_can_not_be_in_a_transaction(pg_project):
    project = applied(pg_project, m003_index="CREATE INDEX CONCURRENTLY cards_title ON cards (title);\n")
    project.db.sql("DROP INDEX cards_title;")
    assert "its statement can't run inside a transaction" in project.amend("repair", "--replay", "003", check=5).err


def test_replay_refuses_what_was_changed_in_part_since(project):
    applied(project, m003_a="CREATE TABLE a (x integer, y integer);\n", m004_b="ALTER TABLE a DROP COLUMN y;\n")
    project.db.sql("DROP TABLE a;")
    assert "dropped, renamed or made anew in part since" in project.amend("repair", "--replay", "003", check=5).err


def test_replay_needs_an_applied_and_unchanged_migration(project):
    applied(project)
    project.up("003_later", "CREATE TABLE later (id integer);\n")
    assert "003 is not applied" in project.amend("repair", "--replay", "003", check=2).err
    assert "there is no version" in project.amend("repair", "--replay", "077", check=2).err
    project.up("002_note", "CREATE TABLE other (id integer);\n")
    assert "AM0401" in project.amend("repair", "--replay", "002", check=None).err
    project.amend("repair", check=2)
    project.amend("repair", "001", "--all", check=2)


def test_what_dynamic_sql_may_have_dropped_is_a_note(pg_project):
    project = applied(pg_project, m003_drop="DO $$ BEGIN EXECUTE 'DROP ' || 'VIEW titles'; END $$;\n")
    found = absent(project)
    assert found["001"]["severity"] == "note"
    assert "a migration that can't be read may have dropped it" in found["001"]["message"]


def test_own_tables_and_temporary_ones_are_not_missed(pg_project):
    project = applied(pg_project, m003_temp="CREATE TEMP TABLE scratch (x integer);\nCREATE EXTENSION IF NOT EXISTS plpgsql;\n")
    assert absent(project) == {}


def test_names_without_a_schema_are_found_where_the_search_path_puts_them(pg_project):
    pg_project.up("001_a", "CREATE SCHEMA app;\nSET search_path = app;\nCREATE TABLE a (x integer);\nRESET search_path;\n"
                           "CREATE TABLE b (x integer);\n")
    pg_project.amend("up")
    assert absent(pg_project) == {}
    pg_project.db.sql("DROP TABLE app.a;")
    assert "table app.a" in absent(pg_project)["001"]["message"]


def test_while_a_migration_runs_the_schema_is_not_looked_at(project):
    applied(project)
    project.db.sql("DROP VIEW titles;")
    now = "clock_timestamp()" if project.db.kind == "postgres" else "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
    project.db.sql(f"UPDATE _migrations_lock SET holder = 'somebody else', host = 'elsewhere.example', pid = 1, since = {now}, "
                   f"heartbeat = {now}")
    result = project.amend("verify")
    assert "AM0604" in result.err and "a migration runs at this moment" in result.err
    project.db.sql("UPDATE _migrations_lock SET holder = NULL")
    assert absent(project)


# Everything here is there: nothing may be missed, not even in a note.
PRESENT = {
    "extensions": ["CREATE EXTENSION hstore;\nCREATE EXTENSION IF NOT EXISTS \"uuid-ossp\";\nCREATE EXTENSION citext;\n"
                   "CREATE SCHEMA tools;\nCREATE EXTENSION pg_trgm SCHEMA tools;\nCREATE TABLE t (a citext, b hstore);\n",
                   "ALTER EXTENSION pg_trgm SET SCHEMA public;\nDROP EXTENSION \"uuid-ossp\";\n"],
    "identity": ["CREATE SCHEMA app;\nCREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, n serial);\n"
                 "CREATE TABLE app.\"My T\" (\"Id \"\"x\" int GENERATED BY DEFAULT AS IDENTITY (START 5));\n"
                 "CREATE TABLE named (id int GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME counter CACHE 3));\n"
                 "CREATE TABLE late (id int NOT NULL);\nALTER TABLE late ALTER id ADD GENERATED ALWAYS AS IDENTITY;\n"
                 "ALTER TABLE late ADD COLUMN k int GENERATED ALWAYS AS IDENTITY;\n",
                 "ALTER TABLE t RENAME TO u;\nALTER TABLE named RENAME COLUMN id TO number;\nALTER TABLE late DROP COLUMN k;\n"],
    "values": ["CREATE TYPE e AS ENUM ('it''s', E'back\\\\slash\\\\', 'a\\b', 'E', 'two\nlines', '', 'a, ''b');\n"
               "ALTER TYPE e ADD VALUE 'c\\d';\n"],
    "what went with columns": ["CREATE TABLE t (a int, b int, c int);\nCREATE INDEX i ON t (b, (c + 1));\nCREATE INDEX j ON t (a) WHERE "
                               "b > 0;\nCREATE INDEX k ON t (a) INCLUDE (c);\n", "ALTER TABLE t DROP COLUMN b, DROP COLUMN c;\n"],
    "keys twice": ["CREATE TABLE a (id serial PRIMARY KEY UNIQUE);\nCREATE TABLE b (id int UNIQUE PRIMARY KEY, x int UNIQUE, UNIQUE (x));\n"
                   "CREATE TABLE c (id int PRIMARY KEY, CONSTRAINT u UNIQUE (id));\nCREATE TABLE d (id int, n int, CONSTRAINT v UNIQUE (id), "
                   "PRIMARY KEY (id), CONSTRAINT w UNIQUE (id), UNIQUE (id, n), UNIQUE (n, id), UNIQUE (id, n));\n"
                   "ALTER TABLE c ADD UNIQUE (id);\nALTER TABLE d ADD COLUMN k int UNIQUE, ADD UNIQUE (k);\n"],
    "functions made again": ["CREATE TYPE gone AS (a int);\nDROP TYPE gone CASCADE;\n", *[
        f"CREATE OR REPLACE FUNCTION f(n int) RETURNS int LANGUAGE sql AS 'SELECT {n}';\n" for n in range(3)], "DROP FUNCTION f(int);\n"],
    "the server's": ["CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\nALTER FUNCTION f() SET SCHEMA pg_catalog;\n"],
}


@pytest.mark.parametrize("case", PRESENT)
def test_what_is_there_is_not_missed(pg_project, case):
    for n, text in enumerate(PRESENT[case], 1):
        pg_project.up(f"{n:03}_part", text)
    pg_project.amend("up")
    assert absent(pg_project) == {}
    pg_project.db.sql("DELETE FROM _migrations_schema")
    assert absent(pg_project) == {}


def test_what_comes_along_is_missed_with_what_brings_it(pg_project, pg):
    pg_project.up("001_a", "CREATE EXTENSION hstore;\nCREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, n serial);\n")
    pg_project.amend("up")
    pg.sql("DROP EXTENSION hstore; DROP TABLE t")
    assert absent(pg_project)["001"]["message"] == "001 a is recorded, but extension hstore, table t are not there"
    pg_project.amend("repair", "--replay", "001")
    assert absent(pg_project) == {}
    assert pg.value("SELECT count(*) FROM pg_extension WHERE extname = 'hstore'") == 1
    pg.sql("INSERT INTO t DEFAULT VALUES")


def test_a_value_that_is_gone_is_missed(pg_project, pg):
    pg_project.up("001_e", "CREATE TYPE e AS ENUM (E'a\\\\b', 'c');\n")
    pg_project.amend("up")
    pg.sql("ALTER TYPE e RENAME VALUE 'a\\b' TO 'ab'")
    assert absent(pg_project)["001"]["message"] == "001 e is recorded, but enum value e.a\\b is not there"


@pytest.mark.parametrize("drop", ["DROP FUNCTION touch() CASCADE;", "DROP TABLE cards CASCADE;",
                                  "ALTER TABLE cards DROP COLUMN title CASCADE;"])
def test_what_cascade_took_along_is_at_most_a_note(pg_project, drop):
    project = applied(pg_project, m003_drop=drop + "\n")
    assert all(p["severity"] == "note" for p in absent(project).values())
    pg_project.amend("verify")


def test_the_columns_of_virtual_tables_are_not_missed(lite_project, lite):
    lite_project.up("001_v", "CREATE VIRTUAL TABLE words USING fts5(body, title);\nCREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1);\n")
    lite_project.amend("up")
    assert absent(lite_project) == {}
    lite.sql("DROP TABLE words")
    assert absent(lite_project)["001"]["message"] == "001 v is recorded, but table words is not there"
    lite_project.amend("repair", "--replay", "001")
    assert absent(lite_project) == {}

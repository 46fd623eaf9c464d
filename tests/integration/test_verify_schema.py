# SPDX-License-Identifier: MIT
"""A schema altered by hand is found by verify, and what was altered is named."""
import pytest

from support.migrations import table, write_tables

BASE = {
    "postgres": """CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TABLE cards (id integer PRIMARY KEY, title varchar(80) NOT NULL, state text DEFAULT 'new', rank integer, owner integer,
                    CONSTRAINT rank_is_positive CHECK (rank > 0));
CREATE TABLE boards (id integer PRIMARY KEY, label text);
ALTER TABLE cards ADD CONSTRAINT cards_owner FOREIGN KEY (owner) REFERENCES boards (id);
CREATE INDEX cards_title ON cards (title);
CREATE VIEW titles AS SELECT title FROM cards;
CREATE FUNCTION tax(n integer) RETURNS integer LANGUAGE sql AS $$
    SELECT n
         * 2
$$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER cards_touch BEFORE INSERT ON cards FOR EACH ROW EXECUTE FUNCTION touch();
CREATE SEQUENCE numbers;
CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
ALTER TABLE boards ENABLE ROW LEVEL SECURITY;
CREATE POLICY boards_seen ON boards USING (true);
""",
    "sqlite": """CREATE TABLE cards (id integer PRIMARY KEY, title text NOT NULL, state text DEFAULT 'new', rank integer,
                    CONSTRAINT rank_is_positive CHECK (rank > 0));
CREATE TABLE boards (id integer PRIMARY KEY, label text);
CREATE INDEX cards_title ON cards (title);
CREATE VIEW titles AS SELECT title FROM cards;
CREATE TRIGGER cards_touch AFTER INSERT ON cards BEGIN SELECT 1; END;
""",
}

# What was done by hand, and each object that verify must name, with what became of it: - missing, + extra, ~ other.
POSTGRES = {
    "column added": ("ALTER TABLE cards ADD COLUMN note text", ["+column public.cards.note"]),
    "column dropped": ("ALTER TABLE cards DROP COLUMN state", ["-column public.cards.state"]),
    "column retyped": ("ALTER TABLE cards ALTER COLUMN rank TYPE bigint",
                       ["~column public.cards.rank: expected  integer | existing  bigint"]),
    "column narrowed": ("ALTER TABLE boards ALTER COLUMN label TYPE varchar(10)",
                        ["~column public.boards.label: expected  text | existing  character varying(10)"]),
    "column renamed": ("ALTER TABLE cards RENAME COLUMN state TO status",
                       ["-column public.cards.state", "+column public.cards.status"]),
    "default changed": ("ALTER TABLE cards ALTER COLUMN state SET DEFAULT 'old'", ["~column public.cards.state"]),
    "default dropped": ("ALTER TABLE cards ALTER COLUMN state DROP DEFAULT", ["~column public.cards.state"]),
    "nullability changed": ("ALTER TABLE cards ALTER COLUMN title DROP NOT NULL", ["~column public.cards.title"]),
    "identity added": ("ALTER TABLE cards ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY", ["~column public.cards.id"]),
    "index dropped": ("DROP INDEX cards_title", ["-index public.cards_title"]),
    "index added": ("CREATE INDEX quick ON cards (state)", ["+index public.quick"]),
    "index over other columns": ("DROP INDEX cards_title; CREATE INDEX cards_title ON cards (title, state)",
                                 ["~index public.cards_title"]),
    "index made unique": ("DROP INDEX cards_title; CREATE UNIQUE INDEX cards_title ON cards (title)",
                          ["~index public.cards_title"]),
    "index made partial": ("DROP INDEX cards_title; CREATE INDEX cards_title ON cards (title) WHERE rank > 5",
                           ["~index public.cards_title"]),
    "index made invalid": ("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'cards_title'::regclass",
                           ["~index public.cards_title"]),
    "constraint dropped": ("ALTER TABLE cards DROP CONSTRAINT rank_is_positive", ["-constraint public.cards.rank_is_positive"]),
    "constraint added": ("ALTER TABLE cards ADD CONSTRAINT short CHECK (length(title) < 50)",
                         ["+constraint public.cards.short"]),
    "constraint not valid": ("ALTER TABLE cards DROP CONSTRAINT rank_is_positive; "
                             "ALTER TABLE cards ADD CONSTRAINT rank_is_positive CHECK (rank > 0) NOT VALID",
                             ["~constraint public.cards.rank_is_positive"]),
    "foreign key dropped": ("ALTER TABLE cards DROP CONSTRAINT cards_owner", ["-constraint public.cards.cards_owner"]),
    "foreign key cascades": ("ALTER TABLE cards DROP CONSTRAINT cards_owner; ALTER TABLE cards ADD CONSTRAINT cards_owner "
                             "FOREIGN KEY (owner) REFERENCES boards (id) ON DELETE CASCADE",
                             ["~constraint public.cards.cards_owner"]),
    "primary key dropped": ("ALTER TABLE cards DROP CONSTRAINT cards_pkey", ["-constraint public.cards.cards_pkey"]),
    "table dropped": ("DROP TABLE boards CASCADE", ["-table public.boards", "-constraint public.cards.cards_owner"]),
    "table added": ("CREATE TABLE scratch (id integer)", ["+table public.scratch"]),
    "table renamed": ("ALTER TABLE boards RENAME TO walls", ["-table public.boards", "+table public.walls", "~constraint public.cards.cards_owner"]),
    "table unlogged": ("CREATE TABLE x (); DROP TABLE x; ALTER TABLE cards SET UNLOGGED", ["~table public.cards"]),
    "view replaced": ("CREATE OR REPLACE VIEW titles AS SELECT title FROM cards WHERE rank > 1", ["~view public.titles"]),
    "view dropped": ("DROP VIEW titles", ["-view public.titles"]),
    "function body changed": ("CREATE OR REPLACE FUNCTION tax(n integer) RETURNS integer LANGUAGE sql AS $$\n    SELECT n\n"
                              "         * 3\n$$", ["~function public.tax(integer)"]),
    "function overloaded": ("CREATE FUNCTION tax(n text) RETURNS text LANGUAGE sql AS 'SELECT n'",
                            ["+function public.tax(text)"]),
    "trigger disabled": ("ALTER TABLE cards DISABLE TRIGGER cards_touch", ["~trigger public.cards.cards_touch"]),
    "trigger dropped": ("DROP TRIGGER cards_touch ON cards", ["-trigger public.cards.cards_touch"]),
    "enum value added": ("ALTER TYPE mood ADD VALUE 'so so'", ["~type public.mood"]),
    "enum value renamed": ("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'", ["~type public.mood"]),
    "sequence changed": ("ALTER SEQUENCE numbers INCREMENT BY 10", ["~sequence public.numbers"]),
    "sequence dropped": ("DROP SEQUENCE numbers", ["-sequence public.numbers"]),
    "domain changed": ("ALTER DOMAIN email SET NOT NULL", ["~domain public.email"]),
    "policy added": ("CREATE POLICY all_of_it ON cards USING (true)", ["+policy public.cards.all_of_it"]),
    "policy changed": ("ALTER POLICY boards_seen ON boards USING (id > 1)", ["~policy public.boards.boards_seen"]),
    "row security off": ("ALTER TABLE boards DISABLE ROW LEVEL SECURITY", ["~table public.boards"]),
    "schema added": ("CREATE SCHEMA side", ["+schema side"]),
}
SQLITE = {
    "column added": ("ALTER TABLE cards ADD COLUMN note text", ["+column cards.note"]),
    "column dropped": ("ALTER TABLE cards DROP COLUMN state", ["-column cards.state"]),
    "column renamed": ("ALTER TABLE cards RENAME COLUMN state TO status", ["-column cards.state", "+column cards.status"]),
    "column retyped": ("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'label text', 'label blob') "
                       "WHERE name = 'boards'", ["~column boards.label"]),
    "default changed": ("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '''new''', '''old''') "
                        "WHERE name = 'cards'", ["~column cards.state"]),
    "nullability changed": ("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'title text NOT NULL', "
                            "'title text') WHERE name = 'cards'", ["~column cards.title"]),
    "index dropped": ("DROP INDEX cards_title", ["-index cards_title"]),
    "index added": ("CREATE INDEX quick ON cards (state)", ["+index quick"]),
    "index over other columns": ("DROP INDEX cards_title; CREATE INDEX cards_title ON cards (title, state)",
                                 ["~index cards_title"]),
    "index made unique": ("DROP INDEX cards_title; CREATE UNIQUE INDEX cards_title ON cards (title)", ["~index cards_title"]),
    "index made partial": ("DROP INDEX cards_title; CREATE INDEX cards_title ON cards (title) WHERE rank > 5",
                           ["~index cards_title"]),
    "constraint changed": ("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'rank > 0', 'rank > 1') "
                           "WHERE name = 'cards'", ["~check cards.rank_is_positive"]),
    "constraint dropped": ("PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE cards (id integer PRIMARY "
                           "KEY, title text NOT NULL, state text DEFAULT ''new'', rank integer)' WHERE name = 'cards'",
                           ["-check cards.rank_is_positive"]),
    "table dropped": ("DROP TABLE boards", ["-table boards"]),
    "table added": ("CREATE TABLE scratch (id integer)", ["+table scratch"]),
    "table renamed": ("ALTER TABLE boards RENAME TO walls", ["-table boards", "+table walls"]),
    "table made strict": ("DROP TABLE boards; CREATE TABLE boards (id integer PRIMARY KEY, label text) STRICT",
                          ["~table boards"]),
    "view replaced": ("DROP VIEW titles; CREATE VIEW titles AS SELECT title FROM cards WHERE rank > 1", ["~view titles"]),
    "view dropped": ("DROP VIEW titles", ["-view titles"]),
    "trigger changed": ("DROP TRIGGER cards_touch; CREATE TRIGGER cards_touch AFTER INSERT ON cards BEGIN SELECT 2; END",
                        ["~trigger cards_touch"]),
    "trigger dropped": ("DROP TRIGGER cards_touch", ["-trigger cards_touch"]),
}
SIGNS = {"is missing": "-", "is there, but no migration left it": "+", "is not as the last migration left it": "~"}


def drift(project):
    """What verify says about the schema, as in the tables above, with the detail behind it."""
    found = project.amend("verify", "--json", check=None)
    lines = {}
    for problem in found.json()["problems"]:
        if problem["code"] == "AM0604" and problem["severity"] == "error":
            sign = next(sign for words, sign in SIGNS.items() if problem["message"] == f"{problem['object']} {words}")
            lines[sign + problem["object"]] = problem.get("detail", "")
    assert found.code == (4 if any(p["severity"] == "error" for p in found.json()["problems"]) else 0), found
    return lines


def altered(project, case):
    project.up("001_base", BASE[project.db.kind])
    project.amend("up")
    assert drift(project) == {}
    statements, objects = case
    for statement in statements.split("; ") if project.db.kind == "postgres" else [statements + ";"]:
        project.db.sql(statement)
    found = drift(project)
    assert set(found) == {line.split(":")[0] if ": " in line else line for line in objects}
    for line in objects:
        if ": " in line:
            name, detail = line.split(": ", 1)
            assert found[name] == detail.replace(" | ", "\n")
    return found


@pytest.mark.parametrize("way", POSTGRES)
def test_altered_by_hand_postgres(pg_project, way):
    altered(pg_project, POSTGRES[way])


@pytest.mark.parametrize("way", SQLITE)
def test_altered_by_hand_sqlite(lite_project, way):
    altered(lite_project, SQLITE[way])


def test_of_a_long_definition_the_line_that_differs_is_told(pg_project):
    found = altered(pg_project, POSTGRES["function body changed"])
    assert "* 2" in found["~function public.tax(integer)"] and "existing  line" in found["~function public.tax(integer)"]
    assert len(found["~function public.tax(integer)"].splitlines()) == 2


def test_what_a_table_had_is_told_with_it(project):
    ways = POSTGRES if project.db.kind == "postgres" else SQLITE
    found = altered(project, ways["table added"])
    assert next(iter(found.values())) == "with      column id"


def test_for_people(pg_project):
    altered(pg_project, POSTGRES["column retyped"])
    result = pg_project.amend("verify", check=4)
    assert ("error AM0604: column public.cards.rank is not as the last migration left it\n  expected  integer\n  existing  bigint\n"
            in result.err)
    assert "amend repair --schema" in result.err


def test_accepting_the_schema_ends_the_drift(project):
    write_tables(project, 1)
    project.amend("up")
    project.db.sql("CREATE TABLE scratch (id integer);")
    assert list(drift(project)) in (["+table public.scratch"], ["+table scratch"])
    project.amend("repair", "--schema", "--dry-run")
    assert drift(project)
    assert "taken for what 001 left" in project.amend("repair", "--schema").out
    assert drift(project) == {}
    assert project.db.events()[-1]["type"] == "schema.recorded"
    project.db.sql("DROP TABLE scratch;")
    assert drift(project)


def test_without_a_migration_there_is_nothing_to_accept(project):
    assert "no migration is applied" in project.amend("repair", "--schema", check=2).err


def test_a_replay_does_not_accept_what_else_has_changed(project):
    project.up("001_base", BASE[project.db.kind])
    project.amend("up")
    project.db.sql("CREATE TABLE scratch (id integer); DROP INDEX cards_title;")
    project.amend("repair", "--replay", "001")
    assert list(drift(project)) in (["+table public.scratch"], ["+table scratch"])


def test_a_schema_that_was_not_written_down_is_a_note(project):
    """As after a run of an older amend."""
    write_tables(project, 2)
    project.amend("up", "--to", "001")
    kept = project.db.dicts("SELECT * FROM _migrations_schema")[0]
    project.amend("up")
    project.db.sql(f"UPDATE _migrations_schema SET version = '001', fingerprint = '{kept['fingerprint']}'")
    result = project.amend("verify")
    assert "how 002 left the schema was not written down (the last time it was for 001)" in result.err
    project.db.sql("DROP TABLE _migrations_schema")
    result = project.amend("verify")
    assert "was not written down: it is not compared" in result.err and "amend repair --schema" in result.err
    project.amend("repair", "--schema")
    assert "AM0604" not in project.amend("verify").err


def test_nothing_recorded_is_a_note(project):
    """A monitor that looks at the wrong database must not sound content."""
    project.up("001_base", BASE[project.db.kind])
    result = project.amend("verify")
    assert "no migration is recorded here" in result.err and "may this role use the schema" in result.err
    project.amend("up")
    assert "no migration" not in project.amend("verify").err


def test_a_role_that_may_not_see_the_history(pg_project, pg, cluster):
    pg_project.up("001_base", BASE["postgres"])
    pg_project.amend("up")
    pg.sql("REVOKE USAGE ON SCHEMA public FROM PUBLIC; DO $$ BEGIN CREATE ROLE blind LOGIN; EXCEPTION WHEN duplicate_object THEN "
           "NULL; END $$")
    assert "no migration is recorded here" in pg_project.amend("verify", url=cluster.url(pg.name, user="blind")).err


def test_a_migration_that_stopped_half_way_is_no_drift(project):
    write_tables(project, 1)
    project.amend("up")
    index = "CREATE INDEX CONCURRENTLY late ON t1 (id);\n" if project.db.kind == "postgres" else "VACUUM;\n"
    project.up("002_half", f"CREATE TABLE half (id integer);\n{index}SELECT no_such_thing;\n")
    project.amend("up", check=1)
    result = project.amend("verify", check=None)
    assert "no migration left it" not in result.err
    assert "stopped half-way" in result.err and result.code == 0


def test_nothing_is_written(project, tmp_path):
    """A person only asked to look."""
    write_tables(project, 2)
    project.amend("up")
    if project.db.kind == "sqlite":
        with open(project.db.path, "rb") as file:
            before = file.read()
        project.amend("verify")
        with open(project.db.path, "rb") as file:
            assert file.read() == before
        return
    project.db.sql("CREATE ROLE looker LOGIN; GRANT USAGE ON SCHEMA public TO looker; "
                   "GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker; "
                   "ALTER ROLE looker SET default_transaction_read_only = on;")
    try:
        url = project.db.cluster.url(project.db.name, user="looker")
        project.amend("verify", url=url)
        project.db.sql("ALTER TABLE t1 ADD COLUMN extra text")
        assert "column public.t1.extra" in project.amend("verify", url=url, check=4).err
    finally:
        project.db.sql("DROP OWNED BY looker; DROP ROLE looker")


def test_status_does_not_look_at_the_schema(project):
    write_tables(project, 1)
    project.amend("up")
    project.db.sql("DROP TABLE t1;")
    assert project.amend("status").err == ""

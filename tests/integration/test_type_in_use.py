# SPDX-License-Identifier: MIT
"""DROP TYPE is refused only when something depends on the type that the run itself does not take away before."""
import pytest

TYPE = "CREATE TYPE mood AS ENUM ('glad', 'sad');\n"
TABLE = "CREATE TABLE cards (id integer PRIMARY KEY, feels mood);\n"
DROP = "DROP TYPE mood;\n"

# What the up scripts make, and what the down scripts say, newest last: none of them leaves a user of the type.
CLEAN = {
    "a table": ([TYPE + TABLE], ["DROP TABLE cards;" + DROP]),
    "a table of a later migration": ([TYPE, TABLE], [DROP, "DROP TABLE cards;"]),
    "partitions": ([TYPE, """CREATE TABLE logs (at date, feels mood NOT NULL DEFAULT 'sad') PARTITION BY RANGE (at);
CREATE TABLE logs_old PARTITION OF logs FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE logs_rest PARTITION OF logs DEFAULT PARTITION BY LIST (feels);
CREATE TABLE logs_sad PARTITION OF logs_rest FOR VALUES IN ('sad');
CREATE INDEX logs_bad ON logs (at) WHERE feels = 'sad';
CREATE INDEX logs_own ON logs_old (at) WHERE feels = 'glad';
ALTER TABLE logs_old ADD CONSTRAINT not_glad CHECK (feels <> 'glad');"""], [DROP, "DROP TABLE logs;"]),
    "children": ([TYPE + TABLE, "CREATE TABLE kids (n integer) INHERITS (cards);"], [DROP, "DROP TABLE kids, cards;"]),
    "an index": ([TYPE, "CREATE TABLE cards (id integer); CREATE INDEX glad ON cards (id) WHERE 'sad'::mood <> 'glad';"],
                 ["DROP INDEX glad;" + DROP + "DROP TABLE cards;", "SELECT 1;"]),
    "an index of a dropped table": ([TYPE + TABLE + "CREATE INDEX glad ON cards (id) WHERE feels = 'glad';"],
                                    ["DROP TABLE cards;" + DROP]),
    "a policy of a dropped table": ([TYPE + TABLE + "CREATE POLICY seen ON cards USING (feels = 'glad');"],
                                    ["DROP TABLE cards;" + DROP]),
    "triggers and statistics of a dropped table": ([TYPE + TABLE + """CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql
AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER sad BEFORE UPDATE ON cards FOR EACH ROW WHEN (NEW.feels = 'sad') EXECUTE FUNCTION touch();
CREATE STATISTICS pair ON id, (feels = 'sad') FROM cards;"""], ["DROP TABLE cards;" + DROP + "DROP FUNCTION touch();"]),
    "a policy": ([TYPE, "CREATE TABLE names (name text); CREATE POLICY seen ON names USING (name::mood = 'glad');"],
                 [DROP, "DROP POLICY IF EXISTS seen ON names; DROP TABLE names;"]),
    "a trigger": ([TYPE + TABLE, """CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER sad BEFORE UPDATE ON cards FOR EACH ROW WHEN (NEW.feels = 'sad') EXECUTE FUNCTION touch();
CREATE STATISTICS pair ON id, (feels = 'sad') FROM cards;"""],
                  ["DROP TABLE cards;" + DROP, "DROP TRIGGER sad ON cards; DROP FUNCTION touch();"]),
    "functions": ([TYPE, """CREATE FUNCTION next_mood(mood) RETURNS mood LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION app_mood(n integer DEFAULT 1, OUT m mood) LANGUAGE sql AS $$ SELECT 'sad'::mood $$;
CREATE PROCEDURE cheer(m mood) LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE worst(mood) (SFUNC = pg_catalog.enum_larger, STYPE = mood);"""],
                  [DROP, "DROP FUNCTION next_mood(mood), app_mood; DROP PROCEDURE cheer(mood); DROP AGGREGATE worst(mood);"]),
    "a view": ([TYPE + TABLE, "CREATE VIEW sad AS SELECT * FROM cards WHERE feels = 'sad';"],
               ["DROP TABLE cards;" + DROP, "DROP VIEW sad;"]),
    "a view that goes along": ([TYPE + TABLE + "CREATE VIEW sad AS SELECT * FROM cards WHERE feels = 'sad';"],
                               ["DROP TABLE cards CASCADE;" + DROP]),
    "a domain, a composite type": ([TYPE, "CREATE DOMAIN good AS mood CHECK (VALUE <> 'sad'); CREATE TYPE pair AS (a mood, b mood);"],
                                   [DROP, "DROP DOMAIN good; DROP TYPE pair;"]),
    "a changed column": ([TYPE + TABLE], ["ALTER TABLE cards ALTER COLUMN feels TYPE text;" + DROP + "DROP TABLE cards;"]),
    "a cast, an operator": ([TYPE, """CREATE CAST (mood AS integer) WITH INOUT;
CREATE FUNCTION same(mood, mood) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR === (LEFTARG = mood, RIGHTARG = mood, FUNCTION = same);"""],
                            [DROP, "DROP CAST (mood AS integer); DROP OPERATOR === (mood, mood); DROP FUNCTION same;"]),
}


def migrations(project, ups, downs):
    for n, (up, down) in enumerate(zip(ups, downs), 1):
        project.both(f"{n:03}_part", up, down)


@pytest.mark.parametrize("case", CLEAN)
def test_what_the_run_takes_away_before_is_no_user(pg_project, pg, case):
    migrations(pg_project, *CLEAN[case])
    pg_project.amend("up")
    pg_project.amend("down", "--steps", "9")
    assert pg.rows("SELECT 1 FROM pg_type WHERE typname = 'mood'") == []


def test_partitions_are_named_by_their_root(pg_project, pg):
    migrations(pg_project, *CLEAN["partitions"])
    pg_project.amend("up")
    pg_project.both("003_other", "SELECT 1;", "DROP TYPE mood;")
    pg_project.amend("up")
    err = pg_project.amend("down", check=5).err
    assert "column    public.logs.feels" in err and "logs_old.feels" not in err and "logs_sad" not in err


@pytest.mark.parametrize("user,words", [
    ("CREATE TABLE other (kinds mood[])", "column    public.other.kinds"),
    ("CREATE FUNCTION next_mood(mood) RETURNS mood LANGUAGE sql AS 'SELECT $1'", "function  public.next_mood(mood)"),
    ("CREATE TABLE names (name text); CREATE POLICY seen ON names USING (name::mood = 'glad')", "policy    public.names.seen"),
    ("CREATE TABLE names (name text); CREATE INDEX glad ON names (name) WHERE 'sad'::mood <> 'glad'", "index     public.glad"),
    ("CREATE VIEW one AS SELECT 'sad'::mood AS m", "view      public.one"),
    ("CREATE DOMAIN good AS mood", "domain    public.good"),
    ("CREATE CAST (mood AS integer) WITH INOUT", "cast from mood to integer"),
])
def test_others_are_named(pg_project, pg, user, words):
    migrations(pg_project, *CLEAN["a table"])
    pg_project.amend("up")
    pg.sql(user)
    err = pg_project.amend("down", check=5).err
    assert "AM0302" in err and words in err and "public.cards" not in err, err
    assert pg.versions() == ["001"]


def test_what_a_script_without_claims_changes_counts(project, db):
    """Between what is there and IF NOT EXISTS stands a migration that says neither EXISTS nor TYPE."""
    project.both("001_cards", "CREATE TABLE cards (id integer);", "DROP TABLE cards;")
    project.amend("up")
    project.both("002_rank", "ALTER TABLE cards ADD COLUMN rank integer;", "ALTER TABLE cards DROP COLUMN rank;")
    project.both("003_again", "CREATE TABLE IF NOT EXISTS cards (id integer, rank integer);", "SELECT 1;")
    project.amend("up")
    assert db.versions() == ["001", "002", "003"]

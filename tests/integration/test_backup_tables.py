# SPDX-License-Identifier: MIT
"""A backup of PostgreSQL tables before a run that takes something away from them, and how it is put back."""
import json
import os
import resource
import signal

import pytest
from support import chain
from support.terminal import on_terminal
from support.waiting import wait_until

TABLE = """
CREATE TYPE mood AS ENUM ('sad', 'it''s \\ ok');
CREATE TABLE cards (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title text NOT NULL,
    twice text GENERATED ALWAYS AS (title || title) STORED,
    raw bytea,
    feeling mood,
    at timestamptz,
    day date,
    span interval,
    amount numeric(20,6),
    ratio float8,
    list text[],
    data jsonb,
    kind regclass,
    gone integer
);
"""
ROWS = r"""
INSERT INTO cards (title, raw, feeling, at, day, span, amount, ratio, list, data, kind, gone) VALUES
    (E'tab\t newline\n back\\slash \\N "q" it''s', E'\\x00ff5c0a', 'sad', '2026-11-21 17:06:00.123456+01', '2026-02-03', '1 year -2 days 3.5 s',
     12345678901234.123456, 0.1::float8 + 0.2, ARRAY['a', NULL, 'c,d'], '{"x": [1, null, "ü"]}', 'public.cards', 1),
    ('\N', NULL, NULL, NULL, NULL, NULL, NULL, 'NaN', NULL, NULL, NULL, NULL),
    ('', '', 'it''s \ ok', '-infinity', 'infinity', '0', 'NaN', '-Infinity', '{}', 'null', NULL, 3),
    ('größe 日本 \.', NULL, NULL, '0044-03-15', '0044-03-15', '-1 mon', 0, 1e300, NULL, NULL, NULL, 4);
"""
DROP = "DROP TABLE cards; DROP TYPE mood;"


@pytest.fixture
def ready(pg_project):
    """001 applied, with rows of every sort; 002 is to be written."""
    project = pg_project
    project.both("001_cards", TABLE, DROP)
    project.amend("up")
    project.db.sql(ROWS)
    return project


def backups(project):
    where = os.path.join(project.home, "backups")
    return sorted(os.path.join(where, n) for n in os.listdir(where) if n != ".gitignore") if os.path.isdir(where) else []


def manifest(path):
    return json.load(open(os.path.join(path, "manifest.json")))


def rows(db, table="cards", columns="t::text"):
    return [tuple(map(str, row)) for row in db.rows(f"SELECT {columns} FROM {table} t ORDER BY {'1' if columns != 't::text' else 'id'}")]


def everything(db):
    """Schema and data, as text: each kind of value can be compared so."""
    return db.schema() + [f"{t}: {row}" for t in db.tables() for row in sorted(map(str, db.rows(f"SELECT t::text FROM {t} t")))]


def restored(project, path, *args, **more):
    """What became of each table: (object, rows, inserted, updated, left)."""
    value = project.amend("restore", path, "--yes", "--json", *args, **more).json()
    return [(t["object"], t["rows"], t["inserted"], t["updated"], t["left"]) for t in value["tables"]]


def refused(project, path, words, *args, **more):
    before = everything(project.db)
    result = project.amend("restore", path, "--yes", *args, check=1, **more)
    assert "AM0305" in result.err and words in result.err, result
    assert everything(project.db) == before
    assert project.db.lock()["holder"] is None
    return result.err


def test_a_dropped_table_comes_back(ready):
    before, snapshot = rows(ready.db), everything(ready.db)
    result = ready.amend("down", "--backup")
    made, = backups(ready)
    assert "note: backed up 4 rows of 1 table (" in result.err and made in result.err
    said = manifest(made)
    table, = said["tables"]
    assert (said["dialect"], said["database"], said["version"], said["run"]) == ("postgres", ready.db.name, "001", "001 down")
    assert (table["schema"], table["table"], table["rows"]) == ("public", "cards", 4)
    assert "twice" not in [c["name"] for c in table["columns"]] and table["columns"][0]["key"] == 1
    assert [c["type"] for c in table["columns"]][:4] == ["integer", "text", "bytea", "public.mood"]
    assert ready.db.events()[-3]["type"] == "backup.made"
    err = refused(ready, made, "the table public.cards is not there")
    assert "The database was at 001 when the backup was made" in err and "--into" in err
    ready.amend("up")
    assert restored(ready, made, "--dry-run") == [("public.cards", 4, 4, 0, 0)]
    assert rows(ready.db) == []
    assert restored(ready, made) == [("public.cards", 4, 4, 0, 0)]
    assert rows(ready.db) == before and everything(ready.db) == snapshot
    ready.db.sql("INSERT INTO cards (title) VALUES ('next')")  # the identity goes on behind them
    assert ready.db.value("SELECT max(id) FROM cards") == 5
    assert ready.db.events()[-1]["type"] == "backup.restored" and chain.broken_links(ready.db.events()) == []
    ready.amend("verify")


def test_a_dropped_column_gets_its_values_back(ready):
    before = rows(ready.db)
    ready.both("002_drop", "ALTER TABLE cards DROP COLUMN gone;", "ALTER TABLE cards ADD COLUMN gone integer DEFAULT 0;")
    ready.amend("up", "--backup")
    made, = backups(ready)
    assert [c["name"] for c in manifest(made)["tables"][0]["columns"] if c.get("lost")] == ["gone"]
    ready.db.sql("DELETE FROM cards WHERE id = 4; INSERT INTO cards (title) VALUES ('new'); UPDATE cards SET title = 'other' WHERE id = 3")
    refused(ready, made, 'has no column that could take "gone"')
    ready.amend("down")
    assert restored(ready, made, "--dry-run") == [("public.cards", 4, 0, 3, 1)]
    assert restored(ready, made) == [("public.cards", 4, 0, 3, 1)]
    assert rows(ready.db, columns="id, gone, title")[1:] == [("2", "None", "\\N"), ("3", "3", "other"), ("5", "0", "new")]
    assert rows(ready.db)[0] == before[0]
    assert restored(ready, made) == [("public.cards", 4, 0, 0, 4)]  # twice does no harm


def test_deleted_rows_come_back_beside_those_that_are_there(ready):
    before = rows(ready.db)
    ready.up("002_delete", "DELETE FROM cards;")
    ready.amend("up", "--backup")
    made, = backups(ready)
    ready.db.sql("INSERT INTO cards (id, title) OVERRIDING SYSTEM VALUE VALUES (2, 'mine'), (9, 'nine')")
    assert restored(ready, made) == [("public.cards", 4, 3, 0, 1)]
    assert rows(ready.db, columns="id, title")[1] == ("2", "mine") and len(rows(ready.db)) == 5
    assert rows(ready.db)[2] == before[2]


@pytest.mark.parametrize("sql, column", [
    ("UPDATE cards SET title = 'x';", "title"),
    ("ALTER TABLE cards ALTER COLUMN amount TYPE numeric(20,1);", "amount"),
    ("ALTER TABLE cards ALTER COLUMN at TYPE date;", "at"),
])
def test_overwritten_and_narrowed_values(ready, sql, column):
    before = rows(ready.db, columns=f"id, {column}")
    ready.both("002_change", sql, {"amount": "ALTER TABLE cards ALTER COLUMN amount TYPE numeric(20,6);",
                                   "at": "ALTER TABLE cards ALTER COLUMN at TYPE timestamptz;"}.get(column, "SELECT 1;"))
    ready.amend("up", "--backup")
    assert rows(ready.db, columns=f"id, {column}") != before
    ready.amend("down")
    restored(ready, backups(ready)[0])
    assert rows(ready.db, columns=f"id, {column}") == before


def test_tables_that_refer_to_each_other_and_odd_names(pg_project):
    project, db = pg_project, pg_project.db
    project.both("001_all", """
        CREATE SCHEMA "Odd.schema";
        CREATE TABLE "Odd.schema"."it's ""a"" größe/.x" (id bigserial PRIMARY KEY, "a.b ""c"" d" text, up bigint);
        CREATE TABLE a_child (id integer PRIMARY KEY, parent bigint NOT NULL REFERENCES "Odd.schema"."it's ""a"" größe/.x");
        CREATE TABLE empty (id integer);
        CREATE TABLE no_key (word text);
        CREATE TABLE parts (id integer, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
        CREATE TABLE parts_a PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
        CREATE TABLE parts_b PARTITION OF parts FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
        CREATE TABLE self (id integer PRIMARY KEY, up integer REFERENCES self);
        """, """
        DROP TABLE a_child; DROP SCHEMA "Odd.schema" CASCADE; DROP TABLE empty, no_key, parts, self;
        """)
    project.amend("up")
    db.sql("""
        INSERT INTO "Odd.schema"."it's ""a"" größe/.x" ("a.b ""c"" d") SELECT 'row ' || i FROM generate_series(1, 1000) i;
        INSERT INTO a_child SELECT i, i FROM generate_series(1, 1000) i;
        INSERT INTO no_key VALUES ('one'), ('one'), (NULL);
        INSERT INTO parts VALUES (1, '2026-03-01'), (2, '2026-09-01');
        INSERT INTO self VALUES (2, 1), (1, NULL);
        """)
    before = everything(db)
    result = project.amend("down", "--backup")
    made, = backups(project)
    assert "backed up 2007 rows of 5 tables" in result.err
    objects = [t["object"] for t in manifest(made)["tables"]]
    assert "public.empty" not in objects
    assert objects.index('Odd.schema.it\'s "a" größe/.x') < objects.index("public.a_child")
    project.amend("up")
    project.amend("restore", made, "--yes")
    assert everything(db) == before
    db.sql("""INSERT INTO "Odd.schema"."it's ""a"" größe/.x" (up) VALUES (1)""")  # the sequence goes on
    assert "no primary key to tell them apart by" in refused(project, made, "the table public.no_key has rows")
    assert dict((o, i) for o, _, i, _, _ in restored(project, made, "--into", 'Res "cued')) == {
        'Res "cued.it\'s "a" größe/.x': 1000, 'Res "cued.a_child': 1000, 'Res "cued.no_key': 3, 'Res "cued.parts': 2, 'Res "cued.self': 2}
    assert db.value('SELECT count(*) FROM "Res ""cued".a_child') == 1000
    assert "already exists" in project.amend("restore", made, "--yes", "--into", 'Res "cued', check=1).err


def test_into_a_schema_where_types_and_names_are_gone(ready, make_db):
    ready.db.sql("CREATE SCHEMA other; CREATE TABLE other.cards (word text); INSERT INTO other.cards VALUES ('w')")
    ready.up("002_drop", "DROP TABLE cards; DROP TABLE other.cards; DROP TYPE mood;")
    ready.amend("up", "--backup")
    made, = backups(ready)
    assert sorted(restored(ready, made, "--into", "rescued")) == [("rescued.other_cards", 1, 1, 0, 0), ("rescued.public_cards", 4, 4, 0, 0)]
    assert ready.db.value("SELECT feeling FROM rescued.public_cards WHERE id = 3") == "it's \\ ok"
    assert ready.db.value("SELECT pg_typeof(amount)::text || pg_typeof(feeling) FROM rescued.public_cards LIMIT 1") == "numerictext"
    other = make_db("postgres")
    before = ready.db
    assert f'not of "{other.name}"' in ready.amend("restore", made, "--yes", check=1, url=other.url).err
    assert len(restored(ready, made, "--into", "here", url=other.url)) == 2
    assert ready.db is before


def test_on_a_terminal_it_shows_the_tables_first(ready):
    ready.up("002_delete", "DELETE FROM cards;")
    ready.amend("up", "--backup")
    made, = backups(ready)
    for answer, code, count in (("no", 5, 0), (ready.db.name, 0, 4)):
        shown = on_terminal([ready.bin, "restore", made], ready.env(TERM="xterm-256color"), ready.home, answer=answer, prompt="to go on")
        assert shown.code == code and len(rows(ready.db)) == count
        assert "public.cards" in shown.out and "VALUES PUT BACK" in shown.out and "This changes tables of" in shown.out


def test_nothing_to_lose_is_said(ready):
    ready.up("002_add", "ALTER TABLE cards ADD COLUMN more text; CREATE TABLE scratch (id integer); DROP TABLE scratch;")
    result = ready.amend("up", "--backup")
    assert "nothing to back up" in result.err and backups(ready) == []
    assert ready.db.versions() == ["001", "002"]


def test_a_dry_run_says_what_would_be_saved(ready):
    ready.up("002_drop", "ALTER TABLE cards DROP COLUMN gone;")
    result = ready.amend("up", "--backup", "--dry-run")
    assert "1 table would be backed up to a directory in backups" in result.err and backups(ready) == []
    ready.up("002_drop", "SELECT 1;")
    assert "nothing to back up" in ready.amend("up", "--backup", "--dry-run").err


def test_what_cannot_be_told_cannot_be_saved(ready):
    ready.up("002_what", "DO $$ BEGIN EXECUTE 'DROP TABLE ' || 'cards'; END $$;")
    err = ready.amend("up", "--backup", check=1).err
    assert "AM0305" in err and "can't be told" in err and "pg_dump" in err
    assert "AM0305" not in ready.amend("up", "--backup", "--dry-run").out
    assert ready.db.versions() == ["001"] and backups(ready) == []


def test_a_run_that_fails_says_where_the_backup_is(ready):
    ready.up("002_delete", "DELETE FROM cards;")
    ready.up("003_broken", "INSERT INTO absent VALUES (1);")
    result = ready.amend("up", "--backup", check=1)
    made, = backups(ready)
    assert f'amend restore "{made}"' in result.err
    last = ready.amend("up", "--json", check=1).lines()[-1]
    assert "backup" not in last
    restored(ready, made)
    assert len(rows(ready.db)) == 4


def test_a_failed_migration_leaves_its_rows_and_says_nothing(ready):
    ready.up("002_broken", "DELETE FROM cards; INSERT INTO absent VALUES (1);")
    result = ready.amend("up", "--backup", check=1)
    assert "amend restore" not in result.err and len(rows(ready.db)) == 4


def test_broken_and_edited_backups_are_refused(ready):
    ready.up("002_delete", "DELETE FROM cards;")
    ready.amend("up", "--backup")
    made, = backups(ready)
    name = os.path.join(made, manifest(made)["tables"][0]["file"]["name"])
    data = open(name, "rb").read()
    open(name, "ab").write(b"5\tx\n")
    refused(ready, made, "is not what it was")
    open(name, "wb").write(data[:-5])
    refused(ready, made, "is not what it was")
    open(name, "wb").write(data)
    path = os.path.join(made, "manifest.json")
    text = open(path).read()
    open(path, "w").write(text.replace('"cards"', '"_migrations"'))
    refused(ready, made, "manifest.json is not what it was")
    open(path, "w").write(text)
    assert "backup of the postgres database" in ready.amend("restore", made, "--yes", check=1, url="sqlite:x.db").err
    restored(ready, made)


def test_all_or_nothing(ready):
    """A constraint that the rows don't fit any more, in the second table: the first one is as it was."""
    ready.up("002_other", "CREATE TABLE zwei (id integer PRIMARY KEY, n integer);")
    ready.amend("up")
    ready.db.sql("INSERT INTO zwei VALUES (1, 1), (2, -1)")
    ready.both("003_empty", "DELETE FROM cards; DELETE FROM zwei;", "SELECT 1;")
    ready.amend("up", "--backup")
    made, = backups(ready)
    ready.db.sql("ALTER TABLE zwei ADD CHECK (n > 0)")
    err = refused(ready, made, "the table public.zwei can't be put back")
    assert "violates check constraint" in err and "--into" in err
    refused(ready, made, "the table public.zwei can't be put back", "--dry-run")
    ready.db.sql("ALTER TABLE zwei DROP CONSTRAINT zwei_n_check; ALTER TABLE zwei DROP COLUMN n; "
                 "ALTER TABLE zwei ADD COLUMN n integer GENERATED ALWAYS AS (1) STORED")
    refused(ready, made, 'has no column that could take "n"')


def test_a_role_that_may_not_see_all_rows(ready):
    """Saving a part of the rows would be worse than saving none."""
    ready.up("002_delete", "DELETE FROM cards;")
    role = f"r_{ready.db.name}"
    ready.db.sql(f"""CREATE ROLE {role} LOGIN; GRANT ALL ON SCHEMA public TO {role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role};
                     ALTER TABLE cards ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON cards USING (id < 3)""")
    url = ready.db.url.replace(ready.db.url.split("://")[1].split("@")[0], role, 1) if "@" in ready.db.url else ready.db.url
    try:
        result = ready.amend("up", "--backup", check=1, url=url)
        assert "AM0305" in result.err and "row-level security" in result.err
        assert backups(ready) == [] and len(rows(ready.db)) == 4 and ready.db.lock()["holder"] is None
    finally:
        ready.db.sql(f"DROP OWNED BY {role}; DROP ROLE {role}")


@pytest.mark.parametrize("limit", [0, 100000])
def test_a_full_disk(ready, limit):
    def full():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    ready.db.sql("INSERT INTO cards (title) SELECT repeat('x', 1000) FROM generate_series(1, 1000)")
    ready.up("002_delete", "DELETE FROM cards;")
    result = ready.amend("up", "--backup", check=1, preexec_fn=full)
    assert "AM0305" in result.err and "File too large" in result.err
    assert backups(ready) == [] and len(rows(ready.db, columns="id")) == 1004
    assert ready.db.versions() == ["001"] and ready.db.lock()["holder"] is None


def waiting(db, relation):
    """Does a session wait for a lock on that table?"""
    return db.value(f"SELECT count(*) FROM pg_locks WHERE NOT granted AND (relation = '{relation}'::regclass OR locktype = 'transactionid')")


@pytest.fixture
def held(ready):
    """A run that has copied the first table, and waits for the second one. The test's sessions let go at its end."""
    ready.db.sql("CREATE TABLE second (id integer PRIMARY KEY); INSERT INTO second VALUES (1)")
    ready.up("002_delete", "DELETE FROM cards;")
    ready.up("003_delete", "DELETE FROM second;")
    first, second = ready.db.connect(), ready.db.connect()
    first.autocommit = second.autocommit = False
    first.cursor().execute("SELECT * FROM _migrations_lock FOR UPDATE")
    started = []

    def start(*args):
        started.append(ready.start("up", "--backup", *args))
        wait_until(lambda: waiting(ready.db, "_migrations_lock"), "the runner, at its lock")  # it has counted
        second.cursor().execute("LOCK TABLE second IN ACCESS EXCLUSIVE MODE")
        first.rollback()
        wait_until(lambda: waiting(ready.db, "second"), "the runner, at the second table")
        return started[0], second

    yield start
    first.close()
    second.close()


def test_killed_while_it_is_made(ready, held):
    """The half of a backup has the name of a half, and can't be taken for a whole; the next run makes its own."""
    process, second = held("--lock-timeout", "60s")
    ready.kill(process)
    second.rollback()
    half, = backups(ready)
    assert half.endswith(".partial") and os.listdir(half)
    assert ready.db.versions() == ["001"] and len(rows(ready.db)) == 4
    assert "never finished" in ready.amend("restore", half, "--yes", check=1).err
    ready.amend("up", "--backup")
    assert ready.db.versions() == ["001", "002", "003"] and rows(ready.db) == []
    assert len(restored(ready, [b for b in backups(ready) if b != half][0])) == 2


def test_interrupted_while_it_is_made(ready, held):
    process, second = held("--lock-timeout", "60s")
    process.send_signal(signal.SIGTERM)
    result = ready.finish(process)
    second.rollback()
    assert result.code == 1 and "stopped" in result.err
    assert backups(ready) == [] and len(rows(ready.db)) == 4 and ready.db.lock()["holder"] is None


def test_a_table_that_stays_locked(ready, held):
    process, second = held("--lock-timeout", "300ms")
    result = ready.finish(process)
    second.rollback()
    assert result.code == 1 and "AM0305" in result.err
    assert "the table public.second can't be saved: canceling statement due to lock timeout" in result.err
    assert backups(ready) == [] and len(rows(ready.db)) == 4 and ready.db.lock()["holder"] is None


def test_the_lease_is_renewed_while_it_is_made(ready, held):
    process, second = held("--lock-timeout", "60s", "--lease", "1s")
    beat = ready.db.lock()["heartbeat"]
    wait_until(lambda: ready.db.lock()["heartbeat"] != beat, "a heartbeat")
    second.rollback()
    assert ready.finish(process).code == 0
    assert ready.db.versions() == ["001", "002", "003"] and len(backups(ready)) == 1


def test_what_is_locked_is_waited_for(ready):
    ready.up("002_delete", "DELETE FROM cards;")
    ready.amend("up", "--backup")
    made, = backups(ready)
    blocker = ready.db.connect()
    blocker.autocommit = False
    blocker.cursor().execute("LOCK TABLE cards IN ROW EXCLUSIVE MODE")
    result = ready.amend("restore", made, "--yes", "--lock-timeout", "300ms", check=None)
    assert result.code != 0 and "lock timeout" in result.err
    blocker.close()
    restored(ready, made)


def test_triggers_fire_and_settings_do_not_matter(ready):
    ready.db.sql(f"ALTER DATABASE \"{ready.db.name}\" SET datestyle = 'German'; ALTER DATABASE \"{ready.db.name}\" SET intervalstyle = "
                 f"'iso_8601'; ALTER DATABASE \"{ready.db.name}\" SET extra_float_digits = -5; "
                 f"ALTER DATABASE \"{ready.db.name}\" SET bytea_output = escape")
    before = rows(ready.db, columns="id, at::text, span::text, ratio::text, encode(raw, 'hex')")
    ready.up("002_delete", "DELETE FROM cards;")
    ready.amend("up", "--backup")
    restored(ready, backups(ready)[0])
    ready.db.sql("SET extra_float_digits = 3")
    assert rows(ready.db, columns="id, at::text, span::text, ratio::text, encode(raw, 'hex')") == before
    assert ready.db.value("SELECT ratio = 0.1::float8 + 0.2 FROM cards WHERE id = 1")


def test_in_the_application_of_a_search_path(ready):
    """Tables of a migration that names no schema are found where the search path has them, and put back there."""
    ready.db.sql("CREATE SCHEMA app")
    url = ready.db.url + ("&" if "?" in ready.db.url else "?") + "options=-csearch_path%3Dapp"
    ready.both("002_t", "CREATE TABLE t (id integer PRIMARY KEY);", "DROP TABLE t;")
    os.remove(f"{ready.dir}/001_cards.sql"), os.remove(f"{ready.dir}/001_cards.down.sql")
    ready.amend("up", url=url)
    ready.db.sql("INSERT INTO app.t VALUES (1)")
    ready.amend("down", "--backup", url=url)
    made, = backups(ready)
    ready.amend("up", url=url)
    assert restored(ready, made, url=url) == [("app.t", 1, 1, 0, 0)]


def test_the_lock_is_waited_for(ready):
    ready.up("002_delete", "DELETE FROM cards;")
    ready.amend("up", "--backup")
    made, = backups(ready)
    ready.up("003_slow", "SELECT pg_sleep(6);")
    process = ready.start("up")
    wait_until(lambda: ready.db.lock()["holder"] is not None, "the runner's lock")
    assert "AM0501" in ready.amend("restore", made, "--yes", "--lock-wait", "1s", check=6).err
    ready.kill(process)
    restored(ready, made)

# SPDX-License-Identifier: MIT
"""amend/postgres.h on a real server: every kind of missing object through every wrapper, and what must not be healed."""
import subprocess

import pytest
from support.pqapp import CARDS, App, exec_step, program
from support.project import clean_env
from support.waiting import wait_until

# kind: what is there, the migration, the statement that misses something
KINDS = {
    "table": ("", "CREATE TABLE cards (id INTEGER)", "INSERT INTO cards VALUES (1)"),
    "column in INSERT": (CARDS, "ALTER TABLE cards ADD COLUMN body TEXT", "INSERT INTO cards (body) VALUES ('b')"),
    "column by alias": (CARDS, 'ALTER TABLE cards ADD COLUMN "Größe" INTEGER', 'SELECT \'ä\', c."Größe" FROM cards c'),
    "column bare": (CARDS, "ALTER TABLE cards ADD COLUMN body TEXT", "UPDATE cards SET title = upper(body)"),
    "function": ("", "CREATE FUNCTION twice(INTEGER) RETURNS INTEGER LANGUAGE sql AS 'SELECT 2 * $1'", "SELECT twice(2)"),
    "procedure": ("", "CREATE PROCEDURE tidy() LANGUAGE sql AS 'SELECT 1'", "CALL tidy()"),
    "type": ("", "CREATE TYPE mood AS ENUM ('sad', 'ok')", "SELECT 'ok'::mood"),
    "enum value": ("CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE days (m mood)", "ALTER TYPE mood ADD VALUE 'great'",
                   "INSERT INTO days VALUES ('great')"),
    "index in DROP": (CARDS, "-- amend:transaction off\nCREATE INDEX CONCURRENTLY cards_title ON cards (title)", "DROP INDEX cards_title"),
    "index in REINDEX": (CARDS, "-- amend:transaction off\nCREATE INDEX CONCURRENTLY cards_title ON cards (title)", "REINDEX INDEX cards_title"),
    "schema": ("", "CREATE SCHEMA app", "CREATE TABLE app.cards (id INTEGER)"),
    "sequence": ("", "CREATE SEQUENCE numbers", "SELECT nextval('numbers')"),
    "collation": (CARDS, 'CREATE COLLATION plain FROM "C"', "SELECT title COLLATE plain FROM cards"),
    "view": (CARDS, "CREATE VIEW titles AS SELECT title FROM cards", "SELECT * FROM titles"),
    "materialized view": (CARDS, "CREATE MATERIALIZED VIEW titles AS SELECT title FROM cards", "REFRESH MATERIALIZED VIEW titles"),
    "trigger": (CARDS + "; CREATE FUNCTION touch() RETURNS TRIGGER LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
                "CREATE TRIGGER touched BEFORE INSERT ON cards FOR EACH ROW EXECUTE FUNCTION touch()",
                "ALTER TABLE cards DISABLE TRIGGER touched"),
    "unique for ON CONFLICT": (CARDS, "-- amend:transaction off\nCREATE UNIQUE INDEX CONCURRENTLY cards_title ON cards (title)",
                               "INSERT INTO cards (title) VALUES ('a') ON CONFLICT (title) DO NOTHING"),
}
BARE = exec_step("SELECT 1")


def by_exec(app, sql):
    return app.exec(sql)


def by_params(app, sql):
    return app.do(do="params", sql=sql)


def by_prepared(app, sql):
    """What a utility statement misses comes with its execution, everything else with PQprepare."""
    prepared = app.do(do="prepare", name="it", sql=sql)
    return app.do(do="prepared", name="it") if prepared["ok"] else prepared


def by_send(app, sql):
    return app.do(do="send", sql=sql)


def by_transaction(app, sql):
    told = app.tx(BARE, exec_step(sql))
    assert told["runs"] == 2, told
    return told


def by_params_in_transaction(app, sql):
    return app.tx(dict(do="params", sql=sql))


def by_prepared_in_transaction(app, sql):
    return app.tx(dict(do="prepare", name="it", sql=sql), dict(do="prepared", name="it"))


def by_own_transaction(app, sql):
    """Without amend_pq_transaction: the error is the application's, and the second time it works."""
    app.bare("BEGIN")
    first = app.exec(sql)
    assert not first["ok"] and first["outcome"] == "cured, run the transaction again", first
    assert first["said"] == first["message"]
    app.bare("ROLLBACK")
    app.bare("BEGIN")
    second = app.exec(sql)
    app.bare("COMMIT")
    return second


WAYS = [by_exec, by_params, by_prepared, by_send, by_transaction, by_params_in_transaction, by_prepared_in_transaction, by_own_transaction]


@pytest.fixture
def start(pg_project, pg):
    """start(**env) → an application on pg with the project's migrations; checked for a clean end."""
    made = []

    def start(url=None, app_url=None, **env):
        app = App(url or pg.url, pg_project.dir, pg_project.home, app_url, **env)
        made.append(app)
        return app

    yield start
    for app in made:
        app.close()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_kinds(kind, way, start, pg_project, pg):
    before, migration, sql = KINDS[kind]
    if before:
        pg.sql(before)
    pg_project.up("001_it", migration)
    app = start()
    told = way(app, sql)
    assert told["ok"], told
    assert pg.versions() == ["001"]
    assert pg.applied_events() == ["001"]


def test_enum_value_as_a_parameter(start, pg_project, pg):
    pg.sql("CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE days (m mood)")
    pg_project.up("001_it", "ALTER TYPE mood ADD VALUE 'great'")
    pg_project.up("002_it", "ALTER TYPE mood ADD VALUE 'splendid'")
    app = start()
    assert app.do(do="params", sql="INSERT INTO days VALUES ($1)", values=["great"])["ok"]
    assert app.do(do="prepare", name="day", sql="INSERT INTO days VALUES ($1)")["ok"]
    assert app.do(do="prepared", name="day", values=["splendid"])["ok"]
    wrong = app.do(do="prepared", name="day", values=["dreadful"])
    assert wrong["state"] == "22P02" and wrong["outcome"] == "none", wrong
    assert pg.rows("SELECT m::text FROM days ORDER BY m") == [("great",), ("splendid",)]


def test_one_thing_after_the_other(start, pg_project, pg):
    """A statement that misses a table, then a column, then a function: each from a migration of its own."""
    pg_project.up("001_a", "-- amend:depends none\nCREATE TABLE cards (id INTEGER)")
    pg_project.up("002_b", "-- amend:depends 001\nALTER TABLE cards ADD COLUMN title TEXT")
    pg_project.up("003_c", "-- amend:depends none\nCREATE FUNCTION shout(TEXT) RETURNS TEXT LANGUAGE sql AS 'SELECT upper($1)'")
    app = start()
    told = app.exec("SELECT shout(title) FROM cards")
    assert told["ok"] and told["outcome"] == "cured", told
    assert pg.versions() == ["001", "002", "003"]
    assert [line for line in told["events"] if line.startswith("heal.cured")] == ["heal.cured 001", "heal.cured 002", "heal.cured 003"]


def test_error_inside_a_function(start, pg_project, pg):
    """What is missing stands in the function's own query, not in the application's."""
    pg.sql(CARDS + "; CREATE FUNCTION add_card() RETURNS INTEGER LANGUAGE plpgsql AS "
                   "'BEGIN INSERT INTO cards (body) VALUES (''b''); RETURN 1; END'")
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    app = start()
    assert app.do(do="prepare", name="add", sql="SELECT add_card()")["ok"]
    assert app.do(do="prepared", name="add")["ok"]
    assert pg.rows("SELECT body FROM cards") == [("b",)]


@pytest.mark.parametrize("prepared", [False, True], ids=["exec", "prepared"])
def test_a_procedure_that_committed_is_not_called_again(start, pg_project, pg, prepared):
    pg.sql(CARDS + "; CREATE PROCEDURE work() LANGUAGE plpgsql AS 'BEGIN INSERT INTO cards (title) VALUES (''one''); COMMIT; "
                   "UPDATE cards SET body = ''b''; END'")
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    app = start()
    if prepared:
        assert app.do(do="prepare", name="work", sql="CALL work()")["ok"]
        told = app.do(do="prepared", name="work")
    else:
        told = app.exec("CALL work()")
    assert told["state"] == "42703" and told["outcome"] == "cured, run the transaction again", told
    assert pg.rows("SELECT title, body FROM cards") == [("one", None)]
    assert app.exec("CALL work()")["ok"]


def test_several_statements_are_one(start, pg_project, pg):
    pg.sql(CARDS)
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    pg_project.up("002_it", "ALTER TABLE cards ADD COLUMN colour TEXT")
    app = start()
    assert app.exec("INSERT INTO cards (title) VALUES ('a'); INSERT INTO cards (body) VALUES ('b')")["ok"]
    assert pg.value("SELECT count(*) FROM cards") == 2
    mixed = app.exec("INSERT INTO cards (title) VALUES ('c'); COMMIT; SELECT colour FROM cards")
    assert mixed["state"] == "42703" and mixed["outcome"] == "cured, run the transaction again", mixed
    assert pg.value("SELECT count(*) FROM cards") == 3
    assert pg.versions() == ["001", "002"]


def test_copy(start, pg_project, pg):
    pg_project.up("001_it", "CREATE TABLE cards (id INTEGER)")
    app = start()
    assert app.exec("COPY cards FROM STDIN")["status"] == "PGRES_COPY_IN"
    failed = app.exec("SELECT 1 FROM nothing_like_it")
    assert failed["state"] == "42P01" and failed["outcome"] == "none", failed


def test_a_prepared_statement_outlives_a_cure(start, pg_project, pg):
    """0A000: the columns of SELECT * are others now."""
    pg.sql(CARDS + "; INSERT INTO cards (title) VALUES ('one')")
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT DEFAULT 'b'")
    pg_project.up("002_it", "ALTER TABLE cards ADD COLUMN colour TEXT DEFAULT 'red'")
    app = start()
    for name in ('all "of" them', "other"):
        assert app.do(do="prepare", name=name, sql="SELECT * FROM cards WHERE id = $1 AND title <> $2")["ok"]
        assert app.do(do="prepared", name=name, values=["1", "x"])["rows"] == [["1", "one"]]
    assert app.exec("SELECT body FROM cards")["ok"]
    assert app.do(do="prepared", name='all "of" them', values=["1", "x"])["rows"] == [["1", "one", "b"]]
    spoilt = app.tx(dict(do="prepared", name="other", values=["1", "x"]))
    assert spoilt["ok"] and spoilt["runs"] == 2 and spoilt["steps"][0]["rows"] == [["1", "one", "b"]], spoilt
    whole = app.tx(exec_step("SELECT colour FROM cards"), dict(do="prepared", name="other", values=["1", "x"]))
    assert whole["ok"] and whole["runs"] == 3 and whole["steps"][1]["rows"] == [["1", "one", "b", "red"]], whole
    app.bare("BEGIN")
    told = app.do(do="prepared", name='all "of" them', values=["1", "x"])
    assert told["state"] == "0A000" and told["outcome"] == "none", told


def test_a_stale_statement_that_cannot_be_prepared_anew(start, pg_project, pg):
    """PREPARE in SQL is not ours to repeat; the error is the application's own, PQerrorMessage with it."""
    pg.sql(CARDS)
    app = start()
    app.bare("PREPARE mine AS SELECT * FROM cards")
    assert app.do(do="prepared", name="mine")["ok"]
    pg.sql("ALTER TABLE cards ADD COLUMN body TEXT")
    told = app.do(do="prepared", name="mine")
    assert told["state"] == "0A000" and told["said"] == told["message"] and told["outcome"] == "none", told


# ------------------------------------------------------------------------------------------------------------ transactions


def test_what_was_written_before_the_cure_is_there_once(start, pg_project, pg):
    pg.sql(CARDS)
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    app = start()
    told = app.tx(exec_step("INSERT INTO cards (title) VALUES ('before')"), exec_step("INSERT INTO cards (body) VALUES ('after')"))
    assert told["ok"] and told["runs"] == 2, told
    assert pg.rows("SELECT title, body FROM cards ORDER BY id") == [("before", None), (None, "after")]


def test_a_rollback_leaves_the_cure_and_nothing_else(start, pg_project, pg):
    pg.sql(CARDS)
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    app = start()
    told = app.tx(exec_step("INSERT INTO cards (title) VALUES ('before')"), exec_step("INSERT INTO cards (body) VALUES ('b')"), give=5)
    assert not told["ok"] and told["result"] == 5 and told["runs"] == 2, told
    assert pg.versions() == ["001"] and pg.value("SELECT count(*) FROM cards") == 0


def test_locks_before_a_savepoint_do_not_stand_in_the_way(start, pg_project, pg):
    """The table is locked by the transaction's own INSERT: nothing can be cured before all of it is rolled back."""
    pg.sql(CARDS)
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    app = start()
    told = app.tx(exec_step("INSERT INTO cards (title) VALUES ('a')"), exec_step("SAVEPOINT s"),
                  exec_step("INSERT INTO cards (body) VALUES ('b')"))
    assert told["ok"] and told["runs"] == 2, told
    assert pg.value("SELECT count(*) FROM cards") == 2


def test_locks_before_a_savepoint_of_ones_own_transaction(start, pg_project, pg):
    """Nobody can roll that back but the application: a bounded wait, and its own error."""
    pg.sql(CARDS)
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    app = start(HEAL_WAIT_MS=200)
    for sql in ("BEGIN", "INSERT INTO cards (title) VALUES ('a')", "SAVEPOINT s"):
        app.bare(sql)
    told = app.exec("INSERT INTO cards (body) VALUES ('b')")
    assert told["state"] == "42703" and told["outcome"] in ("failed", "timed out") and told["said"] == told["message"], told
    app.bare("ROLLBACK TO s")
    assert app.bare("COMMIT")["tag"] == "COMMIT"
    assert pg.rows("SELECT title FROM cards") == [("a",)] and pg.versions() == []


def test_an_error_that_the_function_got_over(start, pg_project, pg):
    pg.sql(CARDS)
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    app = start()
    told = app.tx(exec_step("SAVEPOINT s"), exec_step("SELECT body FROM cards", may_fail=1), exec_step("ROLLBACK TO s"),
                  exec_step("INSERT INTO cards (title) VALUES ('a')"))
    assert told["ok"] and told["runs"] == 1 and told["steps"][1]["state"] == "42703", told
    assert pg.versions() == [] and pg.value("SELECT count(*) FROM cards") == 1


def test_an_error_that_the_function_did_not_notice(start, pg_project, pg):
    pg.sql(CARDS)
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    app = start()
    told = app.tx(exec_step("INSERT INTO cards (body) VALUES ('b')", may_fail=1))
    assert told["ok"] and told["runs"] == 2 and pg.value("SELECT count(*) FROM cards") == 1, told
    told = app.tx(exec_step("SELECT 1 / 0", may_fail=1))
    assert told["result"] == 1 and "division by zero" in told["message"] and told["runs"] == 1, told


def test_several_cures_in_one_transaction(start, pg_project, pg):
    pg.sql(CARDS)
    steps = []
    for i in range(1, 6):
        pg_project.up(f"00{i}_it", f"-- amend:depends none\nALTER TABLE cards ADD COLUMN c{i} INTEGER")
        steps.append(exec_step(f"INSERT INTO cards (c{i}) VALUES ({i})"))
    told = start().tx(*steps)
    assert told["ok"] and told["runs"] == 6 and pg.value("SELECT count(*) FROM cards") == 5, told


def test_deferred_errors_at_commit(start, pg_project, pg):
    """A deferred trigger's missing table is cured; a violated constraint is the caller's."""
    pg.sql(CARDS + """; CREATE FUNCTION note() RETURNS TRIGGER LANGUAGE plpgsql AS 'BEGIN INSERT INTO notes VALUES (NEW.id); RETURN NULL; END';
           CREATE CONSTRAINT TRIGGER noted AFTER INSERT ON cards DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note();
           CREATE TABLE kids (card INTEGER REFERENCES cards DEFERRABLE INITIALLY DEFERRED)""")
    pg_project.up("001_it", "CREATE TABLE notes (id INTEGER)")
    app = start()
    told = app.tx(exec_step("INSERT INTO cards (title) VALUES ('a')"))
    assert told["ok"] and told["runs"] == 2 and pg.value("SELECT count(*) FROM notes") == 1, told
    told = app.tx(exec_step("INSERT INTO kids VALUES (77)"))
    assert told["result"] == 1 and told["state"] == "23503" and told["code"] == 210 and told["runs"] == 1, told
    assert pg.value("SELECT count(*) FROM kids") == 0


def test_a_function_that_ends_the_transaction(start, pg_project, pg):
    pg.sql(CARDS)
    app = start()
    told = app.tx(exec_step("INSERT INTO cards (title) VALUES ('a')"), exec_step("COMMIT"))
    assert told["result"] == 2 and "ended the transaction" in told["message"], told
    nested = app.tx(dict(do="tx", steps=[BARE]))
    assert nested["steps"][0]["result"] == 2 and nested["runs"] == 1, nested
    given = app.tx(exec_step("ROLLBACK"), give=6)
    assert given["result"] == 6 and given["runs"] == 1, given
    quiet = app.tx(exec_step("SELECT 1"), give=1)
    assert quiet["result"] == 1 and "none of its statements" in quiet["message"], quiet


def test_serialization_failure_at_commit_is_the_callers(start, pg_project, pg):
    pg.sql("CREATE TABLE marks (id INTEGER)")
    other = pg.connect()
    app = start()
    serializable = "ISOLATION LEVEL SERIALIZABLE"
    cursor = other.cursor()
    cursor.execute(f"BEGIN {serializable}; SELECT count(*) FROM marks; INSERT INTO marks VALUES (1)")
    app.bare(f"BEGIN {serializable}")
    app.bare("SELECT count(*) FROM marks")
    app.bare("INSERT INTO marks VALUES (2)")
    cursor.execute("COMMIT")
    assert app.exec("COMMIT")["state"] == "40001"
    other.close()


@pytest.mark.parametrize("handle", ["", "1"], ids=["healing", "no handle"])
def test_the_connection_is_lost_in_the_middle(start, pg_project, pg, handle):
    pg.sql(CARDS)
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    app = start(**({"PLAIN": 1} if handle else {}))
    told = app.tx(exec_step("INSERT INTO cards (title) VALUES ('a')"), exec_step("SELECT pg_terminate_backend(pg_backend_pid())", may_fail=1))
    assert told["result"] == 7 and told["runs"] == 1, told
    told = app.tx(BARE)
    assert told["result"] == 7 and told["runs"] == 0, told
    assert app.exec("SELECT body FROM cards")["outcome"] == "none"
    assert pg.value("SELECT count(*) FROM cards") == 0 and pg.versions() == []


def test_the_connection_is_lost_at_commit(start, pg_project, pg):
    """Whether it was committed is not known: never again, and the message says so."""
    pg.sql(CARDS + """; CREATE FUNCTION die() RETURNS TRIGGER LANGUAGE plpgsql AS
           'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END';
           CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON cards DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()""")
    told = start().tx(exec_step("INSERT INTO cards (title) VALUES ('a')"))
    assert told["result"] == 7 and told["runs"] == 1 and "not known" in told["message"], told


def test_without_a_handle(start, pg_project, pg):
    pg.sql(CARDS)
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    app = start(PLAIN=1)
    assert app.tx(exec_step("INSERT INTO cards (title) VALUES ('a')"))["ok"]
    for way in (by_exec, by_params, by_prepared, by_send):
        assert way(app, "SELECT body FROM cards")["state"] == "42703"
    told = app.tx(exec_step("SELECT body FROM cards"))
    assert told["runs"] == 1 and told["result"] == 1 and 'column "body" does not exist' in told["message"], told
    assert pg.versions() == []


# ------------------------------------------------------------------------------------------------------ results and pipelines


def test_results_read_by_the_caller(start, pg_project, pg):
    pg.sql(CARDS)
    for i, name in enumerate(("body", "colour", "size"), 1):
        pg_project.up(f"00{i}_it", f"ALTER TABLE cards ADD COLUMN {name} TEXT")
    app = start()
    assert app.do(do="send", sql="SELECT body FROM cards")["cure"] == "cured"
    early = app.do(do="send", sql="SELECT colour FROM cards", early=1)
    assert early["cure"] == "cured, run the transaction again", early
    app.bare("BEGIN")
    inside = app.do(do="send", sql="SELECT size FROM cards")
    assert inside["cure"] == inside["outcome"] == "cured, run the transaction again", inside
    app.bare("ROLLBACK")
    mine = app.do(do="send", sql="SELECT nothing FROM cards")
    assert mine["cure"] == "none" and mine["state"] == "42703", mine
    assert app.do(do="send", sql="SELECT size FROM cards")["cure"] == "none"


def test_noted_inside_a_transaction(start, pg_project, pg):
    pg.sql(CARDS)
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    told = start().tx(dict(do="send", sql="INSERT INTO cards (body) VALUES ('b')"))
    assert told["ok"] and told["runs"] == 2 and pg.value("SELECT count(*) FROM cards") == 1, told


def test_pipeline(start, pg_project, pg):
    """All since the last sync is one transaction: it is sent again as a whole, and is there once."""
    pg.sql(CARDS)
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    app = start()
    told = app.do(do="pipeline", list=["INSERT INTO cards (title) VALUES ('a')", "INSERT INTO cards (body) VALUES ('b')",
                                       "SELECT count(*) FROM cards"])
    assert told["ok"] and told["cure"] == "cured, run the transaction again" and told["rows"] == [["2"]], told
    assert pg.value("SELECT count(*) FROM cards") == 2


# --------------------------------------------------------------------------------------------------- the error stands as it was

REFUSED = {
    "drops": "ALTER TABLE cards ADD COLUMN body TEXT; ALTER TABLE cards DROP COLUMN title",
    "rewrites": "ALTER TABLE cards ADD COLUMN body UUID DEFAULT gen_random_uuid()",
    "changes data": "ALTER TABLE cards ADD COLUMN body TEXT; UPDATE cards SET body = title",
}


def same_error(told, plain):
    assert {key: told[key] for key in ("ok", "message", "said", "state", "status")} == \
           {key: plain[key] for key in ("ok", "message", "said", "state", "status")}


@pytest.mark.parametrize("why", REFUSED)
def test_refused(why, start, pg_project, pg):
    pg.sql(CARDS)
    pg_project.up("001_it", REFUSED[why])
    before, plain, app = pg.snapshot(), start(PLAIN=1), start()
    for way in (by_exec, by_params, by_prepared, by_send):
        told = way(app, "SELECT body FROM cards")
        same_error(told, way(plain, "SELECT body FROM cards"))
        assert told["outcome"] == "refused", told
    told = app.tx(exec_step("SELECT body FROM cards"))
    assert told["result"] == 1 and told["runs"] == 1 and told["detail"].startswith("not cured: "), told
    assert pg.snapshot() == before and pg.versions() == []


@pytest.mark.parametrize("policy, outcome, applied", [("off", "none", 0), ("report", "refused", 0), ("all", "cured", 1)])
def test_policies(policy, outcome, applied, start, pg_project, pg):
    pg.sql(CARDS)
    pg_project.up("001_it", REFUSED["drops"])
    plain, app = start(PLAIN=1), start(AMEND_HEAL=policy)
    wanted = by_exec(plain, "SELECT body FROM cards")
    told = by_exec(app, "SELECT body FROM cards")
    assert told["outcome"] == outcome and told["ok"] == bool(applied), told
    if not applied:
        same_error(told, wanted)
        assert [line for line in told["events"] if line.startswith("heal.reported")] == ["heal.reported 001"] * (policy == "report")
    assert len(pg.versions()) == applied


def test_report_leaves_stale_statements(start, pg_project, pg):
    pg.sql(CARDS)
    app = start(AMEND_HEAL="report")
    app.do(do="prepare", name="all", sql="SELECT * FROM cards")
    pg.sql("ALTER TABLE cards ADD COLUMN body TEXT")
    assert app.do(do="prepared", name="all")["state"] == "0A000"


@pytest.mark.parametrize("text", ["ALTER TABLE cards ADD COLUMN body TEXT; SELECT 1/0;", "ALTER TABLE cards ADD COLUMN body TEXT; SELEC;"],
                         ids=["fails", "syntax"])
def test_a_migration_that_fails(text, start, pg_project, pg):
    """Tried once, not again within the cool-down, and again when its file has changed."""
    pg.sql(CARDS)
    pg_project.up("001_it", text)
    before, plain, app = pg.schema(), start(PLAIN=1), start(AMEND_HEAL="all")
    wanted = by_exec(plain, "SELECT cards.body FROM cards")
    seen = []
    for _ in range(3):
        told = by_exec(app, "SELECT cards.body FROM cards")
        same_error(told, wanted)
        seen += told["events"]
    assert pg.schema() == before and pg.versions() == []
    assert seen.count("heal.failed 001") + seen.count("heal.refused 001") <= 1, seen


def test_tried_again_when_the_file_has_changed(start, pg_project, pg):
    pg.sql(CARDS)
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT; CREATE TABLE cards (id INTEGER)")
    app = start()
    assert app.exec("SELECT body FROM cards")["outcome"] == "failed"
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    wait_until(lambda: app.exec("SELECT body FROM cards")["ok"], "the mended file to be seen")
    assert pg.versions() == ["001"]


def test_tried_again_after_the_cool_down(start, pg_project, pg):
    """What stood in the way is gone: the same file works."""
    pg.sql(CARDS + "; CREATE TABLE notes (id INTEGER)")
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT; CREATE TABLE notes (id INTEGER)")
    patient, eager = start(), start(HEAL_COOLDOWN_MS=1)
    assert patient.exec("SELECT body FROM cards")["outcome"] == eager.exec("SELECT body FROM cards")["outcome"] == "failed"
    pg.sql("DROP TABLE notes")
    assert patient.exec("SELECT body FROM cards")["outcome"] == "failed"
    wait_until(lambda: eager.exec("SELECT body FROM cards")["ok"], "the cool-down to pass")
    assert pg.versions() == ["001"]


def test_a_missing_directory(start, pg_project, pg):
    pg.sql(CARDS)
    wanted = by_exec(start(PLAIN=1), "SELECT body FROM cards")
    pg_project.dir += "-gone"
    told = by_exec(start(), "SELECT body FROM cards")
    same_error(told, wanted)
    assert told["outcome"] == "failed", told


def test_applied_but_missing(start, pg_project, pg):
    pg_project.up("001_it", "CREATE TABLE cards (id INTEGER)")
    app = start()
    assert app.exec("SELECT * FROM cards")["ok"]
    pg.sql("DROP TABLE cards")
    told = app.exec("SELECT * FROM cards")
    assert told["state"] == "42P01" and told["outcome"] == "drift", told
    whole = app.tx(exec_step("SELECT * FROM cards"))
    assert whole["result"] == 1 and "is applied" in whole["detail"], whole


def test_the_lock_is_held_elsewhere(start, pg_project, pg):
    """A bounded wait, then the application's own error."""
    pg.sql(CARDS)
    pg_project.up("001_first", "CREATE TABLE first (id INTEGER)")
    pg_project.amend("up")
    pg_project.up("002_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    wanted = by_exec(start(PLAIN=1), "SELECT body FROM cards")
    app = start(HEAL_WAIT_MS=300)
    other = pg.connect()
    other.cursor().execute("BEGIN; SELECT * FROM _migrations_lock FOR UPDATE")
    told = by_exec(app, "SELECT body FROM cards")
    same_error(told, wanted)
    assert told["outcome"] == "timed out", told
    other.cursor().execute("ROLLBACK")
    other.close()
    assert pg.versions() == ["001"]


# --------------------------------------------------------------------------------------------------------- roles and poolers


def test_a_role_that_may_not_change_the_schema(start, pg_project, pg):
    pg.sql(CARDS + "; DROP ROLE IF EXISTS heal_app; CREATE ROLE heal_app LOGIN; GRANT ALL ON cards TO heal_app; "
                   "GRANT USAGE ON SEQUENCE cards_id_seq TO heal_app")
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    weak = pg.cluster.url(pg.name, user="heal_app")
    wanted = by_exec(start(url=weak, PLAIN=1), "SELECT body FROM cards")
    told = by_exec(start(url=weak), "SELECT body FROM cards")
    same_error(told, wanted)
    assert told["outcome"] == "failed", told
    strong = start(url=weak, AMEND_HEAL_URL=pg.url)
    assert strong.exec("INSERT INTO cards (body) VALUES ('b')")["ok"]
    assert strong.exec("SELECT current_user")["rows"] == [["heal_app"]]
    assert pg.versions() == ["001"]
    pg.sql("DROP OWNED BY heal_app; DROP ROLE heal_app")


def test_through_a_pooler(start, pg_project, pg, pooler):
    """pgbouncer in transaction mode, for the application and for the cure."""
    pg.sql(CARDS)
    for i, name in enumerate(("body", "colour", "size"), 1):
        pg_project.up(f"00{i}_it", f"ALTER TABLE cards ADD COLUMN {name} TEXT")
    app = start(url=pooler.url(pg.name))
    assert app.exec("INSERT INTO cards (body) VALUES ('b')")["ok"]
    assert app.do(do="params", sql="INSERT INTO cards (colour) VALUES ($1)", values=["red"])["ok"]
    told = app.tx(exec_step("INSERT INTO cards (title) VALUES ('t')"), exec_step("INSERT INTO cards (size) VALUES ('s')"))
    assert told["ok"] and told["runs"] == 2, told
    assert pg.value("SELECT count(*) FROM cards") == 4 and pg.versions() == ["001", "002", "003"]


# ------------------------------------------------------------------------------------------------------------- whole programs


def test_a_program_that_was_only_recompiled(pg_project, pg):
    for i, sql in enumerate(("CREATE TABLE cards (id SERIAL, title TEXT)", "ALTER TABLE cards ADD COLUMN body TEXT",
                             "ALTER TABLE cards ADD COLUMN late TEXT"), 1):
        pg_project.up(f"00{i}_it", sql)
    done = subprocess.run([program("pq_redirect"), pg.url, pg_project.dir], env=clean_env(pg_project.home), capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert pg.rows("SELECT title, body, late FROM cards ORDER BY id") == [("one", None, None), (None, "two", None), (None, None, "two")]

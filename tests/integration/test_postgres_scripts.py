# SPDX-License-Identifier: MIT
"""Scripts as PostgreSQL's own tools and people write them: pg_dump's, COPY, psql's commands, settings, and the clock."""
import subprocess

import pytest
from support.migrations import table, write_tables


def test_script_made_by_pg_dump(pg_project, pg, make_db):
    source = make_db("postgres")
    source.sql("""CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE p (id SERIAL PRIMARY KEY, m mood, t TEXT);
        INSERT INTO p (m, t) VALUES ('sad', E'tab\\there; and \\\\ backslash'), ('ok', NULL);
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $_$ BEGIN NEW.t := 'x;y'; RETURN NEW; END $_$;
        CREATE TRIGGER tr BEFORE UPDATE ON p FOR EACH ROW EXECUTE FUNCTION f(); CREATE VIEW v AS SELECT m FROM p;""")
    dump = subprocess.run([pg.cluster.program("pg_dump"), "-h", pg.cluster.home, "-p", str(pg.cluster.port), "-U", "owner", source.name],
                          capture_output=True, text=True, check=True).stdout
    assert "search_path" in dump and "COPY public.p" in dump
    dump = "".join(line + "\n" for line in dump.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))
    write_tables(pg_project, 1)
    pg_project.up("002_dump", dump)
    pg_project.up("003_after", "CREATE TABLE after_dump (id INTEGER);\nINSERT INTO t1 VALUES (77, 'found by the search path');")
    pg_project.amend("up")
    assert pg.versions() == ["001", "002", "003"]
    assert pg.rows("SELECT * FROM p ORDER BY id") == source.rows("SELECT * FROM p ORDER BY id")
    assert pg.rows("SELECT count(*) FROM public.after_dump") == [(0,)]
    pg_project.amend("up")
    pg_project.amend("verify")


@pytest.mark.parametrize("command", ["\\connect other", "\\restrict abcdef", "\\i more.sql", "\\set x 1", "\\echo hi"])
def test_psql_commands_are_refused_with_their_line(pg_project, pg, command):
    write_tables(pg_project, 1)
    pg_project.up("002_psql", f"CREATE TABLE a (id INTEGER);\n\n{command}\nCREATE TABLE b (id INTEGER);\n")
    result = pg_project.amend("up", check=1)
    assert "AM0213" in result.err and "002_psql.sql:3" in result.err and command.split()[0] in result.err, result
    assert not pg.has("a") and not pg.has("b")


def test_backslash_in_strings_and_dollar_quotes_is_no_command(pg_project, pg):
    pg_project.up("001_b", "CREATE TABLE a (t TEXT);\nINSERT INTO a VALUES ('\n\\connect\n'), ($$\n\\i x\n$$), (E'\\\\.');\n"
                           "/*\n\\connect\n*/\n-- \\connect\n")
    pg_project.amend("up")
    assert pg.value("SELECT count(*) FROM a") == 3


def test_copy_from_stdin(pg_project, pg):
    pg_project.up("001_copy", "CREATE TABLE c (a INTEGER, b TEXT);\n"
                              "COPY c (a, b) FROM stdin;\n1\tone; two\n2\t\\N\n3\t$$ ' \"\n\\.\n"
                              "COPY c FROM STDIN WITH (FORMAT csv);\n4,\"vier, 4\"\n\\.\n\n"
                              "copy public.c from stdin;\n\\.\nINSERT INTO c VALUES (9, 'nine');\n")
    pg_project.up("002_more", "INSERT INTO c VALUES (10, 'ten');")
    pg_project.amend("up")
    assert pg.rows("SELECT * FROM c ORDER BY a") == [(1, "one; two"), (2, None), (3, "$$ ' \""), (4, "vier, 4"), (9, "nine"), (10, "ten")]
    assert pg.versions() == ["001", "002"]


def test_copy_with_windows_line_ends(pg_project, pg):
    pg_project.write("migrations/001_copy.sql", b"CREATE TABLE c (a INTEGER, b TEXT);\r\nCOPY c FROM stdin;\r\n1\tone\r\n\\.\r\n")
    pg_project.amend("up")
    assert pg.rows("SELECT * FROM c") == [(1, "one")]


def test_copy_data_that_is_wrong(pg_project, pg):
    write_tables(pg_project, 1)
    pg_project.up("002_copy", "CREATE TABLE c (a INTEGER);\nCOPY c FROM stdin;\n1\nzwei\n\\.\n")
    result = pg_project.amend("up", check=1)
    assert "002_copy.sql" in result.err and "zwei" in result.err and not pg.has("c"), result
    assert pg.versions() == ["001"]


def test_copy_without_end(pg_project, pg):
    pg_project.up("001_copy", "CREATE TABLE c (a INTEGER);\nCOPY c FROM stdin;\n1\n2\n")
    result = pg_project.amend("up", check=1)
    assert "AM0214" in result.err and "001_copy.sql:2" in result.err, result
    assert not pg.has("c")


def test_large_copy(pg_project, pg):
    rows = "".join(f"{n}\t{'x' * 100}\n" for n in range(50000))
    pg_project.up("001_copy", f"CREATE TABLE c (a INTEGER, b TEXT);\nCOPY c FROM stdin;\n{rows}\\.\n")
    pg_project.amend("up")
    assert pg.value("SELECT count(*) FROM c") == 50000


def test_copy_to_stdout_does_not_hang(pg_project, pg):
    pg_project.up("001_copy", "CREATE TABLE c (a INTEGER);\nCOPY c TO STDOUT;\nCREATE TABLE d (a INTEGER);")
    result = pg_project.amend("up", check=None, timeout=30)
    assert result.code in (0, 1), result
    assert pg.has("d") == (result.code == 0)


@pytest.mark.parametrize("setting", ["SET search_path TO pg_catalog;", "SET ROLE helper;", "SET SESSION AUTHORIZATION helper;",
                                     "SELECT pg_catalog.set_config('search_path', '', false);", "SET standard_conforming_strings = off;",
                                     "SET check_function_bodies = false;", "SET default_transaction_read_only = on;",
                                     "SET client_encoding = 'LATIN1';", "SET timezone = 'Asia/Tokyo'; SET datestyle = 'SQL, DMY';",
                                     "SET lock_timeout = 0; SET statement_timeout = '1h';"])
def test_settings_do_not_leak_into_the_next(pg_project, pg, setting):
    pg.sql("DO $$ BEGIN CREATE ROLE helper; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    shown = ", ".join(f"current_setting('{name}')" for name in (
        "search_path", "standard_conforming_strings", "check_function_bodies", "default_transaction_read_only", "client_encoding",
        "timezone", "datestyle", "lock_timeout", "statement_timeout"))
    probe = f"INSERT INTO public.probe SELECT current_user, session_user, ARRAY[{shown}]::TEXT;"
    pg_project.up("001_probe", f"CREATE TABLE probe (who TEXT, login TEXT, settings TEXT);\n{probe}")
    pg_project.up("002_set", setting)
    pg_project.up("003_probe", probe)
    pg_project.amend("up")
    assert pg.versions() == ["001", "002", "003"]
    rows = pg.rows("SELECT * FROM public.probe")
    assert len(rows) == 2 and rows[0] == rows[1]


def test_settings_hold_within_their_migration(pg_project, pg):
    pg_project.up("001_schema", "CREATE SCHEMA s;\nSET search_path TO s;\nCREATE TABLE inside (id INTEGER);\nINSERT INTO inside VALUES (1);")
    pg_project.up("002_plain", "CREATE TABLE outside (id INTEGER);")
    pg_project.amend("up")
    assert pg.value("SELECT count(*) FROM s.inside") == 1 and pg.value("SELECT count(*) FROM public.outside") == 0


ISOLATION = {
    "set in its own transaction": ("BEGIN;\nSET LOCAL work_mem = '8MB';\nSET TRANSACTION ISOLATION LEVEL REPEATABLE READ;\n{};\nCOMMIT;",
                                   "repeatable read"),
    "set in ours": ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE;\n{};", "serializable"),
    "begin": ("BEGIN ISOLATION LEVEL SERIALIZABLE;\n{};\nCOMMIT;", "serializable"),
    "start transaction": ("SET work_mem = '8MB';\nSTART TRANSACTION READ WRITE, ISOLATION LEVEL REPEATABLE READ;\n{};\nEND;",
                          "repeatable read"),
    "apart": ("-- amend:transaction off\nVACUUM;\nBEGIN ISOLATION LEVEL SERIALIZABLE;\n{};\nCOMMIT;\nVACUUM;", "serializable"),
    "set apart": ("-- amend:transaction off\nVACUUM;\nBEGIN;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\n{};\nCOMMIT;", "serializable"),
    "begin without": ("BEGIN READ WRITE;\n{};\nCOMMIT;", "read committed"),
}


@pytest.mark.parametrize("form", ISOLATION)
def test_isolation_level_is_the_scripts(pg_project, pg, form):
    """The server refuses SET TRANSACTION ISOLATION LEVEL after a query, and amend's own lock check is one."""
    text, level = ISOLATION[form]
    pg_project.up("001_before", "CREATE TABLE before (id INTEGER);")
    pg_project.up("002_level", text.format("CREATE TABLE level AS SELECT current_setting('transaction_isolation') AS name"))
    pg_project.up("003_after", "CREATE TABLE after AS SELECT current_setting('transaction_isolation') AS name;")
    script = pg_project.amend("up", "--dry-run").out
    pg_project.amend("up")
    assert pg.value("SELECT name FROM level") == level and pg.value("SELECT name FROM after") == "read committed"
    assert pg.versions() == ["001", "002", "003"] and script.count("CREATE TABLE level") == 1
    assert ("ISOLATION LEVEL" in script) == (level != "read committed")


def test_dry_run_keeps_the_isolation_level(pg_project, pg):
    for number, form in enumerate(ISOLATION, 1):
        text = ISOLATION[form][0].format(f"CREATE TABLE level{number} AS SELECT current_setting('transaction_isolation') AS name")
        pg_project.up(f"{number:03}_level", text)
    script = pg_project.amend("up", "--dry-run").out
    pg.run_by_hand(script)
    for number, (_, level) in enumerate(ISOLATION.values(), 1):
        assert pg.value(f"SELECT name FROM level{number}") == level


@pytest.mark.parametrize("text", ["SELECT 1;\nCOMMIT;", "BEGIN;\nSELECT 1;\nROLLBACK;", "BEGIN;\nSELECT 1;"])
def test_transaction_control_out_of_place(project, text):
    project.up("001_x", "-- amend:transaction off\n" + text)
    result = project.amend("up", check=1)
    assert "AM0409" in result.err and "transaction off" not in result.err and "every BEGIN" in result.err


def test_isolation_level_that_is_wrong(pg_project, pg):
    pg_project.up("001_level", "-- misspelt\nBEGIN ISOLATION LEVEL SERIALISABLE;\nSELECT 1;\nCOMMIT;")
    result = pg_project.amend("up", check=1)
    assert "001_level.sql:2" in result.err and "SERIALISABLE" in result.err and pg.versions() == []


def test_temporary_tables_prepared_statements_do_not_disturb(pg_project, pg):
    pg_project.up("001_temp", "CREATE TEMP TABLE _migrations (bird TEXT);\nCREATE TEMP TABLE scratch AS SELECT 1 AS id;\n"
                              "PREPARE p AS SELECT 1;\nDECLARE c CURSOR WITH HOLD FOR SELECT 1;\nLISTEN something;")
    pg_project.up("002_plain", table(2)[0])
    pg_project.amend("up")
    assert pg.rows("SELECT version FROM public._migrations ORDER BY id") == [("001",), ("002",)]


def test_times_are_the_clocks_not_the_messages(pg_project, pg):
    pg_project.up("001_quick", "SELECT 1;")
    pg_project.up("002_slow", "SELECT pg_sleep(0.4);")
    pg_project.up("003_slower", "SELECT pg_sleep(0.7);")
    pg_project.up("004_quick", "SELECT 1;")
    pg_project.amend("up")
    times = [row["execution_time_ms"] for row in pg.history()]
    assert times[0] < 200 and 390 <= times[1] < 650 and 690 <= times[2] < 950 and times[3] < 200, times
    stamps = [row["applied_at"] for row in pg.history()]
    assert stamps == sorted(stamps) and len(set(stamps)) == 4
    assert 0.6 < (stamps[2] - stamps[1]).total_seconds() < 1.0


def test_now_inside_a_migration_moves_on_between_migrations(pg_project, pg):
    pg_project.up("001_t", "CREATE TABLE n AS SELECT clock_timestamp() AS at;\nSELECT pg_sleep(0.1);")
    pg_project.up("002_t", "INSERT INTO n SELECT clock_timestamp();")
    pg_project.amend("up")
    assert pg.value("SELECT max(at) - min(at) >= interval '0.1 s' FROM n")


def test_do_block_with_everything_in_it(pg_project, pg):
    pg_project.up("001_do", """DO $outer$
DECLARE r record;
BEGIN
    EXECUTE $inner$ CREATE TABLE made (id INTEGER) $inner$;
    -- COMMIT; in a comment is no commit
    PERFORM 'COMMIT;';
    FOR r IN SELECT 1 AS id LOOP INSERT INTO made VALUES (r.id); END LOOP;
END $outer$;
""")
    pg_project.amend("up")
    assert pg.rows("SELECT * FROM made") == [(1,)]


def test_sql_standard_function_body(pg_project, pg):
    pg_project.up("001_f", "CREATE FUNCTION add(a integer, b integer) RETURNS integer BEGIN ATOMIC SELECT a + b; SELECT a + b; END;\n"
                           "CREATE TABLE sums AS SELECT add(1, 2) AS s;")
    pg_project.amend("up")
    assert pg.rows("SELECT * FROM sums") == [(3,)]


def test_rule_with_several_statements(pg_project, pg):
    pg_project.up("001_rule", "CREATE TABLE a (id INTEGER);\nCREATE TABLE b (id INTEGER);\n"
                              "CREATE RULE r AS ON INSERT TO a DO ALSO (INSERT INTO b VALUES (NEW.id); INSERT INTO b VALUES (NEW.id + 1););\n"
                              "INSERT INTO a VALUES (1);")
    pg_project.amend("up")
    assert pg.rows("SELECT * FROM b ORDER BY 1") == [(1,), (2,)]


def test_trigger_bodies_on_sqlite(lite_project, lite):
    lite_project.up("001_t", "CREATE TABLE a (id INTEGER, n INTEGER);\nCREATE TABLE log (t TEXT);\n"
                             "CREATE TRIGGER tr AFTER INSERT ON a BEGIN INSERT INTO log VALUES ('one; two'); "
                             "UPDATE a SET n = CASE WHEN NEW.id > 1 THEN 1 ELSE 2 END WHERE id = NEW.id; END;\nINSERT INTO a (id) VALUES (5);")
    lite_project.amend("up")
    assert lite.rows("SELECT * FROM a") == [(5, 1)] and lite.rows("SELECT * FROM log") == [("one; two",)]


def test_question_marks_and_percent_signs(project, db):
    project.up("001_q", "CREATE TABLE q (t TEXT);\nINSERT INTO q VALUES ('100% ? %s %ms% $1 :name @x %(y)s');\n")
    project.amend("up")
    assert db.rows("SELECT t FROM q") == [("100% ? %s %ms% $1 :name @x %(y)s",)]

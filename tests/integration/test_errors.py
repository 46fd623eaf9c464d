# SPDX-License-Identifier: MIT
"""What a failed migration says and leaves: file, line, column, the line with a caret; nothing of itself, all before it."""
import os
import re

import pytest
from support.migrations import table, write_tables

THIRD = """CREATE TABLE first (id INTEGER);
INSERT INTO first VALUES (1);
INSERT INTO first SELECT nope FROM first;
CREATE TABLE never (id INTEGER);
"""


def caret_under(result, word):
    """Does the caret stand under the first character of word in the line above it?"""
    lines = result.err.splitlines()
    for above, below in zip(lines, lines[1:]):
        if word in above and re.search(r"\^", below):
            return above.index(word) == below.index("^")
    return False


def test_error_in_the_third_statement(project, db):
    write_tables(project, 1)
    project.up("002_third", THIRD)
    project.up("003_later", table(3)[0])
    result = project.amend("up", check=1)
    assert "AM0210" in result.err
    assert "002_third.sql:3:26" in result.err, result
    assert "nope" in result.err and caret_under(result, "nope"), result
    assert db.versions() == ["001"]
    assert not db.has("first") and not db.has("never") and not db.has("t3") and db.has("t1")


def test_failure_is_an_event(project, db):
    write_tables(project, 1)
    project.up("002_third", THIRD)
    project.amend("up", check=1)
    failed = [event for event in db.events() if event["type"] == "migration.failed"]
    assert [event["version"] for event in failed] == ["002"]
    project.amend("verify")


def test_mended_file_goes_through(project, db):
    write_tables(project, 1)
    project.up("002_third", THIRD)
    project.amend("up", check=1)
    project.up("002_third", THIRD.replace("nope", "id + 1"))
    project.amend("up")
    assert db.versions() == ["001", "002"] and db.value("SELECT count(*) FROM first") == 2


def test_column_counts_characters_not_bytes(project, db):
    project.up("001_wide", "CREATE TABLE w (id INTEGER, label TEXT);\n"
                           "-- ünïcödé before it: 日本語 🂡🂢\n"
                           "SELECT 'größe', '🂡', missing_column FROM w;\n")
    result = project.amend("up", check=1)
    assert "001_wide.sql:3:22" in result.err, result


def test_syntax_error_keeps_those_before_it(project, db):
    write_tables(project, 3)
    project.up("004_syntax", "CREATE TABLE four (id INTEGER);\nCREATE TABEL five (id INTEGER);\n")
    write_tables(project, 2, first=5)
    result = project.amend("up", check=1)
    assert "004_syntax.sql" in result.err and "TABEL" in result.err and caret_under(result, "TABEL"), result
    assert ":2:8" in result.err or "column 8" in result.err
    assert db.versions() == ["001", "002", "003"] and not db.has("four")


def test_half_a_script(project, db):
    project.up("001_half", "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1")
    result = project.amend("up", check=1)
    assert "001_half.sql" in result.err and not db.has("a")


def test_unended_string_and_dollar_quote(pg_project, pg):
    for name, text in (("string", "SELECT 'never ended;\n"), ("dollar", "DO $$ BEGIN NULL; END;\n"), ("comment", "SELECT 1 /* never\n")):
        pg_project.up(f"001_{name}", f"CREATE TABLE a (id INTEGER);\n{text}")
        result = pg_project.amend("up", check=1)
        assert f"001_{name}.sql:2" in result.err, result
        assert "AM0218" in result.err and not pg.has("a"), result
        os.remove(f"{pg_project.dir}/001_{name}.sql")


def test_unended_string_on_sqlite(lite_project, lite):
    lite_project.up("001_string", "CREATE TABLE a (id INTEGER);\nSELECT 'never ended;\n")
    result = lite_project.amend("up", check=1)
    assert "001_string.sql:2" in result.err and not lite.has("a"), result


def test_error_inside_a_function(pg_project, pg):
    pg_project.up("001_function", """CREATE FUNCTION fail(n integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    RETURN n / 0;
END $$;
CREATE TABLE a (id INTEGER);
SELECT fail(5);
""")
    result = pg_project.amend("up", check=1)
    assert "division by zero" in result.err and "22012" in result.err and "fail(integer)" in result.err, result
    assert "001_function.sql:6" in result.err or "line 6" in result.err, result
    assert not pg.has("a")


def test_syntax_error_inside_a_function_body(pg_project, pg):
    pg_project.up("001_body", "CREATE TABLE a (id INTEGER);\nCREATE FUNCTION f() RETURNS integer LANGUAGE plpgsql AS $$\n"
                              "BEGIN\n    RETRN 1;\nEND $$;\n")
    result = pg_project.amend("up", check=1)
    assert "001_body.sql:4" in result.err or "line 4" in result.err, result
    assert "RETRN" in result.err


def test_raised_exception_with_detail_and_hint(pg_project, pg):
    pg_project.up("001_raise", "DO $$ BEGIN RAISE EXCEPTION 'too many cards' USING DETAIL = 'there are 53', HINT = 'Count again.'; END $$;")
    result = pg_project.amend("up", check=1)
    assert all(words in result.err for words in ("too many cards", "there are 53", "Count again.", "P0001")), result


def test_constraint_violation_names_the_row(pg_project, pg):
    pg_project.up("001_unique", "CREATE TABLE u (id INTEGER PRIMARY KEY);\nINSERT INTO u VALUES (7);\nINSERT INTO u VALUES (7);")
    result = pg_project.amend("up", check=1)
    assert "23505" in result.err and "(id)=(7)" in result.err
    assert "001_unique.sql:3" in result.err or "line 3" in result.err, result


def test_notices_are_shown(pg_project, pg):
    pg_project.up("001_notice", "DO $$ BEGIN RAISE NOTICE 'hello from %', 'here'; RAISE WARNING 'mind the gap'; END $$;")
    result = pg_project.amend("up")
    assert "hello from here" in result.err and "mind the gap" in result.err


def test_deferred_constraint_fails_at_commit(project, db):
    write_tables(project, 1)
    pragma = "" if db.kind == "postgres" else "?foreign_keys=on"
    project.up("002_deferred", "CREATE TABLE p (id INTEGER PRIMARY KEY);\n"
                               "CREATE TABLE c (pid INTEGER REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO c VALUES (5);\n")
    write_tables(project, 1, first=3)
    result = project.amend("up", check=1, url=db.url + pragma)
    assert "002_deferred.sql" in result.err and "foreign key" in result.err.lower(), result
    assert db.versions() == ["001"] and not db.has("p")
    assert project.amend("status").code == 0


def test_failed_down_leaves_everything(project, db):
    project.both("001_t", table(1)[0], "DROP TABLE t1;\nDROP TABLE never_was;\n")
    project.amend("up")
    before = db.snapshot()
    result = project.amend("down", check=1)
    assert "001_t.down.sql:2" in result.err or "line 2" in result.err, result
    assert db.snapshot() == before and db.versions() == ["001"]


def test_failed_redo_says_which(project, db):
    project.both("001_t", table(1)[0], table(1)[1])
    project.amend("up")
    project.down("001_t", "DROP TABLE t9;")
    assert "001_t.down.sql" in project.amend("redo", check=1).err
    assert db.versions() == ["001"]


@pytest.mark.parametrize("count", [1, 60])
def test_error_far_into_one_message(project, db, count):
    """Many migrations travel in one message: the error is still told of the right file and line."""
    write_tables(project, count)
    project.up(f"{count + 1:03}_bad", "\n\n\nSELECT 1;\n  SELECT nope FROM t1;\n")
    write_tables(project, 5, first=count + 2)
    result = project.amend("up", check=1)
    assert f"{count + 1:03}_bad.sql:5:10" in result.err or "line 5" in result.err, result
    assert len(db.versions()) == count


def test_summary_after_failure_tells_what_was_done(project, db):
    write_tables(project, 2)
    project.up("003_bad", "SELECT nope;")
    result = project.amend("up", check=1)
    assert "001" in result.all and "002" in result.all and "003" in result.all


def test_very_long_line_is_cut_around_the_caret(project, db):
    padding = "x" * 5000
    project.up("001_long", f"SELECT '{padding}', nope, '{padding}';\n")
    result = project.amend("up", check=1)
    assert "nope" in result.err and max(len(line) for line in result.err.splitlines()) < 1500, len(result.err)


def test_tabs_before_the_error_keep_the_caret_in_place(project, db):
    project.up("001_tabs", "SELECT 1;\n\t\tSELECT nope;\n")
    result = project.amend("up", check=1)
    lines = result.err.splitlines()
    at = next(i for i, line in enumerate(lines) if "SELECT nope" in line and "^" in lines[i + 1])
    assert len(lines[at].expandtabs().split("nope")[0]) == len(lines[at + 1].expandtabs().split("^")[0]), result

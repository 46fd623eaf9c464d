# SPDX-License-Identifier: MIT
"""The command's smaller sides: what it says when there is nothing to do, when it is asked wrongly, and when it is asked to explain."""
import os

import pytest
from support.migrations import table, write_tables
from support.registry import diagnostics


def test_explain_takes_every_form(bare_project):
    texts = {bare_project.amend("explain", form).out for form in ("AM0210", "am0210", "210", "STATEMENT", "statement")}
    assert len(texts) == 1 and "AM0210 STATEMENT" in texts.pop()
    assert "exit status" not in bare_project.amend("explain", "109").out
    for wrong in ("AM9999", "0", "AM", "nothing", "99999999999999"):
        assert "AM0703" in bare_project.amend("explain", wrong, check=2).err
    listing = bare_project.amend("explain").out
    assert all(f"AM{number:04} " in listing and name in listing for number, name, _ in diagnostics())


def test_help_on_what_is_not_there(bare_project):
    assert "amend help status" in bare_project.amend("help", "statsu", check=2).err
    assert "lists all commands" in bare_project.amend("help", "zzzzzz", check=2).err


def test_help_as_a_flag(bare_project):
    assert bare_project.amend("--help").out == bare_project.amend("help").out


def test_nothing_to_do(lite_project):
    assert "no migrations" in lite_project.amend("up").out
    assert "no migrations" in lite_project.amend("plan").out
    assert "0 applied" in lite_project.amend("status").out
    assert "nothing has happened" in lite_project.amend("log").out
    write_tables(lite_project, 2)
    assert "nothing rolled back" in lite_project.amend("down").out
    assert "nothing to redo" in lite_project.amend("redo").out
    assert "nothing rolled back" in lite_project.amend("reset", "--yes").out
    lite_project.amend("up", "--to", "001")
    again = lite_project.amend("up", "--to", "001").out
    assert "nothing to apply" in again and "1 pending" in again
    assert "1 applied" in lite_project.amend("up").out
    assert "up to date at 002" in lite_project.amend("up").out
    assert "nothing to apply; 002 is applied" in lite_project.amend("plan").out
    assert "nothing to repair" in lite_project.amend("repair", "--all").out


def test_repair_wants_to_know_what(lite_project):
    assert "a version, --all" in lite_project.amend("repair", check=2).err
    assert "exclude" in lite_project.amend("repair", "001", "--all", check=2).err


def test_plan_that_cannot_be_carried_out_fails_like_up(lite_project):
    write_tables(lite_project, 3)
    lite_project.amend("up")
    lite_project.up("001_table_1", "SELECT 1;\n" + table(1)[0])
    plan, up = lite_project.amend("plan", check=1), lite_project.amend("up", check=1)
    assert "AM0401" in plan.err and "AM0401" in up.err
    assert "nothing can be applied" in plan.out
    assert plan.err.count("AM0401:") == 1 and up.err.count("AM0401:") == 1


def test_findings_are_told_once(lite_project):
    write_tables(lite_project, 1)
    lite_project.up("notes", "SELECT 1;")
    result = lite_project.amend("up")
    assert result.err.count("notes.sql\" is skipped") == 1
    assert "AM0109" not in lite_project.amend("up", "--quiet").err


def test_a_gap_is_told_where_one_looks(lite_project):
    write_tables(lite_project, 1)
    write_tables(lite_project, 1, first=3)
    assert lite_project.amend("up").err == ""
    assert "AM0112" in lite_project.amend("up", "--verbose").err
    assert "AM0112" in lite_project.amend("status").err


def test_verbose_tells_each_step(lite_project):
    write_tables(lite_project, 1)
    lite_project.up("002_apart", "-- amend:transaction off\nSELECT 1;\nSELECT 2;\n")
    result = lite_project.amend("up", "--verbose")
    assert "migration.started: 001" in result.err and "002" in result.err


def test_skipped_rollbacks_are_in_the_summary(lite_project):
    lite_project.up("001_only_up", "CREATE TABLE a (id INTEGER);")
    lite_project.amend("up")
    result = lite_project.amend("down")
    assert "1 skipped" in result.out and "AM0406" in result.err and result.err.count("AM0406") == 1


@pytest.mark.parametrize("command,words", [("redo", "stopped at the failure"), ("reset", "rolled back before the failure"),
                                           ("down", "rolled back before the failure")])
def test_what_was_done_before_a_failure(lite_project, command, words):
    lite_project.both("001_bad", "CREATE TABLE a (id INTEGER);", "DROP TABLE nothing;")
    lite_project.both("002_good", "CREATE TABLE b (id INTEGER);", "DROP TABLE b;")
    lite_project.amend("up")
    more = {"redo": ["--steps", "2"], "reset": ["--yes"], "down": ["--steps", "2"]}[command]
    result = lite_project.amend(command, *more, check=1)
    assert "AM0210" in result.err and words in result.out, result


def test_embed_that_cannot_be(bare_project):
    write_tables(bare_project, 1)
    assert "can't be a name in C" in bare_project.amend("embed", "migrations", "--symbol", "9x", check=2).err
    assert "--output" in bare_project.amend("embed", "migrations", "--json", check=2).out
    assert "AM0113" in bare_project.amend("embed", "migrations", "-o", "nowhere/x.c", check=1).err
    bare_project.write("x.c/file", "")
    assert "AM0113" in bare_project.amend("embed", "migrations", "-o", "x.c", check=1).err
    assert [name for name in os.listdir(bare_project.home) if name.endswith(".tmp")] == []


def test_embed_keeps_the_old_file_when_it_fails(bare_project):
    write_tables(bare_project, 1)
    bare_project.amend("embed", "migrations", "-o", "x.c")
    before = open(f"{bare_project.home}/x.c").read()
    bare_project.write("migrations/002_bad.sql", b"SELECT '\xff';")
    bare_project.amend("embed", "migrations", "-o", "x.c", check=1)
    assert open(f"{bare_project.home}/x.c").read() == before


def test_init_leaves_a_flat_directory_flat(bare_project):
    write_tables(bare_project, 1)
    assert "is there already" in bare_project.amend("init").out
    assert not os.path.exists(f"{bare_project.dir}/versions")


def test_reset_needs_a_yes_where_nobody_can_be_asked(lite_project, lite):
    write_tables(lite_project, 1)
    lite_project.amend("up")
    result = lite_project.amend("reset", check=5)
    assert "AM0704" in result.err and "--yes" in result.err and lite.versions() == ["001"]
    assert "AM0704" in lite_project.amend("reset", "--json", check=5).out


def test_errors_name_the_database(lite_project, lite):
    write_tables(lite_project, 1)
    lite_project.write("app.txt", "this is no database, though it is long enough to be looked at" * 20)
    assert "app.txt" in lite_project.amend("up", url="sqlite:app.txt", check=1).err


def test_timeout_of_wait(lite_project):
    assert "AM0703" in lite_project.amend("wait", "--timeout", "soon", check=2).err
    assert "answers" in lite_project.amend("wait", "--timeout", "1s").out

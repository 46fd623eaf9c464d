# SPDX-License-Identifier: MIT
"""amend explain --error: what healing would do about an error, told without doing it."""
import re
import subprocess

import pytest
from support import jsonschema
from support.terminal import on_terminal

CARDS = "CREATE TABLE cards (id INTEGER PRIMARY KEY, title TEXT);\n"
RANK = "ALTER TABLE cards ADD COLUMN rank INTEGER;\n"
LABELS = "CREATE TABLE labels (id INTEGER PRIMARY KEY);\n"
MISSING = {"sqlite": "no such table: {}", "postgres": 'relation "{}" does not exist'}
MISSING_COLUMN = {"sqlite": "no such column: {}", "postgres": 'column "{}" does not exist'}


@pytest.fixture
def cards(project):
    """A project on either kind of database, three migrations, nothing applied."""
    project.up("001_cards", CARDS)
    project.up("002_rank", RANK)
    project.up("003_labels", LABELS)
    return project


def table_error(project, name):
    return MISSING[project.db.kind].format(name)


def column_error(project, name):
    return MISSING_COLUMN[project.db.kind].format(name)


def explain(project, error, *args, **more):
    return project.amend("explain", "--error", error, *args, **more)


def explain_json(project, error, *args, check=0, **more):
    value = explain(project, error, "--json", *args, check=check, **more).json()
    jsonschema.check(value, jsonschema.load("explain.json"))
    return value


def versions(value):
    return [item["version"] for item in value["items"]]


def said_by_the_shell(db, query):
    """The error as sqlite3 or psql prints it."""
    with pytest.raises(subprocess.CalledProcessError) as failure:
        db.run_by_hand(query + "\n")
    return failure.value.stderr


# ---- the verdicts


def test_would_be_cured(cards, db):
    result = explain(cards, table_error(cards, "labels"))
    lines = result.out.splitlines()
    assert re.fullmatch(r'missing: (table|relation) "labels"', lines[0])
    assert lines[1] == "provided by: 003 labels (migrations/003_labels.sql)"
    assert [line.split()[:3] for line in lines[3:6]] == [["1", "001", "cards"], ["2", "002", "rank"], ["3", "003", "labels"]]
    assert lines[6] == "would be cured: 3 migrations, then the query again (policy: additive)"
    assert result.err == ""


def test_nothing_is_done(cards, db):
    explain(cards, table_error(cards, "labels"))
    assert db.tables() == [] and db.history() == [] and not db.has("_migrations_lock")


def test_only_what_is_pending_is_applied(cards):
    cards.amend("up", "--to", "001")
    value = explain_json(cards, column_error(cards, "rank"))
    assert (value["verdict"], value["migration"]["version"], versions(value)) == ("cure", "002", ["002"])
    assert value["object"]["kind"] == "column" and value["object"]["name"] == "rank"
    assert (value["applied"], value["pending"], value["current"]) == (1, 2, "001")


def test_only_what_it_depends_on_is_applied(project):
    project.up("001_cards", CARDS)
    project.up("002_other", "CREATE TABLE other (id INTEGER);")
    project.up("003_labels", "-- amend:depends 001\n" + LABELS)
    assert versions(explain_json(project, table_error(project, "labels"))) == ["001", "003"]


def test_refused_names_migration_file_line_and_rule(project):
    project.up("001_cards", CARDS)
    project.amend("up")
    project.up("002_drop", "CREATE TABLE a (id INTEGER);\n\nDROP TABLE cards;\n")
    project.up("003_labels", LABELS)
    result = explain(project, table_error(project, "labels"), check=5)
    assert "would not be cured (policy: additive)" in result.out and "002" in result.out
    assert "AM0801" in result.err and "002 drop" in result.err and "drops" in result.err and "002_drop.sql:3" in result.err
    value = explain_json(project, table_error(project, "labels"), check=5)
    assert value["verdict"] == "refused" and value["error"]["code"] == "AM0801" and value["error"]["version"] == "002"
    assert value["migration"]["version"] == "003"


def test_policy_all_allows_it(project):
    project.up("001_cards", CARDS)
    project.amend("up")
    project.up("002_drop", "DROP TABLE cards;\nCREATE TABLE labels (id INTEGER);\n")
    result = explain(project, table_error(project, "labels"), env={"AMEND_HEAL": "all"})
    assert "would be cured: 1 migration, then the query again (policy: all)" in result.out
    assert explain_json(project, table_error(project, "labels"), check=5)["policy"] == "additive"


@pytest.mark.parametrize("policy, words", [("off", "healing is off"), ("report", "healing only reports")])
def test_policies_that_do_nothing(cards, policy, words):
    result = explain(cards, table_error(cards, "labels"), env={"AMEND_HEAL": policy}, check=5)
    assert words in result.err and "AM0801" in result.err and f"(policy: {policy})" in result.out
    value = explain_json(cards, table_error(cards, "labels"), env={"AMEND_HEAL": policy}, check=5)
    assert (value["verdict"], value["policy"]) == (policy, policy)


def test_wrong_policy(cards):
    assert "AMEND_HEAL is \"maybe\"" in explain(cards, table_error(cards, "labels"), env={"AMEND_HEAL": "maybe"}, check=2).err


def test_drift(cards, db):
    cards.amend("up")
    db.sql("DROP TABLE labels;")
    result = explain(cards, table_error(cards, "labels"), check=1)
    assert "AM0803" in result.err and "003 labels is applied" in result.err and "would not be cured" in result.out
    assert explain_json(cards, table_error(cards, "labels"), check=1)["verdict"] == "drift"


def test_unknown(cards):
    result = explain(cards, table_error(cards, "lables"), check=1)
    assert "AM0805" in result.err and "Did you mean the table labels?" in result.err and "missing: " in result.out
    value = explain_json(cards, table_error(cards, "zzz"), check=1)
    assert value["verdict"] == "unknown" and "migration" not in value and "amend:provides" in value["error"]["hint"]


@pytest.mark.parametrize("error", ["syntax error at or near \"FORM\"", "UNIQUE constraint failed: no such table: cards", "x"])
def test_unrelated(cards, error):
    result = explain(cards, error, check=1)
    assert "AM0806" in result.err and result.out == ""
    value = explain_json(cards, error, check=1)
    assert value["verdict"] == "unrelated" and value["given"]["message"] == error and "object" not in value


def test_a_plan_that_cannot_be_carried_out(cards):
    cards.amend("up", "--to", "001")
    cards.up("001_cards", CARDS + "SELECT 1;\n")
    result = explain(cards, table_error(cards, "labels"), check=1)
    assert "AM0401" in result.err and "would not be cured" in result.out
    assert explain_json(cards, table_error(cards, "labels"), check=1)["verdict"] == "refused"


def test_columns_without_names(lite_project):
    lite_project.up("001_cards", CARDS)
    lite_project.up("002_rank", RANK)
    error = "table cards has {} columns but {} values were supplied"
    result = explain(lite_project, error.format(2, 3))
    assert 'missing: table "cards" with 3 columns' in result.out and "provided by: 002 rank" in result.out
    assert explain_json(lite_project, error.format(2, 3))["object"] == {"kind": "column", "table": "cards", "count": 3}
    assert 'no migration provides the table "cards" with 9 columns' in explain(lite_project, error.format(2, 9), check=1).err


# ---- what is pasted


def test_as_the_shell_prints_it(cards, db):
    """A bare column has no table in SQLite's message: the query in the excerpt tells it."""
    cards.amend("up", "--to", "001")
    value = explain_json(cards, said_by_the_shell(db, "SELECT rank FROM cards;"))
    assert (value["verdict"], value["migration"]["version"]) == ("cure", "002")
    assert explain_json(cards, said_by_the_shell(db, "SELECT * FROM labels;"))["migration"]["version"] == "003"


def test_from_standard_input(cards, db):
    error = said_by_the_shell(db, "SELECT * FROM labels;")
    done = subprocess.run([cards.bin, "explain", "--error", "-"], input=error, text=True, capture_output=True, env=cards.env(),
                          cwd=cards.home)
    assert done.returncode == 0 and "003 labels" in done.stdout, done


def test_standard_input_that_is_not_there(cards):
    done = subprocess.run(["sh", "-c", f"'{cards.bin}' explain --error - <&-"], text=True, capture_output=True, env=cards.env(),
                          cwd=cards.home)
    assert done.returncode == 1 and "AM0103" in done.stderr, done


def test_nothing_on_standard_input(cards):
    assert "AM0806" in explain(cards, "-", check=1).err


def test_in_the_servers_language(pg_project):
    pg_project.up("001_cards", CARDS)
    german = "FEHLER:  Relation »cards« existiert nicht\nZEILE 1: SELECT * FROM cards;\n                       ^"
    assert "--sqlstate" in explain(pg_project, german, check=1).err
    value = explain_json(pg_project, german, "--sqlstate", "42P01")
    assert value["given"] == {"message": "Relation »cards« existiert nicht", "sqlstate": "42P01", "query": "SELECT * FROM cards;",
                              "position": 15}
    assert value["migration"]["version"] == "001"


def test_query_and_position_come_before_what_is_pasted(pg_project):
    pg_project.up("001_cards", CARDS)
    pg_project.up("002_labels", LABELS)
    pasted = 'ERROR:  relation "cards" does not exist\nLINE 1: SELECT * FROM cards\n                      ^'
    value = explain_json(pg_project, pasted, "--query", "TABLE cards", "--position", "7")
    assert value["given"]["query"] == "TABLE cards" and value["given"]["position"] == 7
    assert "position" not in explain_json(pg_project, pasted, "--query", "TABLE cards")["given"]
    log = ('2026-11-03 12:00:00 UTC [42] ERROR:  relation "labels" does not exist at character 15\n'
           "2026-11-03 12:00:00 UTC [42] STATEMENT:  SELECT * FROM labels")
    assert explain_json(pg_project, log)["migration"]["version"] == "002"


def test_the_other_databases_error(make_project, make_db):
    lite, pg = make_project(make_db("sqlite"), "lite"), make_project(make_db("postgres"), "pg")
    for project in (lite, pg):
        project.up("001_cards", CARDS)
    assert "the database is SQLite" in explain(lite, MISSING["postgres"].format("cards"), check=1).err
    assert "--sqlstate" in explain(pg, MISSING["sqlite"].format("cards"), check=1).err


# ---- without a database


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_without_a_database(bare_project, kind):
    bare_project.up("001_cards", CARDS)
    bare_project.up("002_labels", LABELS)
    result = explain(bare_project, MISSING[kind].format("labels"))
    assert "would be cured: 2 migrations" in result.out and "no database given: all migrations count as pending" in result.err
    value = explain_json(bare_project, MISSING[kind].format("labels"))
    assert value["dialect"] == kind and value["pending"] == 2 and "database" not in value
    assert "AM0805" in explain(bare_project, MISSING[kind].format("zzz"), check=1).err
    assert "Did you mean the table labels?" in explain(bare_project, MISSING[kind].format("lables"), check=1).err
    assert "AM0806" in explain(bare_project, "no idea", check=1).err


def test_unreachable_database(bare_project):
    bare_project.up("001_cards", CARDS)
    url = "postgres://owner:geheim@127.0.0.1:1/x"
    args = ("--url", url, "--connect-timeout", "200ms")
    result = explain(bare_project, MISSING["postgres"].format("cards"), *args, check=7)
    assert "AM02" in result.err and "geheim" not in result.all
    value = explain_json(bare_project, MISSING["postgres"].format("cards"), *args, check=7)
    assert value["error"]["status"] == 7 and "geheim" not in str(value)


def test_healings_own_url_is_never_shown(cards):
    for args in (["explain", "--error", table_error(cards, "labels")], ["status", "--verbose"]):
        for url in ("postgres://h:geheim@127.0.0.1:1/x", "sqlite:geheim.db", "geheim://"):
            assert "geheim" not in cards.amend(*args, env={"AMEND_HEAL_URL": url}).all


def test_other_commands_do_not_look_at_healings_variables(cards):
    assert cards.amend("up", env={"AMEND_HEAL": "maybe", "AMEND_HEAL_URL": "nonsense"}).code == 0


# ---- the command line


@pytest.mark.parametrize("args, words", [
    (["--sqlstate", "42P01"], "--sqlstate needs --error"),
    (["--query", "SELECT 1"], "--query needs --error"),
    (["--position", "3"], "--position needs --error"),
    (["--error", "x", "AM0210"], "exclude each other"),
    (["--error", "x", "--sqlstate", "42p01"], "is not an SQLSTATE"),
    (["--error", "x", "--sqlstate", "4201"], "is not an SQLSTATE"),
    (["--error", "x", "--position", "0"], "--position is a whole number"),
    (["--error", ""], "--error has an empty value"),
])
def test_wrong_usage(bare_project, args, words):
    result = bare_project.amend("explain", *args, check=2)
    assert words in result.err and "AM0703" in result.err
    jsonschema.check(bare_project.amend("explain", *args, "--json", check=2).json(), jsonschema.load("explain.json"))


def test_settings_are_read_only_for_an_error(bare_project):
    bare_project.write("amend.ini", "nonsense = 1\n")
    assert "AM0701" in bare_project.amend("explain", "AM0701").out
    assert "AM0701" in explain(bare_project, "no such table: x", check=2).err


def test_directory_and_environment(bare_project):
    bare_project.write("db/001_cards.sql", CARDS)
    bare_project.write("amend.ini", "[test]\ndir = db\n")
    assert "001 cards" in explain(bare_project, "no such table: cards", "--dir", "db").out
    assert "001 cards" in explain(bare_project, "no such table: cards", "--env", "test").out
    assert explain(bare_project, "no such table: cards", "--dir", "nowhere", check=None).code in (1, 2)


def test_quiet(cards):
    assert explain(cards, table_error(cards, "labels"), "--quiet").all == ""
    quiet = explain(cards, table_error(cards, "zzz"), "--quiet", check=1)
    assert quiet.out == "" and "AM0805" in quiet.err


@pytest.mark.parametrize("columns", [40, 80])
def test_on_a_terminal(project, columns):
    project.up("001_a_very_long_name_that_goes_on_and_on_until_it_is_wider_than_a_terminal", CARDS)
    shown = on_terminal([project.bin, "explain", "--error", table_error(project, "cards")], project.env(TERM="xterm"), project.home,
                        columns=columns)
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.out)
    table = [line for line in text.splitlines() if line.lstrip().startswith(("STEP", "1 "))]
    assert shown.code == 0 and shown.out != text and "would be cured" in text
    assert len(table) == 2 and all(len(line) <= columns for line in table), text


def test_control_characters_are_not_passed_on(bare_project):
    result = explain(bare_project, "no such table: a\x1b[2Jb", check=1)
    assert "\x1b" not in result.all


# ---- the audit trail


def test_log_tells_healed_from_applied(cards, db):
    """As the library's cure writes it: the error stands in the event's detail."""
    cards.amend("up", "--to", "002")
    cast, error = ("::jsonb", table_error(cards, "labels")) if db.kind == "postgres" else ("", table_error(cards, "labels"))
    detail = '{"name":"rank","execution_time_ms":1,"healed":"' + error.replace('"', '\\"') + '"}'
    db.sql(f"UPDATE _migration_events SET detail = '{detail}'{cast} WHERE version = '002'")
    lines = cards.amend("log").out.splitlines()
    assert "migration.applied (healed)" in lines[2] and f'healed "{error}"' in lines[2]
    assert "healed" not in lines[1]
    events = cards.amend("log", "--json").json()["events"]
    assert [event["type"] for event in events] == ["migration.applied"] * 2 + ["schema.recorded"] and events[1]["detail"]["healed"] == error

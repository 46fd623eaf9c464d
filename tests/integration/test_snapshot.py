# SPDX-License-Identifier: MIT
"""amend snapshot and amend diff: the live schema as text, and two of them compared."""
import os
import re

import pytest
from support import jsonschema
from support.migrations import write_tables
from support.terminal import on_terminal

CARDS = "CREATE TABLE cards (id INTEGER PRIMARY KEY, title TEXT NOT NULL);\nCREATE INDEX cards_title ON cards (title);\n"
NOTES = "CREATE TABLE notes (id INTEGER PRIMARY KEY, card INTEGER REFERENCES cards (id));\nCREATE VIEW titles AS SELECT title FROM cards;\n"


def lines(text):
    """A snapshot without its head."""
    return [line for line in text.splitlines() if not line.startswith("#")]


def table(db, name):
    """How the dialect calls a table."""
    return f"table {name}" if db.kind == "sqlite" else f"table public.{name}"


def test_snapshot(project, db):
    project.up("001_cards", CARDS)
    project.amend("up")
    text = project.amend("snapshot").out
    head = [line for line in text.splitlines() if line.startswith("#")]
    assert f"# dialect: {db.kind}" in head and any(re.fullmatch("# fingerprint: [0-9a-f]{64}", line) for line in head)
    assert f"# objects: {len(lines(text))}" in head
    assert any(line.startswith(table(db, "cards") + "\t") for line in lines(text))
    assert lines(text) == sorted(lines(text), key=str.encode) and "_migration" not in text
    again = project.amend("snapshot", "--quiet").out
    assert again == text


def test_equal_schemas_give_equal_snapshots(project, db, make_db):
    """In whatever order they were made, and with or without amend."""
    other = make_db(db.kind)
    db.sql(CARDS + NOTES)
    other.sql("CREATE TABLE cards (id INTEGER PRIMARY KEY, title TEXT NOT NULL)")
    other.sql(NOTES + "CREATE INDEX cards_title ON cards (title)")
    one = project.amend("snapshot").out
    assert lines(one) == lines(project.amend("snapshot", url=other.url).out)
    result = project.amend("diff", db.url, other.url)
    assert result.out.startswith(f"the same: {len(lines(one))} objects, fingerprint ")


def test_snapshot_to_a_file(project, db):
    db.sql(CARDS)
    assert re.fullmatch(r"\d+ objects written to schema.txt\n", project.amend("snapshot", "-o", "schema.txt").out)
    assert open(f"{project.home}/schema.txt").read() == project.amend("snapshot").out
    assert os.listdir(project.home).count("schema.txt") == 1 and not [name for name in os.listdir(project.home) if "tmp" in name]
    refused = project.amend("snapshot", "-o", "no/such/schema.txt", check=1)
    assert "AM0113" in refused.err
    project.amend("diff", "schema.txt")


def test_no_password_is_kept(pg_project, pg):
    url = pg.url + ("&" if "?" in pg.url else "?") + "password=geheim"
    text = pg_project.amend("snapshot", url=url).out
    assert "geheim" not in text and "***" in text
    pg_project.write("other.txt", "# dialect: postgres\ntable public.other\t\n")
    result = pg_project.amend("diff", "other.txt", url, check=4)
    assert "geheim" not in result.all and "***" in result.out


def test_snapshot_json(project, db):
    db.sql(CARDS)
    value = project.amend("snapshot", "--json").json()
    jsonschema.check(value, jsonschema.load("snapshot.json"))
    text = project.amend("snapshot").out
    assert value["count"] == len(value["objects"]) == len(lines(text)) and f"# fingerprint: {value['fingerprint']}" in text
    assert value["objects"][0]["object"] == lines(text)[0].split("\t")[0]
    written = project.amend("snapshot", "--json", "-o", "x.txt").json()
    jsonschema.check(written, jsonschema.load("snapshot.json"))
    assert written["output"] == "x.txt" and "objects" not in written
    failed = project.amend("snapshot", "--json", url="sqlite:/no/such/place/x.db", check=1).json()
    jsonschema.check(failed, jsonschema.load("snapshot.json"))


def test_diff(project, db):
    db.sql(CARDS + NOTES)
    project.amend("snapshot", "-o", "before.txt")
    assert "the same: " in project.amend("diff", "before.txt").out
    db.sql("DROP VIEW titles")
    db.sql("CREATE TABLE extra (id INTEGER)")
    db.sql("DROP INDEX cards_title")
    db.sql("CREATE INDEX cards_title ON cards (id, title)")
    result = project.amend("diff", "before.txt", check=4)
    told = result.out.splitlines()
    assert told[0] == "--- before.txt (expected)" and told[1].startswith("+++ ") and told[1].endswith(" (existing)")
    assert [line for line in told if line.startswith("- view ")] and [line for line in told if line.startswith("+ " + table(db, "extra"))]
    at = next(i for i, line in enumerate(told) if line.startswith("~ index "))
    assert told[at + 1].startswith("    expected  ") and "(title)" in told[at + 1].replace('"', "")
    assert told[at + 2].startswith("    existing  ") and "(id, title)" in told[at + 2].replace('"', "")
    assert re.fullmatch(r"\d+ missing, \d+ extra, 1 different", told[-1]) and result.err == ""
    project.amend("snapshot", "-o", "after.txt")
    files = project.amend("diff", "before.txt", "after.txt", check=4).out.splitlines()
    assert files[2:] == told[2:] and files[1] == "+++ after.txt (existing)"
    backwards = project.amend("diff", "after.txt", "before.txt", check=4).out
    assert f"- {table(db, 'extra')}" in backwards
    assert project.amend("diff", "before.txt", "--quiet", check=4).all == ""


def test_diff_json(project, db):
    db.sql(CARDS)
    project.amend("snapshot", "-o", "before.txt")
    same = project.amend("diff", "before.txt", "--json").json()
    jsonschema.check(same, jsonschema.load("diff.json"))
    assert same["differences"] == [] and same["expected"]["fingerprint"] == same["existing"]["fingerprint"]
    db.sql("DROP TABLE cards")
    value = project.amend("diff", "before.txt", "--json", check=4).json()
    jsonschema.check(value, jsonschema.load("diff.json"))
    assert {"kind": "missing", "object": table(db, "cards")}.items() <= next(
        d for d in value["differences"] if d["object"] == table(db, "cards")).items()
    assert value["error"]["code"] == "AM0609" and value["expected"]["source"] == "before.txt"


@pytest.mark.parametrize("damage", [lambda text: text[:text.rindex("\n", 0, -1) + 1],
                                    lambda text: text.replace("title", "titel"), lambda text: text + "table extra\t\n"])
def test_a_file_that_was_cut_or_changed_is_no_snapshot(project, db, damage):
    db.sql(CARDS)
    text = project.amend("snapshot").out
    project.write("changed.txt", damage(text))
    result = project.amend("diff", "changed.txt", check=2)
    assert "AM0607" in result.err and "don't give the fingerprint" in result.err and '"# fingerprint"' in result.err
    project.write("meant.txt", "".join(line for line in damage(text).splitlines(True) if "# fingerprint" not in line))
    project.amend("diff", "meant.txt", check=4)
    project.write("whole.txt", text.replace("\n", "\r\n"))
    project.amend("diff", "whole.txt")


def test_a_binary_file_is_no_snapshot(bare_project):
    write(bare_project, "a", "table cards\t")
    with open(os.path.join(bare_project.home, "photo"), "wb") as file:
        file.write(b"\xff\xd8\tJFIF\n\xc3\t")
    result = bare_project.amend("diff", "photo", "a", check=2)
    assert "line 1 of the snapshot is not UTF-8" in result.err and "photo:1" in result.err


def test_an_empty_file_is_told(lite_project, lite):
    """A wrong path looks just like it."""
    result = lite_project.amend("snapshot")
    assert "warning: " in result.err and "has no schema, or isn't there" in result.err and "# objects: 0" in result.out
    result = lite_project.amend("diff", lite.url, lite.url)
    assert "the same: 0 objects" in result.out and result.err.count("has no schema") == 2
    lite.sql(CARDS)
    assert lite_project.amend("snapshot").err == ""


def test_the_catalog_is_for_the_other_side_when_no_database_is_configured(project, db):
    write_tables(project, 2)
    project.amend("up")
    project.amend("snapshot", "-o", "now.txt")
    bare, lite = {"env": {"DATABASE_URL": None}}, db.kind == "sqlite"
    assert "the same: " in project.amend("diff", "catalog", db.url, **bare).out
    assert "the same: " in project.amend("diff", db.url, "catalog", **bare).out
    for names in (["catalog", "now.txt"], ["now.txt", "catalog"]):
        result = project.amend("diff", *names, **bare, check=0 if lite else 2)
        assert ("the same: " in result.out) if lite else ("AM0702" in result.err and "which kind" in result.err)
    assert "AM0702" in project.amend("diff", "catalog", "catalog", **bare, check=2).err


def write(project, name, *facts):
    project.write(name, "# dialect: sqlite\n" + "".join(f"{fact}\n" for fact in facts))


def test_long_definitions_show_what_differs(bare_project):
    body = "\\n".join(f"line {i}" for i in range(9))
    write(bare_project, "a", f"function f()\t{body}", "function g()\tone\\ntwo\\nthree", "function h()\tx\\ny")
    write(bare_project, "b", f"function f()\t{body.replace('line 4', 'LINE 4')}", "function h()\tx")
    told = bare_project.amend("diff", "a", "b", check=4).out.splitlines()
    assert told[2:] == ["~ function f()", "    (after 4 lines that are the same)", "    expected  line 4", "    existing  LINE 4",
                        "- function g()  one …", "~ function h()", "    expected  x", "              y", "    existing  x",
                        "1 missing, 0 extra, 2 different"]
    assert "- function g()  one\ntwo\nthree" in bare_project.amend("diff", "a", "b", "--verbose", check=4).out


@pytest.mark.parametrize("names,code,words", [
    (["none.txt", "a"], 1, "No such file"), (["none.txt", "a"], 1, 'Give a file that "amend snapshot" made'),
    (["a", "."], 1, "Is a directory"), (["a", "bad"], 2, "AM0607"), (["a", "bad"], 2, "bad:2"), (["a", "pg"], 2, "AM0608"),
    (["a"], 2, "AM0702"), (["a", "b", "c"], 2, "unexpected argument"), (["a", "mysql://x"], 2, "mysql"),
])
def test_what_can_not_be_compared(bare_project, names, code, words):
    write(bare_project, "a", "table cards\t")
    bare_project.write("bad", "# a remark\nCREATE TABLE cards (id INTEGER);\n")
    bare_project.write("pg", "# dialect: postgres\ntable public.cards\t\n")
    result = bare_project.amend("diff", *names, check=code)
    assert words in result.err, result.err
    failed = bare_project.amend("diff", *names, "--json", check=code).json()
    jsonschema.check(failed, jsonschema.load("diff.json"))


def test_a_file_that_is_a_database(lite, bare_project):
    lite.sql("CREATE TABLE cards (id INTEGER PRIMARY KEY)")
    bare_project.write("empty.db", "")
    result = bare_project.amend("diff", lite.path, "empty.db", check=4)
    assert "- table cards" in result.out


def test_looking_leaves_no_trace(lite, bare_project):
    lite.sql("PRAGMA journal_mode = WAL")
    lite.sql("CREATE TABLE cards (id INTEGER PRIMARY KEY)")
    home = os.path.dirname(lite.path)
    before = {name: open(os.path.join(home, name), "rb").read() for name in os.listdir(home) if name.startswith(os.path.basename(lite.path))}
    bare_project.amend("snapshot", "--url", lite.path)
    bare_project.amend("diff", lite.path, "sqlite:absent.db", check=4)
    after = {name: open(os.path.join(home, name), "rb").read() for name in os.listdir(home) if name.startswith(os.path.basename(lite.path))}
    assert before == after and not os.path.exists(f"{bare_project.home}/absent.db")


def test_on_a_terminal(bare_project):
    write(bare_project, "a", "table one\t", "table two\tx")
    write(bare_project, "b", "table two\ty", "table zwei\t")
    shown = on_terminal([bare_project.bin, "diff", "a", "b"], bare_project.env(TERM="xterm"), bare_project.home, columns=80)
    assert shown.code == 4 and "\x1b[31m- table one" in shown.out and "\x1b[32m+ table zwei" in shown.out


def test_the_catalog(project, db):
    """Without a name it is expected: what the migrations make, on a scratch database."""
    write_tables(project, 3)
    project.amend("up")
    assert "the same: " in project.amend("diff").out
    assert "the same: " in project.amend("diff", "catalog", "catalog").out
    db.sql("CREATE TABLE by_hand (id INTEGER)")
    before = db.snapshot(), db.history()
    result = project.amend("diff", check=4)
    assert "--- catalog (expected)" in result.out and any(line.startswith("+ table ") and "by_hand" in line for line in result.out.splitlines())
    value = project.amend("diff", db.url, "catalog", "--json", check=4).json()
    assert value["existing"]["source"] == "catalog" and {d["kind"] for d in value["differences"]} == {"missing"}
    assert (db.snapshot(), db.history()) == before
    project.up("004_wrong", "SELECT nowhere;")
    assert "004_wrong.sql" in project.amend("diff", check=1).err
    project.amend("snapshot", "-o", "now.txt")
    assert "the same: " in project.amend("diff", "now.txt").out

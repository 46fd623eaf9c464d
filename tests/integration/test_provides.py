# SPDX-License-Identifier: MIT
"""amend provides: which migration provides which object, as healing looks it up."""
import os
import re

import pytest
from support import jsonschema
from support.terminal import on_terminal

URLS = {"sqlite": "sqlite:", "postgres": "postgres://"}


@pytest.fixture(params=sorted(URLS))
def files(request, bare_project):
    """Migrations, and no database: its URL only tells the kind."""
    bare_project.up("001_cards", "CREATE TABLE cards (id INTEGER PRIMARY KEY, title TEXT);\nCREATE INDEX cards_title ON cards (title);\n")
    bare_project.up("002_rank", "ALTER TABLE cards ADD COLUMN rank INTEGER;\nCREATE TABLE old (id INTEGER);\n")
    bare_project.up("003_notes", "ALTER TABLE cards RENAME COLUMN title TO heading;\nDROP TABLE old;\nCREATE VIEW notes AS SELECT id FROM cards;\n")
    bare_project.kind = request.param
    return bare_project


def provides(project, *args, **more):
    return project.amend("provides", "--url", URLS[project.kind], *args, **more)


def rows(result):
    """(kind, object) → version"""
    lines = [re.split(r" {2,}", line.strip()) for line in result.out.splitlines()[1:]]
    return {(line[0], line[1]): line[2] for line in lines}


def test_all(files):
    result = provides(files)
    assert result.out.splitlines()[0].split() == ["KIND", "OBJECT", "VERSION", "MIGRATION"]
    found = rows(result)
    assert found["table", "cards"] == "001" and found["index", "cards.cards_title"] == "001"
    assert found["column", "cards.rank"] == "002" and found["view", "notes"] == "003"


def test_what_was_renamed_or_dropped(files):
    found = rows(provides(files))
    assert found["column", "cards.heading"] == "003"
    assert ("column", "cards.title") not in found and ("table", "old") not in found


def test_one_object_and_what_belongs_to_it(files):
    found = rows(provides(files, "cards"))
    assert ("table", "cards") in found and ("column", "cards.rank") in found and ("view", "notes") not in found
    assert list(rows(provides(files, "cards.rank"))) == [("column", "cards.rank")]
    notes = rows(provides(files, "notes"))
    assert ("view", "notes") in notes and ("table", "cards") not in notes


def test_case_by_the_databases_rules(files):
    assert ("table", "cards") in rows(provides(files, "CARDS"))
    quoted = provides(files, '"CARDS"', check=None)
    assert quoted.code == (0 if files.kind == "sqlite" else 1)


def test_nothing_of_that_name(files):
    result = provides(files, "crads", check=1)
    assert "AM0805" in result.err and 'no migration provides "crads"' in result.err
    assert 'Did you mean the table cards? "amend provides" lists all.' in result.err
    assert "amend:provides" in provides(files, "zzzzzz", check=1).err


def test_directive(files):
    files.up("004_hidden", "-- amend:provides table audit_log\nSELECT 1;\n")
    assert rows(provides(files, "audit_log")) == {("table", "audit_log"): "004"}


def test_json(files):
    value = provides(files, "--json").json()
    jsonschema.check(value, jsonschema.load("provides.json"))
    row = next(row for row in value["objects"] if row["kind"] == "column" and row["name"] == "rank")
    assert row == {"kind": "column", "table": "cards", "name": "rank", "version": "002", "migration": "rank",
                   "file": "migrations/002_rank.sql"}
    failed = provides(files, "crads", "--json", check=1).json()
    jsonschema.check(failed, jsonschema.load("provides.json"))
    assert failed["error"]["code"] == "AM0805"


def test_no_migrations(bare_project):
    for url in URLS.values():
        assert bare_project.amend("provides", "--url", url).out == "the migrations provide nothing\n"
        assert bare_project.amend("provides", "--url", url, "--json").json() == {"command": "provides", "objects": []}
        assert bare_project.amend("provides", "--url", url, "--quiet").all == ""


def test_the_kind_must_be_known(bare_project):
    result = bare_project.amend("provides", check=2)
    assert "AM0702" in result.err and "--url sqlite: or --url postgres://" in result.err
    jsonschema.check(bare_project.amend("provides", "--json", check=2).json(), jsonschema.load("provides.json"))


def test_not_a_name(files):
    assert "is not an object's name" in provides(files, "a b c", check=2).err


def test_no_database_is_touched(files):
    files.amend("provides", "--url", "sqlite:app.db")
    assert not os.path.exists(f"{files.home}/app.db")
    result = files.amend("provides", "--url", "postgres://owner:geheim@127.0.0.1:1/x", "zzz", check=1)
    assert "geheim" not in result.all


def test_a_directory_that_is_wrong(files):
    files.up("001_again", "SELECT 1;")
    assert "AM0" in provides(files, check=1).err


@pytest.mark.parametrize("columns", [40, 100])
def test_on_a_terminal(files, columns):
    files.up("004_a_name_that_goes_on_and_on_until_it_is_wider_than_any_terminal", "CREATE TABLE wide (a_rather_long_column_name INTEGER);")
    shown = on_terminal([files.bin, "provides", "--url", URLS[files.kind]], files.env(TERM="xterm"), files.home, columns=columns)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown.out).splitlines()
    assert shown.code == 0 and all(len(line) <= columns for line in lines), shown.out

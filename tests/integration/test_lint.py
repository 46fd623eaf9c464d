# SPDX-License-Identifier: MIT
"""amend lint: which files, in which forms, with which severities; and what "amend up" does about it."""
import json
import re
import urllib.parse

import pytest
from support import jsonschema

CARDS = "CREATE TABLE cards (id TEXT NOT NULL PRIMARY KEY, title TEXT);\n"
RENAME = "ALTER TABLE cards RENAME COLUMN title TO headline;\n"


def two(project, second=RENAME):
    project.up("001_cards", CARDS)
    project.up("002_second", second)
    return project


def lint(project, *args, **more):
    return project.amend("lint", "--dialect", "sqlite", *args, **more)


def found(result):
    value = result.json()
    jsonschema.check(value, jsonschema.load("lint.json"))
    return [(finding["rule"], finding["severity"], finding["file"].split("/")[-1], finding.get("line")) for finding in value["findings"]]


def test_text(bare_project):
    result = lint(two(bare_project))
    assert result.out.splitlines() == [
        'warning AL005 rename: column "cards.title" becomes "headline"',
        "  --> migrations/002_second.sql:1:1",
        "   1 | ALTER TABLE cards RENAME COLUMN title TO headline;",
        "  safe: Add the new name beside the old one (a column that is filled from it, or",
        "        a view over the renamed table), move the code, then drop the old one in",
        "        a later migration.",
        "",
        "0 errors, 1 warning, 0 notes in 2 scripts",
        '("amend explain rename" says more; -- amend:allow rename "why" accepts it)'], result
    assert lint(bare_project, "--quiet").out == ""


def test_nothing_found(bare_project):
    bare_project.up("001_cards", CARDS)
    assert lint(bare_project).out == "0 errors, 0 warnings, 0 notes in 1 script\n"


def test_the_dialect_must_be_known(bare_project):
    two(bare_project)
    result = bare_project.amend("lint", check=2)
    assert "AM0702" in result.err and "--dialect sqlite or --dialect postgres" in result.err
    assert "--dialect is sqlite or postgres" in bare_project.amend("lint", "--dialect", "mysql", check=2).err
    bare_project.write("amend.ini", "url = postgres://nobody@127.0.0.1:1/none\n")
    assert bare_project.amend("lint", "--json").json()["dialect"] == "postgres"
    assert bare_project.amend("lint", "--json", "--dialect", "sqlite").json()["dialect"] == "sqlite"


def test_files(bare_project):
    two(bare_project)
    bare_project.up("003_third", "DROP TABLE cards;\n")
    bare_project.write("elsewhere/loose.sql", "DROP TABLE orders;\n")
    assert [row[0] for row in found(lint(bare_project, "--json"))] == ["rename", "destructive"]
    assert [row[0] for row in found(lint(bare_project, "--json", "migrations/002_second.sql"))] == ["rename"]
    assert [row[0] for row in found(lint(bare_project, "--json", f"{bare_project.dir}/003_third.sql"))] == ["destructive"]
    loose = lint(bare_project, "--json", "elsewhere/loose.sql", "migrations/002_second.sql")
    assert [row[0] for row in found(loose)][0] == "rename" and loose.json()["scripts"] == 2
    assert "AM0103" in lint(bare_project, "elsewhere/none.sql", check=1).err


def test_files_without_a_directory(bare_project):
    bare_project.write("loose.sql", "SAVEPOINT x;\n")
    bare_project.write("loose.down.sql", "COMMIT;\n")
    result = lint(bare_project, "--json", "--dir", "none", "loose.sql", "loose.down.sql", check=5)
    assert found(result) == [("transaction-control", "error", "loose.sql", 1), ("empty", "note", "loose.sql", 1),
                             ("transaction-control", "error", "loose.down.sql", 1)]
    assert "version" not in result.json()["findings"][0]
    assert "AM0101" in lint(bare_project, "--dir", "none", check=2).err


def test_a_down_script_alone(bare_project):
    bare_project.up("001_cards", CARDS)
    bare_project.down("001_cards", "DROP TABLE users;\n")
    rows = found(lint(bare_project, "--json", f"{bare_project.dir}/001_cards.down.sql"))
    assert {row[0] for row in rows} >= {"down-leaves"} and {row[2] for row in rows} == {"001_cards.down.sql"}


def test_what_cannot_be_read(bare_project):
    bare_project.up("001_cards", "-- amend:nonsense\n" + CARDS)
    assert "AM0106" in lint(bare_project, check=1).err
    bare_project.up("001_cards", "\\i other.sql\n")
    result = bare_project.amend("lint", "--dialect", "postgres", check=1)
    assert "001_cards.sql:1" in result.err, result


def test_pending(lite_project):
    two(lite_project, "DROP TABLE cards;\n")
    lite_project.amend("up", "--to", "001")
    assert [row[0] for row in found(lite_project.amend("lint", "--json", "--pending"))] == ["destructive"]
    lite_project.amend("up", "--lint", "off", "--allow-destructive", check=None)
    assert "which are meant" in lite_project.amend("lint", "--pending", "x.sql", check=2).err


def test_severities(bare_project):
    two(bare_project)
    bare_project.write("amend.ini", "[lint]\nrename = error\nno_down = note\n")
    result = lint(bare_project, "--json", check=5)
    assert [row[:2] for row in found(result)] == [("no-down", "note"), ("rename", "error"), ("no-down", "note")]
    assert result.json()["error"]["code"] == "AM0304"
    assert "AM0304" in lint(bare_project, check=5).err
    bare_project.write("amend.ini", "[lint]\nAL005 = off\n")
    assert found(lint(bare_project, "--json")) == []


@pytest.mark.parametrize("text,words", [
    ("[lint]\nrenam = off\n", 'no lint rule "renam"'),
    ("[lint]\nrenam = off\n", 'Did you mean "rename"?'),
    ("[lint]\nzzzzzzzzzzzzz = off\n", '"amend explain" lists the rules'),
    ("[lint]\nrename = loud\n", '"rename" is error, warning, note or off, not "loud"'),
    ("[lint]\nrename = off\n\n[production]\nurl = sqlite:x.db\n", None),
])
def test_wrong_severities(bare_project, text, words):
    two(bare_project)
    bare_project.write("amend.ini", text)
    if words is None:
        assert found(lint(bare_project, "--json", "--env", "production")) == []
        assert "no section [lint]" in lint(bare_project, "--env", "lint", check=2).err
    else:
        assert words in lint(bare_project, check=2).err


@pytest.mark.parametrize("second,rules", [
    ('-- amend:allow rename "nobody reads it"\n' + RENAME, []),
    ('SELECT 1;\n' + RENAME.strip() + ' -- amend:allow AL005 "nobody reads it"\n', []),
    ('ALTER TABLE cards\n  -- amend:allow rename, destructive "nobody reads it"\n  RENAME COLUMN title TO headline;\n', ["allow-unused"]),
    ('SELECT 1;\n-- amend:allow rename "nobody reads it"\n\n/* why */\n' + RENAME, []),
    ('SELECT 1;\n-- amend:allow rename "nobody reads it"\nSELECT 2;\n' + RENAME, ["allow-unused", "rename"]),
    ('-- amend:allow rename\n' + RENAME, ["allow-form", "rename"]),
    ('-- amend:allow rename ""\n' + RENAME, ["allow-form", "rename"]),
    ('-- amend:allow\n' + RENAME, ["allow-form", "rename"]),
    ('-- amend:allow renam "why"\n' + RENAME, ["allow-unknown", "rename"]),
    (RENAME + '-- amend:allow rename "too late"\n', ["rename", "allow-unused"]),
    ("INSERT INTO cards VALUES ('a', ' -- amend:allow x');\n", []),
])
def test_allow(bare_project, second, rules):
    two(bare_project, second)
    assert [row[0] for row in found(lint(bare_project, "--json"))] == rules


def test_github(bare_project):
    two(bare_project, 'ALTER TABLE cards RENAME COLUMN title TO "100%, a:b";\n')
    bare_project.write("a,b:c%.sql", "SAVEPOINT x;\n")
    lines = lint(bare_project, "--format", "github", "--dir", "migrations").out.splitlines()
    assert len(lines) == 1 and lines[0].startswith("::warning file=migrations/002_second.sql,line=1,col=1,title=AL005 rename::")
    assert 'becomes "100%25, a:b"%0A' in lines[0]
    lines = lint(bare_project, "--format", "github", "--quiet", "a,b:c%.sql", check=5).out.splitlines()
    assert len(lines) == 1 and lines[0].startswith("::error file=a%2Cb%3Ac%25.sql,line=1,col=1,title=AL006 transaction-control::")
    assert "--json is a format of its own" in lint(bare_project, "--json", "--format", "github", check=2).out


def test_sarif(bare_project):
    two(bare_project, "SELECT 'é'; " + RENAME)
    bare_project.write("with space/ü.sql", "SAVEPOINT x;\n")
    result = lint(bare_project, "--format", "sarif")
    value = result.json()
    # What the standard requires of a log, a run, a rule and a result.
    assert value["version"] == "2.1.0" and value["$schema"].endswith("sarif-schema-2.1.0.json") and len(value["runs"]) == 1
    run = value["runs"][0]
    driver = run["tool"]["driver"]
    assert driver["name"] == "amend" and re.fullmatch(r"\d+\.\d+\.\d+", driver["semanticVersion"])
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids)) > 10
    for rule in driver["rules"]:
        assert set(rule) == {"id", "name", "shortDescription", "fullDescription", "help", "defaultConfiguration"}
        assert rule["shortDescription"]["text"] and rule["help"]["text"] and rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
        assert (rule["defaultConfiguration"]["level"] == "none") == (not rule["defaultConfiguration"]["enabled"])
    assert len(run["results"]) == 1
    one = run["results"][0]
    assert ids[one["ruleIndex"]] == one["ruleId"] == "AL005" and one["level"] == "warning" and one["message"]["text"]
    place = one["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "migrations/002_second.sql"}
    assert place["region"]["startLine"] == 1 and place["region"]["startColumn"] == 13, "columns count characters"
    failed = lint(bare_project, "--format", "sarif", "with space/ü.sql", f"{bare_project.home}/with space/ü.sql", check=5)
    uris = [one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in failed.json()["runs"][0]["results"]
            if one["level"] == "error"]
    assert uris[0] == "with%20space/%C3%BC.sql"
    assert urllib.parse.urlparse(uris[1]).scheme == "file" and json.dumps(uris[1]).isascii()


def test_explain(bare_project):
    page = bare_project.amend("explain", "rename").out
    assert page.startswith("AL005 rename: a new name breaks the code that runs (warning, every database)\n")
    for part in ("\nWhy: ", "\nScale: ", "\nSafe: ", "\nFires:\n", "\nFine:\n", "    -- an earlier migration\n", "    -- this migration\n"):
        assert part in page
    assert bare_project.amend("explain", "al005").out == page
    value = bare_project.amend("explain", "AL005", "--json").json()
    jsonschema.check(value, jsonschema.load("explain.json"))
    assert value["rule"] == "rename" and "dialect" not in value
    listed = bare_project.amend("explain")
    assert "AL005" in listed.out and "AM0304" in listed.out
    jsonschema.check(bare_project.amend("explain", "--json").json(), jsonschema.load("explain.json"))
    assert 'no diagnostic and no lint rule "nothing"' in bare_project.amend("explain", "nothing", check=2).err


# ------------------------------------------------------------------------------------------------------------ at "up"


def test_up_warns(project, db):
    two(project)
    project.amend("up", "--to", "001")
    result = project.amend("up")
    assert 'warning AM0304: column "cards.title" becomes "headline" (AL005 rename)' in result.err
    assert "002_second.sql:1" in result.err and result.err.count("AL005") == 1
    assert db.versions() == ["001", "002"]


def test_up_warns_before_anything_runs(project, db):
    """The second migration fails: what lint says of it stands above what was applied."""
    two(project)
    project.amend("up", "--to", "001")
    project.up("003_third", "ALTER TABLE cards RENAME COLUMN headline TO title;\nSELECT nothing;\n")
    lines = project.amend("up", "--json", check=1).lines()
    types = [line["type"] for line in lines]
    assert types.index("lint.found") < types.index("migration.started") and types.count("lint.found") == 2
    found = lines[types.index("lint.found")]
    assert (found["version"], found["statement"], found["severity"]) == ("002", 1, "warning")
    assert found["detail"] == {"code": "AL005", "rule": "rename", "line": 1} and found["file"].endswith("002_second.sql")
    result = project.amend("up", check=1)
    assert result.err.index("AL005") < result.err.index("AM0210") and result.err.count("AL005") == 1
    assert "AL005" not in project.amend("up", "--quiet", check=1).err


def test_up_off(project, db):
    two(project)
    project.amend("up", "--to", "001")
    assert "rename" not in project.amend("up", "--lint", "off").err
    project.up("003_third", "ALTER TABLE cards RENAME COLUMN headline TO title;\n")
    assert "rename" not in project.amend("up", env={"AMEND_LINT": "off"}).err
    assert "lint (environment AMEND_LINT) is off, warn or error" in project.amend("up", env={"AMEND_LINT": "x"}, check=2).err
    assert "--lint is off, warn or error" in project.amend("up", "--lint", "x", check=2).err
    assert db.versions() == ["001", "002", "003"]


def test_up_refuses(project, db):
    two(project)
    project.write("amend.ini", "lint = error\n[lint]\nrename = error\n")
    result = project.amend("up", check=5)
    assert 'error AM0304: column "cards.title" becomes "headline" (AL005 rename)' in result.err
    assert "002_second.sql:1" in result.err
    assert db.versions() == [], "nothing at all ran"
    project.up("002_second", '-- amend:allow rename "nobody reads it"\n' + RENAME)
    project.amend("up")
    assert db.versions() == ["001", "002"]


def test_up_on_a_fresh_database_has_nothing_to_lose(project):
    two(project)
    assert "rename" not in project.amend("up").err


def test_up_tells_json(project):
    two(project)
    project.amend("up", "--to", "001")
    lines = project.amend("up", "--json").lines()
    problems = lines[-1]["problems"]
    assert [(p["code"], p["severity"], p["line"]) for p in problems] == [("AM0304", "warning", 1)]


def test_notes_are_not_told_at_up(project):
    two(project, "-- nothing\n")
    project.amend("up", "--to", "001")
    assert "AL008" not in project.amend("up").err

# SPDX-License-Identifier: MIT
"""amend test: what is wrong with migrations is found on scratch databases, and named; the database itself is not touched."""
import os
import signal
import time
import xml.etree.ElementTree

import pytest
from support import jsonschema
from support.waiting import wait_until

CARDS = ("001_cards", "CREATE TABLE cards (id INTEGER PRIMARY KEY, title TEXT);", "DROP TABLE cards;")
BODY = ("002_body", "ALTER TABLE cards ADD COLUMN body TEXT;\nUPDATE cards SET body = title;", "ALTER TABLE cards DROP COLUMN body;")


def tried(project, *args, check=0, **more):
    """(version or "all", test) → the result, of a run with --json."""
    value = project.amend("test", "--json", "--lint", "off", *args, check=check, **more).json()
    jsonschema.check(value, jsonschema.load("test.json"))
    return {(r.get("version", "all"), r["test"]): r for r in value["results"]}


def outcomes(results):
    return {key: r["outcome"] for key, r in results.items()}


def scratch_left(db):
    return db.kind == "postgres" and db.rows("SELECT datname FROM pg_database WHERE datname LIKE 'amend_scratch_%'")


def test_all_is_well(project, db):
    project.both(*CARDS)
    project.both(*BODY)
    results = tried(project)
    assert outcomes(results) == {(v, t): "passed" for v in ("001", "002") for t in ("up", "down", "up again")} | {
        ("all", "all down"): "passed", ("all", "all up"): "passed"}
    assert not scratch_left(db)
    assert db.kind == "postgres" or not db.made()
    text = project.amend("test", "--lint", "off").out
    assert "ok   001 cards  up, down, up again\n" in text and text.splitlines()[-2] in ("ok   all  all down, all up", "ok   all  all up, all down")
    assert "8 passed, 0 failed, 0 skipped in " in text


def test_the_database_is_not_touched(project, db):
    project.both(*CARDS)
    project.amend("up")
    before = db.snapshot(), db.history(), db.events()
    project.both(*BODY)
    tried(project)
    assert (db.snapshot(), db.history(), db.events()) == before


def test_a_down_that_leaves_something(project, db):
    project.both("001_cards", CARDS[1] + "\nCREATE INDEX i ON cards (title);\nCREATE VIEW v AS SELECT id FROM cards;", "DROP INDEX i;\nDROP VIEW v;")
    project.both("002_decks", "CREATE TABLE decks (id INTEGER PRIMARY KEY);", "DROP TABLE decks;")
    results = tried(project, check=1)
    found = results[("001", "down")]
    assert found["outcome"] == "failed" and found["message"] == "the down script does not undo the up script"
    lines = found["detail"].replace("public.", "").splitlines()
    assert "left behind: table cards" in lines and "left behind: column cards.title" in lines and not any("view" in line for line in lines)
    assert "already exists" in results[("001", "up again")]["message"]
    # what comes behind it is tried all the same
    assert results[("002", "down")]["outcome"] == "passed" and results[("002", "up again")]["outcome"] == "passed"
    assert results[("all", "all down")]["outcome"] == "failed"
    assert not scratch_left(db)


def test_a_down_that_takes_too_much(project):
    project.both(*CARDS)
    project.both("002_decks", "CREATE TABLE decks (id INTEGER PRIMARY KEY);", "DROP TABLE decks;\nDROP TABLE cards;")
    found = tried(project, check=1)[("002", "down")]
    assert "gone: table cards" in found["detail"].replace("public.", "") and found["file"].endswith("002_decks.down.sql")


def test_a_down_that_fails_and_one_that_is_not_there(project):
    project.both("001_cards", CARDS[1], "DROP TABLE nowhere;")
    project.up("002_decks", "CREATE TABLE decks (id INTEGER PRIMARY KEY);")
    results = tried(project, check=1)
    assert "nowhere" in results[("001", "down")]["message"] and results[("001", "down")]["line"] == 1
    assert results[("002", "down")]["outcome"] == "skipped"
    assert results[("002", "down")]["message"] == "it has no down script"
    assert results[("all", "all down")]["outcome"] == "skipped"


def test_an_up_that_fails(project):
    project.both(*CARDS)
    project.both("002_wrong", "CREATE TABLE decks (id INTEGER PRIMARY KEY);\nINSERT INTO nowhere VALUES (1);", "DROP TABLE decks;")
    results = tried(project, check=1)
    found = results[("002", "up")]
    assert found["outcome"] == "failed" and found["line"] == 2 and found["file"].endswith("002_wrong.sql")
    assert results[("all", "all up")]["outcome"] == "failed" and results[("all", "all up")]["file"].endswith("002_wrong.sql")
    out = project.amend("test", "--lint", "off", check=1)
    assert "FAIL 002 wrong" in out.out and "AM0306" in out.err


def test_run_twice(project):
    project.both("001_again", "CREATE TABLE IF NOT EXISTS a (id INTEGER PRIMARY KEY);\nCREATE INDEX IF NOT EXISTS i ON a (id);", "DROP TABLE IF EXISTS a;")
    project.both("002_once", "CREATE TABLE b (id INTEGER PRIMARY KEY);", "DROP TABLE b;")
    results = tried(project)
    assert results[("001", "twice")]["outcome"] == "passed" and ("002", "twice") not in results


def test_run_twice_and_it_is_not_the_same(lite_project):
    lite_project.up("001_again", "DROP TABLE IF EXISTS b;\nCREATE TABLE IF NOT EXISTS a (id INTEGER PRIMARY KEY);\nDROP TABLE IF EXISTS c;")
    lite_project.up("002_other", "CREATE TABLE IF NOT EXISTS b (id INTEGER PRIMARY KEY);\nDROP TABLE IF EXISTS a;")
    assert tried(lite_project)[("002", "twice")]["outcome"] == "passed"
    lite_project.up("003_not", "INSERT INTO b VALUES (1) ON CONFLICT DO NOTHING;\nCREATE TRIGGER IF NOT EXISTS t AFTER INSERT ON b BEGIN SELECT raise(abort, 'twice'); END;")
    lite_project.up("004_not", "INSERT OR REPLACE INTO b VALUES (2);")
    found = tried(lite_project, check=1)
    assert found[("004", "up")]["outcome"] == "failed" and "twice" in found[("004", "up")]["message"]



def lines(found):
    return found["detail"].replace("public.", "").splitlines()


def test_it_says_that_it_may_run_twice_and_may_not(project):
    project.both("001_log", "CREATE TABLE log (n INTEGER);", "DROP TABLE log;")
    project.up("002_rows", "INSERT INTO log VALUES (1) ON CONFLICT DO NOTHING;")
    project.write("migrations/tests/002_after.sql", "SELECT count(*) = 1 FROM log;")
    found = tried(project, check=1)[("002", "twice")]
    assert found["message"] == "run twice, it changes rows: a row of this query is not true" and found["file"].endswith("tests/002_after.sql")
    project.write("migrations/tests/002_after.sql", "SELECT count(*) >= 1 FROM log;")
    assert tried(project)[("002", "twice")]["outcome"] == "passed"


def test_run_twice_and_it_fails(lite_project):
    lite_project.up("001_old", "DROP TABLE IF EXISTS old;\nCREATE VIEW IF NOT EXISTS old AS SELECT 1 AS a;")
    found = tried(lite_project, check=1)[("001", "twice")]
    assert found["outcome"] == "failed" and "use DROP VIEW" in found["message"] and found["line"] == 1


def test_a_block_that_swallows_is_run_twice(pg_project):
    swallow = "EXCEPTION WHEN duplicate_object THEN null;\nEND $$;\n"
    pg_project.both("001_state", f"DO $$ BEGIN\nCREATE TYPE state AS ENUM ('on', 'off');\n{swallow}"
                    "CREATE TABLE IF NOT EXISTS cards (id int, s state);", "DROP TABLE cards;\nDROP TYPE state;")
    assert tried(pg_project)[("001", "twice")]["outcome"] == "passed"
    pg_project.both("002_more", "ALTER TABLE cards ADD COLUMN IF NOT EXISTS a int, ADD COLUMN b int;", "ALTER TABLE cards DROP COLUMN a, DROP COLUMN b;")
    found = tried(pg_project, check=1)[("002", "twice")]
    assert found["outcome"] == "failed" and 'column "b"' in found["message"] and found["file"].endswith("002_more.sql")


def test_a_script_that_adds_to_what_it_made_is_run_twice(pg_project):
    pg_project.both("001_cards", "CREATE TABLE IF NOT EXISTS cards (id int);\nALTER TABLE cards ADD COLUMN IF NOT EXISTS b int;",
                    "DROP TABLE cards;")
    assert tried(pg_project)[("001", "twice")]["outcome"] == "passed"


def test_words_that_are_about_something_else(project):
    project.both("001_cards", "CREATE TABLE cards (id INTEGER PRIMARY KEY);\nCREATE TABLE log (n INTEGER);", "DROP TABLE log;\nDROP TABLE cards;")
    if project.db.kind == "sqlite":
        project.both("002_on", "CREATE TRIGGER t AFTER INSERT ON cards BEGIN INSERT OR REPLACE INTO log VALUES (1); END;", "DROP TRIGGER t;")
        project.both("003_key", "CREATE TABLE k (a TEXT UNIQUE ON CONFLICT IGNORE);", "DROP TABLE k;")
    else:
        project.both("002_on", "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$BEGIN DROP TABLE IF EXISTS x; END$$;", "DROP FUNCTION f();")
        project.both("003_key", "ALTER TABLE IF EXISTS log ADD COLUMN m INTEGER;", "ALTER TABLE log DROP COLUMN m;")
    results = tried(project)
    assert ("002", "twice") not in results and ("003", "twice") not in results


def test_each_object_is_named(project):
    project.both("001_cards", "CREATE TABLE cards (id INTEGER PRIMARY KEY, title TEXT, body TEXT);\nCREATE INDEX by_title ON cards (title);",
                 "DROP TABLE cards;")
    project.both("002_indexes", "CREATE INDEX by_body ON cards (body);\nCREATE UNIQUE INDEX by_both ON cards (title, body);\nCREATE VIEW v AS SELECT id FROM cards;",
                 "DROP INDEX by_body;\nDROP INDEX by_title;\nDROP VIEW v;")
    results = tried(project, check=1)
    assert sorted(lines(results[("002", "down")])) == ["gone: index by_title", "left behind: index by_both"]
    assert "by_both" in results[("002", "up again")]["message"]
    assert results[("all", "all down")]["outcome"] == "passed"  # the table takes all of it along


def test_a_down_that_makes_it_otherwise(project):
    project.both("001_cards", "CREATE TABLE cards (id INTEGER PRIMARY KEY, title VARCHAR(20));\nCREATE INDEX by_title ON cards (title);", "DROP TABLE cards;")
    project.both("002_wide", "DROP INDEX by_title;\nCREATE INDEX by_title ON cards (title, id);", "DROP INDEX by_title;\nCREATE INDEX by_title ON cards (id);")
    found = lines(tried(project, check=1)[("002", "down")])
    assert found[0] == "different: index by_title" and "title" in found[1] and found[1].startswith("  was  ") and found[2].startswith("  is   ")


def test_a_script_that_cannot_be_planned(project):
    project.both(*CARDS)
    project.up("002_ends", "CREATE TABLE a (id INTEGER);\nCOMMIT;")
    results = tried(project, check=1)
    assert results[("001", "up again")]["outcome"] == "passed"
    assert "transaction control" in results[("002", "up")]["message"] and results[("002", "up")]["line"] == 2
    project.amend("test", "--junit", "report.xml", check=1)
    root = xml.etree.ElementTree.parse(os.path.join(project.home, "report.xml")).getroot()
    assert [c.get("classname") for c in root.iter("testcase") if c.get("name") == "up" and c.find("failure") is not None] == ["002"]


def test_data(project):
    project.both(*CARDS)
    project.both(*BODY)
    project.write("migrations/tests/002_before.sql", "INSERT INTO cards VALUES (1, 'a'), (2, NULL);")
    project.write("migrations/tests/002_after.sql", "SELECT count(*) = 1 FROM cards WHERE body = 'a';\nSELECT body = title FROM cards WHERE id = 1;")
    project.write("migrations/tests/002_down.sql", "SELECT count(*) = 2 FROM cards;")
    assert tried(project)[("002", "data")]["outcome"] == "passed"
    for text, message in [("SELECT 1 = 1;\nSELECT count(*) = 5 FROM cards;", "a row of this query is not true"),
                          ("SELECT 1 = 1;\nSELECT 1 FROM cards WHERE id = 7;", "this query gives no row"),
                          ("SELECT 1 = 1;\nSELECT nowhere FROM cards;", "nowhere")]:
        project.write("migrations/tests/002_after.sql", text)
        found = tried(project, check=1)[("002", "data")]
        assert found["outcome"] == "failed" and message in found["message"] and found["line"] == 2
    project.write("migrations/tests/002_after.sql", "")
    project.write("migrations/tests/002_down.sql", "SELECT count(*) = 3 FROM cards;")
    results = tried(project, check=1)
    assert results[("002", "down")]["file"].endswith("tests/002_down.sql") and results[("002", "down")]["outcome"] == "failed"
    project.write("migrations/tests/002_before.sql", "INSERT INTO nowhere VALUES (1);")
    results = tried(project, check=1)
    assert "nowhere" in results[("002", "data")]["message"] and ("002", "up") not in results


def test_junit(project):
    project.both("001_cards", CARDS[1], "DROP TABLE \"<&\x01>\";")
    project.amend("test", "--lint", "off", "--junit", "report.xml", check=1)
    root = xml.etree.ElementTree.parse(os.path.join(project.home, "report.xml")).getroot()
    suite = root.find("testsuite")
    cases = {(c.get("classname"), c.get("name")): c for c in suite}
    assert int(suite.get("tests")) == len(cases) and int(suite.get("failures")) == sum(c.find("failure") is not None for c in suite)
    failed = cases[("001 cards", "down")]
    assert "<&?>" in failed.find("failure").get("message") and failed.get("file").endswith("001_cards.down.sql")
    assert cases[("001 cards", "up")].find("failure") is None
    result = project.amend("test", "--lint", "off", "--junit", "no/such/dir/report.xml", check=1)
    assert "AM0113" in result.err


def test_annotations(project):
    project.both("001_cards", CARDS[1], "DROP TABLE a,b;\n")
    out = project.amend("test", "--lint", "off", "--format", "github", check=1).out
    line = next(line for line in out.splitlines() if "title=001 cards" in line)
    assert line.startswith("::error file=migrations/001_cards.down.sql,line=1,col=1,title=001 cards%3A down::")
    assert "AM0703" in project.amend("test", "--format", "sarif", check=2).err
    assert "AM0703" in project.amend("test", "--format", "github", "--json", check=2).out


def test_lint_counts_when_it_is_an_error(project):
    project.up(*CARDS[:2])
    project.both("002_decks", "CREATE TABLE decks (id INTEGER PRIMARY KEY);", "DROP TABLE IF EXISTS decks;")
    project.write("amend.ini", "[lint]\nno-down = error\n")
    result = project.amend("test", "--junit", "report.xml", check=5)
    assert "AM0304" in result.err and "no-down" in result.out and "1 passed" not in result.err
    assert "FAIL 001 cards" in result.out and "     lint: AL011 no-down: " in result.out and "ok   002 decks  up, down, up again, lint\n" in result.out
    value = project.amend("test", "--json", check=5).json()
    assert value["error"]["code"] == "AM0304" and value["failed"] == 1
    jsonschema.check(value, jsonschema.load("test.json"))
    results = {(r.get("version", "all"), r["test"]): r for r in value["results"]}
    found = results[("001", "lint")]
    assert found["outcome"] == "failed" and found["file"] == "migrations/001_cards.sql" and found["line"] == 1
    assert found["detail"].startswith("migrations/001_cards.sql:1: AL011 no-down: ") and results[("002", "lint")]["outcome"] == "passed"
    out = project.amend("test", "--format", "github", check=5).out
    assert out.count("::error file=migrations/001_cards.sql") == 1
    root = xml.etree.ElementTree.parse(os.path.join(project.home, "report.xml")).getroot()
    cases = {(c.get("classname"), c.get("name")): c.find("failure") for c in root.iter("testcase")}
    assert cases[("001 cards", "lint")].get("message").startswith("AL011 no-down: ") and cases[("002 decks", "lint")] is None
    assert root.find("testsuite").get("failures") == "1"
    project.amend("test", "--lint", "off")
    # beside a test that failed, that one decides
    project.both("003_wrong", "CREATE TABLE wrong (id INTEGER PRIMARY KEY);", "DROP TABLE IF EXISTS right_one;")
    assert "AM0306" in project.amend("test", check=1).err


@pytest.mark.parametrize("where", ["up", "data"])
def test_stopped_by_a_signal(project, db, tmp_path, where):
    """It ends soon, also within a statement, no finding comes of it, and the scratch databases are gone."""
    temp = tmp_path / "temp"
    temp.mkdir()
    slow = ("SELECT count(*) FROM pg_catalog.generate_series(1, 100000000000)" if db.kind == "postgres" else
            "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n;")
    project.both(*CARDS)
    if where == "up":
        project.both("002_slow", slow, "SELECT 1;")
    else:
        project.write("migrations/tests/001_after.sql", slow)
    process = project.start("test", "--lint", "off", env={"TMPDIR": str(temp)})
    wait_until(lambda: db.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%generate_series(1, 1000000%' AND datname LIKE 'amend_scratch_%'")
               if db.kind == "postgres" else list(temp.glob("amend-scratch-*/scratch.db")), "it to work")
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    result = project.finish(process)
    assert result.code == 1 and "AM0215" in result.err and "AM0306" not in result.err, result
    assert time.monotonic() - began < 10
    assert not scratch_left(db) and not list(temp.iterdir())


def test_nothing_to_try(project):
    results = tried(project)
    assert outcomes(results) == {("all", "all down"): "passed", ("all", "all up"): "passed"}


def test_without_a_database(bare_project):
    bare_project.both(*CARDS)
    assert "AM0702" in bare_project.amend("test", check=2).err


def test_no_room(lite_project, tmp_path):
    lite_project.both(*CARDS)
    result = lite_project.amend("test", check=1, env={"TMPDIR": str(tmp_path / "nowhere")})
    assert "AM0307" in result.err and "no directory for a scratch database can be made in" in result.err


def test_a_role_that_may_not_make_databases(pg_project, pg):
    pg.sql("CREATE ROLE poor LOGIN")
    pg_project.both(*CARDS)
    url = pg.url.replace("owner@", "poor@")
    result = pg_project.amend("test", "--url", url, check=1)
    assert "AM0307" in result.err and "no scratch database can be made: permission denied to create database" in result.err
    assert "--scratch-url" in result.err
    pg.sql("DROP ROLE poor")


def test_a_scratch_database_of_ones_own(pg_project, pg, make_db):
    pg_project.both(*CARDS)
    pg_project.both(*BODY)
    own = make_db("postgres")
    results = tried(pg_project, "--scratch-url", own.url)
    assert set(outcomes(results).values()) == {"passed"} and own.tables() == []
    own.sql("CREATE TABLE precious (id INT)")
    result = pg_project.amend("test", "--scratch-url", own.url, check=1)
    assert "AM0307" in result.err and "the database for scratch work is not empty: it has " in result.err
    assert own.tables() == ["public.precious"]
    assert "AM0307" in pg_project.amend("test", "--scratch-url", "sqlite:x.db", check=1).err


def test_a_scratch_database_whose_schema_is_anothers(pg_project, pg, make_db):
    """As before PostgreSQL 15, or where somebody else owns the database: what the migrations made goes, the schema stays."""
    pg_project.up("001_all", """
        CREATE TYPE state AS ENUM ('on', 'off');
        CREATE TYPE pair AS (a INT, b state);
        CREATE DOMAIN small AS INT CHECK (VALUE < 10);
        CREATE TYPE span AS RANGE (subtype = INT);
        CREATE TABLE cards (id BIGSERIAL PRIMARY KEY, s state, n small, p pair, r span);
        CREATE TABLE parted (a INT) PARTITION BY LIST (a);
        CREATE TABLE part PARTITION OF parted DEFAULT;
        CREATE VIEW v AS SELECT id FROM cards;
        CREATE MATERIALIZED VIEW m AS SELECT id FROM v;
        CREATE SEQUENCE q;
        CREATE FUNCTION f(s state) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE PROCEDURE "p""q"() LANGUAGE sql AS 'SELECT 1';
        CREATE SCHEMA more;
        CREATE TABLE more.t (id INT);""")
    own = make_db("postgres")
    own.sql(f"CREATE ROLE guest LOGIN; GRANT ALL ON SCHEMA public TO guest; GRANT CREATE ON DATABASE {own.name} TO guest")
    before = own.snapshot()
    url = own.url.replace("owner@", "guest@")
    try:
        for _ in range(2):
            results = tried(pg_project, "--scratch-url", url)
            assert results[("all", "all up")]["outcome"] == "passed"
            assert own.snapshot() == before
    finally:
        own.sql("DROP OWNED BY guest CASCADE; DROP ROLE guest")


def test_left_overs_are_dropped(pg_project, pg):
    pg_project.both(*CARDS)
    for name in ("amend_scratch_1000000000_0123abcd", "amend_scratch_9999999999_0123abcd", "amend_scratch_mine"):
        pg.sql(f"CREATE DATABASE {name}")
    tried(pg_project)
    left = [row[0] for row in pg.rows("SELECT datname FROM pg_database WHERE datname LIKE 'amend_scratch_%' ORDER BY 1")]
    assert left == ["amend_scratch_9999999999_0123abcd", "amend_scratch_mine"]
    for name in left:
        pg.sql(f"DROP DATABASE {name}")


@pytest.mark.parametrize("form", ["key=value", "url with ?", "url"])
def test_forms_of_urls(pg_project, pg, form):
    pg_project.both(*CARDS)
    from urllib.parse import parse_qs, urlsplit
    u = urlsplit(pg.url)
    host = parse_qs(u.query).get("host", [u.hostname])[0]
    port = parse_qs(u.query).get("port", [u.port])[0]
    urls = {"key=value": f"host={host} port={port} user=owner dbname={u.path[1:]}", "url with ?": pg.url if u.query else pg.url + "?application_name=x",
            "url": pg.url}
    assert set(outcomes(tried(pg_project, url=urls[form])).values()) == {"passed"}

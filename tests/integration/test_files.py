# SPDX-License-Identifier: MIT
"""Files as people really have them: every encoding, size, name and half-written state."""
import hashlib
import os
import time

import pytest
from support.migrations import table, write_tables


def test_no_such_directory(project):
    os.rmdir(project.dir)
    result = project.amend("up", check=2)
    assert "AM0101" in result.err and "migrations" in result.err and "amend init" in result.err


def test_directory_that_is_a_file(project):
    os.rmdir(project.dir)
    project.write("migrations", "not a directory")
    assert "AM0102" in project.amend("up", check=1).err


def test_directory_that_cannot_be_read(project):
    write_tables(project, 1)
    os.chmod(project.dir, 0)
    if os.access(project.dir, os.R_OK):
        os.chmod(project.dir, 0o755)
        pytest.skip("this user may read every directory")
    result = project.amend("up", check=1)
    os.chmod(project.dir, 0o755)
    assert "AM0102" in result.err


def test_empty_directory(project, db):
    result = project.amend("up")
    assert "AM0111" in result.all or "no migrations" in result.all
    assert db.kind == "postgres" or not db.versions()


def test_file_that_cannot_be_read(project, db):
    write_tables(project, 1)
    os.symlink("nowhere", f"{project.dir}/002_gone.sql")
    result = project.amend("up", check=1)
    assert "AM0103" in result.err and "002_gone.sql" in result.err
    assert db.versions() == []


def test_directory_named_like_a_migration(project, db):
    write_tables(project, 1)
    os.mkdir(f"{project.dir}/002_dir.sql")
    result = project.amend("up", check=None)
    assert "002_dir.sql" in result.err and db.versions() == ([] if result.code else ["001"]), result


@pytest.mark.parametrize("bad", [b"SELECT '\xff';\n", b"SELECT '\xc3';", b"SELECT '\xed\xa0\x80';", b"SELECT '\xc0\xaf';", b"SELECT 1;\0\n"],
                         ids=["byte", "cut", "surrogate", "overlong", "nul"])
def test_invalid_utf8(project, db, bad):
    write_tables(project, 1)
    project.write("migrations/002_bad.sql", b"SELECT 1;\n" + bad)
    result = project.amend("up", check=1)
    assert "AM0104" in result.err and "002_bad.sql" in result.err
    assert db.versions() == []


def test_crlf_and_bom_have_the_same_checksum(project, db, make_db, make_project):
    text = "CREATE TABLE a (id INTEGER, label TEXT);\nINSERT INTO a VALUES (1, 'x');\n"
    forms = {"lf": text.encode(), "crlf": text.replace("\n", "\r\n").encode(), "bom": b"\xef\xbb\xbf" + text.encode(),
             "both": b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()}
    expected = hashlib.sha256(text.encode()).hexdigest()[:32]
    for name, data in forms.items():
        other = make_project(make_db(db.kind), name)
        other.write("migrations/001_a.sql", data)
        other.amend("up")
        assert other.db.history()[0]["checksum"] == expected, name
        assert other.db.rows("SELECT * FROM a") == [(1, "x")]
    project.write("migrations/001_a.sql", forms["lf"])
    project.amend("up")
    for data in forms.values():
        project.write("migrations/001_a.sql", data)
        project.amend("verify")
        project.amend("up")


def test_error_position_in_a_crlf_file(project, db):
    project.write("migrations/001_a.sql", b"\xef\xbb\xbfSELECT 1;\r\nSELECT 2;\r\nSELECT nope;\r\n")
    result = project.amend("up", check=1)
    assert "001_a.sql:3:8" in result.err or "line 3" in result.err, result
    assert "\r" not in result.err


@pytest.mark.parametrize("name", ["it's \"quoted\"", "with spaces in it", "größe-日本語", "dots.in.name", "semi-colon_x"])
def test_odd_names(project, db, name):
    fits = '"' not in name
    path = project.write(f"migrations/001_{name}.sql", "CREATE TABLE odd (id INTEGER);\n")
    result = project.amend("up")
    if fits:
        assert db.history()[0]["name"] == name
        assert project.amend("status").out.count(name) == 1
    else:
        assert os.path.basename(path) in result.err and ("AM0109" in result.err or "skip" in result.err)
        assert db.versions() == []


def test_directory_with_quotes_and_spaces(db, make_project):
    project = make_project(db, "it's a \"project\" with spaces")
    write_tables(project, 2)
    project.amend("up")
    project.amend("down")
    assert db.versions() == ["001"]


def test_sql_file_that_is_no_migration_is_named(project, db):
    write_tables(project, 1)
    project.write("migrations/readme.sql", "SELECT 1;")
    project.write("migrations/notes.txt", "text")
    result = project.amend("up")
    assert "readme.sql" in result.err and "notes.txt" not in result.err
    assert db.versions() == ["001"]


def test_down_script_without_up_is_a_warning(project, db):
    write_tables(project, 1)
    project.down("002_alone", "SELECT 1;")
    result = project.amend("up")
    assert "002_alone" in result.err and db.versions() == ["001"]
    assert "AM0110" in project.amend("status", "--verbose").all


def test_gap_in_the_numbers_is_told(project):
    write_tables(project, 2)
    write_tables(project, 1, first=4)
    result = project.amend("status", "--verbose")
    assert "003" in result.all or "AM0112" in result.all


def test_two_files_with_one_version(project, db):
    project.up("01_one", "SELECT 1;")
    project.up("001_other", "SELECT 1;")
    result = project.amend("up", check=1)
    assert "AM0105" in result.err and "01_one.sql" in result.err and "001_other.sql" in result.err
    assert db.versions() == []


@pytest.mark.parametrize("line", ["-- amend:depnds 001", "-- amend:transaction maybe", "-- amend:lock-timeout soon"])
def test_wrong_directive(project, db, line):
    project.up("001_a", "SELECT 1;")
    project.up("002_b", f"-- a comment\n{line}\nSELECT 1;")
    result = project.amend("up", check=1)
    assert "AM0106" in result.err and "002_b.sql:2" in result.err, result
    assert db.versions() == []


def test_directive_behind_the_head_is_told(project, db):
    project.up("001_a", "SELECT 1;\n-- amend:transaction off\nSELECT 2;\n")
    result = project.amend("up")
    assert "AM0115" in result.err and "001_a.sql:2" in result.err and db.versions() == ["001"]


def test_depends_on_nothing_and_in_a_circle(project, db):
    project.up("003_a", "-- amend:depends 007\nSELECT 1;")
    assert "AM0107" in project.amend("up", check=1).err
    project.up("007_b", "-- amend:depends 003\nSELECT 1;")
    result = project.amend("up", check=1)
    assert "AM0108" in result.err and ("003 → 007 → 003" in result.err or "007 → 003 → 007" in result.err), result
    assert db.versions() == []


@pytest.mark.parametrize("text", ["", "\n\n", "-- only a comment\n", "/* only\na comment */", ";;;\n", "-- amend:transaction off\n",
                                  "BEGIN;\nCOMMIT;\n"],
                         ids=["empty", "newlines", "comment", "block-comment", "semicolons", "directive", "empty-transaction"])
def test_nothing_in_the_file(project, db, text):
    write_tables(project, 1)
    project.both("002_nothing", text, text)
    write_tables(project, 1, first=3)
    project.amend("up")
    assert db.versions() == ["001", "002", "003"]
    project.amend("down", "--steps", "2")
    assert db.versions() == ["001"]


@pytest.mark.parametrize("text", ["CREATE TABLE a (id INTEGER)", "CREATE TABLE a (id INTEGER);", "CREATE TABLE a (id INTEGER) -- end",
                                  "CREATE TABLE a (id INTEGER); -- end", "CREATE TABLE a (id INTEGER) /* end */",
                                  "CREATE TABLE a (id INTEGER);;", "  \n\tCREATE TABLE a (id INTEGER) ; \n-- x"])
def test_how_a_file_may_end(project, db, text):
    project.up("001_a", text)
    project.up("002_b", "CREATE TABLE b (id INTEGER)")
    project.amend("up")
    assert db.has("a") and db.has("b") and db.versions() == ["001", "002"]


def test_file_of_fifty_megabytes(project, db):
    row = "INSERT INTO big (label) VALUES ('" + "x" * 50000 + "');\n"
    project.up("001_big", "CREATE TABLE big (label TEXT);\n" + row * 1000)
    project.up("002_after", table(2)[0])
    project.amend("up", timeout=240)
    assert db.value("SELECT count(*) FROM big") == 1000 and db.versions() == ["001", "002"]
    project.amend("verify")


def test_one_statement_of_many_megabytes(project, db):
    project.up("001_big", "CREATE TABLE big (label TEXT);\nINSERT INTO big VALUES ('" + "y" * 20_000_000 + "');\n")
    project.amend("up")
    assert db.value("SELECT length(label) FROM big") == 20_000_000


def test_ten_thousand_files(project, db):
    for n in range(1, 10001):
        with open(f"{project.dir}/{n:05}_m{n}.sql", "w") as file:
            file.write(f"-- migration {n}\nSELECT {n};\n")
    project.amend("up", timeout=240)
    assert db.value("SELECT count(*) FROM _migrations") == 10000
    assert db.value("SELECT count(*) FROM _migration_events WHERE type = 'migration.applied'") == 10000
    began = time.monotonic()
    project.amend("up")
    assert time.monotonic() - began < 20
    assert project.amend("status").out.count("applied") >= 10000


def test_file_changed_under_way_is_noticed(project, db):
    """Between the plan and its turn another text came into the file: it must not be recorded with the planned checksum."""
    from support.migrations import slow_statement
    from support.waiting import wait_until
    project.up("001_slow", f"-- amend:transaction off\n{slow_statement(db.kind, 1)}\n")
    path = project.up("002_b", "CREATE TABLE b (id INTEGER);")
    process = project.start("up")
    wait_until(lambda: any(event["type"] == "statement.started" for event in db.events()), "the first migration to start")
    with open(path, "w") as file:
        file.write("CREATE TABLE other (id INTEGER);")
    result = project.finish(process)
    text = "CREATE TABLE b (id INTEGER);" if db.has("b") else "CREATE TABLE other (id INTEGER);"
    if result.code:
        assert "AM0410" in result.err and db.versions() == ["001"], result
    else:
        assert db.history()[1]["checksum"] == hashlib.sha256(text.encode()).hexdigest()[:32]

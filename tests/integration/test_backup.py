# SPDX-License-Identifier: MIT
"""A backup of a SQLite database before a run: made, put back when the run fails, not put back when that would lose something."""
import json
import os
import resource
import signal
import stat

import pytest
from support import chain
from support.migrations import slow_statement
from support.terminal import on_terminal
from support.waiting import wait_until

SECOND = "ALTER TABLE t ADD COLUMN b TEXT; UPDATE t SET a = upper(a), b = 'new' WHERE id <= 3;"
BROKEN = "CREATE TABLE u (id INTEGER PRIMARY KEY); INSERT INTO absent VALUES (1);"


@pytest.fixture
def ready(lite_project):
    """001 applied, with rows; 002 changes them, 003 fails."""
    project = lite_project
    project.up("001_t", "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, raw BLOB);")
    project.amend("up")
    project.db.sql("INSERT INTO t (a, raw) VALUES ('one', x'00ff'), ('zwei', NULL), ('it''s \\ \n 3', zeroblob(9000))")
    project.up("002_change", SECOND)
    project.up("003_broken", BROKEN)
    return project


def backups(project, name="backups"):
    where = os.path.join(project.home, name)
    return sorted(os.path.join(where, n) for n in os.listdir(where) if n != ".gitignore") if os.path.isdir(where) else []


def events(db, first=0):
    return [event["type"] for event in db.events()][first:]


def apart(*statements):
    """Each by itself: what came before is committed, and others may write while one that only reads runs."""
    return "-- amend:transaction off\n" + "\n".join(statements)


def wait_for_second(project):
    wait_until(lambda: "002" in project.db.versions(), "002, committed")


def test_a_run_that_succeeds_leaves_its_backup(ready):
    before = ready.db.snapshot()
    os.remove(f"{ready.dir}/003_broken.sql")
    result = ready.amend("up", "--backup")
    made, = backups(ready)
    assert f"note: backed up the database (" in result.err and made in result.err
    assert ready.db.versions() == ["001", "002"] and ready.db.snapshot() != before
    assert os.path.basename(made).endswith("-app.db") and os.path.basename(made)[:4].isdigit()
    assert stat.S_IMODE(os.stat(made).st_mode) == 0o700
    assert sorted(os.listdir(made)) == ["database.sqlite", "manifest.json"]
    assert all(stat.S_IMODE(os.stat(os.path.join(made, n)).st_mode) == 0o600 for n in os.listdir(made))
    assert open(os.path.join(ready.home, "backups", ".gitignore")).read() == "*\n"
    saved = type(ready.db)(os.path.join(made, "database.sqlite"))
    assert saved.snapshot() == before and saved.versions() == ["001"]
    assert "backup.made" in events(ready.db) and chain.broken_links(ready.db.events()) == []
    ready.amend("verify")


@pytest.mark.parametrize("mode", ["delete", "wal", "truncate", "persist"])
@pytest.mark.parametrize("broken", [BROKEN, "VACUUM; " + BROKEN, "PRAGMA foreign_keys = off; " + BROKEN, "not SQL at all"])
def test_a_run_that_fails_is_undone_as_a_whole(ready, mode, broken):
    ready.up("003_broken", broken)
    ready.db.rows(f"PRAGMA journal_mode = {mode}")
    before, known = ready.db.snapshot(), len(ready.db.events())
    reader = ready.db.connect()  # another program's connection: it must see what is there
    assert reader.execute("SELECT count(*) FROM t").fetchone() == (3,)
    result = ready.amend("up", "--backup", check=1)
    assert "applied 002" in result.out  # it was, for a while
    assert "warning: the run failed: the database is again what it was before" in result.err
    assert "The database is as it was before the run." in result.err
    assert ready.db.snapshot() == before and ready.db.versions() == ["001"]
    assert [tuple(row) for row in reader.execute("SELECT a FROM t WHERE id = 1")] == [("one",)]
    reader.close()
    # what the trail tells of it: not that 002 was ever applied, but that there was a run, and why it is not there
    assert events(ready.db, known) == ["migration.failed", "backup.restored"]
    assert ready.db.events()[-2]["version"] == "003"
    assert chain.broken_links(ready.db.events()) == []
    assert ready.db.lock()["holder"] is None
    ready.amend("verify")
    os.remove(f"{ready.dir}/003_broken.sql")
    ready.amend("up")
    assert ready.db.versions() == ["001", "002"]


def test_the_report_tells(ready):
    result = ready.amend("up", "--backup", "--json", check=1)
    last = result.lines()[-1]
    made, = backups(ready)
    assert last["backup"] == made and last["restored"] is True
    assert (last["applied"], last["pending"], last["done"]) == (1, 2, 0)
    assert {item["version"]: item["state"] for item in last["items"]}["002"] == "pending"
    assert {"backup.made", "backup.restored"} <= {line["type"] for line in result.lines()}


def test_where_nothing_was_changed_nothing_is_put_back(ready):
    os.remove(f"{ready.dir}/002_change.sql")
    result = ready.amend("up", "--backup", check=1)
    assert "again what it was" not in result.err
    assert events(ready.db)[-2:] == ["backup.made", "migration.failed"]


def test_what_another_program_writes_is_not_thrown_away(ready):
    ready.up("003_broken", apart(slow_statement("sqlite", 4), BROKEN))
    process = ready.start("up", "--backup")
    wait_for_second(ready)
    other = ready.db.connect(timeout=30)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    result = ready.finish(process)
    made, = backups(ready)
    assert result.code == 1 and "another program has written to the database since the backup" in result.err
    assert f'amend restore "{made}"' in result.err
    assert ready.db.has("theirs") and ready.db.versions() == ["001", "002"]
    ready.amend("restore", made, "--yes")
    assert not ready.db.has("theirs") and ready.db.versions() == ["001"]


def test_killed_half_way_and_restored_by_hand(ready):
    before = ready.db.snapshot()
    ready.up("003_broken", apart(slow_statement("sqlite", 60)))
    process = ready.start("up", "--backup")
    wait_for_second(ready)
    ready.kill(process, signal.SIGKILL)
    assert ready.db.snapshot() != before
    made, = backups(ready)
    looked = ready.amend("restore", made, "--dry-run")
    assert "before: 002 up, 003 up" in looked.out and "nothing was changed" in looked.out
    assert ready.db.versions() == ["001", "002"]
    result = ready.amend("restore", made, "--yes")
    assert "restored in" in result.out
    assert ready.db.snapshot() == before and ready.db.versions() == ["001"]
    assert events(ready.db)[-1] == "backup.restored" and chain.broken_links(ready.db.events()) == []
    ready.amend("verify")


def test_interrupted_it_is_put_back(ready):
    before = ready.db.snapshot()
    ready.up("003_broken", apart(slow_statement("sqlite", 60)))
    process = ready.start("up", "--backup")
    wait_for_second(ready)
    process.send_signal(signal.SIGTERM)
    assert "again what it was before" in ready.finish(process).err
    assert ready.db.snapshot() == before


def test_down_redo_and_reset(ready):
    os.remove(f"{ready.dir}/003_broken.sql")
    ready.amend("up")
    ready.down("001_t", "DROP TABLE t;")
    ready.down("002_change", "ALTER TABLE t DROP COLUMN b;")
    before = ready.db.snapshot()
    for args in (["down"], ["redo"], ["reset", "--yes"]):
        ready.amend(*args, "--backup")
        made = backups(ready)[-1]
        ready.amend("restore", made, "--yes")
        assert ready.db.snapshot() == before, args
    assert len(backups(ready)) == 3


def test_restore_asks_first(ready):
    os.remove(f"{ready.dir}/003_broken.sql")
    ready.amend("up", "--backup")
    made, = backups(ready)
    result = ready.amend("restore", made, check=5)
    assert "AM0704" in result.err and "--yes" in result.err
    assert ready.db.versions() == ["001", "002"]


def test_on_a_terminal_it_asks_for_the_name(ready):
    os.remove(f"{ready.dir}/003_broken.sql")
    ready.amend("up", "--backup")
    made, = backups(ready)

    def asked(answer):
        command = [ready.bin, "restore", os.path.relpath(made, ready.home)]
        return on_terminal(command, ready.env(TERM="xterm-256color"), ready.home, answer=answer, prompt="to go on")

    for answer in ("wrong", "", "\x04"):
        shown = asked(answer)
        assert shown.code == 5 and "This takes the place of all that" in shown.out, shown.out
        assert "backup of app.db" in shown.out and ready.db.versions() == ["001", "002"]
    assert asked("app.db").code == 0 and ready.db.versions() == ["001"]
    assert json.loads(ready.db.events()[-1]["detail"])["path"] == made


def test_what_is_broken_edited_or_of_another_database_is_refused(ready, make_db):
    os.remove(f"{ready.dir}/003_broken.sql")
    ready.amend("up", "--backup")
    made, = backups(ready)
    whole, manifest = os.path.join(made, "database.sqlite"), os.path.join(made, "manifest.json")
    bytes_, text = open(whole, "rb").read(), open(manifest).read()

    def refused(words, *more, path=made, **other):
        before = ready.db.snapshot()
        result = ready.amend("restore", path, "--yes", *more, check=1, **other)
        assert "AM0305" in result.err and words in result.err, result
        assert ready.db.snapshot() == before and ready.db.versions() == ["001", "002"]

    open(whole, "wb").write(bytes_[:-1] + b"!")
    refused("database.sqlite is not what it was")
    os.remove(whole)
    refused("No such file")
    open(whole, "wb").write(bytes_)
    for edited in (text.replace('"001"', '"002"'), text.replace('"seal": "', '"seal": "0')):
        open(manifest, "w").write(edited)
        refused("manifest.json is not what it was")
    for nonsense in ("", "{", "[]", '{"amend_backup": 1}', "\0"):
        open(manifest, "w").write(nonsense)
        refused("not a backup of amend's")
    open(manifest, "w").write(json.dumps({"amend_backup": 2, "seal": ""}))
    refused("a newer amend")
    os.remove(manifest)
    refused("No such file")
    open(manifest, "w").write(text)
    os.rename(made, made + ".partial")
    refused("never finished", path=made + ".partial")
    os.rename(made + ".partial", made)
    other = make_db("sqlite")
    other.sql("CREATE TABLE mine (x)")
    refused(f'not of "{other.path}"', url=other.url)
    refused("in memory", url="sqlite::memory:")
    assert "whole database" in ready.amend("restore", made, "--yes", "--into", "x", check=2).err
    ready.amend("restore", made, "--yes")
    assert ready.db.versions() == ["001"]


def test_it_goes_to_an_absent_or_empty_file_too(ready, tmp_path):
    before = ready.db.snapshot()
    os.remove(f"{ready.dir}/003_broken.sql")
    ready.amend("up", "--backup")
    made, = backups(ready)
    for name in ("absent.db", "empty.db"):
        copy = type(ready.db)(tmp_path / name)
        if name == "empty.db":
            open(copy.path, "w").close()
        ready.amend("restore", made + "/", "--yes", url=copy.url)
        assert copy.snapshot() == before
    os.rename(ready.db.path, ready.db.path + ".gone")
    ready.amend("restore", made, "--yes")
    assert ready.db.snapshot() == before
    open(ready.db.path, "w").write("no database, but a text that is longer than a header of a hundred bytes; " * 9)
    assert "Move the damaged file away" in ready.amend("restore", made, "--yes", check=1).err


def test_the_first_run_of_all(lite_project):
    lite_project.up("001_t", "CREATE TABLE t (id INTEGER);")
    lite_project.up("002_broken", BROKEN)
    lite_project.amend("up", "--backup", check=1)
    assert lite_project.db.snapshot() == [] and lite_project.db.versions() == []
    os.remove(f"{lite_project.dir}/002_broken.sql")
    lite_project.amend("up", "--backup")
    assert lite_project.db.versions() == ["001"]


def test_nothing_to_do_makes_no_backup(ready):
    os.remove(f"{ready.dir}/003_broken.sql")
    ready.amend("up")
    ready.amend("up", "--backup")
    assert backups(ready) == []


def test_a_dry_run_says_where_and_writes_nothing(ready):
    result = ready.amend("up", "--backup", "--dry-run")
    assert "note: the database would be backed up to a directory in backups" in result.err
    assert not os.path.exists(os.path.join(ready.home, "backups"))
    ready.amend("up", "--backup", "--preview", check=1)
    assert not os.path.exists(os.path.join(ready.home, "backups"))


def test_where_it_is_set(ready):
    os.remove(f"{ready.dir}/003_broken.sql")
    ready.down("002_change", "ALTER TABLE t DROP COLUMN b;")
    ready.amend("up", env={"AMEND_BACKUP": "true"})
    assert len(backups(ready)) == 1
    ready.amend("down", "--backup-dir", "a/b/c")
    assert len(backups(ready, "a/b/c")) == 1 and len(backups(ready)) == 1
    ready.write("amend.ini", "backup = on\nbackup-dir = elsewhere\n")
    ready.amend("up")
    ready.amend("down", "--dir", os.path.join(ready.home, "migrations/"), env={"AMEND_BACKUP_DIR": ready.home + "/here"})
    assert len(backups(ready, "elsewhere")) == 1 and len(backups(ready, "here")) == 1
    os.remove(os.path.join(ready.home, "amend.ini"))
    ready.amend("up", "--backup", "--dir", "../" + os.path.basename(ready.home) + "/migrations//")
    assert len(backups(ready)) == 2
    assert "backup" in ready.amend("status", "--verbose").out


@pytest.mark.parametrize("args", [["baseline", "001"], ["repair", "--all"], ["plan"], ["status"], ["up", "--preview"],
                                  ["test"]])
def test_the_setting_does_not_disturb_other_commands(lite_project, args):
    lite_project.both("001_t", "CREATE TABLE t (id INTEGER PRIMARY KEY);", "DROP TABLE t;")
    lite_project.amend(*args, env={"AMEND_BACKUP": "true"})
    assert backups(lite_project) == []


def refuses(project, *args, preexec_fn=None):
    """The run is refused for want of a backup: nothing has run, and no half of one is left."""
    before, versions = project.db.snapshot(), project.db.versions()
    result = project.amend("up", *args, check=1, preexec_fn=preexec_fn)
    assert "AM0305" in result.err, result
    assert project.db.snapshot() == before and project.db.versions() == versions
    assert not any(event["type"] == "backup.made" for event in project.db.events())
    assert project.db.lock()["holder"] is None
    return result.err


def test_a_directory_that_cannot_be(ready):
    ready.write("file", "")
    assert "Not a directory" in refuses(ready, "--backup-dir", "file")
    assert "Not a directory" in refuses(ready, "--backup-dir", "file/in")
    assert "--backup-dir names another" in refuses(ready, "--backup-dir", "/proc/nowhere")
    assert "File name too long" in refuses(ready, "--backup-dir", "x" * 300)
    assert "File name too long" in refuses(ready, "--backup-dir", "y/" * 2500)


@pytest.mark.parametrize("limit", [0, 4096, 16384])
def test_a_full_disk(ready, limit):
    def full():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    ready.db.rows("PRAGMA journal_mode = wal")
    keep = ready.db.connect()  # so that what amend writes to the database itself stays below the limit, and in memory
    ready.db.rows("SELECT 1")
    before, versions = ready.db.snapshot(), ready.db.versions()
    result = ready.amend("up", "--backup", check=1, preexec_fn=full)
    keep.close()
    assert "AM0" in result.err
    assert ready.db.snapshot() == before and ready.db.versions() == versions
    assert backups(ready) == []


def test_odd_names(make_project, tmp_path):
    project = make_project(None, name="pro ject's \"ü\" %41?#")
    db_dir = tmp_path / "da%ta?#"
    db_dir.mkdir()
    path = db_dir / "it's \"größe\" .db"
    project.up("001_t", "CREATE TABLE t (id INTEGER);")
    project.amend("up", url=str(path))
    project.up("002_u", "CREATE TABLE u (id INTEGER);")
    project.up("003_broken", BROKEN)
    result = project.amend("up", "--backup", url=str(path), check=1)
    assert "again what it was before" in result.err
    made, = backups(project)
    assert os.path.basename(made).endswith("-it_s__größe__.db")
    project.amend("restore", made, "--yes", url=str(path))


def test_a_reader_that_does_not_go(ready):
    """In a rollback journal nobody can write past a reader: it can't be put back, and what to type is said."""
    ready.up("003_broken", apart(slow_statement("sqlite", 3), BROKEN))
    process = ready.start("up", "--backup", "--lock-timeout", "200ms")
    wait_for_second(ready)
    reader = ready.db.connect()
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM t").fetchall()
    result = ready.finish(process)
    reader.close()
    assert result.code == 1 and "amend restore" in result.err
    made, = backups(ready)
    ready.amend("restore", made, "--yes")
    assert ready.db.versions() == ["001"]


def test_two_runners(ready):
    """The second one waits, finds nothing to do, and has made no backup for nothing."""
    ready.up("003_broken", slow_statement("sqlite", 1))
    first, second = ready.start("up", "--backup"), ready.start("up", "--backup")
    assert [ready.finish(p).code for p in (first, second)] == [0, 0]
    assert ready.db.versions() == ["001", "002", "003"]
    assert len(backups(ready)) == 1


def test_a_restore_waits_for_the_runner(ready):
    os.remove(f"{ready.dir}/003_broken.sql")
    ready.amend("up", "--backup")
    made, = backups(ready)
    ready.up("003_slow", apart(slow_statement("sqlite", 60)))
    process = ready.start("up")
    wait_until(lambda: ready.db.lock()["holder"] is not None, "the runner's lock")
    result = ready.amend("restore", made, "--yes", "--lock-wait", "1s", check=6)
    assert "AM0501" in result.err
    ready.kill(process)
    ready.amend("restore", made, "--yes")
    assert ready.db.versions() == ["001"]

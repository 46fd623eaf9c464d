# SPDX-License-Identifier: MIT
"""A world that says no: no room, no permission, no server, no password; and passwords that show up nowhere."""
import glob
import os
import resource
import shutil
import sqlite3
import subprocess
import tempfile
import time

import pytest
from support.migrations import slow_statement, write_tables
from support.postgres import server_user
from support.waiting import wait_until

# ---- disk full


def small_disk_works():
    """May this user mount a tmpfs in a mount namespace of its own?"""
    if not shutil.which("unshare"):
        return False
    return subprocess.run([*NAMESPACE, "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"], capture_output=True).returncode == 0


NAMESPACE = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--user", "--map-root-user"])

FULL = """set -e
mount -t tmpfs -o size=16m tmpfs "$1"
head -c 15m /dev/zero > "$1/ballast"
"$AMEND" up --to 1
set +e
"$AMEND" up; echo "exit $?"
sqlite3 "$1/app.db" "SELECT 'versions ' || group_concat(version) FROM _migrations; SELECT 'big ' || count(*) FROM sqlite_schema WHERE name = 'big'"
rm "$1/ballast"
"$AMEND" up; echo "exit $?"
sqlite3 "$1/app.db" "SELECT 'versions ' || group_concat(version) FROM _migrations; SELECT 'big ' || count(*) FROM big"
"""


def big_migration(size):
    return "CREATE TABLE big (label TEXT);\n" + f"INSERT INTO big VALUES ('{'z' * 10000}');\n" * (size // 10000)


def test_disk_full_on_sqlite(lite_project, tmp_path):
    if not small_disk_works():
        pytest.skip("no small file system to be had: mounting in a namespace is not allowed here")
    disk = tmp_path / "disk"
    disk.mkdir()
    write_tables(lite_project, 1)
    lite_project.up("002_big", big_migration(3_000_000))
    env = lite_project.env(DATABASE_URL=f"sqlite:{disk}/app.db", AMEND=lite_project.bin)
    done = subprocess.run([*NAMESPACE, "sh", "-c", FULL, "sh", str(disk)], cwd=lite_project.home, env=env, text=True, capture_output=True)
    assert "AM0212" in done.stderr and "002_big.sql" in done.stderr, done
    lines = [line for line in done.stdout.splitlines() if line.startswith(("exit ", "versions ", "big "))]
    assert lines == ["exit 1", "versions 001", "big 0", "exit 0", "versions 001,002", "big 300"], done


def test_disk_full_on_postgres(pg_project, pg):
    if os.geteuid() != 0 or not small_disk_works():
        pytest.skip("no small file system to be had: mounting needs root")
    disk = tempfile.mkdtemp(prefix="amend-disk-")
    user = server_user()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=2m,uid={user.pw_uid},gid={user.pw_gid},mode=700", "tmpfs", disk], check=True)
    try:
        pg.sql(f"CREATE TABLESPACE small_disk LOCATION '{disk}'")
        write_tables(pg_project, 1)
        pg_project.up("002_big", "CREATE TABLE big (label TEXT) TABLESPACE small_disk;\nALTER TABLE big ALTER label SET STORAGE PLAIN;\n"
                                 "INSERT INTO big SELECT repeat('z', 7000) FROM generate_series(1, 1000);\n")
        result = pg_project.amend("up", check=1)
        assert "AM0212" in result.err and "53100" in result.err and "002_big.sql" in result.err, result
        assert pg.versions() == ["001"] and not pg.has("big")
        pg_project.up("002_big", "CREATE TABLE big (label TEXT);")
        pg_project.amend("up")
        pg.sql("DROP TABLESPACE small_disk")
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
        os.rmdir(disk)


def test_writing_fails_for_another_reason(lite_project, lite):
    """No file may grow over a megabyte: to SQLite that is an I/O error like a failing disk's."""
    write_tables(lite_project, 1)
    lite_project.up("002_big", big_migration(3_000_000))
    limit = 1 << 20
    result = lite_project.amend("up", check=1, restore_signals=False,  # Python ignores SIGXFSZ, and so will its child
                                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert "AM0217" in result.err, result
    assert lite.versions() == ["001"] and not lite.has("big")
    lite_project.amend("up")
    assert lite.versions() == ["001", "002"] and lite.value("SELECT count(*) FROM big") == 300


# ---- SQLite files


def unprivileged(project):
    """Popen arguments that take root's power to write everywhere away; nothing when we aren't root."""
    if os.geteuid() != 0:
        return {}
    for path in [project.home, *glob.glob(f"{project.home}/**", recursive=True), os.path.dirname(project.db.path)]:
        os.chmod(path, 0o755 if os.path.isdir(path) else 0o644)
    parent = os.path.dirname(project.home)
    while parent not in ("/", "/tmp"):
        os.chmod(parent, os.stat(parent).st_mode | 0o055)
        parent = os.path.dirname(parent)
    # A copy of the command, for a checkout in a home that others may not enter.
    project.bin = shutil.copy(project.bin, project.home)
    os.chmod(project.bin, 0o755)
    user = server_user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def test_read_only_file(lite_project, lite):
    write_tables(lite_project, 1)
    lite_project.amend("up")
    write_tables(lite_project, 1, first=2)
    who = unprivileged(lite_project)
    os.chmod(lite.path, 0o444)
    result = lite_project.amend("up", check=1, **who)
    assert "AM0208" in result.err and "app.db" in result.err, result
    assert lite.versions() == ["001"]
    assert "002" in lite_project.amend("status", **who).out


def test_read_only_by_url(lite_project, lite):
    write_tables(lite_project, 1)
    lite_project.amend("up")
    write_tables(lite_project, 1, first=2)
    result = lite_project.amend("up", url=f"file:{lite.path}?mode=ro", check=1)
    assert "AM0208" in result.err, result


def test_read_only_postgres(pg_project, pg):
    write_tables(pg_project, 1)
    pg.sql(f'ALTER DATABASE "{pg.name}" SET default_transaction_read_only = on')
    result = pg_project.amend("up", check=1)
    assert "AM0208" in result.err or "read-only" in result.err, result
    assert not pg.has("_migrations")


def test_directory_of_the_database_is_missing(lite_project, tmp_path):
    write_tables(lite_project, 1)
    result = lite_project.amend("up", url=f"sqlite:{tmp_path}/nowhere/app.db", check=1)
    assert "AM0209" in result.err and "nowhere" in result.err
    assert not os.path.exists(f"{tmp_path}/nowhere")


def test_file_is_no_database(lite_project, lite):
    write_tables(lite_project, 1)
    text = b"This is a letter to my aunt, and not a database at all.\n" * 50
    with open(lite.path, "wb") as file:
        file.write(text)
    for command in ("up", "status"):
        assert "AM0206" in lite_project.amend(command, check=1).err
    with open(lite.path, "rb") as file:
        assert file.read() == text


def test_database_is_a_directory(lite_project, tmp_path):
    write_tables(lite_project, 1)
    assert "AM0209" in lite_project.amend("up", url=f"sqlite:{tmp_path}", check=1).err


def test_damaged_database(lite_project, lite):
    write_tables(lite_project, 1)
    lite_project.amend("up")
    conn = sqlite3.connect(lite.path)
    page = conn.execute("SELECT rootpage FROM sqlite_schema WHERE name = '_migrations'").fetchone()[0]
    size = conn.execute("PRAGMA page_size").fetchone()[0]
    conn.close()
    with open(lite.path, "r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xee" * size)
    write_tables(lite_project, 1, first=2)
    assert "AM0207" in lite_project.amend("up", check=1).err


def test_ways_to_name_a_file(lite_project, lite):
    write_tables(lite_project, 1)
    relative = os.path.relpath(lite.path, lite_project.home)
    for url in (lite.path, relative, f"sqlite:{relative}", f"sqlite://{lite.path}", f"file:{lite.path}", f"file:{relative}?cache=private"):
        lite_project.amend("up", url=url)
        assert lite.versions() == ["001"], url
    assert sorted(os.listdir(lite_project.home)) == ["migrations"]
    lite_project.amend("up", url="sqlite::memory:")
    lite_project.amend("up", url=":memory:")
    assert sorted(os.listdir(lite_project.home)) == ["migrations"]


def test_odd_file_name(lite_project, tmp_path):
    write_tables(lite_project, 1)
    path = tmp_path / "it's 100% \"odd\" ü.db"
    lite_project.amend("up", url=str(path))
    assert sqlite3.connect(path).execute("SELECT count(*) FROM _migrations").fetchone() == (1,)


# ---- servers that aren't there


FAST = {"AMEND_CONNECT_TIMEOUT": "700ms"}


@pytest.mark.parametrize("url", ["postgres://owner@127.0.0.1:1/x", "postgres://owner@host.invalid/x", "postgresql:///x?host=/nowhere",
                                 "host=127.0.0.1 port=1 dbname=x"])
def test_no_server(bare_project, url):
    write_tables(bare_project, 1)
    began = time.monotonic()
    for command in ("up", "status", "wait"):
        result = bare_project.amend(command, url=url, env=FAST, check=7)
        assert "AM0203" in result.err, result
    assert time.monotonic() - began < 20


def test_every_try_is_told(bare_project):
    write_tables(bare_project, 1)
    result = bare_project.amend("up", url="postgres://owner@127.0.0.1:1/x", env={"AMEND_CONNECT_TIMEOUT": "2s"}, check=7)
    assert result.err.lower().count("refused") >= 2, result


@pytest.mark.parametrize("url", ["mysql://x@y/z", "http://example.com/", "ftp://x"])
def test_no_driver_for_that(bare_project, url):
    write_tables(bare_project, 1)
    result = bare_project.amend("up", url=url, check=2)
    assert "AM0201" in result.err or "AM0202" in result.err, result


def test_no_such_database_or_role(pg_project, pg):
    write_tables(pg_project, 1)
    for url in (pg.cluster.url("never_was"), pg.cluster.url(pg.name, user="nobody_here")):
        began = time.monotonic()
        result = pg_project.amend("up", url=url, check=7)
        assert "AM0204" in result.err and time.monotonic() - began < 3, result


# ---- passwords

SECRET = "s3cr:t/p@ss%w√rd"
QUOTED = "s3cr%3At%2Fp%40ss%25w%E2%88%9Ard"


@pytest.fixture
def guarded(pg):
    """The URL of a role with a password, right and wrong."""
    pg.sql(f"DROP ROLE IF EXISTS guarded; CREATE ROLE guarded LOGIN SUPERUSER PASSWORD '{SECRET}'")
    yield pg.cluster.url(pg.name, "guarded", QUOTED), pg.cluster.url(pg.name, "guarded", "wr0ng" + QUOTED)
    pg.sql("REASSIGN OWNED BY guarded TO owner; DROP OWNED BY guarded")


def assert_nowhere(text):
    for part in ("s3cr", "p@ss", "p%40ss", "w√rd", "wr0ng", "w%E2"):
        assert part not in text, f"{part!r} in {text!r}"


def test_wrong_password_is_tried_once(pg_project, pg, guarded):
    write_tables(pg_project, 1)
    start = pg.cluster.log_size()
    began = time.monotonic()
    result = pg_project.amend("up", url=guarded[1], check=7)
    assert time.monotonic() - began < 5
    assert "AM0204" in result.err, result
    assert pg.cluster.tail(start).count("password authentication failed") == 1
    assert_nowhere(result.all)
    assert_nowhere(pg.cluster.tail(start))


@pytest.mark.parametrize("flags", [[], ["--verbose"], ["--json"]])
def test_password_is_nowhere(pg_project, pg, guarded, flags):
    url = guarded[0]
    write_tables(pg_project, 2)
    pg_project.up("003_bad", "SELECT nope;")
    start = pg.cluster.log_size()
    shown = [pg_project.amend("up", *flags, url=url, check=1).all]
    for command in ("status", "plan", "log", "verify", "wait", "down", "redo"):
        shown.append(pg_project.amend(command, *flags, url=url, check=None).all)
    shown.append(pg_project.amend("up", "--dry-run", *flags, url=url, check=None).all)
    shown.append(pg_project.amend("reset", *flags, url=url, check=5).all)
    for text in shown:
        assert_nowhere(text)
    assert "***" in "".join(shown)
    assert_nowhere(repr(pg.events()) + repr(pg.history()) + repr(pg.lock()))
    assert_nowhere(pg.cluster.tail(start))


def test_password_is_not_in_the_list_of_processes(pg_project, pg, guarded):
    pg_project.up("001_slow", slow_statement("postgres", 1))
    process = pg_project.start("up", url=guarded[0])
    seen = []

    def look():
        with open(f"/proc/{process.pid}/cmdline") as line:
            seen.append(line.read())
        return pg.rows("SELECT application_name, query FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND usename = 'guarded'")

    activity = wait_until(look, "the migration to run")
    assert pg_project.finish(process).code == 0
    assert_nowhere("".join(seen) + repr(activity))


def test_password_typed_as_a_flag_is_wiped_from_the_list(pg_project, pg, guarded):
    pg_project.up("001_slow", slow_statement("postgres", 1))
    process = pg_project.start("up", "--url", guarded[0])
    wait_until(lambda: pg.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND usename = 'guarded'"), "the migration to run")
    with open(f"/proc/{process.pid}/cmdline") as line:
        assert_nowhere(line.read())
    assert pg_project.finish(process).code == 0


@pytest.mark.parametrize("form", ["host=127.0.0.1 port={port} dbname={name} user=guarded password='{secret}'",
                                  "postgres://127.0.0.1:{port}/{name}?user=guarded&password={quoted}"])
def test_other_forms_of_url_hide_it_too(pg_project, pg, guarded, form):
    url = form.format(port=pg.cluster.port, name=pg.name, secret=SECRET, quoted=QUOTED)
    write_tables(pg_project, 1)
    assert_nowhere(pg_project.amend("status", "--verbose", url=url).all)
    assert_nowhere(pg_project.amend("up", "--verbose", url=url).all)
    bad = url.replace("s3cr", "wr0ngs3cr")
    assert_nowhere(pg_project.amend("up", "--verbose", url=bad, check=7).all)
    assert_nowhere(pg_project.amend("up", url=url.replace("host=127.0.0.1", "hoost=127.0.0.1"), check=None).all)


def test_password_from_passfile_and_service(pg_project, pg, guarded):
    write_tables(pg_project, 1)
    secret = SECRET.replace(":", "\\:")
    os.chmod(pg_project.write(".pgpass", f"127.0.0.1:{pg.cluster.port}:*:guarded:{secret}\n"), 0o600)
    pg_project.amend("up", url=pg.cluster.url(pg.name, "guarded"))
    assert pg.versions() == ["001"]
    service = pg_project.write("services.conf", f"[mine]\nhost=127.0.0.1\nport={pg.cluster.port}\nuser=guarded\ndbname={pg.name}\n")
    for url in ("service=mine", "postgres://?service=mine"):
        pg_project.amend("status", "--exit-code", url=url, env={"PGSERVICEFILE": service})


def test_environment_of_libpq_is_heeded(pg_project, pg):
    write_tables(pg_project, 1)
    env = {"PGHOST": pg.cluster.home, "PGPORT": pg.cluster.port, "PGUSER": "owner", "PGDATABASE": pg.name}
    pg_project.amend("up", url="postgres://", env=env)
    assert pg.versions() == ["001"]


def test_locale_of_the_server_does_not_matter(pg_project, pg):
    pg.sql(f'ALTER DATABASE "{pg.name}" SET lc_messages = \'C\'; ALTER DATABASE "{pg.name}" SET datestyle = \'German\';')
    pg.sql(f'ALTER DATABASE "{pg.name}" SET timezone = \'Asia/Kathmandu\'; ALTER DATABASE "{pg.name}" SET standard_conforming_strings = off')
    write_tables(pg_project, 2)
    pg_project.amend("up")
    pg_project.amend("verify")
    rows = pg_project.amend("status").out
    assert "001" in rows and pg.rows("SELECT abs(extract(epoch FROM now() - applied_at)) < 60 FROM _migrations") == [(True,)] * 2


def test_output_into_a_closed_pipe(project):
    write_tables(project, 50)
    project.amend("up")
    done = subprocess.run(["sh", "-c", '"$0" status | head -1', project.bin], env=project.env(), cwd=project.home, capture_output=True, text=True)
    assert done.returncode == 0 and "Sanitizer" not in done.stderr


def test_output_to_a_full_device(project):
    write_tables(project, 2)
    project.amend("up")
    with open("/dev/full", "w") as full:
        done = subprocess.run([project.bin, "status"], env=project.env(), cwd=project.home, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode != 0 and done.stderr


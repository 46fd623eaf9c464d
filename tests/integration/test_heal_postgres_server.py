# SPDX-License-Identifier: MIT
"""amend/postgres.h on servers of its own: one that speaks other languages, goes away in the middle of a cure, is stormed."""
import os
import shutil
import signal
import subprocess
import uuid

import pytest
from conftest import new_cluster
from support.database import PostgresDatabase
from support.pqapp import CARDS, App, program
from support.project import clean_env
from support.waiting import wait_until

LANGUAGES = {"de_DE": "existiert nicht", "fr_FR": "n'existe pas", "ja_JP": "存在しません"}


@pytest.fixture(scope="module")
def big():
    """A server with room for a storm, and with the locales that can be made here."""
    server = new_cluster()
    server.stop()
    server.locales = os.path.join(server.home, "locales")
    os.mkdir(server.locales)
    for name in LANGUAGES if shutil.which("localedef") else ():
        subprocess.run(["localedef", "--quiet", "--no-archive", "-i", name, "-f", "UTF-8", os.path.join(server.locales, f"{name}.UTF-8")],
                       capture_output=True)
    before = os.environ.get("LOCPATH")
    os.environ["LOCPATH"] = server.locales
    server.start(max_connections=560)
    os.environ.pop("LOCPATH") if before is None else os.environ.update(LOCPATH=before)
    yield server
    server.remove()


@pytest.fixture
def big_db(big):
    db = PostgresDatabase(big, f"t_{uuid.uuid4().hex[:12]}")
    yield db
    db.remove()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_server_speaks_another_language(language, big, big_db, pg_project):
    """By lc_messages the words change, by SQLSTATE nothing does."""
    if not os.path.isdir(os.path.join(big.locales, f"{language}.UTF-8")):
        pytest.skip(f"no locale {language} here")
    big_db.sql(CARDS + "; CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE days (m mood)")
    big_db.sql(f"ALTER DATABASE {big_db.name} SET lc_messages TO '{language}.UTF-8'")
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    pg_project.up("002_it", "ALTER TYPE mood ADD VALUE 'great'")
    app = App(big_db.url, pg_project.dir, pg_project.home)
    if LANGUAGES[language] not in app.bare("SELECT 1 FROM nowhere")["message"]:
        app.close()
        pytest.skip(f"the server has no messages in {language}")
    assert app.do(do="prepare", name="it", sql="INSERT INTO cards (body) VALUES ($1)")["ok"]
    assert app.do(do="prepared", name="it", values=["b"])["ok"]
    assert app.do(do="prepare", name="day", sql="INSERT INTO days VALUES ($1)")["ok"]
    assert app.do(do="prepared", name="day", values=["great"])["ok"]
    app.close()
    assert big_db.versions() == ["001", "002"]


def curing(db):
    """The backend that sleeps in a migration."""
    return db.rows("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")


@pytest.mark.parametrize("how", ["terminated", "stopped"])
def test_the_server_goes_away_in_the_middle_of_a_cure(how, request, pg_project):
    """The application's own error or the connection's; nothing of the migration is there."""
    server = request.getfixturevalue("big" if how == "terminated" else "own_cluster")
    db = PostgresDatabase(server, f"t_{uuid.uuid4().hex[:12]}")
    db.sql(CARDS)
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT;\nSELECT pg_sleep(60);")
    before = db.schema()
    app = App(db.url, pg_project.dir, pg_project.home, AMEND_HEAL="all", HEAL_WAIT_MS=500)
    app.send(do="exec", sql="SELECT body FROM cards")
    pid = wait_until(lambda: curing(db), "the migration to sleep")[0][0]
    if how == "terminated":
        db.sql(f"SELECT pg_terminate_backend({pid})")
    else:
        server.stop(signal.SIGQUIT)
    told = app.answer()
    assert told["state"] == "42703" and told["said"] == told["message"] and told["outcome"] in ("failed", "timed out"), told
    if how == "stopped":
        lost = app.exec("SELECT body FROM cards")
        assert not lost["ok"] and lost["outcome"] == "none", lost
        server.start()
    app.close()
    assert db.schema() == before and db.versions() == []
    db.remove()


def storm(db, project, processes, threads, turns, sql, **env):
    """Run the processes and return their words: (succeeded, failed, migrations tried, cures failed, first error) each."""
    command = [program("pq_storm"), db.url, project.dir, str(threads), str(turns), sql]
    running = [subprocess.Popen(command, env=clean_env(project.home, **env), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True) for _ in range(processes)]
    for process in running:
        assert process.stdout.readline() == "ready\n", process.communicate()
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    told = []
    for process in running:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0 and "Sanitizer" not in err, err
        numbers = out.split(maxsplit=4)
        told.append(tuple(int(n) for n in numbers[:4]) + (numbers[4].strip() if len(numbers) > 4 else "",))
    return told


@pytest.mark.parametrize("env", [{}, {"TRANSACTION": 1}], ids=["alone", "transaction"])
def test_a_storm_on_one_missing_column(big_db, pg_project, env):
    """64 threads × 8 processes: applied once, and no caller sees an error."""
    big_db.sql(CARDS)
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body TEXT")
    told = storm(big_db, pg_project, 8, 64, 2, "INSERT INTO cards (body) VALUES ('b')", **env)
    assert [row[:2] for row in told] == [(128, 0)] * 8, told
    assert big_db.value("SELECT count(*) FROM cards WHERE body = 'b'") == 1024
    assert big_db.applied_events() == ["001"]


def test_a_storm_on_a_migration_that_fails(big_db, pg_project):
    """Every caller gets its own error; each process has tried it once."""
    big_db.sql(CARDS)
    pg_project.up("001_it", "ALTER TABLE cards ADD COLUMN body INTEGER;\nALTER TABLE cards ADD CONSTRAINT c CHECK (body / 0 > 1) NOT VALID;\n"
                            "SELECT 1 / 0;")
    before = big_db.schema()
    told = storm(big_db, pg_project, 8, 64, 2, "SELECT body FROM cards", AMEND_HEAL="all")
    for succeeded, failed, tried, cures, first in told:
        assert (succeeded, failed, cures) == (0, 128, 1) and 'column "body" does not exist' in first, told
    assert big_db.schema() == before and big_db.versions() == []

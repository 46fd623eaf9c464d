# SPDX-License-Identifier: MIT
"""Healing of SQLite's calls between processes: storms, a lock that is held elsewhere, and a program that was only recompiled."""
import json
import os
import subprocess

import pytest
from support.project import binary, clean_env

BASE = "CREATE TABLE cards (id INTEGER PRIMARY KEY, title TEXT);\nCREATE TABLE log (what TEXT);\n"
COLOR = "ALTER TABLE cards ADD COLUMN color TEXT DEFAULT 'red';\n"
MISSING = "table cards has no column named color"
PROCESSES, THREADS = 8, 64


def program(name):
    path = os.path.join(os.path.dirname(os.path.dirname(binary())), "tests", "programs", name)
    if not os.path.exists(path):
        pytest.skip(f"{name} was not built")
    return path


@pytest.fixture
def behind(lite_project):
    """A database that is one migration behind: 002 is there as a file only."""
    lite_project.up("001_base", BASE)
    lite_project.amend("up")
    lite_project.up("002_color", COLOR)
    return lite_project


class Storm:
    """Processes that all begin at once."""

    def __init__(self, project, how, processes=PROCESSES, threads=THREADS, **env):
        command = [program("heal_storm"), project.db.path, project.dir, str(threads), how]
        self.running = [subprocess.Popen(command, env=clean_env(project.home, **env), stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(processes)]

    def ready(self):
        for process in self.running:
            assert process.stdout.readline() == "ready\n"
        return self

    def go(self):
        for process in self.running:
            process.stdin.write("\n")
            process.stdin.flush()
        return self

    def results(self):
        ends = []
        try:
            for process in self.running:
                out, err = process.communicate(timeout=90)
                assert process.returncode == 0 and err == "", f"{out}{err}[exit {process.returncode}]"
                ends.append(json.loads(out))
        finally:
            for process in self.running:
                process.kill()
        return ends


@pytest.mark.parametrize("how", ["plain", "mixed"])
@pytest.mark.parametrize("mode,processes,threads", [("wal", PROCESSES, THREADS), ("delete", 4, 9)])
def test_a_storm_applies_it_once(behind, lite, how, mode, processes, threads):
    lite.sql(f"PRAGMA journal_mode = {mode}")
    ends = Storm(behind, how, processes, threads).ready().go().results()
    assert [end for end in ends if end["bad"]] == []
    assert sum(end["applied"] for end in ends) == 1
    assert lite.applied_events() == ["001", "002"]
    assert lite.versions() == ["001", "002"]
    assert lite.value("SELECT count(*) FROM cards WHERE color = 'blue'") == processes * threads
    # the log was written before the cure, in the same transaction
    assert lite.value("SELECT count(*) FROM log") == (processes * (threads // 3) if how == "mixed" else 0)


def test_a_storm_from_nothing(lite_project, lite):
    """Not one table is there: each thread lacks several things, one after the other."""
    lite_project.up("001_base", BASE)
    lite_project.up("002_color", COLOR)
    lite.sql("PRAGMA journal_mode = wal; CREATE TABLE other (x)")
    ends = Storm(lite_project, "mixed").ready().go().results()
    assert [end for end in ends if end["bad"]] == []
    assert lite.applied_events() == ["001", "002"]
    assert lite.value("SELECT count(*) FROM cards WHERE color = 'blue'") == PROCESSES * THREADS


def test_a_storm_against_a_broken_migration(behind, lite):
    """Every caller gets its own error, and each process tried once."""
    behind.up("002_color", COLOR + "SELECT nonsense FROM cards;\n")
    before = lite.snapshot()
    ends = Storm(behind, "plain").ready().go().results()
    for end in ends:
        assert (end["good"], end["bad"], end["differ"]) == (0, THREADS, False)
        assert end["words"] == MISSING
        assert end["failed"] == 1
    assert lite.snapshot() == before
    assert lite.versions() == ["001"]
    assert [event["type"] for event in lite.events() if event["version"] == "002"] == ["migration.failed"] * PROCESSES


def test_a_storm_against_a_broken_migration_in_transactions(behind, lite):
    """Those in transactions don't wait for those outside: a process may try once in each way."""
    behind.up("002_color", COLOR + "SELECT nonsense FROM cards;\n")
    before = lite.snapshot()
    for end in Storm(behind, "mixed").ready().go().results():
        assert (end["good"], end["bad"], end["differ"], end["words"]) == (0, THREADS, False, MISSING)
        assert end["failed"] <= 2
    assert lite.snapshot() == before


@pytest.mark.parametrize("policy,bad", [("off", 4), ("report", 4), ("additive", 0), ("all", 0)])
def test_the_environment_decides(behind, lite, policy, bad):
    end, = Storm(behind, "plain", processes=1, threads=4, AMEND_HEAL=policy).ready().go().results()
    assert end["bad"] == bad
    assert lite.versions() == ["001"] + ["002"] * (bad == 0)


def test_a_writer_that_goes_away(behind, lite):
    """Another process is in a transaction when it begins, and ends it while they wait."""
    other = lite.connect()
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO cards (title) VALUES ('other')")
    storm = Storm(behind, "plain", processes=2, threads=4).ready().go()
    other.execute("COMMIT")
    assert [end["bad"] for end in storm.results()] == [0, 0]
    assert lite.value("SELECT count(*) FROM cards") == 9


def test_a_killed_runner_is_no_obstacle(behind, lite):
    """The lock's row names a process of this machine that is gone."""
    done = subprocess.Popen(["true"])
    done.wait()
    lite.sql(f"UPDATE _migrations_lock SET holder = 'x/y/{done.pid}/1/0', pid = {done.pid}, since = '2020-01-01T00:00:00.000Z', "
             "heartbeat = '2020-01-01T00:00:00.000Z'")
    end, = Storm(behind, "mixed", 1, 8).ready().go().results()
    assert end["bad"] == 0


def run(name, *args, home):
    return subprocess.run([program(name), *map(str, args)], env=clean_env(home), capture_output=True, text=True, timeout=60)


def test_a_program_that_was_only_recompiled(lite_project, lite):
    """Its file calls SQLite as ever; redirected, it heals; by address, and without a handle, it is SQLite's own call."""
    lite_project.up("001_base", BASE)
    lite_project.up("002_notes", "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);\n")
    lite_project.up("003_color", COLOR)
    lite_project.up("004_pictures", "CREATE TABLE pictures (id INTEGER PRIMARY KEY, data BLOB);\n"
                                    "INSERT INTO pictures VALUES (1, x'00ff');\n")
    for name, args in (("plain", [lite.path, lite_project.dir]), ("redirected", [lite.path])):
        ended = run(name, *args, home=lite_project.home)
        assert (ended.returncode, ended.stdout) == (1, "no such table: cards\n")
    assert not lite.has("cards")
    ended = run("redirected", lite.path, lite_project.dir, home=lite_project.home)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "title=one\nbody=two\n", "")
    assert lite.versions() == ["001", "002", "003", "004"]

# SPDX-License-Identifier: MIT
"""amend verify --watch: a monitor that speaks when something changes, and ends when it is told to."""
import json
import queue
import signal
import threading

import pytest

from support.database import PostgresDatabase


class Watch:
    """The running command; its lines as they come, of both streams."""

    def __init__(self, project, *args):
        self.process = project.start("verify", "--watch", *args)
        self.project, self.out, self.err = project, queue.Queue(), queue.Queue()
        for stream, lines in ((self.process.stdout, self.out), (self.process.stderr, self.err)):
            threading.Thread(target=self._read, args=(stream, lines), daemon=True).start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.put(line)

    def line(self):
        return self.out.get(timeout=60)

    def until(self, wanted):
        while True:
            line = self.line()
            if wanted(line):
                return line

    def end(self, how):
        self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        self.project._running.remove(self.process)
        return code


@pytest.fixture
def ready(project):
    project.up("001_cards", "CREATE TABLE cards (id integer PRIMARY KEY);\n")
    project.amend("up")
    return project


def test_speaks_only_when_something_has_changed(ready):
    watch = Watch(ready, "20ms")
    assert "1 migration verified" in watch.line()
    ready.db.sql("DROP TABLE cards")
    assert "difference" in watch.line()
    assert "AM0604" in watch.err.get(timeout=60)
    ready.db.sql("CREATE TABLE cards (id integer PRIMARY KEY)")
    assert "1 migration verified" in watch.line()
    assert watch.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ends_with_the_last_status(ready, how):
    ready.db.sql("DROP TABLE cards")
    watch = Watch(ready, "1h")  # asleep when the signal comes, or not yet: both end it at once
    assert "difference" in watch.line()
    assert watch.end(how) == 4


def test_json_has_a_line_for_each_round(ready):
    watch = Watch(ready, "20ms", "--json")
    first, second = json.loads(watch.line()), json.loads(watch.line())
    for line in (first, second):
        assert line["command"] == "verify" and line["status"] == 0 and line["problems"] == [] and line["at"].endswith("Z")
    ready.db.sql("DROP TABLE cards")
    line = json.loads(watch.until(lambda line: json.loads(line)["status"] == 4))
    assert line["error"]["code"] == "AM0601" and [p["code"] for p in line["problems"]].count("AM0605") == 1
    assert watch.end(signal.SIGINT) == 4


def test_goes_on_after_the_server_was_away(own_cluster, make_project):
    db = PostgresDatabase(own_cluster, "watched")
    project = make_project(db)
    project.up("001_cards", "CREATE TABLE cards (id integer PRIMARY KEY);\n")
    project.amend("up")
    watch = Watch(project, "20ms", "--connect-timeout", "100ms")
    assert "1 migration verified" in watch.line()
    own_cluster.stop()
    assert "verified" not in watch.line()
    own_cluster.start()
    watch.until(lambda line: "1 migration verified" in line)
    assert watch.end(signal.SIGTERM) == 0


def test_what_is_wrong_for_good_ends_it(bare_project, lite):
    assert "--watch: \"soon\"" in bare_project.amend("verify", "--watch", "soon", check=2).err
    assert "is a time for --watch, which is not given" in bare_project.amend("verify", "5s", check=2).err
    bare_project.amend("verify", "--watch", check=2)
    result = bare_project.amend("verify", "--watch", "--dir", "no/such", url=lite.url, check=2)
    assert "AM0101" in result.err or "no/such" in result.err

# SPDX-License-Identifier: MIT
"""An applied file that differs from what was applied: in its SQL (an error), or in white space, comments and case (a note)."""
import json

import pytest

TEXT = "-- cards\nCREATE TABLE cards (\n    id integer PRIMARY KEY,\n    title text DEFAULT 'a b' -- what it says\n);\n"
SAME = {
    "white space": "CREATE TABLE cards(id integer PRIMARY KEY,title text DEFAULT 'a b');\n",
    "indentation": TEXT.replace("    ", "\t"),
    "line ends": TEXT.replace("\n", "\r\n\r\n"),
    "comments": TEXT.replace("-- cards", "/* the cards\n   of all boards */").replace(" -- what it says", ""),
    "letter case": TEXT.replace("CREATE TABLE", "create table").replace("text", "TEXT"),
    "directive": "-- amend:destructive \"nothing was there\"\n" + TEXT,
}
OTHER = {
    "string": TEXT.replace("'a b'", "'a  b'"),
    "name": TEXT.replace("title", "titles"),
    "quoted name": TEXT.replace("title", '"Title"'),
    "statement": TEXT + "CREATE TABLE more (id integer);\n",
    "nothing": "-- nothing\n",
}


@pytest.fixture
def ready(project):
    project.up("001_cards", TEXT)
    project.amend("up")
    project.up("002_more", "CREATE TABLE more2 (id integer);\n")
    return project


def detail(event):
    return json.loads(event["detail"])


@pytest.mark.parametrize("way", SAME)
def test_a_file_that_says_the_same_is_a_note(ready, way):
    ready.up("001_cards", SAME[way])
    for command in ("verify", "status", "plan"):
        found = [p for p in ready.amend(command, "--json").json()["problems"] if p["code"] == "AM0606"]
        assert [(p["severity"], p["version"]) for p in found] == [("note", "001")], command
    status = ready.amend("status", "--json").json()
    assert [m["state"] for m in status["items"]] == ["applied", "pending"]
    assert "letter case" in status["items"][0]["reason"]
    result = ready.amend("up")
    assert "AM0606" in result.err and "applied 002" in result.out


@pytest.mark.parametrize("way", OTHER)
def test_a_file_that_says_something_else_is_an_error(ready, way):
    ready.up("001_cards", OTHER[way])
    assert "AM0401" in ready.amend("verify", check=4).err
    assert "AM0401" in ready.amend("up", check=None).err
    assert ready.db.versions() == ["001"]


def test_repair_takes_the_new_checksum_over(ready):
    ready.up("001_cards", SAME["comments"])
    assert "1 changed file accepted" in ready.amend("repair", "001").out
    assert ready.amend("verify", "--json").json().get("problems", []) == []
    events = ready.db.events()
    assert events[-1]["type"] == "migration.repaired" and detail(events[-1])["essence"] == detail(events[0])["essence"]
    ready.up("001_cards", SAME["white space"])
    assert "AM0606" in ready.amend("verify").err


def test_a_baseline_remembers_what_the_files_said(project):
    project.up("001_cards", TEXT)
    project.db.sql(TEXT)
    project.amend("baseline", "001")
    project.up("001_cards", SAME["letter case"])
    assert "AM0606" in project.amend("verify").err


def test_an_accepted_change_is_what_later_ones_are_compared_with(ready):
    ready.up("001_cards", OTHER["string"])
    ready.amend("repair", "001")
    ready.up("001_cards", OTHER["string"].replace("\n", " \n"))
    assert "AM0606" in ready.amend("verify").err
    ready.up("001_cards", TEXT)
    assert "AM0401" in ready.amend("verify", check=4).err


def test_a_checksum_that_no_event_has_can_not_be_told_apart(ready):
    """The row was changed by another tool: what its file said is not known."""
    ready.db.sql("UPDATE _migrations SET checksum = 'ffffffffffffffffffffffffffffffff'")
    assert "AM0401" in ready.amend("verify", check=4).err


def test_events_without_an_essence_count_as_before(ready):
    """Older versions of amend did not write it."""
    ready.db.sql("DROP TABLE _migration_events")
    ready.up("001_cards", SAME["comments"])
    assert "AM0401" in ready.amend("up", check=None).err


def test_a_rolled_back_and_changed_one_is_judged_by_its_newest_event(ready):
    ready.down("001_cards", "DROP TABLE cards;\n")
    ready.amend("down")
    ready.up("001_cards", OTHER["name"])
    ready.amend("up")
    ready.up("001_cards", OTHER["name"] + "-- more\n")
    assert "AM0606" in ready.amend("verify").err
    ready.up("001_cards", TEXT)
    assert "AM0401" in ready.amend("verify", check=4).err

# SPDX-License-Identifier: MIT
"""--json: every command's output parses and fits its schema in docs/schema, when all is well and when it isn't."""
import os

import pytest
from support import jsonschema
from support.migrations import table, write_tables
from support.project import ROOT


def schema(command):
    return jsonschema.load(f"{command}.json")


def fits(value, command):
    jsonschema.check(value, schema(command))
    return value


def stream(result, command):
    lines = result.lines()
    assert lines
    for line in lines:
        fits(line, command)
    return lines


def test_every_command_has_a_schema():
    import re
    commands = re.findall(r"^AMEND_COMMAND\((\w+),", open(f"{ROOT}/registry/commands.def").read(), re.M)
    have = {name[:-5] for name in os.listdir(f"{ROOT}/docs/schema") if name.endswith(".json")}
    assert set(commands) - have <= {"help"}


def test_up_and_down_stream_lines(project, db):
    write_tables(project, 3)
    lines = stream(project.amend("up", "--json"), "up")
    assert [line["version"] for line in lines if line.get("type") == "migration.applied"] == ["001", "002", "003"]
    lines = stream(project.amend("down", "--json", "--steps", "2"), "down")
    assert [line["version"] for line in lines if line.get("type") == "migration.rolled_back"] == ["003", "002"]
    stream(project.amend("up", "--json"), "up")
    stream(project.amend("redo", "--json"), "redo")
    stream(project.amend("reset", "--json", "--yes"), "reset")
    assert db.versions() == []


def test_failure_is_json_too(project):
    project.up("001_bad", "SELECT 1;\nSELECT nope;\n")
    result = project.amend("up", "--json", check=1)
    lines = stream(result, "up")
    error = next(line["error"] for line in lines if isinstance(line.get("error"), dict))
    assert error["code"] == "AM0210" and error["line"] == 2 and error["column"] == 8 and error["file"].endswith("001_bad.sql")


@pytest.mark.parametrize("command", ["status", "plan", "verify", "log"])
def test_looking(project, db, command):
    write_tables(project, 3)
    fits_or_lines(project.amend(command, "--json"), command)
    project.amend("up", "--to", "002")
    fits_or_lines(project.amend(command, "--json"), command)
    project.up("001_table_1", "-- edited\n" + table(1)[0])
    os.remove(f"{project.dir}/002_table_2.sql")
    fits_or_lines(project.amend(command, "--json", check=None), command)


def fits_or_lines(result, command):
    """log streams one event per line; the others are one value."""
    if command == "log":
        return [fits(line, command) for line in result.lines()]
    return fits(result.json(), command)


def test_status_tells_the_states(project):
    write_tables(project, 2)
    project.amend("up", "--to", "001")
    value = fits(project.amend("status", "--json").json(), "status")
    text = str(value)
    assert "'applied'" in text and "'pending'" in text


@pytest.mark.parametrize("args", [["init"], ["new", "thing"], ["baseline", "001"], ["repair", "--all"], ["wait"], ["explain", "AM0210"],
                                  ["explain"], ["version"], ["embed", "migrations", "-o", "x.c"]])
def test_the_others(project, args):
    write_tables(project, 1)
    result = project.amend(*args, "--json")
    for line in result.lines() if "\n{" in result.out else [result.json()]:
        fits(line, args[0])


@pytest.mark.parametrize("args", [["up"], ["down"], ["redo"], ["reset", "--yes"], ["baseline", "001"], ["repair", "--all"]])
def test_dry_runs(project, args):
    write_tables(project, 2)
    if args[0] not in ("up", "baseline"):
        project.amend("up")
    result = project.amend(*args, "--dry-run", "--json")
    for line in result.lines() if "\n{" in result.out else [result.json()]:
        fits(line, args[0])


@pytest.mark.parametrize("command", ["up", "status", "plan", "verify", "wait", "log", "down"])
def test_no_database_is_json_too(bare_project, command):
    write_tables(bare_project, 1)
    result = bare_project.amend(command, "--json", url="postgres://owner@127.0.0.1:1/x", env={"AMEND_CONNECT_TIMEOUT": "300ms"}, check=7)
    lines = result.lines() if "\n{" in result.out else [result.json()]
    assert "AM0203" in str(lines)
    for line in lines:
        fits(line, command)


def test_wrong_usage_is_json_too(bare_project):
    result = bare_project.amend("status", "--json", "--bogus", check=2)
    assert "AM0703" in result.all


def test_odd_text_stays_json(project):
    project.up("001_größe 日本", "SELECT 'ü', nope; -- \"quoted\" \\ \x01\n")
    result = project.amend("up", "--json", check=1)
    stream(result, "up")
    project.amend("log", "--json")

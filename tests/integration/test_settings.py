# SPDX-License-Identifier: MIT
"""Where settings come from and which one wins: flag, environment, .env, amend.ini's section, its top, default."""
import os

import pytest
from support.migrations import write_tables


@pytest.fixture
def named(lite_project):
    """A project without a URL in its environment, and a function that says which database `up` went to."""
    lite_project.db = None
    write_tables(lite_project, 1)

    def used(*args, **more):
        lite_project.amend("up", *args, **more)
        found = sorted(name[:-3] for name in os.listdir(lite_project.home) if name.endswith(".db"))
        for name in found:
            os.remove(f"{lite_project.home}/{name}.db")
        return found

    lite_project.used = used
    return lite_project


def test_no_database_given(named):
    result = named.amend("up", check=2)
    assert "AM0702" in result.err and "DATABASE_URL" in result.err and "--url" in result.err


def test_each_source_beats_the_next(named):
    named.write("amend.ini", "url = sqlite:top.db\n\n[production]\nurl = sqlite:section.db\n")
    assert named.used() == ["top"]
    assert named.used("--env", "production") == ["section"]
    assert named.used(env={"AMEND_ENV": "production"}) == ["section"]
    named.write(".env", "# comment\nexport DATABASE_URL=\"sqlite:dotenv.db\"\n")
    assert named.used("--env", "production") == ["dotenv"]
    assert named.used(env={"DATABASE_URL": "sqlite:environment.db"}) == ["environment"]
    assert named.used(env={"DATABASE_URL": "sqlite:environment.db", "AMEND_URL": "sqlite:own.db"}) == ["own"]
    assert named.used("--url", "sqlite:flag.db", env={"AMEND_URL": "sqlite:own.db"}) == ["flag"]
    assert named.used("-u", "sqlite:short.db") == ["short"]
    assert named.used("--url=sqlite:equals.db") == ["equals"]


def test_directory_from_each_source(named):
    os.rename(named.dir, f"{named.home}/db changes")
    named.write("amend.ini", "url = sqlite:x.db\ndir = db changes\n")
    assert named.used() == ["x"]
    named.write("amend.ini", "url = sqlite:x.db\ndir = nowhere\n")
    assert "AM0101" in named.amend("up", check=2).err
    assert named.used(env={"AMEND_DIR": "db changes"}) == ["x"]
    assert named.used("--dir", "db changes") == ["x"]


def test_status_says_where_each_came_from(named):
    named.write("amend.ini", "lock-timeout = 2s\n[test]\nurl = postgres://me:hush@127.0.0.1:1/x\n")
    named.write(".env", "AMEND_LEASE=7s\n")
    result = named.amend("status", "--verbose", "--url", "sqlite:x.db", env={"AMEND_LOCK_WAIT": "9s"})
    for words in ("--url", "amend.ini:1", ".env:1", "AMEND_LOCK_WAIT", "default", "sqlite:x.db"):
        assert words in result.out, (words, result)
    result = named.amend("status", "--verbose", "--env", "test", env={"AMEND_CONNECT_TIMEOUT": "100ms"}, check=7)
    assert "hush" not in result.all


@pytest.mark.parametrize("text,where", [("colour = red\n", "amend.ini:1"), ("\n[x]\nlease = soon\n", "amend.ini:3"), ("just words\n", "amend.ini:1")])
def test_wrong_line_in_the_file(named, text, where):
    named.write("amend.ini", text)
    result = named.amend("up", "--env", "x", "--url", "sqlite:x.db", check=2)
    assert "AM0701" in result.err and where in result.err, result


def test_wrong_values(named):
    assert "AM0701" in named.amend("up", env={"AMEND_LEASE": "soon", "DATABASE_URL": "x.db"}, check=2).err
    assert named.amend("up", "--url", "x.db", "--lock-wait", "-3", check=2).err
    assert named.amend("up", "--url", "x.db", "--env", "nosuch", check=2).err
    assert named.amend("up", "--url", "x.db", "--config", "nosuch.ini", check=2).err
    assert not os.path.exists(f"{named.home}/x.db")


@pytest.mark.parametrize("args", [["up", "--bogus"], ["up", "extra"], ["up", "--to"], ["up", "--steps", "many"], ["up", "--steps", "-1"],
                                  ["baseline"], ["new"], ["upp"], ["down", "--out-of-order"], ["--bogus"]])
def test_wrong_usage(named, args):
    result = named.amend(*args, env={"DATABASE_URL": "sqlite:x.db"}, check=2)
    assert "AM0703" in result.err and not result.out, result
    assert not os.path.exists(f"{named.home}/x.db")


def test_nearly_right_words_are_answered_with_the_right_ones(named):
    assert '"status"' in named.amend("statsu", check=2).err or "status" in named.amend("statsu", check=2).err
    assert "--dry-run" in named.amend("up", "--dryrun", check=2).err


def test_init_makes_a_project(make_project):
    project = make_project(name="fresh")
    os.rmdir(project.dir)
    project.amend("init")
    assert os.path.isdir(f"{project.dir}/versions") and os.path.isdir(f"{project.dir}/down")
    ini = open(f"{project.home}/amend.ini").read()
    project.amend("init")
    assert open(f"{project.home}/amend.ini").read() == ini
    project.amend("status", "--url", "sqlite:x.db")
    project.amend("new", "create_users")
    assert os.path.exists(f"{project.dir}/versions/001_create_users.sql")
    assert os.path.exists(f"{project.dir}/down/001_create_users_down.sql")
    project.amend("up", "--url", "sqlite:x.db")


def test_init_elsewhere(make_project):
    project = make_project(name="fresh")
    project.amend("init", "--dir", "db/changes")
    assert os.path.isdir(f"{project.home}/db/changes/versions")
    project.amend("new", "first")
    assert os.path.exists(f"{project.home}/db/changes/versions/001_first.sql")


def test_init_where_nothing_can_be_made(make_project):
    project = make_project(name="fresh")
    project.write("db", "a file")
    assert "AM0113" in project.amend("init", "--dir", "db/changes", check=1).err


def test_new_goes_on_in_the_layout_and_padding_that_is_there(bare_project):
    write_tables(bare_project, 9)
    result = bare_project.amend("new", "tenth thing")
    assert "010_tenth" in result.out
    names = sorted(os.listdir(bare_project.dir))
    assert any(name.startswith("010_tenth") and name.endswith(".down.sql") for name in names)
    bare_project.amend("new", "stamped", "--timestamp")
    stamped = [name for name in os.listdir(bare_project.dir) if "stamped" in name and "down" not in name]
    assert len(stamped) == 1 and len(stamped[0].split("_")[0]) == 14


@pytest.mark.parametrize("name", ["a/b", "", "../up", "x\ny", "semi;colon"])
def test_new_with_a_name_that_cannot_be(bare_project, name):
    assert "AM0114" in bare_project.amend("new", name, check=2).err
    assert os.listdir(bare_project.dir) == []


def test_made_files_run_as_they_are(project, db):
    for name in ("one", "two"):
        project.amend("new", name)
    project.amend("up")
    project.amend("down", "--steps", "2")
    assert db.versions() == []


def test_quiet_prints_errors_only(project):
    write_tables(project, 2)
    result = project.amend("up", "--quiet")
    assert result.all == ""
    project.up("003_bad", "SELECT nope;")
    assert "nope" in project.amend("up", "--quiet", check=1).err


def test_alone_prints_a_short_help(bare_project):
    result = bare_project.amend(check=None)
    text = result.all
    assert len(text.splitlines()) < 25
    for command in ("init", "new", "up", "down", "status"):
        assert f"  {command}" in text


def test_every_command_has_help_and_man_page(bare_project):
    import re
    from support.project import ROOT
    commands = re.findall(r"^AMEND_COMMAND\((\w+),", open(f"{ROOT}/registry/commands.def").read(), re.M)
    assert len(commands) > 15
    listing = bare_project.amend("help").out
    for command in commands:
        assert command in listing
        for args in ((command, "--help"), ("help", command)):
            out = bare_project.amend(*args).out
            assert f"amend {command}" in out and "--json" in out
    assert bare_project.amend("--version").out == bare_project.amend("version").out


def test_embed_writes_a_file_that_compiles(bare_project):
    import shutil
    import subprocess
    from support.project import ROOT
    write_tables(bare_project, 2)
    bare_project.amend("embed", "migrations", "-o", "migrations.c")
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler")
    subprocess.run([compiler, "-Wall", "-Wextra", "-Werror", "-I", f"{ROOT}/include", "-I", f"{ROOT}/registry", "-c", "migrations.c", "-o", "migrations.o"],
                   cwd=bare_project.home, check=True)
    assert "migrations" in bare_project.amend("embed", "migrations").out
    assert bare_project.amend("embed", "nowhere", check=2).err

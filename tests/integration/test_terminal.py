# SPDX-License-Identifier: MIT
"""On a terminal: tables that fit, colours where they are wanted, progress for what takes long, a question before a reset."""
import glob
import os
import re
import shutil
import subprocess
import unicodedata

import pytest
from support.migrations import slow_statement, write_tables
from support.project import ROOT
from support.terminal import on_terminal

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def screen(project, *args, env=None, **more):
    settings = project.env(**{"TERM": "xterm-256color", **(env or {})})
    return on_terminal([project.bin, *args], settings, project.home, **more)


def width(line):
    text = ESCAPE.sub("", line)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


@pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
def test_table_fits_the_width(project, columns):
    write_tables(project, 2)
    project.up("003_a_very_long_name_that_goes_on_and_on_for_no_good_reason_at_all_until_it_is_wider_than_any_terminal", "SELECT 1;")
    project.up("004_größe-日本語日本語日本語日本語日本語日本語", "SELECT 1;")
    project.amend("up", "--steps", "3")
    for command in ("status", "plan", "log"):
        shown = screen(project, command, columns=columns)
        assert shown.code == 0
        too_wide = [line for line in shown.out.splitlines() if width(line) > columns]
        assert too_wide == [], shown.out


def test_colours_on_a_terminal_only(project):
    write_tables(project, 1)
    assert ESCAPE.search(screen(project, "status").out)
    assert not ESCAPE.search(project.amend("status").out)
    assert not ESCAPE.search(screen(project, "status", env={"NO_COLOR": "1"}).out)
    assert not ESCAPE.search(screen(project, "status", env={"TERM": "dumb"}).out)
    assert not ESCAPE.search(screen(project, "status", "--color", "never").out)
    assert ESCAPE.search(project.amend("status", "--color", "always").out)


def test_errors_have_colours_only_on_a_terminal(project):
    project.up("001_bad", "SELECT nope;")
    assert not ESCAPE.search(project.amend("up", check=1).err)
    shown = screen(project, "up")
    assert shown.code == 1 and ESCAPE.search(shown.out)


def test_progress_for_what_takes_over_a_second(project, db):
    project.up("001_slow", f"-- amend:transaction off\nSELECT 1;\n{slow_statement(db.kind, 3)}\nSELECT 2;")
    shown = screen(project, "up")
    assert shown.code == 0 and "001" in shown.out
    assert re.search(r"\b[12](\.\d)? ?s\b", ESCAPE.sub("", shown.out)), shown.out


def test_progress_goes_to_standard_error(project, db):
    project.up("001_slow", f"-- amend:transaction off\n{slow_statement(db.kind, 3)}")
    result = project.amend("up")
    assert "001" in result.err and not re.search(r"\r", result.out)


def test_nothing_on_standard_error_when_quick(project):
    write_tables(project, 2)
    assert project.amend("up").err == ""


def test_reset_asks_for_the_name(project, db):
    write_tables(project, 2)
    project.amend("up")
    shown = screen(project, "reset", answer="wrong", prompt=db.name)
    assert shown.code == 5 and db.versions() == ["001", "002"]
    shown = screen(project, "reset", answer="", prompt=db.name)
    assert shown.code == 5 and db.versions() == ["001", "002"]
    shown = screen(project, "reset", answer=db.name, prompt=db.name)
    assert shown.code == 0 and db.versions() == []


def test_control_characters_from_a_file_do_not_reach_the_terminal(project):
    project.up("001_bad", "SELECT '\x1b]0;owned\x07', nope;\n")
    shown = screen(project, "up")
    assert shown.code == 1 and "\x1b]0;" not in shown.out and "\x07" not in shown.out


# ---- shells and manual


def built(pattern):
    """Files that the build makes, beside the binary or in its tree."""
    from support.project import binary
    tree = os.path.dirname(os.path.dirname(binary()))
    found = glob.glob(f"{tree}/**/{pattern}", recursive=True) + glob.glob(f"{ROOT}/docs/**/{pattern}", recursive=True)
    assert found, f"the build made no {pattern}"
    return sorted(set(found))


def need(program):
    path = shutil.which(program)
    if not path:
        pytest.skip(f"no {program} on this machine")
    return path


def completions(name):
    from support.project import binary
    tree = os.path.dirname(os.path.dirname(binary()))
    found = [path for path in glob.glob(f"{tree}/**/{name}", recursive=True) if os.path.isfile(path) and not os.access(path, os.X_OK)]
    assert found, f"the build made no completion {name}"
    return found[0]


@pytest.mark.parametrize("words, expected", [(["st"], "status"), (["pro"], "provides"), (["explain", "--sq"], "--sqlstate"),
                                             (["explain", "--pos"], "--position"), (["provides", "--ur"], "--url")])
def test_bash_completion(bare_project, words, expected):
    script, line = completions("amend.bash"), " ".join(["amend", *words])
    text = (f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words)}; COMP_LINE='{line}'; COMP_POINT={len(line)}; "
            f"$(complete -p amend | sed 's/.*-F \\([^ ]*\\).*/\\1/') amend {words[-1]} {line.split()[-2]}; echo \"${{COMPREPLY[@]}}\"")
    done = subprocess.run([need("bash"), "--norc", "-c", text], capture_output=True, text=True, env=bare_project.env())
    assert done.returncode == 0 and done.stdout.split() == [expected] and done.stderr == "", done


def test_zsh_completion(bare_project):
    script = completions("_amend")
    done = subprocess.run([need("zsh"), "-f", "-c", f"autoload -Uz compinit && compinit -u -d {bare_project.home}/dump; zsh -n {script} && "
                                                   f"fpath=({os.path.dirname(script)} $fpath) && autoload -Uz _amend && autoload +X _amend && echo fine"],
                          capture_output=True, text=True, env=bare_project.env())
    assert done.stdout.strip() == "fine" and done.stderr == "", done


def test_fish_completion(bare_project):
    script = completions("amend.fish")
    done = subprocess.run([need("fish"), "--no-config", "-c", f"source {script}; complete -C 'amend st'"], capture_output=True, text=True,
                          env=bare_project.env())
    assert done.returncode == 0 and done.stdout.split()[:1] == ["status"] and done.stderr == "", done


def test_man_pages_are_clean():
    mandoc = need("mandoc")
    pages = built("amend*.1")
    with open(os.path.join(ROOT, "registry", "commands.def"), encoding="utf-8") as registry:
        commands = re.findall(r"^AMEND_COMMAND\((\w+),", registry.read(), re.MULTILINE)
    assert sorted(os.path.basename(page) for page in pages) == sorted(["amend.1", *(f"amend-{command}.1" for command in commands)])
    for page in pages:
        done = subprocess.run([mandoc, "-T", "lint", "-W", "warning", page], capture_output=True, text=True)
        assert done.stdout + done.stderr == "", (page, done.stdout)

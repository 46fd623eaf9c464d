# SPDX-License-Identifier: MIT
"""The checks find what they are for: each gets a small tree with one fault, and the same tree without it."""
import os
import pathlib
import subprocess
import sys

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
SPDX = "/* SPDX-License-Identifier: MIT */\n"
REGISTRY = '''AMEND_DIAGNOSTIC(1, OUT_OF_MEMORY, AMEND_FAILED, "out of memory",
                 "No memory.",
                 "Give it " "more.")
'''


def long_function(lines):
    return SPDX + "void f(void)\n{\n" + "    g();\n" * lines + "}\n"


# check, files, what it says (None: nothing)
CASES = {
    "down": ("layers", {"src/engine/a.c": '#include "engine/a.h"\n\n#include "base/b.h"\n'}, None),
    "up": ("layers", {"src/base/a.c": '#include "engine/b.h"\n'}, "an arrow may only point down"),
    "sideways": ("layers", {"src/event/a.c": '#include "migration/b.h"\n'}, "an arrow may only point down"),
    "no layer": ("layers", {"src/event/a.c": '#include "b.h"\n'}, "names no layer"),
    "the command and a private header": ("layers", {"cli/a.c": '#include "base/buf.h"\n'}, "public headers only"),
    "the command and its own": ("layers", {"cli/a.c": '#include "a.h"\n\n#include "amend.h"\n', "include/amend.h": ""}, None),
    "the middleware and a private header": ("layers", {"src/http/a.c": '#include "base/buf.h"\n'}, "a library of its own"),
    "the middleware and its own": ("layers", {"src/http/a.c": '#include "http/a.h"\n\n#include "http/b.h"\n'}, None),
    "a database's header": ("layers", {"src/engine/a.c": "#include <libpq-fe.h>\n"}, "belongs in src/dialect or src/driver"),
    "a database's header in its place": ("layers", {"src/driver/postgres/a.c": "#include <libpq-fe.h>\n"}, None),
    "order": ("layers", {"src/base/a.c": "#include <string.h>\n#include <errno.h>\n"}, "in alphabetical order"),
    "own header": ("layers", {"src/base/b.c": '#include "base/a.h"\n#include "base/b.h"\n'}, "comes first"),
    "function of 100": ("sizes", {"src/base/a.c": long_function(98)}, None),
    "function of 101": ("sizes", {"src/base/a.c": long_function(99)}, "f has 101 lines"),
    "an array is no function": ("sizes", {"src/base/a.c": "int a[] =\n{\n" + "    1,\n" * 200 + "};\n"}, None),
    "file": ("sizes", {"tests/a.py": "#\n" * 701}, "701 lines"),
    "libc": ("words", {"src/base/a.c": SPDX + "int a = atoi(b);\n"}, "atoi("),
    "libc in a comment": ("words", {"src/base/a.c": SPDX + "/* strcpy(a, b) */\n"}, None),
    "a member of that name": ("words", {"src/base/a.c": SPDX + "int a = b->exit(c);\n"}, None),
    "printing": ("words", {"src/base/a.c": SPDX + 'void a(void)\n{\n    printf("x");\n}\n'}, "never prints"),
    "printing in the command": ("words", {"cli/a.c": SPDX + 'void a(void)\n{\n    printf("x");\n}\n'}, None),
    "memory": ("words", {"src/base/a.c": SPDX + "char *a = strdup(b);\n"}, "memory comes from"),
    "unfinished": ("words", {"docs/a.md": "TO" + "DO\n"}, "finish it"),
    "licence": ("words", {"src/base/a.c": "int a;\n"}, "begins without SPDX"),
    "header": ("headers", {"src/base/a.h": "size_t a;\n"}, "does not compile alone"),
    "header alone": ("headers", {"src/base/a.h": "#include <stddef.h>\nextern size_t a;\n"}, None),
    "C only": ("headers", {"include/a.h": "extern int class;\n"}, "as C++11"),
    "diagnostic": ("diagnostics", {"src/base/a.c": "AMEND_E_OUT_OF_MEMORY", "tests/a.c": "AM0001"}, None),
    "unused diagnostic": ("diagnostics", {"tests/a.c": "AM0001"}, "is never given"),
    "untested diagnostic": ("diagnostics", {"src/base/a.c": "AMEND_E_OUT_OF_MEMORY"}, "appears in no test"),
    "link": ("docs", {"README.md": "[a](docs/a.md#one-two)", "docs/a.md": "# One two\n"}, None),
    "dead link": ("docs", {"README.md": "[a](docs/a.md)"}, "no such file"),
    "dead heading": ("docs", {"README.md": "[a](#b)"}, "no such heading"),
    "path": ("docs", {"README.md": "`src/base/a.c` `src/NAME/b.c`", "src/base/a.c": ""}, None),
    "dead path": ("docs", {"README.md": "`src/base/b.c`"}, "no such path"),
    "example": ("docs", {"README.md": "<!-- run -->\n```sh\nfalse\n```\n"}, "the example fails"),
    "session": ("docs", {"README.md": "<!-- run -->\n```console\n$ echo took 12 ms\ntook 9 ms\n```\n"}, None),
    "session that lies": ("docs", {"README.md": "<!-- run -->\n```console\n$ echo a\nb\n```\n"}, "prints something else"),
    "file of a block": ("docs", {"README.md": "<!-- run a.sql -->\n```sql\nSELECT 1;\n```\n<!-- run -->\n```console\n$ cat a.sql\n"
                                             "SELECT 1;\n$ echo by ada@web-1\nby eve@db.internal\n```\n"}, None),
    "example in C": ("docs", {"README.md": "<!-- run a.c -->\n```c\nint main(void) { return 3; }\n```\n<!-- run -->\n```sh\ncc a.c -o a\n"
                                          "./a || test $? = 3\n```\n"}, None),
    "example in C that is wrong": ("docs", {"README.md": "<!-- run -->\n```c\nint main(void) { return x; }\n```\n"}, "the example fails"),
    "form": ("format", {"src/base/a.c": "int a;\n"}, None),
    "not in form": ("format", {"src/base/a.c": "int   a;\n"}, "not in the house's form"),
}


@pytest.mark.parametrize("case", CASES)
def test_check(case, tmp_path):
    check, files, says = CASES[case]
    for name, text in {"registry/amend/diagnostics.def": SPDX + REGISTRY, **files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    run = subprocess.run([SCRIPTS / f"check-{check}"], env={**os.environ, "AMEND_TREE": str(tmp_path)}, capture_output=True, text=True)
    if says is None:
        assert (run.returncode, run.stderr) == (0, "")
    else:
        assert run.returncode == 1
        assert says in run.stderr


def test_diagnostics_page(tmp_path):
    (tmp_path / "registry" / "amend").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "registry" / "amend" / "diagnostics.def").write_text(REGISTRY)
    env = {**os.environ, "AMEND_TREE": str(tmp_path)}
    assert subprocess.run([SCRIPTS / "gen-diagnostics", "--check"], env=env, capture_output=True).returncode == 1
    subprocess.run([SCRIPTS / "gen-diagnostics"], env=env, check=True)
    page = (tmp_path / "docs" / "diagnostics.md").read_text()
    assert "### AM0001: out of memory\n\nNo memory.\n\n*What to do:* Give it more.\n" in page
    subprocess.run([SCRIPTS / "gen-diagnostics", "--check"], env=env, check=True)


sys.path.insert(0, str(SCRIPTS))
import suite  # noqa: E402

TAP = {
    "all good": (0, "1..2\nok 1 - a\nok 2 - b\n", (2, 0, 0)),
    "one bad": (1, "1..2\nok 1 - a\nnot ok 2 - b\n# x.c:3\n", (1, 1, 0)),
    "one skipped": (0, "1..2\nok 1 - a\nok 2 - b # SKIP\n", (1, 0, 1)),
    "two groups": (0, "1..1\nok 1 - a\n1..1\nok 1 - b\n", (2, 0, 0)),
    "a crash": (-11, "1..3\nok 1 - a\n", (1, 2, 0)),
    "good cases, bad end (a leak)": (99, "1..1\nok 1 - a\n", (1, 1, 0)),
    "no TAP": (0, "42 inputs\n", (1, 0, 0)),
    "no TAP, failed": (1, "", (0, 1, 0)),
}


@pytest.mark.parametrize("case", TAP)
def test_counting(case):
    code, output, wanted = TAP[case]
    assert suite.count_tap(code, output) == wanted


JUNIT = '<testsuites><testsuite tests="5" failures="1" errors="1" skipped="1"/></testsuites>'


@pytest.mark.parametrize("text,code,wanted", [(JUNIT, 1, (2, 2, 1)), (JUNIT.replace('"1"', '"0"'), 0, (5, 0, 0)), (None, 4, (0, 1, 0)),
                                              ('<testsuites><testsuite tests="0" failures="0" errors="0" skipped="0"/></testsuites>',
                                               5, (0, 1, 0))])
def test_counting_pytest(text, code, wanted, tmp_path):
    path = tmp_path / "junit.xml"
    if text:
        path.write_text(text)
    assert suite.count_junit(path)(code, "") == wanted


def test_job_that_hangs(tmp_path):
    job = suite.Job("sleep", ["sh", "-c", "echo begun; sleep 60"], suite.count_exit, 0.5)
    job.run()
    assert job.result == (0, 1, 0)
    assert "begun" in job.output and "killed" in job.output

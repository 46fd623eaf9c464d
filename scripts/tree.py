# SPDX-License-Identifier: MIT
"""What the checks share: the tree's files, its C sources, and how a check reports.

A check is a program scripts/check-*: silent and exit 0, or one line `file:line: what is wrong` per finding and exit 1. It looks at
the tree that it stands in, or at the one that AMEND_TREE names (the checks' own tests use that).
"""
import ast
import collections
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(os.environ.get("AMEND_TREE") or pathlib.Path(__file__).resolve().parent.parent)
findings = []

Diagnostic = collections.namedtuple("Diagnostic", "line number name status text cause remedy")


def files(*suffixes, under=("",)):
    """Paths relative to ROOT, sorted, of what git has or would add; without git, of everything but the build folders."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0:
        names = listed.stdout.splitlines()
    else:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
        names = [name for name in names if not name.startswith(("build", ".git/"))]
    names = [name for name in names if name.startswith(tuple(under)) and (not suffixes or name.endswith(suffixes))]
    return [name for name in sorted(set(names)) if (ROOT / name).is_file()]


def c_files(*under):
    return files(".c", ".h", under=under or ("",))


def text(name):
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def blank_comments(source, strings=True):
    """C with comments (and string contents) made blank, every line where it was."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)

    def blank(match):
        found = match.group()
        if found[0] in "\"'":
            return found[0] + " " * (len(found) - 2) + found[0] if strings else found
        return re.sub(r"[^\n]", " ", found)

    return pattern.sub(blank, source)


def diagnostics():
    """The rows of registry/amend/diagnostics.def, in its order."""
    source = text("registry/amend/diagnostics.def")
    string = r'((?:"(?:\\.|[^"\\])*"\s*)+)'
    pattern = rf"^AMEND_DIAGNOSTIC\((\d+), (\w+), (\w+),\s*{string},\s*{string},\s*{string}\)"
    rows = []
    for match in re.finditer(pattern, source, re.MULTILINE):
        # Python reads adjacent string literals as C does.
        strings = [ast.literal_eval(f"({field})") for field in match.groups()[3:]]
        rows.append(Diagnostic(source.count("\n", 0, match.start()) + 1, int(match[1]), match[2], match[3], *strings))
    return rows


def finding(name, line, what):
    findings.append(f"{name}:{line}: {what}")


def done():
    for line in findings:
        print(line, file=sys.stderr)
    sys.exit(1 if findings else 0)

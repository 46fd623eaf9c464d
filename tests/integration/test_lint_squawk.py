# SPDX-License-Identifier: MIT
"""What squawk (npm's squawk-cli 2.66) says of tests/cases/squawk, as it is stored there, against what lint says now.

scripts/compare-squawk --write makes the stored text; here neither npm nor the network is needed. docs/lint-squawk.md tells why
some of squawk's findings have no counterpart.
"""
import importlib.machinery
import importlib.util
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases" / "squawk"

# Findings of squawk's that are no danger: nothing is scanned, rewritten or lost there.
HARMLESS = {
    ("001_adding-field-with-default.sql", 4, "adding-field-with-default"),  # -1 is constant
    ("002_adding-foreign-key.sql", 2, "adding-foreign-key-constraint"),  # a column without a default: nothing to check
    ("004_primary-key.sql", 6, "adding-serial-primary-key-field"),  # the table is made by the same script
    ("005_domains.sql", 2, "ban-create-domain-with-constraint"),  # a default only
    ("013_widened.sql", 1, "changing-column-type"),  # no row is written
    ("013_widened.sql", 2, "changing-column-type"),
}


@pytest.fixture(scope="module")
def script():
    loader = importlib.machinery.SourceFileLoader("compare_squawk", str(ROOT / "scripts" / "compare-squawk"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("compare_squawk", loader))
    loader.exec_module(module)
    return module


def stored():
    """(file, statement): (squawk's rules, amend's)."""
    rows, file = {}, None
    for line in (CASES / "expected.txt").read_text().splitlines():
        if line.endswith(".sql"):
            file = line
        elif line.startswith("  "):
            number, theirs, ours = (part.strip() for part in line.split("|"))
            rows[file, int(number)] = (set(theirs.split()) - {"-"}, set(ours.split()) - {"-"})
    return rows


def test_lint_says_what_is_stored(script, monkeypatch, bare_project):
    monkeypatch.setenv("AMEND_BIN", bare_project.bin)
    said = script.amend_says(CASES)
    rows = stored()
    assert {(pathlib.Path(file).name, number) for file, number in said} <= set(rows)
    for (file, number), (_, ours) in rows.items():
        assert said.get((str(CASES / file), number), set()) == ours, (file, number)


def test_every_danger_that_squawk_finds_is_found(script):
    missed = set()
    for (file, number), (theirs, ours) in stored().items():
        for rule in theirs:
            assert rule in script.SAME, rule
            if script.SAME[rule] and not ours & set(script.SAME[rule]) and rule != "transaction-nesting":
                missed.add((file, number, rule))
    assert missed == HARMLESS


def test_every_rule_of_squawks_has_a_case(script):
    """But for those that are off in it, that need a newer server, or that have no counterpart."""
    seen = set().union(*(theirs for theirs, _ in stored().values()))
    assert set(script.SAME) - seen == {"ban-uncommitted-transaction", "prefer-repack", "require-table-schema", "syntax-error", "unused-ignore"}


def test_counterparts_are_rules(script, bare_project):
    names = {rule for rules in script.SAME.values() for rule in rules}
    for name in names:
        assert bare_project.amend("explain", name).code == 0

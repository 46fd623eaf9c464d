# SPDX-License-Identifier: MIT
"""Every example of the registry of lint rules, through the command: the bad one fires the rule and no other, the good one is clean."""
import pytest
from support import lint

RULES = lint.rules()
ONLY = {"name-case": ["postgres"]}  # rules for all of which one dialect can't break one
CASES = [(rule, dialect) for rule in RULES
         for dialect in ([rule["dialect"]] if "dialect" in rule else ONLY.get(rule["rule"], ["postgres", "sqlite"]))]


def fired(project, rule, dialect, example):
    """The rules that fire, with their severities; one that is off is switched on."""
    directory = f"{project.home}/example"
    lint.write(directory, rule[example])
    severity = "note" if rule["severity"] == "off" else rule["severity"]
    project.write("amend.ini", f"[lint]\n{rule['rule']} = {severity}\n")
    result = project.amend("lint", "--json", "--dialect", dialect, "--dir", directory, check=None)
    assert result.code in (0, 5), result
    return {finding["rule"]: finding["severity"] for finding in result.json()["findings"]}, result


@pytest.mark.parametrize("rule,dialect", CASES, ids=[f"{rule['rule']}-{dialect}" for rule, dialect in CASES])
def test_the_bad_example_fires_it_alone(bare_project, rule, dialect):
    found, result = fired(bare_project, rule, dialect, "bad")
    assert set(found) == {rule["rule"]}, result


@pytest.mark.parametrize("rule,dialect", CASES, ids=[f"{rule['rule']}-{dialect}" for rule, dialect in CASES])
def test_the_good_example_is_clean(bare_project, rule, dialect):
    found, result = fired(bare_project, rule, dialect, "good")
    assert rule["rule"] not in found and not {"warning", "error"} & set(found.values()), result


def test_pages_are_whole():
    for rule in RULES:
        assert not rule["title"].endswith(".") and rule["title"][0] == rule["title"][0].lower() or rule["title"][:2].isupper(), rule
        for part in ("why", "scale", "safe"):
            assert rule[part].endswith((".", "?", "!")), (rule["rule"], part)
    assert len({rule["code"] for rule in RULES}) == len({rule["rule"] for rule in RULES}) == len(RULES)
    assert [rule["code"] for rule in RULES] == sorted(rule["code"] for rule in RULES)

# SPDX-License-Identifier: MIT
"""Every diagnostic a user can meet is met by some test here."""
import glob
import os

import pytest
from support.registry import diagnostics

# Not met over the command: they need a program that heals, a program's mistake, a failing allocator or a race; unit and fault tests have
# them.
ELSEWHERE = {"OUT_OF_MEMORY", "ARGUMENT", "HEAL_TRANSACTION", "HEAL_WAITED", "SCHEMA_UNREADABLE"}


@pytest.mark.parametrize("number,name", [(number, name) for number, name, _ in diagnostics()])
def test_is_met_by_a_test(number, name):
    if name in ELSEWHERE:
        pytest.skip("met by unit and fault tests")
    here = os.path.dirname(__file__)
    texts = [open(path).read() for path in glob.glob(f"{here}/test_*.py") if path != __file__]
    assert any(f"AM{number:04}" in text for text in texts), f"no test meets AM{number:04} {name}"

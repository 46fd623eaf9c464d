# SPDX-License-Identifier: MIT
"""The first command of the README."""
import os
import subprocess

from support.project import ROOT


def test_demo():
    """Each step knows how it must end."""
    result = subprocess.run(["sh", "scripts/demo"], cwd=ROOT, env={**os.environ, "BUILD": os.environ["AMEND_BUILD"]}, check=False,
                            stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "That was all of it" in result.stdout

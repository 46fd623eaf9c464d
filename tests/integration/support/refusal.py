# SPDX-License-Identifier: MIT
"""What a guard refuses leaves the database as it was."""


def refused(project, *lines, code="AM0301", command="up"):
    """Run it, expect the refusal with these lines, and nothing changed."""
    before = project.db.snapshot()
    result = project.amend(command, check=5)
    assert code in result.err, result
    printed = [line.rstrip() for line in result.err.splitlines()]
    for line in lines:
        assert any(line in at for at in printed), (line, result.err)
    assert project.db.snapshot() == before
    return result

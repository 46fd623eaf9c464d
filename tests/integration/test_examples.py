# SPDX-License-Identifier: MIT
"""The examples that ship with the project: up, down and up again give the same schema."""
import os
import shutil

import pytest
from support.project import ROOT


def example(project, name, folder="migrations"):
    source = os.path.join(ROOT, "examples", name, folder)
    shutil.rmtree(project.dir)
    shutil.copytree(source, project.dir)
    return project


def check_round_trip(project, db):
    empty = db.schema()
    project.amend("up")
    first, versions = db.schema(), db.versions()
    assert versions and first != empty
    project.amend("verify")
    project.amend("down", "--steps", str(len(versions)))
    assert db.versions() == [] and db.schema() == empty
    project.amend("up")
    assert db.versions() == versions and db.schema() == first
    for _ in versions:
        before = db.schema()
        project.amend("redo")
        assert db.schema() == before
        project.amend("down")
    assert db.schema() == empty


def test_cards(lite_project, lite):
    check_round_trip(example(lite_project, "cards"), lite)


def test_robots(pg_project, pg):
    check_round_trip(example(pg_project, "robots"), pg)


def test_http_cards(pg_project, pg):
    check_round_trip(example(pg_project, "http-cards", "migrations-postgres"), pg)


@pytest.mark.parametrize("step", [1, 2])
def test_cards_step_by_step(lite_project, lite, step):
    project = example(lite_project, "cards")
    for _ in range(3):
        project.amend("up", "--steps", str(step))
    assert len(lite.versions()) == 2

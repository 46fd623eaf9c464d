# SPDX-License-Identifier: MIT
"""The two roles of docs/healing.md: amend's may change the schema, the program's may use what is made, and no more."""
import re

import psycopg2
import pytest
from support.database import PostgresDatabase
from support.project import ROOT


@pytest.fixture
def roles(own_cluster, make_project):
    """A project on a database with both roles, as the guide makes them; and the guide's second block, for later."""
    first, later = re.findall(r"^<!-- roles -->\n```sql\n(.*?)^```", open(f"{ROOT}/docs/healing.md").read(), re.M | re.S)
    db = PostgresDatabase(own_cluster, "shop")
    db.sql(first)
    project = make_project(db)
    project.up("001_cards", "CREATE TABLE cards (id SERIAL PRIMARY KEY, title TEXT);\n")
    yield project, later
    db.remove()


def url(project, role):
    return re.sub(r"//[^@/]*@", f"//{role}@", project.db.url)


def as_role(project, role, sql):
    conn = psycopg2.connect(host=project.db.cluster.home, port=project.db.cluster.port, user=role, dbname="shop")
    try:
        conn.cursor().execute(sql)
        conn.commit()
    finally:
        conn.close()


def test_who_may_do_what(roles):
    project, later = roles
    project.amend("up", url=url(project, "shop_owner"))
    project.db.sql(later)
    as_role(project, "shop_app", "INSERT INTO cards (title) VALUES ('one'); UPDATE cards SET title = 'two'; DELETE FROM cards")
    for sql in ("CREATE TABLE mine (id INTEGER)", "ALTER TABLE cards ADD COLUMN mine INTEGER", "DROP TABLE cards",
                "DELETE FROM _migrations", "UPDATE _migration_events SET actor = 'nobody'", "DELETE FROM _migrations_lock"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            as_role(project, "shop_app", sql)


def test_the_programs_role_can_look(roles):
    project, later = roles
    project.amend("up", url=url(project, "shop_owner"))
    project.db.sql(later)
    project.up("002_labels", "CREATE TABLE labels (id INTEGER PRIMARY KEY);\n")
    assert "1 pending" in project.amend("status", url=url(project, "shop_app")).out
    shown = project.amend("explain", "--error", 'relation "labels" does not exist', url=url(project, "shop_app")).out
    assert "would be cured: 1 migration" in shown
    assert project.amend("up", url=url(project, "shop_app"), check=None).code != 0
    project.amend("up", url=url(project, "shop_owner"))
    as_role(project, "shop_app", "INSERT INTO labels VALUES (1)")

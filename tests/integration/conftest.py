# SPDX-License-Identifier: MIT
"""The fixtures: a server for the session, a database per test and kind, a project that uses it, poolers and relays."""
import os
import sys
import uuid

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from support.database import PostgresDatabase, SqliteDatabase  # noqa: E402
from support.pooler import Pooler  # noqa: E402
from support.postgres import Cluster, bin_dir  # noqa: E402
from support.project import Project, binary  # noqa: E402
from support.relay import Relay  # noqa: E402

KINDS = ("sqlite", "postgres")


def pytest_report_header():
    return f"amend: {binary()}"


def new_cluster():
    found = bin_dir()
    if not found:
        pytest.skip("no PostgreSQL server (initdb) on this machine")
    return Cluster(found).start()


@pytest.fixture(scope="session")
def cluster():
    """The session's PostgreSQL server. Tests that stop or damage a server make their own: own_cluster."""
    server = new_cluster()
    yield server
    server.remove()


@pytest.fixture
def own_cluster():
    server = new_cluster()
    yield server
    server.remove()


@pytest.fixture
def make_db(request, tmp_path):
    """make_db(kind) → a new, empty database; removed at the test's end."""
    made = []

    def make(kind):
        if kind == "sqlite":
            db = SqliteDatabase(tmp_path / f"app{len(made) or ''}.db")
        else:
            db = PostgresDatabase(request.getfixturevalue("cluster"), f"t_{uuid.uuid4().hex[:12]}")
        made.append(db)
        return db

    yield make
    for db in made:
        db.remove()


@pytest.fixture
def server_log(request):
    """Print what the server logged in this test when it fails."""
    if "cluster" not in request.fixturenames and "postgres" not in request.node.name:
        yield
        return
    server = request.getfixturevalue("cluster")
    start = server.log_size()
    yield
    report = getattr(request.node, "call_report", None)
    if report and report.failed:
        print(f"--- the server's log\n{server.tail(start)}")


@pytest.fixture(params=KINDS)
def db(request, make_db, server_log):
    """An empty database; the test runs once with each kind."""
    return make_db(request.param)


@pytest.fixture
def pg(make_db, server_log):
    """An empty PostgreSQL database."""
    return make_db("postgres")


@pytest.fixture
def lite(make_db):
    """An SQLite database that isn't there yet."""
    return make_db("sqlite")


@pytest.fixture
def make_project(tmp_path):
    """make_project(db, name) → a project; its processes are killed at the test's end."""
    made = []

    def make(db=None, name="project"):
        project = Project(tmp_path / name, db)
        made.append(project)
        return project

    yield make
    for project in made:
        project.close()


@pytest.fixture
def project(db, make_project):
    """A project on `db`: runs with each kind."""
    return make_project(db)


@pytest.fixture
def pg_project(pg, make_project):
    return make_project(pg)


@pytest.fixture
def lite_project(lite, make_project):
    return make_project(lite)


@pytest.fixture
def bare_project(make_project):
    """A project without a database."""
    return make_project()


@pytest.fixture
def pooler(cluster):
    server = Pooler(cluster)
    yield server
    server.remove()


@pytest.fixture
def relay(cluster):
    between = Relay(cluster.port)
    yield between
    between.remove()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.call_report = report

# SPDX-License-Identifier: MIT
"""PostgreSQL's snapshot on whole servers: what their settings, roles and sessions are must not show."""
import os
import re

import pytest
from support.project import ROOT

SETTINGS = {
    "DateStyle": "'German, DMY'", "IntervalStyle": "sql_standard", "TimeZone": "'Asia/Kolkata'", "bytea_output": "escape",
    "extra_float_digits": "-3", "quote_all_identifiers": "on", "standard_conforming_strings": "off", "search_path": "nowhere",
    "default_text_search_config": "'pg_catalog.german'", "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on", "enable_hashjoin": "off", "row_security": "off", "client_min_messages": "debug1",
}
# Set where there is a server file for it: what CREATE TABLE takes when nothing is said.
SERVER = {"DateStyle": "SQL, DMY", "IntervalStyle": "iso_8601", "timezone": "America/Lima", "bytea_output": "escape",
          "extra_float_digits": "0", "quote_all_identifiers": "on", "default_statistics_target": "7", "wal_level": "replica"}


def schema():
    with open(os.path.join(ROOT, "tests", "cases", "postgres", "snapshot_schema.txt")) as file:
        return file.read().split(">>> up\n")[1]


def lines(text):
    return [line for line in text.splitlines() if not line.startswith("#")]


@pytest.fixture
def rich(pg):
    """A database that has one of everything."""
    pg.sql("DO $$BEGIN CREATE ROLE reader; EXCEPTION WHEN duplicate_object THEN END$$;")
    pg.sql(schema())
    return pg


def test_settings_do_not_show(pg_project, rich):
    before = lines(pg_project.amend("snapshot").out)
    assert len(before) > 60
    for name, value in SETTINGS.items():
        rich.sql(f'ALTER DATABASE "{rich.name}" SET {name} = {value}')
    assert lines(pg_project.amend("snapshot").out) == before


def test_a_role_without_rights_sees_all(pg_project, rich, cluster):
    before = lines(pg_project.amend("snapshot").out)
    cluster.execute("DROP ROLE IF EXISTS nobody_much; CREATE ROLE nobody_much LOGIN")
    rich.sql("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    assert lines(pg_project.amend("snapshot", url=cluster.url(rich.name, user="nobody_much")).out) == before


def test_another_server_with_other_defaults(pg_project, rich, own_cluster):
    before = lines(pg_project.amend("snapshot").out)
    own_cluster.stop()
    own_cluster.start(**SERVER)
    place = os.path.join(own_cluster.home, "elsewhere")
    os.mkdir(place)
    os.chown(place, os.stat(own_cluster.data).st_uid, os.stat(own_cluster.data).st_gid)
    own_cluster.execute(f"CREATE TABLESPACE elsewhere LOCATION '{place}'")
    own_cluster.execute("ALTER SYSTEM SET default_tablespace = 'elsewhere'")
    own_cluster.execute("ALTER SYSTEM SET default_toast_compression = 'pglz'")
    own_cluster.execute("SELECT pg_reload_conf()")
    own_cluster.execute("CREATE ROLE reader; ")
    own_cluster.execute("CREATE DATABASE other TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    conn = own_cluster.connect("other")
    conn.cursor().execute(schema())
    conn.close()
    assert lines(pg_project.amend("snapshot", url=own_cluster.url("other")).out) == before


def test_a_standby_can_be_read(pg_project, rich):
    """As on a server that takes no writes."""
    before = lines(pg_project.amend("snapshot").out)
    rich.sql(f'ALTER DATABASE "{rich.name}" SET default_transaction_read_only = on')
    assert lines(pg_project.amend("snapshot").out) == before


def test_behind_a_lock(pg_project, pg):
    """A migration that holds a view is waited for a little while."""
    pg.sql("CREATE VIEW v AS SELECT 1 AS a")
    conn = pg.connect()
    conn.cursor().execute("BEGIN; ALTER VIEW v RENAME COLUMN a TO b")
    result = pg_project.amend("snapshot", check=None)
    assert result.code == 1 and "AM0211" in result.err and "55P03" in result.err, result
    conn.close()
    pg_project.amend("snapshot")


def test_while_the_schema_changes(pg_project, pg):
    """What has not been committed is not there."""
    pg.sql("CREATE TABLE cards (id int)")
    conn = pg.connect()
    conn.cursor().execute("BEGIN; CREATE TABLE notes (id int); CREATE TYPE color AS ENUM ('red')")
    assert not re.search("notes|color", pg_project.amend("snapshot").out)
    conn.cursor().execute("COMMIT")
    conn.close()
    assert re.search("table public.notes\t", pg_project.amend("snapshot").out)

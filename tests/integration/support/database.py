# SPDX-License-Identifier: MIT
"""One database of a test, of either kind, looked at without amend."""
import os
import sqlite3
import subprocess

OWN_TABLES = ("_migrations", "_migration_events", "_migrations_lock", "_migrations_schema")


class Database:
    """What both kinds answer: kind, url, name; sql, rows; history, events, lock; snapshot."""

    kind = None

    def rows(self, query, *args):
        raise NotImplementedError

    def value(self, query, *args):
        return self.rows(query, *args)[0][0]

    def dicts(self, query):
        raise NotImplementedError

    def has(self, table):
        raise NotImplementedError

    def history(self):
        """All rows of _migrations by id, as dicts; [] without the table."""
        return self.dicts("SELECT * FROM _migrations ORDER BY id") if self.has("_migrations") else []

    def versions(self):
        return [row["version"] for row in self.history()]

    def lock(self):
        return self.dicts("SELECT * FROM _migrations_lock")[0]

    def applied_events(self):
        return [event["version"] for event in self.events() if event["type"] == "migration.applied"]

    def snapshot(self):
        """Schema and data of everything but amend's own tables, as sorted lines."""
        return self.schema() + self.data()

    def data(self):
        lines, conn = [], self.connect() if self.made() else None
        for table in self.tables():
            cursor = conn.cursor()
            cursor.execute(f"SELECT * FROM {table}")
            lines += [f"{table}: {row}" for row in sorted(repr(tuple(row)) for row in cursor.fetchall())]
        if conn:
            conn.close()
        return lines


class SqliteDatabase(Database):
    kind = "sqlite"

    def __init__(self, path):
        self.path = str(path)
        self.url = f"sqlite:{self.path}"
        self.name = os.path.basename(self.path)

    def connect(self, timeout=10.0):
        return sqlite3.connect(self.path, timeout=timeout, isolation_level=None)

    def made(self):
        return os.path.exists(self.path)

    def sql(self, text):
        conn = self.connect()
        try:
            conn.executescript(text)
        finally:
            conn.close()

    def rows(self, query, *args):
        if not self.made():
            return []
        conn = self.connect()
        try:
            return conn.execute(query, args).fetchall()
        finally:
            conn.close()

    def dicts(self, query):
        conn = self.connect()
        conn.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in conn.execute(query)]
        finally:
            conn.close()

    def has(self, table):
        return bool(self.rows("SELECT 1 FROM sqlite_schema WHERE name = ?", table))

    def tables(self):
        found = self.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
        return [f'"{name}"' for name, in found if name not in OWN_TABLES]

    def events(self):
        if not self.has("_migration_events"):
            return []
        return self.dicts("SELECT * FROM _migration_events ORDER BY id")

    def schema(self):
        found = self.rows("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")
        return [repr(row) for row in found if row[2] not in OWN_TABLES and not row[1].startswith("sqlite_")]

    def run_by_hand(self, script):
        """As a person would: sqlite3 FILE < script. -bail makes it stop at the first error."""
        return subprocess.run(["sqlite3", "-bail", self.path], input=script, text=True, capture_output=True, check=True)

    def remove(self):
        pass


class PostgresDatabase(Database):
    kind = "postgres"

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self.url = cluster.url(name)
        cluster.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')

    def connect(self, **more):
        return self.cluster.connect(self.name, **more)

    def made(self):
        return True

    def sql(self, text):
        self.cluster.execute(text, self.name)

    def _query(self, query, args=None):
        conn = self.connect()
        try:
            cursor = conn.cursor()
            cursor.execute(query, args or None)
            return [column.name for column in cursor.description], cursor.fetchall()
        finally:
            conn.close()

    def rows(self, query, *args):
        return self._query(query, args)[1]

    def dicts(self, query):
        names, rows = self._query(query)
        return [dict(zip(names, row)) for row in rows]

    def has(self, table):
        return bool(self.rows("SELECT 1 FROM pg_class WHERE relname = %s AND relkind IN ('r', 'p')", table))

    def tables(self):
        found = self.rows("""SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relname
                               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                              WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
                              ORDER BY 1""")
        return [name for name, bare in found if bare not in OWN_TABLES]

    def events(self):
        if not self.has("_migration_events"):
            return []
        return self.dicts(EVENTS_QUERY)

    def schema(self):
        """pg_dump's words, and the invalid indexes, which pg_dump leaves out."""
        dump = subprocess.run([self.cluster.program("pg_dump"), "--schema-only", "--exclude-table=_migration*",
                               "-d", f"host={self.cluster.home} port={self.cluster.port} user={self.cluster.superuser} "
                                     f"dbname={self.name}"], capture_output=True, text=True, check=True).stdout
        lines = [line for line in dump.splitlines() if line and not line.startswith(("--", "\\", "SET ", "SELECT pg_catalog"))]
        return lines + [f"INVALID INDEX {name}" for name, in self.invalid_indexes()]

    def invalid_indexes(self):
        return self.rows("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1")

    def run_by_hand(self, script):
        return subprocess.run([self.cluster.program("psql"), "-X", "-v", "ON_ERROR_STOP=1", "-h", self.cluster.home, "-p",
                               str(self.cluster.port), "-U", self.cluster.superuser, "-d", self.name], input=script, text=True,
                              capture_output=True, check=True)

    def remove(self):
        self.cluster.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')


# The times as text in the form that the hashes are made over.
EVENTS_QUERY = """SELECT id::text AS id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, type, version, checksum,
       actor, host, application, detail::text AS detail, prev_hash, hash FROM _migration_events ORDER BY _migration_events.id"""

# SPDX-License-Identifier: MIT
"""SQLite's way to change a table: make the new one, copy, drop the old one, rename. Children must keep their rows."""

REBUILD_BASE = """CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE);
INSERT INTO parent VALUES (1, 'a'), (2, 'b');
INSERT INTO child VALUES (10, 1), (11, 1), (20, 2);
"""

PARENT_REBUILD = """CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '', colour TEXT);
INSERT INTO parent_new (id, name) SELECT id, name FROM parent;
DROP TABLE parent;
ALTER TABLE parent_new RENAME TO parent;
"""


def child_rows(db):
    return db.value("SELECT count(*) FROM child")

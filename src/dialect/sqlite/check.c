/* SPDX-License-Identifier: MIT */
/*
 * Violations are counted per pair of tables, not by row: a rebuild may give its rows new numbers. A table that refers to what
 * is no unique key of its parent is left out, since PRAGMA foreign_key_check gives up with "foreign key mismatch" there:
 * whether its rows are right can't be said, and rebuilding any other table must not depend on it.
 */
#include "dialect/sqlite/check.h"

#define SQLITE_CHECK_MARK "amend: "
#define SQLITE_CHECK_TABLE "temp._amend_foreign_keys"
/* One row per foreign key of every table; "whole": it names no columns and so means the parent's primary key. */
#define SQLITE_KEYS                                                                                                            \
    "SELECT t.name AS child, f.id AS id, f.\"table\" AS parent, count(*) AS width, min(f.\"to\") IS NULL AS whole, "           \
    "min(f.\"to\") AS first\n"                                                                                                 \
    "FROM main.sqlite_master AS t, pragma_foreign_key_list(t.name, 'main') AS f WHERE t.type = 'table' "                       \
    "GROUP BY t.name, f.id"
/* Is there a unique index over exactly the columns that key k refers to? */
#define SQLITE_BY_INDEX                                                                                                        \
    "EXISTS (SELECT 1 FROM pragma_index_list(k.parent, 'main') AS i WHERE i.\"unique\" AND NOT i.partial\n"                    \
    "AND (SELECT count(*) FROM pragma_index_info(i.name, 'main')) = k.width\n"                                                 \
    "AND CASE WHEN k.whole THEN i.origin = 'pk' ELSE NOT EXISTS (SELECT 1 FROM pragma_foreign_key_list(k.child, 'main') AS f " \
    "WHERE f.id = k.id AND f.\"to\" COLLATE NOCASE NOT IN (SELECT name FROM pragma_index_info(i.name, 'main') WHERE name IS "  \
    "NOT NULL)) END)"
/* Or does it refer to the rowid by its name? An INTEGER PRIMARY KEY has no index. */
#define SQLITE_BY_ROWID                                                                                                        \
    "(k.width = 1 AND NOT EXISTS (SELECT 1 FROM pragma_index_list(k.parent, 'main') WHERE origin = 'pk')\n"                    \
    "AND EXISTS (SELECT 1 FROM pragma_table_info(k.parent, 'main') WHERE pk = 1 AND (k.whole OR name = k.first COLLATE "       \
    "NOCASE)))"
/* A parent that isn't there is no mismatch: all rows that refer to it are violations. */
#define SQLITE_MISMATCHED                                                                                                      \
    "SELECT k.child FROM (" SQLITE_KEYS ") AS k\n"                                                                             \
    "WHERE EXISTS (SELECT 1 FROM main.sqlite_master WHERE name = k.parent COLLATE NOCASE AND type IN ('table', 'view'))\n"     \
    "AND NOT " SQLITE_BY_INDEX "\nAND NOT " SQLITE_BY_ROWID
/* LIMIT and CROSS JOIN keep SQLite from checking a table before it has sorted out which. */
#define SQLITE_VIOLATIONS                                                                                                      \
    "SELECT t.name AS child, v.parent AS parent, count(*) AS rows\n"                                                           \
    "FROM (SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT IN (" SQLITE_MISMATCHED ") LIMIT -1) AS t\n"  \
    "CROSS JOIN pragma_foreign_key_check(t.name, 'main') AS v\nGROUP BY t.name, v.parent"

/*
 * A table that an earlier check left behind outside a transaction would be in the way. A mismatched table is noted with no
 * parent: when the step mends it, the violations that show then are not the step's.
 */
unsigned sqlite_check_begin(buf *out)
{
    buf_text(out, "DROP TABLE IF EXISTS " SQLITE_CHECK_TABLE ";\n"
                  "CREATE TABLE " SQLITE_CHECK_TABLE " AS " SQLITE_VIOLATIONS "\n"
                  "UNION ALL SELECT child, NULL, 0 FROM (" SQLITE_MISMATCHED ");\n");
    return 2;
}

unsigned sqlite_check_end(buf *out)
{
    buf_text(out, "SELECT json_extract('{}', '" SQLITE_CHECK_MARK "' || group_concat(words, ', '))\n"
                  "FROM (SELECT (now.rows - coalesce(was.rows, 0)) || CASE now.rows - coalesce(was.rows, 0) WHEN 1 THEN ' row' "
                  "ELSE ' rows' END || ' of \"' || now.child || '\" without a \"' || now.parent || '\"' AS words\n"
                  "FROM (" SQLITE_VIOLATIONS ") AS now LEFT JOIN " SQLITE_CHECK_TABLE " AS was\n"
                  "ON was.child = now.child AND was.parent = now.parent\n"
                  "WHERE now.rows > coalesce(was.rows, 0)\n"
                  "AND now.child NOT IN (SELECT child FROM " SQLITE_CHECK_TABLE " WHERE parent IS NULL)\n"
                  "ORDER BY now.child, now.parent);\n"
                  "DROP TABLE " SQLITE_CHECK_TABLE ";\n");
    return 2;
}

slice sqlite_check_words(const char *message)
{
    const char *mark = strstr(message, "'" SQLITE_CHECK_MARK);
    if (mark == NULL || strstr(message, "JSON path") == NULL)
    {
        return (slice){"", 0};
    }
    const char *words = mark + sizeof SQLITE_CHECK_MARK;
    size_t len = strlen(words);
    return (slice){words, len - (len > 0 && words[len - 1] == '\'')};
}

/* SPDX-License-Identifier: MIT */
/* Violations are counted per pair of tables, not by row: a rebuild may give its rows new numbers. */
#include "dialect/sqlite/check.h"

#define SQLITE_CHECK_MARK "amend: "
#define SQLITE_CHECK_TABLE "temp._amend_foreign_keys"
#define SQLITE_VIOLATIONS                                                                                                      \
    "SELECT \"table\" AS child, parent, count(*) AS rows FROM pragma_foreign_key_check GROUP BY \"table\", parent"

/* A table that an earlier check left behind outside a transaction would be in the way. */
unsigned sqlite_check_begin(buf *out)
{
    buf_text(out, "DROP TABLE IF EXISTS " SQLITE_CHECK_TABLE ";\n"
                  "CREATE TABLE " SQLITE_CHECK_TABLE " AS " SQLITE_VIOLATIONS ";\n");
    return 2;
}

unsigned sqlite_check_end(buf *out)
{
    buf_text(out, "SELECT json_extract('{}', '" SQLITE_CHECK_MARK "' || group_concat(words, ', '))\n"
                  "FROM (SELECT (now.rows - coalesce(was.rows, 0)) || CASE now.rows - coalesce(was.rows, 0) WHEN 1 THEN ' row' "
                  "ELSE ' rows' END || ' of \"' || now.child || '\" without a \"' || now.parent || '\"' AS words\n"
                  "FROM (" SQLITE_VIOLATIONS ") AS now LEFT JOIN " SQLITE_CHECK_TABLE " AS was\n"
                  "ON was.child = now.child AND was.parent = now.parent\n"
                  "WHERE now.rows > coalesce(was.rows, 0) ORDER BY now.child, now.parent);\n"
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

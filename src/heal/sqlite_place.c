/* SPDX-License-Identifier: MIT */
/*
 * sqlite3_exec doesn't tell which statement failed. One that failed for something missing failed in being prepared, and so
 * fails to be prepared now, with the very same words. When several do, it was the first of them: it can't have run before,
 * unless one between them took away what it needed. Those that may have done so are told by their first word, and then nothing
 * is certain.
 *
 * PRAGMAs are left out: some act while they are prepared (https://sqlite.org/pragma.html).
 */
#include "heal/sqlite.h"

#include "dialect/dialects.h"

#include <strings.h>

size_t sqlite_place_offset(sqlite3 *db)
{
#if SQLITE_VERSION_NUMBER >= 3038000
    int offset = sqlite3_error_offset(db);
    return offset < 0 ? 0 : (size_t)offset + 1;
#else
    (void)db;
    return 0;
#endif
}

static bool lite_place_begins(slice text, const char *word)
{
    size_t len = strlen(word);
    bool ends = text.len == len || (text.len > len && strchr("\t\n\f\r ;(-/'\"[`", text.data[len]) != NULL);
    return ends && strncasecmp(text.data, word, len) == 0;
}

static bool lite_place_begins_any(slice text, const char *const *words)
{
    while (*words != NULL && !lite_place_begins(text, *words))
    {
        words++;
    }
    return *words != NULL;
}

/* These leave the schema and the transaction as they are, whatever they do. */
static const char *const lite_place_plain[] = {"SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "VALUES", "WITH", NULL};
/* These give no rows. When they have run, they often can't be prepared any more. */
static const char *const lite_place_silent[] = {"CREATE", "DROP", "ALTER", NULL};

/* Prepare it. Does it fail with that message? */
static bool lite_place_fails(sqlite3 *db, slice text, const char *message, bool *rows)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(db, text.data, (int)text.len, &stmt, NULL);
    bool same = code != SQLITE_OK && strcmp(sqlite3_errmsg(db), message) == 0;
    *rows = code != SQLITE_OK || sqlite3_column_count(stmt) > 0;
    sqlite3_finalize(stmt);
    return same;
}

/*
 * Bring about an error with these words, which came from running a statement and not from preparing it: a name that can't exist
 * as it is quoted here.
 */
static void lite_place_say_again(sqlite3 *db, const char *message)
{
    static const struct
    {
        const char *words, *sql;
    } forms[] = {{"no such table: ", "SELECT 1 FROM `%s`"}, {"no such column: ", "SELECT `%s`"}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
    {
        size_t len = strlen(forms[i].words);
        if (strncmp(message, forms[i].words, len) == 0 && strchr(message + len, '`') == NULL)
        {
            sqlite3_stmt *stmt = NULL;
            char *sql = sqlite3_mprintf(forms[i].sql, message + len);
            sqlite3_prepare_v2(db, sql == NULL ? "" : sql, -1, &stmt, NULL);
            sqlite3_finalize(stmt);
            sqlite3_free(sql);
        }
    }
}

bool sqlite_place_find(sqlite3 *db, arena *a, const char *text, const char *message, sqlite_place *out)
{
    script s;
    bool found = false, certain = true, plain = true, rows = false, ignored;
    slice whole = slice_of(text);
    if (dialect_sqlite.split(a, whole, &s, NULL) != AMEND_OK)
    {
        s.count = 0;
    }
    for (size_t i = 0, start = 0; i < s.count; start = s.stmts[i].end, i++)
    {
        slice bare = slice_sub(whole, s.stmts[i].start, s.stmts[i].end);
        bool gives = true, fails = !lite_place_begins(bare, "PRAGMA") &&
                                   lite_place_fails(db, slice_sub(whole, start, s.stmts[i].end), message, &gives);
        if (fails && !found)
        {
            *out =
                (sqlite_place){.start = start, .end = s.stmts[i].end, .position = sqlite_place_offset(db), .rows_before = rows};
            found = true;
        }
        else if (fails)
        {
            certain = certain && plain;
        }
        rows = rows || (gives && !lite_place_begins_any(bare, lite_place_silent));
        plain = plain && (!found || lite_place_begins_any(bare, lite_place_plain));
    }
    if (!found || !lite_place_fails(db, slice_sub(whole, out->start, out->end), message, &ignored))
    {
        lite_place_say_again(db, message);
        return false;
    }
    return certain;
}

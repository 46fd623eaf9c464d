/* SPDX-License-Identifier: MIT */
/*
 * sqlite3_exec doesn't tell which statement failed. One that failed for something missing failed in being prepared, and so
 * fails to be prepared now, with the very same words. When several do, it was the first of them: it can't have run before,
 * unless one between them took away what it needed. Those that may have done so are told by their first word, and then nothing
 * is certain.
 *
 * When none fails any more, somebody else may have made what was missing meanwhile; that the schema is another one than at the
 * failure tells it from an error that came from running. (SQLite checks that its schema is the file's when preparing fails.)
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

/* The names can't be real ones as they are quoted here, or there would have been no such error. */
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

/* How much memory the parsed schemas take: another number says that they were read anew and are others. */
static int lite_place_schema_size(sqlite3 *db)
{
    int now = 0, ignored;
    sqlite3_db_status(db, SQLITE_DBSTATUS_SCHEMA_USED, &now, &ignored, 0);
    return now;
}

/* All statements can be prepared now. The one that failed is sure only when it alone has the name of what was missing. */
static bool lite_place_named(const script *s, const amend_object *missing, sqlite_place *out)
{
    const char *name = missing->name[0] != '\0' ? missing->name : missing->table;
    size_t found = 0;
    for (size_t i = 0, start = 0; i < s->count; start = s->stmts[i].end, i++)
    {
        if (s->count == 1 || dialect_sqlite.mentions(slice_sub(s->text, s->stmts[i].start, s->stmts[i].end), name))
        {
            *out = (sqlite_place){.start = start, .end = s->stmts[i].end, .rows_before = i > 0};
            found++;
        }
    }
    return found == 1;
}

typedef struct lite_search
{
    bool found;   /* the first that fails */
    bool certain; /* no other can have been it */
} lite_search;

static lite_search lite_place_search(sqlite3 *db, const script *s, const char *message, sqlite_place *out)
{
    lite_search search = {.certain = true};
    bool plain = true, rows = false;
    for (size_t i = 0, start = 0; i < s->count; start = s->stmts[i].end, i++)
    {
        size_t end = s->stmts[i].end;
        slice bare = slice_sub(s->text, s->stmts[i].start, end);
        bool gives = true;
        bool fails =
            !lite_place_begins(bare, "PRAGMA") && lite_place_fails(db, slice_sub(s->text, start, end), message, &gives);
        if (fails && !search.found)
        {
            *out = (sqlite_place){.start = start, .end = end, .position = sqlite_place_offset(db), .rows_before = rows};
            search.found = true;
        }
        else if (fails)
        {
            search.certain = search.certain && plain;
        }
        rows = rows || (gives && !lite_place_begins_any(bare, lite_place_silent));
        plain = plain && (!search.found || lite_place_begins_any(bare, lite_place_plain));
    }
    return search;
}

sqlite_verdict sqlite_place_find(sqlite3 *db, arena *a, const char *text, const char *message, const amend_object *missing,
                                 sqlite_place *out)
{
    script s;
    bool ignored;
    int size = lite_place_schema_size(db);
    if (dialect_sqlite.split(a, slice_of(text), &s, NULL) != AMEND_OK)
    {
        return SQLITE_PLACE_UNKNOWN;
    }
    lite_search search = lite_place_search(db, &s, message, out);
    if (search.found && lite_place_fails(db, slice_sub(s.text, out->start, out->end), message, &ignored))
    {
        return search.certain ? SQLITE_PLACE_FOUND : SQLITE_PLACE_UNKNOWN;
    }
    if (lite_place_schema_size(db) != size && lite_place_named(&s, missing, out))
    {
        return SQLITE_PLACE_CHANGED;
    }
    lite_place_say_again(db, message);
    return SQLITE_PLACE_UNKNOWN;
}

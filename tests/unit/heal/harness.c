/* SPDX-License-Identifier: MIT */
#include "heal/harness.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "dialect/dialects.h"
#include "driver/drivers.h"
#include "driver/sqlite/borrow.h"
#include "support/testing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* -------------------------------------------------------------------------------------------------------- the dialect */

struct survey
{
    const amend_allocator *allocator;
};

static amend_status survey_open(const amend_allocator *allocator, survey **out, amend_error *error)
{
    survey *s = alloc_zeroed(allocator, 1, sizeof *s);
    if (s == NULL)
    {
        return error_memory(error);
    }
    s->allocator = allocator;
    *out = s;
    return AMEND_OK;
}

static void survey_close(survey *s)
{
    if (s != NULL)
    {
        alloc_free(s->allocator, s, sizeof *s);
    }
}

/* The next word, its brackets and commas apart from it. */
static slice word_of(slice *rest)
{
    size_t i = 0, end;
    while (i < rest->len && strchr(" \n(,;", rest->data[i]) != NULL)
    {
        i++;
    }
    for (end = i; end < rest->len && strchr(" \n(,;)", rest->data[end]) == NULL; end++)
    {
    }
    slice word = slice_sub(*rest, i, end);
    *rest = slice_sub(*rest, end, rest->len);
    return word;
}

static bool starts(slice *rest, const char *words)
{
    if (!slice_starts(*rest, slice_of(words)))
    {
        return false;
    }
    *rest = slice_sub(*rest, strlen(words), rest->len);
    return true;
}

typedef struct reading
{
    findings *out;
    size_t statement;
} reading;

static void found(reading *r, change_kind kind, amend_object_kind object, slice table, slice name, slice to)
{
    r->out->changes[r->out->change_count++] =
        (change){.kind = kind, .object = object, .table = table, .name = name, .to = to, .statement = r->statement};
}

static void objected(reading *r, objection_kind kind, slice table)
{
    r->out->objections[r->out->objection_count++] = (objection){.kind = kind, .table = table, .statement = r->statement};
}

static void read_columns(reading *r, slice table, slice rest)
{
    while (rest.len > 0 && rest.data[0] != ')')
    {
        slice name = word_of(&rest);
        if (name.len > 0)
        {
            found(r, CHANGE_ADD, AMEND_OBJECT_COLUMN, table, name, (slice){0});
        }
        while (rest.len > 0 && rest.data[0] != ',' && rest.data[0] != ')')
        {
            rest = slice_sub(rest, 1, rest.len);
        }
    }
}

static void read_alter(reading *r, slice rest)
{
    slice table = word_of(&rest);
    rest = slice_trim(rest);
    if (starts(&rest, "ADD COLUMN"))
    {
        found(r, CHANGE_ADD, AMEND_OBJECT_COLUMN, table, word_of(&rest), (slice){0});
    }
    else if (starts(&rest, "RENAME TO"))
    {
        found(r, CHANGE_RENAME, AMEND_OBJECT_TABLE, (slice){0}, table, word_of(&rest));
        objected(r, OBJECTION_RENAMES, table);
    }
}

static void read_statement(reading *r, slice rest)
{
    if (starts(&rest, "CREATE TABLE"))
    {
        starts(&rest, " IF NOT EXISTS");
        slice table = word_of(&rest);
        found(r, CHANGE_ADD, AMEND_OBJECT_TABLE, (slice){0}, table, (slice){0});
        read_columns(r, table, rest);
    }
    else if (starts(&rest, "CREATE INDEX"))
    {
        slice name = word_of(&rest);
        word_of(&rest);
        found(r, CHANGE_ADD, AMEND_OBJECT_INDEX, word_of(&rest), name, (slice){0});
    }
    else if (starts(&rest, "ALTER TABLE"))
    {
        read_alter(r, rest);
    }
    else if (starts(&rest, "DROP TABLE"))
    {
        slice table = word_of(&rest);
        found(r, CHANGE_DROP, AMEND_OBJECT_TABLE, (slice){0}, table, (slice){0});
        objected(r, OBJECTION_DROPS, table);
    }
    else if (starts(&rest, "INSERT INTO") || starts(&rest, "UPDATE") || starts(&rest, "DELETE FROM"))
    {
        objected(r, OBJECTION_CHANGES_DATA, word_of(&rest));
    }
    else if (starts(&rest, "PRAGMA"))
    {
        objected(r, OBJECTION_SETS, (slice){0});
    }
}

static amend_status survey_read(survey *s, arena *a, const script *script, findings *out, amend_error *error)
{
    (void)s;
    *out = (findings){.changes = arena_array(a, script->text.len + 1, sizeof(change)),
                      .objections = arena_array(a, script->count + 1, sizeof(objection))};
    if (out->changes == NULL || out->objections == NULL)
    {
        return error_memory(error);
    }
    for (size_t i = 0; i < script->count; i++)
    {
        reading r = {.out = out, .statement = i};
        read_statement(&r, slice_sub(script->text, script->stmts[i].start, script->stmts[i].end));
    }
    return AMEND_OK;
}

/* ------------------------------------------------------------------------------------------------------------ telling */

__attribute__((format(printf, 3, 4))) static void add(char *out, size_t size, const char *format, ...)
{
    size_t used = strlen(out);
    va_list args;
    va_start(args, format);
    vsnprintf(out + used, size - used, format, args);
    va_end(args);
}

static void on_event(void *arg, const amend_event *e)
{
    harness *h = arg;
    pthread_mutex_lock(&h->mutex);
    h->count[e->type]++;
    add(h->told, sizeof h->told, "%s%s%s%s%s\n", e->type_name, e->version == NULL ? "" : " ",
        e->version == NULL ? "" : e->version, e->message == NULL ? "" : ": ", e->message == NULL ? "" : e->message);
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->mutex);
    if (h->hook != NULL)
    {
        h->hook(h, e);
    }
}

void harness_await(harness *h, amend_event_type type, unsigned count)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    pthread_mutex_lock(&h->mutex);
    while (h->count[type] < count)
    {
        if (pthread_cond_timedwait(&h->changed, &h->mutex, &until) == ETIMEDOUT)
        {
            fail_msg("%s was not told:\n%s", event_type_text(type), h->told);
        }
    }
    pthread_mutex_unlock(&h->mutex);
}

void harness_expect_told(harness *h, const char *types)
{
    char found[2048] = "";
    pthread_mutex_lock(&h->mutex);
    for (const char *line = h->told; *line != '\0'; line = strchr(line, '\n') + 1)
    {
        add(found, sizeof found, "%s%.*s", found[0] == '\0' ? "" : " ", (int)strcspn(line, " :\n"), line);
    }
    pthread_mutex_unlock(&h->mutex);
    assert_string_equal(found, types);
}

/* --------------------------------------------------------------------------------------------------------- the healer */

static void healer_make(harness *h, const amend_allocator *allocator)
{
    h->healer = (healer){.session = {.allocator = allocator,
                                     .driver = &driver_sqlite,
                                     .dialect = &h->dialect,
                                     .url = h->database,
                                     .url_shown = h->database,
                                     .application = "test",
                                     .actor = "ann",
                                     .host = "web-1",
                                     .on_event = on_event,
                                     .on_event_arg = h,
                                     .connect_timeout_ms = 500,
                                     .lock_timeout_ms = 20,
                                     .lock_wait_ms = 300,
                                     .lease_ms = 1000},
                         .dir = h->migrations,
                         .policy = AMEND_HEAL_ADDITIVE,
                         .wait_ms = 10000,
                         .cooldown_ms = 3600000};
    assert_int_equal(healer_init(&h->healer, NULL), AMEND_OK);
}

void harness_make(harness *h)
{
    memset(h, 0, sizeof *h);
    tempdir_make(&h->dir);
    snprintf(h->database, sizeof h->database, "%s", tempdir_path(&h->dir, "app.db"));
    snprintf(h->migrations, sizeof h->migrations, "%s", tempdir_path(&h->dir, "migrations"));
    h->dialect = dialect_sqlite;
    h->dialect.survey_open = survey_open;
    h->dialect.survey_read = survey_read;
    h->dialect.survey_close = survey_close;
    pthread_mutex_init(&h->mutex, NULL);
    pthread_cond_init(&h->changed, NULL);
    healer_make(h, &alloc_default);
}

void harness_again(harness *h, const amend_allocator *allocator)
{
    healer old = h->healer;
    healer_clear(&h->healer);
    healer_make(h, allocator);
    h->healer.policy = old.policy;
    h->healer.wait_ms = old.wait_ms;
    h->healer.files = old.files;
    h->healer.file_count = old.file_count;
}

void harness_remove(harness *h)
{
    assert_false(h->healer.busy);
    assert_null(h->healer.curing);
    healer_clear(&h->healer);
    assert_int_equal(sqlite3_close(h->db), SQLITE_OK);
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->mutex);
    tempdir_remove(&h->dir);
}

void harness_write(harness *h, const char *file, const char *text)
{
    char name[300];
    snprintf(name, sizeof name, "migrations/%s", file);
    tempdir_write(&h->dir, name, text);
}

void harness_unlink(harness *h, const char *file)
{
    char name[300];
    snprintf(name, sizeof name, "migrations/%s", file);
    assert_int_equal(unlink(tempdir_path(&h->dir, name)), 0);
}

void harness_age(harness *h, int64_t ms)
{
    pthread_mutex_lock(&h->healer.mutex);
    h->healer.looked_ms -= ms;
    for (size_t i = 0; i < h->healer.memory.count; i++)
    {
        h->healer.memory.memos[i].at_ms -= ms;
    }
    pthread_mutex_unlock(&h->healer.mutex);
}

amend_cure harness_request(harness *h, const char *message, const char *query, amend_conn *conn, bool inside,
                           amend_healing *healing, amend_error *error)
{
    amend_db_error failed = AMEND_DB_ERROR_INIT;
    failed.message = message;
    failed.native = SQLITE_ERROR;
    failed.query = query;
    failed.cured = h->cured;
    heal_request request = {.failed = &failed, .conn = conn, .inside = inside};
    *error = (amend_error){0};
    amend_cure cure = heal(&h->healer, &request, healing, error);
    assert_int_equal(healing->cure, cure);
    assert_int_equal(cure == AMEND_CURE_NONE || cure == AMEND_CURE_DONE, error->code == 0);
    return cure;
}

static void begin(harness *h)
{
    pthread_mutex_lock(&h->mutex);
    h->told[0] = '\0';
    memset(h->count, 0, sizeof h->count);
    pthread_mutex_unlock(&h->mutex);
}

amend_cure harness_heal(harness *h, const char *message)
{
    begin(h);
    return harness_request(h, message, NULL, NULL, false, &h->healing, &h->error);
}

void harness_connect(harness *h)
{
    assert_int_equal(sqlite3_open(h->database, &h->db), SQLITE_OK);
}

amend_cure harness_heal_here(harness *h, const char *message)
{
    bool inside = sqlite3_get_autocommit(h->db) == 0;
    amend_conn *conn = sqlite_borrow(&alloc_default, h->db, inside);
    assert_non_null(conn);
    begin(h);
    amend_cure cure = harness_request(h, message, NULL, conn, inside, &h->healing, &h->error);
    conn->driver->close(conn);
    assert_int_equal(sqlite3_get_autocommit(h->db) == 0, inside);
    return cure;
}

void harness_do(harness *h, const char *sql)
{
    if (sqlite3_exec(h->db, sql, NULL, NULL, NULL) != SQLITE_OK)
    {
        fail_msg("%s: %s", sql, sqlite3_errmsg(h->db));
    }
}

void harness_expect(const harness *h, amend_cure cure, amend_cure wanted)
{
    if (cure != wanted)
    {
        fail_msg("cure %d, not %d: AM%04d %s (%s)\n%s", (int)cure, (int)wanted, (int)h->error.code, h->error.message,
                 h->error.detail, h->told);
    }
}

static int on_row(void *arg, int columns, char **values, char **names)
{
    (void)names;
    for (int i = 0; i < columns; i++)
    {
        add(arg, 4096, "%s%s", values[i] == NULL ? "" : values[i], i + 1 == columns ? "\n" : "|");
    }
    return 0;
}

static const char *query(sqlite3 *db, const char *sql)
{
    static char text[4096];
    text[0] = '\0';
    if (sqlite3_exec(db, sql, on_row, text, NULL) != SQLITE_OK)
    {
        snprintf(text, sizeof text, "%s", sqlite3_errmsg(db));
    }
    return text;
}

const char *harness_query_here(harness *h, const char *sql)
{
    return query(h->db, sql);
}

const char *harness_query(harness *h, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(h->database, &db), SQLITE_OK);
    const char *rows = query(db, sql);
    sqlite3_close(db);
    return rows;
}

knowledge *harness_knowledge(harness *h)
{
    knowledge *k = NULL;
    const healer *l = &h->healer;
    if (knowledge_load(&alloc_default, &h->dialect, l->dir, l->files, l->file_count, &k, &h->error) != AMEND_OK)
    {
        fail_msg("%s", h->error.message);
    }
    return k;
}

amend_object harness_object(amend_object_kind kind, const char *name)
{
    amend_object o = {0};
    assert_true(dialect_sqlite.parse_name(slice_of(name), &o));
    o.kind = kind;
    return o;
}

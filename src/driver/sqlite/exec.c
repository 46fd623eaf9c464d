/* SPDX-License-Identifier: MIT */
/*
 * Running pieces by SQLite's own prepare and tail.
 *
 * prepare copies a text that is given with its length, and would do so for each statement with all that is left of the piece:
 * quadratic. So each piece is copied once, with a NUL behind it, and given without a length.
 *
 * foreign_keys can't be changed inside a transaction, and a PRAGMA can't put back a value that it doesn't know. So when a piece
 * changes the setting and then begins a transaction, the change is taken to be for that transaction, and undone at the end of
 * the piece that ends it, in whatever way. Pieces that only change the setting are left alone.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "driver/sqlite/conn.h"

enum
{
    IDLE_EVERY_MS = 250,
    IDLE_OPCODES = 5000, /* of SQLite's virtual machine, between two looks at the clock: well below a millisecond */
};

/* ---------------------------------------------------------------------------------------------------------------- waiting */

/* Nonzero: stop. */
static int sqlite_ask_idle(sqlite_conn *c, int64_t now)
{
    if (c->hooks == NULL || c->hooks->idle == NULL || now - c->told_ms < IDLE_EVERY_MS)
    {
        return c->stopped != AMEND_OK;
    }
    c->told_ms = now;
    amend_status status = c->hooks->idle(c->hooks->arg);
    if (c->stopped == AMEND_OK)
    {
        c->stopped = status;
    }
    return c->stopped != AMEND_OK;
}

static int sqlite_progress(void *arg)
{
    return sqlite_ask_idle(arg, clock_monotonic_ms());
}

/* A borrowed connection's progress handler is its owner's. */
static void sqlite_watch(sqlite_conn *c, bool on)
{
    if (!c->borrowed)
    {
        sqlite3_progress_handler(c->db, on ? IDLE_OPCODES : 0, on ? sqlite_progress : NULL, c);
    }
}

int sqlite_conn_busy(void *arg, int tries)
{
    static const unsigned char pauses[] = {1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100};
    sqlite_conn *c = arg;
    int64_t now = clock_monotonic_ms();
    c->busy_since = tries == 0 ? now : c->busy_since;
    int64_t left = c->busy_since + c->busy_ms - now;
    if (left <= 0 || sqlite_ask_idle(c, now) != 0)
    {
        return 0;
    }
    size_t last = sizeof pauses - 1, i = (size_t)tries < last ? (size_t)tries : last;
    clock_sleep_ms(left < pauses[i] ? (uint32_t)left : pauses[i]);
    return 1;
}

/* ----------------------------------------------------------------------------------------------------------- foreign keys */

static int sqlite_foreign_keys(sqlite_conn *c, int set)
{
    int now = 0;
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_ENABLE_FKEY, set, &now);
    return now;
}

/* A statement of this piece has begun a transaction; `before` is what the setting was when the piece began. */
static void sqlite_note_keys(sqlite_conn *c, int before)
{
    if (!c->restore_keys && sqlite_foreign_keys(c, -1) != before)
    {
        c->restore_keys = true;
        c->foreign_keys = before;
    }
}

static void sqlite_restore_keys(sqlite_conn *c)
{
    if (c->restore_keys && sqlite3_get_autocommit(c->db) != 0)
    {
        sqlite_foreign_keys(c, c->foreign_keys);
        c->restore_keys = false;
    }
}

/* --------------------------------------------------------------------------------------------------------------- running */

static bool sqlite_make_cells(sqlite_conn *c, size_t columns)
{
    size_t need = columns * 2;
    if (need <= c->cell_count)
    {
        return true;
    }
    size_t size = sizeof *c->cells;
    const char **cells = alloc_resize(c->allocator, c->cells, c->cell_count * size, need * size);
    if (cells == NULL)
    {
        return false;
    }
    c->cells = cells;
    c->cell_count = need;
    return true;
}

/* SQLITE_OK, SQLITE_NOMEM, or SQLITE_ABORT when the hook wants no more. */
static int sqlite_give_row(sqlite_conn *c, sqlite3_stmt *stmt, size_t piece)
{
    int columns = sqlite3_column_count(stmt);
    if (!sqlite_make_cells(c, (size_t)columns))
    {
        return SQLITE_NOMEM;
    }
    const char **names = c->cells, **values = c->cells + columns;
    for (int i = 0; i < columns; i++)
    {
        names[i] = sqlite3_column_name(stmt, i);
        bool null = sqlite3_column_type(stmt, i) == SQLITE_NULL;
        values[i] = null ? NULL : (const char *)sqlite3_column_text(stmt, i);
        if (names[i] == NULL || (!null && values[i] == NULL))
        {
            return SQLITE_NOMEM;
        }
    }
    amend_row row = {.columns = (unsigned)columns, .names = names, .values = values};
    c->stopped = c->hooks->row(c->hooks->arg, piece, &row);
    return c->stopped == AMEND_OK ? SQLITE_OK : SQLITE_ABORT;
}

/* Step to the end. SQLITE_OK, or what stopped it. */
static int sqlite_step_through(sqlite_conn *c, sqlite3_stmt *stmt, size_t piece, int64_t *rows)
{
    int before = sqlite3_total_changes(c->db);
    int code;
    *rows = 0;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
    {
        (*rows)++;
        code = c->hooks == NULL || c->hooks->row == NULL ? SQLITE_OK : sqlite_give_row(c, stmt, piece);
        if (code != SQLITE_OK)
        {
            return code;
        }
    }
    if (code == SQLITE_DONE && sqlite3_column_count(stmt) == 0)
    {
        *rows = sqlite3_total_changes(c->db) == before ? 0 : sqlite3_changes(c->db);
    }
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static amend_status sqlite_exec_failed(sqlite_conn *c, int code, amend_fault *fault, amend_error *error)
{
    if (c->stopped != AMEND_OK)
    {
        error_set(error, AMEND_E_CANCELLED, "stopped");
        fault->kind = AMEND_FAULT_CANCELLED;
        if (error != NULL)
        {
            error->status = c->stopped;
        }
        return c->stopped;
    }
    if (code == SQLITE_NOMEM)
    {
        fault->kind = AMEND_FAULT_STATEMENT;
        return error_memory(error);
    }
    code = c->borrowed ? sqlite3_extended_errcode(c->db) : code; /* switched on for our own connections only */
    return sqlite_conn_fault(c->db, code, fault, error);
}

/* The place that SQLite names is counted from where this statement's text began. */
static void sqlite_note_place(sqlite_conn *c, const char *from, amend_fault *fault)
{
#if SQLITE_VERSION_NUMBER >= 3038000
    int offset = sqlite3_error_offset(c->db);
    if (offset >= 0)
    {
        fault->positioned = true;
        fault->offset = (size_t)(from - c->text.data) + (size_t)offset;
    }
#else
    (void)c, (void)from, (void)fault;
#endif
}

/* The statement at *at, which then points behind it; *rows stays -2 when only space and comments were left. */
static amend_status sqlite_run_statement(sqlite_conn *c, size_t piece, const char **at, int64_t *rows, amend_fault *fault,
                                         amend_error *error)
{
    sqlite3_stmt *stmt = NULL;
    const char *from = *at;
    int code = sqlite3_prepare_v2(c->db, from, -1, &stmt, at);
    if (code == SQLITE_OK && stmt == NULL)
    {
        return AMEND_OK;
    }
    if (code == SQLITE_OK)
    {
        code = sqlite_step_through(c, stmt, piece, rows);
    }
    amend_status status = AMEND_OK;
    if (code != SQLITE_OK)
    {
        status = sqlite_exec_failed(c, code, fault, error);
        sqlite_note_place(c, from, fault);
    }
    sqlite3_finalize(stmt);
    return status;
}

static amend_status sqlite_run_statements(sqlite_conn *c, size_t piece, amend_fault *fault, amend_error *error)
{
    const char *at = c->text.data, *end = at + c->text.len;
    bool outside = sqlite3_get_autocommit(c->db) != 0;
    int keys = sqlite_foreign_keys(c, -1);
    while (at < end)
    {
        int64_t rows = -2;
        fault->statement++;
        amend_status status = sqlite_run_statement(c, piece, &at, &rows, fault, error);
        if (status != AMEND_OK || rows == -2)
        {
            return status;
        }
        bool now = sqlite3_get_autocommit(c->db) != 0;
        if (outside && !now)
        {
            sqlite_note_keys(c, keys);
        }
        outside = now;
        if (c->hooks != NULL && c->hooks->done != NULL)
        {
            c->hooks->done(c->hooks->arg, piece, fault->statement, rows);
        }
    }
    return AMEND_OK;
}

static amend_status sqlite_run_piece(sqlite_conn *c, const amend_piece *piece, size_t number, amend_fault *fault,
                                     amend_error *error)
{
    *fault = (amend_fault){.piece = number};
    const char *nul = piece->length == 0 ? NULL : memchr(piece->text, '\0', piece->length);
    if (nul != NULL) /* SQLite would stop there, and say nothing */
    {
        fault->kind = AMEND_FAULT_UNRUN;
        fault->positioned = true;
        fault->offset = (size_t)(nul - piece->text);
        return error_set(error, AMEND_E_STATEMENT, "a NUL byte in the SQL text");
    }
    buf_reset(&c->text);
    buf_add(&c->text, (slice){piece->text, piece->length});
    if (c->text.failed)
    {
        fault->kind = AMEND_FAULT_UNRUN;
        return error_memory(error);
    }
    amend_status status = sqlite_run_statements(c, number, fault, error);
    sqlite_restore_keys(c);
    return status;
}

amend_status sqlite_conn_exec(amend_conn *conn, const amend_piece *pieces, size_t count, const amend_hooks *hooks,
                              amend_fault *fault, amend_error *error)
{
    sqlite_conn *c = (sqlite_conn *)conn;
    bool watched = hooks != NULL && hooks->idle != NULL;
    c->hooks = hooks;
    c->stopped = AMEND_OK;
    c->told_ms = watched ? clock_monotonic_ms() : 0;
    sqlite_watch(c, watched);
    amend_status status = c->borrowed && !c->begun ? sqlite_conn_begin_borrowed(c, fault, error) : AMEND_OK;
    for (size_t i = 0; i < count && status == AMEND_OK; i++)
    {
        status = sqlite_run_piece(c, &pieces[i], i, fault, error);
    }
    sqlite_watch(c, false);
    c->hooks = NULL;
    return status;
}

bool sqlite_conn_idle(amend_conn *conn)
{
    return sqlite3_get_autocommit(((sqlite_conn *)conn)->db) != 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * An operation failed. Its error is copied, since the cure's own statements take its place on the connection; the cure is made
 * on the caller's connection; the operation is run again.
 *
 * It is run again, too, when the cure came to nothing after it had touched the connection: it fails as before, in being
 * prepared, and so without doing anything, and that puts the error back. Hence nothing may be touched unless running again is
 * known to be harmless: each operation's `find` says so.
 */
#include "heal/sqlite.h"

#include "dialect/dialects.h"
#include "driver/sqlite/borrow.h"

enum
{
    SQLITE_ROUNDS = 16, /* so many things may be missing one after the other */
};

/* What the application called, with its arguments. */
typedef struct lite_op
{
    healer *healer;
    sqlite3 *db;
    const char *text; /* what is left to be run of it; NULL: no text of the caller's */
    amend_object missing;
    /*
     * Would running again repeat nothing that has happened? FOUND: then *query is the statement that failed. If it touches the
     * connection, it leaves the same error on it, unless it says CHANGED. Out of memory: UNKNOWN, too.
     */
    sqlite_verdict (*find)(struct lite_op *o, arena *a, const char *message, slice *query, size_t *position);
    int (*again)(struct lite_op *o);
    int (*callback)(void *, int, char **, char **);
    void *arg;
    char **errmsg;
    char ***table;
    int *rows, *columns;
    int bytes, version;
    unsigned flags;
    sqlite3_stmt *stmt, **out;
    const char **tail;
    const char *schema, *name, *column;
    sqlite3_int64 row;
    int blob_flags;
    sqlite3_blob **blob;
} lite_op;

healer *sqlite_healer(amend *handle)
{
    healer *h = handle == NULL ? NULL : healer_of(handle);
    return h != NULL && h->policy != AMEND_HEAL_OFF && h->session.dialect == &dialect_sqlite ? h : NULL;
}

/* --------------------------------------------------------------------------------------------------------- the failure */

void sqlite_failure_clear(sqlite_failure *f)
{
    buf_clear(&f->message);
    buf_clear(&f->query);
}

amend_db_error sqlite_failure_error(const sqlite_failure *f)
{
    amend_db_error e = AMEND_DB_ERROR_INIT;
    e.message = buf_slice(&f->message).data;
    e.native = SQLITE_ERROR;
    e.query = buf_slice(&f->query).data;
    e.position = f->position;
    return e;
}

/* What the operation was given; a text with a length needs no NUL behind it. */
static slice lite_text(const lite_op *o)
{
    bool measured = o->version != 0 && o->bytes >= 0;
    return measured ? (slice){o->text, strnlen(o->text, (size_t)o->bytes)} : slice_of(o->text);
}

/*
 * SQLITE_SCHEMA is what preparing comes to when the schema changes under it, and changes again when SQLite tries once more; the
 * words are those of what it missed then (https://sqlite.org/rescode.html#schema).
 */
static bool lite_code_is_ours(int code)
{
    return (code & 0xff) == SQLITE_ERROR || (code & 0xff) == SQLITE_SCHEMA;
}

/* Nothing is copied or looked for unless the words are about something missing. Some tell what only with the statement. */
static bool lite_failure_is_ours(lite_op *o, int code, arena *a)
{
    script s;
    amend_db_error e = AMEND_DB_ERROR_INIT;
    if (!lite_code_is_ours(code) || !lite_code_is_ours(sqlite3_errcode(o->db)))
    {
        return false;
    }
    e.message = sqlite3_errmsg(o->db);
    e.native = SQLITE_ERROR;
    if (dialect_sqlite.detect(&e, &o->missing))
    {
        return true;
    }
    bool ours = false, split = o->text != NULL && dialect_sqlite.split(a, lite_text(o), &s, NULL) == AMEND_OK;
    for (size_t i = 0; split && !ours && i < s.count; i++)
    {
        e.query = arena_copy(a, slice_sub(s.text, s.stmts[i].start, s.stmts[i].end));
        ours = e.query != NULL && dialect_sqlite.detect(&e, &o->missing);
    }
    return ours;
}

/* UNKNOWN: it can't be healed, and the connection is as it was. */
static sqlite_verdict lite_failure_take(sqlite_failure *f, lite_op *o, int code)
{
    const amend_allocator *allocator = o->healer->session.allocator;
    slice query = {"", 0};
    *f = (sqlite_failure){0};
    buf_init(&f->message, allocator);
    buf_init(&f->query, allocator);
    arena *a = lite_code_is_ours(code) ? arena_new(allocator) : NULL;
    sqlite_verdict verdict = SQLITE_PLACE_UNKNOWN;
    if (a != NULL && lite_failure_is_ours(o, code, a))
    {
        bool changing = (sqlite3_errcode(o->db) & 0xff) == SQLITE_SCHEMA;
        buf_text(&f->message, sqlite3_errmsg(o->db));
        verdict = f->message.failed ? verdict : o->find(o, a, f->message.data, &query, &f->position);
        verdict = changing && verdict == SQLITE_PLACE_FOUND ? SQLITE_PLACE_CHANGED : verdict;
    }
    buf_add(&f->query, query);
    arena_free(a);
    return f->query.failed ? SQLITE_PLACE_UNKNOWN : verdict;
}

/* ------------------------------------------------------------------------------------------------------------- curing */

typedef struct lite_round
{
    lite_op *operation;
    amend_cure cure;
    amend_healing healing;
    amend_error reason;
    bool touched;
} lite_round;

static void lite_round_cure(lite_round *r, const sqlite_failure *f, bool inside, const char *cured)
{
    lite_op *o = r->operation;
    bool writes = o->healer->policy != AMEND_HEAL_REPORT;
    amend_db_error failed = sqlite_failure_error(f);
    failed.cured = cured;
    heal_request request = {.failed = &failed, .inside = inside};
    request.conn = sqlite_borrow(o->healer->session.allocator, o->db, inside && writes);
    if (request.conn != NULL)
    {
        r->cure = heal(o->healer, &request, &r->healing, &r->reason);
        r->touched = sqlite_borrow_touched(request.conn);
        request.conn->driver->close(request.conn);
    }
}

/* Was it only the open transaction that stood in the cure's way? */
static bool lite_round_is_blocked(const lite_round *r)
{
    return r->cure == AMEND_CURE_TIMED_OUT || (r->cure == AMEND_CURE_REFUSED && r->reason.code == AMEND_E_HEAL_TRANSACTION) ||
           (r->cure == AMEND_CURE_FAILED && r->reason.code == AMEND_E_BUSY);
}

/* Put the error back without running anything; opening a blob has to be tried, which does no harm. */
static void lite_round_restore(lite_op *o, const sqlite_failure *f, int *code)
{
    sqlite3_stmt *stmt = NULL;
    if (o->blob != NULL)
    {
        *code = o->again(o);
        return;
    }
    sqlite3_prepare_v2(o->db, buf_slice(&f->query).data, -1, &stmt, NULL);
    sqlite3_finalize(stmt);
}

/*
 * Outside a transaction a query that is still open may hold an old snapshot of the database: then nothing can be written on
 * this connection, however long one waits.
 */
static bool lite_round_is_stuck(lite_op *o, const sqlite_failure *f, int *code)
{
#if SQLITE_VERSION_NUMBER >= 3034000
    if (sqlite3_get_autocommit(o->db) == 0 || sqlite3_txn_state(o->db, "main") != SQLITE_TXN_READ)
    {
        return false;
    }
    int tried = sqlite3_exec(o->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    tried = tried == SQLITE_OK ? tried : sqlite3_extended_errcode(o->db);
    if (tried == SQLITE_OK)
    {
        sqlite3_exec(o->db, "ROLLBACK", NULL, NULL, NULL);
    }
    lite_round_restore(o, f, code);
    return tried == SQLITE_BUSY_SNAPSHOT || *code == SQLITE_OK;
#else
    (void)o, (void)f, (void)code;
    return false;
#endif
}

static bool lite_round_was(char cured[][72], unsigned count, const char *version)
{
    for (unsigned i = 0; i < count; i++)
    {
        if (strcmp(cured[i], version) == 0)
        {
            return true;
        }
    }
    return false;
}

/* Cure one failure and run again; *code is what that came to. True: look at *code, it may be worth another round. */
static bool lite_round_run(lite_op *o, const sqlite_failure *f, int *code, char cured[][72], unsigned count, bool *blocked)
{
    bool inside = sqlite3_get_autocommit(o->db) == 0;
    lite_round r = {.operation = o, .cure = AMEND_CURE_NONE};
    if (lite_round_is_stuck(o, f, code))
    {
        return false;
    }
    lite_round_cure(&r, f, inside, count == 0 ? "" : cured[count - 1]);
    if (r.cure == AMEND_CURE_NONE && !r.touched)
    {
        return false;
    }
    if (inside && sqlite3_get_autocommit(o->db) != 0) /* a full disk: SQLite gave up the caller's transaction */
    {
        lite_round_restore(o, f, code);
        return false;
    }
    /* Cured before, and missing all the same: an old snapshot does not have it. */
    bool twice = lite_round_was(cured, count, r.healing.version);
    *blocked = inside && (lite_round_is_blocked(&r) || (r.cure == AMEND_CURE_DONE && twice));
    *code = o->again(o);
    memcpy(cured[count], r.healing.version, sizeof cured[count]);
    return r.cure == AMEND_CURE_DONE && !twice;
}

static int lite_heal(lite_op *o, int code)
{
    char cured[SQLITE_ROUNDS][sizeof((amend_healing *)0)->version];
    sqlite3_mutex *mutex = sqlite3_db_mutex(o->db);
    bool more = true;
    sqlite3_mutex_enter(mutex);
    for (unsigned count = 0; more && count < SQLITE_ROUNDS; count++)
    {
        sqlite_failure f;
        bool blocked = false;
        sqlite_verdict verdict = lite_failure_take(&f, o, code);
        more = verdict == SQLITE_PLACE_FOUND && lite_round_run(o, &f, &code, cured, count, &blocked);
        if (verdict == SQLITE_PLACE_CHANGED)
        {
            cured[count][0] = '\0';
            code = o->again(o);
            more = true;
        }
        if (blocked)
        {
            sqlite_transaction_block(o->healer, o->db, &f);
        }
        sqlite_failure_clear(&f);
    }
    sqlite3_mutex_leave(mutex);
    return code;
}

/* ------------------------------------------------------------------------------------------------------- exec, get_table */

static sqlite_verdict lite_exec_place(lite_op *o, arena *a, const char *message, slice *query, size_t *position,
                                      bool *rows_before)
{
    sqlite_place p;
    sqlite_verdict verdict = sqlite_place_find(o->db, a, o->text, message, &o->missing, &p);
    if (verdict != SQLITE_PLACE_UNKNOWN)
    {
        *query = slice_sub(slice_of(o->text), p.start, p.end);
        *position = p.position;
        *rows_before = p.rows_before;
        o->text += p.start;
    }
    return verdict;
}

static sqlite_verdict lite_exec_find(lite_op *o, arena *a, const char *message, slice *query, size_t *position)
{
    bool ignored;
    return lite_exec_place(o, a, message, query, position, &ignored);
}

static int lite_exec_again(lite_op *o)
{
    if (o->errmsg != NULL)
    {
        sqlite3_free(*o->errmsg);
    }
    return sqlite3_exec(o->db, o->text, o->callback, o->arg, o->errmsg);
}

int amend_sqlite3_exec_failed(amend *handle, sqlite3 *db, const char *sql, int (*callback)(void *, int, char **, char **),
                              void *arg, char **errmsg, int code)
{
    lite_op o = {.healer = sqlite_healer(handle),
                 .db = db,
                 .text = sql,
                 .find = lite_exec_find,
                 .again = lite_exec_again,
                 .callback = callback,
                 .arg = arg,
                 .errmsg = errmsg};
    return o.healer == NULL ? code : lite_heal(&o, code);
}

/* Rows from before the failure are lost with the table that they were in. */
static sqlite_verdict lite_table_find(lite_op *o, arena *a, const char *message, slice *query, size_t *position)
{
    bool rows_before = false;
    sqlite_verdict verdict = lite_exec_place(o, a, message, query, position, &rows_before);
    return rows_before ? SQLITE_PLACE_UNKNOWN : verdict;
}

static int lite_table_again(lite_op *o)
{
    if (o->errmsg != NULL)
    {
        sqlite3_free(*o->errmsg);
    }
    return sqlite3_get_table(o->db, o->text, o->table, o->rows, o->columns, o->errmsg);
}

int amend_sqlite3_get_table_failed(amend *handle, sqlite3 *db, const char *sql, char ***result, int *rows, int *columns,
                                   char **errmsg, int code)
{
    lite_op o = {.healer = sqlite_healer(handle),
                 .db = db,
                 .text = sql,
                 .find = lite_table_find,
                 .again = lite_table_again,
                 .table = result,
                 .rows = rows,
                 .columns = columns,
                 .errmsg = errmsg};
    return o.healer == NULL ? code : lite_heal(&o, code);
}

/* ------------------------------------------------------------------------------------------------------------- prepare */

/* Preparing does nothing that could be repeated. The text's first statement is the one. */
static sqlite_verdict lite_prepare_find(lite_op *o, arena *a, const char *message, slice *query, size_t *position)
{
    script s;
    slice text = lite_text(o);
    (void)message;
    if (dialect_sqlite.split(a, text, &s, NULL) != AMEND_OK || s.count == 0)
    {
        return SQLITE_PLACE_UNKNOWN;
    }
    *query = slice_sub(text, 0, s.stmts[0].end);
    *position = sqlite_place_offset(o->db);
    return SQLITE_PLACE_FOUND;
}

static int lite_prepare_again(lite_op *o)
{
    switch (o->version)
    {
    case 1:
        return sqlite3_prepare(o->db, o->text, o->bytes, o->out, o->tail);
#if SQLITE_VERSION_NUMBER >= 3020000
    case 3:
        return sqlite3_prepare_v3(o->db, o->text, o->bytes, o->flags, o->out, o->tail);
#endif
    default:
        return sqlite3_prepare_v2(o->db, o->text, o->bytes, o->out, o->tail);
    }
}

int amend_sqlite3_prepare_failed(amend *handle, sqlite3 *db, const char *sql, int bytes, int version, unsigned flags,
                                 sqlite3_stmt **stmt, const char **tail, int code)
{
    lite_op o = {.healer = sqlite_healer(handle),
                 .db = db,
                 .text = sql,
                 .find = lite_prepare_find,
                 .again = lite_prepare_again,
                 .bytes = bytes,
                 .version = version,
                 .flags = flags,
                 .out = stmt,
                 .tail = tail};
    return o.healer == NULL ? code : lite_heal(&o, code);
}

/* ---------------------------------------------------------------------------------------------------------------- step */

/* SQLite looks for what the statement needs before its first row only, when it prepares it anew: if that fails now, it did. */
static sqlite_verdict lite_step_find(lite_op *o, arena *a, const char *message, slice *query, size_t *position)
{
    sqlite_place p;
    sqlite_verdict verdict =
        o->text == NULL ? SQLITE_PLACE_UNKNOWN : sqlite_place_find(o->db, a, o->text, message, &o->missing, &p);
    if (verdict != SQLITE_PLACE_UNKNOWN)
    {
        *query = slice_sub(slice_of(o->text), p.start, p.end);
        *position = p.position;
    }
    return verdict;
}

static int lite_step_again(lite_op *o)
{
    sqlite3_reset(o->stmt);
    return sqlite3_step(o->stmt);
}

int amend_sqlite3_step_failed(amend *handle, sqlite3_stmt *stmt, int code)
{
    lite_op o = {
        .healer = stmt == NULL ? NULL : sqlite_healer(handle), .find = lite_step_find, .again = lite_step_again, .stmt = stmt};
    if (o.healer == NULL)
    {
        return code;
    }
    o.db = sqlite3_db_handle(stmt);
    o.text = sqlite3_sql(stmt); /* NULL for what sqlite3_prepare made */
    return lite_heal(&o, code);
}

/* ---------------------------------------------------------------------------------------------------------------- blob */

/* There is no query: the names are made into one, so that a column's table is known. */
static sqlite_verdict lite_blob_find(lite_op *o, arena *a, const char *message, slice *query, size_t *position)
{
    char *sql = sqlite3_mprintf("SELECT \"%w\" FROM \"%w\".\"%w\"", o->column, o->schema, o->name);
    char *copy = sql == NULL ? NULL : arena_string(a, sql);
    sqlite3_free(sql);
    (void)message;
    *query = slice_of(copy);
    *position = 0;
    return copy == NULL ? SQLITE_PLACE_UNKNOWN : SQLITE_PLACE_FOUND;
}

static int lite_blob_again(lite_op *o)
{
    return sqlite3_blob_open(o->db, o->schema, o->name, o->column, o->row, o->blob_flags, o->blob);
}

int amend_sqlite3_blob_open_failed(amend *handle, sqlite3 *db, const char *schema, const char *table, const char *column,
                                   sqlite3_int64 row, int flags, sqlite3_blob **blob, int code)
{
    lite_op o = {.healer = sqlite_healer(handle),
                 .db = db,
                 .find = lite_blob_find,
                 .again = lite_blob_again,
                 .schema = schema,
                 .name = table,
                 .column = column,
                 .row = row,
                 .blob_flags = flags,
                 .blob = blob};
    return o.healer == NULL ? code : lite_heal(&o, code);
}

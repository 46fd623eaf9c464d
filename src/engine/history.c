/* SPDX-License-Identifier: MIT */
/*
 * Reading is one exec of three texts (see dialect.state). A database that amend has not touched yet ends it early with "no such
 * table": that is not an error but an empty history.
 */
#include "engine/history.h"

#include "base/error.h"

#include <stdlib.h>
#include <strings.h>

typedef struct reading
{
    arena *arena;
    history *h;
    unsigned first; /* the part that the exec begins with */
    bool failed;    /* out of memory */
} reading;

static const char *history_field(const amend_row *row, const char *name)
{
    for (unsigned i = 0; i < row->columns; i++)
    {
        if (strcmp(row->names[i], name) == 0)
        {
            return row->values[i];
        }
    }
    return NULL;
}

static const char *keep(reading *r, const amend_row *row, const char *name)
{
    const char *value = history_field(row, name);
    char *copy = arena_string(r->arena, value);
    r->failed |= value != NULL && copy == NULL;
    return copy;
}

static int64_t number(const amend_row *row, const char *name, int64_t otherwise)
{
    const char *value = history_field(row, name);
    return value == NULL || value[0] == '\0' ? otherwise : strtoll(value, NULL, 10);
}

static bool yes(const amend_row *row, const char *name)
{
    const char *value = history_field(row, name);
    return value != NULL && (value[0] == '1' || value[0] == 't');
}

/* "version:64,name:255,…" */
static void read_columns(ledger *l, slice list)
{
    static const struct
    {
        const char *name;
        unsigned bit;
        size_t width; /* where in the ledger */
    } known[] = {
        {"id", HISTORY_ID, 0},
        {"version", HISTORY_VERSION, offsetof(ledger, version_width)},
        {"name", HISTORY_NAME, offsetof(ledger, name_width)},
        {"checksum", HISTORY_CHECKSUM, offsetof(ledger, checksum_width)},
        {"applied_at", HISTORY_APPLIED_AT, 0},
        {"execution_time_ms", HISTORY_EXECUTION_TIME, 0},
        {"git_commit", HISTORY_GIT_COMMIT, 0},
    };
    while (list.len > 0)
    {
        slice column = slice_token(&list, ',');
        slice name = slice_token(&column, ':');
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        {
            if (!slice_equal(name, slice_of(known[i].name)))
            {
                continue;
            }
            l->columns |= known[i].bit;
            if (known[i].width != 0)
            {
                *(unsigned *)((char *)l + known[i].width) = (unsigned)strtoul(column.len > 0 ? column.data : "0", NULL, 10);
            }
        }
    }
}

static void read_meta(reading *r, const amend_row *row)
{
    ledger *l = &r->h->ledger;
    const char *schema = history_field(row, "schema"), *columns = history_field(row, "columns");
    error_copy(l->schema, sizeof l->schema, slice_of(schema));
    l->has_history = yes(row, "has_history");
    l->has_events = yes(row, "has_events");
    l->has_lock = yes(row, "has_lock");
    l->has_schema = yes(row, "has_schema");
    l->columns = l->has_history ? 0 : HISTORY_ALL;
    if (l->has_history && columns != NULL)
    {
        read_columns(l, slice_of(columns));
    }
}

static void history_read_row(reading *r, const amend_row *row)
{
    history *h = r->h;
    applied *rows = arena_grow(r->arena, h->rows, h->count, sizeof *rows);
    if (rows == NULL)
    {
        r->failed = true;
        return;
    }
    h->rows = rows;
    applied *a = &h->rows[h->count];
    *a = (applied){.version = keep(r, row, "version"),
                   .name = keep(r, row, "name"),
                   .checksum = keep(r, row, "checksum"),
                   .applied_at = keep(r, row, "applied_at_iso"),
                   .git_commit = keep(r, row, "git_commit"),
                   .execution_time_ms = number(row, "execution_time_ms", -1)};
    h->count += a->version != NULL;
}

static void read_lock(reading *r, const amend_row *row)
{
    history *h = r->h;
    h->fence = number(row, "fence", 0);
    h->holder = keep(r, row, "holder");
    h->holder_host = keep(r, row, "host");
    h->holder_pid = number(row, "pid", 0);
    h->holder_since = keep(r, row, "since");
    h->heartbeat = keep(r, row, "heartbeat");
    h->holder_age_ms = number(row, "age_ms", 0);
    h->last_id = keep(r, row, "last_id");
    h->last_hash = keep(r, row, "last_hash");
    h->last_type = keep(r, row, "last_type");
}

static amend_status history_on_row(void *arg, size_t piece, const amend_row *row)
{
    static void (*const readers[STATE_PARTS])(reading *, const amend_row *) = {
        [STATE_META] = read_meta, [STATE_HISTORY] = history_read_row, [STATE_LOCK] = read_lock};
    reading *r = arg;
    readers[r->first + piece](r, row);
    return r->failed ? AMEND_FAILED : AMEND_OK;
}

static amend_status check_form(const ledger *l, amend_error *error)
{
    if (!l->has_history || ((l->columns & HISTORY_VERSION) != 0 && (l->columns & HISTORY_CHECKSUM) != 0))
    {
        return AMEND_OK;
    }
    const char *lacking = (l->columns & HISTORY_VERSION) == 0 ? "version" : "checksum";
    return error_set(error, AMEND_E_HISTORY_FORM, "the table \"%s\" has no column \"%s\"", HISTORY_TABLE, lacking);
}

/* The parts from `first` on as one exec, up to the first that asks for a table which isn't there. */
static amend_status read_parts(session *s, reading *r, unsigned first, amend_error *error)
{
    buf text;
    buf_init(&text, s->allocator);
    amend_piece pieces[STATE_PARTS];
    size_t starts[STATE_PARTS + 1];
    for (unsigned part = first; part < STATE_PARTS; part++)
    {
        starts[part] = text.len;
        pieces[part] = (amend_piece){.statements = s->dialect->state(&text, part)};
    }
    starts[STATE_PARTS] = text.len;
    for (unsigned part = first; part < STATE_PARTS && !text.failed; part++)
    {
        pieces[part].text = text.data + starts[part];
        pieces[part].length = starts[part + 1] - starts[part];
    }
    r->first = first;
    r->failed = text.failed;
    amend_hooks hooks = {.arg = r, .row = history_on_row};
    amend_fault fault = {0};
    amend_error reason = {0};
    amend_status status =
        text.failed ? AMEND_FAILED : session_exec(s, pieces + first, STATE_PARTS - first, &hooks, &fault, &reason);
    buf_clear(&text);
    if (r->failed)
    {
        return error_memory(error);
    }
    bool absent = status != AMEND_OK && first + fault.piece > STATE_META && s->dialect->missing_table(&reason);
    if (status != AMEND_OK && !absent && error != NULL)
    {
        *error = reason;
    }
    return absent ? AMEND_OK : status;
}

amend_status history_read(session *s, arena *a, history *out, amend_error *error)
{
    memset(out, 0, sizeof *out);
    reading r = {.arena = a, .h = out};
    amend_status status = read_parts(s, &r, STATE_META, error);
    bool cut_short = !out->ledger.has_lock || !out->ledger.has_events; /* another tool's table, or one of ours was dropped */
    if (status == AMEND_OK && out->ledger.has_history && cut_short)
    {
        status = read_parts(s, &r, STATE_HISTORY, error);
    }
    return status == AMEND_OK ? check_form(&out->ledger, error) : status;
}

bool history_checksum_fits(const char *stored, const char *checksum)
{
    if (stored == NULL || stored[0] == '\0')
    {
        return true;
    }
    size_t len = strlen(stored), whole = strlen(checksum);
    if (len > whole) /* another tool stored the whole SHA-256 */
    {
        return strncasecmp(stored, checksum, whole) == 0;
    }
    return (len >= 16 || len == whole) && strncasecmp(stored, checksum, len) == 0;
}

void history_trail(const history *h, const session *s, trail *out)
{
    *out = (trail){.actor = s->actor,
                   .host = s->host,
                   .application = s->application,
                   .server_hash = (s->dialect->traits & DIALECT_SERVER_HASH) != 0};
    error_copy(out->last_id, sizeof out->last_id, slice_of(h->last_id == NULL ? "" : h->last_id));
    error_copy(out->last_hash, sizeof out->last_hash, slice_of(h->last_hash == NULL ? "" : h->last_hash));
}

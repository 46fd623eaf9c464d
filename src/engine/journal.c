/* SPDX-License-Identifier: MIT */
#include "engine/journal.h"

#include "base/hash.h"

#include <jansson.h>

#include <stdint.h>

enum
{
    SHORT_HASH = 16,
};

/* The hash of the statements' own text, so that a file edited behind them still fits. */
static void hash_statements(const outline *o, size_t first, size_t last, char out[HASH_HEX])
{
    const stmt *stmts = o->script.stmts;
    slice text = last > first ? slice_sub(o->script.text, stmts[first].start, stmts[last - 1].end) : (slice){"", 0};
    text = slice_trim(text);
    hash_hex(&text, 1, out);
    out[SHORT_HASH] = '\0';
}

void journal_detail(const outline *o, bool down, size_t first, size_t last, buf *out)
{
    char hash[HASH_HEX];
    hash_statements(o, first, last, hash);
    buf_format(out, "{\"direction\":\"%s\",\"first\":%zu,\"last\":%zu,\"of\":%zu,\"hash\":\"%s\"}", down ? "down" : "up",
               first + 1, last, o->script.count, hash);
}

static void note_statement(journal *j, const outline *o, bool done, json_t *detail)
{
    const char *direction = json_string_value(json_object_get(detail, "direction"));
    const char *hash = json_string_value(json_object_get(detail, "hash"));
    json_int_t first = json_integer_value(json_object_get(detail, "first")) - 1;
    json_int_t last = json_integer_value(json_object_get(detail, "last"));
    if (direction == NULL || hash == NULL || first < 0 || last <= first)
    {
        return;
    }
    j->any = true;
    j->down = strcmp(direction, "down") == 0;
    if (!done)
    {
        j->started = (size_t)first;
        return;
    }
    char now[HASH_HEX] = "";
    bool fits = (size_t)last <= o->script.count && (size_t)first < (size_t)last;
    if (fits)
    {
        hash_statements(o, (size_t)first, (size_t)last, now);
    }
    j->wrong |= strcmp(now, hash) != 0;
    j->done = (size_t)last;
    j->started = SIZE_MAX;
}

/*
 * A statement that was refused did not finish unseen. A failure that names no statement came elsewhere, when the event behind
 * the statement could not be written, say: then it may well have finished.
 */
static void note_failure(journal *j, json_t *detail)
{
    json_int_t statement = json_integer_value(json_object_get(detail, "statement"));
    if (statement > 0 && (size_t)statement - 1 == j->started)
    {
        j->started = SIZE_MAX;
    }
}

void journal_note(journal *j, const outline *o, amend_event_type type, const char *detail)
{
    if (type == AMEND_EVENT_MIGRATION_APPLIED || type == AMEND_EVENT_MIGRATION_ROLLED_BACK ||
        type == AMEND_EVENT_MIGRATION_BASELINED)
    {
        *j = (journal){.started = SIZE_MAX};
        return;
    }
    bool done = type == AMEND_EVENT_STATEMENT_DONE, failed = type == AMEND_EVENT_MIGRATION_FAILED;
    if ((!done && !failed && type != AMEND_EVENT_STATEMENT_STARTED) || detail == NULL)
    {
        return;
    }
    json_t *object = json_loads(detail, 0, NULL);
    if (failed)
    {
        note_failure(j, object);
    }
    else
    {
        note_statement(j, o, done, object);
    }
    json_decref(object);
}

/* SPDX-License-Identifier: MIT */
#include "engine/essence.h"

#include "base/error.h"
#include "base/hash.h"
#include "engine/audit.h"

#include <jansson.h>

amend_status essence_hash(const dialect *d, const amend_allocator *allocator, slice text, char out[ESSENCE_HEX],
                          amend_error *error)
{
    char hash[HASH_HEX];
    buf essence;
    buf_init(&essence, allocator);
    d->essence(text, &essence);
    slice whole = buf_slice(&essence);
    bool failed = essence.failed;
    if (!failed)
    {
        hash_hex(&whole, 1, hash);
        memcpy(out, hash, ESSENCE_HEX - 1);
        out[ESSENCE_HEX - 1] = '\0';
    }
    buf_clear(&essence);
    return failed ? error_memory(error) : AMEND_OK;
}

/* What was recorded of a file that has changed since. */
typedef struct essence_record
{
    entry *entry;
    char essence[ESSENCE_HEX]; /* "": unknown */
} essence_record;

typedef struct essence_reader
{
    essence_record *records; /* in the order of the view */
    size_t count;
} essence_reader;

static void essence_note(essence_record *r, const amend_event *e)
{
    json_t *detail = e->detail == NULL ? NULL : json_loads(e->detail, 0, NULL);
    const char *essence = json_string_value(json_object_get(detail, "essence"));
    bool same = e->checksum != NULL && history_checksum_fits(r->entry->row->checksum, e->checksum);
    bool known = essence != NULL && strlen(essence) == ESSENCE_HEX - 1;
    memcpy(r->essence, same && known ? essence : "", same && known ? ESSENCE_HEX : 1);
    json_decref(detail);
}

static void essence_on_event(void *arg, const amend_event *e)
{
    essence_reader *r = arg;
    bool recorded = e->type == AMEND_EVENT_MIGRATION_APPLIED || e->type == AMEND_EVENT_MIGRATION_BASELINED ||
                    e->type == AMEND_EVENT_MIGRATION_REPAIRED;
    for (size_t i = 0; recorded && e->version != NULL && i < r->count; i++)
    {
        if (version_compare(r->records[i].entry->row->version, e->version) == 0)
        {
            essence_note(&r->records[i], e);
        }
    }
}

static amend_status essence_judge(session *s, const catalog *c, essence_record *r, buf *text, amend_error *error)
{
    char now[ESSENCE_HEX];
    if (r->essence[0] == '\0')
    {
        return AMEND_OK;
    }
    amend_status status = catalog_read(c, r->entry->file->up_file, text, NULL, error);
    if (status == AMEND_OK)
    {
        status = essence_hash(s->dialect, s->allocator, buf_slice(text), now, error);
    }
    if (status == AMEND_OK && strcmp(now, r->essence) == 0)
    {
        r->entry->state = AMEND_STATE_APPLIED;
        r->entry->reworded = true;
        r->entry->reason = "its file has changed since, but only in white space, comments or letter case";
    }
    return status;
}

static amend_status essence_compare(session *s, arena *a, const catalog *c, const view *v, size_t changed, amend_error *error)
{
    essence_reader r = {.records = arena_array(a, changed, sizeof *r.records)};
    if (r.records == NULL)
    {
        return error_memory(error);
    }
    for (size_t i = 0; i < v->count; i++)
    {
        if (v->entries[i].state == AMEND_STATE_CHANGED)
        {
            r.records[r.count++].entry = &v->entries[i];
        }
    }
    amend_status status = audit_read(s, &v->history->ledger, 0, essence_on_event, &r, error);
    buf text;
    buf_init(&text, s->allocator);
    for (size_t i = 0; i < r.count && status == AMEND_OK; i++)
    {
        status = essence_judge(s, c, &r.records[i], &text, error);
    }
    buf_clear(&text);
    return status;
}

amend_status essence_view(session *s, arena *a, const catalog *c, const history *h, view *out, amend_error *error)
{
    amend_status status = plan_view(a, c, h, out, error);
    size_t changed = 0;
    for (size_t i = 0; i < out->count && status == AMEND_OK; i++)
    {
        changed += out->entries[i].state == AMEND_STATE_CHANGED;
    }
    return status == AMEND_OK && changed > 0 && h->ledger.has_events ? essence_compare(s, a, c, out, changed, error) : status;
}

/* SPDX-License-Identifier: MIT */
/* Schemas as values: taken from a database, read from a file, compared. */
#include "api/handle.h"

#include "base/error.h"
#include "engine/snapshot.h"

/* A snapshot with the arena that it lives in. */
typedef struct snapshot_box
{
    amend_snapshot pub; /* first: the public pointer is the box */
    arena *arena;
    snapshot facts;
} snapshot_box;

static snapshot_box *snapshot_new(amend *handle, amend_error *error)
{
    arena *a = arena_new(handle->allocator);
    snapshot_box *box = a == NULL ? NULL : arena_alloc(a, sizeof *box);
    if (box == NULL)
    {
        arena_free(a);
        error_memory(error);
        return NULL;
    }
    box->arena = a;
    return box;
}

void amend_snapshot_free(amend_snapshot *snapshot)
{
    if (snapshot != NULL)
    {
        arena_free(((snapshot_box *)snapshot)->arena);
    }
}

/* The public face of box->facts. */
static amend_status snapshot_show(snapshot_box *box, amend_error *error)
{
    arena *a = box->arena;
    const snapshot *s = &box->facts;
    amend_fact *facts = arena_array(a, s->count + 1, sizeof *facts);
    bool failed = facts == NULL;
    for (size_t i = 0; i < s->count && !failed; i++)
    {
        facts[i] = (amend_fact){arena_copy(a, s->facts[i].object), arena_copy(a, s->facts[i].definition)};
        failed = facts[i].object == NULL || facts[i].definition == NULL;
    }
    buf text;
    buf_init(&text, arena_allocator(a));
    snapshot_print(s, &text);
    const char *copy = text.failed || failed ? NULL : arena_copy(a, buf_slice(&text));
    box->pub = (amend_snapshot){.size = sizeof box->pub,
                                .dialect = box->pub.dialect,
                                .text = copy,
                                .length = text.len,
                                .facts = facts,
                                .count = s->count,
                                .fingerprint = s->fingerprint};
    buf_clear(&text);
    return copy == NULL ? error_memory(error) : AMEND_OK;
}

/* Hand it over, or free it when there is none to hand over. */
static amend_status snapshot_give(snapshot_box *box, amend_status status, amend_snapshot **out, amend_error *error)
{
    if (status == AMEND_OK)
    {
        status = snapshot_show(box, error);
    }
    if (status != AMEND_OK)
    {
        amend_snapshot_free(&box->pub);
        return status;
    }
    *out = &box->pub;
    return AMEND_OK;
}

amend_status amend_snapshot_take(amend *handle, amend_snapshot **out, amend_error *error)
{
    if (out == NULL)
    {
        return error_set(error, AMEND_E_ARGUMENT, "amend_snapshot_take needs a place for the snapshot");
    }
    session *s = &handle->session;
    amend_status status = need_database(handle, error);
    snapshot_box *box = status == AMEND_OK ? snapshot_new(handle, error) : NULL;
    if (box == NULL)
    {
        return status == AMEND_OK ? AMEND_FAILED : status;
    }
    box->pub.dialect = s->dialect->name;
    status = session_connect(s, true, s->connect_timeout_ms, error);
    if (status == AMEND_OK)
    {
        status = snapshot_read(s, box->arena, false, &box->facts, error);
    }
    return snapshot_give(box, status, out, error);
}

/* What the remark "# dialect: NAME" says, or another one; no data: there is none. */
static slice snapshot_remark(slice text, slice mark)
{
    while (text.len > 0)
    {
        slice line = slice_token(&text, '\n');
        if (slice_starts(line, mark))
        {
            return slice_trim(slice_sub(line, mark.len, line.len));
        }
    }
    return (slice){0};
}

/* Strings of C end at a NUL, and no database's text has one. */
static amend_status snapshot_refuse_bytes(slice text, amend_error *error)
{
    const char *nul = memchr(text.data, '\0', text.len);
    size_t bad = 0;
    unsigned line = 1;
    if (nul == NULL && text_is_utf8(text, &bad))
    {
        return AMEND_OK;
    }
    const char *stop = nul == NULL ? text.data + bad : nul;
    for (const char *at = text.data; at < stop; at++)
    {
        line += *at == '\n';
    }
    amend_status status = error_set(error, AMEND_E_SNAPSHOT_FORM, "line %u of the snapshot %s", line,
                                    nul == NULL ? "is not UTF-8" : "has a NUL byte");
    if (error != NULL)
    {
        error->line = line;
    }
    return status;
}

/* A file that was cut off, merged or edited would be compared as if it were a schema that somebody has seen. */
static amend_status snapshot_is_whole(slice text, const snapshot *s, amend_error *error)
{
    slice told = snapshot_remark(text, SLICE("# fingerprint:"));
    if (told.data == NULL || slice_equal(told, slice_of(s->fingerprint)))
    {
        return AMEND_OK;
    }
    amend_status status =
        error_set(error, AMEND_E_SNAPSHOT_FORM, "the snapshot's %zu objects don't give the fingerprint at its head", s->count);
    error_hint(error,
               "Make it anew with \"amend snapshot\"; or, if it was changed on purpose, take the line \"# fingerprint\" out.");
    return status;
}

amend_status amend_snapshot_read(amend *handle, const char *text, size_t length, amend_snapshot **out, amend_error *error)
{
    if (out == NULL || (text == NULL && length > 0))
    {
        return error_set(error, AMEND_E_ARGUMENT, "amend_snapshot_read needs a text and a place for the snapshot");
    }
    slice whole = {text == NULL ? "" : text, length}, dialect = snapshot_remark(whole, SLICE("# dialect:"));
    amend_status status = snapshot_refuse_bytes(whole, error);
    snapshot_box *box = status == AMEND_OK ? snapshot_new(handle, error) : NULL;
    if (box == NULL)
    {
        return status == AMEND_OK ? AMEND_FAILED : status;
    }
    box->pub.dialect = dialect.len == 0 ? NULL : arena_copy(box->arena, dialect);
    status = dialect.len > 0 && box->pub.dialect == NULL ? error_memory(error) : AMEND_OK;
    if (status == AMEND_OK)
    {
        status = snapshot_parse(box->arena, whole, &box->facts, error);
    }
    if (status == AMEND_OK)
    {
        status = snapshot_is_whole(whole, &box->facts, error);
    }
    return snapshot_give(box, status, out, error);
}

const char *amend_difference_name(amend_difference_kind kind)
{
    static const char *const names[] = {"missing", "extra", "different"};
    return (unsigned)kind < sizeof names / sizeof names[0] ? names[kind] : NULL;
}

/* The public fact of a box that has the same place as this one. */
static const amend_fact *snapshot_public(const snapshot_box *box, const fact *f)
{
    return f == NULL ? NULL : &box->pub.facts[f - box->facts.facts];
}

amend_status amend_snapshot_compare(const amend_snapshot *expected, const amend_snapshot *existing, amend_difference_fn fn,
                                    void *arg, amend_error *error)
{
    static const amend_difference_kind kinds[] = {[DIFFERENCE_MISSING] = AMEND_DIFFERENCE_MISSING,
                                                  [DIFFERENCE_EXTRA] = AMEND_DIFFERENCE_EXTRA,
                                                  [DIFFERENCE_OTHER] = AMEND_DIFFERENCE_OTHER};
    if (expected == NULL || existing == NULL)
    {
        return error_set(error, AMEND_E_ARGUMENT, "amend_snapshot_compare needs two snapshots");
    }
    const snapshot_box *one = (const snapshot_box *)expected, *other = (const snapshot_box *)existing;
    if (expected->dialect != NULL && existing->dialect != NULL && strcmp(expected->dialect, existing->dialect) != 0)
    {
        return error_set(error, AMEND_E_SNAPSHOT_DIALECT, "one snapshot is of %s, the other of %s", expected->dialect,
                         existing->dialect);
    }
    arena *a = arena_new(arena_allocator(one->arena));
    differences found = {0};
    amend_status status = a == NULL ? error_memory(error) : snapshot_diff(a, &one->facts, &other->facts, &found, error);
    for (size_t i = 0; i < found.count && status == AMEND_OK && fn != NULL; i++)
    {
        const amend_fact *before = snapshot_public(one, found.items[i].before),
                         *after = snapshot_public(other, found.items[i].after);
        amend_difference d = {.kind = kinds[found.items[i].kind],
                              .object = before == NULL ? after->object : before->object,
                              .expected = before == NULL ? NULL : before->definition,
                              .existing = after == NULL ? NULL : after->definition};
        fn(arg, &d);
    }
    arena_free(a);
    if (status != AMEND_OK || found.count == 0)
    {
        return status;
    }
    return error_set(error, AMEND_E_SCHEMAS_DIFFER, "%zu %s", found.count, found.count == 1 ? "difference" : "differences");
}

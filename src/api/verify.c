/* SPDX-License-Identifier: MIT */
/*
 * amend_verify: are the files what was applied, is the audit trail whole, is the schema what the last migration left, and is
 * all there that the migrations made?
 *
 * The history is read before the schema and again behind it. When a runner was at work meanwhile, what was read does not belong
 * together, and all is read anew: a monitor must not cry in the middle of a deploy.
 */
#include "api/handle.h"

#include "base/error.h"
#include "engine/audit.h"
#include "engine/kept.h"
#include "engine/snapshot.h"
#include "guard/drift.h"
#include "heal/presence.h"

#include <stdarg.h>
#include <stdio.h>

enum
{
    VERIFY_TRIES = 3,
    VERIFY_PAUSE_MS = 100,
    NAMED = 8, /* so many objects are named in one line */
};

typedef struct verification
{
    amend *handle;
    report_box *box;
    catalog catalog;
    history history;
    view view;
    size_t found;
    bool again; /* a runner was at work: read all anew */
} verification;

static amend_status verify_add(verification *x, const plan *found, amend_error *error)
{
    x->found += found->conflicts;
    return report_problems(x->box, found->problems, found->problem_count, error);
}

/* Is the audit trail whole, and does the history agree with it? */
static amend_status verify_trail(verification *x, amend_error *error)
{
    audit result;
    plan differences = {0};
    session *s = &x->handle->session;
    amend_status status = audit_check(s, &x->history.ledger, &result, error);
    if (status == AMEND_OK && result.broken[0] != '\0')
    {
        status = plan_problem(x->box->arena, &differences, AMEND_ERROR, AMEND_E_AUDIT_CHAIN, NULL, NULL, error,
                              "the audit trail was altered at event %s", result.broken);
    }
    if (status == AMEND_OK)
    {
        status = audit_project(s, x->box->arena, &x->history, &differences, error);
    }
    return status == AMEND_OK ? verify_add(x, &differences, error) : status;
}

/* ------------------------------------------------------------------------------------------------------------ presence */

/* The absent objects of one migration, those that are part of another absent one left out, as one line. */
static const char *verify_list(arena *a, const absences *absent, size_t migration, bool doubtful, size_t *count)
{
    const char *text = "";
    *count = 0;
    for (size_t i = 0; i < absent->count && text != NULL; i++)
    {
        const absence *x = &absent->items[i];
        if (x->provision->migration != migration || x->doubtful != doubtful || x->within)
        {
            continue;
        }
        const char *name = ++*count > NAMED ? "" : presence_name(a, x->provision);
        text = name == NULL || *count > NAMED ? (name == NULL ? NULL : text)
                                              : arena_format(a, "%s%s%s", text, *count == 1 ? "" : ", ", name);
    }
    return text != NULL && *count > NAMED ? arena_format(a, "%s and %zu more", text, *count - NAMED) : text;
}

static amend_status verify_absent(verification *x, const absences *absent, size_t migration, bool doubtful, plan *out,
                                  amend_error *error)
{
    const struct migration *m = &x->catalog.items[migration];
    size_t count;
    const char *list = verify_list(x->box->arena, absent, migration, doubtful, &count);
    if (list == NULL || count == 0)
    {
        return list == NULL ? error_memory(error) : AMEND_OK;
    }
    const char *format = doubtful ? "%s %s: %s %s not there; a migration that can't be read may have dropped %s"
                                  : "%s %s is recorded, but %s %s not there";
    amend_status status =
        plan_problem(x->box->arena, out, doubtful ? AMEND_NOTE : AMEND_ERROR, AMEND_E_ABSENT, m->version, m->up_file, error,
                     format, m->version, m->name, list, count == 1 ? "is" : "are", count == 1 ? "it" : "them");
    if (status == AMEND_OK)
    {
        const char *hint = doubtful
                               ? "If it was not meant to go: \"amend repair --replay %s\" makes it again."
                               : "\"amend repair --replay %s\" runs the statements whose objects are absent, and only those.";
        hint = arena_format(x->box->arena, hint, m->version);
        out->problems[out->problem_count - 1].hint = hint;
        status = hint == NULL ? error_memory(error) : AMEND_OK;
    }
    return status;
}

static amend_status verify_presence(verification *x, const snapshot *live, const snapshot *kept, amend_error *error)
{
    presence p;
    absences absent;
    plan found = {0};
    amend_status status = presence_load(&x->handle->session, x->box->arena, &x->view, live, kept, &p, error);
    if (status == AMEND_OK)
    {
        status = presence_check(&p, &absent, error);
    }
    for (size_t i = 0; i < x->catalog.count && status == AMEND_OK; i++)
    {
        status = verify_absent(x, &absent, i, false, &found, error);
        status = status == AMEND_OK ? verify_absent(x, &absent, i, true, &found, error) : status;
    }
    return status == AMEND_OK ? verify_add(x, &found, error) : status;
}

/* -------------------------------------------------------------------------------------------------------------- schema */

/* Something that is no difference, but a reason for not looking for any. `hint` is static. */
static amend_status verify_note(verification *x, const char *hint, amend_error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static amend_status verify_note(verification *x, const char *hint, amend_error *error, const char *format, ...)
{
    char message[512];
    plan found = {0};
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    amend_status status = plan_problem(x->box->arena, &found, AMEND_NOTE, AMEND_E_DRIFT, NULL, NULL, error, "%s", message);
    if (status == AMEND_OK)
    {
        found.problems[0].hint = hint;
        status = verify_add(x, &found, error);
    }
    return status;
}

/* Is there something to compare with? A note says why not. */
static amend_status verify_comparable(verification *x, const kept *k, bool *out, amend_error *error)
{
    static const char hint[] =
        "It is written down by each \"amend up\" that applies something; \"amend repair --schema\" takes the "
        "schema as it is now for right.";
    const view *v = &x->view;
    const char *newest = v->newest == SIZE_MAX ? NULL : v->entries[v->newest].row->version;
    *out = false;
    if (!k->there || k->facts == NULL)
    {
        return verify_note(x, hint, error, "how the last migration left the schema was not written down: it is not compared");
    }
    if (k->version == NULL || newest == NULL || version_compare(k->version, newest) != 0)
    {
        return verify_note(x, hint, error,
                           "how %s left the schema was not written down (the last time it was for %s): it is not compared",
                           newest, k->version == NULL ? "none" : k->version);
    }
    *out = true;
    return AMEND_OK;
}

/* Did a migration stop half-way? Then the schema is between two versions. */
static amend_status verify_half(verification *x, bool *out, amend_error *error)
{
    halves list;
    amend_status status = audit_halves(&x->handle->session, x->box->arena, &x->history.ledger, &list, error);
    *out = status == AMEND_OK && list.count > 0;
    return *out ? verify_note(x, "\"amend up\" goes on with the rest of it.", error,
                              "%s stopped half-way: the schema is not compared", list.items[0].version)
                : status;
}

static amend_status verify_differences(verification *x, const snapshot *live, const snapshot *left, amend_error *error)
{
    arena *a = x->box->arena;
    differences found;
    drifts told = {0};
    plan problems = {0};
    bool half = false;
    amend_status status = snapshot_diff(a, left, live, &found, error);
    if (status == AMEND_OK)
    {
        status = verify_half(x, &half, error);
    }
    if (status == AMEND_OK && !half)
    {
        status = drift_tell(a, &found, &told, error);
    }
    for (size_t i = 0; i < told.count && status == AMEND_OK; i++)
    {
        status = plan_problem(a, &problems, AMEND_ERROR, AMEND_E_DRIFT, NULL, NULL, error, "%s", told.items[i].message);
        if (status == AMEND_OK)
        {
            problems.problems[i].object = told.items[i].object;
            problems.problems[i].detail = told.items[i].detail;
        }
    }
    return status == AMEND_OK ? verify_add(x, &problems, error) : status;
}

/* *left is what the last migration left; NULL when that isn't known. */
static amend_status verify_drift(verification *x, const snapshot *live, const snapshot **left, amend_error *error)
{
    kept k;
    bool comparable;
    snapshot *then = arena_alloc(x->box->arena, sizeof *then);
    *left = NULL;
    if (then == NULL)
    {
        return error_memory(error);
    }
    amend_status status = kept_read(&x->handle->session, x->box->arena, &x->history.ledger, &k, error);
    if (status == AMEND_OK)
    {
        status = verify_comparable(x, &k, &comparable, error);
    }
    if (status != AMEND_OK || !comparable)
    {
        return status;
    }
    if (strcmp(k.fingerprint, live->fingerprint) == 0)
    {
        *left = live;
        return AMEND_OK;
    }
    status = snapshot_parse(x->box->arena, slice_of(k.facts), then, error);
    *left = then;
    return status == AMEND_OK ? verify_differences(x, live, then, error) : status;
}

static bool verify_same_moment(const history *a, const history *b)
{
    const char *x = a->last_id == NULL ? "" : a->last_id, *y = b->last_id == NULL ? "" : b->last_id;
    return a->fence == b->fence && a->count == b->count && strcmp(x, y) == 0;
}

static amend_status verify_schema(verification *x, amend_error *error)
{
    session *s = &x->handle->session;
    snapshot live;
    history after;
    if (x->history.count == 0 && x->catalog.count > 0)
    {
        return verify_note(x,
                           "If migrations were applied: is it the right database, and may this role use the schema that "
                           "_migrations is in?",
                           error, "no migration is recorded here: there is nothing to verify");
    }
    if (s->dialect->snapshot == NULL || x->history.count == 0)
    {
        return AMEND_OK;
    }
    if (lock_judge(&x->history, s->lease_ms) == LOCK_HELD)
    {
        x->again = true;
        return AMEND_OK;
    }
    amend_status status = snapshot_read(s, x->box->arena, false, &live, error);
    if (status == AMEND_OK)
    {
        status = history_read(s, x->box->arena, &after, error);
    }
    if (status != AMEND_OK || !verify_same_moment(&x->history, &after))
    {
        x->again = status == AMEND_OK;
        return status;
    }
    const snapshot *left;
    status = verify_drift(x, &live, &left, error);
    return status == AMEND_OK ? verify_presence(x, &live, left, error) : status;
}

static amend_status verify_once(verification *x, bool last, amend_error *error)
{
    x->found = 0;
    x->again = false;
    x->box = report_new(x->handle, error);
    amend_status status =
        x->box == NULL ? AMEND_FAILED : compare_files(x->handle, x->box, &x->catalog, &x->history, &x->view, &x->found, error);
    if (status == AMEND_OK)
    {
        status = verify_trail(x, error);
    }
    if (status == AMEND_OK)
    {
        status = verify_schema(x, error);
    }
    return status == AMEND_OK && x->again && last
               ? verify_note(x, "Verify again when it has ended; \"amend log\" tells what it did.", error,
                             "a migration runs at this moment: the schema was not looked at")
               : status;
}

amend_status amend_verify(amend *handle, amend_report **out, amend_error *error)
{
    verification x = {.handle = handle};
    amend_status status = verify_once(&x, false, error);
    for (unsigned i = 2; i <= VERIFY_TRIES && status == AMEND_OK && x.again; i++)
    {
        report_give(x.box, NULL);
        status = session_pause(&handle->session, VERIFY_PAUSE_MS, error);
        x.box = NULL;
        status = status == AMEND_OK ? verify_once(&x, i == VERIFY_TRIES, error) : status;
    }
    report_give(x.box, status == AMEND_OK ? out : NULL);
    if (status != AMEND_OK || x.found == 0)
    {
        return status;
    }
    return error_set(error, AMEND_E_DIFFERENT, "%zu %s found", x.found, x.found == 1 ? "difference" : "differences");
}

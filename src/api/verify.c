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
#include "engine/snapshot.h"
#include "heal/presence.h"

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

static bool verify_same_moment(const history *a, const history *b)
{
    const char *x = a->last_id == NULL ? "" : a->last_id, *y = b->last_id == NULL ? "" : b->last_id;
    return a->fence == b->fence && a->count == b->count && strcmp(x, y) == 0;
}

static amend_status verify_busy(verification *x, amend_error *error)
{
    plan found = {0};
    amend_status status = plan_problem(x->box->arena, &found, AMEND_NOTE, AMEND_E_DRIFT, NULL, NULL, error,
                                       "a migration runs at this moment: the schema was not looked at");
    if (status == AMEND_OK)
    {
        found.problems[0].hint = "Verify again when it has ended; \"amend wait\" and \"amend log\" tell.";
    }
    return status == AMEND_OK ? verify_add(x, &found, error) : status;
}

static amend_status verify_schema(verification *x, amend_error *error)
{
    session *s = &x->handle->session;
    snapshot live;
    history after;
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
    return verify_presence(x, &live, NULL, error);
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
    return status == AMEND_OK && x->again && last ? verify_busy(x, error) : status;
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

/* SPDX-License-Identifier: MIT */
/* The calls about healing: heal_error, diagnose, provides. The wrappers' slow halves are in src/heal. */
#include "api/handle.h"

#include "base/error.h"

#include <string.h>

static amend_status check_db_error(const amend_db_error *failed, amend_error *error)
{
    if (failed == NULL || failed->size != sizeof *failed || failed->message == NULL)
    {
        return error_set(error, AMEND_E_ARGUMENT, "amend_db_error was not made with AMEND_DB_ERROR_INIT, or has no message");
    }
    return AMEND_OK;
}

const char *amend_cure_name(amend_cure cure)
{
    static const char *const names[] = {[AMEND_CURE_NONE] = "none",
                                        [AMEND_CURE_DONE] = "cured",
                                        [AMEND_CURE_RERUN] = "cured, run the transaction again",
                                        [AMEND_CURE_REFUSED] = "refused",
                                        [AMEND_CURE_FAILED] = "failed",
                                        [AMEND_CURE_DRIFT] = "drift",
                                        [AMEND_CURE_TIMED_OUT] = "timed out"};
    return (size_t)cure < sizeof names / sizeof names[0] ? names[cure] : NULL;
}

amend_cure amend_heal_error(amend *handle, const amend_db_error *failed, amend_healing *out, amend_error *error)
{
    amend_healing healing = {.cure = AMEND_CURE_NONE};
    amend_cure cure = AMEND_CURE_NONE;
    if (handle != NULL && check_db_error(failed, error) == AMEND_OK)
    {
        cure = heal(healer_of(handle), &(heal_request){.failed = failed}, &healing, error);
    }
    if (out != NULL)
    {
        *out = healing;
    }
    return cure;
}

/* Without a database, the error tells its kind. */
static const dialect *dialect_of(const amend *handle, const amend_db_error *failed)
{
    if (handle->session.dialect != NULL)
    {
        return handle->session.dialect;
    }
    return dialect_find(failed->sqlstate != NULL && failed->sqlstate[0] != '\0' ? "postgres" : "sqlite");
}

static amend_status add_diagnosis(report_box *box, const diagnosis *d, amend_error *error)
{
    amend_status status = report_problems(box, d->plan.problems, d->plan.problem_count, error);
    for (size_t i = 0; i < d->plan.count && status == AMEND_OK; i++)
    {
        status = report_item(box, d->plan.steps[i].entry, AMEND_UP) == NULL ? error_memory(error) : AMEND_OK;
    }
    if (d->view.catalog != NULL)
    {
        report_summary(box, &d->view);
    }
    return status;
}

amend_status amend_diagnose(amend *handle, const amend_db_error *failed, amend_healing *healing, amend_report **out,
                            amend_error *error)
{
    amend_status status = check_db_error(failed, error);
    const dialect *d = status == AMEND_OK ? dialect_of(handle, failed) : NULL;
    if (d == NULL)
    {
        return status == AMEND_OK ? error_set(error, AMEND_E_DRIVER_MISSING, "this build lacks PostgreSQL") : status;
    }
    report_box *box = report_new(handle, error);
    if (box == NULL)
    {
        return AMEND_FAILED;
    }
    diagnosis found;
    session look = handle->healer.session; /* a connection of its own: other threads may be at the same */
    look.url = handle->session.url;
    look.connect_timeout_ms = handle->session.connect_timeout_ms;
    status = heal_diagnose(healer_of(handle), d, look.driver == NULL ? NULL : &look, box->arena, failed, &found, error);
    box->knowledge = found.knowledge;
    if (look.driver != NULL)
    {
        session_close(&look);
    }
    if (status == AMEND_OK)
    {
        status = add_diagnosis(box, &found, error);
    }
    if (status == AMEND_OK && healing != NULL)
    {
        *healing = found.healing;
    }
    box->pub.dialect = d->name;
    report_give(box, status == AMEND_OK ? out : NULL);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------- provides */

static bool same_name(const dialect *d, const char *wanted, slice name)
{
    bool nocase = (d->traits & DIALECT_NAMES_NOCASE) != 0;
    slice given = slice_of(wanted);
    return given.len == 0 || (nocase ? slice_equal_nocase(given, name) : slice_equal(given, name));
}

/* "cards" is a table, and what belongs to it; "a.b" a column b of a, or a table b of schema a. */
static bool is_wanted(const dialect *d, const amend_object *wanted, const provision *p)
{
    if (same_name(d, wanted->name, p->name))
    {
        return same_name(d, wanted->table, p->table.len > 0 ? p->table : p->schema) && same_name(d, wanted->schema, p->schema);
    }
    return p->table.len > 0 && same_name(d, wanted->name, p->table) && same_name(d, wanted->table, p->schema);
}

static void tell_provision(const knowledge *k, const provision *p, amend_provision_fn fn, void *arg)
{
    const migration *m = &k->catalog.items[p->migration];
    amend_object object = {.kind = p->kind};
    error_copy(object.schema, sizeof object.schema, p->schema);
    error_copy(object.table, sizeof object.table, p->table);
    error_copy(object.name, sizeof object.name, p->name);
    amend_provision provision = {.object = &object, .version = m->version, .name = m->name, .file = m->up_file};
    fn(arg, &provision);
}

amend_status amend_provides(amend *handle, const char *object, amend_provision_fn fn, void *arg, amend_error *error)
{
    const dialect *d = handle->session.dialect;
    amend_object wanted = {0};
    knowledge *k;
    if (d == NULL)
    {
        return error_set(error, AMEND_E_ARGUMENT, "without a URL it isn't known which kind of SQL the migrations are");
    }
    if (object != NULL && !d->parse_name(slice_of(object), &wanted))
    {
        return error_set(error, AMEND_E_ARGUMENT, "\"%s\" is not an object's name", object);
    }
    amend_status status = knowledge_load(handle->allocator, d, handle->dir, handle->files, handle->file_count, &k, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    for (const provision *p = index_next(k->index, NULL); p != NULL; p = index_next(k->index, p))
    {
        if (object == NULL || is_wanted(d, &wanted, p))
        {
            tell_provision(k, p, fn, arg);
        }
    }
    knowledge_release(k);
    return AMEND_OK;
}

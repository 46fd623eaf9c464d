/* SPDX-License-Identifier: MIT */
/* The calls about lint: which scripts are meant, and what was found as the public structs. */
#include "amend/lint.h"

#include "api/handle.h"

#include "base/error.h"

#include <string.h>
#include <sys/stat.h>

const amend_lint_rule *amend_lint_rule_at(size_t i)
{
    return i < LINT_RULES ? &lint_rules[i] : NULL;
}

const amend_lint_rule *amend_lint_rule_find(const char *name)
{
    lint_rule rule = name == NULL ? LINT_RULES : lint_find(slice_of(name));
    return rule == LINT_RULES ? NULL : &lint_rules[rule];
}

/* The report with the arena that it lives in. */
typedef struct lint_box
{
    amend_lint_report pub; /* first: the public pointer is the box */
    report_box *box;       /* holds the arena, and takes the catalog's findings */
    amend_lint_finding *findings;
} lint_box;

void amend_lint_report_free(amend_lint_report *report)
{
    if (report != NULL)
    {
        report_give(((lint_box *)report)->box, NULL);
    }
}

/* ------------------------------------------------------------------------------------------------------ which scripts */

/* Two catalogs: the directory's, and one of the files that stand elsewhere. */
typedef struct lint_files
{
    arena *arena;
    catalog catalog;
    unsigned *wanted; /* NULL: all of the catalog */
    catalog others;
    unsigned *others_wanted;
} lint_files;

static slice lint_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slice_of(slash == NULL ? path : slash + 1);
}

static bool lint_same_file(const char *a, const char *b)
{
    struct stat x, y;
    if (a == NULL || strcmp(a, b) == 0)
    {
        return a != NULL;
    }
    return slice_equal(lint_base_name(a), lint_base_name(b)) && stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

static bool lint_is_down(const char *file)
{
    slice name = slice_of(file);
    return slice_ends(name, SLICE(".down.sql")) || slice_ends(name, SLICE("_down.sql"));
}

static amend_status lint_add_other(lint_files *f, const char *file, amend_error *error)
{
    size_t n = f->others.count;
    migration *items = arena_grow(f->arena, f->others.items, n, sizeof *items);
    unsigned *wanted = arena_grow(f->arena, f->others_wanted, n, sizeof *wanted);
    char *copy = arena_string(f->arena, file);
    if (items == NULL || wanted == NULL || copy == NULL)
    {
        return error_memory(error);
    }
    items[n].up_file = copy;
    wanted[n] = LINT_WANT_UP | (lint_is_down(file) ? LINT_ALONE : 0u);
    f->others.items = items;
    f->others.count = n + 1;
    f->others_wanted = wanted;
    return AMEND_OK;
}

static amend_status lint_want_file(lint_files *f, const char *file, amend_error *error)
{
    for (size_t i = 0; i < f->catalog.count; i++)
    {
        const migration *m = &f->catalog.items[i];
        unsigned wants = lint_same_file(m->up_file, file)     ? LINT_WANT_UP
                         : lint_same_file(m->down_file, file) ? LINT_WANT_DOWN
                                                              : 0u;
        if (wants != 0)
        {
            f->wanted[i] |= wants;
            return AMEND_OK;
        }
    }
    return lint_add_other(f, file, error);
}

static amend_status lint_want_files(amend *handle, report_box *box, const amend_lint_options *o, lint_files *f,
                                    amend_error *error)
{
    amend_error reason = {0};
    amend_status status = load_catalog(handle, box, &f->catalog, &reason);
    if (status != AMEND_OK && reason.code == AMEND_E_DIR_MISSING)
    {
        f->catalog = (catalog){.dir = ""};
        status = AMEND_OK;
    }
    if (status != AMEND_OK && error != NULL)
    {
        *error = reason;
    }
    f->wanted = arena_array(f->arena, f->catalog.count + 1, sizeof *f->wanted);
    if (f->wanted == NULL && status == AMEND_OK)
    {
        status = error_memory(error);
    }
    for (size_t i = 0; i < o->file_count && status == AMEND_OK; i++)
    {
        status = lint_want_file(f, o->files[i], error);
    }
    return status;
}

static amend_status lint_want_pending(amend *handle, report_box *box, lint_files *f, amend_error *error)
{
    history h;
    view v;
    amend_status status = load_view(handle, box, &f->catalog, &h, &v, error);
    f->wanted = status == AMEND_OK ? arena_array(f->arena, f->catalog.count + 1, sizeof *f->wanted) : NULL;
    if (f->wanted == NULL)
    {
        return status == AMEND_OK ? error_memory(error) : status;
    }
    for (size_t i = 0; i < v.count; i++)
    {
        const entry *e = &v.entries[i];
        if (e->row == NULL)
        {
            f->wanted[e->file - f->catalog.items] = LINT_WANT_BOTH;
        }
    }
    return AMEND_OK;
}

/* ------------------------------------------------------------------------------------------------------------ the report */

static amend_status lint_tell(lint_box *out, const linted *s, const lint_result *r, amend_error *error)
{
    arena *a = out->box->arena;
    amend_lint_report *pub = &out->pub;
    amend_error place = {0};
    amend_lint_finding *list = arena_grow(a, out->findings, pub->finding_count, sizeof *list);
    const migration *m = s->migration;
    error_at(&place, NULL, s->text, r->finding.offset);
    char *excerpt = arena_string(a, place.excerpt);
    if (list == NULL || excerpt == NULL)
    {
        return error_memory(error);
    }
    list[pub->finding_count++] = (amend_lint_finding){
        .rule = &lint_rules[r->finding.rule],
        .severity = r->severity,
        .version = m->version,
        .name = m->name,
        .file = s->file,
        .direction = s->down ? AMEND_DOWN : AMEND_UP,
        .statement = r->finding.statement == SIZE_MAX ? 0 : (unsigned)r->finding.statement + 1,
        .line = place.line,
        .column = place.column,
        .offset = r->finding.offset,
        .caret = place.caret,
        .excerpt = excerpt,
        .object = r->finding.object.len == 0 ? "" : r->finding.object.data,
        .message = r->finding.detail.len == 0 ? lint_rules[r->finding.rule].title : r->finding.detail.data};
    out->findings = list;
    *(r->severity == AMEND_ERROR ? &pub->errors : r->severity == AMEND_WARNING ? &pub->warnings : &pub->notes) += 1;
    return AMEND_OK;
}

static amend_status lint_tell_script(lint_box *out, const linted *s, amend_error *error)
{
    amend_status status = AMEND_OK;
    out->pub.scripts++;
    out->pub.allowed += s->results.allowed;
    for (size_t i = 0; i < s->results.count && status == AMEND_OK; i++)
    {
        status = lint_tell(out, s, &s->results.items[i], error);
    }
    return status;
}

/* Down scripts were looked at last, and are told with their up scripts. */
static amend_status lint_tell_all(lint_box *out, const lint_job *job, amend_error *error)
{
    amend_status status = AMEND_OK;
    for (size_t m = 0; m < job->catalog->count && status == AMEND_OK; m++)
    {
        for (size_t i = 0; i < job->count && status == AMEND_OK; i++)
        {
            status = job->scripts[i].migration == &job->catalog->items[m] ? lint_tell_script(out, &job->scripts[i], error)
                                                                          : AMEND_OK;
        }
    }
    return status;
}

static amend_status lint_one_catalog(lint_box *out, const amend *handle, const dialect *d, const catalog *c,
                                     const unsigned *wanted, amend_error *error)
{
    lint_job job = {.dialect = d, .catalog = c, .wanted = wanted, .severities = handle->lint};
    amend_status status = lint_run(out->box->arena, &job, error);
    return status == AMEND_OK ? lint_tell_all(out, &job, error) : status;
}

static amend_status lint_all(amend *handle, const amend_lint_options *o, lint_box *out, const dialect *d, amend_error *error)
{
    lint_files f = {.arena = out->box->arena, .others = {.dir = ""}};
    amend_status status;
    if (o->file_count > 0)
    {
        status = lint_want_files(handle, out->box, o, &f, error);
    }
    else if (o->pending)
    {
        status = lint_want_pending(handle, out->box, &f, error);
    }
    else
    {
        status = load_catalog(handle, out->box, &f.catalog, error);
    }
    if (status == AMEND_OK)
    {
        status = lint_one_catalog(out, handle, d, &f.catalog, f.wanted, error);
    }
    return status == AMEND_OK ? lint_one_catalog(out, handle, d, &f.others, f.others_wanted, error) : status;
}

static amend_status lint_check(const amend *handle, const amend_lint_options *o, const dialect **out, amend_error *error)
{
    if (o->size != sizeof *o || (o->files == NULL && o->file_count > 0) || (o->pending && o->file_count > 0))
    {
        return error_set(error, AMEND_E_ARGUMENT,
                         "amend_lint_options was not made with AMEND_LINT_INIT, or says both files and pending");
    }
    *out = o->dialect == NULL ? handle->session.dialect : dialect_find(o->dialect);
    if (*out == NULL)
    {
        return o->dialect == NULL
                   ? error_set(error, AMEND_E_ARGUMENT, "without a URL it isn't known which kind of SQL the migrations are")
                   : error_set(error, AMEND_E_ARGUMENT, "there is no dialect \"%s\"", o->dialect);
    }
    return AMEND_OK;
}

amend_status amend_lint(amend *handle, const amend_lint_options *options, amend_lint_report **out, amend_error *error)
{
    const amend_lint_options standard = AMEND_LINT_INIT, *o = options == NULL ? &standard : options;
    const dialect *d;
    amend_status status = out == NULL ? error_set(error, AMEND_E_ARGUMENT, "amend_lint needs a place for its report")
                                      : lint_check(handle, o, &d, error);
    report_box *box = status == AMEND_OK ? report_new(handle, error) : NULL;
    if (box == NULL)
    {
        return status == AMEND_OK ? AMEND_FAILED : status;
    }
    lint_box *found = arena_alloc(box->arena, sizeof *found);
    status = found == NULL ? error_memory(error) : AMEND_OK;
    if (status == AMEND_OK)
    {
        *found = (lint_box){.pub = {.size = sizeof found->pub, .dialect = d->name, .dir = box->pub.dir}, .box = box};
        status = lint_all(handle, o, found, d, error);
    }
    if (status != AMEND_OK)
    {
        report_give(box, NULL);
        return status;
    }
    found->pub.findings = found->findings;
    *out = &found->pub;
    size_t errors = found->pub.errors;
    return errors == 0 ? AMEND_OK
                       : error_set(error, AMEND_E_LINT, "lint found %zu %s", errors, errors == 1 ? "error" : "errors");
}

/* SPDX-License-Identifier: MIT */
#include "engine/run.h"

#include "base/error.h"

/* The text may have become another one since the catalog was read. */
static amend_status check_unchanged(const job *j, const char *checksum, amend_error *error)
{
    if (j->step->action == ACTION_DOWN || strcmp(checksum, j->step->entry->file->checksum) == 0)
    {
        return AMEND_OK;
    }
    error_set(error, AMEND_E_FILE_CHANGED, "the file changed while amend ran");
    if (error != NULL)
    {
        error_copy(error->file, sizeof error->file, slice_of(j->file));
    }
    return AMEND_FAILED;
}

static amend_status job_read(runner *r, job *j, amend_error *error)
{
    char checksum[CHECKSUM_HEX];
    j->file = j->step->action == ACTION_DOWN ? j->step->entry->file->down_file : j->step->entry->file->up_file;
    amend_status status = catalog_read(r->catalog, j->file, &j->text, checksum, error);
    if (status == AMEND_OK)
    {
        status = check_unchanged(j, checksum, error);
    }
    bool recorded = j->step->action != ACTION_DOWN && j->step->action != ACTION_REPLAY;
    if (status == AMEND_OK && recorded)
    {
        status = essence_hash(r->session->dialect, r->session->allocator, buf_slice(&j->text), j->essence, error);
    }
    return status;
}

/* Statements that are not to run become white space: the others stay where they are in the file. */
static amend_status job_blank(runner *r, arena *a, job *j, amend_error *error)
{
    for (size_t i = 0; i < j->outline.script.count; i++)
    {
        const stmt *s = &j->outline.script.stmts[i];
        size_t end = (s->flags & STMT_COPY) != 0 ? s->copy_end : s->end;
        for (size_t at = s->start; !j->step->only[i] && at < end; at++)
        {
            j->text.data[at] = j->text.data[at] == '\n' ? '\n' : ' ';
        }
    }
    return outline_make(a, r->session->dialect, j->file, buf_slice(&j->text), &j->head, &j->outline, error);
}

static amend_status job_outline(runner *r, arena *a, job *j, amend_error *error)
{
    amend_status status = directives_parse(a, j->file, buf_slice(&j->text), &j->head, error);
    if (status == AMEND_OK)
    {
        status = outline_make(a, r->session->dialect, j->file, buf_slice(&j->text), &j->head, &j->outline, error);
    }
    return status == AMEND_OK && j->step->only != NULL ? job_blank(r, a, j, error) : status;
}

amend_status job_load(runner *r, arena *a, size_t index, job *out, amend_error *error)
{
    const step *step = &r->plan->steps[index];
    bool scripted = step->action == ACTION_UP || step->action == ACTION_DOWN || step->action == ACTION_REPLAY;
    *out = (job){.step = step, .index = index, .scripted = scripted};
    buf_init(&out->text, r->session->allocator);
    if (step->action == ACTION_KEEP)
    {
        return AMEND_OK;
    }
    amend_status status = job_read(r, out, error);
    if (status == AMEND_OK && scripted)
    {
        status = job_outline(r, a, out, error);
    }
    if (status != AMEND_OK)
    {
        if (error != NULL && error->version[0] == '\0')
        {
            error_copy(error->version, sizeof error->version, slice_of(step->version));
        }
        job_clear(out);
        return status;
    }
    if (!scripted)
    {
        job_clear(out);
        buf_init(&out->text, r->session->allocator);
        return AMEND_OK;
    }
    for (size_t i = 0; i < step->check_count; i++)
    {
        if (step->checks[i].skip && step->checks[i].statement < out->outline.script.count)
        {
            outline_skip(&out->outline, step->checks[i].statement);
        }
    }
    out->mixed = out->outline.mode == AMEND_MODE_STATEMENTS || audit_is_half(&r->halves, step->version);
    out->rebuild = (out->outline.script.flags & SCRIPT_REBUILDS) != 0;
    return AMEND_OK;
}

void job_clear(job *j)
{
    buf_clear(&j->text);
}

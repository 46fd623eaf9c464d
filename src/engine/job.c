/* SPDX-License-Identifier: MIT */
#include "engine/run.h"

#include "base/error.h"

/* The text may have become another one since the catalog was read. */
static amend_status check_unchanged(const job *j, const char *checksum, amend_error *error)
{
    if (j->step->action != ACTION_UP || strcmp(checksum, j->step->entry->file->checksum) == 0)
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

amend_status job_load(runner *r, arena *a, size_t index, job *out, amend_error *error)
{
    const step *step = &r->plan->steps[index];
    *out = (job){.step = step, .index = index, .scripted = step->action == ACTION_UP || step->action == ACTION_DOWN};
    buf_init(&out->text, r->session->allocator);
    if (!out->scripted)
    {
        return AMEND_OK;
    }
    char checksum[CHECKSUM_HEX];
    out->file = step->action == ACTION_UP ? step->entry->file->up_file : step->entry->file->down_file;
    amend_status status = catalog_read(r->catalog, out->file, &out->text, checksum, error);
    if (status == AMEND_OK)
    {
        status = check_unchanged(out, checksum, error);
    }
    if (status == AMEND_OK)
    {
        status = directives_parse(a, out->file, buf_slice(&out->text), &out->head, error);
    }
    if (status == AMEND_OK)
    {
        status = outline_make(a, r->session->dialect, out->file, buf_slice(&out->text), &out->head, &out->outline, error);
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
    out->mixed = out->outline.mode == AMEND_MODE_STATEMENTS || audit_is_half(&r->halves, step->version);
    out->rebuild = (out->outline.script.flags & SCRIPT_REBUILDS) != 0;
    return AMEND_OK;
}

void job_clear(job *j)
{
    buf_clear(&j->text);
}

/* SPDX-License-Identifier: MIT */
#include "draft.h"

#include "fault.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static amend_status draft_refused(amend_error *error, const char *path)
{
    return fault_set(error, AMEND_E_FILE_CREATE, "can't write \"%s\": %s", path, strerror(errno));
}

amend_status draft_begin(pool *p, const char *path, draft *out, amend_error *error)
{
    *out = (draft){.path = path, .name = pool_format(p, "%s.%ld.tmp", path, (long)getpid())};
    out->file = fopen(out->name, "wxe");
    return out->file == NULL ? draft_refused(error, out->name) : AMEND_OK;
}

amend_status draft_end(draft *d, amend_status status, amend_error *error)
{
    bool broken = ferror(d->file) != 0;
    broken = fclose(d->file) != 0 || broken;
    if (status == AMEND_OK && (broken || rename(d->name, d->path) != 0))
    {
        status = draft_refused(error, d->path);
    }
    if (status != AMEND_OK)
    {
        unlink(d->name);
    }
    return status;
}

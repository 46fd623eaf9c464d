/* SPDX-License-Identifier: MIT */
#include "engine/backup.h"

#include "base/error.h"

amend_status backup_tables_wanted(const losses *l, size_t *count, amend_error *error)
{
    (void)l;
    *count = 0;
    return error_set(error, AMEND_E_BACKUP, "this version backs up SQLite databases only");
}

amend_status backup_tables_save(runner *r, arena *a, manifest *m, amend_error *error)
{
    (void)r, (void)a, (void)m;
    return error_memory(error);
}

/* SPDX-License-Identifier: MIT */
#include "engine/script_file.h"

#include "base/error.h"

amend_status script_file_read(arena *a, const catalog *c, const dialect *d, const char *file, script_file *out,
                              amend_error *error)
{
    buf text;
    *out = (script_file){.file = file};
    buf_init(&text, arena_allocator(a));
    amend_status status = catalog_read(c, file, &text, NULL, error);
    out->text = (slice){status == AMEND_OK ? arena_copy(a, buf_slice(&text)) : NULL, text.len};
    buf_clear(&text);
    if (status == AMEND_OK && out->text.data == NULL)
    {
        status = error_memory(error);
    }
    status = status == AMEND_OK ? directives_parse(a, file, out->text, &out->head, error) : status;
    status = status == AMEND_OK ? d->split(a, out->text, &out->script, error) : status;
    if (status != AMEND_OK && error != NULL && error->code != AMEND_E_OUT_OF_MEMORY && error->file[0] == '\0')
    {
        error_copy(error->file, sizeof error->file, slice_of(file));
    }
    return status;
}

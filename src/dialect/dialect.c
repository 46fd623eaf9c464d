/* SPDX-License-Identifier: MIT */
#include "dialect/dialect.h"

#include "dialect/dialects.h"

#include <string.h>

static const dialect *const dialects[] = {
    &dialect_sqlite,
#ifdef AMEND_WITH_POSTGRES
    &dialect_postgres,
#endif
};

const dialect *dialect_find(const char *name)
{
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++)
    {
        if (strcmp(dialects[i]->name, name) == 0)
        {
            return dialects[i];
        }
    }
    return NULL;
}

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

static const struct
{
    const char *rule, *words;
} objections[] = {
#define OBJECTION(name, rule, words) {rule, words},
    OBJECTIONS(OBJECTION)
#undef OBJECTION
};

const char *objection_rule(objection_kind kind)
{
    return objections[kind].rule;
}

const char *objection_words(objection_kind kind)
{
    return objections[kind].words;
}

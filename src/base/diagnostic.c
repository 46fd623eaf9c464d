/* SPDX-License-Identifier: MIT */
#include "base/diagnostic.h"

static const amend_explanation diagnostics[] = {
#define AMEND_DIAGNOSTIC(number, name, status, text, cause, remedy) {number, #name, status, text, cause, remedy},
#include "amend/diagnostics.def"
#undef AMEND_DIAGNOSTIC
};

static const size_t diagnostic_count = sizeof diagnostics / sizeof diagnostics[0];

const amend_explanation *diagnostic_find(int code)
{
    size_t low = 0, high = diagnostic_count;
    while (low < high)
    {
        size_t middle = (low + high) / 2;
        if ((int)diagnostics[middle].code == code)
        {
            return &diagnostics[middle];
        }
        if ((int)diagnostics[middle].code < code)
        {
            low = middle + 1;
        }
        else
        {
            high = middle;
        }
    }
    return NULL;
}

const amend_explanation *diagnostic_at(size_t i)
{
    return i < diagnostic_count ? &diagnostics[i] : NULL;
}

const char *amend_object_kind_name(amend_object_kind kind)
{
    static const char *const names[] = {
#define AMEND_OBJECT(name, text) text,
#include "amend/objects.def"
#undef AMEND_OBJECT
    };
    return (unsigned)kind < AMEND_OBJECT_KINDS ? names[kind] : NULL;
}

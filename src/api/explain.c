/* SPDX-License-Identifier: MIT */
/* What stands behind a diagnostic, and the names of enums: the part of the API that needs no handle. */
#include "amend.h"
#include "amend/loss.h"

#include "base/diagnostic.h"

const amend_explanation *amend_explain(int code)
{
    return diagnostic_find(code);
}

const amend_explanation *amend_explain_at(size_t i)
{
    return diagnostic_at(i);
}

const char *amend_version(void)
{
    return AMEND_VERSION;
}

const char *amend_event_type_name(amend_event_type type)
{
    static const char *const names[] = {
#define AMEND_EVENT(name, text, audited) text,
#include "amend/events.def"
#undef AMEND_EVENT
    };
    return (unsigned)type < sizeof names / sizeof names[0] ? names[type] : NULL;
}

const char *amend_measure_name(amend_measure measure)
{
    static const char *const names[] = {"exact", "about", "at most", "unknown"};
    return (unsigned)measure < sizeof names / sizeof names[0] ? names[measure] : NULL;
}

const char *amend_state_name(amend_state state)
{
    static const char *const names[] = {"applied",      "pending", "changed", "missing", "newer",
                                        "out of order", "partial", "skipped", "done",    "failed"};
    return (unsigned)state < sizeof names / sizeof names[0] ? names[state] : NULL;
}

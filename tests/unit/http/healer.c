/* SPDX-License-Identifier: MIT */
#include "healer.h"

#include <stdio.h>

healer_script healer;

amend *healer_handle(void)
{
    return (amend *)&healer;
}

amend_cure amend_heal_error(amend *handle, const amend_db_error *failed, amend_healing *out, amend_error *error)
{
    (void)handle;
    unsigned call = healer.calls++;
    snprintf(healer.message, sizeof healer.message, "%s", failed->message == NULL ? "(none)" : failed->message);
    snprintf(healer.sqlstate, sizeof healer.sqlstate, "%s", failed->sqlstate == NULL ? "" : failed->sqlstate);
    snprintf(healer.query, sizeof healer.query, "%s", failed->query == NULL ? "(none)" : failed->query);
    healer.native = failed->native;
    healer.position = failed->position;
    amend_cure cure = call < HEALER_MOST ? healer.cures[call].cure : AMEND_CURE_NONE;
    const char *version = call < HEALER_MOST ? healer.cures[call].version : NULL;
    *out = (amend_healing){.cure = cure, .object.kind = version == NULL ? AMEND_OBJECT_NONE : AMEND_OBJECT_COLUMN};
    snprintf(out->version, sizeof out->version, "%s", version == NULL ? "" : version);
    snprintf(out->name, sizeof out->name, "%s", version == NULL ? "" : "add_it");
    if (cure != AMEND_CURE_NONE && cure != AMEND_CURE_DONE)
    {
        snprintf(error->message, sizeof error->message, "not this time");
    }
    return cure;
}

const amend_explanation *amend_explain(int code)
{
    static amend_explanation e = {.remedy = "Do it better."};
    e.code = (amend_code)code;
    e.status = code == AMEND_E_ARGUMENT ? AMEND_USAGE : AMEND_FAILED;
    return &e;
}

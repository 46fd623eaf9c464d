/* SPDX-License-Identifier: MIT */
#include "print.h"

amend_status cmd_verify(cli *c, amend_error *error)
{
    amend_report *r = NULL;
    amend_status status = cli_open(c, error);
    if (status == AMEND_OK)
    {
        status = amend_verify(c->handle, &r, error);
    }
    progress_clear(&c->progress);
    if (r == NULL)
    {
        return status;
    }
    print_report_json(c, r, status == AMEND_OK ? NULL : error);
    print_problems(c, r, error);
    if (status == AMEND_OK)
    {
        print_line(c, STYLE_GREEN, "%s verified: files, history and audit trail agree",
                   print_count(&c->pool, r->applied, "migration"));
    }
    amend_report_free(r);
    return status;
}

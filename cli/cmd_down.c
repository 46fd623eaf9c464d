/* SPDX-License-Identifier: MIT */
#include "run.h"

amend_status cmd_down(cli *c, amend_error *error)
{
    amend_run run = AMEND_RUN_INIT;
    amend_status status = run_options(c, &run, error);
    return status == AMEND_OK ? run_call(c, amend_down, &run, run_rolled_back, error) : status;
}

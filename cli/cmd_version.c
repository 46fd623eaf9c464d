/* SPDX-License-Identifier: MIT */
#include "cli.h"
#include "json.h"

amend_status cmd_version(cli *c, amend_error *error)
{
    (void)error;
    if (c->json)
    {
        json_t *object = json_object();
        json_add(object, "command", "version");
        json_add(object, "version", amend_version());
        json_print(object);
        return AMEND_OK;
    }
    printf("amend %s\n", amend_version());
    return AMEND_OK;
}

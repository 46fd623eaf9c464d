/* SPDX-License-Identifier: MIT */
#include "json.h"
#include "print.h"

amend_status cmd_new(cli *c, amend_error *error)
{
    amend_created made = {0};
    amend_status status = cli_open(c, error);
    if (status == AMEND_OK)
    {
        unsigned flags = args_has(&c->args, OPTION_TIMESTAMP) ? AMEND_NEW_TIMESTAMP : 0;
        status = amend_create(c->handle, c->args.operands[0], flags, &made, error);
    }
    if (status != AMEND_OK)
    {
        return status;
    }
    if (c->json)
    {
        json_t *object = json_object();
        json_add(object, "command", "new");
        json_add(object, "version", made.version);
        json_add(object, "up", made.up);
        json_add(object, "down", made.down);
        json_print(object);
    }
    /* The bare paths, so that $EDITOR $(amend new x) works. */
    print_line(c, STYLE_PLAIN, "%s", made.up);
    print_line(c, STYLE_PLAIN, "%s", made.down);
    return AMEND_OK;
}

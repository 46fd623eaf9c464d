/* SPDX-License-Identifier: MIT */
/* Writes migrations as a C file. */
#include "draft.h"
#include "embed.h"
#include "events.h"
#include "fault.h"
#include "json.h"
#include "print.h"

static amend_status write_all(cli *c, FILE *out, const amend_report *r, const char *symbol, amend_error *error)
{
    embed_begin(out, symbol);
    for (size_t i = 0; i < r->item_count; i++)
    {
        const char *files[] = {r->items[i].file, r->items[i].down_file};
        for (size_t f = 0; f < 2; f++)
        {
            const char *text = NULL;
            size_t length = 0;
            if (files[f] == NULL)
            {
                continue;
            }
            amend_status status = amend_read(c->handle, files[f], &text, &length, error);
            if (status != AMEND_OK)
            {
                return status;
            }
            embed_file(out, embed_path(r->dir, files[f]), text, length);
        }
    }
    embed_end(out, symbol);
    return AMEND_OK;
}

static amend_status open_dir(cli *c, amend_error *error)
{
    amend_options options = AMEND_OPTIONS_INIT;
    options.dir = c->args.operands[0];
    options.on_event = events_handle;
    options.on_event_arg = c;
    return amend_open(&options, &c->handle, error);
}

static amend_status write_report(cli *c, const amend_report *r, const char *symbol, amend_error *error)
{
    const char *path = c->args.values[OPTION_OUTPUT];
    if (path == NULL)
    {
        return write_all(c, stdout, r, symbol, error);
    }
    draft d;
    amend_status status = draft_begin(&c->pool, path, &d, error);
    if (status == AMEND_OK)
    {
        status = draft_end(&d, write_all(c, d.file, r, symbol, error), error);
    }
    if (status != AMEND_OK)
    {
        return status;
    }
    if (c->json)
    {
        json_t *object = json_object();
        json_add(object, "command", "embed");
        json_add(object, "output", path);
        json_add_number(object, "migrations", (int64_t)r->item_count);
        json_print(object);
    }
    print_line(c, STYLE_PLAIN, "%s written to %s", print_count(&c->pool, r->item_count, "migration"), path);
    return AMEND_OK;
}

amend_status cmd_embed(cli *c, amend_error *error)
{
    const char *symbol = args_has(&c->args, OPTION_SYMBOL) ? c->args.values[OPTION_SYMBOL] : "migrations";
    if (!embed_is_symbol(symbol))
    {
        return fault_set(error, AMEND_E_OPTION, "\"%s\" can't be a name in C", symbol);
    }
    if (c->json && !args_has(&c->args, OPTION_OUTPUT))
    {
        return fault_set(error, AMEND_E_OPTION,
                         "with --json, \"amend embed\" needs --output: both would go to standard output");
    }
    amend_report *r = NULL;
    amend_status status = open_dir(c, error);
    if (status == AMEND_OK)
    {
        status = amend_catalog(c->handle, &r, error);
    }
    if (status == AMEND_OK)
    {
        print_problems(c, r, NULL);
        status = write_report(c, r, symbol, error);
    }
    amend_report_free(r);
    return status;
}

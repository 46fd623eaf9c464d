/* SPDX-License-Identifier: MIT */
#include "json.h"
#include "print.h"

#include <string.h>

static void print_settings(cli *c)
{
    static const table_column columns[] = {{"SETTING", 0}, {"VALUE", TABLE_SHRINKS}, {"FROM", TABLE_SHRINKS}};
    table t;
    table_init(&t, &c->pool, columns, 3);
    for (size_t i = 0; i < SETTINGS; i++)
    {
        const setting *s = &c->settings.items[i];
        table_add(&t, (table_cell[]){{settings_table[i].key, STYLE_PLAIN}, {s->shown, STYLE_PLAIN}, {s->source, STYLE_DIM}});
    }
    print_table(c, &t);
    print_line(c, STYLE_PLAIN, "%s", "");
}

static void print_items(cli *c, const amend_report *r)
{
    static const table_column columns[] = {{"VERSION", 0},
                                           {"NAME", TABLE_SHRINKS},
                                           {"STATE", 0},
                                           {"APPLIED AT (UTC)", TABLE_DROPS},
                                           {"TIME", TABLE_DROPS | TABLE_RIGHT}};
    table t;
    table_init(&t, &c->pool, columns, 5);
    for (size_t i = 0; i < r->item_count; i++)
    {
        const amend_item *item = &r->items[i];
        table_add(&t, (table_cell[]){{item->version, STYLE_PLAIN},
                                     {item->name, STYLE_PLAIN},
                                     {amend_state_name(item->state), print_state_style(item->state)},
                                     {print_time(&c->pool, item->applied_at), STYLE_PLAIN},
                                     {print_duration(&c->pool, item->execution_time_ms), STYLE_DIM}});
    }
    if (r->item_count > 0)
    {
        print_table(c, &t);
    }
}

/* "8 applied, 3 pending, 1 changed": what there is none of is left out. */
static void print_counts(cli *c, const amend_report *r)
{
    static const amend_state others[] = {AMEND_STATE_CHANGED, AMEND_STATE_MISSING, AMEND_STATE_NEWER, AMEND_STATE_OUT_OF_ORDER,
                                         AMEND_STATE_PARTIAL};
    const char *text = pool_format(&c->pool, "%zu applied", r->applied);
    text = r->pending == 0 ? text : pool_format(&c->pool, "%s, %zu pending", text, r->pending);
    for (size_t s = 0; s < sizeof others / sizeof others[0]; s++)
    {
        size_t count = 0;
        for (size_t i = 0; i < r->item_count; i++)
        {
            count += r->items[i].state == others[s];
        }
        text = count == 0 ? text : pool_format(&c->pool, "%s, %zu %s", text, count, amend_state_name(others[s]));
    }
    bool plain = r->pending == 0 && r->applied > 0 && strchr(text, ',') == NULL;
    print_line(c, STYLE_BOLD, "%s%s", text, plain ? ", up to date" : "");
}

static void status_print_json(cli *c, const amend_report *r)
{
    json_t *object = json_report("status", r);
    if (c->verbose)
    {
        json_object_set_new(object, "settings", json_settings(&c->settings));
    }
    json_print(object);
}

amend_status cmd_status(cli *c, amend_error *error)
{
    amend_report *r = NULL;
    amend_status status = cli_open(c, error);
    if (c->verbose && !c->json)
    {
        /* Also when the database does not answer: the settings are what one looks at then. */
        print_settings(c);
    }
    if (status == AMEND_OK)
    {
        status = amend_inspect(c->handle, &r, error);
    }
    if (status != AMEND_OK)
    {
        amend_report_free(r);
        return status;
    }
    if (c->json)
    {
        status_print_json(c, r);
    }
    else
    {
        print_items(c, r);
        print_counts(c, r);
        print_problems(c, r, NULL);
    }
    bool pending = r->pending > 0;
    amend_report_free(r);
    return pending && args_has(&c->args, OPTION_EXIT_CODE) ? AMEND_PENDING : AMEND_OK;
}

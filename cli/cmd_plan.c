/* SPDX-License-Identifier: MIT */
#include "print.h"
#include "run.h"

static const char *mode_words(amend_mode mode)
{
    static const char *const words[] = {"", "in a transaction", "statement by statement"};
    return words[mode];
}

static bool is_step(const amend_item *item)
{
    return item->state != AMEND_STATE_APPLIED && item->state != AMEND_STATE_NEWER && item->state != AMEND_STATE_MISSING;
}

static void print_steps(cli *c, const amend_report *r)
{
    static const table_column columns[] = {{"STEP", TABLE_RIGHT},  {"VERSION", 0},         {"NAME", TABLE_SHRINKS},
                                           {"STATE", TABLE_DROPS}, {"HOW", TABLE_SHRINKS}, {"WHY", TABLE_SHRINKS}};
    table t;
    size_t step = 0;
    table_init(&t, &c->pool, columns, 6);
    for (size_t i = 0; i < r->item_count; i++)
    {
        const amend_item *item = &r->items[i];
        if (!is_step(item))
        {
            continue;
        }
        table_add(&t, (table_cell[]){{pool_format(&c->pool, "%zu", ++step), STYLE_PLAIN},
                                     {item->version, STYLE_PLAIN},
                                     {item->name, STYLE_PLAIN},
                                     {amend_state_name(item->state), print_state_style(item->state)},
                                     {mode_words(item->mode), STYLE_PLAIN},
                                     {item->reason, STYLE_DIM}});
    }
    if (step > 0)
    {
        print_table(c, &t);
        print_line(c, STYLE_BOLD, "%zu to apply; %s", step, run_position(c, r));
    }
    else if (r->current == NULL)
    {
        print_line(c, STYLE_BOLD, "nothing to apply: no migrations in %s", r->dir);
    }
    else
    {
        print_line(c, STYLE_BOLD, "nothing to apply; %s", run_position(c, r));
    }
}

amend_status cmd_plan(cli *c, amend_error *error)
{
    amend_run run = AMEND_RUN_INIT;
    amend_report *r = NULL;
    amend_status status = run_options(c, &run, error);
    if (status == AMEND_OK)
    {
        status = cli_open(c, error);
    }
    if (status == AMEND_OK)
    {
        status = amend_plan(c->handle, AMEND_UP, &run, &r, error);
    }
    progress_clear(&c->progress);
    if (r == NULL)
    {
        return status;
    }
    print_report_json(c, r, status == AMEND_OK ? NULL : error);
    if (!c->json)
    {
        print_steps(c, r);
        print_problems(c, r);
    }
    amend_report_free(r);
    return status;
}

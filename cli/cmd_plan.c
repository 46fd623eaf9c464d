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

static void print_steps(cli *c, const amend_report *r, bool refused)
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
    const char *where = r->current == NULL ? "nothing is applied yet" : pool_format(&c->pool, "%s is applied", r->current);
    if (step > 0)
    {
        print_table(c, &t);
        print_line(c, STYLE_BOLD, "%zu to apply; %s", step, where);
    }
    else if (r->current == NULL)
    {
        print_line(c, STYLE_BOLD, "nothing to apply: no migrations in %s", r->dir);
    }
    else if (refused)
    {
        print_line(c, STYLE_BOLD, "nothing can be applied; %s", where);
    }
    else
    {
        print_line(c, STYLE_BOLD, "nothing to apply; %s", where);
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
    if (status == AMEND_OK)
    {
        status = run_judge(r, error);
    }
    const amend_error *failed = status == AMEND_OK ? NULL : error;
    print_report_json(c, r, failed);
    if (!c->json)
    {
        print_steps(c, r, failed != NULL);
        print_problems(c, r, failed);
    }
    amend_report_free(r);
    return status;
}

/* SPDX-License-Identifier: MIT */
#include "json.h"
#include "print.h"

typedef struct trail
{
    cli *cli;
    table table;
    json_t *events;
    size_t count;
} trail;

static void on_event(void *arg, const amend_event *event)
{
    trail *t = arg;
    cli *c = t->cli;
    t->count++;
    if (c->json)
    {
        json_array_append_new(t->events, json_event(event));
        return;
    }
    pool *p = &c->pool;
    style s = event->type == AMEND_EVENT_MIGRATION_FAILED ? STYLE_RED : STYLE_PLAIN;
    const char *who = event->actor == NULL ? "" : event->actor;
    who = event->host == NULL ? who : pool_format(p, "%s@%s", who, event->host);
    const char *name = event->name == NULL ? event->application : event->name;
    table_add(&t->table, (table_cell[]){{pool_text(p, print_time(p, event->at)), STYLE_PLAIN},
                                        {pool_text(p, event->type_name), s},
                                        {pool_text(p, event->version), STYLE_PLAIN},
                                        {pool_text(p, who), STYLE_PLAIN},
                                        {pool_text(p, name), STYLE_PLAIN},
                                        {pool_text(p, event->detail), STYLE_DIM}});
}

amend_status cmd_log(cli *c, amend_error *error)
{
    static const table_column columns[] = {{"AT (UTC)", 0},          {"EVENT", TABLE_SHRINKS},
                                           {"VERSION", 0},           {"WHO", TABLE_SHRINKS | TABLE_DROPS},
                                           {"PROGRAM", TABLE_DROPS}, {"DETAIL", TABLE_SHRINKS | TABLE_DROPS}};
    trail t = {.cli = c};
    uint32_t limit = 0;
    amend_status status = args_number(&c->args, OPTION_LIMIT, &limit, error);
    if (status == AMEND_OK)
    {
        status = cli_open(c, error);
    }
    if (status != AMEND_OK)
    {
        return status;
    }
    t.events = c->json ? json_array() : NULL;
    table_init(&t.table, &c->pool, columns, 6);
    status = amend_log(c->handle, limit, on_event, &t, error);
    if (status != AMEND_OK)
    {
        json_decref(t.events);
        return status;
    }
    if (c->json)
    {
        json_t *object = json_object();
        json_add(object, "command", "log");
        json_object_set_new(object, "events", t.events);
        json_print(object);
    }
    else if (t.count == 0)
    {
        print_line(c, STYLE_PLAIN, "nothing has happened yet");
    }
    else
    {
        print_table(c, &t.table);
    }
    return AMEND_OK;
}

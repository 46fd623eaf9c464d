/* SPDX-License-Identifier: MIT */
#include "json.h"
#include "print.h"

#include <stdlib.h>
#include <string.h>

typedef struct trail
{
    cli *cli;
    table table;
    json_t *events;
    size_t count;
} trail;

static const char *member(const json_t *detail, const char *key)
{
    const char *text = json_string_value(json_object_get(detail, key));
    return text == NULL ? "" : text;
}

/* "no such column: nmae (AM0210, 003_bad.sql:2:26)" */
static const char *failure(pool *p, const json_t *detail)
{
    const char *file = member(detail, "file"), *slash = strrchr(file, '/');
    const json_t *line = json_object_get(detail, "line"), *column = json_object_get(detail, "column");
    const char *place = *file == '\0' ? "" : pool_format(p, ", %s", slash == NULL ? file : slash + 1);
    place = line == NULL ? place : pool_format(p, "%s:%lld", place, json_integer_value(line));
    place = column == NULL ? place : pool_format(p, "%s:%lld", place, json_integer_value(column));
    return pool_format(p, "%s (%s%s)", member(detail, "message"), member(detail, "code"), place);
}

/* They have columns of their own, or say nothing to people. */
static bool is_left_out(const char *key)
{
    static const char *const keys[] = {"healed", "name", "execution_time_ms", "git_commit", "essence"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    {
        if (strcmp(key, keys[i]) == 0)
        {
            return true;
        }
    }
    return false;
}

/* What has no column of its own: "key value, key value". */
static const char *others(pool *p, json_t *detail)
{
    const char *text = "", *key;
    json_t *value;
    if (json_object_get(detail, "message") != NULL)
    {
        return failure(p, detail);
    }
    const char *healed = member(detail, "healed");
    if (*healed != '\0')
    {
        text = pool_format(p, "healed \"%s\"", healed);
    }
    json_object_foreach(detail, key, value)
    {
        if (is_left_out(key))
        {
            continue;
        }
        char *words = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        text =
            pool_format(p, "%s%s%s %s", text, *text == '\0' ? "" : ", ", key, words == NULL ? json_string_value(value) : words);
        free(words);
    }
    return text;
}

/* What healing applied must be told from what people did, also where the details have no room. */
static const char *trail_type(pool *p, const amend_event *event, const json_t *detail)
{
    bool healed = json_object_get(detail, "healed") != NULL;
    return healed ? pool_format(p, "%s (healed)", event->type_name) : pool_text(p, event->type_name);
}

static void on_event(void *arg, const amend_event *event)
{
    trail *t = arg;
    cli *c = t->cli;
    pool *p = &c->pool;
    t->count++;
    if (c->json)
    {
        json_array_append_new(t->events, json_event(event));
        return;
    }
    json_t *detail = event->detail == NULL ? NULL : json_loads(event->detail, 0, NULL);
    const json_t *took = json_object_get(detail, "execution_time_ms"), *name = json_object_get(detail, "name");
    const char *who = pool_format(p, "%s@%s", event->actor == NULL ? "" : event->actor, event->host == NULL ? "" : event->host);
    table_add(&t->table, (table_cell[]){{pool_text(p, print_time(p, event->at)), STYLE_PLAIN},
                                        {trail_type(p, event, detail),
                                         event->type == AMEND_EVENT_MIGRATION_FAILED ? STYLE_RED : STYLE_PLAIN},
                                        {pool_text(p, event->version), STYLE_PLAIN},
                                        {pool_text(p, json_string_value(name)), STYLE_PLAIN},
                                        {print_duration(p, took == NULL ? -1 : json_integer_value(took)), STYLE_DIM},
                                        {who, STYLE_PLAIN},
                                        {others(p, detail), STYLE_DIM}});
    json_decref(detail);
}

amend_status cmd_log(cli *c, amend_error *error)
{
    static const table_column columns[] = {{"AT (UTC)", 0},
                                           {"EVENT", TABLE_SHRINKS},
                                           {"VERSION", 0},
                                           {"NAME", TABLE_SHRINKS | TABLE_DROPS},
                                           {"TIME", TABLE_RIGHT | TABLE_DROPS},
                                           {"WHO", TABLE_SHRINKS | TABLE_DROPS},
                                           {"DETAIL", TABLE_SHRINKS | TABLE_DROPS}};
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
    table_init(&t.table, &c->pool, columns, 7);
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

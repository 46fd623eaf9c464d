/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include "json.h"
#include "object.h"
#include "print.h"

/* The list while it grows. */
typedef struct provided
{
    cli *cli;
    table table;
    json_t *objects;
    size_t count;
} provided;

static void provides_add(void *arg, const amend_provision *provision)
{
    provided *list = arg;
    pool *p = &list->cli->pool;
    list->count++;
    if (list->cli->json)
    {
        json_t *row = object_json(provision->object);
        json_add(row, "version", provision->version);
        json_add(row, "migration", provision->name);
        json_add(row, "file", provision->file);
        json_array_append_new(list->objects, row);
        return;
    }
    table_add(&list->table, (table_cell[]){{amend_object_kind_name(provision->object->kind), STYLE_PLAIN},
                                           {pool_text(p, object_name(p, provision->object)), STYLE_PLAIN},
                                           {pool_text(p, provision->version), STYLE_PLAIN},
                                           {pool_text(p, provision->name), STYLE_PLAIN}});
}

static amend_status provides_nothing(cli *c, const char *object, amend_error *error)
{
    const char *near = object_nearest(c->handle, &c->pool, object);
    amend_status status = fault_set(error, AMEND_E_HEAL_UNKNOWN, "no migration provides \"%s\"", object);
    if (near != NULL)
    {
        fault_hint(error, "Did you mean the %s? \"amend provides\" lists all.", near);
    }
    return status;
}

static amend_status provides_print(provided *list, const char *object, amend_error *error)
{
    cli *c = list->cli;
    if (list->count == 0 && object != NULL)
    {
        return provides_nothing(c, object, error);
    }
    if (c->json)
    {
        json_t *out = json_object();
        json_add(out, "command", "provides");
        json_object_set(out, "objects", list->objects);
        json_print(out);
    }
    else if (list->count == 0)
    {
        print_line(c, STYLE_PLAIN, "the migrations provide nothing");
    }
    else
    {
        print_table(c, &list->table);
    }
    return AMEND_OK;
}

amend_status cmd_provides(cli *c, amend_error *error)
{
    static const table_column columns[] = {
        {"KIND", 0}, {"OBJECT", TABLE_SHRINKS}, {"VERSION", 0}, {"MIGRATION", TABLE_SHRINKS | TABLE_DROPS}};
    if (c->settings.items[SETTING_URL].value == NULL)
    {
        amend_status status =
            fault_set(error, AMEND_E_NO_DATABASE, "no database given, and it tells which kind of SQL the files are");
        fault_hint(error, "Nothing is connected to, so that the kind is enough: --url sqlite: or --url postgres://");
        return status;
    }
    amend_status status = cli_open(c, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    const char *object = c->args.operand_count == 0 ? NULL : c->args.operands[0];
    provided list = {.cli = c, .objects = c->json ? json_array() : NULL};
    table_init(&list.table, &c->pool, columns, 4);
    status = amend_provides(c->handle, object, provides_add, &list, error);
    if (status == AMEND_OK)
    {
        status = provides_print(&list, object, error);
    }
    json_decref(list.objects);
    return status;
}

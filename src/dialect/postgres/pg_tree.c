/* SPDX-License-Identifier: MIT */
#include "dialect/postgres/pg_tree.h"

slice pg_tree_string(const pg_node *node)
{
    return node != NULL && node->node_case == PG_QUERY__NODE__NODE_STRING ? slice_of(node->string->sval) : SLICE("");
}

pg_ref pg_tree_name(pg_node *const *parts, size_t count)
{
    return (pg_ref){.schema = count > 1 ? pg_tree_string(parts[count - 2]) : SLICE(""),
                    .name = count > 0 ? pg_tree_string(parts[count - 1]) : SLICE("")};
}

pg_ref pg_tree_range(const PgQuery__RangeVar *range)
{
    return range == NULL ? (pg_ref){SLICE(""), SLICE("")} : (pg_ref){slice_of(range->schemaname), slice_of(range->relname)};
}

pg_ref pg_tree_object(const pg_node *node)
{
    switch (node == NULL ? PG_QUERY__NODE__NODE__NOT_SET : node->node_case)
    {
    case PG_QUERY__NODE__NODE_LIST:
        return pg_tree_name(node->list->items, node->list->n_items);
    case PG_QUERY__NODE__NODE_TYPE_NAME:
        return pg_tree_name(node->type_name->names, node->type_name->n_names);
    case PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS:
        return pg_tree_name(node->object_with_args->objname, node->object_with_args->n_objname);
    case PG_QUERY__NODE__NODE_RANGE_VAR:
        return pg_tree_range(node->range_var);
    default:
        return (pg_ref){SLICE(""), pg_tree_string(node)};
    }
}

slice pg_tree_type(const PgQuery__TypeName *type)
{
    return type == NULL ? SLICE("") : pg_tree_name(type->names, type->n_names).name;
}

const PgQuery__DefElem *pg_tree_option(pg_node *const *options, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
    {
        if (options[i]->node_case == PG_QUERY__NODE__NODE_DEF_ELEM && strcmp(options[i]->def_elem->defname, name) == 0)
        {
            return options[i]->def_elem;
        }
    }
    return NULL;
}

bool pg_tree_option_on(pg_node *const *options, size_t count, const char *name)
{
    const PgQuery__DefElem *option = pg_tree_option(options, count, name);
    if (option == NULL || option->arg == NULL)
    {
        return option != NULL;
    }
    if (option->arg->node_case == PG_QUERY__NODE__NODE_INTEGER)
    {
        return option->arg->integer->ival != 0;
    }
    slice value = pg_tree_string(option->arg);
    return !slice_equal_nocase(value, SLICE("false")) && !slice_equal_nocase(value, SLICE("off"));
}

bool pg_tree_is(const ProtobufCMessage *message, const char *type)
{
    return strcmp(message->descriptor->short_name, type) == 0;
}

/* The messages of one field, wherever the field keeps them. */
static void visit_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, pg_visit visit, void *arg)
{
    const char *base = (const char *)message;
    const void *place = base + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
    {
        size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
        for (size_t i = 0; i < count; i++)
        {
            pg_tree_visit((*(ProtobufCMessage *const *const *)place)[i], visit, arg);
        }
        return;
    }
    bool chosen = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 ||
                  *(const uint32_t *)(const void *)(base + field->quantifier_offset) == field->id;
    if (chosen && *(ProtobufCMessage *const *)place != NULL)
    {
        pg_tree_visit(*(ProtobufCMessage *const *)place, visit, arg);
    }
}

void pg_tree_visit(const ProtobufCMessage *message, pg_visit visit, void *arg)
{
    if (message == NULL || !visit(arg, message))
    {
        return;
    }
    const ProtobufCMessageDescriptor *d = message->descriptor;
    if (strcmp(d->short_name, "Node") == 0) /* one of two hundred: no need to ask them all */
    {
        const pg_node *node = (const pg_node *)message;
        if (node->node_case != PG_QUERY__NODE__NODE__NOT_SET)
        {
            pg_tree_visit((const ProtobufCMessage *)node->string, visit, arg);
        }
        return;
    }
    for (unsigned i = 0; i < d->n_fields; i++)
    {
        if (d->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
        {
            visit_field(message, &d->fields[i], visit, arg);
        }
    }
}

/* SPDX-License-Identifier: MIT */
/*
 * CREATE. What is made anew takes nothing away, so there is little to object to: an index that is built over rows that are
 * there (CREATE INDEX, "Building Indexes Concurrently"), and OR REPLACE where there is something to be replaced.
 */
#include "dialect/postgres/pg_judge.h"
#include "dialect/postgres/pg_known.h"
#include "dialect/postgres/pg_table.h"
#include "dialect/postgres/pg_trigger.h"

static const slice NO_NAME = {"", 0};

/* --------------------------------------------------------------------------------------------------------------- tables */

/* The table itself; false when it is there already, or memory is short. */
static bool new_table(pg_scan *s, const PgQuery__RangeVar *range, amend_object_kind kind, bool weak, pg_ref *name)
{
    *name = pg_scan_new(s, pg_tree_range(range));
    if (range != NULL && range->relpersistence[0] == 't')
    {
        pg_thing like = {.kind = kind, .name = name->name, .flags = PG_THING_TEMPORARY, .script = s->script};
        s->failed |= pg_made_add(s->names, &like) == NULL;
        return false;
    }
    return pg_scan_add(s, kind, *name, NO_NAME, NO_NAME, weak) != NULL;
}

static void make_table(pg_scan *s, const PgQuery__CreateStmt *create)
{
    pg_ref name;
    if (!new_table(s, create->relation, AMEND_OBJECT_TABLE, create->if_not_exists, &name))
    {
        return;
    }
    for (size_t i = 0; i < create->n_inh_relations; i++)
    {
        pg_ref parent = pg_tree_range(create->inh_relations[i]->range_var);
        pg_table_like(s, name, parent);
        pg_trigger_relate(s, pg_scan_old(s, AMEND_OBJECT_TABLE, parent), name);
    }
    for (size_t i = 0; i < create->n_table_elts; i++)
    {
        const pg_node *element = create->table_elts[i];
        if (element->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF)
        {
            pg_table_column(s, name, element->column_def, false);
        }
        else if (element->node_case == PG_QUERY__NODE__NODE_CONSTRAINT)
        {
            pg_table_constraint(s, name, element->constraint);
        }
        else if (element->node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE)
        {
            pg_table_like(s, name, pg_tree_range(element->table_like_clause->relation));
        }
    }
}

void pg_make_table(pg_scan *s, const pg_node *node)
{
    make_table(s, node->create_stmt);
}

void pg_make_foreign_table(pg_scan *s, const pg_node *node)
{
    make_table(s, node->create_foreign_table_stmt->base_stmt);
}

static const PgQuery__SelectStmt *select_of(const pg_node *query)
{
    return query != NULL && query->node_case == PG_QUERY__NODE__NODE_SELECT_STMT ? query->select_stmt : NULL;
}

void pg_make_table_as(pg_scan *s, const pg_node *node)
{
    const PgQuery__CreateTableAsStmt *create = node->create_table_as_stmt;
    bool view = create->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
    pg_ref name;
    if (create->query != NULL && create->query->node_case == PG_QUERY__NODE__NODE_EXECUTE_STMT)
    {
        pg_scan_object(s, OBJECTION_UNCLEAR);
    }
    pg_rows_query(s, create->query);
    if (new_table(s, create->into->rel, view ? AMEND_OBJECT_VIEW : AMEND_OBJECT_TABLE, create->if_not_exists, &name))
    {
        pg_table_result(s, name, select_of(create->query), create->into->col_names, create->into->n_col_names);
    }
}

/* Of UNION, the first query has it. */
void pg_make_into(pg_scan *s, const PgQuery__SelectStmt *query)
{
    pg_ref name;
    const PgQuery__IntoClause *into = query->into_clause;
    if (new_table(s, into->rel, AMEND_OBJECT_TABLE, false, &name))
    {
        pg_table_result(s, name, query, into->col_names, into->n_col_names);
    }
}

/* -------------------------------------------------------------------------------------------------------- indexes, views */

/* A plain one shuts out writers while it reads the table; CONCURRENTLY does not. */
void pg_make_index(pg_scan *s, const pg_node *node)
{
    const PgQuery__IndexStmt *index = node->index_stmt;
    pg_ref written = pg_tree_range(index->relation), table = pg_scan_old(s, AMEND_OBJECT_TABLE, written);
    pg_ref name = {table.schema, slice_of(index->idxname)};
    bool there = index->if_not_exists && name.name.len > 0 && pg_scan_had(s, AMEND_OBJECT_INDEX, name) && !s->cascaded;
    pg_table_index(s, table, index);
    if (!index->concurrent && !there)
    {
        pg_scan_object_to(s, OBJECTION_SCANS, written);
    }
}

/* What is replaced stays the earlier migration's; new columns behind the old ones are this one's. */
void pg_make_view(pg_scan *s, const pg_node *node)
{
    const PgQuery__ViewStmt *view = node->view_stmt;
    pg_ref name;
    if (view->replace && pg_scan_had(s, AMEND_OBJECT_VIEW, pg_tree_range(view->view)))
    {
        name = pg_scan_old(s, AMEND_OBJECT_VIEW, pg_tree_range(view->view));
        pg_scan_object(s, OBJECTION_REPLACES);
    }
    else if (!new_table(s, view->view, AMEND_OBJECT_VIEW, view->replace, &name))
    {
        return;
    }
    pg_table_result(s, name, select_of(view->query), view->aliases, view->n_aliases);
}

/* ---------------------------------------------------------------------------------------------------------------- types */

static pg_thing *make_type(pg_scan *s, pg_ref written)
{
    return pg_scan_add(s, AMEND_OBJECT_TYPE, pg_scan_new(s, written), NO_NAME, NO_NAME, false);
}

void pg_make_enum(pg_scan *s, const pg_node *node)
{
    const PgQuery__CreateEnumStmt *create = node->create_enum_stmt;
    pg_ref written = pg_tree_name(create->type_name, create->n_type_name), type = pg_scan_new(s, written);
    if (make_type(s, written) == NULL)
    {
        return;
    }
    for (size_t i = 0; i < create->n_vals; i++)
    {
        pg_scan_add_part(s, AMEND_OBJECT_ENUM_VALUE, type, pg_tree_string(create->vals[i]), NO_NAME, false);
    }
}

void pg_make_composite(pg_scan *s, const pg_node *node)
{
    (void)make_type(s, pg_tree_range(node->composite_type_stmt->typevar));
}

void pg_make_range(pg_scan *s, const pg_node *node)
{
    const PgQuery__CreateRangeStmt *create = node->create_range_stmt;
    (void)make_type(s, pg_tree_name(create->type_name, create->n_type_name));
}

void pg_make_domain(pg_scan *s, const pg_node *node)
{
    const PgQuery__CreateDomainStmt *create = node->create_domain_stmt;
    pg_thing *domain = make_type(s, pg_tree_name(create->domainname, create->n_domainname));
    if (domain != NULL)
    {
        bool checked = false;
        for (size_t i = 0; i < create->n_constraints; i++)
        {
            PgQuery__ConstrType type = create->constraints[i]->constraint->contype;
            checked |= type == PG_QUERY__CONSTR_TYPE__CONSTR_CHECK || type == PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL;
        }
        domain->flags |= checked ? PG_THING_DOMAIN | PG_THING_CHECKED : PG_THING_DOMAIN;
    }
}

/* ------------------------------------------------------------------------------------------------------------ functions */

/* The types of its arguments, as far as they tell overloaded functions apart. */
static slice signature(pg_scan *s, pg_node *const *parameters, size_t count)
{
    const char *text = "()";
    for (size_t i = 0; i < count && text != NULL; i++)
    {
        const PgQuery__FunctionParameter *p = parameters[i]->function_parameter;
        bool result = p->mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT ||
                      p->mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_TABLE;
        slice type = pg_tree_type(p->arg_type);
        if (!result)
        {
            text = arena_format(s->arena, "%s%.*s%s,", text, (int)type.len, type.data,
                                p->arg_type != NULL && p->arg_type->n_array_bounds > 0 ? "[]" : "");
        }
    }
    s->failed |= text == NULL;
    return slice_of(text == NULL ? "" : text);
}

/* The one that OR REPLACE replaces; *before: another migration's, or perhaps so, because a schema isn't told. */
static pg_thing *same_function(const pg_scan *s, pg_ref name, slice types, bool *before)
{
    pg_thing *same = NULL, *f = NULL;
    while ((f = pg_made_next(s->names, f, AMEND_OBJECT_FUNCTION, name.schema, name.name)) != NULL)
    {
        if (slice_equal(f->detail, types))
        {
            *before |= f->script != s->script;
            same = slice_equal(f->schema, name.schema) ? f : same;
        }
    }
    return same;
}

/* A new one, or in the place of an old one of the same arguments: then it stays the earlier migration's. */
static pg_thing *make_function(pg_scan *s, pg_ref written, slice types, bool replace)
{
    pg_ref name = pg_scan_new(s, written);
    bool before = false, inside = s->inside;
    pg_thing *old = replace ? same_function(s, name, types, &before) : NULL;
    if (before)
    {
        pg_scan_object(s, OBJECTION_REPLACES);
    }
    if (old != NULL && !s->cascaded)
    {
        return old;
    }
    s->inside = false; /* an overloaded one is another */
    pg_thing *made = pg_scan_add(s, AMEND_OBJECT_FUNCTION, name, NO_NAME, types, false);
    s->inside = inside;
    return made;
}

void pg_make_function(pg_scan *s, const pg_node *node)
{
    const PgQuery__CreateFunctionStmt *create = node->create_function_stmt;
    slice types = signature(s, create->parameters, create->n_parameters);
    pg_thing *made = make_function(s, pg_tree_name(create->funcname, create->n_funcname), types, create->replace);
    const PgQuery__DefElem *option = pg_tree_option(create->options, create->n_options, "volatility");
    slice volatility = option == NULL ? NO_NAME : pg_tree_string(option->arg);
    bool steady = slice_equal(volatility, SLICE("stable")) || slice_equal(volatility, SLICE("immutable"));
    if (made != NULL)
    {
        made->flags = steady ? made->flags | PG_THING_STEADY : made->flags & ~(unsigned)PG_THING_STEADY;
        pg_trigger_body(s, made, create);
    }
}

/* CREATE AGGREGATE, OPERATOR, TYPE, COLLATION, TEXT SEARCH … */
void pg_make_defined(pg_scan *s, const pg_node *node)
{
    const PgQuery__DefineStmt *create = node->define_stmt;
    pg_ref written = pg_tree_name(create->defnames, create->n_defnames);
    if (create->kind == PG_QUERY__OBJECT_TYPE__OBJECT_AGGREGATE)
    {
        pg_thing *made = make_function(s, written, SLICE("aggregate"), create->replace);
        if (made != NULL)
        {
            made->flags |= PG_THING_STEADY;
        }
    }
    else if (create->kind == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE)
    {
        (void)make_type(s, written);
    }
    else if (create->kind == PG_QUERY__OBJECT_TYPE__OBJECT_COLLATION)
    {
        (void)pg_scan_add(s, AMEND_OBJECT_COLLATION, pg_scan_new(s, written), NO_NAME, NO_NAME, create->if_not_exists);
    }
}

/* ------------------------------------------------------------------------------------------------------------- the rest */

void pg_make_trigger(pg_scan *s, const pg_node *node)
{
    const PgQuery__CreateTrigStmt *create = node->create_trig_stmt;
    pg_ref written = pg_tree_range(create->relation), table = pg_scan_old(s, AMEND_OBJECT_TABLE, written);
    slice name = slice_of(create->trigname);
    const pg_thing *old = pg_made_find(s->names, AMEND_OBJECT_TRIGGER, table.schema, table.name, name);
    if (create->replace && old != NULL && old->script != s->script)
    {
        pg_scan_object_to(s, OBJECTION_REPLACES, written);
    }
    pg_thing *made = pg_scan_add_part(s, AMEND_OBJECT_TRIGGER, table, name, NO_NAME, create->replace);
    if (made == NULL && !s->failed)
    {
        made = pg_scan_exact(s, AMEND_OBJECT_TRIGGER, (pg_ref){table.schema, name}, table.name);
    }
    if (made != NULL)
    {
        pg_trigger_calls(s, made, create, create->replace);
    }
}

void pg_make_sequence(pg_scan *s, const pg_node *node)
{
    const PgQuery__CreateSeqStmt *create = node->create_seq_stmt;
    pg_ref name;
    (void)new_table(s, create->sequence, AMEND_OBJECT_SEQUENCE, create->if_not_exists, &name);
}

/* What stands within it is made in it. */
void pg_make_schema(pg_scan *s, const pg_node *node)
{
    const PgQuery__CreateSchemaStmt *create = node->create_schema_stmt;
    bool by_role = create->schemaname[0] == '\0' && create->authrole != NULL;
    pg_scan within = *s;
    within.path[0] = slice_of(by_role ? create->authrole->rolename : create->schemaname);
    within.path_count = 1;
    pg_scan_add(s, AMEND_OBJECT_SCHEMA, (pg_ref){NO_NAME, within.path[0]}, NO_NAME, NO_NAME, create->if_not_exists);
    within.failed = s->failed;
    for (size_t i = 0; i < create->n_schema_elts && !within.failed; i++)
    {
        pg_judge(&within, create->schema_elts[i]);
    }
    s->failed = within.failed;
}

/* What it brings can be what is missing, too: known of the common ones. */
void pg_make_extension(pg_scan *s, const pg_node *node)
{
    const PgQuery__CreateExtensionStmt *create = node->create_extension_stmt;
    slice extension = slice_of(create->extname);
    if (pg_scan_add(s, AMEND_OBJECT_EXTENSION, (pg_ref){NO_NAME, extension}, NO_NAME, NO_NAME, create->if_not_exists) == NULL)
    {
        return;
    }
    const PgQuery__DefElem *place = pg_tree_option(create->options, create->n_options, "schema");
    slice schema = place == NULL ? pg_scan_home(s) : pg_tree_string(place->arg);
    for (size_t i = 0; i < pg_known_extension_count; i++)
    {
        const pg_brings *row = &pg_known_extensions[i];
        slice names = slice_of(slice_equal(extension, slice_of(row->extension)) ? row->names : "");
        while (names.len > 0)
        {
            pg_thing *made = pg_scan_add(s, row->kind, (pg_ref){schema, slice_token(&names, ' ')}, NO_NAME, NO_NAME, true);
            if (made != NULL && row->kind == AMEND_OBJECT_FUNCTION)
            {
                made->flags |= PG_THING_STEADY; /* not of the migrations' own writing: pg_known.c knows better */
            }
        }
    }
}

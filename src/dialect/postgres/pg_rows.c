/* SPDX-License-Identifier: MIT */
/* Statements that read or change rows, and what a query's functions may do. */
#include "dialect/postgres/pg_judge.h"
#include "dialect/postgres/pg_known.h"
#include "dialect/postgres/pg_trigger.h"

enum
{
    SHARE_UPDATE_EXCLUSIVE = 4, /* the weakest lock but three: writers go on ("Explicit Locking") */
};

/* ------------------------------------------------------------------------------------------------------------ functions */

bool pg_rows_suspect(const pg_scan *s, pg_ref function)
{
    const pg_thing *f = NULL;
    while ((f = pg_made_next(s->names, f, AMEND_OBJECT_FUNCTION, function.schema, function.name)) != NULL)
    {
        if ((f->flags & PG_THING_STEADY) == 0)
        {
            return true;
        }
    }
    return false;
}

static bool declared_steady(const pg_scan *s, pg_ref function)
{
    pg_ref name = {function.schema, function.name};
    const pg_thing *f = pg_scan_find(s, AMEND_OBJECT_FUNCTION, name);
    return f != NULL && (f->flags & PG_THING_STEADY) != 0 && f->detail.len > 0; /* an extension's have no types noted */
}

typedef struct query_look
{
    pg_scan *s;
    bool strict; /* called for what they do, not for what they give */
} query_look;

static const pg_node *inner_argument(const pg_node *node)
{
    while (node != NULL && node->node_case == PG_QUERY__NODE__NODE_TYPE_CAST)
    {
        node = node->type_cast->arg;
    }
    return node;
}

static slice text_of(const pg_node *node)
{
    node = inner_argument(node);
    bool text = node != NULL && node->node_case == PG_QUERY__NODE__NODE_A_CONST &&
                node->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL;
    return text ? slice_of(node->a_const->sval->sval) : (slice){NULL, 0};
}

/* The name that a text constant has: 'app.cards'. */
static pg_ref named_by(const pg_node *node)
{
    slice text = text_of(node);
    bool dotted = text.data != NULL && memchr(text.data, '.', text.len) != NULL;
    slice schema = dotted ? slice_token(&text, '.') : SLICE("");
    return (pg_ref){schema, text.data == NULL ? SLICE("") : text};
}

/* setval('sequence', …), or of pg_get_serial_sequence('table', …): a counter of this script's own tables? */
static bool sets_own_sequence(const pg_scan *s, const PgQuery__FuncCall *call)
{
    const pg_node *first = call->n_args > 0 ? inner_argument(call->args[0]) : NULL;
    if (first == NULL || first->node_case != PG_QUERY__NODE__NODE_FUNC_CALL || first->func_call->n_args == 0)
    {
        return pg_scan_owns(s, AMEND_OBJECT_SEQUENCE, named_by(first));
    }
    const PgQuery__FuncCall *inner = first->func_call;
    bool serial = slice_equal(pg_tree_name(inner->funcname, inner->n_funcname).name, SLICE("pg_get_serial_sequence"));
    return serial && pg_scan_owns(s, AMEND_OBJECT_TABLE, named_by(inner->args[0]));
}

static void look_at_function(const query_look *look, const PgQuery__FuncCall *call)
{
    pg_ref name = pg_tree_name(call->funcname, call->n_funcname);
    bool own = slice_equal(name.schema, SLICE("pg_catalog"));
    if (slice_equal(name.name, SLICE("setval")))
    {
        if (!sets_own_sequence(look->s, call))
        {
            pg_scan_object(look->s, OBJECTION_CHANGES_DATA);
        }
        return;
    }
    bool unknown = look->strict && !own && !pg_known_harmless(name.name) && !declared_steady(look->s, name);
    if (pg_known_harmful(name.name) || unknown || (!own && pg_rows_suspect(look->s, name)))
    {
        pg_scan_object(look->s, OBJECTION_UNCLEAR);
    }
}

/* A view's rows are those of tables, however new the view is. */
static void change_rows(pg_scan *s, const PgQuery__RangeVar *range, unsigned events)
{
    pg_ref table = pg_tree_range(range);
    if (pg_scan_owns(s, AMEND_OBJECT_VIEW, table))
    {
        pg_scan_object(s, OBJECTION_CHANGES_DATA);
    }
    pg_scan_object_to(s, OBJECTION_CHANGES_DATA, table);
    pg_trigger_fire(s, table, events);
}

static bool query_visit(void *arg, const ProtobufCMessage *message)
{
    const query_look *look = arg;
    pg_scan *s = look->s;
    if (pg_tree_is(message, "FuncCall"))
    {
        look_at_function(look, (const PgQuery__FuncCall *)message);
    }
    else if (pg_tree_is(message, "InsertStmt"))
    {
        const PgQuery__InsertStmt *insert = (const PgQuery__InsertStmt *)message;
        change_rows(s, insert->relation, insert->on_conflict_clause == NULL ? PG_INSERTS : PG_INSERTS | PG_UPDATES);
    }
    else if (pg_tree_is(message, "UpdateStmt"))
    {
        change_rows(s, ((const PgQuery__UpdateStmt *)message)->relation, PG_UPDATES);
    }
    else if (pg_tree_is(message, "DeleteStmt"))
    {
        change_rows(s, ((const PgQuery__DeleteStmt *)message)->relation, PG_DELETES);
    }
    else if (pg_tree_is(message, "MergeStmt"))
    {
        change_rows(s, ((const PgQuery__MergeStmt *)message)->relation, PG_MERGES);
    }
    return true;
}

static void look_into(pg_scan *s, const pg_node *query, bool strict)
{
    query_look look = {.s = s, .strict = strict};
    pg_tree_visit((const ProtobufCMessage *)query, query_visit, &look);
}

void pg_rows_query(pg_scan *s, const pg_node *query)
{
    look_into(s, query, false);
}

typedef struct steady_look
{
    const pg_scan *s;
    bool steady;
} steady_look;

static bool steady_visit(void *arg, const ProtobufCMessage *message)
{
    steady_look *look = arg;
    if (pg_tree_is(message, "FuncCall"))
    {
        const PgQuery__FuncCall *call = (const PgQuery__FuncCall *)message;
        pg_ref name = pg_tree_name(call->funcname, call->n_funcname);
        bool own = name.schema.len == 0 || slice_equal(name.schema, SLICE("pg_catalog"));
        look->steady &= (own && pg_known_steady(name.name)) || declared_steady(look->s, name);
    }
    return look->steady;
}

bool pg_rows_steady(const pg_scan *s, const pg_node *expression)
{
    steady_look look = {.s = s, .steady = true};
    pg_tree_visit((const ProtobufCMessage *)expression, steady_visit, &look);
    return look.steady;
}

/* ----------------------------------------------------------------------------------------------------------------- rows */

/* The visitor finds the statement itself first, then what hides in WITH. */
void pg_rows_insert(pg_scan *s, const pg_node *node)
{
    look_into(s, node, false);
}

void pg_rows_update(pg_scan *s, const pg_node *node)
{
    look_into(s, node, false);
}

void pg_rows_delete(pg_scan *s, const pg_node *node)
{
    look_into(s, node, false);
}

void pg_rows_merge(pg_scan *s, const pg_node *node)
{
    look_into(s, node, false);
}

void pg_rows_copy(pg_scan *s, const pg_node *node)
{
    const PgQuery__CopyStmt *copy = node->copy_stmt;
    if (copy->is_program || (!copy->is_from && copy->filename[0] != '\0'))
    {
        pg_scan_object(s, OBJECTION_UNCLEAR);
    }
    else if (copy->is_from)
    {
        change_rows(s, copy->relation, PG_INSERTS);
    }
    pg_rows_query(s, copy->query);
}

void pg_rows_truncate(pg_scan *s, const pg_node *node)
{
    const PgQuery__TruncateStmt *truncate = node->truncate_stmt;
    for (size_t i = 0; i < truncate->n_relations; i++)
    {
        pg_ref table = pg_tree_range(truncate->relations[i]->range_var);
        pg_scan_object_to(s, OBJECTION_DROPS, table);
        pg_trigger_fire(s, table, PG_TRUNCATES);
    }
    if (truncate->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE)
    {
        pg_scan_object(s, OBJECTION_DROPS);
    }
}

/* The schemas that something could be made in. False when that can't be told: "$user" is who runs it. */
static bool path_add(pg_scan *s, slice schema)
{
    if (slice_equal(schema, SLICE("$user")))
    {
        s->path_count = 0;
        return false;
    }
    if (schema.len > 0)
    {
        s->path[s->path_count++] = pg_scan_keep(s, schema);
    }
    return true;
}

/* A search path as text: names as SET takes them, with commas between. */
static void read_path(pg_scan *s, slice path)
{
    s->path_count = 0;
    while (path.len > 0 && s->path_count < PG_PATH)
    {
        slice name = slice_trim(slice_token(&path, ','));
        bool quoted = name.len > 1 && name.data[0] == '"';
        name = quoted ? slice_sub(name, 1, name.len - 1) : name;
        if (!path_add(s, name))
        {
            return;
        }
    }
}

/* SELECT set_config('search_path', …): as pg_dump writes it. */
static void read_set_config(pg_scan *s, const PgQuery__SelectStmt *query)
{
    const pg_node *value = query->n_target_list == 1 ? query->target_list[0]->res_target->val : NULL;
    if (value == NULL || value->node_case != PG_QUERY__NODE__NODE_FUNC_CALL)
    {
        return;
    }
    const PgQuery__FuncCall *call = value->func_call;
    bool set = slice_equal(pg_tree_name(call->funcname, call->n_funcname).name, SLICE("set_config")) && call->n_args == 3;
    if (set && slice_equal(text_of(call->args[0]), SLICE("search_path")) && text_of(call->args[1]).data != NULL)
    {
        read_path(s, text_of(call->args[1]));
    }
}

/* In PL/pgSQL, INTO is an assignment. */
void pg_rows_select(pg_scan *s, const pg_node *node)
{
    const PgQuery__SelectStmt *query = node->select_stmt;
    while (query->larg != NULL)
    {
        query = query->larg;
    }
    look_into(s, node, true);
    read_set_config(s, query);
    if (query->into_clause != NULL && !s->inside)
    {
        pg_make_into(s, query);
    }
}

void pg_rows_explain(pg_scan *s, const pg_node *node)
{
    const PgQuery__ExplainStmt *explain = node->explain_stmt;
    if (pg_tree_option_on(explain->options, explain->n_options, "analyze"))
    {
        pg_judge(s, explain->query);
    }
}

/* ---------------------------------------------------------------------------------------------------- upkeep and settings */

void pg_rows_lock(pg_scan *s, const pg_node *node)
{
    const PgQuery__LockStmt *lock = node->lock_stmt;
    for (size_t i = 0; i < lock->n_relations && lock->mode > SHARE_UPDATE_EXCLUSIVE; i++)
    {
        pg_scan_object_to(s, OBJECTION_SCANS, pg_tree_range(lock->relations[i]->range_var));
    }
}

/* ANALYZE, and VACUUM but for FULL, let writers through. */
void pg_rows_vacuum(pg_scan *s, const pg_node *node)
{
    const PgQuery__VacuumStmt *vacuum = node->vacuum_stmt;
    if (pg_tree_option_on(vacuum->options, vacuum->n_options, "full"))
    {
        pg_scan_object(s, OBJECTION_REWRITES);
    }
}

void pg_rows_reindex(pg_scan *s, const pg_node *node)
{
    const PgQuery__ReindexStmt *reindex = node->reindex_stmt;
    if (pg_tree_option_on(reindex->params, reindex->n_params, "concurrently"))
    {
        return;
    }
    if (reindex->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_TABLE)
    {
        pg_scan_object_to(s, OBJECTION_SCANS, pg_tree_range(reindex->relation));
        return;
    }
    pg_scan_object(s, OBJECTION_SCANS);
}

/* It can't be read meanwhile. */
void pg_rows_refresh(pg_scan *s, const pg_node *node)
{
    const PgQuery__RefreshMatViewStmt *refresh = node->refresh_mat_view_stmt;
    if (!refresh->concurrent && !pg_scan_owns(s, AMEND_OBJECT_VIEW, pg_tree_range(refresh->relation)))
    {
        pg_scan_object(s, OBJECTION_SCANS);
    }
}

void pg_rows_cluster(pg_scan *s, const pg_node *node)
{
    pg_scan_object_to(s, OBJECTION_REWRITES, pg_tree_range(node->cluster_stmt->relation));
}

static void set_path(pg_scan *s, const PgQuery__VariableSetStmt *set)
{
    s->path_count = 0;
    for (size_t i = 0; i < set->n_args && s->path_count < PG_PATH; i++)
    {
        if (!path_add(s, text_of(set->args[i])))
        {
            return;
        }
    }
}

/* A setting ends with the session or transaction. But some make the other statements do what they don't say. */
void pg_rows_set(pg_scan *s, const pg_node *node)
{
    static const char *const grave[] = {"role", "session_authorization", "session_replication_role"};
    const PgQuery__VariableSetStmt *set = node->variable_set_stmt;
    bool gives = set->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE;
    for (size_t i = 0; i < sizeof grave / sizeof grave[0] && gives; i++)
    {
        if (strcmp(set->name, grave[i]) == 0)
        {
            pg_scan_object(s, OBJECTION_SETS);
        }
    }
    if (strcmp(set->name, "search_path") == 0)
    {
        set_path(s, set);
    }
    else if (set->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL)
    {
        s->path_count = 0;
    }
}

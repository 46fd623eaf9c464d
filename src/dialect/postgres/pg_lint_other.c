/* SPDX-License-Identifier: MIT */
/* Domains, functions, rights, settings, rows. */
#include "dialect/postgres/pg_lint_look.h"

#define CONSTRAINT(name) PG_QUERY__CONSTR_TYPE__CONSTR_##name

/* -------------------------------------------------------------------------------------------------------------- domains */

void pg_lint_create_domain(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__CreateDomainStmt *create = node->create_domain_stmt;
    slice object = pg_lint_object(l, pg_tree_name(create->domainname, create->n_domainname), SLICE(""));
    for (size_t i = 0; i < create->n_constraints; i++)
    {
        PgQuery__ConstrType type = create->constraints[i]->constraint->contype;
        if (type == CONSTRAINT(CHECK) || type == CONSTRAINT(NOTNULL))
        {
            pg_lint_say(l, LINT_DOMAIN_CHECK, 0, object, "a later change of it reads every table that uses the domain");
            return;
        }
    }
    pg_lint_column_type(l, pg_tree_name(create->domainname, create->n_domainname), SLICE(""), create->type_name);
}

/* ADD CONSTRAINT and SET NOT NULL are checked on all tables that use it. */
void pg_lint_alter_domain(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__AlterDomainStmt *alter = node->alter_domain_stmt;
    pg_ref name = pg_tree_name(alter->type_name, alter->n_type_name);
    bool unchecked = alter->def != NULL && alter->def->node_case == PG_QUERY__NODE__NODE_CONSTRAINT &&
                     alter->def->constraint->skip_validation;
    bool checks = alter->subtype[0] == 'C' || alter->subtype[0] == 'O';
    const pg_thing *domain = pg_scan_find(l->scan, AMEND_OBJECT_TYPE, pg_scan_old(l->scan, AMEND_OBJECT_TYPE, name));
    bool own = domain != NULL && domain->script == l->number;
    if (checks && !unchecked && !own)
    {
        pg_lint_say(l, LINT_DOMAIN_SCAN, 0, pg_lint_object(l, name, SLICE("")),
                    "every table that uses it is read while its rows can't be written");
    }
}

/* ------------------------------------------------------------------------------------------------------------ functions */

static bool is_true(const PgQuery__DefElem *option)
{
    return option != NULL && option->arg != NULL && option->arg->node_case == PG_QUERY__NODE__NODE_BOOLEAN &&
           option->arg->boolean->boolval;
}

static bool sets_path(pg_node *const *options, size_t count)
{
    for (size_t i = 0; i < count; i++)
    {
        const PgQuery__DefElem *option = options[i]->def_elem;
        bool set = strcmp(option->defname, "set") == 0 && option->arg != NULL &&
                   option->arg->node_case == PG_QUERY__NODE__NODE_VARIABLE_SET_STMT;
        if (set && strcmp(option->arg->variable_set_stmt->name, "search_path") == 0)
        {
            return true;
        }
    }
    return false;
}

/* BEGIN ATOMIC … END: its names are looked up when it is made, and never again. */
void pg_lint_function(pg_lint_look *l, const pg_node *node)
{
    bool create = node->node_case == PG_QUERY__NODE__NODE_CREATE_FUNCTION_STMT;
    const PgQuery__CreateFunctionStmt *made = create ? node->create_function_stmt : NULL;
    const PgQuery__AlterFunctionStmt *alter = create ? NULL : node->alter_function_stmt;
    pg_node *const *options = create ? made->options : alter->actions;
    size_t count = create ? made->n_options : alter->n_actions;
    pg_ref name =
        create ? pg_tree_name(made->funcname, made->n_funcname) : pg_tree_name(alter->func->objname, alter->func->n_objname);
    if (sets_path(options, count))
    {
        pg_lint_cancel(l, PG_LATER_DEFINER, name);
    }
    else if (is_true(pg_tree_option(options, count, "security")) && (alter != NULL || made->sql_body == NULL))
    {
        pg_lint_note_later(l, PG_LATER_DEFINER, name, NULL, 0);
    }
}

/* --------------------------------------------------------------------------------------------------------------- rights */

static void grant_to_public(pg_lint_look *l, const PgQuery__GrantStmt *grant, const char *detail)
{
    slice object = grant->n_objects > 0 ? pg_lint_object(l, pg_tree_object(grant->objects[0]), SLICE("")) : SLICE("");
    for (size_t i = 0; i < grant->n_grantees && grant->is_grant; i++)
    {
        const PgQuery__RoleSpec *role = grant->grantees[i]->role_spec;
        if (role->roletype == PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC)
        {
            pg_lint_say(l, LINT_GRANT_PUBLIC, role->location, object, "%s", detail);
        }
    }
}

void pg_lint_grant(pg_lint_look *l, const pg_node *node)
{
    grant_to_public(l, node->grant_stmt, "every role of the server gets the right, also those to come");
}

void pg_lint_default_rights(pg_lint_look *l, const pg_node *node)
{
    if (node->alter_default_privileges_stmt->action != NULL)
    {
        grant_to_public(l, node->alter_default_privileges_stmt->action,
                        "every role of the server gets the right on all that is made from now on");
    }
}

/* ------------------------------------------------------------------------------------------------------- rows, settings */

void pg_lint_update(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__UpdateStmt *update = node->update_stmt;
    pg_ref table = pg_tree_range(update->relation);
    if (update->where_clause == NULL && !pg_lint_new(l, table))
    {
        pg_lint_say(l, LINT_UPDATE_ALL, 0, pg_lint_object(l, table, SLICE("")), "every row is written in one transaction");
    }
}

/* 0, '0', '0s', 0ms …: no limit */
static bool is_zero(const pg_node *value)
{
    if (value == NULL || value->node_case != PG_QUERY__NODE__NODE_A_CONST)
    {
        return false;
    }
    const PgQuery__AConst *c = value->a_const;
    if (c->val_case == PG_QUERY__A__CONST__VAL_IVAL)
    {
        return c->ival->ival == 0;
    }
    const char *text = c->val_case == PG_QUERY__A__CONST__VAL_SVAL ? c->sval->sval : "1";
    return text[0] == '0' && strpbrk(text, "123456789") == NULL;
}

void pg_lint_set(pg_lint_look *l, const pg_node *node)
{
    const PgQuery__VariableSetStmt *set = node->variable_set_stmt;
    const pg_node *value = set->n_args > 0 ? set->args[0] : NULL;
    if (strcmp(set->name, "lock_timeout") == 0 && is_zero(value))
    {
        pg_lint_say(l, LINT_LOCK_TIMEOUT_OFF, 0, SLICE("lock_timeout"), "what waits for a lock waits for ever");
    }
    bool replica = strcmp(set->name, "session_replication_role") == 0 && value != NULL &&
                   value->node_case == PG_QUERY__NODE__NODE_A_CONST &&
                   value->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL &&
                   strcmp(value->a_const->sval->sval, "replica") == 0;
    if (replica)
    {
        pg_lint_say(l, LINT_TRIGGERS_DISABLED, 0, SLICE("session_replication_role"), "foreign keys aren't checked meanwhile");
    }
}

void pg_lint_view(pg_lint_look *l, const pg_node *node)
{
    pg_lint_reserved(l, slice_of(node->view_stmt->view->relname), node->view_stmt->view->location);
}

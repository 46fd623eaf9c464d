/* SPDX-License-Identifier: MIT */
/* Who may do what. About what the same script makes, nothing changes for anybody. */
#include "dialect/postgres/pg_judge.h"

/* Did this script make it? */
static bool is_own(const pg_scan *s, PgQuery__ObjectType type, const pg_node *object)
{
    amend_object_kind kind = pg_remove_kind(type);
    pg_ref name = pg_tree_object(object);
    if (kind == AMEND_OBJECT_TABLE) /* GRANT says TABLE of views, too, and of sequences before 8.2 */
    {
        return pg_scan_owns(s, kind, name) || pg_scan_owns(s, AMEND_OBJECT_VIEW, name) ||
               pg_scan_owns(s, AMEND_OBJECT_SEQUENCE, name);
    }
    return kind != AMEND_OBJECT_NONE && pg_scan_owns(s, kind, name);
}

static void object_unless_own(pg_scan *s, PgQuery__ObjectType type, const pg_node *object)
{
    if (is_own(s, type, object))
    {
        return;
    }
    if (pg_remove_kind(type) == AMEND_OBJECT_TABLE)
    {
        pg_scan_object_to(s, OBJECTION_GRANTS, pg_tree_object(object));
        return;
    }
    pg_scan_object(s, OBJECTION_GRANTS);
}

/* ON ALL TABLES IN SCHEMA, and defaults, are about more than is told. */
void pg_rights_grant(pg_scan *s, const pg_node *node)
{
    const PgQuery__GrantStmt *grant = node->grant_stmt;
    if (grant->targtype != PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_OBJECT)
    {
        pg_scan_object(s, OBJECTION_GRANTS);
        return;
    }
    for (size_t i = 0; i < grant->n_objects; i++)
    {
        object_unless_own(s, grant->objtype, grant->objects[i]);
    }
}

void pg_rights_owner(pg_scan *s, const pg_node *node)
{
    object_unless_own(s, node->alter_owner_stmt->object_type, node->alter_owner_stmt->object);
}

void pg_rights_policy(pg_scan *s, const pg_node *node)
{
    bool made = node->node_case == PG_QUERY__NODE__NODE_CREATE_POLICY_STMT;
    pg_scan_object_to(s, OBJECTION_GRANTS,
                      pg_tree_range(made ? node->create_policy_stmt->table : node->alter_policy_stmt->table));
}

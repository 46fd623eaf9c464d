/* SPDX-License-Identifier: MIT */
#include "dialect/postgres/pg_judge.h"

#define NODE(name) PG_QUERY__NODE__NODE_##name

enum
{
    JUDGED_FINE = OBJECTION_KINDS + 1,
};

/* Either a function, or what is always the same: one more than the objection, or JUDGED_FINE. What has no row is unclear. */
static const struct
{
    void (*judge)(pg_scan *s, const pg_node *node);
    unsigned char fixed;
} judges[] = {
    [NODE(CREATE_STMT)] = {.judge = pg_make_table},
    [NODE(CREATE_FOREIGN_TABLE_STMT)] = {.judge = pg_make_foreign_table},
    [NODE(CREATE_TABLE_AS_STMT)] = {.judge = pg_make_table_as},
    [NODE(INDEX_STMT)] = {.judge = pg_make_index},
    [NODE(VIEW_STMT)] = {.judge = pg_make_view},
    [NODE(CREATE_ENUM_STMT)] = {.judge = pg_make_enum},
    [NODE(COMPOSITE_TYPE_STMT)] = {.judge = pg_make_composite},
    [NODE(CREATE_RANGE_STMT)] = {.judge = pg_make_range},
    [NODE(CREATE_DOMAIN_STMT)] = {.judge = pg_make_domain},
    [NODE(CREATE_FUNCTION_STMT)] = {.judge = pg_make_function},
    [NODE(DEFINE_STMT)] = {.judge = pg_make_defined},
    [NODE(CREATE_TRIG_STMT)] = {.judge = pg_make_trigger},
    [NODE(CREATE_SEQ_STMT)] = {.judge = pg_make_sequence},
    [NODE(CREATE_SCHEMA_STMT)] = {.judge = pg_make_schema},
    [NODE(CREATE_EXTENSION_STMT)] = {.judge = pg_make_extension},
    [NODE(CREATE_CAST_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(CREATE_CONVERSION_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(CREATE_FDW_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(CREATE_FOREIGN_SERVER_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(CREATE_USER_MAPPING_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(CREATE_OP_CLASS_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(CREATE_OP_FAMILY_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(ALTER_OP_FAMILY_STMT)] = {.fixed = OBJECTION_REPLACES + 1},
    [NODE(CREATE_PLANG_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(CREATE_PUBLICATION_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(CREATE_STATS_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(CREATE_TRANSFORM_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(CREATE_AM_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(COMMENT_STMT)] = {.fixed = JUDGED_FINE},

    [NODE(ALTER_TABLE_STMT)] = {.judge = pg_alter_table},
    [NODE(ALTER_ENUM_STMT)] = {.judge = pg_alter_enum},
    [NODE(ALTER_DOMAIN_STMT)] = {.judge = pg_alter_domain},
    [NODE(ALTER_SEQ_STMT)] = {.judge = pg_alter_sequence},
    [NODE(ALTER_FUNCTION_STMT)] = {.judge = pg_alter_function},
    [NODE(ALTER_TABLE_MOVE_ALL_STMT)] = {.fixed = OBJECTION_REWRITES + 1},
    [NODE(ALTER_TYPE_STMT)] = {.fixed = OBJECTION_REPLACES + 1},
    [NODE(ALTER_OPERATOR_STMT)] = {.fixed = OBJECTION_REPLACES + 1},
    [NODE(ALTER_COLLATION_STMT)] = {.fixed = OBJECTION_REPLACES + 1},
    [NODE(ALTER_EXTENSION_STMT)] = {.fixed = OBJECTION_REPLACES + 1},
    [NODE(ALTER_EXTENSION_CONTENTS_STMT)] = {.fixed = OBJECTION_REPLACES + 1},
    [NODE(ALTER_STATS_STMT)] = {.fixed = OBJECTION_SETS + 1},
    [NODE(ALTER_PUBLICATION_STMT)] = {.fixed = OBJECTION_REPLACES + 1},
    [NODE(ALTER_SYSTEM_STMT)] = {.fixed = OBJECTION_SETS + 1},
    [NODE(ALTER_DATABASE_STMT)] = {.fixed = OBJECTION_SETS + 1},
    [NODE(ALTER_DATABASE_SET_STMT)] = {.fixed = OBJECTION_SETS + 1},
    [NODE(ALTER_ROLE_STMT)] = {.fixed = OBJECTION_SETS + 1},
    [NODE(ALTER_ROLE_SET_STMT)] = {.fixed = OBJECTION_SETS + 1},
    [NODE(ALTER_TABLE_SPACE_OPTIONS_STMT)] = {.fixed = OBJECTION_SETS + 1},

    [NODE(DROP_STMT)] = {.judge = pg_remove_drop},
    [NODE(RENAME_STMT)] = {.judge = pg_remove_rename},
    [NODE(ALTER_OBJECT_SCHEMA_STMT)] = {.judge = pg_remove_schema},
    [NODE(DROPDB_STMT)] = {.fixed = OBJECTION_DROPS + 1},
    [NODE(DROP_ROLE_STMT)] = {.fixed = OBJECTION_DROPS + 1},
    [NODE(DROP_OWNED_STMT)] = {.fixed = OBJECTION_DROPS + 1},
    [NODE(DROP_TABLE_SPACE_STMT)] = {.fixed = OBJECTION_DROPS + 1},
    [NODE(DROP_USER_MAPPING_STMT)] = {.fixed = OBJECTION_DROPS + 1},
    [NODE(DROP_SUBSCRIPTION_STMT)] = {.fixed = OBJECTION_DROPS + 1},

    [NODE(INSERT_STMT)] = {.judge = pg_rows_insert},
    [NODE(UPDATE_STMT)] = {.judge = pg_rows_update},
    [NODE(DELETE_STMT)] = {.judge = pg_rows_delete},
    [NODE(MERGE_STMT)] = {.judge = pg_rows_merge},
    [NODE(COPY_STMT)] = {.judge = pg_rows_copy},
    [NODE(TRUNCATE_STMT)] = {.judge = pg_rows_truncate},
    [NODE(SELECT_STMT)] = {.judge = pg_rows_select},
    [NODE(EXPLAIN_STMT)] = {.judge = pg_rows_explain},
    [NODE(LOCK_STMT)] = {.judge = pg_rows_lock},
    [NODE(VACUUM_STMT)] = {.judge = pg_rows_vacuum},
    [NODE(REINDEX_STMT)] = {.judge = pg_rows_reindex},
    [NODE(REFRESH_MAT_VIEW_STMT)] = {.judge = pg_rows_refresh},
    [NODE(CLUSTER_STMT)] = {.judge = pg_rows_cluster},
    [NODE(VARIABLE_SET_STMT)] = {.judge = pg_rows_set},
    [NODE(VARIABLE_SHOW_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(CONSTRAINTS_SET_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(TRANSACTION_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(NOTIFY_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(LISTEN_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(UNLISTEN_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(DEALLOCATE_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(DISCARD_STMT)] = {.fixed = JUDGED_FINE},
    [NODE(DO_STMT)] = {.judge = pg_block_do},

    [NODE(GRANT_STMT)] = {.judge = pg_rights_grant},
    [NODE(ALTER_OWNER_STMT)] = {.judge = pg_rights_owner},
    [NODE(CREATE_POLICY_STMT)] = {.judge = pg_rights_policy},
    [NODE(ALTER_POLICY_STMT)] = {.judge = pg_rights_policy},
    [NODE(GRANT_ROLE_STMT)] = {.fixed = OBJECTION_GRANTS + 1},
    [NODE(CREATE_ROLE_STMT)] = {.fixed = OBJECTION_GRANTS + 1},
    [NODE(ALTER_DEFAULT_PRIVILEGES_STMT)] = {.fixed = OBJECTION_GRANTS + 1},
    [NODE(REASSIGN_OWNED_STMT)] = {.fixed = OBJECTION_GRANTS + 1},
    [NODE(SEC_LABEL_STMT)] = {.fixed = OBJECTION_GRANTS + 1},
};

void pg_judge(pg_scan *s, const pg_node *statement)
{
    size_t row = statement == NULL ? 0 : (size_t)statement->node_case;
    bool known = row < sizeof judges / sizeof judges[0];
    if (s->watch != NULL && statement != NULL)
    {
        s->watch(s, statement);
    }
    if (known && judges[row].judge != NULL)
    {
        judges[row].judge(s, statement);
    }
    else if (!known || judges[row].fixed != JUDGED_FINE)
    {
        pg_scan_object(s, known && judges[row].fixed != 0 ? (objection_kind)(judges[row].fixed - 1) : OBJECTION_UNCLEAR);
    }
}

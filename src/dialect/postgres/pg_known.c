/* SPDX-License-Identifier: MIT */
/*
 * The volatility of functions is what pg_proc.provolatile says of them (PostgreSQL 15). Operators are not listed: but for a few
 * of extensions all are immutable or stable.
 */
#include "dialect/postgres/pg_known.h"

const pg_brings pg_known_extensions[] = {
    {"uuid-ossp", AMEND_OBJECT_FUNCTION,
     "uuid_generate_v1 uuid_generate_v1mc uuid_generate_v3 uuid_generate_v4 uuid_generate_v5 uuid_nil uuid_ns_dns uuid_ns_url"},
    {"pgcrypto", AMEND_OBJECT_FUNCTION,
     "gen_random_uuid gen_random_bytes crypt gen_salt digest hmac encrypt decrypt encrypt_iv decrypt_iv pgp_sym_encrypt"
     " pgp_sym_decrypt pgp_sym_encrypt_bytea pgp_sym_decrypt_bytea pgp_pub_encrypt pgp_pub_decrypt pgp_key_id armor dearmor"},
    {"citext", AMEND_OBJECT_TYPE, "citext"},
    {"hstore", AMEND_OBJECT_TYPE, "hstore"},
    {"hstore", AMEND_OBJECT_FUNCTION, "hstore akeys avals skeys svals hstore_to_json hstore_to_jsonb"},
    {"vector", AMEND_OBJECT_TYPE, "vector halfvec sparsevec"},
    {"vector", AMEND_OBJECT_FUNCTION,
     "cosine_distance l2_distance inner_product l1_distance vector_dims vector_norm l2_normalize"},
    {"pg_trgm", AMEND_OBJECT_FUNCTION, "similarity show_trgm word_similarity strict_word_similarity set_limit show_limit"},
    {"unaccent", AMEND_OBJECT_FUNCTION, "unaccent"},
    {"fuzzystrmatch", AMEND_OBJECT_FUNCTION, "levenshtein levenshtein_less_equal soundex difference metaphone dmetaphone"},
    {"ltree", AMEND_OBJECT_TYPE, "ltree lquery ltxtquery"},
    {"ltree", AMEND_OBJECT_FUNCTION, "subltree subpath nlevel lca ltree2text text2ltree"},
    {"cube", AMEND_OBJECT_TYPE, "cube"},
    {"isn", AMEND_OBJECT_TYPE, "ean13 isbn13 issn13 ismn13 isbn issn ismn upc"},
    {"intarray", AMEND_OBJECT_TYPE, "query_int"},
    {"intarray", AMEND_OBJECT_FUNCTION, "icount sort sort_asc sort_desc uniq idx subarray"},
    {"tablefunc", AMEND_OBJECT_FUNCTION, "crosstab crosstab2 crosstab3 crosstab4 connectby normal_rand"},
    {"earthdistance", AMEND_OBJECT_TYPE, "earth"},
    {"earthdistance", AMEND_OBJECT_FUNCTION, "earth ll_to_earth earth_distance earth_box latitude longitude"},
    {"postgis", AMEND_OBJECT_TYPE, "geometry geography box2d box3d"},
    {"postgis", AMEND_OBJECT_FUNCTION,
     "st_makepoint st_point st_setsrid st_geomfromtext st_geomfromgeojson st_asgeojson st_astext st_distance st_dwithin"
     " st_contains st_within st_intersects st_area st_length st_buffer st_transform st_x st_y st_srid"},
    {"dblink", AMEND_OBJECT_FUNCTION, "dblink dblink_exec dblink_connect dblink_disconnect"},
    {"pg_stat_statements", AMEND_OBJECT_VIEW, "pg_stat_statements"},
    {"pg_stat_statements", AMEND_OBJECT_FUNCTION, "pg_stat_statements_reset"},
};
const size_t pg_known_extension_count = sizeof pg_known_extensions / sizeof pg_known_extensions[0];

static const char steady[] =
    " abs age any_value area array_append array_cat array_fill array_length array_position array_prepend array_remove"
    " array_replace array_to_json array_to_string ascii bit_length bool btrim cardinality cbrt ceil ceiling center char_length"
    " character_length chr coalesce concat concat_ws convert_from convert_to cos current_catalog current_database "
    "current_schema"
    " current_schemas current_setting current_user date date_part date_trunc daterange decode degrees div encode exp extract"
    " factorial first_value floor format format_type gcd greatest has_column_privilege has_schema_privilege has_table_privilege"
    " initcap int4range int8range isempty isfinite json_array_length json_build_array json_build_object json_object"
    " jsonb_array_length jsonb_build_array jsonb_build_object jsonb_object jsonb_pretty jsonb_set jsonb_strip_nulls "
    "jsonb_typeof"
    " justify_days justify_hours lcm least left length ln log log10 lower lpad ltrim make_date make_interval make_time"
    " make_timestamp make_timestamptz md5 mod now nullif num_nonnulls num_nulls numrange octet_length overlay"
    " pg_get_constraintdef pg_get_expr pg_get_functiondef pg_get_indexdef pg_get_serial_sequence pg_get_viewdef pg_typeof pi"
    " plainto_tsquery point position power quote_ident quote_literal quote_nullable radians regexp_match regexp_replace"
    " regexp_split_to_array repeat replace reverse right round row_to_json rpad rtrim session_user sha224 sha256 sha384 sha512"
    " sign sin split_part sqrt starts_with statement_timestamp string_to_array strpos substr substring tan text timezone "
    "to_ascii"
    " to_char to_date to_hex to_json to_jsonb to_number to_regclass to_regnamespace to_regproc to_regprocedure to_regrole"
    " to_regtype to_timestamp to_tsquery to_tsvector transaction_timestamp translate trim trunc tsrange tstzrange upper user"
    " varchar version width_bucket ";

static const char harmless[] =
    " array_agg avg bit_and bit_or bool_and bool_or clock_timestamp col_description count currval dense_rank every"
    " gen_random_bytes gen_random_uuid generate_series generate_subscripts inet_client_addr inet_server_addr json_agg"
    " json_array_elements json_array_elements_text json_each json_each_text json_object_agg jsonb_agg jsonb_array_elements"
    " jsonb_array_elements_text jsonb_each jsonb_each_text jsonb_object_agg jsonb_to_recordset lag lastval lead max min "
    "nextval ntile"
    " obj_description percentile_cont percentile_disc pg_advisory_unlock pg_advisory_unlock_all pg_advisory_lock"
    " pg_advisory_xact_lock pg_backend_pid pg_column_size pg_database_size pg_is_in_recovery pg_notify pg_relation_size"
    " pg_size_pretty pg_sleep pg_table_is_visible pg_table_size pg_total_relation_size pg_try_advisory_lock"
    " pg_try_advisory_xact_lock pg_type_is_visible random rank regexp_matches regexp_split_to_table row_number set_config"
    " setseed stddev string_agg string_to_table sum timeofday txid_current unnest uuid_generate_v1 uuid_generate_v4 variance"
    " xmlagg ";

static const char harmful[] =
    " brin_summarize_new_values dblink dblink_exec dblink_connect gin_clean_pending_list lo_create lo_creat lo_export lo_import"
    " lo_put lo_unlink lo_from_bytea loread lowrite pg_cancel_backend pg_create_logical_replication_slot"
    " pg_create_physical_replication_slot pg_drop_replication_slot pg_import_system_collations pg_logical_emit_message"
    " pg_promote pg_reload_conf pg_replication_origin_create pg_rotate_logfile pg_stat_reset pg_switch_wal"
    " pg_terminate_backend pg_extension_config_dump query_to_xml ";

static bool listed(const char *list, slice name)
{
    size_t len = strlen(list);
    for (const char *at = list; name.len > 0 && (at = memmem(at, len - (size_t)(at - list), name.data, name.len)) != NULL; at++)
    {
        if (at[-1] == ' ' && at[name.len] == ' ')
        {
            return true;
        }
    }
    return false;
}

bool pg_known_steady(slice function)
{
    return listed(steady, function);
}

bool pg_known_harmless(slice function)
{
    return listed(steady, function) || listed(harmless, function);
}

bool pg_known_harmful(slice function)
{
    return listed(harmful, function);
}

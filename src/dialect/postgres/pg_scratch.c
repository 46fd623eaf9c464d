/* SPDX-License-Identifier: MIT */
#include "dialect/postgres/pg_scratch.h"

#include "dialect/postgres/pg_text.h"

/* The second part of the name is the time when it was made, in seconds since 1970. */
unsigned pg_scratch_left(buf *out, const char *name)
{
    (void)name;
    buf_text(out, "SELECT pg_catalog.format('DROP DATABASE IF EXISTS %I', d.datname) FROM pg_catalog.pg_database AS d\n"
                  "WHERE d.datname ~ '^amend_scratch_[0-9]{10}_[0-9a-f]{8}$'\n"
                  "AND pg_catalog.split_part(d.datname, '_', 3)::pg_catalog.int8"
                  " < pg_catalog.date_part('epoch', pg_catalog.now()) - 3600\n"
                  "AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS a WHERE a.datid = d.oid);\n");
    return 1;
}

unsigned pg_scratch_make(buf *out, const char *name)
{
    buf_text(out, "SELECT pg_catalog.format('CREATE DATABASE %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L', ");
    pg_text_literal(out, name);
    buf_text(out, ", pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype) FROM pg_catalog.pg_database AS d\n"
                  "WHERE d.datname = pg_catalog.current_database();\n");
    return 1;
}

unsigned pg_scratch_drop(buf *out, const char *name)
{
    buf_text(out, "SELECT pg_catalog.format('DROP DATABASE IF EXISTS %I', ");
    pg_text_literal(out, name);
    buf_text(out, "::pg_catalog.text);\n");
    return 1;
}

unsigned pg_scratch_clear(buf *out)
{
    buf_text(out, "DO $amend$\nDECLARE s pg_catalog.text;\nBEGIN\n"
                  "    FOR s IN SELECT n.nspname FROM pg_catalog.pg_namespace AS n"
                  " WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' LOOP\n"
                  "        EXECUTE pg_catalog.format('DROP SCHEMA %I CASCADE', s);\n"
                  "    END LOOP;\n"
                  "    CREATE SCHEMA public;\n    GRANT USAGE ON SCHEMA public TO PUBLIC;\n"
                  "END\n$amend$;\n");
    return 1;
}

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
                  "WHERE d.datname = pg_catalog.current_database()\n"
                  "UNION ALL SELECT pg_catalog.format('ALTER DATABASE %I SET synchronous_commit = off', ");
    pg_text_literal(out, name);
    buf_text(out, ");\n");
    return 1;
}

unsigned pg_scratch_drop(buf *out, const char *name)
{
    buf_text(out, "SELECT pg_catalog.format('DROP DATABASE IF EXISTS %I', ");
    pg_text_literal(out, name);
    buf_text(out, "::pg_catalog.text);\n");
    return 1;
}

/*
 * A schema that is another's (public is the bootstrap superuser's before PostgreSQL 15) stays, without what this role has made
 * in it.
 */
unsigned pg_scratch_clear(buf *out)
{
    buf_text(
        out,
        "DO $amend$\nDECLARE s record;\n    t pg_catalog.text;\nBEGIN\n"
        "    FOR s IN SELECT n.oid, n.nspname, pg_catalog.pg_has_role(n.nspowner, 'USAGE') AS mine"
        " FROM pg_catalog.pg_namespace AS n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' LOOP\n"
        "        FOR t IN SELECT pg_catalog.format('DROP SCHEMA %I CASCADE', s.nspname) WHERE s.mine\n"
        "        UNION ALL SELECT pg_catalog.format('DROP EXTENSION IF EXISTS %I CASCADE', e.extname)"
        " FROM pg_catalog.pg_extension AS e"
        " WHERE NOT s.mine AND e.extnamespace = s.oid AND pg_catalog.pg_has_role(e.extowner, 'USAGE')\n"
        "        UNION ALL SELECT pg_catalog.format('DROP %s IF EXISTS %I.%I CASCADE', k.word, s.nspname, c.relname)"
        " FROM pg_catalog.pg_class AS c JOIN (VALUES ('r', 'TABLE'), ('p', 'TABLE'), ('f', 'FOREIGN TABLE'), ('v', 'VIEW'),"
        " ('m', 'MATERIALIZED VIEW'), ('S', 'SEQUENCE'), ('c', 'TYPE')) AS k (kind, word) ON k.kind = "
        "c.relkind::pg_catalog.text"
        " WHERE NOT s.mine AND c.relnamespace = s.oid AND pg_catalog.pg_has_role(c.relowner, 'USAGE')"
        " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')\n"
        "        UNION ALL SELECT pg_catalog.format('DROP ROUTINE IF EXISTS %s CASCADE', f.oid::pg_catalog.regprocedure)"
        " FROM pg_catalog.pg_proc AS f"
        " WHERE NOT s.mine AND f.pronamespace = s.oid AND pg_catalog.pg_has_role(f.proowner, 'USAGE')"
        " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.objid = f.oid AND d.deptype = 'e')\n"
        "        UNION ALL SELECT pg_catalog.format('DROP TYPE IF EXISTS %I.%I CASCADE', s.nspname, y.typname)"
        " FROM pg_catalog.pg_type AS y WHERE NOT s.mine AND y.typnamespace = s.oid AND y.typtype IN ('e', 'd', 'r')"
        " AND pg_catalog.pg_has_role(y.typowner, 'USAGE')"
        " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.objid = y.oid AND d.deptype = 'e')\n"
        "        LOOP\n            EXECUTE t;\n        END LOOP;\n"
        "    END LOOP;\n"
        "    IF pg_catalog.to_regnamespace('public') IS NULL THEN\n"
        "        CREATE SCHEMA public;\n        GRANT USAGE ON SCHEMA public TO PUBLIC;\n    END IF;\n"
        "END\n$amend$;\n");
    return 1;
}

/* SPDX-License-Identifier: MIT */
/* The snapshot's query: what all parts share, and the facts of tables, views, sequences and what belongs to them. */
#include "dialect/postgres/pg_facts.h"

/*
 * member: what extensions brought, and the functions and casts that a type made for itself
 * ns: the schemas that may hold what is the application's
 * rel: its relations; seq: its sequences, and whose they are
 * coll: collations as a definition names them
 */
const char pg_facts_common[] =
    "WITH member AS MATERIALIZED (SELECT d.classid, d.objid FROM pg_catalog.pg_depend AS d"
    " WHERE d.refclassid = 3079 AND d.deptype = 'e' UNION ALL SELECT d.classid, d.objid FROM pg_catalog.pg_depend AS d"
    " WHERE d.refclassid = 1247 AND d.deptype = 'i' AND d.classid IN (1255, 2605)),\n"
    "ns AS MATERIALIZED (SELECT n.oid, pg_catalog.quote_ident(n.nspname) AS name FROM pg_catalog.pg_namespace AS n"
    " WHERE pg_catalog.left(n.nspname, 3) <> 'pg_' AND n.nspname <> 'information_schema'),\n"
    "rel AS MATERIALIZED (SELECT c.oid, ns.name AS schema, ns.name || '.' || pg_catalog.quote_ident(c.relname) AS name,"
    " c.relkind AS kind, c.relpersistence AS persistence, c.reloptions AS options FROM pg_catalog.pg_class AS c"
    " JOIN ns ON ns.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND c.relpersistence <> 't'"
    " AND c.relname NOT IN ('" HISTORY_TABLE "', '" EVENTS_TABLE "', '" LOCK_TABLE "', '" SCHEMA_TABLE "')"
    " AND (1259, c.oid) NOT IN (TABLE member)),\n"
    "seq AS MATERIALIZED (SELECT ns.name || '.' || pg_catalog.quote_ident(c.relname) AS name, s.seqtypid AS type,"
    " c.relpersistence AS persistence, d.deptype AS bond, d.refobjid AS owner, d.refobjsubid AS number,"
    " CASE WHEN s.seqstart <> CASE WHEN s.seqincrement > 0 THEN s.seqmin ELSE s.seqmax END"
    " THEN ' START WITH ' || s.seqstart ELSE '' END"
    " || CASE WHEN s.seqincrement <> 1 THEN ' INCREMENT BY ' || s.seqincrement ELSE '' END"
    " || CASE WHEN s.seqmin <> CASE WHEN s.seqincrement > 0 THEN 1 WHEN s.seqtypid = 21 THEN -32768"
    " WHEN s.seqtypid = 23 THEN -2147483648 ELSE -9223372036854775808 END THEN ' MINVALUE ' || s.seqmin ELSE '' END"
    " || CASE WHEN s.seqmax <> CASE WHEN s.seqincrement < 0 THEN -1 WHEN s.seqtypid = 21 THEN 32767"
    " WHEN s.seqtypid = 23 THEN 2147483647 ELSE 9223372036854775807 END THEN ' MAXVALUE ' || s.seqmax ELSE '' END"
    " || CASE WHEN s.seqcache <> 1 THEN ' CACHE ' || s.seqcache ELSE '' END"
    " || CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END AS options"
    " FROM pg_catalog.pg_sequence AS s JOIN pg_catalog.pg_class AS c ON c.oid = s.seqrelid JOIN ns ON ns.oid = c.relnamespace"
    " LEFT JOIN pg_catalog.pg_depend AS d ON d.classid = 1259 AND d.objid = s.seqrelid AND d.objsubid = 0"
    " AND d.refclassid = 1259 AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')"
    " WHERE (1259, s.seqrelid) NOT IN (TABLE member)),\n"
    "coll AS MATERIALIZED (SELECT c.oid, CASE WHEN n.nspname = 'pg_catalog' THEN ''"
    " ELSE pg_catalog.quote_ident(n.nspname) || '.' END || pg_catalog.quote_ident(c.collname) AS name"
    " FROM pg_catalog.pg_collation AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.collnamespace)\n";

static const char FACTS_SCHEMAS[] = "SELECT 'schema ' || ns.name AS object, '' AS definition FROM ns"
                                    " WHERE (2615, ns.oid) NOT IN (TABLE member)\n";

/*
 * A detached partition is no longer one; one that is being detached (14) still is. The storage options of the table behind
 * (TOAST) are the table's.
 */
static const char FACTS_TABLES[] =
    "SELECT CASE WHEN r.kind = 'f' THEN 'foreign table ' ELSE 'table ' END || r.name, pg_catalog.concat_ws(' ',"
    " CASE WHEN r.persistence = 'u' THEN 'UNLOGGED' END,"
    " 'OF ' || CASE WHEN c.reloftype <> 0 THEN pg_catalog.format_type(c.reloftype, NULL) END,"
    " CASE WHEN c.relispartition THEN 'PARTITION OF ' || h.parents || ' ' || pg_catalog.pg_get_expr(c.relpartbound, c.oid)"
    " ELSE 'INHERITS (' || h.parents || ')' END,"
    " CASE WHEN r.kind = 'p' THEN 'PARTITION BY ' || pg_catalog.pg_get_partkeydef(c.oid) END,"
    " 'SERVER ' || pg_catalog.quote_ident(s.srvname),"
    " 'OPTIONS (' || " PG_FACTS_SORTED "f.ftoptions" PG_FACTS_SORTED_END " || ')',"
    " 'USING ' || pg_catalog.quote_ident(am.amname),"
    " 'WITH (' || " PG_FACTS_SORTED "r.options" PG_FACTS_SORTED_END " || ')',"
    " 'TOAST (' || " PG_FACTS_SORTED "t.reloptions" PG_FACTS_SORTED_END " || ')',"
    " CASE WHEN r.kind = 'f' THEN NULL WHEN c.relreplident = 'n' THEN 'REPLICA IDENTITY NOTHING'"
    " WHEN c.relreplident = 'f' THEN 'REPLICA IDENTITY FULL' WHEN c.relreplident = 'i'"
    " THEN 'REPLICA IDENTITY USING INDEX ' || COALESCE(pg_catalog.quote_ident(ic.relname), '-') END,"
    " CASE WHEN c.relrowsecurity THEN 'ROW LEVEL SECURITY' END,"
    " CASE WHEN c.relforcerowsecurity THEN 'FORCE ROW LEVEL SECURITY' END)"
    " FROM rel AS r JOIN pg_catalog.pg_class AS c ON c.oid = r.oid LEFT JOIN (SELECT i.inhrelid,"
    " pg_catalog.string_agg(i.inhparent::pg_catalog.regclass::pg_catalog.text"
    " || CASE WHEN i.inhdetachpending THEN ' DETACH PENDING' ELSE '' END, ', ' ORDER BY i.inhseqno) AS parents"
    " FROM (SELECT false AS inhdetachpending) AS absent CROSS JOIN LATERAL (SELECT h.inhrelid, h.inhparent, h.inhseqno,"
    " inhdetachpending FROM pg_catalog.pg_inherits AS h) AS i GROUP BY i.inhrelid) AS h ON h.inhrelid = c.oid"
    " LEFT JOIN pg_catalog.pg_foreign_table AS f ON f.ftrelid = c.oid"
    " LEFT JOIN pg_catalog.pg_foreign_server AS s ON s.oid = f.ftserver"
    " LEFT JOIN pg_catalog.pg_am AS am ON am.oid = c.relam AND am.amname <> 'heap'"
    " LEFT JOIN pg_catalog.pg_class AS t ON t.oid = c.reltoastrelid AND t.reloptions IS NOT NULL"
    " LEFT JOIN pg_catalog.pg_index AS i ON i.indrelid = c.oid AND i.indisreplident AND c.relreplident = 'i'"
    " LEFT JOIN pg_catalog.pg_class AS ic ON ic.oid = i.indexrelid WHERE r.kind IN ('r', 'p', 'f')\n";

/*
 * Also of views, when a default is set there. attstattarget: -1 for none, NULL from 17 on. attcompression came with 14. Some
 * servers (15.20) keep a mark of their own, pg_attver, among each column's options.
 */
static const char FACTS_COLUMNS[] =
    "SELECT 'column ' || r.name || '.' || pg_catalog.quote_ident(a.attname),"
    " pg_catalog.format_type(a.atttypid, a.atttypmod)"
    " || COALESCE(' COLLATE ' || coll.name, '')"
    " || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END"
    " || COALESCE(CASE WHEN a.attgenerated = '' THEN ' DEFAULT ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid)"
    " ELSE ' GENERATED ALWAYS AS (' || pg_catalog.pg_get_expr(d.adbin, d.adrelid)"
    " || CASE WHEN a.attgenerated = 's' THEN ') STORED' ELSE ') VIRTUAL' END END, '')"
    " || CASE a.attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY' WHEN 'd' THEN ' GENERATED BY DEFAULT AS IDENTITY'"
    " ELSE '' END"
    " || COALESCE(' (SEQUENCE NAME ' || seq.name || CASE WHEN seq.type <> a.atttypid"
    " THEN ' AS ' || pg_catalog.format_type(seq.type, NULL) ELSE '' END || seq.options || ')', '')"
    " || CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage WHEN 'p' THEN ' STORAGE PLAIN'"
    " WHEN 'e' THEN ' STORAGE EXTERNAL' WHEN 'm' THEN ' STORAGE MAIN' ELSE ' STORAGE EXTENDED' END ELSE '' END"
    " || CASE a.attcompression WHEN 'p' THEN ' COMPRESSION pglz' WHEN 'l' THEN ' COMPRESSION lz4' ELSE '' END"
    " || COALESCE(' STATISTICS ' || NULLIF(a.attstattarget, -1), '')"
    " || CASE WHEN a.attoptions IS NULL OR a.attoptions[2] IS NULL AND pg_catalog.left(a.attoptions[1], 10) = 'pg_attver='"
    " THEN '' ELSE COALESCE(' SET (' || " PG_FACTS_SORTED "a.attoptions"
    ") AS o (o) WHERE pg_catalog.left(o.o, 10) <> 'pg_attver=') || ')', '') END"
    " || CASE WHEN a.attfdwoptions IS NULL THEN ''"
    " ELSE ' OPTIONS (' || " PG_FACTS_SORTED "a.attfdwoptions" PG_FACTS_SORTED_END " || ')' END"
    " FROM (SELECT '' AS attcompression) AS absent CROSS JOIN LATERAL (SELECT x.attrelid, x.attname, x.attnum, x.atttypid,"
    " x.atttypmod, x.attcollation, x.attnotnull, x.atthasdef, x.attgenerated, x.attidentity, x.attstorage, x.attstattarget,"
    " x.attoptions, x.attfdwoptions, attcompression FROM pg_catalog.pg_attribute AS x"
    " WHERE x.attnum > 0 AND NOT x.attisdropped) AS a"
    " JOIN rel AS r ON r.oid = a.attrelid JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid"
    " LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
    " LEFT JOIN coll ON coll.oid = a.attcollation AND a.attcollation <> t.typcollation"
    " LEFT JOIN seq ON seq.owner = a.attrelid AND seq.number = a.attnum AND seq.bond = 'i' AND a.attidentity <> ''"
    " WHERE r.kind IN ('r', 'p', 'f') OR r.kind = 'v' AND a.atthasdef\n";

/*
 * A foreign key's rows for the partitions follow from the one that was declared, unless they are switched off. NOT NULL is the
 * column's, also where newer servers have a constraint for it. A constraint whose triggers are switched off checks nothing.
 */
static const char FACTS_CONSTRAINTS[] =
    "SELECT 'constraint ' || r.name || '.' || pg_catalog.quote_ident(k.conname), pg_catalog.pg_get_constraintdef(k.oid)"
    " || CASE WHEN c.reloptions IS NULL THEN ''"
    " ELSE ' WITH (' || " PG_FACTS_SORTED "c.reloptions" PG_FACTS_SORTED_END " || ')' END"
    " || CASE WHEN NOT i.indisvalid THEN ' INVALID' ELSE '' END"
    " || CASE WHEN g.id IS NOT NULL THEN ' DISABLED' ELSE '' END"
    " FROM pg_catalog.pg_constraint AS k JOIN rel AS r ON r.oid = k.conrelid"
    " LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = k.conindid AND k.contype <> 'f'"
    " LEFT JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid"
    " LEFT JOIN (SELECT x.tgconstraint AS id FROM pg_catalog.pg_trigger AS x WHERE x.tgisinternal AND x.tgconstraint <> 0"
    " AND x.tgenabled <> 'O' GROUP BY x.tgconstraint) AS g ON g.id = k.oid"
    " WHERE k.contype IN ('c', 'p', 'u', 'x') OR k.contype = 'f' AND (k.conparentid = 0 OR g.id IS NOT NULL)\n";

/* Several storage options stand in the order in which they were set. */
static const char FACTS_INDEXES[] =
    "SELECT 'index ' || r.schema || '.' || pg_catalog.quote_ident(c.relname), CASE WHEN c.reloptions[2] IS NULL"
    " THEN pg_catalog.pg_get_indexdef(i.indexrelid)"
    " ELSE pg_catalog.regexp_replace(pg_catalog.pg_get_indexdef(i.indexrelid), ' WITH [(][^()]*[)]', ' WITH (' "
    "|| " PG_FACTS_SORTED "c.reloptions" PG_FACTS_SORTED_END " || ')') END"
    " || COALESCE(' ATTACHED TO ' || h.inhparent::pg_catalog.regclass::pg_catalog.text, '')"
    " || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END"
    " FROM pg_catalog.pg_index AS i JOIN rel AS r ON r.oid = i.indrelid"
    " JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid"
    " LEFT JOIN pg_catalog.pg_inherits AS h ON h.inhrelid = i.indexrelid"
    " WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = i.indexrelid"
    " AND k.contype IN ('p', 'u', 'x'))\n";

static const char FACTS_VIEWS[] =
    "SELECT CASE WHEN r.kind = 'v' THEN 'view ' ELSE 'materialized view ' END || r.name,"
    " COALESCE('WITH (' || " PG_FACTS_SORTED "r.options" PG_FACTS_SORTED_END " || ')' || pg_catalog.chr(10), '')"
    " || COALESCE('USING ' || pg_catalog.quote_ident(am.amname) || pg_catalog.chr(10), '')"
    " || pg_catalog.btrim(pg_catalog.pg_get_viewdef(r.oid), ' ;') FROM rel AS r"
    " JOIN pg_catalog.pg_class AS c ON c.oid = r.oid"
    " LEFT JOIN pg_catalog.pg_am AS am ON am.oid = c.relam AND am.amname <> 'heap' WHERE r.kind IN ('v', 'm')\n";

static const char FACTS_RULES[] =
    "SELECT 'rule ' || r.name || '.' || pg_catalog.quote_ident(w.rulename), pg_catalog.pg_get_ruledef(w.oid)"
    " || CASE w.ev_enabled WHEN 'D' THEN ' DISABLED' WHEN 'R' THEN ' ENABLED REPLICA' WHEN 'A' THEN ' ENABLED ALWAYS'"
    " ELSE '' END FROM pg_catalog.pg_rewrite AS w JOIN rel AS r ON r.oid = w.ev_class"
    " WHERE w.rulename <> '_RETURN' OR r.kind NOT IN ('v', 'm')\n";

/*
 * A partition's copy of a partitioned table's trigger is told where it is switched on or off by itself. Copies are internal up
 * to 14, and have a tgparentid from 13 on; those of a foreign key are its constraint's.
 */
static const char FACTS_TRIGGERS[] =
    "SELECT 'trigger ' || r.name || '.' || pg_catalog.quote_ident(g.tgname), pg_catalog.pg_get_triggerdef(g.oid)"
    " || CASE g.tgenabled WHEN 'D' THEN ' DISABLED' WHEN 'R' THEN ' ENABLED REPLICA' WHEN 'A' THEN ' ENABLED ALWAYS'"
    " WHEN 'O' THEN CASE WHEN g.tgparentid <> 0 THEN ' ENABLED' ELSE '' END END"
    " FROM (SELECT 0::pg_catalog.oid AS tgparentid) AS absent CROSS JOIN LATERAL (SELECT x.oid, x.tgrelid,"
    " x.tgname, x.tgenabled, x.tgisinternal, x.tgconstraint, tgparentid FROM pg_catalog.pg_trigger AS x) AS g"
    " JOIN rel AS r ON r.oid = g.tgrelid LEFT JOIN pg_catalog.pg_trigger AS h ON h.oid = g.tgparentid"
    " LEFT JOIN pg_catalog.pg_constraint AS k ON k.oid = g.tgconstraint AND k.contype = 'f'"
    " WHERE CASE WHEN g.tgparentid = 0 THEN NOT g.tgisinternal ELSE h.tgenabled <> g.tgenabled AND k.oid IS NULL END\n";

static const char FACTS_POLICIES[] =
    "SELECT 'policy ' || r.name || '.' || pg_catalog.quote_ident(p.polname), pg_catalog.concat_ws(' ',"
    " CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,"
    " CASE p.polcmd WHEN 'r' THEN 'FOR SELECT' WHEN 'a' THEN 'FOR INSERT' WHEN 'w' THEN 'FOR UPDATE'"
    " WHEN 'd' THEN 'FOR DELETE' ELSE 'FOR ALL' END,"
    " 'TO ' || (SELECT pg_catalog.string_agg(n.name, ', ' ORDER BY n.name COLLATE \"C\") FROM (SELECT"
    " CASE WHEN u.o = 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(u.o)) END AS name"
    " FROM pg_catalog.unnest(p.polroles) AS u (o)) AS n),"
    " 'USING (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) || ')',"
    " 'WITH CHECK (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) || ')')"
    " FROM pg_catalog.pg_policy AS p JOIN rel AS r ON r.oid = p.polrelid\n";

static const char FACTS_SEQUENCES[] =
    "SELECT 'sequence ' || seq.name, CASE WHEN seq.persistence = 'u' THEN 'UNLOGGED ' ELSE '' END || 'AS '"
    " || pg_catalog.format_type(seq.type, NULL) || seq.options"
    " || COALESCE(' OWNED BY ' || r.name || '.' || pg_catalog.quote_ident(a.attname), '')"
    " FROM seq LEFT JOIN rel AS r ON r.oid = seq.owner"
    " LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = seq.owner AND a.attnum = seq.number"
    " WHERE (seq.bond = 'a' AND r.oid IS NOT NULL) OR seq.bond IS NULL\n";

const char *const pg_facts_tables[] = {FACTS_SCHEMAS,  FACTS_TABLES,    FACTS_COLUMNS, FACTS_CONSTRAINTS,
                                       FACTS_INDEXES,  FACTS_VIEWS,     FACTS_RULES,   FACTS_TRIGGERS,
                                       FACTS_POLICIES, FACTS_SEQUENCES, NULL};

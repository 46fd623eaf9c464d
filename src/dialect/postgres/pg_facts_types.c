/* SPDX-License-Identifier: MIT */
/* The snapshot's query: the facts of types, functions and the rest. */
#include "dialect/postgres/pg_facts.h"

static const char FACTS_ENUMS[] =
    "SELECT 'type ' || ns.name || '.' || pg_catalog.quote_ident(t.typname), 'ENUM ('"
    " || COALESCE(pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder), '') || ')'"
    " FROM pg_catalog.pg_type AS t JOIN ns ON ns.oid = t.typnamespace"
    " LEFT JOIN pg_catalog.pg_enum AS e ON e.enumtypid = t.oid"
    " WHERE t.typtype = 'e' AND (1247, t.oid) NOT IN (TABLE member) GROUP BY t.oid, t.typname, ns.name\n";

/* A composite type is a relation, too; an extension's member is its type. */
static const char FACTS_COMPOSITES[] =
    "SELECT 'type ' || r.name, '(' || COALESCE(pg_catalog.string_agg(pg_catalog.quote_ident(a.attname) || ' '"
    " || pg_catalog.format_type(a.atttypid, a.atttypmod) || COALESCE(' COLLATE ' || coll.name, ''), ', ' ORDER BY a.attnum), "
    "'')"
    " || ')' FROM rel AS r JOIN pg_catalog.pg_class AS c ON c.oid = r.oid"
    " LEFT JOIN (pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid"
    " LEFT JOIN coll ON coll.oid = a.attcollation AND a.attcollation <> t.typcollation)"
    " ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " WHERE r.kind = 'c' AND (1247, c.reltype) NOT IN (TABLE member) GROUP BY r.name\n";

/* rngmultitypid came with 14. */
static const char FACTS_RANGES[] =
    "SELECT 'type ' || ns.name || '.' || pg_catalog.quote_ident(t.typname), 'RANGE (' || pg_catalog.concat_ws(', ',"
    " 'SUBTYPE = ' || pg_catalog.format_type(r.rngsubtype, NULL), 'SUBTYPE_OPCLASS = ' || pg_catalog.quote_ident(o.opcname),"
    " 'COLLATION = ' || coll.name, 'CANONICAL = ' || NULLIF(r.rngcanonical::pg_catalog.text, '-'),"
    " 'SUBTYPE_DIFF = ' || NULLIF(r.rngsubdiff::pg_catalog.text, '-'),"
    " 'MULTIRANGE_TYPE_NAME = ' || pg_catalog.format_type(NULLIF(r.rngmultitypid, 0), NULL)) || ')'"
    " FROM (SELECT 0::pg_catalog.oid AS rngmultitypid) AS absent CROSS JOIN LATERAL (SELECT x.rngtypid, x.rngsubtype,"
    " x.rngsubopc, x.rngcollation, x.rngcanonical, x.rngsubdiff, rngmultitypid FROM pg_catalog.pg_range AS x) AS r"
    " JOIN pg_catalog.pg_type AS t ON t.oid = r.rngtypid JOIN ns ON ns.oid = t.typnamespace"
    " JOIN pg_catalog.pg_type AS s ON s.oid = r.rngsubtype"
    " LEFT JOIN pg_catalog.pg_opclass AS o ON o.oid = r.rngsubopc AND NOT o.opcdefault"
    " LEFT JOIN coll ON coll.oid = r.rngcollation AND r.rngcollation <> s.typcollation"
    " WHERE (1247, t.oid) NOT IN (TABLE member)\n";

/* The stored text of a default is as its author's settings were: it is made anew from the tree. */
static const char FACTS_DOMAINS[] =
    "SELECT 'domain ' || ns.name || '.' || pg_catalog.quote_ident(t.typname),"
    " pg_catalog.format_type(t.typbasetype, t.typtypmod) || COALESCE(' COLLATE ' || coll.name, '')"
    " || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END"
    " || COALESCE(' DEFAULT ' || pg_catalog.pg_get_expr(t.typdefaultbin, 0), '')"
    " FROM pg_catalog.pg_type AS t JOIN ns ON ns.oid = t.typnamespace"
    " JOIN pg_catalog.pg_type AS b ON b.oid = t.typbasetype"
    " LEFT JOIN coll ON coll.oid = t.typcollation AND t.typcollation <> b.typcollation"
    " WHERE t.typtype = 'd' AND (1247, t.oid) NOT IN (TABLE member)\n";

static const char FACTS_DOMAIN_CONSTRAINTS[] =
    "SELECT 'constraint ' || ns.name || '.' || pg_catalog.quote_ident(t.typname) || '.' || pg_catalog.quote_ident(k.conname),"
    " pg_catalog.pg_get_constraintdef(k.oid) FROM pg_catalog.pg_constraint AS k"
    " JOIN pg_catalog.pg_type AS t ON t.oid = k.contypid JOIN ns ON ns.oid = t.typnamespace"
    " WHERE k.contype = 'c' AND (1247, t.oid) NOT IN (TABLE member)\n";

/* Types written in C, and those that are announced only. An array's type is its element's. */
static const char FACTS_BASE_TYPES[] =
    "SELECT 'type ' || ns.name || '.' || pg_catalog.quote_ident(t.typname), CASE WHEN NOT t.typisdefined THEN 'SHELL' ELSE"
    " 'BASE (' || (SELECT pg_catalog.string_agg(w.word || ' = ' || w.value, ', ' ORDER BY w.place) FROM (VALUES"
    " (1, 'INPUT', t.typinput::pg_catalog.text), (2, 'OUTPUT', t.typoutput::pg_catalog.text),"
    " (3, 'RECEIVE', t.typreceive::pg_catalog.text), (4, 'SEND', t.typsend::pg_catalog.text),"
    " (5, 'TYPMOD_IN', t.typmodin::pg_catalog.text), (6, 'TYPMOD_OUT', t.typmodout::pg_catalog.text),"
    " (7, 'ANALYZE', t.typanalyze::pg_catalog.text), (8, 'INTERNALLENGTH', t.typlen::pg_catalog.text),"
    " (9, 'PASSEDBYVALUE', t.typbyval::pg_catalog.text), (10, 'ALIGNMENT', t.typalign::pg_catalog.text),"
    " (11, 'STORAGE', t.typstorage::pg_catalog.text), (12, 'CATEGORY', t.typcategory::pg_catalog.text),"
    " (13, 'PREFERRED', t.typispreferred::pg_catalog.text), (14, 'DELIMITER', t.typdelim::pg_catalog.text),"
    " (15, 'DEFAULT', pg_catalog.quote_literal(t.typdefault))) AS w (place, word, value) WHERE w.value <> '-') || ')' END"
    " FROM pg_catalog.pg_type AS t JOIN ns ON ns.oid = t.typnamespace LEFT JOIN pg_catalog.pg_type AS e ON e.typarray = t.oid"
    " WHERE t.typtype IN ('b', 'p') AND e.oid IS NULL AND (1247, t.oid) NOT IN (TABLE member)\n";

const char *const pg_facts_types[] = {
    FACTS_ENUMS, FACTS_COMPOSITES, FACTS_RANGES, FACTS_DOMAINS, FACTS_DOMAIN_CONSTRAINTS, FACTS_BASE_TYPES, NULL,
};

/* ------------------------------------------------------------------------------------------------------------- routines */

static const char FACTS_FUNCTIONS[] =
    "SELECT CASE WHEN p.prokind = 'p' THEN 'procedure ' ELSE 'function ' END || ns.name || '.'"
    " || pg_catalog.quote_ident(p.proname) || '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')',"
    " pg_catalog.btrim(pg_catalog.pg_get_functiondef(p.oid), pg_catalog.chr(10))"
    " FROM pg_catalog.pg_proc AS p JOIN ns ON ns.oid = p.pronamespace"
    " WHERE p.prokind <> 'a' AND (1255, p.oid) NOT IN (TABLE member)\n";

static const char FACTS_AGGREGATES[] =
    "SELECT 'aggregate ' || ns.name || '.' || pg_catalog.quote_ident(p.proname) || '('"
    " || pg_catalog.oidvectortypes(p.proargtypes) || ')', (SELECT pg_catalog.string_agg(w.word || ' = ' || w.value, ', '"
    " ORDER BY w.place) FROM (VALUES (1, 'ARGUMENTS', '(' || pg_catalog.pg_get_function_arguments(p.oid) || ')'),"
    " (2, 'SFUNC', a.aggtransfn::pg_catalog.text), (3, 'STYPE', pg_catalog.format_type(a.aggtranstype, NULL)),"
    " (4, 'SSPACE', NULLIF(a.aggtransspace, 0)::pg_catalog.text), (5, 'FINALFUNC', a.aggfinalfn::pg_catalog.text),"
    " (6, 'FINALFUNC_EXTRA', NULLIF(a.aggfinalextra, false)::pg_catalog.text),"
    " (7, 'FINALFUNC_MODIFY', CASE WHEN a.aggfinalfn <> 0 THEN a.aggfinalmodify::pg_catalog.text END),"
    " (8, 'COMBINEFUNC', a.aggcombinefn::pg_catalog.text), (9, 'SERIALFUNC', a.aggserialfn::pg_catalog.text),"
    " (10, 'DESERIALFUNC', a.aggdeserialfn::pg_catalog.text), (11, 'INITCOND', pg_catalog.quote_literal(a.agginitval)),"
    " (12, 'MSFUNC', a.aggmtransfn::pg_catalog.text), (13, 'MINVFUNC', a.aggminvtransfn::pg_catalog.text),"
    " (14, 'MSTYPE', pg_catalog.format_type(NULLIF(a.aggmtranstype, 0), NULL)),"
    " (15, 'MSSPACE', NULLIF(a.aggmtransspace, 0)::pg_catalog.text), (16, 'MFINALFUNC', a.aggmfinalfn::pg_catalog.text),"
    " (17, 'MFINALFUNC_EXTRA', NULLIF(a.aggmfinalextra, false)::pg_catalog.text),"
    " (18, 'MFINALFUNC_MODIFY', CASE WHEN a.aggmfinalfn <> 0 THEN a.aggmfinalmodify::pg_catalog.text END),"
    " (19, 'MINITCOND', pg_catalog.quote_literal(a.aggminitval)),"
    " (20, 'SORTOP', NULLIF(a.aggsortop, 0)::pg_catalog.regoperator::pg_catalog.text),"
    " (21, 'PARALLEL', NULLIF(p.proparallel, 'u')::pg_catalog.text),"
    " (22, 'KIND', NULLIF(a.aggkind, 'n')::pg_catalog.text)) AS w (place, word, value) WHERE w.value <> '-')"
    " FROM pg_catalog.pg_proc AS p JOIN ns ON ns.oid = p.pronamespace JOIN pg_catalog.pg_aggregate AS a ON a.aggfnoid = p.oid"
    " WHERE (1255, p.oid) NOT IN (TABLE member)\n";

/* An operator that exists only as another's COMMUTATOR or NEGATOR has no function yet. */
static const char FACTS_OPERATORS[] =
    "SELECT 'operator ' || ns.name || '.' || o.oprname || '(' || pg_catalog.concat_ws(', ',"
    " pg_catalog.format_type(NULLIF(o.oprleft, 0), NULL), pg_catalog.format_type(NULLIF(o.oprright, 0), NULL)) || ')',"
    " pg_catalog.concat_ws(', ', 'FUNCTION = ' || NULLIF(o.oprcode::pg_catalog.text, '-'),"
    " 'COMMUTATOR = ' || NULLIF(o.oprcom, 0)::pg_catalog.regoperator::pg_catalog.text,"
    " 'NEGATOR = ' || NULLIF(o.oprnegate, 0)::pg_catalog.regoperator::pg_catalog.text,"
    " 'RESTRICT = ' || NULLIF(o.oprrest::pg_catalog.text, '-'), 'JOIN = ' || NULLIF(o.oprjoin::pg_catalog.text, '-'),"
    " CASE WHEN o.oprcanhash THEN 'HASHES' END, CASE WHEN o.oprcanmerge THEN 'MERGES' END)"
    " FROM pg_catalog.pg_operator AS o JOIN ns ON ns.oid = o.oprnamespace WHERE (2617, o.oid) NOT IN (TABLE member)\n";

/* Casts have no schema: initdb's are told by their numbers. */
static const char FACTS_CASTS[] =
    "SELECT 'cast (' || pg_catalog.format_type(c.castsource, NULL) || ' AS ' || pg_catalog.format_type(c.casttarget, NULL)"
    " || ')', CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || c.castfunc::pg_catalog.regprocedure::pg_catalog.text"
    " WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END"
    " || CASE c.castcontext WHEN 'i' THEN ' AS IMPLICIT' WHEN 'a' THEN ' AS ASSIGNMENT' ELSE '' END"
    " FROM pg_catalog.pg_cast AS c WHERE c.oid >= 16384 AND (2605, c.oid) NOT IN (TABLE member)\n";

const char *const pg_facts_routines[] = {FACTS_FUNCTIONS, FACTS_AGGREGATES, FACTS_OPERATORS, FACTS_CASTS, NULL};

/* ------------------------------------------------------------------------------------------------------------- the rest */

/* Those of initdb (plpgsql) are in every database. The version is the server's affair. */
static const char FACTS_EXTENSIONS[] =
    "SELECT 'extension ' || pg_catalog.quote_ident(e.extname), 'SCHEMA ' || pg_catalog.quote_ident(n.nspname)"
    " FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace WHERE e.oid >= 16384\n";

/* colliculocale came with 15, and is colllocale from 17 on; collicurules with 16. */
static const char FACTS_COLLATIONS[] =
    "SELECT 'collation ' || ns.name || '.' || pg_catalog.quote_ident(c.collname), pg_catalog.concat_ws(', ',"
    " 'PROVIDER = ' || c.collprovider::pg_catalog.text, 'LC_COLLATE = ' || pg_catalog.quote_literal(c.collcollate),"
    " 'LC_CTYPE = ' || pg_catalog.quote_literal(c.collctype),"
    " 'LOCALE = ' || pg_catalog.quote_literal(COALESCE(c.colllocale, c.colliculocale)),"
    " 'RULES = ' || pg_catalog.quote_literal(c.collicurules),"
    " CASE WHEN NOT c.collisdeterministic THEN 'DETERMINISTIC = false' END)"
    " FROM (SELECT NULL::pg_catalog.text AS colliculocale, NULL::pg_catalog.text AS colllocale,"
    " NULL::pg_catalog.text AS collicurules) AS absent CROSS JOIN LATERAL (SELECT x.oid, x.collname, x.collnamespace,"
    " x.collprovider, x.collcollate, x.collctype, x.collisdeterministic, colliculocale, colllocale, collicurules"
    " FROM pg_catalog.pg_collation AS x) AS c JOIN ns ON ns.oid = c.collnamespace"
    " WHERE (3456, c.oid) NOT IN (TABLE member)\n";

static const char FACTS_TEXT_SEARCH[] =
    "SELECT 'text search configuration ' || ns.name || '.' || pg_catalog.quote_ident(c.cfgname),"
    " 'PARSER ' || pg_catalog.quote_ident(p.prsname) || COALESCE(' ' || (SELECT pg_catalog.string_agg(t.alias || ': ' || "
    "m.dicts,"
    " '; ' ORDER BY t.alias COLLATE \"C\") FROM pg_catalog.ts_token_type(c.cfgparser) AS t JOIN (SELECT x.maptokentype,"
    " pg_catalog.string_agg(x.mapdict::pg_catalog.regdictionary::pg_catalog.text, ', ' ORDER BY x.mapseqno) AS dicts"
    " FROM pg_catalog.pg_ts_config_map AS x WHERE x.mapcfg = c.oid GROUP BY x.maptokentype) AS m"
    " ON m.maptokentype = t.tokid), '') FROM pg_catalog.pg_ts_config AS c JOIN ns ON ns.oid = c.cfgnamespace"
    " JOIN pg_catalog.pg_ts_parser AS p ON p.oid = c.cfgparser WHERE (3602, c.oid) NOT IN (TABLE member)\n";

static const char FACTS_DICTIONARIES[] =
    "SELECT 'text search dictionary ' || ns.name || '.' || pg_catalog.quote_ident(d.dictname),"
    " 'TEMPLATE ' || pg_catalog.quote_ident(t.tmplname) || COALESCE(' (' || d.dictinitoption || ')', '')"
    " FROM pg_catalog.pg_ts_dict AS d JOIN ns ON ns.oid = d.dictnamespace"
    " JOIN pg_catalog.pg_ts_template AS t ON t.oid = d.dicttemplate WHERE (3600, d.oid) NOT IN (TABLE member)\n";

/*
 * Not pg_get_statisticsobjdef's words: it has the columns in the order of the table. stxstattarget came with 13 (-1 for none,
 * NULL from 17 on), expressions with 14.
 */
static const char FACTS_STATISTICS[] =
    "SELECT 'statistics ' || ns.name || '.' || pg_catalog.quote_ident(s.stxname), '('"
    " || (SELECT pg_catalog.string_agg(CASE k.k WHEN 'd' THEN 'ndistinct' WHEN 'f' THEN 'dependencies' WHEN 'm' THEN 'mcv'"
    " ELSE k.k::pg_catalog.text END, ', ' ORDER BY k.k) FROM pg_catalog.unnest(s.stxkind) AS k (k) WHERE k.k <> 'e') || ') ON '"
    " || pg_catalog.concat_ws(', ', (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', '"
    " ORDER BY a.attname COLLATE \"C\") FROM pg_catalog.pg_attribute AS a"
    " WHERE a.attrelid = s.stxrelid AND a.attnum = ANY (s.stxkeys)), pg_catalog.pg_get_expr(s.stxexprs, s.stxrelid))"
    " || ' FROM ' || s.stxrelid::pg_catalog.regclass::pg_catalog.text"
    " || COALESCE(' STATISTICS ' || NULLIF(s.stxstattarget, -1), '')"
    " FROM (SELECT -1 AS stxstattarget, NULL::pg_catalog.pg_node_tree AS stxexprs) AS absent CROSS JOIN LATERAL"
    " (SELECT x.oid, x.stxname, x.stxnamespace, x.stxrelid, x.stxkeys, x.stxkind, stxstattarget, stxexprs"
    " FROM pg_catalog.pg_statistic_ext AS x) AS s JOIN ns ON ns.oid = s.stxnamespace"
    " WHERE (3381, s.oid) NOT IN (TABLE member)\n";

static const char FACTS_EVENT_TRIGGERS[] =
    "SELECT 'event trigger ' || pg_catalog.quote_ident(e.evtname), 'ON ' || e.evtevent"
    " || COALESCE(' WHEN TAG IN (' || " PG_FACTS_SORTED "e.evttags" PG_FACTS_SORTED_END " || ')', '')"
    " || ' EXECUTE FUNCTION ' || e.evtfoid::pg_catalog.regprocedure::pg_catalog.text"
    " || CASE e.evtenabled WHEN 'D' THEN ' DISABLED' WHEN 'R' THEN ' ENABLED REPLICA' WHEN 'A' THEN ' ENABLED ALWAYS'"
    " ELSE '' END FROM pg_catalog.pg_event_trigger AS e WHERE (3466, e.oid) NOT IN (TABLE member)\n";

static const char FACTS_SERVERS[] =
    "SELECT 'server ' || pg_catalog.quote_ident(s.srvname), 'FOREIGN DATA WRAPPER ' || pg_catalog.quote_ident(w.fdwname)"
    " FROM pg_catalog.pg_foreign_server AS s JOIN pg_catalog.pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw"
    " WHERE (1417, s.oid) NOT IN (TABLE member)\n";

const char *const pg_facts_others[] = {
    FACTS_EXTENSIONS, FACTS_COLLATIONS,     FACTS_TEXT_SEARCH, FACTS_DICTIONARIES,
    FACTS_STATISTICS, FACTS_EVENT_TRIGGERS, FACTS_SERVERS,     NULL,
};

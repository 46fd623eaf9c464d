/* SPDX-License-Identifier: MIT */
/* Reading the parser's trees. Nothing here allocates; slices point into the tree. */
#ifndef AMEND_DIALECT_POSTGRES_PG_TREE_H
#define AMEND_DIALECT_POSTGRES_PG_TREE_H

#include "base/slice.h"

#include <pg_query/pg_query.pb-c.h>

typedef PgQuery__Node pg_node;

typedef struct pg_ref
{
    slice schema, name;
} pg_ref;

/* Of a String node; "" for any other, and for NULL. */
slice pg_tree_string(const pg_node *node);
/* Of [catalog, schema,] name; the last parts but `last` ones, which name something within (a trigger of a table). */
pg_ref pg_tree_name(pg_node *const *parts, size_t count);
pg_ref pg_tree_range(const PgQuery__RangeVar *range); /* NULL: empty */
/* Of what names an object in DROP, RENAME …: a String, a list, a type's name, a function with its arguments. */
pg_ref pg_tree_object(const pg_node *node);
/* The last part of a type's name: int4, text … */
slice pg_tree_type(const PgQuery__TypeName *type);

/* The option of that name in a list of DefElem; NULL when there is none. */
const PgQuery__DefElem *pg_tree_option(pg_node *const *options, size_t count, const char *name);
/* Is it on: without an argument, or with one other than false, off and 0? False when it isn't there. */
bool pg_tree_option_on(pg_node *const *options, size_t count, const char *name);

/* Called for a message and all messages in it, outer ones first; what it returns says whether to go in. */
typedef bool (*pg_visit)(void *arg, const ProtobufCMessage *message);
void pg_tree_visit(const ProtobufCMessage *message, pg_visit visit, void *arg);
/* Is it of this type ("FuncCall")? */
bool pg_tree_is(const ProtobufCMessage *message, const char *type);

#endif

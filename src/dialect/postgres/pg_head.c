/* SPDX-License-Identifier: MIT */
#include "dialect/postgres/pg_head.h"

#include "dialect/postgres/pg_name.h"

enum
{
    HEAD_DROP = 1 << 0,
    HEAD_ALTER = 1 << 1,
    HEAD_REFRESH = 1 << 2,
    HEAD_REINDEX = 1 << 3,
};

static const struct
{
    const char *word;
    unsigned verb;
} head_verbs[] = {{"DROP", HEAD_DROP}, {"ALTER", HEAD_ALTER}, {"REFRESH", HEAD_REFRESH}, {"REINDEX", HEAD_REINDEX}};

/* ALTER TABLE works on views and sequences, too: it tells nothing. */
static const struct
{
    const char *word, *second;
    unsigned verbs;
    amend_object_kind kind;
} head_kinds[] = {
    {"TABLE", NULL, HEAD_DROP, AMEND_OBJECT_TABLE},
    {"INDEX", NULL, HEAD_DROP | HEAD_ALTER | HEAD_REINDEX, AMEND_OBJECT_INDEX},
    {"VIEW", NULL, HEAD_DROP | HEAD_ALTER, AMEND_OBJECT_VIEW},
    {"MATERIALIZED", "VIEW", HEAD_DROP | HEAD_ALTER | HEAD_REFRESH, AMEND_OBJECT_VIEW},
    {"SEQUENCE", NULL, HEAD_DROP | HEAD_ALTER, AMEND_OBJECT_SEQUENCE},
    {"TYPE", NULL, HEAD_DROP | HEAD_ALTER, AMEND_OBJECT_TYPE},
    {"DOMAIN", NULL, HEAD_DROP | HEAD_ALTER, AMEND_OBJECT_TYPE},
    {"COLLATION", NULL, HEAD_DROP | HEAD_ALTER, AMEND_OBJECT_COLLATION},
    {"EXTENSION", NULL, HEAD_DROP | HEAD_ALTER, AMEND_OBJECT_EXTENSION},
    {"TRIGGER", NULL, HEAD_DROP | HEAD_ALTER, AMEND_OBJECT_TRIGGER},
};

/* Read the verb and the kind. */
static amend_object_kind head_read(pg_lexer *l)
{
    pg_token t;
    unsigned verb = 0;
    pg_lexer_next(l, &t);
    for (size_t i = 0; i < sizeof head_verbs / sizeof head_verbs[0]; i++)
    {
        verb |= pg_lexer_is(&t, head_verbs[i].word) ? head_verbs[i].verb : 0;
    }
    if (verb == 0)
    {
        return AMEND_OBJECT_NONE;
    }
    pg_lexer_next(l, &t);
    for (size_t i = 0; i < sizeof head_kinds / sizeof head_kinds[0]; i++)
    {
        if ((head_kinds[i].verbs & verb) != 0 && pg_lexer_is(&t, head_kinds[i].word))
        {
            bool whole = true;
            if (head_kinds[i].second != NULL)
            {
                pg_lexer_next(l, &t);
                whole = pg_lexer_is(&t, head_kinds[i].second);
            }
            return whole ? head_kinds[i].kind : AMEND_OBJECT_NONE;
        }
    }
    return AMEND_OBJECT_NONE;
}

/* Is it the object's name? A schema that either of the two lacks may be any; the path's becomes *schema. */
static bool head_names(const pg_path *path, const amend_object *object, char schema[AMEND_NAME_SIZE])
{
    char name[AMEND_NAME_SIZE];
    pg_path_name(&path->parts[path->count - 1], name);
    if (strcmp(name, object->name) != 0)
    {
        return false;
    }
    schema[0] = '\0';
    if (path->count > 1)
    {
        pg_path_name(&path->parts[path->count - 2], schema);
    }
    return path->count == 1 || object->schema[0] == '\0' || strcmp(schema, object->schema) == 0;
}

/* Is nothing but this statement in the text? */
static bool head_is_last(pg_lexer *l, pg_token t)
{
    while (t.kind != PG_END && !pg_lexer_is_symbol(&t, ';'))
    {
        pg_lexer_next(l, &t);
    }
    while (pg_lexer_is_symbol(&t, ';'))
    {
        pg_lexer_next(l, &t);
    }
    return t.kind == PG_END;
}

/* The names behind the verb and the kind. How many of them are the object's; *schema is that of the last of these. */
static size_t head_find(pg_lexer *l, const amend_object *object, char schema[AMEND_NAME_SIZE])
{
    pg_lexer ahead = *l;
    pg_path path;
    size_t found = 0;
    pg_lexer_next(&ahead, &path.next);
    *l = pg_lexer_is(&path.next, "CONCURRENTLY") ? ahead : *l;
    do
    {
        if (!pg_path_read(l, &path))
        {
            return 0;
        }
        found += head_names(&path, object, schema);
    }
    while (pg_lexer_is_symbol(&path.next, ','));
    return head_is_last(l, path.next) ? found : 0;
}

void pg_head_tell(slice query, amend_object *object)
{
    char schema[AMEND_NAME_SIZE];
    pg_lexer l = {.text = query};
    amend_object_kind kind = head_read(&l);
    size_t found = kind == AMEND_OBJECT_NONE ? 0 : head_find(&l, object, schema);
    if (found > 0)
    {
        object->kind = kind;
    }
    if (found == 1 && object->schema[0] == '\0')
    {
        memcpy(object->schema, schema, sizeof schema);
    }
}

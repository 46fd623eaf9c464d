/* SPDX-License-Identifier: MIT */
#include "object.h"

#include "json.h"
#include "suggest.h"

#include <string.h>

static const char *object_columns(pool *p, const char *names)
{
    const char *text = "";
    for (const char *at = names; *at != '\0';)
    {
        size_t length = strcspn(at, ",");
        text = pool_format(p, "%s%s%.*s", text, *text == '\0' ? "" : ", ", (int)length, at);
        at += length + (at[length] == ',');
    }
    return text;
}

const char *object_name(pool *p, const amend_object *object)
{
    const char *owner = *object->schema == '\0' ? object->table : pool_format(p, "%s.%s", object->schema, object->table);
    if (*object->table == '\0')
    {
        return *object->schema == '\0' ? object->name : pool_format(p, "%s.%s", object->schema, object->name);
    }
    if (object->kind == AMEND_OBJECT_UNIQUE)
    {
        return pool_format(p, "%s (%s)", owner, object_columns(p, object->name));
    }
    return *object->name == '\0' ? owner : pool_format(p, "%s.%s", owner, object->name);
}

json_t *object_json(const amend_object *object)
{
    json_t *out = json_object();
    json_add(out, "kind", amend_object_kind_name(object->kind));
    json_add(out, "schema", object->schema);
    json_add(out, "table", object->table);
    json_add(out, "name", object->name);
    if (object->count > 0)
    {
        json_add_number(out, "count", object->count);
    }
    return out;
}

/* The search for the nearest name. */
typedef struct object_search
{
    pool *pool;
    suggestion near;
    amend_object best;
} object_search;

static void object_consider(void *arg, const amend_provision *provision)
{
    object_search *s = arg;
    size_t before = s->near.best == NULL ? SIZE_MAX : s->near.distance;
    const char *names[] = {provision->object->name, object_name(s->pool, provision->object)};
    for (size_t i = 0; i < 2; i++)
    {
        suggest_consider(&s->near, pool_text(s->pool, names[i]));
    }
    if (s->near.best != NULL && s->near.distance < before)
    {
        s->best = *provision->object;
    }
}

const char *object_nearest(amend *handle, pool *p, const char *name)
{
    object_search s = {.pool = p, .near = {.word = name}};
    if (amend_provides(handle, NULL, object_consider, &s, NULL) != AMEND_OK || s.near.best == NULL)
    {
        return NULL;
    }
    return pool_format(p, "%s %s", amend_object_kind_name(s.best.kind), object_name(p, &s.best));
}

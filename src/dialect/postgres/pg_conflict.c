/* SPDX-License-Identifier: MIT */
/* By tokens: ON CONFLICT belongs to the last INSERT INTO before it that stands as deep in parentheses. */
#include "dialect/postgres/pg_conflict.h"

#include "dialect/postgres/pg_name.h"

enum
{
    CONFLICT_COLUMNS = 32, /* the most that an index has */
    CONFLICT_DEPTH = 8,
};

typedef struct conflict
{
    pg_lexer lexer;
    pg_token token;
    int depth;
    pg_path targets[CONFLICT_DEPTH]; /* of the last INSERT INTO at each depth; count 0: none */
} conflict;

static void conflict_advance(conflict *c)
{
    pg_lexer_next(&c->lexer, &c->token);
}

static bool conflict_eat(conflict *c, const char *word)
{
    bool there = pg_lexer_is(&c->token, word);
    if (there)
    {
        conflict_advance(c);
    }
    return there;
}

/* One column in front of the comma or parenthesis that ends it. */
static bool conflict_column(conflict *c, char out[AMEND_NAME_SIZE])
{
    bool name = c->token.kind == PG_WORD || c->token.kind == PG_NAME;
    if (!name || pg_path_name(&c->token, out) == 0)
    {
        return false;
    }
    conflict_advance(c);
    return pg_lexer_is_symbol(&c->token, ',') || pg_lexer_is_symbol(&c->token, ')');
}

/* Put the name where it belongs in the list, if it is not there yet. `list` is sorted, its names end in NUL. */
static size_t conflict_insert(char list[CONFLICT_COLUMNS][PG_NAME_BYTES + 1], size_t count, const char *name)
{
    size_t at = count;
    while (at > 0 && strcmp(list[at - 1], name) > 0)
    {
        at--;
    }
    if (at > 0 && strcmp(list[at - 1], name) == 0)
    {
        return count;
    }
    memmove(list[at + 1], list[at], (count - at) * sizeof list[0]);
    memcpy(list[at], name, strlen(name) + 1);
    return count + 1;
}

/* Behind ON CONFLICT. The word behind the parenthesis tells it from a condition that calls a function of that name. */
static bool conflict_columns(conflict *c, char out[AMEND_NAME_SIZE])
{
    char list[CONFLICT_COLUMNS][PG_NAME_BYTES + 1], name[AMEND_NAME_SIZE];
    size_t count = 0, len = 0;
    while (!pg_lexer_is_symbol(&c->token, ')'))
    {
        conflict_advance(c);
        if (count == CONFLICT_COLUMNS - 1 || !conflict_column(c, name))
        {
            return false;
        }
        count = conflict_insert(list, count, name);
    }
    conflict_advance(c);
    if (!pg_lexer_is(&c->token, "DO") && !pg_lexer_is(&c->token, "WHERE"))
    {
        return false;
    }
    for (size_t i = 0; i < count; i++)
    {
        size_t more = strlen(list[i]);
        if (len + more + 2 > AMEND_NAME_SIZE)
        {
            return false;
        }
        memcpy(out + len, list[i], more);
        len += more;
        out[len++] = ',';
    }
    out[len - 1] = '\0';
    return true;
}

static bool conflict_take(conflict *c, amend_object *out)
{
    const pg_path *target = &c->targets[c->depth];
    if (target->count == 0 || !pg_lexer_is_symbol(&c->token, '(') || !conflict_columns(c, out->name))
    {
        return false;
    }
    pg_path_name(&target->parts[target->count - 1], out->table);
    if (target->count > 1)
    {
        pg_path_name(&target->parts[target->count - 2], out->schema);
    }
    return true;
}

/* One step on. True when what is behind an ON CONFLICT is the current token. */
static bool conflict_step(conflict *c)
{
    if (pg_lexer_is_symbol(&c->token, '('))
    {
        c->depth++;
    }
    else if (pg_lexer_is_symbol(&c->token, ')') || pg_lexer_is_symbol(&c->token, ';'))
    {
        c->depth = pg_lexer_is_symbol(&c->token, ';') || c->depth == 0 ? 0 : c->depth - 1;
    }
    if (conflict_eat(c, "ON"))
    {
        return conflict_eat(c, "CONFLICT");
    }
    if (conflict_eat(c, "INSERT"))
    {
        if (pg_lexer_is(&c->token, "INTO") && c->depth < CONFLICT_DEPTH)
        {
            pg_path *target = &c->targets[c->depth];
            target->count = pg_path_read(&c->lexer, target) ? target->count : 0;
            c->token = target->next;
        }
        return false;
    }
    conflict_advance(c);
    return false;
}

bool pg_conflict_find(slice query, amend_object *out)
{
    conflict c;
    bool found = false;
    c.lexer = (pg_lexer){.text = query};
    c.depth = 0;
    for (size_t i = 0; i < CONFLICT_DEPTH; i++)
    {
        c.targets[i].count = 0;
    }
    conflict_advance(&c);
    while (c.token.kind != PG_END && c.token.kind != PG_UNENDED)
    {
        if (!conflict_step(&c))
        {
            continue;
        }
        if (found || c.depth >= CONFLICT_DEPTH || !conflict_take(&c, out))
        {
            return false;
        }
        found = true;
    }
    return found;
}

/* SPDX-License-Identifier: MIT */
/*
 * The SQLSTATE says what kind of object is missing. Its name stands in the query at the error's position; the message, in
 * whatever language, has the same name somewhere, which is how a position that means something else is told. Without a position
 * (in a function's body, at execution, in DROP …) the message's quoted names are all there is.
 *
 * Nothing here is compared with a message's words: SQL's own, which no language translates, are CONFLICT and the types' names.
 */
#include "dialect/postgres/pg_detect.h"

#include "dialect/postgres/pg_conflict.h"
#include "dialect/postgres/pg_head.h"
#include "dialect/postgres/pg_message.h"
#include "dialect/postgres/pg_name.h"

#include <stdint.h>

/* What is known of an error. */
typedef struct sight
{
    slice message, query;
    size_t position; /* as given */
    size_t at;       /* the position in bytes; SIZE_MAX: none, or not in the query */
    bool literal;    /* the path stands inside a string: 'app.cards'::regclass */
    pg_path path;    /* what is at the position; count 0: no name */
} sight;

/* ---------------------------------------------------------------------------------------------------------- the query */

static void sight_read(sight *s)
{
    s->path.count = 0;
    s->path.star = false;
    s->literal = false;
    s->at = pg_name_offset(s->query, s->position);
    if (s->at == SIZE_MAX)
    {
        return;
    }
    pg_lexer l = {.text = s->query, .at = s->at};
    bool read = false;
    if (s->query.data[s->at] == '\'')
    {
        pg_token string;
        pg_lexer_next(&l, &string);
        s->literal = string.kind == PG_STRING && memchr(string.body.data, '\'', string.body.len) == NULL;
        read = s->literal && pg_path_whole(string.body, &s->path);
    }
    else
    {
        read = pg_path_read(&l, &s->path) && s->path.parts[0].start == s->at;
    }
    s->path.count = read ? s->path.count : 0;
}

/* The text before the position, without the white space that it ends with. */
static slice sight_before(const sight *s)
{
    slice before = slice_sub(s->query, 0, s->at);
    while (before.len > 0 &&
           (before.data[before.len - 1] == ' ' || (before.data[before.len - 1] >= '\t' && before.data[before.len - 1] <= '\r')))
    {
        before.len--;
    }
    return before;
}

/* Does this word (in capitals) stand right before the position? */
static bool sight_behind_word(const sight *s, const char *word)
{
    slice before = sight_before(s), wanted = slice_of(word);
    if (before.len <= wanted.len || !slice_equal_nocase(slice_sub(before, before.len - wanted.len, before.len), wanted))
    {
        return false;
    }
    char c = before.data[before.len - wanted.len - 1];
    return c == ' ' || c == '(' || c == ')' || (c >= '\t' && c <= '\r');
}

/* The part of the path, counted from its end; empty when it has fewer. */
static slice sight_part(const sight *s, size_t from_end, char out[AMEND_NAME_SIZE])
{
    out[0] = '\0';
    size_t len = from_end < s->path.count ? pg_path_name(&s->path.parts[s->path.count - 1 - from_end], out) : 0;
    return (slice){out, len};
}

/* Is the path's end in the message: "schema.name", or "name" alone? */
static bool sight_agrees(const sight *s)
{
    char text[2 * AMEND_NAME_SIZE], name[AMEND_NAME_SIZE];
    slice last = sight_part(s, 0, name);
    if (s->path.count == 0)
    {
        return false;
    }
    slice qualifier = sight_part(s, 1, text);
    if (qualifier.len == 0)
    {
        return pg_message_has(s->message, last);
    }
    text[qualifier.len] = '.';
    memcpy(text + qualifier.len + 1, last.data, last.len);
    return pg_message_has(s->message, (slice){text, qualifier.len + 1 + last.len});
}

/* --------------------------------------------------------------------------------------------------------- the result */

static bool detect_put(char out[AMEND_NAME_SIZE], slice name)
{
    if (name.len == 0 || name.len >= AMEND_NAME_SIZE)
    {
        return false;
    }
    memcpy(out, name.data, name.len);
    out[name.len] = '\0';
    return true;
}

/* "name" or "schema.name", as a message has it. More dots than one are ambiguous. */
static bool detect_put_dotted(amend_object *out, char qualifier[AMEND_NAME_SIZE], slice text)
{
    slice rest = text, first = slice_token(&rest, '.');
    if (first.len == text.len)
    {
        return detect_put(out->name, text);
    }
    return memchr(rest.data, '.', rest.len) == NULL && detect_put(qualifier, first) && detect_put(out->name, rest);
}

/* The path's last part becomes the name, the one before it `qualifier`. */
static bool detect_put_path(const sight *s, amend_object *out, char qualifier[AMEND_NAME_SIZE])
{
    sight_part(s, 1, qualifier);
    return sight_part(s, 0, out->name).len > 0;
}

/* ----------------------------------------------------------------------------------------------------------- the kinds */

/*
 * 42P01. It is also said of a table that is there, but not in this query's FROM: then the table is what a column at the
 * position is qualified with, or follows FOR UPDATE OF.
 */
static bool detect_find_relation(const sight *s, amend_object *out)
{
    if (sight_agrees(s))
    {
        out->kind = AMEND_OBJECT_RELATION;
        return !s->path.star && (s->literal || !sight_behind_word(s, "OF")) && detect_put_path(s, out, out->schema);
    }
    char name[AMEND_NAME_SIZE];
    if (!s->literal && s->path.count > 1 && pg_message_has(s->message, sight_part(s, 1, name)))
    {
        return false;
    }
    pg_runs runs;
    pg_message_runs(s->message, &runs);
    if (runs.count != 1 || !detect_put_dotted(out, out->schema, runs.runs[0]))
    {
        return false;
    }
    out->kind = AMEND_OBJECT_RELATION;
    pg_head_tell(s->query, out);
    return true;
}

/* column "title" of relation "cards"; record "new" has no field "title", where nothing says which table's the record is. */
static bool detect_column_of(const pg_runs *runs, amend_object *out)
{
    for (size_t i = 0; i < PG_RUNS; i++)
    {
        if (slice_equal(runs->runs[i], SLICE("new")) || slice_equal(runs->runs[i], SLICE("old")))
        {
            return detect_put(out->name, runs->runs[1 - i]);
        }
    }
    return detect_put(out->name, runs->runs[0]) && detect_put(out->table, runs->runs[1]);
}

static bool detect_find_column(const sight *s, amend_object *out)
{
    char name[AMEND_NAME_SIZE];
    slice last = sight_part(s, 0, name);
    pg_runs runs;
    out->kind = AMEND_OBJECT_COLUMN;
    pg_message_runs(s->message, &runs);
    bool whole = s->path.count > 1 || runs.count > 0; /* (c).title is at c */
    if (whole && !s->literal && !s->path.star && pg_message_has(s->message, last))
    {
        sight_part(s, 2, out->schema);
        detect_put_path(s, out, out->table);
        bool target = s->path.count == 1 && runs.count == 2 && slice_equal(runs.runs[0], last);
        return !target || detect_put(out->table, runs.runs[1]);
    }
    if (runs.count == 0)
    {
        slice dotted = pg_message_dotted(s->message);
        return dotted.data != NULL && detect_put_dotted(out, out->table, dotted);
    }
    return runs.count == 1 ? detect_put(out->name, runs.runs[0]) : runs.count == 2 && detect_column_of(&runs, out);
}

/* An operator's position is at the operator; of those that are words, the message has no signature of that name. */
static bool detect_find_function(const sight *s, amend_object *out)
{
    char name[AMEND_NAME_SIZE + 1];
    slice last = sight_part(s, 0, name);
    out->kind = AMEND_OBJECT_FUNCTION;
    if (last.len > 0)
    {
        name[last.len] = '(';
        bool signature = pg_message_has(s->message, (slice){name, last.len + 1});
        if (signature || (s->literal && pg_message_has(s->message, last)))
        {
            return detect_put_path(s, out, out->schema);
        }
    }
    slice called = pg_message_called(s->message);
    if (called.data != NULL)
    {
        return detect_put_dotted(out, out->schema, called);
    }
    pg_runs runs;
    pg_message_runs(s->message, &runs);
    return runs.count == 1 && strpbrk(s->message.data, ":(") == NULL && detect_put_dotted(out, out->schema, runs.runs[0]);
}

/* 42704 with a position: a type; a collation (then it is at COLLATE); a window, which no migration makes. */
static bool detect_other_by_position(sight *s, amend_object *out)
{
    out->kind = AMEND_OBJECT_OTHER;
    if (!s->literal && s->path.count == 1 && pg_lexer_is(&s->path.parts[0], "COLLATE"))
    {
        pg_lexer l = {.text = s->query, .at = s->path.parts[0].end};
        s->path.count = pg_path_read(&l, &s->path) ? s->path.count : 0;
        out->kind = AMEND_OBJECT_COLLATION;
    }
    else if (!s->literal && (sight_behind_word(s, "AS") || slice_ends(sight_before(s), SLICE("::"))))
    {
        out->kind = AMEND_OBJECT_TYPE;
    }
    return sight_agrees(s) && detect_put_path(s, out, out->schema);
}

static bool detect_find_other(const sight *seen, amend_object *out)
{
    sight s = *seen;
    if (s.path.count > 0)
    {
        bool window = !s.literal && sight_behind_word(&s, "OVER");
        return !window && detect_other_by_position(&s, out);
    }
    pg_runs runs;
    pg_message_runs(s.message, &runs);
    if (runs.count == 0 || runs.count > PG_RUNS)
    {
        return false;
    }
    slice name = runs.runs[0];
    name.len -= slice_ends(name, SLICE("[]")) ? 2 : 0;
    if (!detect_put_dotted(out, out->schema, name))
    {
        return false;
    }
    out->kind = AMEND_OBJECT_OTHER;
    pg_head_tell(s.query, out);
    return out->kind != AMEND_OBJECT_TRIGGER || (runs.count == 2 && detect_put(out->table, runs.runs[1]));
}

static bool detect_find_schema(const sight *s, amend_object *out)
{
    pg_runs runs;
    pg_message_runs(s->message, &runs);
    out->kind = AMEND_OBJECT_SCHEMA;
    if (runs.count == 1)
    {
        return detect_put(out->name, runs.runs[0]);
    }
    char name[AMEND_NAME_SIZE];
    slice first = s->path.count > 1 ? sight_part(s, s->path.count - 1, name) : (slice){NULL, 0};
    return pg_message_has(s->message, first) && detect_put(out->name, first);
}

/* The server's own types whose input can be wrong with this SQLSTATE; of those with more words than one, also the last. */
static bool detect_is_builtin(slice type)
{
    static const char *const names[] = {
        "bigint",  "bit",     "boolean",  "box",    "bytea",   "cid",     "cidr",      "circle", "double precision",
        "inet",    "integer", "json",     "jsonb",  "line",    "lseg",    "macaddr",   "money",  "macaddr8",
        "numeric", "oid",     "path",     "pg_lsn", "point",   "polygon", "precision", "real",   "smallint",
        "tid",     "tsquery", "tsvector", "uuid",   "varying", "xid",     "xid8",      "xml",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    {
        if (slice_equal(type, slice_of(names[i])))
        {
            return true;
        }
    }
    return false;
}

/* 22P02 is said of every type's input; of the server's own types it can't be about an enum. */
static bool detect_find_enum_value(const sight *s, amend_object *out)
{
    slice type, value;
    pg_path path;
    if (!pg_message_value(s->message, &type, &value) || value.len > PG_NAME_BYTES || !pg_path_whole(type, &path) ||
        path.count > 2)
    {
        return false;
    }
    out->kind = AMEND_OBJECT_ENUM_VALUE;
    pg_path_name(&path.parts[path.count - 1], out->table);
    if (path.count == 2)
    {
        pg_path_name(&path.parts[0], out->schema);
        return detect_put(out->name, value);
    }
    return !detect_is_builtin(slice_of(out->table)) && detect_put(out->name, value);
}

/* 42P10 has other causes, too; they have a position, this one has none. */
static bool detect_find_unique(const sight *s, amend_object *out)
{
    out->kind = AMEND_OBJECT_UNIQUE;
    return s->position == 0 && pg_message_has(s->message, SLICE("CONFLICT")) && pg_conflict_find(s->query, out);
}

static const struct
{
    const char *state;
    bool (*find)(const sight *s, amend_object *out);
} detect_rows[] = {
    {"42P01", detect_find_relation}, {"42703", detect_find_column}, {"42883", detect_find_function},
    {"42704", detect_find_other},    {"3F000", detect_find_schema}, {"22P02", detect_find_enum_value},
    {"42P10", detect_find_unique},
};

/* Names end where they end: clearing all their bytes would take as long as the rest. */
static void detect_clear(amend_object *out)
{
    out->kind = AMEND_OBJECT_NONE;
    out->schema[0] = out->table[0] = out->name[0] = '\0';
    out->count = 0;
}

bool pg_detect(const amend_db_error *e, amend_object *out)
{
    detect_clear(out);
    if (e->sqlstate == NULL)
    {
        return false;
    }
    for (size_t i = 0; i < sizeof detect_rows / sizeof detect_rows[0]; i++)
    {
        if (strcmp(e->sqlstate, detect_rows[i].state) != 0)
        {
            continue;
        }
        sight s;
        s.message = slice_of(e->message == NULL ? "" : e->message);
        s.query = slice_of(e->query == NULL ? "" : e->query);
        s.position = e->position;
        sight_read(&s);
        if (detect_rows[i].find(&s, out))
        {
            return true;
        }
        detect_clear(out);
    }
    return false;
}

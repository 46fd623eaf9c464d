/* SPDX-License-Identifier: MIT */
/* An array sorted by the last part of the names, searched by halving. */
#include "guard/roster.h"

#include "base/error.h"
#include "base/sort.h"

enum
{
    PARTS = 3,
};

typedef struct roster_row
{
    amend_object_kind kind;
    slice schema, table, name; /* unquoted; folded when case does not count */
    const fact *fact;
} roster_row;

struct roster
{
    arena *arena;
    bool nocase, failed;
    const roster_row **rows;
    size_t count;
};

/* The words of facts; those that begin with another one come before it. */
static const struct
{
    slice word;
    amend_object_kind kind;
    bool owned; /* the part before the last one is a table or type, where there are as many parts as the database has */
} roster_kinds[] = {
    {{"column ", 7}, AMEND_OBJECT_COLUMN, true},
    {{"table ", 6}, AMEND_OBJECT_TABLE, false},
    {{"index ", 6}, AMEND_OBJECT_INDEX, false},
    {{"constraint ", 11}, AMEND_OBJECT_INDEX, true},
    {{"trigger ", 8}, AMEND_OBJECT_TRIGGER, true},
    {{"view ", 5}, AMEND_OBJECT_VIEW, false},
    {{"function ", 9}, AMEND_OBJECT_FUNCTION, false},
    {{"procedure ", 10}, AMEND_OBJECT_FUNCTION, false},
    {{"type ", 5}, AMEND_OBJECT_TYPE, false},
    {{"domain ", 7}, AMEND_OBJECT_TYPE, false},
    {{"sequence ", 9}, AMEND_OBJECT_SEQUENCE, false},
    {{"schema ", 7}, AMEND_OBJECT_SCHEMA, false},
    {{"extension ", 10}, AMEND_OBJECT_EXTENSION, false},
    {{"collation ", 10}, AMEND_OBJECT_COLLATION, false},
    {{"aggregate ", 10}, AMEND_OBJECT_FUNCTION, false},
    {{"foreign table ", 14}, AMEND_OBJECT_TABLE, false},
    {{"virtual table ", 14}, AMEND_OBJECT_TABLE, false},
    {{"materialized view ", 18}, AMEND_OBJECT_VIEW, false},
};

static char roster_fold(const roster *r, char c)
{
    return (char)(r->nocase && c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* The next part of a dotted name, without quotes; *at goes behind the dot. */
static slice roster_part(roster *r, slice text, size_t *at, bool *more)
{
    char *part = arena_copy(r->arena, slice_sub(text, *at, text.len));
    size_t length = 0;
    bool quoted = false;
    r->failed |= part == NULL;
    *more = false;
    for (; part != NULL && *at < text.len; (*at)++)
    {
        char c = text.data[*at];
        if (c == '"')
        {
            bool doubled = quoted && *at + 1 < text.len && text.data[*at + 1] == '"';
            quoted = !quoted || doubled;
            *at += doubled;
            if (!doubled)
            {
                continue;
            }
        }
        if (!quoted && (c == '.' || c == '('))
        {
            *more = c == '.';
            (*at)++;
            break;
        }
        part[length++] = roster_fold(r, c);
    }
    return (slice){part == NULL ? "" : part, length};
}

static bool roster_row_make(roster *r, const fact *f, roster_row *row)
{
    size_t k = 0, count = sizeof roster_kinds / sizeof roster_kinds[0];
    while (k < count && !slice_starts(f->object, roster_kinds[k].word))
    {
        k++;
    }
    if (k == count)
    {
        return false;
    }
    slice parts[PARTS] = {{0}}, rest = slice_sub(f->object, roster_kinds[k].word.len, f->object.len);
    size_t at = 0, n = 0;
    bool more = true;
    while (more && n < PARTS)
    {
        parts[n++] = roster_part(r, rest, &at, &more);
    }
    *row = (roster_row){.kind = roster_kinds[k].kind, .name = parts[n - 1], .fact = f};
    row->table = n > 1 && roster_kinds[k].owned ? parts[n - 2] : (slice){0};
    row->schema = n > 2 || (n > 1 && !roster_kinds[k].owned) ? parts[0] : (slice){0};
    return true;
}

/* "integer GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME public.cards_id_seq …)" */
static bool roster_row_identity(roster *r, const fact *f, roster_row *row)
{
    const slice mark = SLICE(" AS IDENTITY (SEQUENCE NAME ");
    const char *found = !slice_starts(f->object, SLICE("column ")) || f->definition.len == 0
                            ? NULL
                            : memmem(f->definition.data, f->definition.len, mark.data, mark.len);
    if (found == NULL)
    {
        return false;
    }
    slice rest = slice_sub(f->definition, (size_t)(found - f->definition.data) + mark.len, f->definition.len);
    size_t end = 0;
    bool quoted = false;
    for (; end < rest.len && (quoted || (rest.data[end] != ' ' && rest.data[end] != ')')); end++)
    {
        quoted ^= rest.data[end] == '"';
    }
    rest.len = end;
    slice parts[PARTS] = {{0}};
    size_t at = 0, n = 0;
    for (bool more = true; more && n < PARTS;)
    {
        parts[n++] = roster_part(r, rest, &at, &more);
    }
    *row = (roster_row){.kind = AMEND_OBJECT_SEQUENCE, .name = parts[n - 1], .fact = f};
    row->schema = n > 1 ? parts[0] : (slice){0};
    return true;
}

static int roster_compare_names(slice a, slice b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter == 0 ? 0 : memcmp(a.data, b.data, shorter);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int roster_compare(const void *a, const void *b)
{
    return roster_compare_names(((const roster_row *)a)->name, ((const roster_row *)b)->name);
}

amend_status roster_make(arena *a, const snapshot *s, bool nocase, const roster **out, amend_error *error)
{
    roster *r = arena_alloc(a, sizeof *r);
    roster_row *rows = arena_array(a, 2 * s->count + 1, sizeof *rows);
    const roster_row **order = arena_array(a, 2 * s->count + 1, sizeof *order);
    if (r == NULL || rows == NULL || order == NULL)
    {
        return error_memory(error);
    }
    *r = (roster){.arena = a, .nocase = nocase, .rows = order};
    for (size_t i = 0; i < s->count; i++)
    {
        if (roster_row_make(r, &s->facts[i], &rows[r->count]))
        {
            order[r->count] = &rows[r->count];
            r->count++;
        }
        if (roster_row_identity(r, &s->facts[i], &rows[r->count]))
        {
            order[r->count] = &rows[r->count];
            r->count++;
        }
    }
    if (r->failed || !sort_pointers(a, (const void **)order, r->count, roster_compare))
    {
        return error_memory(error);
    }
    *out = r;
    return AMEND_OK;
}

/* ------------------------------------------------------------------------------------------------------------- finding */

static bool roster_same(const roster *r, slice a, slice b)
{
    return r->nocase ? slice_equal_nocase(a, b) : slice_equal(a, b);
}

static bool roster_fits(const roster *r, slice a, slice b)
{
    return a.len == 0 || b.len == 0 || roster_same(r, a, b);
}

/* Below, at or above zero: the row's name against this one. */
static int roster_order(const roster *r, const roster_row *row, slice name)
{
    for (size_t i = 0; i < row->name.len && i < name.len; i++)
    {
        unsigned char x = (unsigned char)row->name.data[i], y = (unsigned char)roster_fold(r, name.data[i]);
        if (x != y)
        {
            return x < y ? -1 : 1;
        }
    }
    return (row->name.len > name.len) - (row->name.len < name.len);
}

/* Is it one of the literals of "ENUM ('a', E'b\\c')"? */
static bool roster_has_value(slice definition, slice value)
{
    bool inside = false, same = false, escapes = false;
    size_t at = 0;
    for (size_t i = 0; i < definition.len; i++)
    {
        char c = definition.data[i];
        bool quote = c == '\'', doubled = quote && inside && i + 1 < definition.len && definition.data[i + 1] == '\'';
        if (quote && !doubled)
        {
            if (inside && same && at == value.len)
            {
                return true;
            }
            inside = !inside;
            escapes = inside && i > 0 && definition.data[i - 1] == 'E';
            same = true;
            at = 0;
            continue;
        }
        i += doubled || (escapes && c == '\\');
        same = same && at < value.len && value.data[at] == c;
        at++;
    }
    return false;
}

/* `value`: the fact's definition must have it; NULL: whatever it is. */
static const fact *roster_search(const roster *r, const roster_row *wanted, const slice *value)
{
    size_t low = 0, high = r->count;
    while (low < high)
    {
        size_t middle = low + (high - low) / 2;
        bool below = roster_order(r, r->rows[middle], wanted->name) < 0;
        low = below ? middle + 1 : low;
        high = below ? high : middle;
    }
    for (; low < r->count && roster_order(r, r->rows[low], wanted->name) == 0; low++)
    {
        const roster_row *row = r->rows[low];
        bool fits = row->kind == wanted->kind && roster_fits(r, row->schema, wanted->schema) &&
                    roster_fits(r, row->table, wanted->table);
        if (fits && (value == NULL || roster_has_value(row->fact->definition, *value)))
        {
            return row->fact;
        }
    }
    return NULL;
}

const fact *roster_find(const roster *r, amend_object_kind kind, slice schema, slice table, slice name)
{
    if (kind == AMEND_OBJECT_ENUM_VALUE)
    {
        return roster_search(r, &(roster_row){.kind = AMEND_OBJECT_TYPE, .schema = schema, .name = table}, &name);
    }
    return roster_search(r, &(roster_row){.kind = kind, .schema = schema, .table = table, .name = name}, NULL);
}

bool roster_is_bare(const roster *r, slice schema, slice table)
{
    bool columns = false;
    for (size_t i = 0; i < r->count && !columns; i++)
    {
        const roster_row *row = r->rows[i];
        columns = row->kind == AMEND_OBJECT_COLUMN && roster_fits(r, row->schema, schema) && roster_same(r, row->table, table);
    }
    return !columns && roster_find(r, AMEND_OBJECT_TABLE, schema, (slice){0}, table) != NULL;
}

bool roster_tells(amend_object_kind kind)
{
    bool told = kind == AMEND_OBJECT_ENUM_VALUE;
    for (size_t i = 0; i < sizeof roster_kinds / sizeof roster_kinds[0]; i++)
    {
        told |= roster_kinds[i].kind == kind;
    }
    return told;
}

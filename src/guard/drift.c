/* SPDX-License-Identifier: MIT */
#include "guard/drift.h"

#include "base/error.h"

enum
{
    LONGEST = 600, /* bytes of a definition that are told */
};

/* The words before the name in a fact's object; "foreign table" has two. */
static slice drift_name(slice object)
{
    static const slice tables[] = {{"table ", 6}, {"foreign table ", 14}, {"virtual table ", 14}};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
    {
        if (slice_starts(object, tables[i]))
        {
            return slice_sub(object, tables[i].len, object.len);
        }
    }
    return (slice){0};
}

static const fact *drift_fact(const difference *d)
{
    return d->kind == DIFFERENCE_EXTRA ? d->after : d->before;
}

/*
 * Does the object belong to that table: "column public.cards.title", "unique cards (title)", "primary key cards" to
 * "public.cards" or "cards"? *kind is the word, *rest what stands behind the table's name.
 */
static bool drift_is_part(slice object, slice table, slice *kind, slice *rest)
{
    static const slice kinds[] = {{"column ", 7}, {"constraint ", 11}, {"trigger ", 8},      {"policy ", 7},      {"rule ", 5},
                                  {"check ", 6},  {"unique ", 7},      {"primary key ", 12}, {"foreign key ", 12}};
    size_t k = 0, count = sizeof kinds / sizeof kinds[0];
    while (k < count && !slice_starts(object, kinds[k]))
    {
        k++;
    }
    slice name = k == count ? (slice){0} : slice_sub(object, kinds[k].len, object.len);
    if (name.len < table.len || !slice_starts(name, table))
    {
        return false;
    }
    *kind = (slice){kinds[k].data, kinds[k].len - 1};
    *rest = slice_sub(name, table.len, name.len);
    return rest->len == 0 || rest->data[0] == '.' || rest->data[0] == ' ';
}

/* The table among the differences that this one goes with; NULL: none. */
static const difference *drift_owner(const differences *d, const difference *part)
{
    slice kind, rest;
    for (size_t i = 0; i < d->count; i++)
    {
        const difference *x = &d->items[i];
        slice table = x->kind == part->kind && x->kind != DIFFERENCE_OTHER ? drift_name(drift_fact(x)->object) : (slice){0};
        if (table.len > 0 && drift_is_part(drift_fact(part)->object, table, &kind, &rest))
        {
            return x;
        }
    }
    return NULL;
}

/* ----------------------------------------------------------------------------------------------------------- the detail */

static slice drift_cut(slice line)
{
    size_t length = line.len < LONGEST ? line.len : LONGEST;
    while (length < line.len && length > 0 && ((unsigned char)line.data[length] & 0xc0) == 0x80)
    {
        length--;
    }
    return slice_sub(line, 0, length);
}

/* Two definitions, or the first lines of them that differ. */
static const char *drift_both(arena *a, slice before, slice after)
{
    size_t line = 1;
    bool many = memchr(before.data, '\n', before.len) != NULL || memchr(after.data, '\n', after.len) != NULL;
    slice x = before, y = after;
    while (many)
    {
        slice rest_x = x, rest_y = y, first_x = slice_token(&rest_x, '\n'), first_y = slice_token(&rest_y, '\n');
        if (!slice_equal(first_x, first_y) || rest_x.len == 0 || rest_y.len == 0)
        {
            bool same = slice_equal(first_x, first_y);
            x = same ? slice_token(&rest_x, '\n') : first_x;
            y = same ? slice_token(&rest_y, '\n') : first_y;
            line += same;
            break;
        }
        x = rest_x;
        y = rest_y;
        line++;
    }
    const char *at = many ? arena_format(a, "line %zu: ", line) : "";
    x = drift_cut(x);
    y = drift_cut(y);
    return at == NULL ? NULL
                      : arena_format(a, "expected  %s%.*s\nexisting  %s%.*s", at, (int)x.len, x.data, at, (int)y.len, y.data);
}

/* The definition, and what belongs to the object. "": nothing to tell. NULL: out of memory. */
static const char *drift_one(arena *a, const differences *d, const difference *of)
{
    const fact *f = drift_fact(of);
    slice text = f->definition;
    slice first = drift_cut(slice_token(&text, '\n'));
    const char *word = of->kind == DIFFERENCE_EXTRA ? "existing" : "expected";
    const char *detail =
        first.len == 0 ? "" : arena_format(a, "%s  %.*s%s", word, (int)first.len, first.data, text.len > 0 ? " …" : "");
    const char *between = first.len == 0 ? "with      " : "\nwith      ";
    slice table = drift_name(f->object);
    for (size_t i = 0; i < d->count && table.len > 0 && detail != NULL; i++)
    {
        slice kind, rest;
        if (d->items[i].kind != of->kind || !drift_is_part(drift_fact(&d->items[i])->object, table, &kind, &rest))
        {
            continue;
        }
        rest = rest.len == 0 ? rest : slice_sub(rest, 1, rest.len);
        detail = arena_format(a, "%s%s%.*s%s%.*s", detail, between, (int)kind.len, kind.data, rest.len == 0 ? "" : " ",
                              (int)rest.len, rest.data);
        between = ", ";
    }
    return detail;
}

static bool drift_make(arena *a, const differences *d, const difference *x, drift *out)
{
    static const char *const words[] = {[DIFFERENCE_MISSING] = "%s is missing",
                                        [DIFFERENCE_EXTRA] = "%s is there, but no migration left it",
                                        [DIFFERENCE_OTHER] = "%s is not as the last migration left it"};
    out->object = arena_copy(a, drift_fact(x)->object);
    out->message = out->object == NULL ? NULL : arena_format(a, words[x->kind], out->object);
    const char *detail =
        x->kind == DIFFERENCE_OTHER ? drift_both(a, x->before->definition, x->after->definition) : drift_one(a, d, x);
    out->detail = detail == NULL || *detail == '\0' ? NULL : detail;
    return out->message != NULL && detail != NULL;
}

amend_status drift_tell(arena *a, const differences *d, drifts *out, amend_error *error)
{
    *out = (drifts){.items = arena_array(a, d->count + 1, sizeof *out->items)};
    if (out->items == NULL)
    {
        return error_memory(error);
    }
    for (size_t i = 0; i < d->count; i++)
    {
        if (drift_owner(d, &d->items[i]) != NULL)
        {
            continue;
        }
        if (!drift_make(a, d, &d->items[i], &out->items[out->count++]))
        {
            return error_memory(error);
        }
    }
    return AMEND_OK;
}

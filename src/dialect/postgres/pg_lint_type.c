/* SPDX-License-Identifier: MIT */
/*
 * ALTER COLUMN TYPE writes no row when the old values are the new type's as they are: the types are binary coercible, or the
 * conversion by length is one that the server knows to do nothing (its support functions for varchar, varbit, numeric and the
 * times). All else writes the table and its indexes again.
 */
#include "dialect/postgres/pg_lint_look.h"

enum
{
    TYPE_FRACTION = 6, /* digits of a second's fraction: what a time has without a modifier */
};

static bool type_is(slice type, const char *const *names)
{
    for (; *names != NULL; names++)
    {
        if (slice_equal(type, slice_of(*names)))
        {
            return true;
        }
    }
    return false;
}

/* The names that one type has, beside the catalog's. */
static slice type_canonical(slice type)
{
    static const char *const rows[][2] = {{"serial", "int4"},  {"serial4", "int4"},     {"bigserial", "int8"},
                                          {"serial8", "int8"}, {"smallserial", "int2"}, {"serial2", "int2"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    {
        if (slice_equal(type, slice_of(rows[i][0])))
        {
            return slice_of(rows[i][1]);
        }
    }
    return type;
}

static bool same_mods(const pg_past_type *a, const pg_past_type *b)
{
    bool same = a->mod_count == b->mod_count && !a->other && !b->other;
    for (size_t i = 0; i < a->mod_count && same; i++)
    {
        same = a->mods[i] == b->mods[i];
    }
    return same;
}

static const char *change_of_length(const pg_past_type *from, const pg_past_type *to)
{
    bool wider = from->mod_count > 0 && to->mods[0] >= from->mods[0];
    return wider ? NULL : "a shorter limit is checked and applied row by row";
}

/* Without a scale it is 0. */
static const char *change_of_numeric(const pg_past_type *from, const pg_past_type *to)
{
    int from_scale = from->mod_count > 1 ? from->mods[1] : 0, to_scale = to->mod_count > 1 ? to->mods[1] : 0;
    bool wider = from->mod_count > 0 && from_scale == to_scale && to->mods[0] >= from->mods[0];
    return wider ? NULL : "another scale, or fewer digits, is applied row by row";
}

static const char *change_of_time(const pg_past_type *from, const pg_past_type *to)
{
    bool wider = to->mods[0] >= TYPE_FRACTION || (from->mod_count > 0 && to->mods[0] >= from->mods[0]);
    return wider ? NULL : "fewer digits of a second are rounded row by row";
}

/* The same type with other modifiers. */
static const char *change_of_mods(const pg_past_type *from, const pg_past_type *to)
{
    static const char *const lengths[] = {"varchar", "varbit", NULL};
    static const char *const times[] = {"timestamp", "timestamptz", "time", "timetz", NULL};
    bool unlimited = to->mod_count == 0 && !to->other;
    if (unlimited || same_mods(from, to))
    {
        return NULL;
    }
    if (from->other || to->other || to->array)
    {
        return "another modifier is applied row by row";
    }
    if (type_is(to->name, lengths))
    {
        return change_of_length(from, to);
    }
    if (type_is(to->name, times))
    {
        return change_of_time(from, to);
    }
    return slice_equal(to->name, SLICE("numeric")) ? change_of_numeric(from, to) : "another modifier is applied row by row";
}

const char *pg_lint_type_rewrites(const pg_past_type *from, const pg_past_type *to)
{
    static const struct
    {
        const char *from, *to;
    } coercible[] = {{"varchar", "text"}, {"text", "varchar"}, {"cidr", "inet"},
                     {"xml", "text"},     {"xml", "varchar"},  {"bit", "varbit"}};
    pg_past_type a = *from, b = *to;
    a.name = type_canonical(from->name);
    b.name = type_canonical(to->name);
    if (a.array == b.array && slice_equal(a.name, b.name))
    {
        return change_of_mods(&a, &b);
    }
    for (size_t i = 0; i < sizeof coercible / sizeof coercible[0] && !a.array && !b.array && b.mod_count == 0; i++)
    {
        if (slice_equal(a.name, slice_of(coercible[i].from)) && slice_equal(b.name, slice_of(coercible[i].to)))
        {
            return NULL;
        }
    }
    return "every row, and every index over it, is written again";
}

/* SPDX-License-Identifier: MIT */
#include "guard/truth.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

enum
{
    TRUTH_LONGEST = 400, /* of a definition in a message */
    TRUTH_LISTED = 30,   /* dependents in a message */
};

static const struct
{
    amend_object_kind object;
    const char *word;
} truth_words[] = {
    {AMEND_OBJECT_TABLE, "table"},       {AMEND_OBJECT_INDEX, "index"},   {AMEND_OBJECT_VIEW, "view"},
    {AMEND_OBJECT_SEQUENCE, "sequence"}, {AMEND_OBJECT_SCHEMA, "schema"}, {AMEND_OBJECT_TRIGGER, "trigger"},
};

static const char *truth_word_of(const claim *c)
{
    for (size_t i = 0; i < sizeof truth_words / sizeof truth_words[0]; i++)
    {
        if (truth_words[i].object == c->object)
        {
            return truth_words[i].word;
        }
    }
    return c->enumeration ? "enum" : "type";
}

const char *truth_what(arena *a, const claim *c)
{
    return arena_format(a, "%s \"%.*s%s%.*s\"", truth_word_of(c), (int)c->schema.len,
                        c->schema.data == NULL ? "" : c->schema.data, c->schema.len > 0 ? "." : "", (int)c->name.len,
                        c->name.data);
}

/* Does a later statement of the script that changes the same thing name this? Then it may be there already. */
static bool truth_follows(const claim *c, slice name)
{
    return name.len > 0 && c->later.len > 0 && memmem(c->later.data, c->later.len, name.data, name.len) != NULL;
}

/* --------------------------------------------------------------------------------------------------------------- enums */

/* A value, in quotes when it could be taken for more than one, or for none. */
static void truth_put_value(buf *out, slice value)
{
    bool plain = value.len > 0;
    for (size_t i = 0; i < value.len; i++)
    {
        plain &= value.data[i] != ',' && value.data[i] != ' ' && value.data[i] != '\'' && value.data[i] != '\n';
    }
    if (plain)
    {
        buf_add(out, value);
        return;
    }
    buf_char(out, '\'');
    for (size_t i = 0; i < value.len; i++)
    {
        buf_add(out, value.data[i] == '\'' ? SLICE("''") : value.data[i] == '\n' ? SLICE("\\n") : slice_sub(value, i, i + 1));
    }
    buf_char(out, '\'');
}

static bool truth_has(const slice *values, size_t count, slice value)
{
    for (size_t i = 0; i < count; i++)
    {
        if (slice_equal(values[i], value))
        {
            return true;
        }
    }
    return false;
}

/* The line of those values that `others` lacks; nothing without one. Returns how many. */
static size_t truth_put_values(buf *out, const char *word, const slice *values, size_t count, const slice *others,
                               size_t other_count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
    {
        if (others != NULL && truth_has(others, other_count, values[i]))
        {
            continue;
        }
        if (found++ == 0)
        {
            buf_format(out, "%s%-10s", out->len == 0 ? "" : "\n", word);
        }
        else
        {
            buf_text(out, ", ");
        }
        truth_put_value(out, values[i]);
    }
    return found;
}

/* Is each of one's values among the other's, or added later? */
static bool truth_same_values(const claim *c, const claim_found *f)
{
    bool same = true;
    for (size_t i = 0; i < c->value_count; i++)
    {
        same = same && truth_has(f->values, f->value_count, c->values[i]);
    }
    for (size_t i = 0; i < f->value_count; i++)
    {
        same = same && (truth_has(c->values, c->value_count, f->values[i]) || truth_follows(c, f->values[i]));
    }
    return same;
}

/* The claim's values, in its order; what is added later may stand between them. */
static bool truth_same_order(const claim *c, const claim_found *f)
{
    size_t next = 0;
    for (size_t i = 0; i < f->value_count && next < c->value_count; i++)
    {
        next += slice_equal(f->values[i], c->values[next]);
    }
    return next == c->value_count;
}

static const slice truth_none[1];

static amend_status truth_refuse_enum(arena *a, const claim *c, const claim_found *f, const char *what, amend_error *error)
{
    buf lines;
    buf_init(&lines, arena_allocator(a));
    (void)truth_put_values(&lines, "expected", c->values, c->value_count, NULL, 0);
    (void)truth_put_values(&lines, "existing", f->values, f->value_count, NULL, 0);
    size_t missing = truth_put_values(&lines, "missing", c->values, c->value_count,
                                      f->value_count == 0 ? truth_none : f->values, f->value_count);
    size_t extra = truth_put_values(&lines, "extra", f->values, f->value_count, c->value_count == 0 ? truth_none : c->values,
                                    c->value_count);
    if (lines.failed)
    {
        buf_clear(&lines);
        return error_memory(error);
    }
    bool order = missing + extra == 0;
    error_set(error, AMEND_E_EXISTS_OTHER, "%s exists with %s", what, order ? "its values in another order" : "other values");
    if (order)
    {
        error_hint(error, "The order of an enum's values can't be changed: make a new type, or take \"-- amend:enum-order "
                          "strict\" out of the migration.");
    }
    else if (missing > 0)
    {
        error_hint(error, "Add the missing values with ALTER TYPE … ADD VALUE in a migration of its own, or drop the type if "
                          "nothing uses it.");
    }
    else
    {
        error_hint(error,
                   "If the extra values are meant, add them to the migration; a value can't be taken out of an enum: else "
                   "make a new type, or drop this one if nothing uses it.");
    }
    error_detail(error, "%s", lines.data);
    buf_clear(&lines);
    return AMEND_REFUSED;
}

amend_status truth_judge_enum(arena *a, const claim *c, const claim_found *f, bool strict, amend_error *error)
{
    const char *what = truth_what(a, c);
    if (what == NULL)
    {
        return error_memory(error);
    }
    if (strcmp(f->sort, "e") != 0)
    {
        error_set(error, AMEND_E_EXISTS_OTHER, "%s exists, but is no enum", what);
        error_hint(error, "Give one of the two another name, or drop what exists if nothing uses it.");
        return AMEND_REFUSED;
    }
    return truth_same_values(c, f) && (!strict || truth_same_order(c, f)) ? AMEND_OK : truth_refuse_enum(a, c, f, what, error);
}

/* --------------------------------------------------------------------------------------------------------------- facts */

static const fact *truth_find(const fact_list *list, slice object)
{
    for (size_t i = 0; i < list->count; i++)
    {
        if (slice_equal(list->items[i].object, object))
        {
            return &list->items[i];
        }
    }
    return NULL;
}

/* "word      column title text": on one line, and not too long. */
static void truth_put_fact(buf *out, const char *word, const fact *f)
{
    bool named = !slice_equal(f->object, SLICE("kind")) && !slice_equal(f->object, SLICE("definition"));
    buf_format(out, "%s%-10s", out->len == 0 ? "" : "\n", word);
    if (named)
    {
        buf_add(out, f->object);
    }
    bool told = named && memmem(f->object.data, f->object.len, f->definition.data, f->definition.len) != NULL;
    if (told)
    {
        return; /* a check without a name is called by its condition */
    }
    buf_text(out, named ? " " : "");
    bool blank = true;
    for (size_t i = 0; i < f->definition.len; i++)
    {
        char byte = f->definition.data[i];
        bool space = byte == ' ' || byte == '\n' || byte == '\t';
        if (i > TRUTH_LONGEST && (byte & 0xC0) != 0x80)
        {
            buf_text(out, " …");
            return;
        }
        if (!space || !blank)
        {
            buf_char(out, space ? ' ' : byte);
        }
        blank = space;
    }
}

typedef struct truth_counts
{
    size_t missing, extra, other;
} truth_counts;

/* "column b", "column public.b": its own name, without quotes. */
static slice truth_fact_name(const fact *f)
{
    slice name = f->object;
    for (size_t i = name.len; i > 0; i--)
    {
        if (f->object.data[i - 1] == ' ' || f->object.data[i - 1] == '.')
        {
            name = slice_sub(f->object, i, f->object.len);
            break;
        }
    }
    bool quoted = name.len > 2 && name.data[0] == '"' && name.data[name.len - 1] == '"';
    return quoted ? slice_sub(name, 1, name.len - 1) : name;
}

static truth_counts truth_put_facts(buf *out, const claim *c, const fact_list *expected, const fact_list *existing)
{
    truth_counts n = {0};
    for (size_t i = 0; i < expected->count; i++)
    {
        const fact *f = &expected->items[i], *there = truth_find(existing, f->object);
        if (there != NULL && !slice_equal(there->definition, f->definition))
        {
            truth_put_fact(out, "expected", f);
            truth_put_fact(out, "existing", there);
            n.other++;
        }
    }
    for (size_t i = 0; i < expected->count; i++)
    {
        if (truth_find(existing, expected->items[i].object) == NULL)
        {
            truth_put_fact(out, "missing", &expected->items[i]);
            n.missing++;
        }
    }
    for (size_t i = 0; i < existing->count; i++)
    {
        const fact *f = &existing->items[i];
        if (truth_find(expected, f->object) == NULL && !truth_follows(c, truth_fact_name(f)))
        {
            truth_put_fact(out, "extra", f);
            n.extra++;
        }
    }
    return n;
}

static void truth_hint_facts(const claim *c, const truth_counts *n, amend_error *error)
{
    if (c->object != AMEND_OBJECT_TABLE)
    {
        error_hint(error, "Give the new one another name; or drop what exists, in a migration of its own, if nothing uses it.");
    }
    else if (n->missing + n->other > 0)
    {
        error_hint(error, "Change what exists with ALTER TABLE in a migration of its own, or give the new table another name.");
    }
    else
    {
        error_hint(error,
                   "If what is extra is meant, add it to the migration; else take it out with ALTER TABLE in a migration of "
                   "its own.");
    }
}

amend_status truth_judge_facts(arena *a, const claim *c, const fact_list *expected, const fact_list *existing,
                               amend_error *error)
{
    buf lines;
    const char *what = truth_what(a, c);
    buf_init(&lines, arena_allocator(a));
    truth_counts n = truth_put_facts(&lines, c, expected, existing);
    amend_status status = AMEND_OK;
    if (what == NULL || lines.failed)
    {
        status = error_memory(error);
    }
    else if (n.missing + n.extra + n.other > 0)
    {
        status = error_set(error, AMEND_E_EXISTS_OTHER, "%s exists with another definition", what);
        truth_hint_facts(c, &n, error);
        error_detail(error, "%s", lines.data);
    }
    buf_clear(&lines);
    return status;
}

/* ----------------------------------------------------------------------------------------------------------- dependents */

amend_status truth_refuse_drop(const char *name, const dependent_list *list, amend_error *error)
{
    char lines[2048];
    size_t len = 0;
    size_t shown = list->count > TRUTH_LISTED ? TRUTH_LISTED : list->count;
    lines[0] = '\0';
    for (size_t i = 0; i < shown && len < sizeof lines; i++)
    {
        const dependent *d = &list->items[i];
        int n = snprintf(lines + len, sizeof lines - len, "%s%-9s %s", i == 0 ? "" : "\n", d->kind, d->name);
        len += n > 0 ? (size_t)n : 0;
    }
    if (list->count > shown && len < sizeof lines)
    {
        snprintf(lines + len, sizeof lines - len, "\nand %zu more", list->count - shown);
    }
    error_set(error, AMEND_E_IN_USE, "type \"%s\" is in use by %zu object%s", name, list->count, list->count == 1 ? "" : "s");
    error_detail(error, "%s", lines);
    return AMEND_REFUSED;
}

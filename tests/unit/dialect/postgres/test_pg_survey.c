/* SPDX-License-Identifier: MIT */
/*
 * tests/cases/postgres/survey.txt and additive.txt: what migrations make, and what speaks against them; and what must hold for
 * any text: no crash, no error but for memory, nothing lost.
 */
#include "dialect/postgres/pg_survey.h"

#include "base/alloc.h"
#include "dialect/dialects.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <stdio.h>
#include <stdlib.h>

/* amend_object_kind_name is the API's: here its own words. */
static const char *kind_text(amend_object_kind kind)
{
    static const char *const texts[] = {
#define AMEND_OBJECT(name, text) text,
#include "amend/objects.def"
#undef AMEND_OBJECT
    };
    return texts[kind];
}

static void print_part(buf *out, slice part, const char *behind)
{
    if (part.len > 0)
    {
        buf_add(out, part);
        buf_text(out, behind);
    }
}

/* "+column app.cards.title", "-index i", "~table a -> app.b" */
static void print_change(buf *out, const change *c)
{
    static const char signs[] = {[CHANGE_ADD] = '+', [CHANGE_DROP] = '-', [CHANGE_RENAME] = '~'};
    buf_format(out, "%s%c%s ", out->len > 0 ? "; " : "", signs[c->kind], kind_text(c->object));
    print_part(out, c->schema, ".");
    print_part(out, c->table, ".");
    buf_add(out, c->name);
    if (c->kind == CHANGE_RENAME)
    {
        buf_text(out, " -> ");
        print_part(out, c->to_schema, ".");
        buf_add(out, c->to);
    }
}

static void print_changes(buf *out, const findings *f)
{
    for (size_t i = 0; i < f->change_count; i++)
    {
        print_change(out, &f->changes[i]);
    }
    buf_text(out, out->len == 0 ? "-" : "");
}

static void print_objections(buf *out, const findings *f)
{
    for (size_t i = 0; i < f->objection_count; i++)
    {
        const objection *o = &f->objections[i];
        buf_format(out, "%s%zu:%s", i > 0 ? "; " : "", o->statement + 1, objection_rule(o->kind));
        buf_text(out, o->table.len > 0 ? " " : "");
        print_part(out, o->schema, ".");
        print_part(out, o->table, "");
    }
    buf_text(out, out->len == 0 ? "-" : "");
}

typedef struct reading
{
    arena *arena;
    survey *survey;
    findings found; /* of the last one */
} reading;

static void reading_open(reading *r, bool words)
{
    *r = (reading){.arena = arena_new(&alloc_default)};
    assert_int_equal(dialect_postgres.survey_open(&alloc_default, &r->survey, NULL), AMEND_OK);
    if (words)
    {
        pg_survey_without_parser(r->survey);
    }
}

static void reading_close(reading *r)
{
    dialect_postgres.survey_close(r->survey);
    arena_free(r->arena);
}

static void read_text(reading *r, slice text)
{
    script s;
    assert_int_equal(dialect_postgres.split(r->arena, text, &s, NULL), AMEND_OK);
    r->found = (findings){0};
    assert_int_equal(dialect_postgres.survey_read(r->survey, r->arena, &s, &r->found, NULL), AMEND_OK);
}

/* Migrations with " %% " between them; "\n" is a line's end. The last one's findings are what counts. */
static void read_field(reading *r, const char *field)
{
    char *text = arena_string(r->arena, field);
    for (char *at = text; (at = strstr(at, "\\n")) != NULL;)
    {
        at[0] = ' ';
        at[1] = '\n';
    }
    for (char *next; text != NULL; text = next)
    {
        next = strstr(text, " %% ");
        size_t len = next == NULL ? strlen(text) : (size_t)(next - text);
        read_text(r, (slice){text, len});
        next = next == NULL ? NULL : next + 4;
    }
}

static void run_line(const test_line *l, bool words, void (*print)(buf *out, const findings *f))
{
    reading r;
    buf out;
    buf_init(&out, &alloc_default);
    reading_open(&r, words);
    read_field(&r, l->fields[0]);
    print(&out, &r.found);
    if (getenv("SURVEY_SHOW") != NULL)
    {
        printf("%s | %s\n", l->fields[0], out.data);
    }
    else if (strcmp(out.data, l->fields[1]) != 0)
    {
        fail_msg("%s:%u: %s\n  is       %s\n  not      %s", l->file, l->line, l->fields[0], out.data, l->fields[1]);
    }
    buf_clear(&out);
    reading_close(&r);
}

static void changes_line(const test_line *l)
{
    run_line(l, false, print_changes);
}

static void additive_line(const test_line *l)
{
    run_line(l, false, print_objections);
}

static void test_changes(void **state)
{
    (void)state;
    cases_lines("postgres/survey.txt", changes_line);
}

static void test_additive(void **state)
{
    (void)state;
    cases_lines("postgres/additive.txt", additive_line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_additive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

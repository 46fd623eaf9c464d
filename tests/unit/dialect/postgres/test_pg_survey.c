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

#include <pthread.h>
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
        at[0] = '\n';
        memmove(at + 1, at + 2, strlen(at + 2) + 1);
    }
    for (char *next; text != NULL; text = next)
    {
        next = strstr(text, " %% ");
        size_t len = next == NULL ? strlen(text) : (size_t)(next - text);
        read_text(r, (slice){text, len});
        next = next == NULL ? NULL : next + 4;
    }
}

static void expect_field(const test_line *l, size_t field, const buf *is)
{
    if (field >= l->count || strcmp(is->data, l->fields[field]) != 0)
    {
        fail_msg("%s:%u: %s\n  is       %s\n  not      %s", l->file, l->line, l->fields[0], is->data,
                 field < l->count ? l->fields[field] : "");
    }
}

static void run_line(const test_line *l, bool words, void (*print)(buf *out, const findings *f), size_t field)
{
    reading r;
    buf out;
    buf_init(&out, &alloc_default);
    reading_open(&r, words);
    read_field(&r, l->fields[0]);
    print(&out, &r.found);
    expect_field(l, field, &out);
    buf_clear(&out);
    reading_close(&r);
}

static void changes_line(const test_line *l)
{
    run_line(l, false, print_changes, 1);
}

static void additive_line(const test_line *l)
{
    run_line(l, false, print_objections, 1);
}

static void words_line(const test_line *l)
{
    run_line(l, true, print_changes, 1);
    run_line(l, true, print_objections, 2);
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

static void test_words(void **state)
{
    (void)state;
    cases_lines("postgres/words.txt", words_line);
}

/* The words find nothing that the parser doesn't; and tables, views and types they find as well. */
static void agrees_line(const test_line *l)
{
    static const amend_object_kind kinds[] = {AMEND_OBJECT_TABLE, AMEND_OBJECT_TYPE, AMEND_OBJECT_EXTENSION};
    reading tree, words;
    reading_open(&tree, false);
    reading_open(&words, true);
    read_field(&tree, l->fields[0]);
    read_field(&words, l->fields[0]);
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0] && strstr(l->fields[0], "search_path") == NULL; k++)
    {
        size_t made[2] = {0};
        for (size_t i = 0; i < tree.found.change_count; i++)
        {
            made[0] += tree.found.changes[i].kind == CHANGE_ADD && tree.found.changes[i].object == kinds[k];
        }
        for (size_t i = 0; i < words.found.change_count; i++)
        {
            made[1] += words.found.changes[i].kind == CHANGE_ADD && words.found.changes[i].object == kinds[k];
        }
        if (made[1] > made[0])
        {
            fail_msg("%s:%u: the words make more of %s", l->file, l->line, l->fields[0]);
        }
    }
    reading_close(&tree);
    reading_close(&words);
}

static void test_words_agree(void **state)
{
    (void)state;
    cases_lines("postgres/survey.txt", agrees_line);
}

/* ---------------------------------------------------------------------------------------------------- the real product */

typedef struct robots_reading
{
    reading reading;
    buf out;
} robots_reading;

static void read_robots(void *arg, const char *name, const char *text)
{
    robots_reading *w = arg;
    read_text(&w->reading, slice_of(text));
    buf_format(&w->out, "%s", name);
    for (size_t k = 0; k < w->reading.found.change_count; k++)
    {
        const change *c = &w->reading.found.changes[k];
        bool shown = c->object == AMEND_OBJECT_TABLE || c->object == AMEND_OBJECT_VIEW || c->object == AMEND_OBJECT_TYPE ||
                     c->object == AMEND_OBJECT_FUNCTION;
        buf_format(&w->out, shown ? " %s" : "", kind_text(c->object));
        buf_format(&w->out, shown ? ":%.*s" : "", (int)c->name.len, c->name.data);
    }
    buf_text(&w->out, " | ");
    buf part;
    buf_init(&part, &alloc_default);
    print_objections(&part, &w->reading.found);
    buf_format(&w->out, "%s\n", part.data);
    buf_clear(&part);
}

/* All of examples/robots, in order: its tables, views, functions and types, and what may not run by itself, and why. */
static void test_robots(void **state)
{
    robots_reading w;
    (void)state;
    reading_open(&w.reading, false);
    buf_init(&w.out, &alloc_default);
    cases_files("../../examples/robots/migrations/versions", read_robots, &w);
    char *expected = cases_text("postgres/robots.txt");
    assert_string_equal(w.out.data, expected);
    free(expected);
    buf_clear(&w.out);
    reading_close(&w.reading);
}

/* ------------------------------------------------------------------------------------------------------------- any text */

/* Bits of statements thrown together: nothing but memory can fail. */
static void test_garbage(void **state)
{
    static const char *const bits[] = {
        "CREATE ", "ALTER ", "DROP ",          "TABLE ",  "INDEX ",   "TYPE ",   "t ",       "\"T\" ",     "(",    ")",
        ",",       ";",      "a int",          " ON ",    "ADD ",     "COLUMN ", "RENAME ",  "TO ",        "$$",   "'x'",
        "'",       "DO ",    "BEGIN ",         "END ",    "EXECUTE ", "IF ",     "EXISTS ",  "EXCEPTION ", ".",    "UNIQUE ",
        "AS ",     "ENUM ",  "SELECT ",        "INTO ",   "DECLARE ", "LOOP ",   "THEN ",    "VALUE ",     "\xc3", "<<",
        ":=",      "WITH ",  "DELETE FROM t ", "format(", "%",        "SCHEMA ", "TRIGGER ", "NOT "};
    unsigned seed = 815;
    (void)state;
    for (int round = 0; round < 20000; round++)
    {
        char text[512] = "";
        for (int n = 1 + rand_r(&seed) % 16; n > 0; n--)
        {
            strcat(text, bits[(size_t)rand_r(&seed) % (sizeof bits / sizeof bits[0])]);
        }
        reading r;
        reading_open(&r, round % 2 == 1);
        script s;
        if (dialect_postgres.split(r.arena, slice_of(text), &s, NULL) == AMEND_OK)
        {
            assert_int_equal(dialect_postgres.survey_read(r.survey, r.arena, &s, &r.found, NULL), AMEND_OK);
        }
        for (size_t i = 0; i < r.found.change_count; i++)
        {
            assert_true(r.found.changes[i].name.len > 0);
        }
        reading_close(&r);
    }
}

/* Every prefix of every statement of the cases ends, too (the sanitizer watches). */
static void prefixes_line(const test_line *l)
{
    size_t len = strlen(l->fields[0]);
    for (size_t n = 0; n < len; n += 3)
    {
        char *copy = malloc(n + 1);
        assert_non_null(copy);
        memcpy(copy, l->fields[0], n);
        copy[n] = '\0';
        reading r;
        reading_open(&r, n % 2 == 1);
        script s;
        if (dialect_postgres.split(r.arena, (slice){copy, n}, &s, NULL) == AMEND_OK)
        {
            assert_int_equal(dialect_postgres.survey_read(r.survey, r.arena, &s, &r.found, NULL), AMEND_OK);
        }
        reading_close(&r);
        free(copy);
    }
}

static void test_prefixes(void **state)
{
    (void)state;
    cases_lines("postgres/survey.txt", prefixes_line);
}

static const struct
{
    const char *before, *again, *behind;
} nests[] = {
    {"CREATE VIEW v AS SELECT 1", "+1", ""},
    {"CREATE VIEW v AS SELECT a", "::int", ""},
    {"CREATE VIEW v AS SELECT ", "(", "1"},
    {"CREATE VIEW v AS SELECT 1, 2", " UNION SELECT 1, 2", ""},
    {"CREATE VIEW v AS SELECT ", "NOT ", "a"},
    {"CREATE VIEW v AS SELECT ", "CASE WHEN ", "a"},
    {"CREATE VIEW v AS SELECT a FROM t", " JOIN t ON true", ""},
    {"CREATE VIEW v AS SELECT a", " IS NULL", ""},
    {"CREATE VIEW v AS SELECT a", "[1]", ""},
    {"CREATE VIEW v AS SELECT a", " COLLATE c", ""},
    {"CREATE VIEW v AS SELECT ", "ARRAY[", "1"},
    {"CREATE VIEW v AS SELECT ", "- ", "1"},
};

static void *deep_thread(void *arg)
{
    const char *text = arg;
    reading r;
    reading_open(&r, false);
    read_text(&r, slice_of(text));
    assert_int_equal(r.found.change_count >= 1, 1);
    assert_int_equal(r.found.changes[0].object, AMEND_OBJECT_VIEW);
    reading_close(&r);
    return NULL;
}

/* However deep, and on a thread with a small stack: the view is found. */
static void test_deep(void **state)
{
    static const size_t times[] = {10, 60, 120, 240, 1000, 50000};
    (void)state;
    for (size_t i = 0; i < sizeof nests / sizeof nests[0] * 6; i++)
    {
        size_t n = times[i % 6], len = strlen(nests[i / 6].again);
        char *text = malloc(len * n + 200), *at = stpcpy(text, nests[i / 6].before);
        for (size_t k = 0; k < n; k++)
        {
            at = stpcpy(at, nests[i / 6].again);
        }
        stpcpy(at, nests[i / 6].behind);
        pthread_attr_t attr;
        pthread_t thread;
        assert_int_equal(pthread_attr_init(&attr), 0);
        assert_int_equal(pthread_attr_setstacksize(&attr, 1 << 20), 0);
        assert_int_equal(pthread_create(&thread, &attr, deep_thread, text), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        pthread_attr_destroy(&attr);
        free(text);
    }
}

static void test_many(void **state)
{
    enum
    {
        MANY = 10000
    };
    (void)state;
    char *text = malloc(MANY * 80), *at = text;
    for (int i = 0; i < MANY / 2; i++)
    {
        at += sprintf(at, "CREATE TABLE t%d (id int); DROP INDEX i%d;\n", i, i);
    }
    reading r;
    reading_open(&r, false);
    read_text(&r, slice_of(text));
    assert_int_equal(r.found.change_count, MANY / 2 * 3);
    assert_int_equal(r.found.objection_count, MANY / 2);
    assert_int_equal(r.found.changes[r.found.change_count - 1].statement, MANY - 1);
    reading_close(&r);
    free(text);
}

/* Fail each allocation in turn: an error, nothing left over, and the survey can go on. */
static void sweep(const char *text, bool words)
{
    for (size_t n = 1;; n++)
    {
        faulty_alloc f;
        const amend_allocator *allocator = faulty_alloc_init(&f, n, FAULTY_ONCE);
        arena *plain = arena_new(&alloc_default), *a = NULL;
        survey *v = NULL;
        script s;
        findings found = {0};
        amend_error error = {0};
        assert_int_equal(dialect_postgres.split(plain, slice_of(text), &s, NULL), AMEND_OK);
        amend_status status = dialect_postgres.survey_open(allocator, &v, &error);
        if (status == AMEND_OK && words)
        {
            pg_survey_without_parser(v);
        }
        a = status == AMEND_OK ? arena_new(allocator) : NULL;
        if (a != NULL)
        {
            status = dialect_postgres.survey_read(v, a, &s, &found, &error);
            assert_true(status == AMEND_OK || error.code == AMEND_E_OUT_OF_MEMORY);
            assert_true((status == AMEND_OK) == (f.failures == 0));
            arena_free(a);
        }
        dialect_postgres.survey_close(v);
        arena_free(plain);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            break;
        }
    }
}

static void memory_line(const test_line *l)
{
    if (strstr(l->fields[0], " %% ") == NULL && strstr(l->fields[0], "\\") == NULL)
    {
        sweep(l->fields[0], false);
    }
}

static void memory_words_line(const test_line *l)
{
    sweep(l->fields[0], true);
}

static void test_memory(void **state)
{
    char text[20000] = "", *at = text;
    (void)state;
    cases_lines("postgres/survey.txt", memory_line);
    cases_lines("postgres/additive.txt", memory_line);
    cases_lines("postgres/words.txt", memory_words_line);
    for (int i = 0; i < 300; i++) /* so that tables of all kinds have to grow */
    {
        at += sprintf(at, "CREATE TABLE t%d (a int); DROP TABLE u%d;", i, i);
    }
    sweep(text, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),     cmocka_unit_test(test_additive), cmocka_unit_test(test_words),
        cmocka_unit_test(test_words_agree), cmocka_unit_test(test_robots),   cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_prefixes),    cmocka_unit_test(test_deep),     cmocka_unit_test(test_many),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

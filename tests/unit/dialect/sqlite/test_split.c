/* SPDX-License-Identifier: MIT */
/* tests/cases/sqlite/split.txt, and the agreement with sqlite3's own prepare and tail, on those and on scripts made at random.
 */
#include "dialect/sqlite/split.h"

#include "base/alloc.h"
#include "dialect/dialects.h"
#include "support/cases.h"
#include "support/faulty_alloc.h"
#include "support/testing.h"

#include <sqlite3.h>
#include <stdlib.h>

static const struct
{
    unsigned flag;
    const char *word;
} words[] = {
    {STMT_BEGIN, "begin"}, {STMT_COMMIT, "commit"}, {STMT_CONTROL, "control"}, {STMT_SETTING, "setting"}, {STMT_NO_TX, "no_tx"},
    {STMT_COPY, "copy"},   {STMT_INDEX, "index"},   {STMT_SESSION, "session"}, {STMT_QUERY, "query"},     {STMT_DROP, "drop"},
};

static void print_flags(buf *out, unsigned flags)
{
    const char *before = "";
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    {
        if ((flags & words[i].flag) != 0)
        {
            buf_format(out, "%s%s", before, words[i].word);
            before = "+";
        }
    }
    buf_text(out, before[0] == '\0' ? "-" : "");
}

static void print_name(buf *out, const char *title, slice name)
{
    if (name.len > 0)
    {
        buf_format(out, " %s=", title);
        buf_add(out, name);
    }
}

static void print_script(buf *out, const script *s)
{
    if (s->flags != 0)
    {
        buf_format(out, "script:%s%s%s\n", (s->flags & SCRIPT_REBUILDS) != 0 ? " rebuilds" : "",
                   (s->flags & SCRIPT_SESSION) != 0 ? " session" : "", (s->flags & SCRIPT_NO_TX) != 0 ? " no_tx" : "");
    }
    for (size_t i = 0; i < s->count; i++)
    {
        const stmt *t = &s->stmts[i];
        print_flags(out, t->flags);
        print_name(out, "schema", t->schema);
        print_name(out, "object", t->object);
        print_name(out, "on", t->table);
        buf_text(out, " | ");
        for (size_t k = t->start; k < t->end; k++)
        {
            buf_text(out, s->text.data[k] == '\n' ? "\\n" : "");
            if (s->text.data[k] != '\n')
            {
                buf_char(out, s->text.data[k]);
            }
        }
        buf_char(out, '\n');
    }
}

/*
 * Run the script as the driver would. Up to the first statement that fails, prepare must begin where ours begins (but for space
 * and comments) and stop where ours ends. How many agreed; *all is set when none failed.
 */
static size_t run_beside(const char *text, const script *s, bool *all)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    size_t count = 0;
    int code = SQLITE_OK;
    for (const char *at = text; *at != '\0';)
    {
        sqlite3_stmt *found = NULL;
        size_t from = (size_t)(at - text);
        code = sqlite3_prepare_v2(db, at, -1, &found, &at);
        if (code != SQLITE_OK || found == NULL)
        {
            break;
        }
        size_t to = (size_t)(at - text);
        assert_true(count < s->count);
        assert_true(s->stmts[count].start >= from);
        bool last = s->text.data[s->stmts[count].end - 1] != ';';
        assert_true(last ? to >= s->stmts[count].end : to == s->stmts[count].end);
        count++;
        do
        {
            code = sqlite3_step(found);
        }
        while (code == SQLITE_ROW);
        code = sqlite3_finalize(found);
        if (code != SQLITE_OK)
        {
            break;
        }
    }
    sqlite3_close(db);
    *all = code == SQLITE_OK;
    return count;
}

static void split(arena *a, const char *text, script *s)
{
    amend_error error = {0};
    assert_int_equal(dialect_sqlite.split(a, slice_of(text), s, &error), AMEND_OK);
}

static void check_case(const test_case *c)
{
    arena *a = arena_new(&alloc_default);
    buf out;
    buf_init(&out, &alloc_default);
    script s;
    const char *text = cases_part(c, "script");
    split(a, text, &s);
    print_script(&out, &s);
    cases_expect(c, buf_slice(&out).data, cases_part(c, "expected"));
    bool all;
    size_t count = run_beside(text, &s, &all);
    if (all && count != s.count)
    {
        fail_msg("%s:%u: %s: sqlite3 finds %zu statements, not %zu", c->file, c->line, c->name, count, s.count);
    }
    buf_clear(&out);
    arena_free(a);
}

static void cases_are_split(void **state)
{
    (void)state;
    cases_run("sqlite/split.txt", check_case);
}

/* Pieces that can follow each other in any order. */
static const char *const fragments[] = {
    "CREATE TABLE IF NOT EXISTS t(x, y);",
    "CREATE TABLE IF NOT EXISTS t(x, y); CREATE TRIGGER IF NOT EXISTS tr AFTER INSERT ON t BEGIN SELECT 1; SELECT CASE 1 WHEN "
    "2 THEN 3 END; END;",
    "CREATE TEMP TABLE IF NOT EXISTS log(x); CREATE TEMP TRIGGER IF NOT EXISTS tg AFTER INSERT ON log BEGIN "
    "UPDATE log SET x = 'END;' WHERE x = ';'; /* END; */ DELETE FROM log WHERE 0; END /**/ ;",
    "SELECT ';', \";\", `;`, [;] FROM (SELECT 1 AS \";\");",
    "SELECT x'3b';",
    "EXPLAIN SELECT 1;",
    "EXPLAIN QUERY PLAN SELECT 2;",
    "WITH c AS (SELECT 1) SELECT * FROM c;",
    "PRAGMA user_version = 3;",
    "BEGIN; COMMIT;",
    ";",
    ";;",
    "-- ; a line\n",
    "/* ; -- */",
    "/**/",
    "\n\t ",
    "\r\n",
    "SELECT 1 - - 2 -- x\n;",
    "SELECT 4 / 2 /* ; */;",
    "SELECT '--', '/*';",
    "\xef\xbb\xbf",
    "SELECT 'END; é';",
};

static void random_scripts_agree(void **state)
{
    (void)state;
    srandom(7);
    for (size_t round = 0; round < 1500; round++)
    {
        arena *a = arena_new(&alloc_default);
        buf text;
        buf_init(&text, &alloc_default);
        for (long n = random() % 12; n >= 0; n--)
        {
            buf_text(&text, fragments[(size_t)random() % (sizeof fragments / sizeof fragments[0])]);
        }
        script s;
        bool all;
        split(a, text.data, &s);
        size_t count = run_beside(text.data, &s, &all);
        if (all && count != s.count)
        {
            fail_msg("sqlite3 finds %zu statements, not %zu, in: %s", count, s.count, text.data);
        }
        buf_clear(&text);
        arena_free(a);
    }
}

/* The whole text need not end in NUL, and nothing behind its length is read. */
static void reads_only_its_length(void **state)
{
    (void)state;
    const char *whole = "SELECT 'a';";
    for (size_t len = 0; len <= strlen(whole); len++)
    {
        char *exact = malloc(len + 1);
        assert_non_null(exact);
        memcpy(exact + 1, whole, len);
        arena *a = arena_new(&alloc_default);
        script s;
        assert_int_equal(dialect_sqlite.split(a, (slice){exact + 1, len}, &s, NULL), AMEND_OK);
        assert_int_equal(s.count, len > 0);
        arena_free(a);
        free(exact);
    }
}

static void comment_at_the_very_end(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    script s;
    split(a, "SELECT 1; /*", &s); /* two operators, says SQLite */
    assert_int_equal(s.count, 2);
    split(a, "SELECT 1; /* ", &s);
    assert_int_equal(s.count, 1);
    split(a, "SELECT 1 -", &s);
    assert_int_equal(s.stmts[0].end, 10);
    split(a, "SELECT 1; /", &s);
    assert_int_equal(s.count, 2);
    arena_free(a);
}

/* A NUL byte never gets here (the catalog refuses it), but it must do no harm. */
static void nul_is_a_character(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    script s;
    assert_int_equal(dialect_sqlite.split(a, (slice){"SELECT \0 1; SELECT 2;", 20}, &s, NULL), AMEND_OK);
    assert_int_equal(s.count, 2);
    arena_free(a);
}

static void many_triggers_are_linear(void **state)
{
    (void)state;
    arena *a = arena_new(&alloc_default);
    buf text;
    buf_init(&text, &alloc_default);
    for (size_t i = 0; i < 20000; i++)
    {
        buf_text(&text, "CREATE TRIGGER t BEGIN SELECT CASE 1 WHEN 2 THEN 3 END; SELECT 2; END;\n");
    }
    script s;
    split(a, text.data, &s);
    assert_int_equal(s.count, 20000);
    buf_reset(&text);
    buf_text(&text, "CREATE TRIGGER t BEGIN ");
    for (size_t i = 0; i < 50000; i++)
    {
        buf_text(&text, "SELECT CASE 1 WHEN 2 THEN 3 END;\n");
    }
    buf_text(&text, "END; SELECT 1");
    split(a, text.data, &s);
    assert_int_equal(s.count, 2);
    buf_clear(&text);
    arena_free(a);
}

static void memory_may_be_short(void **state)
{
    (void)state;
    const char *text = "CREATE TABLE \"a\"\"b\"(x); DROP TABLE \"a\"\"b\"; ALTER TABLE x RENAME TO \"a\"\"b\";"
                       "CREATE TRIGGER t BEGIN SELECT 1; END; PRAGMA \"foreign\"\"keys\"=1;"
                       "SELECT 1;SELECT 1;SELECT 1;SELECT 1;SELECT 1;";
    for (size_t n = 1, failures = 1; failures > 0; n++)
    {
        faulty_alloc f;
        arena *a = arena_new(faulty_alloc_init(&f, n, FAULTY_FOR_GOOD));
        script s = {.count = 99};
        amend_error error = {0};
        amend_status status = a == NULL ? AMEND_FAILED : dialect_sqlite.split(a, slice_of(text), &s, &error);
        assert_true((status == AMEND_OK) == (f.failures == 0));
        assert_true(a == NULL || status == AMEND_OK || (error.code == AMEND_E_OUT_OF_MEMORY && s.count == 99));
        failures = f.failures;
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
    }
}

/* The arena takes few, large blocks from the allocator, so that most of its own failures need a full one. */
static void memory_may_be_short_anywhere(void **state)
{
    (void)state;
    const char *text =
        "CREATE TABLE \"a\"\"b\"(x); DROP TABLE \"a\"\"b\"; ALTER TABLE x RENAME TO \"a\"\"b\"; DETACH \"q\"\"r\";";
    for (size_t fill = 0; fill < 16 * 1024; fill += 16)
    {
        faulty_alloc f;
        arena *a = arena_new(faulty_alloc_init(&f, 3, FAULTY_FOR_GOOD));
        assert_non_null(a);
        for (size_t i = 0; i <= fill / 4096; i++)
        {
            assert_non_null(arena_alloc(a, i < fill / 4096 ? 4096 : fill % 4096 + 16 > 4096 ? 4096 : fill % 4096 + 16));
        }
        script s;
        amend_error error = {0};
        amend_status status = dialect_sqlite.split(a, slice_of(text), &s, &error);
        assert_true(status == AMEND_OK ? f.failures == 0 && s.count == 4 : error.code == AMEND_E_OUT_OF_MEMORY);
        arena_free(a);
        assert_int_equal(faulty_alloc_clear(&f), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_are_split),       cmocka_unit_test(random_scripts_agree),
        cmocka_unit_test(reads_only_its_length), cmocka_unit_test(comment_at_the_very_end),
        cmocka_unit_test(nul_is_a_character),    cmocka_unit_test(many_triggers_are_linear),
        cmocka_unit_test(memory_may_be_short),   cmocka_unit_test(memory_may_be_short_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

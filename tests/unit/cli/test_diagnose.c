/* SPDX-License-Identifier: MIT */
#include "cli/diagnose.h"

#include "captured.h"

#include <string.h>

static void expect(const amend_error *error, size_t width, const char *text)
{
    pool p = {0};
    captured c;
    look l = {.width = width};
    diagnose_error(captured_begin(&c), &l, &p, error, "sqlite:x.db");
    captured_expect(&c, text);
    captured_end(&c);
    pool_clear(&p);
}

static void test_whole(void **state)
{
    amend_error e = {.code = AMEND_E_STATEMENT,
                     .message = "column \"nmae\" does not exist",
                     .hint = "Correct the file.",
                     .detail = "one\ntwo\n",
                     .sqlstate = "42703",
                     .version = "002",
                     .file = "migrations/002_add.sql",
                     .line = 3,
                     .column = 21,
                     .statement = 2,
                     .excerpt = "CREATE INDEX i ON t(nmae);",
                     .caret = 21};
    (void)state;
    expect(&e, 0,
           "error AM0210: column \"nmae\" does not exist (SQLSTATE 42703)\n"
           "  --> migrations/002_add.sql:3:21, statement 2 of 002\n"
           "   3 | CREATE INDEX i ON t(nmae);\n"
           "     |                     ^\n"
           "  detail: one\n"
           "          two\n"
           "  hint: Correct the file.\n"
           "  (\"amend explain AM0210\" says more)\n");
    expect(&e, 30,
           "error AM0210: column \"nmae\" does not exist (SQLSTATE 42703)\n"
           "  --> migrations/002_add.sql:3:21, statement 2 of 002\n"
           "   3 | …TE INDEX i ON t(nmae);\n"
           "     |                  ^\n"
           "  detail: one\n"
           "          two\n"
           "  hint: Correct the file.\n"
           "  (\"amend explain AM0210\" says more)\n");
}

static void test_parts(void **state)
{
    amend_error e = {.message = "plain"};
    (void)state;
    expect(&e, 0, "error: plain\n  --> sqlite:x.db\n");
    snprintf(e.file, sizeof e.file, "a.sql");
    expect(&e, 0, "error: plain\n  --> a.sql\n");
    e.line = 12345;
    snprintf(e.excerpt, sizeof e.excerpt, "SELECT;");
    expect(&e, 0, "error: plain\n  --> a.sql:12345\n12345 | SELECT;\n");
    snprintf(e.message, sizeof e.message, "bad \x1b[31m");
    e.line = 0;
    expect(&e, 0, "error: bad ?[31m\n  --> a.sql\n");
}

static void test_problem(void **state)
{
    pool p = {0};
    captured c;
    look plain = {0}, color = {.color = true};
    amend_problem problem = {.severity = AMEND_WARNING,
                             .code = AMEND_E_FILE_SKIPPED,
                             .file = "x.sql",
                             .line = 4,
                             .message = "skipped",
                             .hint = "Rename it."};
    (void)state;
    captured_begin(&c);
    diagnose_problem(c.stream, &plain, &p, &problem, true);
    captured_expect(&c, "warning AM0109: skipped\n  --> x.sql:4\n  hint: Rename it.\n");
    diagnose_problem(c.stream, &plain, &p, &problem, false);
    captured_expect(&c, "warning AM0109: skipped\n  --> x.sql:4\n");
    problem = (amend_problem){.severity = AMEND_NOTE, .message = "just so"};
    diagnose_problem(c.stream, &color, &p, &problem, true);
    captured_expect(&c, "\x1b[34mnote:\x1b[0m \x1b[1mjust so\x1b[0m\n");
    diagnose_remark(c.stream, &plain, &p, AMEND_WARNING, "take care\n");
    captured_expect(&c, "warning: take care \n");
    diagnose_remark(c.stream, &plain, &p, AMEND_INFO, "well");
    captured_expect(&c, "well\n");
    captured_end(&c);
    pool_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whole), cmocka_unit_test(test_parts),
                                       cmocka_unit_test(test_problem)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

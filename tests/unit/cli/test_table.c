/* SPDX-License-Identifier: MIT */
#include "cli/table.h"

#include "captured.h"

static const table_column columns[] = {
    {"VERSION", 0}, {"NAME", TABLE_SHRINKS}, {"STATE", 0}, {"AT", TABLE_DROPS}, {"TIME", TABLE_DROPS | TABLE_RIGHT}};

static void fill(table *t, pool *p)
{
    table_init(t, p, columns, 5);
    table_add(t, (table_cell[]){{"001", STYLE_PLAIN},
                                {"a name that is rather long", STYLE_PLAIN},
                                {"applied", STYLE_GREEN},
                                {"2026-11-03 12:00:00", STYLE_PLAIN},
                                {"12 ms", STYLE_PLAIN}});
    table_add(t,
              (table_cell[]){{"002", STYLE_PLAIN}, {"日本\n語", STYLE_PLAIN}, {"pending", STYLE_YELLOW}, {NULL, 0}, {NULL, 0}});
}

static void expect(size_t width, bool color, const char *text)
{
    pool p = {0};
    table t;
    captured c;
    look l = {.width = width, .color = color};
    fill(&t, &p);
    table_print(&t, captured_begin(&c), &l);
    captured_expect(&c, text);
    captured_end(&c);
    pool_clear(&p);
}

static void test_no_limit(void **state)
{
    (void)state;
    expect(0, false,
           "VERSION  NAME                        STATE    AT                    TIME\n"
           "001      a name that is rather long  applied  2026-11-03 12:00:00  12 ms\n"
           "002      日本 語                     pending\n");
}

static void test_shrinks(void **state)
{
    (void)state;
    expect(62, false,
           "VERSION  NAME              STATE    AT                    TIME\n"
           "001      a name that is …  applied  2026-11-03 12:00:00  12 ms\n"
           "002      日本 語           pending\n");
}

static void test_drops(void **state)
{
    (void)state;
    expect(60, false,
           "VERSION  NAME                   STATE    AT\n"
           "001      a name that is rathe…  applied  2026-11-03 12:00:00\n"
           "002      日本 語                pending\n");
    expect(40, false,
           "VERSION  NAME                    STATE\n"
           "001      a name that is rather…  applied\n"
           "002      日本 語                 pending\n");
    expect(26, false,
           "VERSION  NAME      STATE\n"
           "001      a name …  applied\n"
           "002      日本 語   pending\n");
}

static void test_colours(void **state)
{
    (void)state;
    expect(26, true,
           "\x1b[1mVERSION\x1b[0m  \x1b[1mNAME\x1b[0m      \x1b[1mSTATE\x1b[0m\n"
           "001      a name …  \x1b[32mapplied\x1b[0m\n"
           "002      日本 語   \x1b[33mpending\x1b[0m\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_limit), cmocka_unit_test(test_shrinks),
                                       cmocka_unit_test(test_drops), cmocka_unit_test(test_colours)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

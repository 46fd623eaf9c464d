/* SPDX-License-Identifier: MIT */
/* Cases: tests/cases/migration/filenames.txt */
#include "migration/filename.h"

#include "support/cases.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>

static filename_folder folder_of(const char *text)
{
    return strcmp(text, "root") == 0 ? FOLDER_ROOT : strcmp(text, "down") == 0 ? FOLDER_DOWN : FOLDER_VERSIONS;
}

static void expect_line(const test_line *l)
{
    static const char *const kinds[] = {
        [FILENAME_OTHER] = "other", [FILENAME_UNFIT] = "unfit", [FILENAME_UP] = "up", [FILENAME_DOWN] = "down"};
    filename f;
    filename_kind kind = filename_parse(folder_of(l->fields[0]), slice_of(l->fields[1]), &f);
    bool good = strcmp(kinds[kind], l->fields[2]) == 0;
    if (good && l->count == 5)
    {
        good = slice_equal(f.version, slice_of(l->fields[3])) && slice_equal(f.name, slice_of(l->fields[4]));
    }
    else if (good && l->count == 4)
    {
        good = strstr(f.reason, l->fields[3]) != NULL;
    }
    if (!good)
    {
        fail_msg("%s:%u: \"%s\" is %s, version \"%.*s\", name \"%.*s\", %s", l->file, l->line, l->fields[1], kinds[kind],
                 (int)f.version.len, f.version.data, (int)f.name.len, f.name.data, f.reason == NULL ? "" : f.reason);
    }
}

static void test_cases(void **state)
{
    (void)state;
    cases_lines("migration/filenames.txt", expect_line);
}

static void test_bytes_that_are_no_text(void **state)
{
    (void)state;
    filename f;
    assert_int_equal(filename_parse(FOLDER_ROOT,
                                    SLICE("001_gr\xf6\xdf"
                                          "e.sql"),
                                    &f),
                     FILENAME_UNFIT);
    assert_int_equal(filename_parse(FOLDER_ROOT, SLICE("001_a\nb.sql"), &f), FILENAME_UNFIT);
    assert_int_equal(filename_parse(FOLDER_ROOT,
                                    SLICE("001_a\xc2\xa0"
                                          "b.sql"),
                                    &f),
                     FILENAME_UNFIT);
    assert_int_equal(filename_parse(FOLDER_ROOT,
                                    SLICE("001_a\xe2\x80\xae"
                                          "b.sql"),
                                    &f),
                     FILENAME_UNFIT);
    assert_int_equal(filename_parse(FOLDER_ROOT, SLICE(""), &f), FILENAME_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_bytes_that_are_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

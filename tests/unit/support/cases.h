/* SPDX-License-Identifier: MIT */
/*
 * Cases that are data: text files under tests/cases, to which anyone can add without C.
 *
 *     # a comment, before the first case only
 *     === the name of a case
 *     >>> part             the lines from here to the next mark are the part's text
 *     …
 *     >>> other part
 *     …
 *
 * or, for cases of one line each: fields with " | " between them, "#" begins a comment line.
 */
#ifndef AMEND_TEST_CASES_H
#define AMEND_TEST_CASES_H

#include <stddef.h>

enum
{
    CASES_PARTS = 32,
    CASES_FIELDS = 8,
};

typedef struct test_case
{
    const char *file, *name;
    unsigned line;
    size_t count;
    const char *titles[CASES_PARTS]; /* "part" */
    const char *texts[CASES_PARTS];  /* "" or whole lines */
} test_case;

/* Run every case of tests/cases/<file>. A file without cases is a failure. */
void cases_run(const char *file, void (*run)(const test_case *c));
/* The text of a part; NULL when the case has none of that title. */
const char *cases_part(const test_case *c, const char *title);
/* Fail, with the case's place and a text beside another, when the two differ. */
void cases_expect(const test_case *c, const char *actual, const char *expected);

typedef struct test_line
{
    const char *file;
    unsigned line;
    size_t count;
    const char *fields[CASES_FIELDS];
} test_line;

void cases_lines(const char *file, void (*run)(const test_line *l));

/* The text of tests/cases/<file>; the caller's, to be freed. */
char *cases_text(const char *file);
/* Every file of tests/cases/<folder>, in the order of their names; at least one. */
void cases_files(const char *folder, void (*run)(void *arg, const char *name, const char *text), void *arg);

#endif

/* SPDX-License-Identifier: MIT */
#include "support/cases.h"

#include "support/testing.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *cases_text(const char *file)
{
    char path[1024];
    const char *dir = getenv("AMEND_CASES");
    snprintf(path, sizeof path, "%s/%s", dir == NULL ? "tests/cases" : dir, file);
    FILE *in = fopen(path, "rb");
    if (in == NULL)
    {
        fail_msg("can't open %s", path);
    }
    assert_int_equal(fseek(in, 0, SEEK_END), 0);
    size_t size = (size_t)ftell(in);
    rewind(in);
    char *text = calloc(1, size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, size, in), size);
    fclose(in);
    return text;
}

/* The line that *rest begins with, its end made NUL; NULL at the end of the text. */
static char *next_line(char **rest)
{
    char *line = *rest;
    if (line[0] == '\0')
    {
        return NULL;
    }
    char *end = strchr(line, '\n');
    if (end == NULL)
    {
        *rest = line + strlen(line);
        return line;
    }
    *end = '\0';
    *rest = end + 1;
    return line;
}

static size_t run_case(test_case *c, void (*run)(const test_case *))
{
    if (c->name == NULL)
    {
        return 0;
    }
    run(c);
    return 1;
}

/* Marks end a text where they begin: the newline before them stays, so that a text is whole lines. */
void cases_run(const char *file, void (*run)(const test_case *c))
{
    char *text = cases_text(file);
    test_case c = {.file = file};
    size_t ran = 0;
    unsigned number = 0;
    for (char *at = text; *at != '\0';)
    {
        char *end = strchr(at, '\n');
        char *next = end == NULL ? at + strlen(at) : end + 1;
        bool is_case = strncmp(at, "=== ", 4) == 0, is_part = strncmp(at, ">>> ", 4) == 0;
        number++;
        if ((is_case || is_part) && end != NULL)
        {
            *at = '\0';
            *end = '\0';
        }
        if (is_case)
        {
            ran += run_case(&c, run);
            c = (test_case){.file = file, .name = at + 4, .line = number};
        }
        else if (is_part)
        {
            assert_true(c.name != NULL && c.count < CASES_PARTS);
            c.titles[c.count] = at + 4;
            c.texts[c.count++] = next;
        }
        at = next;
    }
    ran += run_case(&c, run);
    free(text);
    assert_true(ran > 0);
}

const char *cases_part(const test_case *c, const char *title)
{
    for (size_t i = 0; i < c->count; i++)
    {
        if (strcmp(c->titles[i], title) == 0)
        {
            return c->texts[i];
        }
    }
    return NULL;
}

void cases_expect(const test_case *c, const char *actual, const char *expected)
{
    if (expected == NULL || strcmp(actual, expected) != 0)
    {
        fail_msg("%s:%u: %s\n--- expected\n%s--- actual\n%s---", c->file, c->line, c->name,
                 expected == NULL ? "(no such part)\n" : expected, actual);
    }
}

void cases_lines(const char *file, void (*run)(const test_line *l))
{
    char *text = cases_text(file), *rest = text, *line;
    unsigned number = 0;
    size_t ran = 0;
    while ((line = next_line(&rest)) != NULL)
    {
        number++;
        if (line[0] == '\0' || line[0] == '#')
        {
            continue;
        }
        test_line l = {.file = file, .line = number};
        for (char *field = line, *bar; field != NULL; field = bar == NULL ? NULL : bar + 3)
        {
            bar = strstr(field, " | ");
            if (bar != NULL)
            {
                *bar = '\0';
            }
            assert_true(l.count < CASES_FIELDS);
            l.fields[l.count++] = field;
        }
        run(&l);
        ran++;
    }
    free(text);
    assert_true(ran > 0);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

void cases_files(const char *folder, void (*run)(void *arg, const char *name, const char *text), void *arg)
{
    char path[1024];
    struct dirent **entries;
    const char *dir = getenv("AMEND_CASES");
    snprintf(path, sizeof path, "%s/%s", dir == NULL ? "tests/cases" : dir, folder);
    int count = scandir(path, &entries, is_visible, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++)
    {
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        char *text = cases_text(path);
        run(arg, entries[i]->d_name, text);
        free(text);
        free(entries[i]);
    }
    free(entries);
}

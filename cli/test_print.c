/* SPDX-License-Identifier: MIT */
#include "test_print.h"

#include "json.h"
#include "lint_print.h"
#include "print.h"

#include <string.h>

static const char *test_outcome(amend_test_outcome outcome)
{
    static const char *const names[] = {"passed", "failed", "skipped"};
    return names[outcome];
}

static bool test_same(const amend_test_result *a, const amend_test_result *b)
{
    return a->version == NULL || b->version == NULL ? a->version == b->version : strcmp(a->version, b->version) == 0;
}

/* Is it the first of its migration? Two roads are told of in turns, so its others may stand anywhere behind. */
static bool test_is_first(const test_list *list, size_t at)
{
    for (size_t i = 0; i < at; i++)
    {
        if (test_same(&list->items[i], &list->items[at]))
        {
            return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------------------- people */

static void test_print_lines(cli *c, const char *text)
{
    while (text != NULL && *text != '\0')
    {
        size_t length = strcspn(text, "\n");
        fprintf(stdout, "           %.*s\n", (int)length, text);
        text += length + (text[length] == '\n');
    }
    (void)c;
}

static void test_print_failure(cli *c, const amend_test_result *r)
{
    const char *place = r->file == NULL ? "" : r->line == 0 ? r->file : pool_format(&c->pool, "%s:%u", r->file, r->line);
    fprintf(stdout, "     %s%s%s: %s\n", look_on(&c->out, STYLE_RED), amend_test_kind_name(r->kind),
            look_off(&c->out, STYLE_RED), r->message == NULL ? "" : r->message);
    if (place[0] != '\0')
    {
        fprintf(stdout, "       --> %s\n", place);
    }
    if (r->kind != AMEND_TEST_LINT) /* its findings are printed by themselves */
    {
        test_print_lines(c, r->detail);
    }
}

/* "up, data, down, up again" of the migration of the finding at `at`. */
static const char *test_tried(cli *c, const test_list *list, size_t at, bool *failed)
{
    const char *words = NULL;
    for (size_t i = at; i < list->count; i++)
    {
        const amend_test_result *r = &list->items[i];
        if (!test_same(r, &list->items[at]))
        {
            continue;
        }
        *failed |= r->outcome == AMEND_TEST_FAILED;
        const char *word = amend_test_kind_name(r->kind);
        word = r->outcome == AMEND_TEST_SKIPPED ? pool_format(&c->pool, "no %s", word) : word;
        words = words == NULL ? word : pool_format(&c->pool, "%s, %s", words, word);
    }
    return words;
}

static void test_print_migration(cli *c, const test_list *list, size_t at)
{
    const amend_test_result *first = &list->items[at];
    bool failed = false;
    const char *tried = test_tried(c, list, at, &failed);
    if (c->quiet && !failed)
    {
        return;
    }
    style s = failed ? STYLE_RED : STYLE_GREEN;
    fprintf(stdout, "%s%s%s %s%s%s  %s%s%s\n", look_on(&c->out, s), failed ? "FAIL" : "ok  ", look_off(&c->out, s),
            first->version == NULL ? "all" : first->version, first->name == NULL || first->name[0] == '\0' ? "" : " ",
            first->name == NULL ? "" : first->name, look_on(&c->out, STYLE_DIM), tried, look_off(&c->out, STYLE_DIM));
    for (size_t i = at; i < list->count; i++)
    {
        if (list->items[i].outcome == AMEND_TEST_FAILED && test_same(&list->items[i], first))
        {
            test_print_failure(c, &list->items[i]);
        }
    }
}

void test_print_text(cli *c, const test_list *list)
{
    for (size_t i = 0; i < 2 * list->count; i++)
    {
        size_t at = i % list->count;
        bool all = i >= list->count; /* what is about all comes last */
        if ((list->items[at].version == NULL) == all && test_is_first(list, at))
        {
            test_print_migration(c, list, at);
        }
    }
    print_line(c, STYLE_BOLD, "%zu passed, %zu failed, %zu skipped in %s", list->passed, list->failed, list->skipped,
               print_duration(&c->pool, list->elapsed_ms));
}

void test_print_github(cli *c, const test_list *list)
{
    for (size_t i = 0; i < list->count; i++)
    {
        const amend_test_result *r = &list->items[i];
        if (r->outcome == AMEND_TEST_FAILED && r->kind != AMEND_TEST_LINT)
        {
            const char *title = pool_format(&c->pool, "%s %s: %s", r->version == NULL ? "all" : r->version,
                                            r->name == NULL ? "" : r->name, amend_test_kind_name(r->kind));
            const char *text = r->detail == NULL ? r->message : pool_format(&c->pool, "%s\n%s", r->message, r->detail);
            lint_print_command("error", r->file, r->line, 1, title, text);
        }
    }
}

/* ----------------------------------------------------------------------------------------------------------------- JSON */

json_t *test_json(const test_list *list)
{
    json_t *out = json_object(), *results = json_array();
    for (size_t i = 0; i < list->count; i++)
    {
        const amend_test_result *r = &list->items[i];
        json_t *row = json_object();
        json_add(row, "version", r->version);
        json_add(row, "name", r->name);
        json_add(row, "test", amend_test_kind_name(r->kind));
        json_add(row, "outcome", test_outcome(r->outcome));
        json_add(row, "file", r->file);
        if (r->line > 0)
        {
            json_add_number(row, "line", r->line);
        }
        json_add(row, "message", r->message);
        json_add(row, "detail", r->detail);
        json_add_number(row, "elapsed_ms", r->elapsed_ms);
        json_array_append_new(results, row);
    }
    json_add(out, "command", "test");
    json_add_number(out, "passed", (int64_t)list->passed);
    json_add_number(out, "failed", (int64_t)list->failed);
    json_add_number(out, "skipped", (int64_t)list->skipped);
    json_add_number(out, "elapsed_ms", list->elapsed_ms);
    json_object_set_new(out, "results", results);
    return out;
}

/* ---------------------------------------------------------------------------------------------------------------- JUnit */

/* XML 1.0, section 2.2: of the control characters only tab and line ends are allowed. */
static const char *test_xml(pool *p, const char *text)
{
    size_t room = text == NULL ? 1 : strlen(text) * 6 + 1, length = 0;
    char *out = pool_alloc(p, room);
    for (; text != NULL && *text != '\0'; text++)
    {
        unsigned char c = (unsigned char)*text;
        const char *as = c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : NULL;
        if (as != NULL)
        {
            length += (size_t)snprintf(out + length, room - length, "%s", as);
        }
        else
        {
            out[length++] = c < 0x20 && c != '\n' && c != '\t' ? '?' : (char)c;
        }
    }
    return out;
}

static void test_junit_case(pool *p, const amend_test_result *r, FILE *out)
{
    fprintf(out, "    <testcase classname=\"%s%s%s\" name=\"%s\"", r->version == NULL ? "all" : r->version,
            r->name == NULL || r->name[0] == '\0' ? "" : " ", test_xml(p, r->name), amend_test_kind_name(r->kind));
    if (r->file != NULL)
    {
        fprintf(out, " file=\"%s\"", test_xml(p, r->file));
    }
    fprintf(out, " time=\"%lld.%03lld\"", (long long)(r->elapsed_ms / 1000), (long long)(r->elapsed_ms % 1000));
    if (r->outcome == AMEND_TEST_PASSED)
    {
        fputs("/>\n", out);
        return;
    }
    bool failed = r->outcome == AMEND_TEST_FAILED;
    const char *element = failed ? "failure" : "skipped";
    fprintf(out, ">\n      <%s message=\"%s\">%s</%s>\n    </testcase>\n", element, test_xml(p, r->message),
            failed ? test_xml(p, r->detail) : "", element);
}

void test_junit(pool *p, const test_list *list, FILE *out)
{
    fprintf(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        "  <testsuite name=\"amend test\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\" time=\"%lld.%03lld\">\n",
        list->count, list->failed, list->skipped, (long long)(list->elapsed_ms / 1000), (long long)(list->elapsed_ms % 1000));
    for (size_t i = 0; i < list->count; i++)
    {
        test_junit_case(p, &list->items[i], out);
    }
    fputs("  </testsuite>\n</testsuites>\n", out);
}

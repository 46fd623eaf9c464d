/* SPDX-License-Identifier: MIT */
/* docs/lint.md: how lint is used, and the page of every rule. */
#include "docgen.h"

#include <string.h>

enum
{
    LINT_OFF,
    LINT_NOTE,
    LINT_WARNING,
    LINT_ERROR,
};

static const struct
{
    int number;
    const char *name;
    int severity;
    const char *title, *why, *scale, *safe, *bad, *good;
} lint_pages[] = {
#define AMEND_LINT(number, NAME, name, severity, title, why, scale, safe, bad, good)                                           \
    {number, name, severity, title, why, scale, safe, bad, good},
#include "amend/lint.def"
#undef AMEND_LINT
};

enum
{
    LINT_PAGES = sizeof lint_pages / sizeof lint_pages[0],
};

static const char *const lint_severities[] = {"off", "note", "warning", "error"};

static void docgen_lint_head(FILE *out)
{
    fputs(
        "# Lint\n\n<!-- Made by docgen from registry/amend/lint.def: change it there, then copy the file that the build makes. "
        "-->"
        "\n\n"
        "`amend lint` reads migrations and tells what would lock, rewrite or lose tables, break the code that runs meanwhile, "
        "or "
        "not do\nwhat it says. It connects to nothing: the URL, or `--dialect`, tells the kind of SQL. It knows what earlier "
        "migrations made, and that a\ntable which the same script makes is free: nobody waits for it, and no row is in it.\n\n"
        "```sh\n"
        "amend lint                             # all migrations of the directory\n"
        "amend lint migrations/versions/012*    # these only\n"
        "amend lint --pending                   # what the database has not (this one connects)\n"
        "amend lint --format github             # annotations in a workflow of GitHub Actions\n"
        "amend lint --format sarif              # SARIF 2.1.0, for code scanning\n"
        "amend explain rename                   # a rule's page\n"
        "```\n\n"
        "The exit status is 5 when something of severity error was found, else 0. With `--json`: "
        "[docs/schema/lint.json](schema/lint.json).\n\n"
        "`amend up` looks at what it is about to apply, too, and prints what it finds as warnings; `--lint off` doesn't look, "
        "and "
        "with\n`--lint error` a finding of severity error refuses the run before anything of it (AM0304, exit status 5). The "
        "setting "
        "`lint` and the variable\n`AMEND_LINT` say the same. On a database where nothing is applied yet, there is nothing to "
        "lose and nobody to wait: there, only\n`--lint error` looks.\n\n"
        "## Accepting a finding\n\n"
        "```sql\n"
        "-- amend:allow rename \"nothing reads this column yet\"\n"
        "ALTER TABLE cards RENAME COLUMN title TO headline;\n"
        "```\n\n"
        "The line stands in the comments above the statement, inside it on a line of its own, or behind it on the line where "
        "it "
        "ends. In the comments at the head\nof a file, before its first statement, it counts for the whole file. Several rules "
        "have commas between them. The reason is required.\nA directive that allows nothing is a finding itself.\n\n"
        "## Severities\n\n"
        "```ini\n"
        "[lint]\n"
        "no-down = error      # error, warning, note or off\n"
        "rename = note\n"
        "```\n\n"
        "The section `[lint]` of `amend.ini` holds for every environment.\n",
        out);
}

static void docgen_lint_table(FILE *out, const char *head, int from, int to)
{
    fprintf(out, "\n## %s\n\n| code | rule | severity | what is wrong |\n| --- | --- | --- | --- |\n", head);
    for (size_t i = 0; i < LINT_PAGES; i++)
    {
        if (lint_pages[i].number >= from && lint_pages[i].number < to)
        {
            fprintf(out, "| AL%03d | [%s](#al%03d-%s) | %s | %s |\n", lint_pages[i].number, lint_pages[i].name,
                    lint_pages[i].number, lint_pages[i].name, lint_severities[lint_pages[i].severity], lint_pages[i].title);
        }
    }
}

/* Each script of an example is a block of its own. */
static void docgen_lint_example(FILE *out, const char *label, const char *text)
{
    static const struct
    {
        const char *mark, *words;
    } marks[] = {{"@before\n", "an earlier migration"}, {"@up\n", "this migration"}, {"@down\n", "its down script"}};
    const char *words = "this migration";
    bool first = true;
    while (*text != '\0')
    {
        for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        {
            if (strncmp(text, marks[i].mark, strlen(marks[i].mark)) == 0)
            {
                words = marks[i].words;
                text += strlen(marks[i].mark);
                break;
            }
        }
        const char *end = strstr(text, "\n@");
        int length = end == NULL ? (int)strlen(text) : (int)(end - text);
        if (first && end == NULL)
        {
            fprintf(out, "\n%s:\n\n```sql\n%.*s\n```\n", label, length, text);
        }
        else
        {
            fprintf(out, "\n%s%s%s:\n\n```sql\n%.*s\n```\n", first ? label : "", first ? ", " : "", words, length, text);
        }
        first = false;
        text += length + (end != NULL);
    }
}

void docgen_lint(FILE *out)
{
    docgen_lint_head(out);
    docgen_lint_table(out, "Rules for every database", 1, 100);
    docgen_lint_table(out, "Rules for PostgreSQL", 101, 200);
    docgen_lint_table(out, "Rules for SQLite", 201, 300);
    fputs("\n## The pages\n", out);
    for (size_t i = 0; i < LINT_PAGES; i++)
    {
        fprintf(out, "\n### AL%03d %s\n\n%s (%s).\n\n*Why:* %s\n\n*At scale:* %s\n\n*Safe:* %s\n", lint_pages[i].number,
                lint_pages[i].name, lint_pages[i].title, lint_severities[lint_pages[i].severity], lint_pages[i].why,
                lint_pages[i].scale, lint_pages[i].safe);
        docgen_lint_example(out, "Fires", lint_pages[i].bad);
        docgen_lint_example(out, "Fine", lint_pages[i].good);
    }
}

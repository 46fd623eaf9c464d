/* SPDX-License-Identifier: MIT */
/* docs/commands.md: every command with its options, then the settings and the exit statuses. */
#include "docgen.h"

#include <string.h>

/* In a table's cell a "|" would end it. */
static void cell(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
    {
        fputs(*text == '|' ? "\\" : "", out);
        fputc(*text, out);
    }
}

static void docgen_markdown_options(FILE *out, uint64_t set)
{
    fputs("\n| option | meaning |\n| --- | --- |\n", out);
    for (size_t i = 0; i < OPTIONS; i++)
    {
        const option *o = &options_table[i];
        if ((set >> i & 1) == 0)
        {
            continue;
        }
        fputs("| ", out);
        if (o->letter != 0)
        {
            fprintf(out, "`-%c`, ", o->letter);
        }
        fprintf(out, "`--%s%s%s` | ", o->name, o->value == NULL ? "" : " ", o->value == NULL ? "" : o->value);
        cell(out, o->help);
        fputs(" |\n", out);
    }
}

static void docgen_markdown_examples(FILE *out, const char *text)
{
    docgen_example e;
    fputs("\n```sh\n", out);
    while (docgen_next_example(&text, &e))
    {
        if (e.text_length == 0)
        {
            fprintf(out, "%.*s\n", e.call_length, e.call);
        }
        else
        {
            fprintf(out, "%-36.*s  # %.*s\n", e.call_length, e.call, e.text_length, e.text);
        }
    }
    fputs("```\n", out);
}

static void one(FILE *out, const command *c)
{
    fprintf(out, "\n## amend %s\n\n`amend %s%s%s [options]`: %s.\n\n%s\n", c->name, c->name, *c->arguments == '\0' ? "" : " ",
            c->arguments, c->summary, c->description);
    if (c->options != 0)
    {
        docgen_markdown_options(out, c->options);
    }
    docgen_markdown_examples(out, c->examples);
}

static void settings(FILE *out)
{
    fputs("\n## Settings\n\nA flag comes before an environment variable, that before the same variable in `.env`, that before "
          "the "
          "key in `amend.ini`;\n[settings.md](settings.md) tells the details.\n\n"
          "| key in amend.ini | variable | flag | default | meaning |\n| --- | --- | --- | --- | --- |\n",
          out);
    for (size_t i = 0; i < SETTINGS; i++)
    {
        const setting_row *row = &settings_table[i];
        fprintf(out, "| `%s` | `%s`", row->key, row->variables[0]);
        if (row->variables[1] != NULL)
        {
            fprintf(out, ", `%s`", row->variables[1]);
        }
        if (row->option == OPTIONS)
        {
            fputs(" | | ", out);
        }
        else
        {
            fprintf(out, " | `--%s` | ", options_table[row->option].name);
        }
        if (row->value != NULL)
        {
            fprintf(out, "`%s` ", row->value);
        }
        fputs("| ", out);
        cell(out, row->help);
        fputs(" |\n", out);
    }
}

void docgen_markdown(FILE *out)
{
    fputs("# Commands\n\n<!-- Made by docgen from registry/: change the tables there, then copy the file that the build makes. "
          "-->\n\n"
          "| command | what it does |\n| --- | --- |\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
    {
        fprintf(out, "| [%s](#amend-%s) | %s |\n", commands_table[i].name, commands_table[i].name, commands_table[i].summary);
    }
    fputs("\nOptions may stand before or behind the command, as `--name=value` or `--name value`; `--` ends them.\n"
          "`--dry-run` prints SQL that can be run by hand, and then leaves the same history.\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
    {
        one(out, &commands_table[i]);
    }
    fputs("\n## Common options\n\nAll commands take these; those about the database matter only where one is used.\n", out);
    docgen_markdown_options(out, OPTIONS_COMMON | OPTIONS_SETTINGS);
    settings(out);
    fputs("\n## Exit status\n\n| status | meaning |\n| --- | --- |\n", out);
    for (size_t i = 0; docgen_status(i) != NULL; i++)
    {
        fprintf(out, "| %zu | %s |\n", i, docgen_status(i));
    }
}

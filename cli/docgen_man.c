/* SPDX-License-Identifier: MIT */
/* Manual pages in mdoc(7): a macro per line, and each sentence on a line of its own, as mandoc's lint wants it. */
#include "docgen.h"

#include <ctype.h>
#include <string.h>

enum
{
    LINE = 76,
};

static void character(FILE *out, const char **at)
{
    if (strncmp(*at, "…", strlen("…")) == 0)
    {
        fputs("...", out);
        *at += strlen("…");
        return;
    }
    if (**at == '\\')
    {
        fputs("\\e", out);
    }
    else if (**at == '"')
    {
        fputs("\\(dq", out);
    }
    else
    {
        fputc(**at, out);
    }
    *at += 1;
}

static bool ends_sentence(const char *at)
{
    return *at == ' ' && strchr(".?!", at[-1]) != NULL && (isupper((unsigned char)at[1]) || at[1] == '"');
}

/* Is the line so long that the word at `at` belongs on the next one? */
static bool is_full(const char *line, const char *at)
{
    return *at == ' ' && (size_t)(at - line) + 1 + strcspn(at + 1, " \n") > LINE;
}

/* Running text: a new line per sentence and before column 80, a .Pp between paragraphs. */
static void prose(FILE *out, const char *text)
{
    const char *line = text;
    for (const char *at = text; *at != '\0';)
    {
        if (at == line && strchr(".'", *at) != NULL)
        {
            fputs("\\&", out);
        }
        if (strncmp(at, "\n\n", 2) == 0)
        {
            fputs("\n.Pp\n", out);
            line = at += 2;
        }
        else if (at > text && (ends_sentence(at) || is_full(line, at)))
        {
            fputc('\n', out);
            line = ++at;
        }
        else
        {
            character(out, &at);
        }
    }
    fputc('\n', out);
}

static void head(FILE *out, const char *title, const char *name, const char *summary)
{
    fputs(".Dd November 21, 2026\n.Dt ", out);
    for (const char *c = title; *c != '\0'; c++)
    {
        fputc(toupper((unsigned char)*c), out);
    }
    fprintf(out, " 1\n.Os\n.Sh NAME\n.Nm %s\n.Nd %s\n.Sh SYNOPSIS\n", name, summary);
}

static void flags(FILE *out, const option *o)
{
    if (o->letter != 0)
    {
        fprintf(out, "Fl %c , ", o->letter);
    }
    fprintf(out, "Fl -%s", o->name);
    if (o->value != NULL)
    {
        fprintf(out, " Ar %s", o->value);
    }
    fputc('\n', out);
}

static void docgen_man_options(FILE *out, const char *title, uint64_t set)
{
    if (set == 0)
    {
        return;
    }
    fprintf(out, ".Sh %s\n.Bl -tag -width Ds\n", title);
    for (size_t i = 0; i < OPTIONS; i++)
    {
        if ((set >> i & 1) == 0)
        {
            continue;
        }
        fputs(".It ", out);
        flags(out, &options_table[i]);
        fputc(toupper((unsigned char)options_table[i].help[0]), out);
        prose(out, options_table[i].help + 1);
    }
    fputs(".El\n", out);
}

static void environment(FILE *out)
{
    fputs(".Sh ENVIRONMENT\nAn empty variable counts as one that is not set.\n.Bl -tag -width Ds\n", out);
    for (size_t i = 0; i < SETTINGS; i++)
    {
        const setting_row *row = &settings_table[i];
        fprintf(out, ".It Ev %s", row->variables[0]);
        fprintf(out, row->variables[1] == NULL ? "\n" : " , Ev %s\n", row->variables[1]);
        prose(out, row->help);
    }
    fputs(".It Ev AMEND_CONFIG\nThe file to read in place of\n.Pa amend.ini .\n"
          ".It Ev AMEND_HEAL\nThe policy of healing (off, additive, all or report) that\n.Ic amend explain --error\ngoes by.\n"
          "Programs that heal read it, too.\n"
          ".It Ev NO_COLOR\nWhen set, no colours are used.\n"
          ".It Ev COLUMNS\nHow wide the terminal is.\n.El\n",
          out);
}

static void files(FILE *out)
{
    fputs(".Sh FILES\n.Bl -tag -width Ds\n"
          ".It Pa amend.ini\nThe settings, in the current directory: keys at the top, then a section\nper environment.\n"
          ".It Pa .env\nVariables, as in the environment, which comes before it.\n"
          ".It Pa migrations/versions/NNN_name.sql , Pa migrations/down/NNN_name_down.sql\nThe migrations, and the way back.\n"
          ".It Pa migrations/NNN_name.sql , Pa migrations/NNN_name.down.sql\nThe same in the flat layout.\n.El\n",
          out);
}

static void exit_status(FILE *out)
{
    fputs(".Sh EXIT STATUS\n.Bl -tag -width Ds\n", out);
    for (size_t i = 0; docgen_status(i) != NULL; i++)
    {
        fprintf(out, ".It %zu\n", i);
        prose(out, docgen_status(i));
    }
    fputs(".El\n", out);
}

static void docgen_man_examples(FILE *out, const char *text)
{
    docgen_example e;
    fputs(".Sh EXAMPLES\n", out);
    for (bool first = true; docgen_next_example(&text, &e); first = false)
    {
        fputs(first ? "" : ".Pp\n", out);
        if (e.text_length > 0)
        {
            fputc(toupper((unsigned char)e.text[0]), out);
            for (const char *at = e.text + 1; at < e.text + e.text_length;)
            {
                character(out, &at);
            }
            fputs(":\n", out);
        }
        fprintf(out, ".Dl $ %.*s\n", e.call_length, e.call);
    }
}

void docgen_man(FILE *out)
{
    head(out, "amend", "amend", "bring a database to the schema version that its application needs");
    fputs(".Nm\n.Ar COMMAND\n.Op Ar options\n.Sh DESCRIPTION\n.Nm\n"
          "applies numbered SQL files, the migrations, to a SQLite file or a\nPostgreSQL server, each one once and in order, "
          "and keeps a history of what\nwas applied in the database itself.\n"
          ".Pp\nOptions may stand before or behind the command, as\n.Fl -name Ns = Ns Ar value\nor\n.Fl -name Ar value ;\n"
          ".Fl -\nends them.\n"
          "A flag comes before an environment variable, that before\n.Pa .env ,\nand that before\n.Pa amend.ini .\n"
          ".Ic amend status --verbose\nlists each setting and where it came from.\n.Sh COMMANDS\n.Bl -tag -width Ds\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
    {
        const command *c = &commands_table[i];
        fprintf(out, ".It Xr amend-%s 1\n%c", c->name, toupper((unsigned char)c->summary[0]));
        prose(out, c->summary + 1);
    }
    fputs(".El\n", out);
    docgen_man_options(out, "COMMON OPTIONS", OPTIONS_COMMON | OPTIONS_SETTINGS | O(VERSION));
    environment(out);
    files(out);
    exit_status(out);
    docgen_man_examples(out, "amend init\tmake a project\namend new create_users\tmake the first migration's files\n"
                             "amend up\tapply what is pending\n");
}

void docgen_man_command(FILE *out, const command *c)
{
    char name[64];
    snprintf(name, sizeof name, "amend-%s", c->name);
    head(out, name, name, c->summary);
    fprintf(out, ".Nm amend %s\n", c->name);
    if (*c->arguments != '\0')
    {
        bool optional = *c->arguments == '[';
        int length = (int)strcspn(c->arguments + optional, "]");
        fprintf(out, optional ? ".Op Ar %.*s\n" : ".Ar %.*s\n", length, c->arguments + optional);
    }
    for (size_t i = 0; i < OPTIONS; i++)
    {
        if ((c->options >> i & 1) != 0)
        {
            fprintf(out, ".Op Fl -%s", options_table[i].name);
            fprintf(out, options_table[i].value == NULL ? "\n" : " Ar %s\n", options_table[i].value);
        }
    }
    fputs(".Op Ar common options\n.Sh DESCRIPTION\n", out);
    prose(out, c->description);
    docgen_man_options(out, "OPTIONS", c->options);
    docgen_man_options(out, "COMMON OPTIONS", command_options(c) & ~c->options);
    fputs(".Sh EXIT STATUS\nThe exit statuses, the environment and the files are described in\n.Xr amend 1 .\n", out);
    docgen_man_examples(out, c->examples);
    fputs(".Sh SEE ALSO\n.Xr amend 1\n", out);
}

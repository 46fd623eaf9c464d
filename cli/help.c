/* SPDX-License-Identifier: MIT */
#include "help.h"

#include "width.h"

#include <string.h>

enum
{
    WIDTH = 80,
    COMMAND_INDENT = 12,
    OPTION_INDENT = 30,
};

static int width_for(const look *l)
{
    return l->width == 0 || l->width > WIDTH ? WIDTH : (int)l->width;
}

void help_wrap(FILE *out, const char *text, int indent, int width)
{
    int column = indent;
    while (*text != '\0')
    {
        int length = (int)strcspn(text, " ");
        if (column > indent && column + 1 + length > width)
        {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        }
        else if (column > indent)
        {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", length, text);
        column += length;
        text += length;
        text += *text == ' ';
    }
    fputc('\n', out);
}

static void print_title(FILE *out, const look *l, const char *title)
{
    fprintf(out, "\n%s%s%s\n", look_on(l, STYLE_BOLD), title, look_off(l, STYLE_BOLD));
}

static void help_print_row(FILE *out, const look *l, const command *c)
{
    fprintf(out, "  %s%-*s%s", look_on(l, STYLE_GREEN), COMMAND_INDENT - 2, c->name, look_off(l, STYLE_GREEN));
    help_wrap(out, c->summary, COMMAND_INDENT, width_for(l));
}

void help_short(FILE *out, const look *l)
{
    fprintf(out, "amend brings a database's schema to the version that its application needs.\n");
    print_title(out, l, "Most used:");
    for (size_t i = 0; i < COMMANDS; i++)
    {
        if ((commands_table[i].traits & COMMAND_TOP) != 0)
        {
            help_print_row(out, l, &commands_table[i]);
        }
    }
    fprintf(out, "\n\"amend help\" lists all commands, \"amend COMMAND --help\" tells about one.\n");
}

void help_all(FILE *out, const look *l)
{
    fprintf(out, "%sUsage:%s amend COMMAND [options]\n", look_on(l, STYLE_BOLD), look_off(l, STYLE_BOLD));
    print_title(out, l, "Commands:");
    for (size_t i = 0; i < COMMANDS; i++)
    {
        help_print_row(out, l, &commands_table[i]);
    }
    print_title(out, l, "Settings:");
    fprintf(out, "  ");
    help_wrap(out,
              "flags, then the environment (DATABASE_URL, AMEND_DIR, AMEND_ENV …), then .env, then amend.ini; "
              "\"amend status --verbose\" lists each one and where it came from",
              2, width_for(l));
    print_title(out, l, "Exit status:");
    fprintf(out, "  0  done                                4  verification failed\n"
                 "  1  failed                              5  refused\n"
                 "  2  wrong usage or setting              6  lock not obtained\n"
                 "  3  pending (status --exit-code)        7  database unreachable\n");
    fprintf(out, "\n\"amend COMMAND --help\" tells about one command; \"man amend\" about all.\n");
}

static void print_options(FILE *out, const look *l, uint64_t options)
{
    for (size_t i = 0; i < OPTIONS; i++)
    {
        const option *o = &options_table[i];
        if ((options >> i & 1) == 0)
        {
            continue;
        }
        int printed = fprintf(out, "  %s", look_on(l, STYLE_GREEN)) - (int)strlen(look_on(l, STYLE_GREEN));
        printed += o->letter == 0 ? fprintf(out, "    ") : fprintf(out, "-%c, ", o->letter);
        printed += fprintf(out, "--%s%s%s", o->name, o->value == NULL ? "" : " ", o->value == NULL ? "" : o->value);
        fprintf(out, "%s%*s", look_off(l, STYLE_GREEN), OPTION_INDENT - printed, "");
        help_wrap(out, o->help, OPTION_INDENT, width_for(l));
    }
}

static void print_examples(FILE *out, const look *l, const char *text)
{
    print_title(out, l, "Examples:");
    while (*text != '\0')
    {
        int length = (int)strcspn(text, "\n"), call = (int)strcspn(text, "\t\n");
        if (call < length)
        {
            fprintf(out, "  %-36.*s  %.*s\n", call, text, length - call - 1, text + call + 1);
        }
        else
        {
            fprintf(out, "  %.*s\n", call, text);
        }
        text += length + 1;
    }
}

void help_command(FILE *out, const look *l, const command *c)
{
    const char *space = *c->arguments == '\0' ? "" : " ";
    fprintf(out, "%sUsage:%s amend %s%s%s [options]\n", look_on(l, STYLE_BOLD), look_off(l, STYLE_BOLD), c->name, space,
            c->arguments);
    for (const char *paragraph = c->description; *paragraph != '\0';)
    {
        const char *end = strstr(paragraph, "\n\n");
        size_t length = end == NULL ? strlen(paragraph) : (size_t)(end - paragraph);
        pool p = {0};
        fputc('\n', out);
        help_wrap(out, pool_copy(&p, paragraph, length), 0, width_for(l));
        pool_clear(&p);
        paragraph += length + (end == NULL ? 0 : 2);
    }
    if (c->options != 0)
    {
        print_title(out, l, "Options:");
        print_options(out, l, c->options);
    }
    print_title(out, l, "Common options:");
    print_options(out, l, command_options(c) & ~c->options);
    print_examples(out, l, c->examples);
}

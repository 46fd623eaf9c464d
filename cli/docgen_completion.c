/* SPDX-License-Identifier: MIT */
/* Completion for bash, zsh and fish: commands, each command's options, and what the options take. */
#include "docgen.h"

#include <string.h>

/* The text with each of `special` behind a backslash, and "'" as the shell needs it within single quotes. */
static void docgen_completion_quoted(FILE *out, const char *text, const char *special)
{
    for (; *text != '\0'; text++)
    {
        if (*text == '\'')
        {
            fputs("'\\''", out);
            continue;
        }
        if (strchr(special, *text) != NULL)
        {
            fputc('\\', out);
        }
        fputc(*text, out);
    }
}

static bool takes_operand(const command *c, const char *what)
{
    return strstr(c->arguments, what) != NULL;
}

/* ------------------------------------------------------------------------------------------------------------------ bash */

static void bash_options(FILE *out, uint64_t set)
{
    for (size_t i = 0; i < OPTIONS; i++)
    {
        if ((set >> i & 1) != 0)
        {
            fprintf(out, " --%s", options_table[i].name);
        }
    }
}

/* The pattern of a case that is about all options that take `takes`; false when there is none. */
static bool bash_pattern(FILE *out, option_takes takes)
{
    bool any = false;
    for (size_t i = 0; i < OPTIONS; i++)
    {
        const option *o = &options_table[i];
        if (o->takes != takes)
        {
            continue;
        }
        fprintf(out, "%s--%s", any ? " | " : "        ", o->name);
        if (o->letter != 0)
        {
            fprintf(out, " | -%c", o->letter);
        }
        any = true;
    }
    fputs(any ? ")\n" : "", out);
    return any;
}

static void bash_values(FILE *out, option_takes takes, const char *what)
{
    if (bash_pattern(out, takes))
    {
        fprintf(out, "            %s\n            return\n            ;;\n", what);
    }
}

static void bash_commands(FILE *out, const char *between)
{
    for (size_t i = 0; i < COMMANDS; i++)
    {
        fprintf(out, "%s%s", i == 0 ? "" : between, commands_table[i].name);
    }
}

void docgen_bash(FILE *out)
{
    fputs("# bash completion for amend; made by docgen from its tables of commands and options.\n"
          "_amend()\n{\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command='' words='' i\n"
          "    COMPREPLY=()\n"
          "    case $previous in\n",
          out);
    bash_values(out, TAKES_FILE,
                "compopt -o filenames 2>/dev/null\n            mapfile -t COMPREPLY < <(compgen -f -- \"$current\")");
    bash_values(out, TAKES_DIR,
                "compopt -o filenames 2>/dev/null\n            mapfile -t COMPREPLY < <(compgen -d -- \"$current\")");
    for (option_takes takes = TAKES_NOTHING; takes <= TAKES_FORMAT; takes++)
    {
        if (option_words(takes) != NULL)
        {
            char words[128];
            snprintf(words, sizeof words, "mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$current\")", option_words(takes));
            bash_values(out, takes, words);
        }
    }
    bash_values(out, TAKES_TEXT, ":");
    fputs("    esac\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        case ${COMP_WORDS[i]} in\n"
          "        ",
          out);
    bash_commands(out, " | ");
    fputs(")\n            command=${COMP_WORDS[i]}\n            break\n            ;;\n        esac\n    done\n"
          "    case $command in\n    '')\n        words='",
          out);
    bash_commands(out, " ");
    bash_options(out, OPTIONS_COMMON | OPTIONS_SETTINGS | O(VERSION));
    fputs("'\n        ;;\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
    {
        const command *c = &commands_table[i];
        fprintf(out, "    %s)\n        words='", c->name);
        bash_options(out, command_options(c));
        if (takes_operand(c, "COMMAND"))
        {
            fputc(' ', out);
            bash_commands(out, " ");
        }
        fputs("'\n", out);
        if (takes_operand(c, "FILES"))
        {
            fputs("        [[ $current == -* ]] || mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n", out);
        }
        if (takes_operand(c, "DIR"))
        {
            fputs("        [[ $current == -* ]] || mapfile -t COMPREPLY < <(compgen -d -- \"$current\")\n", out);
        }
        fputs("        ;;\n", out);
    }
    fputs("    esac\n"
          "    if [[ ${#COMPREPLY[@]} -eq 0 ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
          "    fi\n"
          "}\n"
          "complete -F _amend amend\n",
          out);
}

/* ------------------------------------------------------------------------------------------------------------------- zsh */

static void zsh_action(FILE *out, option_takes takes)
{
    const char *words = option_words(takes);
    if (words != NULL)
    {
        fprintf(out, "(%s)", words);
        return;
    }
    fputs(takes == TAKES_FILE ? "_files" : takes == TAKES_DIR ? "_directories" : "", out);
}

static void zsh_options(FILE *out, uint64_t set)
{
    for (size_t i = 0; i < OPTIONS; i++)
    {
        const option *o = &options_table[i];
        if ((set >> i & 1) == 0)
        {
            continue;
        }
        for (int letter = o->letter == 0; letter < 2; letter++)
        {
            fputs(" \\\n            '", out);
            if (letter == 0)
            {
                fprintf(out, "-%c[", o->letter);
            }
            else
            {
                fprintf(out, "--%s%s[", o->name, o->value == NULL ? "" : "=");
            }
            docgen_completion_quoted(out, o->help, "[]");
            fputc(']', out);
            if (o->value != NULL)
            {
                fprintf(out, ":%s:", o->value);
                zsh_action(out, o->takes);
            }
            fputc('\'', out);
        }
    }
}

void docgen_zsh(FILE *out)
{
    fputs("#compdef amend\n# zsh completion for amend; made by docgen from its tables of commands and options.\n\n"
          "_amend() {\n    local curcontext=$curcontext state line\n    local -a commands\n    commands=(\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
    {
        fprintf(out, "        '%s:", commands_table[i].name);
        docgen_completion_quoted(out, commands_table[i].summary, ":");
        fputs("'\n", out);
    }
    fputs("    )\n    _arguments -C -A '-*'", out);
    zsh_options(out, OPTIONS_COMMON | OPTIONS_SETTINGS | O(VERSION));
    fputs(" \\\n            '1: :->command' \\\n            '*:: :->argument'\n"
          "    case $state in\n    command)\n        _describe -t commands command commands\n        ;;\n"
          "    argument)\n        case $line[1] in\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
    {
        const command *c = &commands_table[i];
        fprintf(out, "        %s)\n            _arguments", c->name);
        zsh_options(out, command_options(c));
        if (takes_operand(c, "COMMAND"))
        {
            fputs(" \\\n            '1:command:(", out);
            bash_commands(out, " ");
            fputs(")'", out);
        }
        else if (takes_operand(c, "FILES"))
        {
            fputs(" \\\n            '*:file:_files'", out);
        }
        else if (c->most > 0)
        {
            /* A blank for what can't be completed; an empty action would be a message, and keep options from being inserted. */
            fprintf(out, " \\\n            '1:%s:%s'", takes_operand(c, "DIR") ? "directory" : "argument",
                    takes_operand(c, "DIR") ? "_directories" : " ");
        }
        fputs("\n            ;;\n", out);
    }
    fputs("        esac\n        ;;\n    esac\n}\n\n"
          "if [[ $funcstack[1] == _amend ]]; then\n    _amend \"$@\"\nelse\n    compdef _amend amend\nfi\n",
          out);
}

/* ------------------------------------------------------------------------------------------------------------------ fish */

static void fish_options(FILE *out, const char *condition, uint64_t set)
{
    for (size_t i = 0; i < OPTIONS; i++)
    {
        const option *o = &options_table[i];
        if ((set >> i & 1) == 0)
        {
            continue;
        }
        fprintf(out, "complete -c amend%s -l %s", condition, o->name);
        if (o->letter != 0)
        {
            fprintf(out, " -s %c", o->letter);
        }
        if (o->value != NULL)
        {
            fputs(o->takes == TAKES_FILE ? " -r -F" : " -x", out);
        }
        if (o->takes == TAKES_DIR)
        {
            fputs(" -a '(__fish_complete_directories)'", out);
        }
        if (option_words(o->takes) != NULL)
        {
            fprintf(out, " -a '%s'", option_words(o->takes));
        }
        fputs(" -d '", out);
        docgen_completion_quoted(out, o->help, "");
        fputs("'\n", out);
    }
}

void docgen_fish(FILE *out)
{
    fputs("# fish completion for amend; made by docgen from its tables of commands and options.\ncomplete -c amend -f\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
    {
        fprintf(out, "complete -c amend -n __fish_use_subcommand -a %s -d '", commands_table[i].name);
        docgen_completion_quoted(out, commands_table[i].summary, "");
        fputs("'\n", out);
    }
    fish_options(out, "", OPTIONS_COMMON | OPTIONS_SETTINGS);
    fish_options(out, " -n __fish_use_subcommand", O(VERSION));
    for (size_t i = 0; i < COMMANDS; i++)
    {
        const command *c = &commands_table[i];
        char condition[128];
        snprintf(condition, sizeof condition, " -n '__fish_seen_subcommand_from %s'", c->name);
        fish_options(out, condition, c->options);
        if (takes_operand(c, "FILES"))
        {
            fprintf(out, "complete -c amend%s -F\n", condition);
        }
        if (takes_operand(c, "DIR"))
        {
            fprintf(out, "complete -c amend%s -a '(__fish_complete_directories)'\n", condition);
        }
        if (takes_operand(c, "COMMAND"))
        {
            fprintf(out, "complete -c amend%s -a '", condition);
            bash_commands(out, " ");
            fputs("'\n", out);
        }
    }
}

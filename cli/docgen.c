/* SPDX-License-Identifier: MIT */
/*
 * docgen: a program of the build, never installed. `docgen man`, `docgen man up`, `docgen bash`, `docgen zsh`, `docgen fish`,
 * `docgen markdown` and `docgen lint` write one file each to standard output.
 */
#include "docgen.h"

#include <stdlib.h>
#include <string.h>

static const struct
{
    const char *name;
    void (*write)(FILE *out);
} kinds[] = {
    {"man", docgen_man},   {"bash", docgen_bash},         {"zsh", docgen_zsh},
    {"fish", docgen_fish}, {"markdown", docgen_markdown}, {"lint", docgen_lint},
};

const char *docgen_status(size_t i)
{
    static const char *const statuses[] = {
        "Done.",
        "A migration, a file or the database said no.",
        "Wrong usage, or a wrong setting.",
        "Migrations are pending (only status with --exit-code).",
        "Verification found a difference.",
        "Refused: not confirmed, or a guard forbids it.",
        "Another runner holds the lock, and the wait is over.",
        "The database can't be reached.",
    };
    return i < sizeof statuses / sizeof statuses[0] ? statuses[i] : NULL;
}

bool docgen_next_example(const char **at, docgen_example *out)
{
    const char *text = *at;
    if (*text == '\0')
    {
        return false;
    }
    int length = (int)strcspn(text, "\n"), call = (int)strcspn(text, "\t\n");
    *out = (docgen_example){text, text + call + (call < length), call, call < length ? length - call - 1 : 0};
    *at = text + length + (text[length] == '\n');
    return true;
}

int main(int argc, char **argv)
{
    const command *page = argc == 3 && strcmp(argv[1], "man") == 0 ? command_find(argv[2]) : NULL;
    if (page != NULL)
    {
        docgen_man_command(stdout, page);
        return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    for (size_t i = 0; argc == 2 && i < sizeof kinds / sizeof kinds[0]; i++)
    {
        if (strcmp(kinds[i].name, argv[1]) == 0)
        {
            kinds[i].write(stdout);
            return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
        }
    }
    fputs("usage: docgen man [COMMAND] | bash | zsh | fish | markdown | lint\n", stderr);
    return EXIT_FAILURE;
}

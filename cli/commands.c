/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include <string.h>

const option options_table[OPTIONS] = {
#define AMEND_OPTION(id, long_name, letter, value, takes, help) {long_name, letter, value, takes, help},
#include "options.def"
#undef AMEND_OPTION
};

const command commands_table[COMMANDS] = {
#define AMEND_COMMAND(id, arguments, fewest, most, traits, options, summary, description, examples)                            \
    {COMMAND_##id, #id, arguments, fewest, most, traits, options, summary, description, examples},
#include "commands.def"
#undef AMEND_COMMAND
};

const setting_row settings_table[SETTINGS] = {
#define AMEND_SETTING(id, key, kind, variable, second, option, value, help)                                                    \
    {key, kind, {variable, second}, option, value, help},
#include "settings.def"
#undef AMEND_SETTING
};

const char *option_words(option_takes takes)
{
    static const char *const words[] = {[TAKES_WHEN] = "auto always never",
                                        [TAKES_LINT] = "off warn error",
                                        [TAKES_DIALECT] = "sqlite postgres",
                                        [TAKES_FORMAT] = "text github sarif"};
    return (size_t)takes < sizeof words / sizeof words[0] ? words[takes] : NULL;
}

const command *command_find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
    {
        if (strcmp(commands_table[i].name, name) == 0)
        {
            return &commands_table[i];
        }
    }
    return NULL;
}

uint64_t command_options(const command *c)
{
    uint64_t all = c->options | OPTIONS_COMMON;
    if ((c->traits & COMMAND_DATABASE) != 0)
    {
        return all | OPTIONS_SETTINGS;
    }
    all |= (c->traits & COMMAND_URL) != 0 ? O(URL) : 0;
    return (c->traits & (COMMAND_SETTINGS | COMMAND_URL)) != 0 ? all | O(DIR) | O(ENV) | O(CONFIG) : all;
}

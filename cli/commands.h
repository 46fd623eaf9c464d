/* SPDX-License-Identifier: MIT */
/*
 * The tables of commands, options and settings (the .def files of registry/) as the command and docgen, its build-time
 * generator, see them. They hold words only: what a command does is found by its id (main.c).
 */
#ifndef AMEND_CLI_COMMANDS_H
#define AMEND_CLI_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum option_id
{
#define AMEND_OPTION(id, long_name, letter, value, takes, help) OPTION_##id,
#include "options.def"
#undef AMEND_OPTION
    OPTIONS
} option_id;

typedef enum option_takes
{
    TAKES_NOTHING,
    TAKES_TEXT,
    TAKES_FILE,
    TAKES_DIR,
    TAKES_WHEN,    /* words of a fixed list: option_words() */
    TAKES_LINT,    /* likewise */
    TAKES_DIALECT, /* likewise */
    TAKES_FORMAT,  /* likewise */
} option_takes;

typedef struct option
{
    const char *name;
    char letter;       /* 0: none */
    const char *value; /* the value's name in the help; NULL: takes none */
    option_takes takes;
    const char *help;
} option;

/* One bit of a set of options. */
#define O(id) (UINT64_C(1) << OPTION_##id)

/* All commands take these, so that a wrapper script may add them without looking. */
#define OPTIONS_COMMON (O(JSON) | O(QUIET) | O(VERBOSE) | O(COLOR) | O(HELP))
#define OPTIONS_SETTINGS (O(URL) | O(DIR) | O(ENV) | O(CONFIG) | O(CONNECT_TIMEOUT) | O(LOCK_TIMEOUT) | O(LOCK_WAIT) | O(LEASE))

typedef enum command_id
{
#define AMEND_COMMAND(id, arguments, fewest, most, traits, options, summary, description, examples) COMMAND_##id,
#include "commands.def"
#undef AMEND_COMMAND
    COMMANDS
} command_id;

enum
{
    COMMAND_TOP = 1 << 0,      /* one of the five in the short help */
    COMMAND_SETTINGS = 1 << 1, /* reads the settings */
    COMMAND_DATABASE = 1 << 2, /* reads the settings, and connects */
    COMMAND_STREAM = 1 << 3,   /* with --json: a line per event, then one of type run.finished */
    COMMAND_URL = 1 << 4,      /* may be told of a database, and can do without */
};

typedef struct command
{
    command_id id;
    const char *name;
    const char *arguments;
    unsigned fewest, most;
    unsigned traits;
    uint64_t options; /* its own, without the common ones */
    const char *summary, *description, *examples;
} command;

typedef enum setting_id
{
#define AMEND_SETTING(id, key, kind, variable, second, option, value, help) SETTING_##id,
#include "settings.def"
#undef AMEND_SETTING
    SETTINGS
} setting_id;

typedef enum setting_kind
{
    SETTING_TEXT,
    SETTING_SECRET, /* may hold a password */
    SETTING_TIME,
    SETTING_SWITCH, /* true or false; a flag without a value is true */
} setting_kind;

typedef struct setting_row
{
    const char *key;
    setting_kind kind;
    const char *variables[2]; /* the first comes before the second; NULL: none */
    option_id option;         /* OPTIONS: none */
    const char *value;        /* default, NULL: none */
    const char *help;
} setting_row;

extern const option options_table[OPTIONS];
extern const command commands_table[COMMANDS];
extern const setting_row settings_table[SETTINGS];

/* The words that can be, with a blank between them; NULL: anything. */
const char *option_words(option_takes takes);

/* NULL when there is none. */
const command *command_find(const char *name);
/* The set of options that a command's help lists. */
uint64_t command_options(const command *c);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The command line against the tables of commands.h. Options may stand before or behind the command; --name=value and
 * --name value, -o value and -ovalue, -qv; "--" ends the options. The last of two equal options counts.
 */
#ifndef AMEND_CLI_ARGS_H
#define AMEND_CLI_ARGS_H

#include "amend.h"
#include "commands.h"
#include "pool.h"

typedef struct arguments
{
    const command *command;      /* NULL: none was named */
    const char *values[OPTIONS]; /* NULL: not given; "" for an option without a value */
    const char **operands;
    size_t operand_count;
} arguments;

/*
 * Values are copied into the pool, and passwords in argv are then overwritten: others can read a process's arguments. On an
 * error *out holds what was understood, --json among it wherever it stands, so that the error can be told in the wanted form.
 */
amend_status args_parse(pool *p, int argc, char **argv, arguments *out, amend_error *error);

static inline bool args_has(const arguments *args, option_id id)
{
    return args->values[id] != NULL;
}

/* The option's value as a number; *number is left as it is when the option isn't given. */
amend_status args_number(const arguments *args, option_id id, uint32_t *number, amend_error *error);

#endif

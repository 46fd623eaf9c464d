/* SPDX-License-Identifier: MIT */
#include "args.h"

#include "duration.h"
#include "fault.h"
#include "secret.h"
#include "suggest.h"

#include <stdio.h>
#include <string.h>

typedef struct parser
{
    pool *pool;
    int argc, at; /* at: the argument being looked at */
    char **argv;
    arguments *out;
    amend_error *error;
    const char *extra; /* the first operand too many */
    bool ended;        /* "--" was seen */
} parser;

/* "--name", or "-o" for an option that was given by its letter. */
static const char *spelled(const parser *p, const option *o, bool letter)
{
    return letter ? pool_format(p->pool, "-%c", o->letter) : pool_format(p->pool, "--%s", o->name);
}

static amend_status unknown_option(parser *p, const char *name)
{
    suggestion near = {.word = name + strspn(name, "-")};
    for (size_t i = 0; i < OPTIONS; i++)
    {
        suggest_consider(&near, options_table[i].name);
    }
    amend_status status = fault_set(p->error, AMEND_E_OPTION, "no option \"%s\"", secret_mask(p->pool, name));
    if (near.best != NULL)
    {
        fault_hint(p->error, "Did you mean \"--%s\"?", near.best);
    }
    else if (p->out->command != NULL)
    {
        fault_hint(p->error, "\"amend %s --help\" lists what it takes.", p->out->command->name);
    }
    return status;
}

/* Is the value one of the words that can be? *said becomes "auto, always or never". */
static bool is_word(parser *p, const char *words, const char *value, const char **said)
{
    bool found = false;
    *said = "";
    while (*words != '\0')
    {
        size_t length = strcspn(words, " ");
        const char *word = pool_copy(p->pool, words, length);
        words += length + (words[length] == ' ');
        found |= strcmp(word, value) == 0;
        *said = pool_format(p->pool, "%s%s%s", *said, **said == '\0' ? "" : *words == '\0' ? " or " : ", ", word);
    }
    return found;
}

/* Take the option; `attached` is the value that stood in the same argument, NULL when there was none. */
static amend_status take(parser *p, option_id id, bool letter, const char *attached)
{
    const option *o = &options_table[id];
    if (o->value == NULL)
    {
        if (attached != NULL)
        {
            return fault_set(p->error, AMEND_E_OPTION, "%s takes no value", spelled(p, o, letter));
        }
        p->out->values[id] = "";
        return AMEND_OK;
    }
    if (attached == NULL)
    {
        if (p->at + 1 >= p->argc)
        {
            return fault_set(p->error, AMEND_E_OPTION, "%s needs a value: %s %s", spelled(p, o, letter), spelled(p, o, letter),
                             o->value);
        }
        attached = p->argv[++p->at];
    }
    if (*attached == '\0')
    {
        return fault_set(p->error, AMEND_E_OPTION, "%s has an empty value", spelled(p, o, letter));
    }
    const char *words = option_words(o->takes), *said;
    if (words != NULL && !is_word(p, words, attached, &said))
    {
        return fault_set(p->error, AMEND_E_OPTION, "%s is %s, not \"%s\"", spelled(p, o, letter), said, attached);
    }
    p->out->values[id] = pool_text(p->pool, attached);
    return AMEND_OK;
}

static amend_status long_option(parser *p, const char *text)
{
    size_t length = strcspn(text + 2, "=");
    const char *value = text[2 + length] == '=' ? text + 2 + length + 1 : NULL;
    for (size_t i = 0; i < OPTIONS; i++)
    {
        if (strlen(options_table[i].name) == length && strncmp(options_table[i].name, text + 2, length) == 0)
        {
            return take(p, (option_id)i, false, value);
        }
    }
    return unknown_option(p, pool_copy(p->pool, text, 2 + length));
}

static amend_status short_options(parser *p, const char *text)
{
    for (const char *letter = text + 1; *letter != '\0'; letter++)
    {
        size_t i = 0;
        while (i < OPTIONS && options_table[i].letter != *letter)
        {
            i++;
        }
        if (i == OPTIONS)
        {
            return unknown_option(p, text);
        }
        bool takes = options_table[i].value != NULL;
        amend_status status = take(p, (option_id)i, true, takes && letter[1] != '\0' ? letter + 1 : NULL);
        if (status != AMEND_OK || takes)
        {
            return status;
        }
    }
    return AMEND_OK;
}

static amend_status unknown_command(parser *p, const char *name)
{
    suggestion near = {.word = name};
    for (size_t i = 0; i < COMMANDS; i++)
    {
        suggest_consider(&near, commands_table[i].name);
    }
    amend_status status = fault_set(p->error, AMEND_E_OPTION, "no command \"%s\"", secret_mask(p->pool, name));
    if (near.best != NULL)
    {
        fault_hint(p->error, "Did you mean \"amend %s\"? \"amend help\" lists all commands.", near.best);
    }
    else
    {
        fault_hint(p->error, "\"amend help\" lists all commands.");
    }
    return status;
}

static amend_status operand(parser *p, const char *text)
{
    arguments *out = p->out;
    if (out->command == NULL)
    {
        out->command = command_find(text);
        return out->command == NULL ? unknown_command(p, text) : AMEND_OK;
    }
    if (out->operand_count < out->command->most)
    {
        out->operands = pool_grow(p->pool, out->operands, out->operand_count, sizeof *out->operands);
        out->operands[out->operand_count++] = pool_text(p->pool, text);
    }
    else if (p->extra == NULL)
    {
        p->extra = text;
    }
    return AMEND_OK;
}

static amend_status argument(parser *p)
{
    const char *text = p->argv[p->at];
    if (p->ended || text[0] != '-' || text[1] == '\0')
    {
        return operand(p, text);
    }
    if (strcmp(text, "--") == 0)
    {
        p->ended = true;
        return AMEND_OK;
    }
    return text[1] == '-' ? long_option(p, text) : short_options(p, text);
}

/* What can be said only once the command is known. */
static amend_status check(parser *p)
{
    const arguments *out = p->out;
    const command *c = out->command;
    if (args_has(out, OPTION_HELP) || args_has(out, OPTION_VERSION) || c == NULL)
    {
        return AMEND_OK;
    }
    uint64_t allowed = c->options | OPTIONS_COMMON | OPTIONS_SETTINGS;
    for (size_t i = 0; i < OPTIONS; i++)
    {
        if (out->values[i] != NULL && (allowed >> i & 1) == 0)
        {
            amend_status status =
                fault_set(p->error, AMEND_E_OPTION, "\"amend %s\" does not take --%s", c->name, options_table[i].name);
            fault_hint(p->error, "\"amend %s --help\" lists what it takes.", c->name);
            return status;
        }
    }
    if (p->extra != NULL)
    {
        fault_set(p->error, AMEND_E_OPTION, "unexpected argument \"%s\"", secret_mask(p->pool, p->extra));
    }
    else if (out->operand_count < c->fewest)
    {
        fault_set(p->error, AMEND_E_OPTION, "\"amend %s\" needs an argument: %s", c->name, c->arguments);
    }
    else
    {
        return AMEND_OK;
    }
    fault_hint(p->error, "Write: amend %s%s%s", c->name, *c->arguments == '\0' ? "" : " ", c->arguments);
    return p->error->status;
}

amend_status args_parse(pool *p, int argc, char **argv, arguments *out, amend_error *error)
{
    amend_status status = AMEND_OK;
    parser state = {.pool = p, .argc = argc, .at = 1, .argv = argv, .out = out, .error = error};
    *out = (arguments){0};
    for (; state.at < argc && status == AMEND_OK; state.at++)
    {
        status = argument(&state);
    }
    if (status == AMEND_OK)
    {
        status = check(&state);
    }
    for (int i = 1; i < argc; i++)
    {
        if (status != AMEND_OK && strcmp(argv[i], "--json") == 0)
        {
            out->values[OPTION_JSON] = "";
        }
        secret_wipe(argv[i]);
    }
    return status;
}

amend_status args_number(const arguments *args, option_id id, uint32_t *number, amend_error *error)
{
    if (!args_has(args, id) || number_parse(args->values[id], number))
    {
        return AMEND_OK;
    }
    amend_status status =
        fault_set(error, AMEND_E_OPTION, "--%s is a whole number from 1, not \"%s\"", options_table[id].name, args->values[id]);
    fault_hint(error, "Write, for example, --%s 3.", options_table[id].name);
    return status;
}

/* SPDX-License-Identifier: MIT */
#include "conformance/fake.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

typedef struct fake_conn
{
    amend_conn base;
    fake_script *script;
    const amend_allocator *allocator;
    unsigned number; /* opened as the nth, from 1 */
} fake_conn;

const char *fake_url(fake_script *script, char out[40])
{
    snprintf(out, 40, "fake:%p", (void *)script);
    return out;
}

static bool fake_accepts(const char *url)
{
    return strncmp(url, "fake:", 5) == 0;
}

static void fake_describe(const char *url, char *out, size_t out_size, char *name, size_t name_size)
{
    (void)url;
    snprintf(out, out_size, "fake:***");
    snprintf(name, name_size, "fake");
}

static amend_status fake_open(const amend_connect *how, amend_conn **out, amend_fault *fault, amend_error *error)
{
    void *script = NULL;
    if (sscanf(how->url, "fake:%p", &script) != 1 || script == NULL)
    {
        fault->kind = AMEND_FAULT_DENIED;
        return error_set(error, AMEND_E_DENIED, "no such script");
    }
    fake_script *s = script;
    s->opened++;
    if (s->open_fault != AMEND_FAULT_NONE && s->open_fails > 0 && s->opened > s->open_skip)
    {
        s->open_fails--;
        s->refused++;
        fault->kind = s->open_fault;
        return error_set(error, s->open_fault == AMEND_FAULT_LOST ? AMEND_E_UNREACHABLE : AMEND_E_DENIED, "as the script says");
    }
    fake_conn *c = alloc_zeroed(how->allocator, 1, sizeof *c);
    if (c == NULL)
    {
        s->refused++;
        return error_memory(error);
    }
    *c = (fake_conn){.base = {.driver = &fake_driver}, .script = s, .allocator = how->allocator, .number = s->opened};
    *out = &c->base;
    return AMEND_OK;
}

static void fake_close(amend_conn *conn)
{
    fake_conn *c = (fake_conn *)conn;
    c->script->closed++;
    c->script->in_tx = false;
    alloc_free(c->allocator, c, sizeof *c);
}

static fake_rule *find_rule(const fake_conn *c, const char *statement)
{
    fake_script *s = c->script;
    for (size_t i = 0; i < s->count; i++)
    {
        fake_rule *rule = &s->rules[i];
        if (strstr(statement, rule->match) == NULL || (rule->conn != 0 && rule->conn != c->number))
        {
            continue;
        }
        rule->seen++;
        if (rule->seen > rule->skip && (rule->times == 0 || rule->seen <= rule->skip + rule->times))
        {
            return rule;
        }
    }
    return NULL;
}

static void note(fake_script *s, const char *statement)
{
    size_t used = strlen(s->log);
    snprintf(s->log + used, sizeof s->log - used, "%.80s\n", statement);
    s->statements++;
    s->in_tx = strncasecmp(statement, "BEGIN", 5) == 0 ||
               (s->in_tx && strncasecmp(statement, "COMMIT", 6) != 0 && strncasecmp(statement, "ROLLBACK", 8) != 0);
}

static amend_status fail(fake_script *s, const fake_rule *rule, amend_fault *fault, amend_error *error)
{
    static const amend_code codes[] = {
        [AMEND_FAULT_STATEMENT] = AMEND_E_STATEMENT, [AMEND_FAULT_UNRUN] = AMEND_E_STATEMENT,
        [AMEND_FAULT_BUSY] = AMEND_E_BUSY,           [AMEND_FAULT_LOST] = AMEND_E_CONNECTION_LOST,
        [AMEND_FAULT_CANCELLED] = AMEND_E_CANCELLED, [AMEND_FAULT_DENIED] = AMEND_E_DENIED};
    (void)s;
    fault->kind = rule->fault;
    error_set(error, codes[rule->fault], "%s", rule->message == NULL ? "as the script says" : rule->message);
    if (error != NULL && rule->sqlstate != NULL)
    {
        error_copy(error->sqlstate, sizeof error->sqlstate, slice_of(rule->sqlstate));
    }
    return error == NULL ? AMEND_FAILED : error->status;
}

static amend_status act(fake_script *s, size_t piece, unsigned number, const fake_rule *rule, const amend_hooks *hooks,
                        amend_fault *fault, amend_error *error)
{
    amend_status status = AMEND_OK;
    for (unsigned i = 0; rule != NULL && i < rule->idle && status == AMEND_OK && hooks != NULL && hooks->idle != NULL; i++)
    {
        status = hooks->idle(hooks->arg);
    }
    if (rule != NULL && rule->notice != NULL && hooks != NULL && hooks->notice != NULL)
    {
        hooks->notice(hooks->arg, "NOTICE", rule->notice);
    }
    if (status == AMEND_OK && rule != NULL && rule->fault != AMEND_FAULT_NONE)
    {
        return fail(s, rule, fault, error);
    }
    if (status == AMEND_OK && rule != NULL && rule->copied != NULL && hooks != NULL && hooks->copied != NULL)
    {
        status = hooks->copied(hooks->arg, piece, rule->copied, strlen(rule->copied));
    }
    if (status == AMEND_OK && rule != NULL && rule->columns > 0 && hooks != NULL && hooks->row != NULL)
    {
        amend_row row = {.columns = rule->columns, .names = rule->names, .values = rule->values};
        status = hooks->row(hooks->arg, piece, &row);
    }
    if (status != AMEND_OK)
    {
        fault->kind = AMEND_FAULT_CANCELLED;
        error_set(error, AMEND_E_CANCELLED, "stopped by the caller");
        return status;
    }
    if (hooks != NULL && hooks->done != NULL)
    {
        hooks->done(hooks->arg, piece, number, -1);
    }
    return AMEND_OK;
}

/* A server reads the whole message before it runs any of it. */
static const fake_rule *find_unrun(fake_script *s, const amend_piece *pieces, size_t count, amend_fault *fault)
{
    for (size_t i = 0; i < count; i++)
    {
        for (size_t k = 0; k < s->count; k++)
        {
            fake_rule *rule = &s->rules[k];
            const char *at = rule->fault != AMEND_FAULT_UNRUN
                                 ? NULL
                                 : memmem(pieces[i].text, pieces[i].length, rule->match, strlen(rule->match));
            if (at != NULL && (rule->times == 0 || rule->seen < rule->times))
            {
                rule->seen++;
                *fault = rule->unplaced
                             ? (amend_fault){0}
                             : (amend_fault){
                                   .piece = i, .statement = 1, .positioned = true, .offset = (size_t)(at - pieces[i].text)};
                return rule;
            }
        }
    }
    return NULL;
}

static amend_status run_piece(const fake_conn *c, size_t piece, slice text, const amend_hooks *hooks, amend_fault *fault,
                              amend_error *error)
{
    fake_script *s = c->script;
    unsigned number = 0;
    while (text.len > 0)
    {
        char statement[2048];
        slice words = slice_trim(slice_token(&text, ';'));
        if (words.len == 0)
        {
            continue;
        }
        number++;
        error_copy(statement, sizeof statement, words);
        const fake_rule *rule = find_rule(c, statement);
        amend_fault at = {.piece = piece, .statement = number};
        amend_status status = act(s, piece, number, rule, hooks, &at, error);
        if (status != AMEND_OK)
        {
            *fault = at;
            return status;
        }
        note(s, statement);
    }
    return AMEND_OK;
}

static amend_status fake_exec(amend_conn *conn, const amend_piece *pieces, size_t count, const amend_hooks *hooks,
                              amend_fault *fault, amend_error *error)
{
    fake_conn *c = (fake_conn *)conn;
    fake_script *s = c->script;
    amend_fault at = {0};
    s->execs++;
    const fake_rule *unrun = find_unrun(s, pieces, count, &at);
    amend_status status = unrun == NULL ? AMEND_OK : fail(s, unrun, &at, error);
    for (size_t i = 0; i < count && status == AMEND_OK; i++)
    {
        status = run_piece(c, i, (slice){pieces[i].text, pieces[i].length}, hooks, &at, error);
    }
    if (status != AMEND_OK && fault != NULL)
    {
        *fault = at;
    }
    return status;
}

static bool fake_idle(amend_conn *conn)
{
    return !((fake_conn *)conn)->script->in_tx;
}

const amend_driver fake_driver = {.version = AMEND_DRIVER_VERSION,
                                  .name = "fake",
                                  .dialect = "postgres",
                                  .accepts = fake_accepts,
                                  .describe = fake_describe,
                                  .open = fake_open,
                                  .close = fake_close,
                                  .exec = fake_exec,
                                  .idle = fake_idle};

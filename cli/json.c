/* SPDX-License-Identifier: MIT */
#include "json.h"

#include "losses.h"

#include "width.h"

#include <stdio.h>
#include <string.h>

json_t *json_words(const char *text)
{
    json_t *value = json_string(text);
    if (value != NULL)
    {
        return value;
    }
    /* Not UTF-8 (or no memory): each byte that is wrong becomes U+FFFD, three bytes long. */
    pool p = {0};
    char *mended = pool_alloc(&p, strlen(text) * 3 + 1);
    size_t length = 0;
    for (const char *at = text; *at != '\0';)
    {
        const char *start = at;
        bool broken = width_next(&at) == 0xfffd && at - start == 1;
        size_t size = broken ? 3 : (size_t)(at - start);
        memcpy(mended + length, broken ? "\xef\xbf\xbd" : start, size);
        length += size;
    }
    value = json_string(mended);
    pool_clear(&p);
    return value;
}

void json_add(json_t *object, const char *key, const char *text)
{
    if (text != NULL && *text != '\0')
    {
        json_object_set_new(object, key, json_words(text));
    }
}

void json_add_number(json_t *object, const char *key, int64_t number)
{
    json_object_set_new(object, key, json_integer(number));
}

static void add_positive(json_t *object, const char *key, int64_t number)
{
    if (number > 0)
    {
        json_add_number(object, key, number);
    }
}

static const char *code_text(amend_code code, char out[16])
{
    snprintf(out, 16, "AM%04d", (int)code);
    return code == 0 ? NULL : out;
}

json_t *json_error(const amend_error *error)
{
    char code[16];
    json_t *out = json_object();
    const amend_explanation *known = amend_explain((int)error->code);
    json_add(out, "code", code_text(error->code, code));
    json_add(out, "name", known == NULL ? NULL : known->name);
    json_add_number(out, "status", error->status);
    json_add(out, "message", error->message);
    json_add(out, "detail", error->detail);
    json_add(out, "hint", error->hint);
    json_add(out, "sqlstate", error->sqlstate);
    if (error->native != 0)
    {
        json_add_number(out, "native", error->native);
    }
    json_add(out, "version", error->version);
    json_add(out, "object", error->object);
    json_add(out, "file", error->file);
    add_positive(out, "line", error->line);
    add_positive(out, "column", error->column);
    add_positive(out, "statement", error->statement);
    if (error->line > 0)
    {
        json_add_number(out, "offset", (int64_t)error->offset);
        json_add(out, "excerpt", error->excerpt);
    }
    add_positive(out, "caret", error->caret);
    return out;
}

static const char *severity_name(amend_severity severity)
{
    static const char *const names[] = {"info", "note", "warning", "error"};
    return names[severity];
}

json_t *json_event(const amend_event *event)
{
    json_t *out = json_object();
    json_add(out, "type", event->type_name);
    json_add(out, "severity", severity_name(event->severity));
    json_add(out, "id", event->id);
    json_add(out, "at", event->at);
    json_add(out, "version", event->version);
    json_add(out, "name", event->name);
    json_add(out, "checksum", event->checksum);
    json_add(out, "actor", event->actor);
    json_add(out, "host", event->host);
    json_add(out, "application", event->application);
    json_add(out, "message", event->message);
    json_add(out, "file", event->file);
    add_positive(out, "step", event->step);
    add_positive(out, "steps", event->steps);
    add_positive(out, "statement", event->statement);
    add_positive(out, "statements", event->statements);
    if (event->elapsed_ms > 0 || event->step > 0)
    {
        json_add_number(out, "elapsed_ms", event->elapsed_ms);
    }
    if (event->detail != NULL)
    {
        json_t *detail = json_loads(event->detail, JSON_DECODE_ANY, NULL);
        json_object_set_new(out, "detail", detail == NULL ? json_words(event->detail) : detail);
    }
    json_add(out, "prev_hash", event->prev_hash);
    json_add(out, "hash", event->hash);
    return out;
}

static json_t *item_json(const amend_item *item)
{
    static const char *const modes[] = {NULL, "transaction", "statements"};
    json_t *out = json_object();
    json_add(out, "version", item->version);
    json_add(out, "name", item->name);
    json_add(out, "state", amend_state_name(item->state));
    json_add(out, "direction", item->direction == AMEND_DOWN ? "down" : "up");
    json_add(out, "mode", modes[item->mode]);
    json_add(out, "file", item->file);
    json_add(out, "down_file", item->down_file);
    json_add(out, "checksum", item->checksum);
    json_add(out, "applied_checksum", item->applied_checksum);
    json_add(out, "applied_at", item->applied_at);
    if (item->execution_time_ms >= 0)
    {
        json_add_number(out, "execution_time_ms", item->execution_time_ms);
    }
    json_add(out, "git_commit", item->git_commit);
    json_add(out, "depends", item->depends);
    json_add(out, "reason", item->reason);
    add_positive(out, "statements", item->statements);
    return out;
}

static json_t *problem_json(const amend_problem *problem)
{
    char code[16];
    json_t *out = json_object();
    json_add(out, "severity", severity_name(problem->severity));
    json_add(out, "code", code_text(problem->code, code));
    json_add(out, "version", problem->version);
    json_add(out, "file", problem->file);
    add_positive(out, "line", problem->line);
    json_add(out, "object", problem->object);
    json_add(out, "message", problem->message);
    json_add(out, "detail", problem->detail);
    json_add(out, "hint", problem->hint);
    return out;
}

json_t *json_report(const char *name, const amend_report *report)
{
    json_t *out = json_object(), *items = json_array(), *problems = json_array();
    json_add(out, "command", name);
    json_add(out, "database", report->database);
    json_add(out, "dialect", report->dialect);
    json_add(out, "dir", report->dir);
    json_add(out, "current", report->current);
    json_add_number(out, "applied", (int64_t)report->applied);
    json_add_number(out, "pending", (int64_t)report->pending);
    json_add_number(out, "done", (int64_t)report->done);
    json_add_number(out, "skipped", (int64_t)report->skipped);
    json_add_number(out, "elapsed_ms", report->elapsed_ms);
    if (report->sql != NULL)
    {
        json_object_set_new(out, "sql", json_words(report->sql));
    }
    for (size_t i = 0; i < report->item_count; i++)
    {
        json_array_append_new(items, item_json(&report->items[i]));
    }
    for (size_t i = 0; i < report->problem_count; i++)
    {
        json_array_append_new(problems, problem_json(&report->problems[i]));
    }
    if (report->loss_count > 0)
    {
        json_object_set_new(out, "losses", losses_json(report));
    }
    json_add(out, "backup", report->backup);
    if (report->restored)
    {
        json_object_set_new(out, "restored", json_true());
    }
    json_object_set_new(out, "items", items);
    json_object_set_new(out, "problems", problems);
    return out;
}

json_t *json_settings(const settings *s)
{
    json_t *out = json_array();
    for (size_t i = 0; i < SETTINGS; i++)
    {
        json_t *row = json_object();
        json_add(row, "setting", settings_table[i].key);
        json_add(row, "value", s->items[i].shown);
        json_add(row, "source", s->items[i].source);
        json_array_append_new(out, row);
    }
    return out;
}

bool json_print(json_t *value)
{
    int failed = value == NULL ? -1 : json_dumpf(value, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(value);
    fputc('\n', stdout);
    /* A reader at the other end of a pipe wants each event when it happens. */
    fflush(stdout);
    return failed == 0;
}

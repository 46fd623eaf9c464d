/* SPDX-License-Identifier: MIT */
#include "preview.h"

#include "amend/preview.h"
#include "json.h"
#include "print.h"
#include "run.h"

#include <string.h>

static const char *preview_time(pool *p, int64_t us)
{
    return us < 10000 ? pool_format(p, "%.1f ms", (double)us / 1000) : print_duration(p, us / 1000);
}

static void preview_statements(cli *c, const amend_preview *p)
{
    static const table_column columns[] = {
        {"VERSION", 0}, {"PLACE", TABLE_SHRINKS}, {"TIME", TABLE_RIGHT}, {"ROWS", TABLE_RIGHT}, {"STATEMENT", TABLE_SHRINKS}};
    table t;
    table_init(&t, &c->pool, columns, 5);
    for (size_t i = 0; i < p->statement_count; i++)
    {
        const amend_previewed *s = &p->statements[i];
        const char *base = strrchr(s->file, '/');
        table_add(&t,
                  (table_cell[]){{s->version, STYLE_PLAIN},
                                 {pool_format(&c->pool, "%s:%u", base == NULL ? s->file : base + 1, s->line), STYLE_DIM},
                                 {s->ran ? preview_time(&c->pool, s->elapsed_us) : "not tried", STYLE_PLAIN},
                                 {s->ran && s->rows > 0 ? pool_format(&c->pool, "%lld", (long long)s->rows) : "", STYLE_PLAIN},
                                 {s->text, STYLE_PLAIN}});
    }
    print_table(c, &t);
}

/* A definition of several lines is shown as far as its first. */
static const char *preview_line(pool *p, const char *text)
{
    size_t length = strcspn(text, "\n");
    return text[length] == '\0' ? pool_text(p, text) : pool_format(p, "%.*s …", (int)length, text);
}

static void preview_changes(cli *c, const amend_preview *p)
{
    if (p->change_count == 0)
    {
        print_line(c, STYLE_PLAIN, "the schema stays as it is");
        return;
    }
    print_line(c, STYLE_BOLD, "schema:");
    for (size_t i = 0; i < p->change_count; i++)
    {
        const amend_difference *d = &p->changes[i];
        if (d->kind != AMEND_DIFFERENCE_EXTRA)
        {
            print_line(c, STYLE_RED, "  - %s  %s", d->object, preview_line(&c->pool, d->expected));
        }
        if (d->kind != AMEND_DIFFERENCE_MISSING)
        {
            print_line(c, STYLE_GREEN, "  + %s  %s", d->object, preview_line(&c->pool, d->existing));
        }
    }
}

static const char *preview_effect(pool *p, const amend_effect *e)
{
    if (strncmp(e->what, "lock ", 5) == 0)
    {
        bool all = strcmp(e->what + 5, "ACCESS EXCLUSIVE") == 0;
        return pool_format(p, "locked (%s): others can %s until the end", e->what + 5,
                           all ? "neither read nor write" : "read, not write");
    }
    if (strcmp(e->what, "rewritten") == 0)
    {
        return "rewritten (or truncated): a new file for the whole table";
    }
    if (strcmp(e->what, "rows") == 0)
    {
        return pool_format(p, "%+lld rows", (long long)e->value);
    }
    return pool_format(p, "%lld rows %s", (long long)e->value, e->what);
}

static void preview_effects(cli *c, const amend_preview *p)
{
    if (p->effect_count > 0)
    {
        print_line(c, STYLE_BOLD, "effects:");
    }
    for (size_t i = 0; i < p->effect_count; i++)
    {
        print_line(c, STYLE_PLAIN, "  %s: %s", p->effects[i].object, preview_effect(&c->pool, &p->effects[i]));
    }
}

static void preview_print(cli *c, const amend_preview *p, const amend_error *error)
{
    size_t left_out = 0;
    for (size_t i = 0; i < p->statement_count; i++)
    {
        left_out += !p->statements[i].ran;
    }
    print_problems(c, p->report, error);
    if (p->report->item_count == 0)
    {
        print_line(c, STYLE_BOLD, "nothing to apply; %s", run_position(c, p->report));
        return;
    }
    preview_statements(c, p);
    if (error != NULL)
    {
        return;
    }
    if (p->cut_short)
    {
        print_note(c, AMEND_WARNING,
                   "a statement failed behind one that can't be tried in a transaction: the rest is not known");
    }
    else
    {
        preview_changes(c, p);
        preview_effects(c, p);
    }
    if (left_out > 0)
    {
        print_note(c, AMEND_NOTE, "%s outside of transactions: not tried", print_count(&c->pool, left_out, "statement"));
    }
    print_line(c, STYLE_BOLD, "previewed %s in %s; nothing was changed",
               print_count(&c->pool, p->report->item_count, "migration"), print_duration(&c->pool, p->report->elapsed_ms));
}

/* ---------------------------------------------------------------------------------------------------------------- JSON */

static json_t *preview_json_statement(const amend_previewed *s)
{
    json_t *out = json_object();
    json_add(out, "version", s->version);
    json_add(out, "file", s->file);
    json_add_number(out, "line", s->line);
    json_add_number(out, "statement", s->statement);
    json_add(out, "text", s->text);
    json_object_set_new(out, "tried", json_boolean(s->ran));
    if (s->ran)
    {
        json_add_number(out, "elapsed_us", s->elapsed_us);
    }
    if (s->rows >= 0)
    {
        json_add_number(out, "rows", s->rows);
    }
    return out;
}

static json_t *preview_json_change(const amend_difference *d)
{
    json_t *out = json_object();
    json_add(out, "object", d->object);
    if (d->expected != NULL)
    {
        json_object_set_new(out, "before", json_words(d->expected));
    }
    if (d->existing != NULL)
    {
        json_object_set_new(out, "after", json_words(d->existing));
    }
    return out;
}

static void preview_json(const amend_preview *p, const amend_error *error)
{
    json_t *out = json_report("up", p->report), *statements = json_array(), *effects = json_array(), *changes = json_array();
    for (size_t i = 0; i < p->statement_count; i++)
    {
        json_array_append_new(statements, preview_json_statement(&p->statements[i]));
    }
    for (size_t i = 0; i < p->effect_count; i++)
    {
        json_t *effect = json_object();
        json_add(effect, "object", p->effects[i].object);
        json_add(effect, "what", p->effects[i].what);
        json_add_number(effect, "value", p->effects[i].value);
        json_array_append_new(effects, effect);
    }
    for (size_t i = 0; i < p->change_count; i++)
    {
        json_array_append_new(changes, preview_json_change(&p->changes[i]));
    }
    json_t *preview = json_object();
    json_object_set_new(preview, "statements", statements);
    json_object_set_new(preview, "cut_short", json_boolean(p->cut_short));
    json_object_set_new(preview, "effects", effects);
    json_object_set_new(preview, "changes", changes);
    json_object_set_new(out, "preview", preview);
    if (error != NULL)
    {
        json_object_set_new(out, "error", json_error(error));
    }
    json_print(out);
}

amend_status preview_call(cli *c, const amend_run *run, amend_error *error)
{
    amend_preview *p = NULL;
    amend_status status = cli_open(c, error);
    if (status == AMEND_OK)
    {
        status = amend_preview_up(c->handle, run, &p, error);
    }
    progress_clear(&c->progress);
    if (p == NULL)
    {
        return status;
    }
    const amend_error *failed = status == AMEND_OK ? NULL : error;
    if (c->json)
    {
        preview_json(p, failed);
        c->told = failed != NULL;
    }
    else
    {
        preview_print(c, p, failed);
    }
    amend_preview_free(p);
    return status;
}

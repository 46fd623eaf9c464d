/* SPDX-License-Identifier: MIT */
#include "losses.h"

#include "json.h"
#include "table.h"

#include <string.h>

/* "1,204", "about 12,000,000", "?" */
static const char *losses_rows(pool *p, const amend_loss *l)
{
    if (l->measure == AMEND_MEASURE_UNKNOWN)
    {
        return "?";
    }
    char digits[32], *text = pool_alloc(p, sizeof digits * 2);
    size_t count = (size_t)snprintf(digits, sizeof digits, "%lld", (long long)l->rows), at = 0;
    for (size_t i = 0; i < count; i++)
    {
        if (i > 0 && (count - i) % 3 == 0)
        {
            text[at++] = ',';
        }
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return l->measure == AMEND_MEASURE_EXACT ? text : pool_format(p, "%s %s", amend_measure_name(l->measure), text);
}

void losses_print(cli *c, const amend_report *report)
{
    static const table_column columns[] = {{"MIGRATION", 0},      {"WHERE", TABLE_SHRINKS},        {"OBJECT", 0},
                                           {"ROWS", TABLE_RIGHT}, {"WHAT IS LOST", TABLE_SHRINKS}, {"ALLOWED BY", TABLE_DROPS}};
    table t;
    if (report->loss_count == 0 || c->quiet)
    {
        return;
    }
    table_init(&t, &c->pool, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < report->loss_count; i++)
    {
        const amend_loss *l = &report->losses[i];
        const char *place = strrchr(l->file, '/');
        bool none = l->rows == 0;
        table_add(&t, (const table_cell[]){
                          {pool_format(&c->pool, "%s %s", l->version, l->direction == AMEND_DOWN ? "down" : "up"), STYLE_PLAIN},
                          {pool_format(&c->pool, "%s:%u", place == NULL ? l->file : place + 1, l->line), STYLE_DIM},
                          {l->object, STYLE_BOLD},
                          {losses_rows(&c->pool, l), none ? STYLE_DIM : STYLE_RED},
                          {none                ? "nothing: it is empty"
                           : l->reason == NULL ? l->what
                                               : l->reason,
                           none ? STYLE_DIM : STYLE_PLAIN},
                          {l->permission == NULL ? "" : l->permission, STYLE_PLAIN}});
    }
    progress_clear(&c->progress);
    fflush(stdout);
    table_print(&t, stderr, &c->err);
}

json_t *losses_json(const amend_report *report)
{
    json_t *out = json_array();
    for (size_t i = 0; i < report->loss_count; i++)
    {
        const amend_loss *l = &report->losses[i];
        json_t *row = json_object();
        json_add(row, "version", l->version);
        json_add(row, "direction", l->direction == AMEND_DOWN ? "down" : "up");
        json_add(row, "file", l->file);
        json_add_number(row, "line", l->line);
        json_add_number(row, "statement", l->statement);
        json_add(row, "object", l->object);
        json_add(row, "what", l->what);
        if (l->measure != AMEND_MEASURE_UNKNOWN)
        {
            json_add_number(row, l->rows_kind, l->rows);
        }
        json_add(row, "measure", amend_measure_name(l->measure));
        json_add(row, "allowed", l->permission);
        json_add(row, "reason", l->reason);
        json_array_append_new(out, row);
    }
    return out;
}

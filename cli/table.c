/* SPDX-License-Identifier: MIT */
#include "table.h"

#include "width.h"

#include <string.h>

enum
{
    GAP = 2,
    NARROWEST = 8,
};

void table_init(table *t, pool *p, const table_column *columns, size_t count)
{
    *t = (table){.pool = p, .columns = columns, .column_count = count};
}

void table_add(table *t, const table_cell *cells)
{
    t->rows = pool_grow(t->pool, t->rows, t->row_count, sizeof *t->rows);
    table_cell *row = t->rows[t->row_count++];
    for (size_t c = 0; c < t->column_count; c++)
    {
        row[c].text = cells[c].text == NULL ? "" : width_clean(t->pool, cells[c].text);
        row[c].style = cells[c].style;
    }
}

static void natural_widths(const table *t, size_t widths[TABLE_COLUMNS])
{
    for (size_t c = 0; c < t->column_count; c++)
    {
        widths[c] = width_text(t->columns[c].head);
        for (size_t r = 0; r < t->row_count; r++)
        {
            size_t width = width_text(t->rows[r][c].text);
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
}

static size_t total(const table *t, const size_t widths[TABLE_COLUMNS])
{
    size_t sum = 0, shown = 0;
    for (size_t c = 0; c < t->column_count; c++)
    {
        sum += widths[c];
        shown += widths[c] > 0;
    }
    return sum + (shown > 0 ? (shown - 1) * GAP : 0);
}

/* Take from the widest column that shrinks, down to `floor`, until the table fits. */
static void shrink(const table *t, size_t widths[TABLE_COLUMNS], size_t limit, size_t floor)
{
    while (total(t, widths) > limit)
    {
        size_t widest = TABLE_COLUMNS;
        for (size_t c = 0; c < t->column_count; c++)
        {
            bool can = (t->columns[c].traits & TABLE_SHRINKS) != 0 && widths[c] > floor;
            widest = can && (widest == TABLE_COLUMNS || widths[c] > widths[widest]) ? c : widest;
        }
        if (widest == TABLE_COLUMNS)
        {
            return;
        }
        widths[widest]--;
    }
}

/* A width of 0 leaves the column out. */
static void fit(const table *t, size_t widths[TABLE_COLUMNS], size_t limit)
{
    size_t natural[TABLE_COLUMNS] = {0};
    memcpy(natural, widths, sizeof natural);
    shrink(t, widths, limit, NARROWEST * 2);
    for (size_t c = t->column_count; c > 0 && total(t, widths) > limit; c--)
    {
        if ((t->columns[c - 1].traits & TABLE_DROPS) != 0)
        {
            natural[c - 1] = 0;
            memcpy(widths, natural, sizeof natural);
            shrink(t, widths, limit, NARROWEST * 2);
        }
    }
    shrink(t, widths, limit, NARROWEST);
}

static void spaces(FILE *out, size_t count)
{
    fprintf(out, "%*s", (int)count, "");
}

static void table_print_row(const table *t, FILE *out, const look *l, const size_t widths[TABLE_COLUMNS], const table_cell *row)
{
    size_t owed = 0; /* blanks that are only printed when something comes behind them */
    for (size_t c = 0; c < t->column_count; c++)
    {
        if (widths[c] == 0)
        {
            continue;
        }
        const char *text = width_cut(t->pool, row[c].text, widths[c]);
        size_t padding = widths[c] - width_text(text);
        bool right = (t->columns[c].traits & TABLE_RIGHT) != 0;
        if (*text != '\0')
        {
            spaces(out, owed + (right ? padding : 0));
            fprintf(out, "%s%s%s", look_on(l, row[c].style), text, look_off(l, row[c].style));
            owed = (right ? 0 : padding) + GAP;
        }
        else
        {
            owed += padding + GAP;
        }
    }
    fputc('\n', out);
}

void table_print(const table *t, FILE *out, const look *l)
{
    size_t widths[TABLE_COLUMNS] = {0};
    table_cell head[TABLE_COLUMNS] = {0};
    natural_widths(t, widths);
    if (l->width > 0)
    {
        fit(t, widths, l->width);
    }
    for (size_t c = 0; c < t->column_count; c++)
    {
        head[c] = (table_cell){t->columns[c].head, STYLE_BOLD};
    }
    table_print_row(t, out, l, widths, head);
    for (size_t r = 0; r < t->row_count; r++)
    {
        table_print_row(t, out, l, widths, t->rows[r]);
    }
}

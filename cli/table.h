/* SPDX-License-Identifier: MIT */
/*
 * Tables: a head and rows of cells, as wide as they need. On a terminal that is narrower, columns that may shrink do so first
 * (their texts are cut with "…"), then those that may be left out are.
 */
#ifndef AMEND_CLI_TABLE_H
#define AMEND_CLI_TABLE_H

#include "look.h"
#include "pool.h"

enum
{
    TABLE_COLUMNS = 8,
    TABLE_SHRINKS = 1 << 0,
    TABLE_DROPS = 1 << 1, /* the rightmost goes first */
    TABLE_RIGHT = 1 << 2, /* flush right, as numbers are */
};

typedef struct table_column
{
    const char *head;
    unsigned traits;
} table_column;

typedef struct table_cell
{
    const char *text; /* NULL is empty; cleaned by table_add */
    style style;
} table_cell;

typedef struct table
{
    pool *pool;
    const table_column *columns;
    size_t column_count;
    table_cell (*rows)[TABLE_COLUMNS];
    size_t row_count;
} table;

void table_init(table *t, pool *p, const table_column *columns, size_t count);
/* `cells`: one for each column. */
void table_add(table *t, const table_cell *cells);
void table_print(const table *t, FILE *out, const look *l);

#endif

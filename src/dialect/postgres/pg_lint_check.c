/* SPDX-License-Identifier: MIT */
/* Constraints that are added to a table with rows. */
#include "dialect/postgres/pg_lint_look.h"

#define CONSTRAINT(name) PG_QUERY__CONSTR_TYPE__CONSTR_##name

/* "PRIMARY KEY USING INDEX … will attempt to do ALTER COLUMN SET NOT NULL against each such column": it reads all rows. */
static void adopt_primary(pg_lint_look *l, pg_ref table, const PgQuery__Constraint *c, slice object)
{
    const pg_past_table *known = pg_lint_table(l, table);
    const pg_past_index *index = known == NULL ? NULL : known->indexes;
    while (index != NULL && (index->gone || !slice_equal(index->name, slice_of(c->indexname))))
    {
        index = index->next;
    }
    for (size_t i = 0; index != NULL && i < index->columns.count; i++)
    {
        if (!pg_past_never_null(known, index->columns.items[i]))
        {
            pg_lint_say(l, LINT_SET_NOT_NULL, c->location, object, "\"%.*s\" is not NOT NULL yet, and every row is read for it",
                        (int)index->columns.items[i].len, index->columns.items[i].data);
            return;
        }
    }
}

static void note_unchecked(pg_lint_look *l, pg_ref table, const PgQuery__Constraint *c)
{
    pg_lint_pending *made = arena_alloc(l->arena, sizeof *made);
    l->out->failed |= made == NULL;
    if (made != NULL)
    {
        *made = (pg_lint_pending){.table = pg_lint_keep(l, table.name),
                                  .name = pg_lint_keep(l, slice_of(c->conname)),
                                  .transaction = pg_lint_transaction(l),
                                  .next = l->constraints};
        l->constraints = made;
    }
}

void pg_lint_add_constraint(pg_lint_look *l, pg_ref table, const PgQuery__Constraint *c)
{
    slice object = pg_lint_object(l, table, slice_of(c->conname));
    bool by_index = c->indexname[0] != '\0';
    if (c->skip_validation)
    {
        note_unchecked(l, table, c);
        return;
    }
    switch (c->contype)
    {
    case CONSTRAINT(FOREIGN):
        pg_lint_say(l, LINT_FOREIGN_KEY_SCAN, c->location, object, "every row is looked up while both tables can't be written");
        break;
    case CONSTRAINT(CHECK):
        pg_lint_say(l, LINT_CHECK_SCAN, c->location, object, "every row is read while nobody can use the table");
        break;
    case CONSTRAINT(UNIQUE):
    case CONSTRAINT(PRIMARY):
        if (!by_index)
        {
            pg_lint_say(l, LINT_UNIQUE_BLOCKS, c->location, object, "its index is built while nobody can use the table");
        }
        else if (c->contype == CONSTRAINT(PRIMARY))
        {
            adopt_primary(l, table, c, object);
        }
        break;
    case CONSTRAINT(EXCLUSION):
        pg_lint_say(l, LINT_EXCLUDE_BLOCKS, c->location, object, "its index is built while nobody can use the table");
        break;
    default:
        break;
    }
}

void pg_lint_validate(pg_lint_look *l, pg_ref table, slice name)
{
    pg_past_table *known = pg_lint_table(l, table);
    pg_past_check *check = pg_past_check_find(known, name);
    for (const pg_lint_pending *p = l->constraints; p != NULL; p = p->next)
    {
        bool same = slice_equal(p->table, table.name) && slice_equal(p->name, name);
        if (same && p->transaction == pg_lint_transaction(l) && !pg_lint_new(l, table))
        {
            pg_lint_say(l, LINT_VALIDATE_APART, 0, pg_lint_object(l, table, name),
                        "the lock that ADD CONSTRAINT took is held while every row is read");
        }
    }
    if (check != NULL)
    {
        check->valid = true;
    }
}

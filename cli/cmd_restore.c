/* SPDX-License-Identifier: MIT */
#include "amend/backup.h"

#include "fault.h"
#include "json.h"
#include "print.h"
#include "table.h"
#include "width.h"

#include <string.h>
#include <unistd.h>

/* What is about to be put back, for a person to judge. */
static void restore_announce(cli *c, const amend_restored *r)
{
    const char *since = r->version == NULL ? "nothing was applied yet" : pool_format(&c->pool, "at %s", r->version);
    print_line(c, STYLE_PLAIN, "backup of %s, made %s (%s), before: %s", width_clean(&c->pool, r->of), r->made_at, since,
               r->run);
}

static void restore_table(cli *c, const amend_restored *r)
{
    static const table_column columns[] = {{"TABLE", 0},
                                           {"ROWS", TABLE_RIGHT},
                                           {"INSERTED", TABLE_RIGHT},
                                           {"VALUES PUT BACK", TABLE_RIGHT},
                                           {"LEFT", TABLE_RIGHT}};
    table t;
    if (r->table_count == 0 || !cli_speaks(c))
    {
        return;
    }
    table_init(&t, &c->pool, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < r->table_count; i++)
    {
        const amend_restored_table *row = &r->tables[i];
        const int64_t numbers[] = {row->rows, row->inserted, row->updated, row->left};
        table_cell cells[5] = {{row->object, STYLE_BOLD}};
        for (size_t k = 0; k < 4; k++)
        {
            cells[k + 1] = (table_cell){pool_format(&c->pool, "%lld", (long long)numbers[k]), STYLE_PLAIN};
        }
        table_add(&t, cells);
    }
    fflush(stdout);
    table_print(&t, stdout, &c->out);
}

static void restore_json(const amend_restored *r, bool dry)
{
    json_t *out = json_object(), *tables = json_array();
    json_add(out, "command", "restore");
    json_add(out, "database", r->database);
    json_add(out, "dialect", r->dialect);
    json_add(out, "backup", r->backup);
    json_add(out, "of", r->of);
    json_add(out, "made_at", r->made_at);
    json_add(out, "version", r->version);
    json_add(out, "run", r->run);
    json_object_set_new(out, "whole", json_boolean(r->whole));
    json_object_set_new(out, "dry_run", json_boolean(dry));
    for (size_t i = 0; i < r->table_count; i++)
    {
        const amend_restored_table *t = &r->tables[i];
        json_t *row = json_object();
        json_add(row, "object", t->object);
        json_add_number(row, "rows", t->rows);
        json_add_number(row, "inserted", t->inserted);
        json_add_number(row, "updated", t->updated);
        json_add_number(row, "left", t->left);
        json_array_append_new(tables, row);
    }
    json_object_set_new(out, "tables", tables);
    json_add_number(out, "elapsed_ms", r->elapsed_ms);
    json_print(out);
}

/* Has the user typed the database's name? */
static bool restore_asked(cli *c, const amend_restored *r)
{
    char line[1024];
    const char *name = amend_database_name(c->handle);
    restore_announce(c, r);
    restore_table(c, r);
    fflush(stdout);
    fprintf(stderr, "%s%s%s\n", look_on(&c->err, STYLE_RED),
            r->whole ? pool_format(&c->pool, "This takes the place of all that %s has now.", amend_database(c->handle))
                     : pool_format(&c->pool, "This changes tables of %s.", amend_database(c->handle)),
            look_off(&c->err, STYLE_RED));
    fprintf(stderr, "Type the database's name (%s) to go on: ", name);
    fflush(stderr);
    if (fgets(line, sizeof line, stdin) == NULL)
    {
        fputc('\n', stderr);
        return false;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return strcmp(line, name) == 0;
}

static amend_status restore_confirm(cli *c, amend_restore_how *how, amend_error *error)
{
    amend_restored *r = NULL;
    bool person = isatty(STDIN_FILENO) == 1 && c->err.terminal && !c->json;
    if (args_has(&c->args, OPTION_YES) || (how->flags & AMEND_DRY_RUN) != 0)
    {
        return AMEND_OK;
    }
    amend_restore_how look = *how;
    look.flags = AMEND_DRY_RUN;
    amend_status status = amend_restore(c->handle, &look, &r, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    if (!person || !restore_asked(c, r))
    {
        status = fault_set(error, AMEND_E_NOT_CONFIRMED, "restore of \"%s\" was not confirmed", amend_database_name(c->handle));
        fault_hint(error, person ? "That was not the database's name: nothing was changed."
                                 : "Where nobody can be asked, give --yes; --dry-run shows what would be done.");
    }
    amend_restored_free(r);
    return status;
}

amend_status cmd_restore(cli *c, amend_error *error)
{
    amend_restored *r = NULL;
    amend_restore_how how = AMEND_RESTORE_INIT;
    how.path = c->args.operands[0];
    how.into = c->args.values[OPTION_INTO];
    how.flags = args_has(&c->args, OPTION_DRY_RUN) ? AMEND_DRY_RUN : 0u;
    bool dry = how.flags != 0;
    amend_status status = cli_open(c, error);
    status = status == AMEND_OK ? restore_confirm(c, &how, error) : status;
    status = status == AMEND_OK ? amend_restore(c->handle, &how, &r, error) : status;
    if (status != AMEND_OK)
    {
        return status;
    }
    if (c->json)
    {
        restore_json(r, dry);
    }
    else
    {
        restore_announce(c, r);
        restore_table(c, r);
        print_line(c, STYLE_BOLD, dry ? "nothing was changed: all of it can be restored" : "restored in %s",
                   print_duration(&c->pool, r->elapsed_ms));
    }
    amend_restored_free(r);
    return AMEND_OK;
}

/* SPDX-License-Identifier: MIT */
/*
 * Snapshots of a PostgreSQL database: pg_facts URL [SCRIPT]
 *
 * Without a script, the live schema is read as a command would. With one, it is run in a transaction, the schema is read inside
 * it, and the transaction is rolled back. "--query" in place of the URL prints the statements that read it.
 */
#include "base/alloc.h"
#include "driver/drivers.h"
#include "engine/snapshot.h"

#include <stdio.h>
#include <string.h>

static int fail(const amend_error *error)
{
    fprintf(stderr, "%s %s\n", error->sqlstate, error->message);
    return 1;
}

static int run(session *s, const char *sql)
{
    amend_error error = {0};
    return session_run(s, slice_of(sql), 1000, NULL, NULL, &error) == AMEND_OK ? 0 : fail(&error);
}

static int print(session *s, bool inside)
{
    arena *a = arena_new(s->allocator);
    snapshot found;
    amend_error error = {0};
    buf text;
    buf_init(&text, s->allocator);
    int status = snapshot_read(s, a, inside, &found, &error) == AMEND_OK ? 0 : fail(&error);
    if (status == 0)
    {
        snapshot_print(&found, &text);
        fputs(text.data == NULL ? "" : text.data, stdout);
    }
    buf_clear(&text);
    arena_free(a);
    return status;
}

static int print_query(const dialect *d)
{
    buf text;
    buf_init(&text, &alloc_default);
    d->snapshot(&text, false);
    fputs(text.data, stdout);
    buf_clear(&text);
    return 0;
}

int main(int argc, char **argv)
{
    session s = {.allocator = &alloc_default, .driver = &driver_postgres, .dialect = dialect_find("postgres")};
    if (argc < 2 || strcmp(argv[1], "--query") == 0)
    {
        return print_query(s.dialect);
    }
    amend_connect how = {.url = argv[1], .application = "pg_facts", .allocator = s.allocator, .timeout_ms = 10000};
    amend_fault fault = {0};
    amend_error error = {0};
    if (driver_postgres.open(&how, &s.conn, &fault, &error) != AMEND_OK)
    {
        return fail(&error);
    }
    int status = argc < 3 ? 0 : run(&s, "BEGIN") || run(&s, argv[2]);
    status = status || print(&s, argc >= 3) || (argc >= 3 && run(&s, "ROLLBACK"));
    driver_postgres.close(s.conn);
    return status;
}

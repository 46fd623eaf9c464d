/* SPDX-License-Identifier: MIT */
/* A program's file that knows nothing of amend: SQLite's own calls, as in any program. plain_main.c has the rest. */
#include <sqlite3.h>
#include <stdio.h>

int plain_work(sqlite3 *db);

static int print_row(void *arg, int columns, char **values, char **names)
{
    (void)arg;
    for (int i = 0; i < columns; i++)
    {
        printf("%s=%s\n", names[i], values[i] != NULL ? values[i] : "NULL");
    }
    return 0;
}

int plain_work(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    sqlite3_blob *blob = NULL;
    char **table = NULL, *message = NULL;
    int rows = 0, columns = 0;
    if (sqlite3_exec(db, "INSERT INTO cards(title) VALUES('one')", NULL, NULL, &message) != SQLITE_OK)
    {
        printf("%s\n", message);
        sqlite3_free(message);
        return 1;
    }
    if (sqlite3_prepare_v2(db, "INSERT INTO notes(body) VALUES(?)", -1, &stmt, NULL) != SQLITE_OK)
    {
        return 2;
    }
    sqlite3_bind_text(stmt, 1, "two", -1, SQLITE_STATIC);
    if (sqlite3_step(stmt) != SQLITE_DONE || sqlite3_finalize(stmt) != SQLITE_OK)
    {
        return 3;
    }
    if (sqlite3_get_table(db, "SELECT color FROM cards", &table, &rows, &columns, NULL) != SQLITE_OK)
    {
        return 4;
    }
    sqlite3_free_table(table);
    if (sqlite3_blob_open(db, "main", "pictures", "data", 1, 0, &blob) != SQLITE_OK)
    {
        return 5;
    }
    sqlite3_blob_close(blob);
    int (*by_address)(sqlite3 *, const char *, int (*)(void *, int, char **, char **), void *, char **) = sqlite3_exec;
    return by_address(db, "SELECT title, body FROM cards, notes", print_row, NULL, NULL);
}

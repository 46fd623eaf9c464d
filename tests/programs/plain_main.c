/* SPDX-License-Identifier: MIT */
/* plain FILE [DIR]: what plain_sqlite.c does on that database; with migrations, when a directory is given. */
#include "amend.h"

#include <sqlite3.h>
#include <stdio.h>

int plain_work(sqlite3 *db);

extern amend *plain_handle;
amend *plain_handle;

int main(int argc, char **argv)
{
    sqlite3 *db = NULL;
    char url[600];
    amend_options options = AMEND_OPTIONS_INIT;
    snprintf(url, sizeof url, "sqlite:%s", argc > 1 ? argv[1] : "");
    options.url = url;
    options.dir = argc > 2 ? argv[2] : NULL;
    if (argc < 2 || (argc > 2 && amend_open(&options, &plain_handle, NULL) != AMEND_OK) ||
        sqlite3_open(argv[1], &db) != SQLITE_OK)
    {
        return 9;
    }
    int result = plain_work(db);
    sqlite3_close(db);
    amend_close(plain_handle);
    return result;
}

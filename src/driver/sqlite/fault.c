/* SPDX-License-Identifier: MIT */
/* SQLite's result codes (https://sqlite.org/rescode.html) to faults and diagnostics: one table. */
#include "base/error.h"
#include "dialect/sqlite/check.h"
#include "driver/sqlite/conn.h"

#include <errno.h>
#include <stdio.h>

static const struct
{
    int result; /* primary */
    amend_code code;
    amend_fault_kind kind;
} sqlite_results[] = {
    {SQLITE_BUSY, AMEND_E_BUSY, AMEND_FAULT_BUSY},
    {SQLITE_LOCKED, AMEND_E_BUSY, AMEND_FAULT_BUSY},
    {SQLITE_FULL, AMEND_E_DISK_FULL, AMEND_FAULT_STATEMENT},
    {SQLITE_READONLY, AMEND_E_READ_ONLY, AMEND_FAULT_STATEMENT},
    {SQLITE_CORRUPT, AMEND_E_DATABASE_CORRUPT, AMEND_FAULT_STATEMENT},
    {SQLITE_NOTADB, AMEND_E_FILE_NOT_DATABASE, AMEND_FAULT_STATEMENT},
    {SQLITE_IOERR, AMEND_E_DATABASE_IO, AMEND_FAULT_STATEMENT},
    {SQLITE_CANTOPEN, AMEND_E_OPEN_FILE, AMEND_FAULT_STATEMENT},
    {SQLITE_NOMEM, AMEND_E_OUT_OF_MEMORY, AMEND_FAULT_STATEMENT},
    {SQLITE_INTERRUPT, AMEND_E_CANCELLED, AMEND_FAULT_CANCELLED},
};

/* Words of our own in place of SQLite's; its doubled quotes become single. */
static void sqlite_copy_words(char *field, size_t size, slice words)
{
    size_t len = 0;
    char text[1024];
    for (size_t i = 0; i < words.len && len < sizeof text; i++)
    {
        text[len++] = words.data[i];
        i += words.data[i] == '\'' && i + 1 < words.len && words.data[i + 1] == '\'';
    }
    error_copy(field, size, (slice){text, len});
}

/* Memory inside I/O, and a journal that can't be made beside the database, go by names that mislead. */
static int sqlite_primary(sqlite3 *db, int code)
{
    if (code == SQLITE_IOERR_NOMEM)
    {
        return SQLITE_NOMEM;
    }
    int system = db == NULL ? 0 : sqlite3_system_errno(db);
    if ((code & 0xff) == SQLITE_CANTOPEN && (system == EACCES || system == EROFS || system == EPERM))
    {
        return SQLITE_READONLY;
    }
    return code & 0xff;
}

amend_status sqlite_conn_fault(sqlite3 *db, int code, amend_fault *fault, amend_error *error)
{
    amend_code found = AMEND_E_STATEMENT;
    int primary = sqlite_primary(db, code);
    fault->kind = AMEND_FAULT_STATEMENT;
    for (size_t i = 0; i < sizeof sqlite_results / sizeof sqlite_results[0]; i++)
    {
        if (sqlite_results[i].result == primary)
        {
            found = sqlite_results[i].code;
            fault->kind = sqlite_results[i].kind;
        }
    }
    const char *message = db == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(db);
    amend_status status = error_set(error, found, "%s", message);
    if (error == NULL)
    {
        return status;
    }
    error->native = code;
    if (primary == SQLITE_TOOBIG)
    {
        int limit = db == NULL ? 0 : sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, -1);
        error_detail(error, "SQLite takes statements of up to %d bytes, and rows of up to %d bytes.", limit,
                     db == NULL ? 0 : sqlite3_limit(db, SQLITE_LIMIT_LENGTH, -1));
    }
    slice words = sqlite_check_words(message);
    if (words.len > 0)
    {
        sqlite_copy_words(error->message, sizeof error->message, words);
    }
    return status;
}

/* SPDX-License-Identifier: MIT */
/* A connection to SQLite, and how its result codes become faults and errors. */
#ifndef AMEND_DRIVER_SQLITE_CONN_H
#define AMEND_DRIVER_SQLITE_CONN_H

#include "amend/driver.h"
#include "base/buf.h"

#include <sqlite3.h>

typedef struct sqlite_conn
{
    amend_conn base;
    const amend_allocator *allocator;
    sqlite3 *db;
    bool borrowed;       /* the caller's: its handlers are left alone, and it is not closed */
    bool touched;        /* borrowed: something was run on it */
    bool begun;          /* borrowed: what comes before the first exec is done */
    bool write_first;    /* borrowed: take the write lock before anything is read */
    sqlite3_int64 rowid; /* borrowed: last_insert_rowid as it was */
    uint32_t busy_ms;
    buf text;           /* the piece at hand, NUL-terminated */
    const char **cells; /* names, then values of a row */
    size_t cell_count;  /* room in cells */
    bool restore_keys;  /* foreign_keys was changed for the length of the open transaction: */
    int foreign_keys;   /*   what it was before */
    /* while exec runs */
    const amend_hooks *hooks;
    int64_t told_ms;      /* when idle was last called */
    int64_t busy_since;   /* when the wait for a lock began */
    amend_status stopped; /* what a hook said, AMEND_OK while none stopped us */
} sqlite_conn;

/* open.c */
amend_status sqlite_conn_open(const amend_connect *how, amend_conn **out, amend_fault *fault, amend_error *error);
void sqlite_conn_close(amend_conn *conn);
void sqlite_conn_own_process(void);

/* exec.c */
amend_status sqlite_conn_exec(amend_conn *conn, const amend_piece *pieces, size_t count, const amend_hooks *hooks,
                              amend_fault *fault, amend_error *error);
bool sqlite_conn_idle(amend_conn *conn);
/* Waits for a lock, up to busy_ms; asks hooks->idle meanwhile. To be given to sqlite3_busy_handler. */
int sqlite_conn_busy(void *conn, int tries);

/* copy.c: amend_driver.path, save, others and load */
const char *sqlite_copy_path(amend_conn *conn);
amend_status sqlite_copy_save(amend_conn *conn, const char *path, const amend_hooks *hooks, amend_fault *fault,
                              amend_error *error);
int64_t sqlite_copy_others(amend_conn *conn);
amend_status sqlite_copy_load(amend_conn *conn, const char *path, const int64_t *others, bool *changed, amend_fault *fault,
                              amend_error *error);

/* borrow.c: what comes before the first exec on a borrowed connection. *fault is filled but for its place. */
amend_status sqlite_conn_begin_borrowed(sqlite_conn *c, amend_fault *fault, amend_error *error);

/*
 * fault.c: fill kind and error from what the connection's last call came to, and return the error's status. db may be NULL when
 * memory was short. `text` is what failed, for its length only.
 */
amend_status sqlite_conn_fault(sqlite3 *db, int code, amend_fault *fault, amend_error *error);

#endif

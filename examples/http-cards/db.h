/* SPDX-License-Identifier: MIT */
/*
 * The few things that the service asks of a database, the same for SQLite and PostgreSQL. Each thread has a connection of its
 * own. All values are text; a query's parameters are $1, $2 … in the order of their first use, which both databases understand.
 */
#ifndef DB_H
#define DB_H

#include <amend.h>

typedef enum db_status
{
    DB_OK,
    DB_CONFLICT, /* a constraint said no: the client's fault */
    DB_FAILED,   /* anything else */
} db_status;

typedef struct db db;

/* One row of a result. A value is NULL where the row has none; all live until the function returns. */
typedef void (*db_row_fn)(void *arg, const char *const *values);

/* What is done in a transaction: DB_OK commits, all else rolls back. It may be called again, from its start, after a cure. */
typedef db_status (*db_work_fn)(db *d, void *arg);

/* One kind of database. */
typedef struct db_kind
{
    const amend_file *migrations; /* compiled in */
    const size_t *migration_count;
    db *(*open)(const char *url, char *why, size_t room); /* NULL, and why */
    void (*close)(db *d);
    db_status (*query)(db *d, const char *sql, const char *const *values, size_t count, db_row_fn row, void *arg);
    db_status (*transaction)(db *d, db_work_fn work, void *arg);
} db_kind;

/* What every kind's connection begins with. */
struct db
{
    const db_kind *kind;
    amend *healer;         /* NULL: the wrappers are the client library's own calls */
    amend_db_error failed; /* the last error; its texts are below, but for the query, which is the caller's */
    char message[1024], sqlstate[6];
};

/* The kind that a URL means. */
const db_kind *db_kind_of(const char *url);

/* Once, before the first thread asks: from where db_mine gets its connections. False, and why, when there is no database. */
bool db_setup(const char *url, amend *healer, char *why, size_t room);

/* This thread's connection, opened when it is first needed and closed when the thread ends. NULL when there is none to have. */
db *db_mine(void);

/* Run one statement; `row` (may be NULL) is called for each row. What is missing in the schema is healed on the way. */
db_status db_query(db *d, const char *sql, const char *const *values, size_t count, db_row_fn row, void *arg);

/* The same without healing: what fails, stays failed. */
db_status db_query_bare(db *d, const char *sql, const char *const *values, size_t count, db_row_fn row, void *arg);

/* All of `work`, or nothing. What is missing in the schema is healed on the way. */
db_status db_transaction(db *d, db_work_fn work, void *arg);

/* For the kinds: note the error. */
void db_fail(db *d, const char *message, const char *sqlstate, int native, const char *query, size_t position);

extern const db_kind db_sqlite;
#ifdef WITH_POSTGRES
extern const db_kind db_postgres;
#endif

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The contract of a driver: a connection to one kind of database. For those who extend amend; applications need amend.h only.
 *
 * A driver knows how to reach a database and how to hand it SQL text. It knows no grammar, no history table and no policy. Its
 * one working slot, exec, takes a list of pieces of SQL text and runs them in order; everything else is built on that.
 */
#ifndef AMEND_DRIVER_H
#define AMEND_DRIVER_H

#include "amend.h"

#ifdef __cplusplus
extern "C" {
#endif

#define AMEND_DRIVER_VERSION 1

/* The data behind one COPY … FROM stdin statement of a piece, in the order of the statements. */
typedef struct amend_copy
{
    const char *data;
    size_t length;
} amend_copy;

/* A run of whole statements. */
typedef struct amend_piece
{
    const char *text; /* UTF-8; need not end in NUL; the last statement may lack its semicolon */
    size_t length;
    unsigned statements; /* how many statements the text holds: one result each; 0 only for a text without any */
    const amend_copy *copies;
    size_t copy_count;
} amend_piece;

/* One row of a result. All borrowed until the hook returns. Values are text in UTF-8; NULL is SQL's NULL. */
typedef struct amend_row
{
    unsigned columns;
    const char *const *names;
    const char *const *values;
} amend_row;

/* What the driver tells while it works; every hook may be NULL. They are called on the calling thread. */
typedef struct amend_hooks
{
    void *arg;
    /* A row came. Anything but AMEND_OK stops exec as soon as the protocol allows, and exec returns that status. */
    amend_status (*row)(void *arg, size_t piece, const amend_row *row);
    /* Statement `statement` (from 1) of `piece` is done. `rows`: affected or returned, -1 when unknown. */
    void (*done)(void *arg, size_t piece, unsigned statement, int64_t rows);
    /* The server's NOTICE, WARNING … : severity is the server's word for it. */
    void (*notice)(void *arg, const char *severity, const char *text);
    /* Nothing came for a while (about every 250 ms). Anything but AMEND_OK cancels the running statement. */
    amend_status (*idle)(void *arg);
    /* A piece of what a COPY … TO stdout gives; not NUL-terminated. Anything but AMEND_OK stops exec, as of row. */
    amend_status (*copied)(void *arg, size_t piece, const char *data, size_t length);
} amend_hooks;

/* What kind of failure it was: what decides whether trying again makes sense. */
typedef enum amend_fault_kind
{
    AMEND_FAULT_NONE,
    AMEND_FAULT_STATEMENT, /* the database refused a statement: the same again would fail the same */
    AMEND_FAULT_UNRUN,     /* it refused the text as a whole (a syntax error somewhere in it): none of the pieces ran */
    AMEND_FAULT_BUSY,      /* a lock timeout, a deadlock, a serialization failure, SQLITE_BUSY: try again later */
    AMEND_FAULT_LOST,      /* the connection is gone; what became of the running statement is not known. On open: no answer */
    AMEND_FAULT_DENIED,    /* open: wrong password, no such role or database, no permission: don't try again */
    AMEND_FAULT_CANCELLED, /* a hook stopped it */
} amend_fault_kind;

/* Where exec failed. Filled when exec returns other than AMEND_OK. */
typedef struct amend_fault
{
    amend_fault_kind kind;
    size_t piece;       /* which piece */
    unsigned statement; /* which of its statements, from 1; 0 when unknown */
    bool positioned;    /* the database said where: */
    size_t offset;      /*   byte offset within the piece's text */
} amend_fault;

/* Every driver's connection begins with this. */
typedef struct amend_conn
{
    const struct amend_driver *driver;
} amend_conn;

typedef struct amend_connect
{
    const char *url;                  /* as the user gave it, password included */
    const char *application;          /* application_name, where the kind has it */
    const amend_allocator *allocator; /* lives as long as the connection */
    uint32_t timeout_ms;              /* for this one try */
    uint32_t busy_ms;                 /* SQLite's busy timeout; others ignore it */
    bool read_only; /* the caller will only look: an absent database is an empty one, not an error, and is not made */
} amend_connect;

enum
{
    AMEND_DRIVER_LOCAL = 1 << 0, /* no network: a failed open is not worth waiting for */
};

/*
 * A driver. Instances are static const; slots marked optional may be NULL.
 */
typedef struct amend_driver
{
    uint32_t version;    /* AMEND_DRIVER_VERSION */
    const char *name;    /* "sqlite" */
    const char *dialect; /* the name of the dialect it speaks */
    uint32_t capabilities;
    /* Does this driver take this URL? Pure. Called in registration order; the first that says yes gets it. */
    bool (*accepts)(const char *url);
    /*
     * Write the URL without its password (*** in its place) into out, and the database's short name (base name of the file,
     * database name) into name. Both are always NUL-terminated, cut when too long. Pure. Also right for URLs that don't parse:
     * rather too little than a password.
     */
    void (*describe)(const char *url, char *out, size_t out_size, char *name, size_t name_size);
    /*
     * Connect. After AMEND_OK, *out is the caller's, to be given to close. Otherwise fault->kind is LOST (worth another try),
     * BUSY or DENIED, *error says why, *out is untouched. One try only: the caller retries.
     */
    amend_status (*open)(const amend_connect *how, amend_conn **out, amend_fault *fault, amend_error *error);
    /* Close and free. An open transaction is rolled back. */
    void (*close)(amend_conn *conn);
    /*
     * Run the pieces in order, stopping at the first failure. Transactions are the text's own business: the driver opens and
     * closes none, and rolls nothing back. hooks may be NULL. After a failure, *fault says where, *error what the database said
     * (message, detail, hint, sqlstate or native code; not file, line or column: the caller knows those), and the connection
     * can take the next exec unless the kind is LOST.
     */
    amend_status (*exec)(amend_conn *conn, const amend_piece *pieces, size_t count, const amend_hooks *hooks,
                         amend_fault *fault, amend_error *error);
    /* Is the connection outside any transaction? Used by assertions and tests. */
    bool (*idle)(amend_conn *conn);
    /*
     * Optional. Nobody else in this process uses the driver's library: change those of its process-wide settings that make it
     * faster. Called before the first open, perhaps more than once; must do no harm when it comes too late.
     */
    void (*own_process)(void);
    /*
     * Optional. The URL of another database, for scratch work: of that name on the same server, as the same user; of that path,
     * where databases are files. False when it does not fit.
     */
    bool (*beside)(const char *url, const char *name, char *out, size_t out_size);
    /*
     * Optional, all or none: the database is one file, which is saved and put back as a whole.
     *
     * path: the file's absolute path, which lives as long as the connection; NULL when the database is in memory, or nowhere.
     * save: write what is committed to `path`, a file that is there and empty, and see that it is on the disk. What an open
     *   transaction of this connection has changed is not in it. hooks->idle is asked meanwhile.
     * others: a number that is another one after another connection has committed. Inside a transaction only.
     * load: put what the file `path` has in the place of all that the database has, in one transaction of its own. With
     *   `others`, only while that is still the number: else nothing is done, and *changed says so.
     */
    const char *(*path)(amend_conn *conn);
    amend_status (*save)(amend_conn *conn, const char *path, const amend_hooks *hooks, amend_fault *fault, amend_error *error);
    int64_t (*others)(amend_conn *conn);
    amend_status (*load)(amend_conn *conn, const char *path, const int64_t *others, bool *changed, amend_fault *fault,
                         amend_error *error);
} amend_driver;

#ifdef __cplusplus
}
#endif

#endif

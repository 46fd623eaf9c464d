/* SPDX-License-Identifier: MIT */
/*
 * amend: bring a database's schema to the version its application needs.
 *
 * The header follows the user's work: open, look, run, heal. Everything hangs off one `amend` handle; there is no global
 * state. A handle may be used by one thread at a time; different handles may be used by different threads at once. The calls
 * that heal are the exception: any number of threads may make them on one handle at once.
 *
 * The library never prints, never exits and never changes the locale, a signal handler or the working directory. It says
 * what it does through return values, amend_error, amend_report, and the event callback.
 */
#ifndef AMEND_H
#define AMEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AMEND_VERSION "0.1.0"

#if defined(__GNUC__)
#define AMEND_API __attribute__((visibility("default")))
#define AMEND_CHECKED __attribute__((warn_unused_result))
#else
#define AMEND_API
#define AMEND_CHECKED
#endif

/* ------------------------------------------------------------------------------------------------ status and error */

/* What a call came to. The values are also the exit statuses of the command `amend`. */
typedef enum amend_status
{
    AMEND_OK = 0,          /* done */
    AMEND_FAILED = 1,      /* a migration, a file or the database said no */
    AMEND_USAGE = 2,       /* wrong argument or configuration */
    AMEND_PENDING = 3,     /* only of the command: migrations are pending (`status --exit-code`) */
    AMEND_UNVERIFIED = 4,  /* verification found a difference */
    AMEND_REFUSED = 5,     /* a guard refused */
    AMEND_LOCKED = 6,      /* another runner holds the lock, and the wait is over */
    AMEND_UNREACHABLE = 7, /* the database can't be reached, or the connection was lost */
} amend_status;

/* Every diagnostic has a number that is never reused: AM0142 is 142. Names, texts, causes and remedies: amend_explain(). */
typedef enum amend_code
{
#define AMEND_DIAGNOSTIC(number, name, status, text, cause, remedy) AMEND_E_##name = number,
#include "amend/diagnostics.def"
#undef AMEND_DIAGNOSTIC
} amend_code;

/*
 * What went wrong, as data. A plain value: it owns nothing, can be copied, and needs no release. Unknown parts are empty or
 * zero. Text that does not fit is cut at a character's edge. Every function that takes an amend_error * accepts NULL, and
 * writes it only when it returns other than AMEND_OK.
 */
typedef struct amend_error
{
    amend_status status;
    amend_code code;
    char message[1024]; /* lower case, no full stop; never holds a password */
    char hint[512];     /* what to do next, a full sentence */
    char detail[2048];  /* the database's own detail, or a list of lines */
    char sqlstate[6];   /* PostgreSQL Appendix A; empty for SQLite */
    int native;         /* SQLite's extended result code */
    char version[72];   /* the migration, when one is concerned */
    char object[256];   /* the table, file or setting concerned */
    char file[512];     /* where: file, */
    unsigned line;      /*   line from 1, 0 when unknown, */
    unsigned column;    /*   column from 1, in characters, */
    unsigned statement; /*   and which statement of the script, from 1 */
    size_t offset;      /* byte offset in the normalised text (no byte-order mark, LF line ends) */
    char excerpt[512];  /* the source line */
    unsigned caret;     /* where in excerpt the caret goes: characters from 1, 0 when there is none */
} amend_error;

/* What stands behind a diagnostic. Static storage. NULL for an unknown number. Thread-safe. */
typedef struct amend_explanation
{
    amend_code code;
    const char *name; /* "OUT_OF_MEMORY" */
    amend_status status;
    const char *text;   /* one line */
    const char *cause;  /* why it comes */
    const char *remedy; /* what to do */
} amend_explanation;

AMEND_API const amend_explanation *amend_explain(int code);

/* The i-th diagnostic, from 0, in the order of their numbers; NULL behind the last. Thread-safe. */
AMEND_API const amend_explanation *amend_explain_at(size_t i);

/* The library's version, e.g. "0.1.0". Thread-safe. */
AMEND_API const char *amend_version(void);

/* ----------------------------------------------------------------------------------------------------------- memory */

/*
 * All of the library's own memory comes from here (libsqlite3 and libpq have their own). resize(arg, NULL, 0, n) allocates,
 * (arg, p, n, 0) frees and returns NULL, (arg, p, old, new) resizes; it returns NULL when it can't, and the old block stays.
 */
typedef struct amend_allocator
{
    void *(*resize)(void *arg, void *block, size_t old_size, size_t new_size);
    void *arg;
} amend_allocator;

/* ----------------------------------------------------------------------------------------------------------- events */

/*
 * What happens, as it happens. Those marked "audited" are also rows of the table _migration_events, written in the same
 * transaction as what they tell of; the others are only told to the callback.
 */
typedef enum amend_event_type
{
#define AMEND_EVENT(name, text, audited) AMEND_EVENT_##name,
#include "amend/events.def"
#undef AMEND_EVENT
    AMEND_EVENT_TYPES
} amend_event_type;

typedef enum amend_severity
{
    AMEND_INFO,
    AMEND_NOTE,
    AMEND_WARNING,
    AMEND_ERROR,
} amend_severity;

/* All pointers are borrowed: they live until the callback returns. NULL or 0 where a field does not apply. */
typedef struct amend_event
{
    amend_event_type type;
    const char *type_name; /* "migration.applied" */
    amend_severity severity;
    bool audited;
    const char *id; /* UUIDv7 (RFC 9562), audited events only */
    const char *at; /* ISO 8601, UTC, with fractions of a second */
    const char *version;
    const char *name;
    const char *checksum;
    const char *actor;
    const char *host;
    const char *application;
    const char *detail;    /* a JSON object, or NULL */
    const char *prev_hash; /* audited events read from the table only */
    const char *hash;
    const char *message;  /* one line for people, or NULL */
    const char *file;     /* of a warning or a running migration */
    unsigned step, steps; /* which migration of how many in this run, from 1 */
    unsigned statement;   /* which statement of it, from 1; 0 when unknown */
    unsigned statements;  /* of how many; 0 when unknown */
    int64_t elapsed_ms;   /* since the step or the wait began; execution time when it is done */
} amend_event;

/* Called on the thread that called the library. It must not call into the same handle. */
typedef void (*amend_event_fn)(void *arg, const amend_event *event);

/* "migration.applied"; NULL when out of range. */
AMEND_API const char *amend_event_type_name(amend_event_type type);

/* ------------------------------------------------------------------------------------------------------------- open */

typedef struct amend amend;

/* What may be applied by itself when a query fails for a missing object. */
typedef enum amend_heal_policy
{
    AMEND_HEAL_ADDITIVE, /* the default: migrations that only add, and can neither lose data, nor rewrite or scan a table */
    AMEND_HEAL_OFF,      /* nothing: errors are not even looked at */
    AMEND_HEAL_REPORT,   /* nothing: what AMEND_HEAL_ADDITIVE would do is told as an event */
    AMEND_HEAL_ALL,      /* every migration */
} amend_heal_policy;

/* One file of a set that is compiled into the program (see `amend embed`), its path as under the migrations' directory. */
typedef struct amend_file
{
    const char *path; /* "versions/001_initial.sql", "001_initial.down.sql" */
    const char *text;
    size_t length;
} amend_file;

/* How severe a lint rule is, in place of what the registry says; the rules and amend_lint() are in amend/lint.h. */
typedef struct amend_lint_setting
{
    const char *rule;        /* "rename", "AL005" */
    amend_severity severity; /* AMEND_INFO: off */
} amend_lint_setting;

/*
 * Zero means default in every field. Strings are copied by amend_open; `files` is borrowed until amend_close.
 *
 * Two settings of healing can be changed from outside, by those who run the program: the environment's AMEND_HEAL (off,
 * additive, all or report) takes the place of `heal`, and AMEND_HEAL_URL that of `heal_url`. amend_open reads them.
 */
typedef struct amend_options
{
    size_t size;     /* sizeof(amend_options): AMEND_OPTIONS_INIT sets it */
    const char *url; /* sqlite:path, a path, file:… · postgres://…, a libpq conninfo string. NULL: only files are looked at */
    const char *dir; /* migrations; default "migrations". Not used when files is set */
    const amend_file *files;
    size_t file_count;
    const char *application;          /* goes to the audit trail and PostgreSQL's application_name; default "amend" */
    const char *actor;                /* goes to the audit trail; default the operating system's user */
    const amend_allocator *allocator; /* default malloc; borrowed until amend_close */
    amend_event_fn on_event;
    void *on_event_arg;
    uint32_t connect_timeout_ms; /* all tries together; default 30000 */
    uint32_t lock_timeout_ms;    /* how long a statement may wait for a lock (SQLite: busy timeout); default 5000 */
    uint32_t lock_wait_ms;       /* how long to wait for another runner; default 300000 */
    uint32_t lease_ms;           /* after how long a silent runner is taken for dead; default 30000, at least 1000 */
    bool own_process;            /* nothing else in this process uses the database's library: settings of the whole process that
                                    make it faster may be changed (SQLite's count of its memory is turned off) */
    amend_heal_policy heal;
    const char *heal_url;      /* PostgreSQL: the connection that cures are made on, so that the application's own role needs no
                                  right to change the schema; default url */
    uint32_t heal_wait_ms;     /* how long a failed operation may wait for its cure, all in all; default 10000 */
    uint32_t heal_cooldown_ms; /* after how long what failed is tried again, unless its file has changed; default 30000 */
    const amend_lint_setting *lint; /* the severities of these rules */
    size_t lint_count;
} amend_options;

#define AMEND_OPTIONS_INIT                                                                                                     \
    {                                                                                                                          \
        .size = sizeof(amend_options)                                                                                          \
    }

/*
 * Make a handle. Checks the arguments and picks the driver; reads no file and connects to nothing: both happen with the first
 * call that needs them. *out is the caller's, to be given to amend_close. Errors: ARGUMENT, URL, DRIVER_MISSING, SETTINGS (a
 * wrong AMEND_HEAL, an unknown lint rule), OUT_OF_MEMORY.
 */
AMEND_API AMEND_CHECKED amend_status amend_open(const amend_options *options, amend **out, amend_error *error);

/* Close the connection and free everything. NULL is allowed. */
AMEND_API void amend_close(amend *handle);

/*
 * Ask the call that runs on this handle to stop: the running statement is cancelled, its migration is undone, those before it
 * stay applied, and the call fails with CANCELLED. It can't be taken back: each later run on this handle fails the same. This
 * is the one function that another thread, or a signal handler, may call while a call runs. NULL is allowed.
 */
AMEND_API void amend_cancel(amend *handle);

/* The database's URL with its password as ***; lives as long as the handle. "" without one. */
AMEND_API const char *amend_database(const amend *handle);

/* The database's short name for a person to confirm: the file's base name, or PostgreSQL's database. Lives like the handle. */
AMEND_API const char *amend_database_name(const amend *handle);

/* ---------------------------------------------------------------------------------------------------------- reports */

typedef enum amend_state
{
    AMEND_STATE_APPLIED,      /* in the history, file unchanged */
    AMEND_STATE_PENDING,      /* a file that the history does not have */
    AMEND_STATE_CHANGED,      /* applied, but the file's checksum is another one now */
    AMEND_STATE_MISSING,      /* applied, its file gone */
    AMEND_STATE_NEWER,        /* applied, newer than all files: this program is older than the database */
    AMEND_STATE_OUT_OF_ORDER, /* pending, but something newer is applied */
    AMEND_STATE_PARTIAL,      /* some of its statements ran outside a transaction, then it stopped */
    AMEND_STATE_SKIPPED,      /* rollback: it has no down script */
    AMEND_STATE_DONE,         /* run by this call */
    AMEND_STATE_FAILED,       /* this call tried and failed */
} amend_state;

/* "applied", "out of order" … */
AMEND_API const char *amend_state_name(amend_state state);

typedef enum amend_direction
{
    AMEND_UP,
    AMEND_DOWN,
} amend_direction;

/* How a migration is run. */
typedef enum amend_mode
{
    AMEND_MODE_UNKNOWN,
    AMEND_MODE_TRANSACTION, /* all of it in one transaction */
    AMEND_MODE_STATEMENTS,  /* some or all statements outside a transaction, each journalled */
} amend_mode;

typedef struct amend_item
{
    amend_state state;
    amend_direction direction;
    amend_mode mode;
    const char *version;
    const char *name;
    const char *file;             /* path of the script of this direction, NULL when there is none */
    const char *down_file;        /* path of the down script, NULL when there is none */
    const char *checksum;         /* 32 hex digits of the file, NULL when it is gone */
    const char *applied_checksum; /* as stored, NULL when not applied */
    const char *applied_at;       /* ISO 8601, UTC, NULL when not applied */
    const char *git_commit;       /* NULL when unknown */
    const char *depends;          /* "001, 004", NULL when it follows the one before it */
    const char *reason;           /* why it is in this state or place, for people; NULL when plain */
    int64_t execution_time_ms;    /* -1 when unknown */
    unsigned statements;          /* 0 when not looked at */
} amend_item;

/* A finding that is not (yet) an error of the call. */
typedef struct amend_problem
{
    amend_severity severity;
    amend_code code;
    const char *version; /* NULL when it concerns no migration */
    const char *file;    /* NULL likewise */
    unsigned line;       /* 0 when unknown */
    const char *message;
    const char *hint;   /* may be NULL */
    const char *object; /* "column public.cards.title": as a snapshot calls it; NULL when it concerns none */
    const char *detail; /* lines, "expected …\nexisting …"; may be NULL */
} amend_problem;

/* What a call found or did. The caller's; all its pointers live until amend_report_free. */
typedef struct amend_report
{
    size_t size;
    const char *database; /* as amend_database() */
    const char *dialect;  /* "sqlite", "postgres"; NULL without a database */
    const char *dir;
    const char *current; /* newest applied version, NULL when none */
    const amend_item *items;
    size_t item_count;
    const amend_problem *problems;
    size_t problem_count;
    size_t applied, pending; /* in the whole catalog, after the call */
    size_t done, skipped;    /* by this call */
    const char *sql; /* dry run: the whole script, NULL otherwise. It can be run by hand and then leaves the same history */
    int64_t elapsed_ms;
    const struct amend_loss *losses; /* amend/loss.h: what the run takes away, or would; tables and columns also when empty */
    size_t loss_count;
    const char *backup; /* the directory of the backup that was made before the first step; NULL: none was */
    bool restored;      /* the run failed, and the database was put back as it was before, from that backup */
} amend_report;

AMEND_API void amend_report_free(amend_report *report);

/* ------------------------------------------------------------------------------------------------------------- look */

/* The migrations on disk, in order, with the findings about the files. Touches no database. */
AMEND_API AMEND_CHECKED amend_status amend_catalog(amend *handle, amend_report **out, amend_error *error);

/* Every migration on disk or in the history, in order, with its state. Writes nothing to the database. */
AMEND_API AMEND_CHECKED amend_status amend_inspect(amend *handle, amend_report **out, amend_error *error);

/*
 * Are the files what was applied, is the audit trail whole, is the schema what the last migration left, and is everything there
 * that the applied migrations made? Each difference is a problem of the report with the object's name, and the status is
 * AMEND_UNVERIFIED: *out is set then too. What is only worth a word (a file that differs in white space and comments, a schema
 * that can't be compared) is a note. Needs no other database than this one, and writes nothing. docs/verify.md tells more.
 */
AMEND_API AMEND_CHECKED amend_status amend_verify(amend *handle, amend_report **out, amend_error *error);

/* Read the audit trail, oldest first; only the newest `limit` events when limit is not 0. Writes nothing. */
AMEND_API AMEND_CHECKED amend_status amend_log(amend *handle, size_t limit, amend_event_fn fn, void *arg, amend_error *error);

/* One thing that the schema has: "column public.cards.title", and what it is: "text NOT NULL DEFAULT ''::text". UTF-8. */
typedef struct amend_fact
{
    const char *object;
    const char *definition;
} amend_fact;

/*
 * A schema: sorted facts about all that it has, in words that are the same for what is the same, in whatever order and by
 * whatever statements it was made. amend's own tables are left out. The caller's; all its pointers live until
 * amend_snapshot_free, also when the handle that made it is closed before (with an allocator of the program's own: as long as
 * that allocator).
 */
typedef struct amend_snapshot
{
    size_t size;
    const char *dialect; /* "sqlite", "postgres"; NULL: a file did not say */
    const char *text;    /* a line for each fact, "object<tab>definition\n"; in both, \n, \t and \\ stand for themselves */
    size_t length;       /* of the text */
    const amend_fact *facts;
    size_t count;
    const char *fingerprint; /* the SHA-256 of the text, in hex: equal schemas have equal ones */
} amend_snapshot;

/* The live schema. Writes nothing: an absent SQLite file is an empty schema, and is not made. Errors: what connecting gives,
   and what the database says. */
AMEND_API AMEND_CHECKED amend_status amend_snapshot_take(amend *handle, amend_snapshot **out, amend_error *error);

/*
 * The schema that the migrations make, all of them, on an empty scratch database (amend/test.h), which is dropped again; the
 * handle's own is not touched. `scratch_url` may be NULL. Errors: those of amend_up, and SCRATCH.
 */
AMEND_API AMEND_CHECKED amend_status amend_snapshot_of_catalog(amend *handle, const char *scratch_url, amend_snapshot **out,
                                                               amend_error *error);

/*
 * A snapshot as a file keeps it: the text of one, lines that begin with "#" are remarks; "# dialect: postgres" says what it is
 * of, "# fingerprint: HEX" what its lines must give. Touches no database: the handle needs no URL. Errors: SNAPSHOT_FORM with
 * the line (0: the fingerprint is another one), OUT_OF_MEMORY.
 */
AMEND_API AMEND_CHECKED amend_status amend_snapshot_read(amend *handle, const char *text, size_t length, amend_snapshot **out,
                                                         amend_error *error);

/* NULL is allowed. */
AMEND_API void amend_snapshot_free(amend_snapshot *snapshot);

typedef enum amend_difference_kind
{
    AMEND_DIFFERENCE_MISSING, /* only what is expected has it */
    AMEND_DIFFERENCE_EXTRA,   /* only what exists has it */
    AMEND_DIFFERENCE_OTHER,   /* both have it, defined in two ways */
} amend_difference_kind;

/* "missing", "extra", "different"; NULL when out of range. */
AMEND_API const char *amend_difference_name(amend_difference_kind kind);

/* All pointers live as long as the two snapshots. */
typedef struct amend_difference
{
    amend_difference_kind kind;
    const char *object;
    const char *expected; /* its definition; NULL when it is extra */
    const char *existing; /* NULL when it is missing */
} amend_difference;

typedef void (*amend_difference_fn)(void *arg, const amend_difference *difference);

/*
 * Tell each difference, in the order of the objects. fn may be NULL. Pure; any thread. AMEND_OK when there is none. Errors:
 * SCHEMAS_DIFFER (status AMEND_UNVERIFIED) when there is one, SNAPSHOT_DIALECT when they are of two kinds of databases,
 * OUT_OF_MEMORY.
 */
AMEND_API AMEND_CHECKED amend_status amend_snapshot_compare(const amend_snapshot *expected, const amend_snapshot *existing,
                                                            amend_difference_fn fn, void *arg, amend_error *error);

/* Try to connect until it answers or `timeout_ms` are over (0: options.connect_timeout_ms). Each failed try is an event. */
AMEND_API AMEND_CHECKED amend_status amend_wait(amend *handle, uint32_t timeout_ms, amend_error *error);

/* -------------------------------------------------------------------------------------------------------------- run */

enum
{
    AMEND_DRY_RUN = 1 << 0,           /* fill report.sql and write nothing, not even the history's tables */
    AMEND_OUT_OF_ORDER = 1 << 1,      /* up: apply a pending version that is lower than the newest applied one */
    AMEND_STRICT = 1 << 2,            /* down: refuse before anything runs when a down script is missing */
    AMEND_ALLOW_DESTRUCTIVE = 1 << 3, /* whatever data is lost is meant: don't refuse with DESTRUCTIVE */
};

/* What amend_up does with what lint says of the migrations that it would apply. */
typedef enum amend_lint_mode
{
    AMEND_LINT_OFF,   /* the default: nothing is looked at */
    AMEND_LINT_WARN,  /* findings are warnings of the report (notes are left out); a fresh database has nothing to lose: none */
    AMEND_LINT_ERROR, /* the same, but one of severity error refuses the run before anything of it: LINT */
} amend_lint_mode;

typedef struct amend_run
{
    size_t size;    /* sizeof(amend_run): AMEND_RUN_INIT sets it */
    const char *to; /* up: the last version to apply; down: the version to go back to, which stays; NULL: no limit */
    unsigned steps; /* at most so many; 0: up all, down one (unless `to` is set) */
    unsigned flags;
    amend_lint_mode lint;
    /*
     * up, down, redo, reset: the directory to make a backup in before the first step (amend/backup.h); it is made when it is
     * absent. "": "backups", beside the migrations' directory. NULL: no backup.
     */
    const char *backup;
} amend_run;

#define AMEND_RUN_INIT                                                                                                         \
    {                                                                                                                          \
        .size = sizeof(amend_run)                                                                                              \
    }

/*
 * Data is not lost by accident: what the scripts of a run would take away is counted before anything runs, and unless that is
 * nothing, was allowed by AMEND_ALLOW_DESTRUCTIVE, or by the script's own line -- amend:destructive "why", the call fails with
 * DESTRUCTIVE, nothing has run, and the report's losses tell what it is. (The command also reads the environment's
 * ALLOW_DESTRUCTIVE_MIGRATION. The library does not: what may be lost is for the program to say.)
 *
 * The runs. `run` may be NULL. *out (which may be NULL when the report is not wanted) is set on AMEND_OK, and also on a failure
 * that came after the plan was made: its items then tell what was done. A failed migration leaves nothing behind; those before
 * it stay applied. All wait for the runner's lock, up to options.lock_wait_ms.
 */
/* What up or down would do. Writes nothing. */
AMEND_API AMEND_CHECKED amend_status amend_plan(amend *handle, amend_direction direction, const amend_run *run,
                                                amend_report **out, amend_error *error);
AMEND_API AMEND_CHECKED amend_status amend_up(amend *handle, const amend_run *run, amend_report **out, amend_error *error);
AMEND_API AMEND_CHECKED amend_status amend_down(amend *handle, const amend_run *run, amend_report **out, amend_error *error);
/* Roll back the newest `steps` (default 1) and apply them again. Every one of them must have a down script. */
AMEND_API AMEND_CHECKED amend_status amend_redo(amend *handle, const amend_run *run, amend_report **out, amend_error *error);
/* Roll back all of it, newest first. */
AMEND_API AMEND_CHECKED amend_status amend_reset(amend *handle, const amend_run *run, amend_report **out, amend_error *error);
/* Record all migrations up to run->to (required) as applied without running them. */
AMEND_API AMEND_CHECKED amend_status amend_baseline(amend *handle, const amend_run *run, amend_report **out,
                                                    amend_error *error);
/* Accept the changed checksum of run->to, or of all when it is NULL. Each one is an event. */
AMEND_API AMEND_CHECKED amend_status amend_repair(amend *handle, const amend_run *run, amend_report **out, amend_error *error);
/* Take the schema as it is now for what the migrations left: amend_verify compares with it from then on. An event tells. */
AMEND_API AMEND_CHECKED amend_status amend_accept(amend *handle, const amend_run *run, amend_report **out, amend_error *error);
/*
 * Run those statements of the applied migration run->to (required) again whose objects are absent, in one transaction; its row
 * in the history stays as it is, and an event tells what was run. Nothing is done when nothing is absent. REPLAY_REFUSED with
 * the lines, before anything runs, when running statements is not enough: rows, or parts of a table, are a person's to restore.
 */
AMEND_API AMEND_CHECKED amend_status amend_replay(amend *handle, const amend_run *run, amend_report **out, amend_error *error);

/* ------------------------------------------------------------------------------------------------------------- heal */

/*
 * A query failed because a table, a column, an index … isn't there yet: find the pending migration that provides it, apply it
 * and what it depends on, and say whether the query is worth running again. Nothing here costs anything while nothing fails.
 *
 * Most programs use the faces: amend/sqlite.h and amend/postgres.h wrap the client libraries' own calls, amend/http.h runs a
 * whole request again. This section is what they stand on, for any other client library. docs/healing.md tells the whole.
 *
 * All calls of this section may be made by any number of threads on one handle at once, with the handle's allocator and event
 * callback called from each of them; not while another call (amend_up …) runs on the same handle.
 */

/* What a migration provides, or an error misses. */
typedef enum amend_object_kind
{
#define AMEND_OBJECT(name, text) AMEND_OBJECT_##name,
#include "amend/objects.def"
#undef AMEND_OBJECT
    AMEND_OBJECT_KINDS
} amend_object_kind;

/* "table", "enum value" …; NULL when out of range. */
AMEND_API const char *amend_object_kind_name(amend_object_kind kind);

enum
{
    AMEND_NAME_SIZE = 192,
};

/* A plain value. Names are as the database keeps them: without quotes, folded where it folds; empty where unknown. */
typedef struct amend_object
{
    amend_object_kind kind;
    char schema[AMEND_NAME_SIZE];
    char table[AMEND_NAME_SIZE]; /* column, index, trigger, unique: its table; enum value: its type */
    char name[AMEND_NAME_SIZE];  /* unique: its columns, sorted, with commas between */
    unsigned count;              /* a column without a name: so many columns the table must have */
} amend_object;

/* An error as a client library gave it. All strings are borrowed for the call; NULL and 0 where unknown. */
typedef struct amend_db_error
{
    size_t size;          /* sizeof(amend_db_error): AMEND_DB_ERROR_INIT sets it */
    const char *message;  /* the database's own words, nothing before or behind them */
    const char *sqlstate; /* PostgreSQL: the five characters; without them nothing is recognised */
    int native;           /* SQLite: the result code, extended or not */
    const char *query;    /* the text of the statement that failed, or of all that was sent with it */
    size_t position;      /* where in the query the error is, from 1: PostgreSQL counts characters, SQLite bytes */
    /*
     * The version that the last cure of this same operation named, "" when there was none yet: cured, run again, and missing
     * all the same is drift. NULL: not told; then it is drift when that version was cured more than five seconds ago.
     */
    const char *cured;
} amend_db_error;

#define AMEND_DB_ERROR_INIT                                                                                                    \
    {                                                                                                                          \
        .size = sizeof(amend_db_error)                                                                                         \
    }

typedef enum amend_cure
{
    AMEND_CURE_NONE,      /* not about a missing object, or no migration provides it: the error stands */
    AMEND_CURE_DONE,      /* cured, by this call or by another runner meanwhile: run the statement again, once */
    AMEND_CURE_RERUN,     /* cured, but the error has spoilt the open transaction: roll back and run all of it again */
    AMEND_CURE_REFUSED,   /* the policy, or the open transaction, forbids it: the error stands */
    AMEND_CURE_FAILED,    /* tried and failed, now or less than the cool-down ago: the error stands, nothing has changed */
    AMEND_CURE_DRIFT,     /* the migration is applied, the object missing all the same: somebody took it away */
    AMEND_CURE_TIMED_OUT, /* another runner was at work for longer than heal_wait_ms */
} amend_cure;

/* "cured", "refused" …; NULL when out of range. */
AMEND_API const char *amend_cure_name(amend_cure cure);

/* What healing came to. A plain value. */
typedef struct amend_healing
{
    amend_cure cure;
    amend_object object; /* kind AMEND_OBJECT_NONE: the error is not about a missing object */
    char version[72];    /* the migration that provides it; empty: none does */
    char name[192];
    char file[512];
    unsigned applied; /* how many migrations this call applied */
    int64_t elapsed_ms;
} amend_healing;

/*
 * Cure `failed` if it can be cured. For any client library: hand in what it said. The cure is made on a connection of amend's
 * own (options.heal_url), so with SQLite the caller must not be inside a transaction (amend/sqlite.h can be). `out` and `error`
 * may be NULL; *error is written when the result is neither NONE nor DONE, and says why: HEAL_REFUSED with version, file and
 * line, its message beginning with the rule, HEAL_DRIFT, HEAL_WAITED, or the failed migration's own error.
 */
AMEND_API amend_cure amend_heal_error(amend *handle, const amend_db_error *failed, amend_healing *out, amend_error *error);

/*
 * What amend_heal_error would do, without doing it. *healing gets the object and the migration that provides it, and in `cure`
 * the verdict: DONE means that it would be applied. The report's items are the migrations that would run, in order, its
 * problems what the policy says against them. Without a database (options.url NULL) the kind of database is told by the error:
 * with a sqlstate it is PostgreSQL; and all migrations count as pending. Writes nothing. Errors: what amend_inspect gives.
 */
AMEND_API AMEND_CHECKED amend_status amend_diagnose(amend *handle, const amend_db_error *failed, amend_healing *healing,
                                                    amend_report **out, amend_error *error);

/* One object that a migration provides. Pointers live until the callback returns. */
typedef struct amend_provision
{
    const amend_object *object;
    const char *version;
    const char *name;
    const char *file;
} amend_provision;

typedef void (*amend_provision_fn)(void *arg, const amend_provision *provision);

/*
 * Which migration provides which object, in the migrations' order, as healing would look it up: of what was renamed or dropped
 * later only what is left. `object`: only those of that name ("cards", "cards.title", "app.cards"), NULL: all. Touches no
 * database. Errors: what amend_catalog gives; ARGUMENT without a URL, which tells the SQL's dialect.
 */
AMEND_API AMEND_CHECKED amend_status amend_provides(amend *handle, const char *object, amend_provision_fn fn, void *arg,
                                                    amend_error *error);

/* --------------------------------------------------------------------------------------------------------- new files */

enum
{
    AMEND_NEW_TIMESTAMP = 1 << 0, /* 20261103120000 in place of the next number */
};

typedef struct amend_created
{
    char version[72];
    char up[512];   /* path of the file */
    char down[512]; /* path of the file */
} amend_created;

/*
 * Create the next migration's up and down files in the layout that handle's directory has (the canonical one when it is empty
 * or absent: the directories are made). Never overwrites. Touches no database.
 */
AMEND_API AMEND_CHECKED amend_status amend_create(amend *handle, const char *name, unsigned flags, amend_created *out,
                                                  amend_error *error);

/*
 * The file's text as it is hashed and run (no byte-order mark, LF line ends), for item->file or item->down_file of a report of
 * this handle. *text is the handle's and lives until the next call on it.
 */
AMEND_API AMEND_CHECKED amend_status amend_read(amend *handle, const char *file, const char **text, size_t *length,
                                                amend_error *error);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT */
/*
 * The contract of a SQL dialect. All of it is pure: text in, values or text out; no connection, no file, no clock.
 *
 * A dialect does three things: it reads the users' scripts (split, classify), it writes amend's own bookkeeping SQL (the
 * history, the events, the lock), and it knows which error misses which object and which script makes it (healing). The layers
 * above decide what is run and in which order; they never write or read SQL themselves.
 */
#ifndef AMEND_DIALECT_DIALECT_H
#define AMEND_DIALECT_DIALECT_H

#include "amend/driver.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "dialect/claim.h"

/* ---------------------------------------------------------------------------------------------------- reading scripts */

/* What a statement is, as far as running it matters. */
enum
{
    STMT_BEGIN = 1 << 0,   /* BEGIN, START TRANSACTION */
    STMT_COMMIT = 1 << 1,  /* COMMIT, END */
    STMT_CONTROL = 1 << 2, /* any other transaction control: ROLLBACK, SAVEPOINT, RELEASE, ABORT, PREPARE TRANSACTION … */
    STMT_SETTING = 1 << 3, /* SET, RESET, PRAGMA, set_config(): may stand outside the script's own BEGIN … COMMIT */
    STMT_NO_TX = 1 << 4,   /* cannot run inside a transaction */
    STMT_COPY = 1 << 5,    /* COPY … FROM stdin: copy_start … copy_end is its data */
    STMT_INDEX = 1 << 6,   /* CREATE INDEX CONCURRENTLY: object is the index's name, table the table's */
    STMT_SESSION = 1 << 7, /* may leave a session setting changed */
    STMT_QUERY = 1 << 8,   /* gives rows, changes nothing that we know of (SELECT, VALUES, SHOW, EXPLAIN) */
    STMT_DROP = 1 << 9,    /* takes something away: DROP …, DETACH PARTITION */
    STMT_TX_MODE = 1 << 10, /* says how its transaction runs, and must come before its first query: SET TRANSACTION ISOLATION …,
                              BEGIN ISOLATION … */
};

typedef struct stmt
{
    size_t start, end; /* bytes of the text, comments before it excluded, its semicolon included */
    unsigned flags;
    slice schema, object; /* as written, unquoted and folded; empty when there is none or it isn't known */
    slice table;
    size_t copy_start, copy_end; /* COPY data, the \. line excluded */
} stmt;

enum
{
    SCRIPT_REBUILDS = 1 << 0, /* SQLite: sets foreign_keys or rebuilds a table: to be run with foreign keys off, and checked */
    SCRIPT_SESSION = 1 << 1,  /* some statement is STMT_SESSION */
    SCRIPT_NO_TX = 1 << 2,    /* some statement is STMT_NO_TX */
};

typedef struct script
{
    slice text;
    stmt *stmts;
    size_t count;
    unsigned flags;
} script;

/* ------------------------------------------------------------------------------------------------------------ healing */

/* What a script does to the schema, one object at a time, in the order of its statements. */
typedef enum change_kind
{
    CHANGE_ADD,
    CHANGE_DROP,   /* of a table: its columns, indexes, triggers too; of a schema: all in it */
    CHANGE_RENAME, /* of a table: what belongs to it goes along */
} change_kind;

typedef struct change
{
    change_kind kind;
    amend_object_kind object;
    slice schema, table, name; /* as in amend_object; unquoted and folded as the database's catalog has them */
    slice to_schema, to;       /* CHANGE_RENAME: the new schema and name; an empty schema: the same one */
    size_t statement;          /* of the script, from 0 */
} change;

/*
 * What keeps a statement from being additive: additive is what only adds (tables, nullable or constant-default columns,
 * indexes, views, triggers, functions, types, enum values, rows of tables that the same script makes) and neither loses,
 * renames or replaces anything, nor rewrites a table, nor locks one for as long as a scan of it takes. OBJECTION(name, rule,
 * words): the rule is the name that users see.
 */
#define OBJECTIONS(X)                                                                                                          \
    X(DROPS, "drops", "takes something away")                                                                                  \
    X(RENAMES, "renames", "gives something another name")                                                                      \
    X(REPLACES, "replaces", "puts something in the place of what is there")                                                    \
    X(REWRITES, "rewrites", "rewrites a table")                                                                                \
    X(SCANS, "scans", "locks a table while it is scanned")                                                                     \
    X(CHANGES_DATA, "changes-data", "changes rows that were there before")                                                     \
    X(GRANTS, "grants", "changes who may do what")                                                                             \
    X(SETS, "sets", "changes a setting of the database or session")                                                            \
    X(UNCLEAR, "unclear", "does what can't be told from its text")

typedef enum objection_kind
{
#define OBJECTION(name, rule, words) OBJECTION_##name,
    OBJECTIONS(OBJECTION)
#undef OBJECTION
    OBJECTION_KINDS
} objection_kind;

typedef struct objection
{
    objection_kind kind;
    size_t statement;    /* of the script, from 0 */
    slice schema, table; /* the table it is about, as far as it is about one: empty otherwise. With a table that the same run
                            makes, nothing can be lost, and the objection falls */
} objection;

/* What was found in one script. In the arena. */
typedef struct findings
{
    change *changes;
    size_t change_count;
    objection *objections; /* in the order of the statements: one may have several */
    size_t objection_count;
} findings;

/* A reading of all migrations in running order. What it keeps between them (SQLite: a database in memory) is the dialect's. */
typedef struct survey survey;

/* What lint rules look at, and what they find: dialect/lint.h. */
typedef struct lint_subject lint_subject;
typedef struct lint_findings lint_findings;

/* ---------------------------------------------------------------------------------------------------------- snapshots */

/*
 * One thing that the schema has: what it is called ("column public.cards.title", unusual names quoted as SQL quotes them), and
 * what it is ("text NOT NULL DEFAULT ''::text"). Canonical: what is the same on two databases has the same bytes, in whatever
 * order and by whatever statements it was made. Both are valid UTF-8; line ends in a definition are "\n".
 */
typedef struct fact
{
    slice object, definition;
} fact;

/* In the arena. */
typedef struct fact_list
{
    fact *items;
    size_t count;
} fact_list;

/* ------------------------------------------------------------------------------------------------------------- losses */

/* What a statement does to data that may be there already, and what its names have to do with the names of before. */
typedef enum deed_kind
{
    DEED_DROP_TABLE,
    DEED_DROP_SCHEMA,   /* with all in it: table is empty */
    DEED_DROP_DATABASE, /* table is the database's name */
    DEED_DROP_OWNED,    /* table is the role's name */
    DEED_DROP_TYPE,     /* CASCADE: table is the type, domain or extension; its columns go with it */
    DEED_DROP_COLUMN,
    DEED_EMPTY,         /* TRUNCATE, DELETE without a condition */
    DEED_SET,           /* UPDATE without a condition: column gets the constant `value` (empty: its default) */
    DEED_RETYPE,        /* column gets the type `value`, by `expression` unless that is empty */
    DEED_UNCLEAR,       /* takes something away, and what can't be told: `value` is the words */
    DEED_RENAME_TABLE,  /* to to_schema (empty: the same), to */
    DEED_RENAME_COLUMN, /* to `to` */
    DEED_RENAME_SCHEMA, /* schema → to */
    DEED_COPY,          /* rows of the table are put into to_schema, to */
} deed_kind;

typedef struct deed
{
    deed_kind kind;
    size_t statement; /* of the script, from 0 */
    slice schema, table, column;
    slice to_schema, to;
    slice value, expression; /* SQL. COPY: expression is the condition, empty for all rows */
    bool cascade;            /* EMPTY: also the tables that refer to it */
    bool some;               /* COPY: perhaps not all rows, in a way that can't be told */
    bool all;                /* COPY: all columns */
    const slice *columns;    /* COPY: those that come over … */
    const slice *targets;    /* … and their names in the other table; an empty one where that isn't told */
    size_t column_count;
} deed;

/* In the arena. */
typedef struct deed_list
{
    deed *items;
    size_t count;
} deed_list;

/* A deed that may lose something, with the names that things have on the live database, before anything has run. */
typedef struct suspect
{
    const deed *deed;
    size_t step; /* of the plan */
    slice schema, table, column;
    bool copied;       /* DROP_TABLE, after copies of it were made: lost are only … */
    bool all;          /* … unless all were kept … */
    const slice *kept; /* … the columns that aren't among these, */
    size_t kept_count;
    bool some;               /* rows, perhaps, */
    const slice *conditions; /* or certainly those that fit none of these */
    size_t condition_count;
} suspect;

typedef enum loss_kind
{
    LOSS_TABLE,     /* with its rows */
    LOSS_ROWS,      /* all rows of it */
    LOSS_SOME_ROWS, /* those for which `expression` is true */
    LOSS_COLUMN,    /* with its values */
    LOSS_VALUES,    /* overwritten by the constant `type` */
    LOSS_PRECISION, /* that the type `type` can't hold */
    LOSS_UNCLEAR,   /* what can't be told */
    LOSS_KINDS,
} loss_kind;

typedef enum loss_measure
{
    LOSS_EXACT,
    LOSS_ABOUT,   /* the planner's estimate */
    LOSS_AT_MOST, /* perhaps fewer */
    LOSS_UNKNOWN, /* could not be counted */
} loss_measure;

/* Something that is there on the live database, and would be lost. */
typedef struct loss
{
    loss_kind kind;
    const suspect *of;
    slice schema, table, column; /* as the catalog has them */
    slice type, old_type, expression;
    bool comparable; /* PRECISION: a value can be turned back into the old type to see whether it is still the same */
    int64_t rows;    /* or values */
    loss_measure measure;
    const char *reason; /* UNKNOWN: why, NULL when the kind says it */
} loss;

typedef struct loss_list
{
    loss *items;
    size_t count;
} loss_list;

/* ------------------------------------------------------------------------------------------------------- saving tables */

typedef struct saved_column
{
    const char *name, *type;
    unsigned key; /* its place in the primary key, from 1; 0: it is not in it */
    bool lost;    /* the run takes its values; in a table that loses rows, none is marked */
} saved_column;

/* A table whose rows are saved, or put back: all columns that hold data, those that are computed left out. */
typedef struct saved_table
{
    const char *schema, *name;
    saved_column *columns;
    size_t column_count;
} saved_table;

/*
 * Tables as files, for a database that is not one file itself. The writers are as those of the dialect; they are given the
 * names as the catalog has them. The words are whole statements.
 *
 * Saving happens in one transaction with one snapshot, from begin to end; its words see to it that a value's text can be read
 * back whatever the session's settings are. Putting back happens in one transaction, too.
 */
typedef struct table_saver
{
    const char *save_end; /* after a failure, too */
    unsigned (*save_begin)(buf *out, uint32_t lock_timeout_ms);
    /* Rows (table's number, column, type, place in the key or 0), of those tables that are there; those that others refer to
       come first. */
    unsigned (*save_look)(buf *out, const saved_table *tables, size_t count);
    unsigned (*save_copy)(buf *out, const saved_table *t); /* one statement: COPY … TO stdout */

    const char *load_end, *load_abort;
    unsigned (*load_begin)(buf *out, uint32_t lock_timeout_ms);
    /* Rows (table's number, column, '1' when it can be written, the sequence that it draws from or NULL) of those that are
       there. */
    unsigned (*load_look)(buf *out, const saved_table *tables, size_t count);
    unsigned (*load_lock)(buf *out, const saved_table *t); /* against writers; gives one row: '1' when it has rows */
    unsigned (*load_copy)(buf *out, const saved_table *t); /* COPY … FROM stdin, last */
    /* The same into a temporary table; then from that, by the key: the rows that are missing, or when columns are marked as
       lost, their values. The last statement's count is what was changed. */
    unsigned (*load_aside)(buf *out, const saved_table *t);
    unsigned (*load_merge)(buf *out, const saved_table *t);
    /* Let the sequence go on behind the largest value of the column. */
    unsigned (*load_sequence)(buf *out, const saved_table *t, const char *column, const char *sequence);
    /* Into new tables: rows (table's number, column) whose type is not there any more; make the schema; make the table. */
    unsigned (*load_types)(buf *out, const saved_table *tables, size_t count);
    unsigned (*load_schema)(buf *out, const char *schema);
    unsigned (*load_table)(buf *out, const saved_table *t);
} table_saver;

/* ------------------------------------------------------------------------------------------------------- bookkeeping */

#define HISTORY_TABLE "_migrations"
#define EVENTS_TABLE "_migration_events"
#define LOCK_TABLE "_migrations_lock"
#define SCHEMA_TABLE "_migrations_schema"

/* Columns that the history table has (an existing one may lack some). */
enum
{
    HISTORY_ID = 1 << 0,
    HISTORY_VERSION = 1 << 1,
    HISTORY_NAME = 1 << 2,
    HISTORY_CHECKSUM = 1 << 3,
    HISTORY_APPLIED_AT = 1 << 4,
    HISTORY_EXECUTION_TIME = 1 << 5,
    HISTORY_GIT_COMMIT = 1 << 6,
    HISTORY_ALL = (1 << 7) - 1,
};

/* What the database has of our tables; read by `state`, used by all the writers. */
typedef struct ledger
{
    char schema[192]; /* unquoted; empty: write the names unqualified (SQLite, or not yet known) */
    bool has_history, has_events, has_lock, has_schema;
    unsigned columns;                                   /* HISTORY_*; HISTORY_ALL when the table is ours to make */
    unsigned version_width, name_width, checksum_width; /* in characters; 0: no limit */
} ledger;

/* The runner's lock as this runner wants it. */
typedef struct lease
{
    int64_t seen; /* the fencing number that was read with the state; acquiring makes it seen + 1 */
    const char
        *heartbeat;     /* the heartbeat that was read with it, NULL for none: a holder taken for dead may still be at work */
    const char *holder; /* who: a text that tells machine, process and start (engine/lock.c) */
    const char *host;
    int64_t pid;
} lease;

/* One row of _migrations. */
typedef struct history_row
{
    const char *version, *name, *checksum;
    const char *git_commit; /* may be NULL */
    /* Without DIALECT_SERVER_HASH: the client's clock. Else ignored: the server's clock, the time since the guard … */
    const char *applied_at;
    int64_t execution_time_ms;
    bool timed; /* … unless this is set: then execution_time_ms is stored as it is */
} history_row;

/* The one row of _migrations_schema: what the newest run left. */
typedef struct schema_row
{
    const char *version; /* the newest applied one; NULL: none is */
    int64_t fence;       /* kept only while this is the lock's number */
    /* Without DIALECT_SERVER_HASH: the client's. Else ignored: the server reads the schema and its clock. */
    const char *fingerprint, *taken_at, *facts; /* facts: the snapshot's text */
} schema_row;

/* One row of _migration_events. NULL is SQL's NULL. */
typedef struct event_row
{
    const char *id, *type, *version, *checksum, *actor, *host, *application;
    /* A JSON object, or NULL. With DIALECT_SERVER_HASH the text "%ms%" in it stands for the execution time in milliseconds, and
       "%fingerprint%" for that of the row of _migrations_schema. */
    const char *detail;
    /* For dialects without DIALECT_SERVER_HASH: the client's. Others compute all three on the server. */
    const char *at, *prev_hash, *hash;
} event_row;

/*
 * The words around transactions; each a text of whole statements, or "". A run of migrations is sent as
 *
 *     batch_begin  lock_begin <create> <acquire> lock_end
 *         step_begin <guard> <the migration> <record> <event> step_end      for each migration
 *     lock_begin <release> lock_end  batch_end
 *
 * and when a step fails:  step_abort  lock_begin <event> <release> lock_end  batch_end.
 */
typedef struct tx_words
{
    const char *batch_begin, *batch_end;
    const char *batch_begin_rebuild, *batch_end_rebuild; /* the same for steps with SCRIPT_REBUILDS; NULL: no such thing */
    const char *batch_abort;                             /* give up the whole batch */
    const char *lock_begin, *lock_end;
    const char *step_begin, *step_end, *step_abort;
    /* In place of step_begin for a step behind which another commit follows in the same message: it needs no flush of its own.
       NULL: no such thing. */
    const char *step_begin_early;
} tx_words;

enum
{
    DIALECT_SERVER_HASH = 1 << 0,  /* the server computes events' times and hashes (else the client does) */
    DIALECT_OUTER_TX = 1 << 1,     /* steps are savepoints of one transaction: they are applied when batch_end is */
    DIALECT_NAMES_NOCASE = 1 << 2, /* names that differ only in the case of ASCII letters are one */
};

typedef struct dialect
{
    const char *name;
    uint32_t traits;
    size_t message_limit; /* how many bytes of migrations go into one exec; 0: each migration by itself */
    const tx_words *words;
    /* The words for working inside a transaction that is the caller's, DIALECT_OUTER_TX only: batch_begin is a savepoint in it,
       batch_end and batch_abort give up that savepoint and nothing else. NULL: it can't be done. */
    const tx_words *words_inside;

    /*
     * Split and classify a script. Everything is allocated in the arena; slices point into text, which must live as long.
     * Empty statements are dropped. Text that the dialect does not understand is never an error here (the database shall
     * decide): it is split as well as can be. Errors: only what can't be run whatever the database says (psql meta-commands,
     * an unterminated COPY block), with line, column and excerpt set by error_at (file left to the caller), and OUT_OF_MEMORY.
     */
    amend_status (*split)(arena *arena, slice text, script *out, amend_error *error);

    /* Does this error of exec say that a table does not exist? */
    bool (*missing_table)(const amend_error *error);
    /* Does this error say that a NOT NULL constraint refused a row? It is how acquire and guard say no. */
    bool (*not_null)(const amend_error *error);
    /*
     * Does this error of `stmt` say that the thing to make is there already, or the thing to drop is gone? For resuming a
     * statement whose outcome is not known; one that is known to have failed must not be asked about.
     */
    bool (*already_done)(const stmt *stmt, const amend_error *error);

    /*
     * The writers append whole statements, each ended by ";\n", and return how many. They can't fail but for memory, which
     * buf keeps (buf->failed).
     *
     * state: read everything that a plan needs. It is written as separate texts, run as one exec of pieces, in this order; the
     * engine tells the rows apart by the piece. Reading stops at the first that fails for a missing table.
     *   STATE_META     one row: schema (may be ''), has_history, has_events, has_lock, has_schema ('1' or '0'), and columns:
     *                  the history table's "name:width,name:width…", width 0 for no limit
     *   STATE_LOCK     one row: fence, holder (NULL: free), host, pid, since, heartbeat (as text), age_ms (since the
     *                  heartbeat, by the database's clock), and last_id, last_hash, last_type: of the newest event (NULL
     *                  without one)
     *   STATE_HISTORY  all rows of the history by id: SELECT * plus applied_at_iso (ISO 8601 UTC, milliseconds, 'Z')
     * The lock comes before the history: who reads it free, and the history after that, can only take it while nobody else has
     * taken it, and so changed the history, since.
     * All names unqualified (found by the search path); for the STATE_META row of an absent history, schema is where CREATE
     * TABLE would put it.
     */
    unsigned (*state)(buf *out, unsigned part);
    /* CREATE TABLE IF NOT EXISTS for those of the three that the ledger lacks, and the lock's one row. */
    unsigned (*create)(buf *out, const ledger *ledger);
    /* Take the lock: fence becomes seen + 1 when it is still seen and the heartbeat too, else NULL, which the NOT NULL
       constraint refuses. */
    unsigned (*acquire)(buf *out, const ledger *ledger, const lease *lease);
    /* Still ours? The same trick with seen + 1; also notes the time as heartbeat, which record measures from. */
    unsigned (*guard)(buf *out, const ledger *ledger, const lease *lease, uint32_t lock_timeout_ms);
    /* Give the lock back if it is still ours; no error when it isn't. */
    unsigned (*release)(buf *out, const ledger *ledger, const lease *lease);
    /* Insert the history's row. Its last statement returns one row: version, applied_at, execution_time_ms. */
    unsigned (*record)(buf *out, const ledger *ledger, const history_row *row);
    /* Delete the history's row. The same one row back, with execution_time_ms of this step. */
    unsigned (*forget)(buf *out, const ledger *ledger, const history_row *row);
    /* Set the stored checksum of row->version to row->checksum. */
    unsigned (*amend_checksum)(buf *out, const ledger *ledger, const history_row *row);
    unsigned (*event)(buf *out, const ledger *ledger, const event_row *row);
    /* Read events, oldest first, only the newest `limit` unless 0; only those of `version` unless NULL. Columns as event_row,
       `at` in the form that the hash is made over. */
    unsigned (*events)(buf *out, const ledger *ledger, const char *version, size_t limit);
    /*
     * Write the schema down as the one row of _migrations_schema; the table is made when the ledger lacks it: not by `create`,
     * so that a role which may not make it can still run migrations. Within a transaction. NULL: it is not kept.
     */
    unsigned (*keep_schema)(buf *out, const ledger *ledger, const schema_row *row);
    /* Read it: no row or one, with version, fingerprint, taken_at (ISO 8601 UTC), facts. Only when the ledger has the table. */
    unsigned (*kept_schema)(buf *out, const ledger *ledger);
    /* After a step with SCRIPT_SESSION: put the session's settings back. May write nothing. */
    unsigned (*reset_session)(buf *out);
    /* Before and after a step with SCRIPT_REBUILDS: the second fails, in words, when foreign keys are violated that were not
       before. NULL: no such thing. */
    unsigned (*check_begin)(buf *out);
    unsigned (*check_end)(buf *out);
    /* All invalid indexes of this statement's name (one row each: schema, name), and dropping one. NULL: no such thing. */
    unsigned (*invalid_index)(buf *out, const stmt *stmt);
    unsigned (*drop_index)(buf *out, const char *schema, const char *name);

    /*
     * Does the error say that an object is missing, and which? Fills *out, and never more than the error tells: RELATION and
     * OTHER for what may be of several kinds, a column without a table when it is bare, as the alias or qualifier stands in the
     * query when it has one. False, too, for objects that no migration makes (functions in SQLite), for names longer than
     * AMEND_NAME_SIZE, and when in doubt. Allocates nothing, keeps nothing, takes well below a microsecond.
     */
    bool (*detect)(const amend_db_error *error, amend_object *out);
    /* Does the query have this name (as in amend_object) as one of its identifiers? Allocates nothing. */
    bool (*mentions)(slice query, const char *name);
    /*
     * May the query be run again as a whole after it failed with one of its statements, because all of it was one unit? False
     * for a text of several statements with transaction control among them. `text` need not be valid SQL.
     */
    bool (*repeatable)(slice query);
    /* What an object's name as a person writes it ("cards.title", "\"My Table\"", "app.cards") stands for: up to three parts,
       unquoted and folded, the last in out->name, those before it in table and schema. False when it is no name. */
    bool (*parse_name)(slice text, amend_object *out);

    /* Reading what migrations make. Errors of all: OUT_OF_MEMORY only; what is not understood is passed over. */
    amend_status (*survey_open)(const amend_allocator *allocator, survey **out, amend_error *error);
    /* The next migration, split. Everything in *out is in the arena or points into the script's text. */
    amend_status (*survey_read)(survey *survey, arena *arena, const script *script, findings *out, amend_error *error);
    void (*survey_close)(survey *survey); /* NULL is allowed */
    /*
     * Where the dialect's lint rules fire in the script that survey_read has just read. What the rules want to remember of
     * earlier scripts is kept in the survey; so is what they know of a schema that other tools made: nothing. Findings in any
     * order, in the arena. Errors: OUT_OF_MEMORY; what is not understood is passed over.
     */
    amend_status (*lint)(survey *survey, arena *arena, const lint_subject *subject, lint_findings *out, amend_error *error);

    /*
     * The statements that read the live schema, in one exec; one of them gives the rows. amend's own tables are left out, and
     * what the server or an extension brings. `inside`: a transaction is open, and is left as it was; else the statements bring
     * their own, read-only.
     */
    unsigned (*snapshot)(buf *out, bool inside);
    /* Append what a row of those tells. Error: OUT_OF_MEMORY. */
    amend_status (*snapshot_row)(arena *arena, const amend_row *row, fact_list *out, amend_error *error);

    /*
     * Append what of a script's text counts for the database: its tokens, each with a separator behind it, unquoted words in
     * lower case; literals, quoted names, dollar-quoted bodies and the data of COPY byte for byte. White space, comments, a
     * byte-order mark, empty statements and the last semicolon don't count. Two texts of equal essence do the same. Any bytes
     * are allowed, SQL or not. Memory is kept by the buf.
     */
    void (*essence)(slice text, buf *out);

    /*
     * For finding out what migrations would do. Either the database is copied to that path, and they run there; or they run in
     * a transaction that is begun by preview_begin and given up by words->batch_abort. The slots of the other way are NULL.
     * preview_end checks what would be checked by the COMMIT.
     */
    unsigned (*copy_to)(buf *out, const char *path);
    unsigned (*preview_begin)(buf *out, uint32_t lock_timeout_ms);
    unsigned (*preview_end)(buf *out);
    /*
     * What is measured before and after, as rows (what, object as a fact names it, number): "rows" of a table; or "inserted",
     * "updated", "deleted" by this transaction, "lock MODE" that it holds, and "file", a number that is another one when the
     * table was rewritten. `schema`: the facts of a snapshot just taken.
     */
    unsigned (*measure)(buf *out, fact_list schema);

    /*
     * Claims: what a script makes only if it isn't there (dialect/claim.h), in the order of its statements; and whatever else
     * it makes, changes or drops by name. `may_claim` says quickly that a text has none that are worth looking for. What is not
     * understood is passed over. NULL, all of these: the dialect knows of no claims.
     */
    bool (*may_claim)(slice text);
    amend_status (*claims)(arena *arena, const script *script, claim_list *out, amend_error *error);
    /* What is there of these (CLAIM_MAKES only), by the search path as it is; one exec, rows for claim_row, which fills
       found[0 … count). Nothing is written. */
    unsigned (*claim_look)(buf *out, const claim *const *claims, size_t count);
    amend_status (*claim_row)(arena *arena, const amend_row *row, claim_found *found, size_t count, amend_error *error);
    /*
     * The facts of what the claim says and of what was found. Either by the database, inside a transaction that is then rolled
     * back: statements that build the thing beside what is there, under a name made of `tag`, and give rows (side, object,
     * definition), side "expected" or "existing"; attempt 0 takes no lock that keeps writers out, attempt 1 may. Or by the
     * dialect itself, in memory. The other is NULL. Enumerations need neither.
     */
    unsigned (*claim_build)(buf *out, const claim *claim, const claim_found *found, uint32_t tag, unsigned attempt);
    amend_status (*claim_facts)(arena *arena, const claim *claim, const claim_found *found, fact_list *expected,
                                fact_list *existing, amend_error *error);
    /* Inside the migration's transaction: keep what was found from being changed, as far as the database can, and fail when it
       is no longer as it was found. */
    unsigned (*claim_hold)(buf *out, const claim *claim, const claim_found *found);
    /* What depends on a type, as rows (kind, name, schema, table); making an enumeration; dropping a type. NULL: there are
     * none. */
    unsigned (*type_dependents)(buf *out, slice schema, slice name);
    unsigned (*enum_create)(buf *out, const claim *claim);
    unsigned (*type_drop)(buf *out, slice schema, slice name, bool cascade);

    /*
     * What a script does to data, in the order of its statements: whatever takes rows, columns or values away, and what gives
     * tables other names. What only may be read from a live schema (is this type narrower than the one before?) is left to
     * loss_look. Slices point into the script's text or the arena. Error: OUT_OF_MEMORY only.
     */
    amend_status (*deeds)(arena *arena, const script *script, deed_list *out, amend_error *error);
    /*
     * The statements that look for what the suspects are about, in one exec; one of them gives rows: the suspect's number, and
     * what loss_found makes of the rest. They change nothing, and are a transaction of their own.
     */
    unsigned (*loss_look)(buf *out, const suspect *suspects, size_t count);
    /* What a row of those tells: append what would be lost, not yet counted. Error: OUT_OF_MEMORY. */
    amend_status (*loss_found)(arena *arena, const suspect *suspects, const amend_row *row, loss_list *out, amend_error *error);
    /* One statement that counts it: one row, its first column the number. */
    unsigned (*loss_count)(buf *out, const loss *loss);
    const char *count_begin, *count_end; /* whole statements around those of loss_count; after a failure, count_end undoes */

    /*
     * Databases for scratch work, where they are made on a server (engine/scratch.h); all NULL where they are files. The first
     * three write a query whose rows are the statements to run: to drop what killed runs have left an hour ago, to make a
     * database of that name like the one at hand, to drop it. scratch_clear empties the database at hand, of everything.
     */
    unsigned (*scratch_left)(buf *out, const char *name);
    unsigned (*scratch_make)(buf *out, const char *name);
    unsigned (*scratch_drop)(buf *out, const char *name);
    unsigned (*scratch_clear)(buf *out);

    /* Saving tables and putting them back; NULL where the database is one file (the driver's save and load). */
    const table_saver *saver;
} dialect;

/* "drops" and "takes something away". */
const char *objection_rule(objection_kind kind);
const char *objection_words(objection_kind kind);

enum
{
    STATE_META,
    STATE_LOCK,
    STATE_HISTORY,
    STATE_PARTS,
};

/* The dialect of that name; NULL when this build has none. */
const dialect *dialect_find(const char *name);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Running a plan. The parts, each in its own file:
 *
 *   apply.c    read the history, plan, wait for the lock, run; again when another runner was quicker
 *   run.c      walk the plan: which steps go together, what to do when one fails
 *   job.c      one step made ready: its file read, split, cut into segments
 *   compose.c  the messages: lock, guard, script, history, event
 *   batch.c    steps sent to a server, many in one message
 *   nested.c   steps as savepoints of one transaction (dialects with DIALECT_OUTER_TX)
 *   keep.c     what the schema is afterwards
 *   backup.c   what is saved before the first step, and put back
 *   apart.c    a step with statements that run outside a transaction: journalled (journal.c), resumed
 */
#ifndef AMEND_ENGINE_RUN_H
#define AMEND_ENGINE_RUN_H

#include "engine/audit.h"
#include "engine/essence.h"
#include "engine/lock.h"
#include "engine/message.h"
#include "engine/plan.h"

struct backup;

/* A step that this run has finished, or failed at. */
typedef struct result
{
    const step *step;
    amend_state state; /* DONE or FAILED */
    int64_t execution_time_ms;
    const char *applied_at; /* NULL when unknown */
} result;

typedef struct runner
{
    session *session;
    arena *arena; /* what outlives a batch */
    const catalog *catalog;
    const history *history;
    const view *view;
    const plan *plan;
    lease lease;
    trail trail;
    struct backup *backup; /* to be made before the first step; NULL: none */
    halves halves;         /* steps that are to go on where they stopped */
    bool locked;           /* the lock's row says that we hold it, and that is committed */
    bool released;         /* given back */
    bool unkept;           /* the schema is not to be written down: that failed, or a migration is half done */
    bool single;           /* one step a batch: a batch was lost as a whole because of one of its steps */
    bool again;            /* set with a failure: another runner was quicker, read and plan anew */
    size_t stop;           /* no batch goes beyond this step; SIZE_MAX: no limit */
    unsigned tries;        /* of the step at hand, for locks */
    result *results;       /* one for each step of the plan */
    size_t done;
    size_t current; /* the step at hand, for progress */
    unsigned statement, statements;
    int64_t step_start_ms, last_pulse_ms;
} runner;

/* --- run.c */
amend_status run_plan(runner *r, amend_error *error);
/* A step is done, or started: note it and tell. */
void run_started(runner *r, size_t step, unsigned statements);
void run_done(runner *r, size_t step, int64_t execution_time_ms, const char *applied_at);
/* Told while waiting for the database: progress. */
void run_progress(runner *r);
/* Was the fault only in giving the lock back, behind the commit of all steps? That is told as a warning: the work is done. */
bool run_release_failed(const runner *r, const message *m, const amend_fault *fault, const amend_error *error);
/* What the whole plan would send, as text. */
amend_status run_print(runner *r, buf *out, amend_error *error);

/* --- job.c */
typedef struct job
{
    const step *step;
    size_t index;  /* in the plan */
    bool scripted; /* has a script: up and down */
    const char *file;
    buf text;
    directives head;
    outline outline;
    bool mixed; /* not in one transaction: statements outside one, or begun that way by an earlier run */
    bool rebuild;
    char essence[ESSENCE_HEX]; /* of the up script; "" when it is not recorded */
} job;

amend_status job_load(runner *r, arena *a, size_t index, job *out, amend_error *error);
void job_clear(job *j);

/* --- keep.c: what the schema is after a run, as the one row of _migrations_schema, and its event */
/* Is it to be written down once the first `end` steps of the plan are done? */
bool keep_wanted(const runner *r, size_t end);
/* Have the server do it, within the transaction that is open. Only for dialects with DIALECT_SERVER_HASH. */
void keep_compose(runner *r, message *m, size_t end);
/*
 * Do it inside the open transaction of a dialect without DIALECT_SERVER_HASH. A failure is told as a warning and undone; when
 * it took the whole transaction along, the connection is idle, and r->unkept is set.
 */
void keep_inside(runner *r, arena *a, size_t end);
/* In a transaction of its own, while the lock is held. A failure is told as a warning. */
void keep_late(runner *r);
/* Was it that what failed? Then it is told as a warning, and not tried again. */
bool keep_failed(runner *r, const message *m, const amend_fault *fault, const amend_error *error);

/* --- compose.c; all append to the message */
void compose_lock(runner *r, message *m); /* create and acquire */
void compose_release(runner *r, message *m);
/* The BEGIN of a transaction that will hold the segment (NULL: none of the script), and what must come before its first query.
 */
void compose_begin(runner *r, message *m, const job *j, const segment *s, bool early);
/* That, then the guard; `rebuild`: also the check of foreign keys before the step; `early`: another step follows in the
 * message. */
void compose_open(runner *r, message *m, const job *j, const segment *s, bool rebuild, bool early);
/* The segment of a step that is one transaction; NULL when there is no statement. */
const segment *compose_whole(const job *j);
void compose_script(message *m, const job *j);
void compose_close(runner *r, message *m, const job *j, int64_t execution_time_ms, bool timed); /* record, event, step_end */
void compose_event(runner *r, message *m, size_t step, amend_event_type type, const char *detail);
/* The same for an event that belongs to no step. */
void compose_event_of(runner *r, message *m, const char *version, amend_event_type type, const char *detail);

/* What a migration.failed tells: a JSON object. */
void compose_failure(const amend_error *error, buf *out);

/* Fill error with the place of the failure in the migration's file, or with what it means that our own SQL failed. */
void explain_fault(runner *r, const message *m, const job *jobs, size_t job_count, const amend_fault *fault,
                   amend_error *error);
/* After a failed step: undo it, write the event, give the lock back. */
void clean_up(runner *r, const job *j, const amend_error *error, const char *abort);

/* --- batch.c, nested.c, apart.c; *next is the step to begin with, and becomes the one to go on with */
amend_status batch_run(runner *r, size_t *next, amend_error *error);
amend_status nested_run(runner *r, size_t *next, amend_error *error);
amend_status apart_run(runner *r, arena *a, job *j, amend_error *error);
/* Renew the lease by the second connection, when it is time. False: the lock is another runner's by now. */
bool apart_renew(runner *r);
/* After a lock timeout: pause, AMEND_OK to try the step again; or the error, when it was tried often enough. */
amend_status batch_wait(runner *r, const job *j, amend_error *error);
/* Take the lock in a message of its own. */
amend_status batch_lock(runner *r, arena *a, amend_error *error);

/* --- apply.c */
typedef amend_status planner(arena *a, const view *v, const amend_run *run, plan *out, amend_error *error);

/* Asked about each plan before anything of it runs. It may add problems; those of severity AMEND_ERROR are conflicts. */
typedef struct gate
{
    amend_status (*check)(void *arg, arena *a, plan *plan, amend_error *error);
    void *arg;
    bool late; /* it asks the database: not while another runner is at work, which may change what it would find */
    const struct gate *next; /* asked behind it; NULL: none */
} gate;

typedef struct outcome
{
    history history; /* as last read */
    view view;
    plan plan;
    result *results; /* of the last plan's steps */
    size_t done;
    const char *sql; /* dry run */
} outcome;

/* *out is filled as far as it came, whatever the status. Everything lives in the arena. `guard` may be NULL. */
amend_status apply(session *s, arena *a, const catalog *c, planner *make, const gate *guard, const amend_run *run, outcome *out,
                   amend_error *error);

#endif

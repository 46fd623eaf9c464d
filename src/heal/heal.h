/* SPDX-License-Identifier: MIT */
/*
 * Healing: an error → the missing object (the dialect's detect) → the migration that provides it (knowledge.h) → may it run
 * (policy.h) → the engine runs it → the caller runs its query again. The parts, each in its own file:
 *
 *   heal.c       the way through all of it; what threads share, and how they wait for each other
 *   knowledge.c  what is known of the migrations: the catalog, the index of objects, what speaks against each migration
 *   index.c      object → migration
 *   policy.c     may these steps run?
 *   memory.c     what was tried lately, and what came of it
 *   diagnose.c   the same way, without doing anything
 *   sqlite.c, postgres.c  the slow halves of the wrappers in amend/sqlite.h and amend/postgres.h
 *
 * Everything here may be called by any number of threads at once. Never recursive: a query that fails while its own thread is
 * curing (in an event callback, in a function that the migration calls) keeps its error.
 */
#ifndef AMEND_HEAL_HEAL_H
#define AMEND_HEAL_HEAL_H

#include "engine/plan.h"
#include "engine/session.h"
#include "heal/knowledge.h"
#include "heal/memory.h"

#include <pthread.h>

/* What became of a connection's last failure: amend_pq_outcome. The newest are kept. */
typedef struct pq_outcome
{
    const void *conn; /* NULL: free */
    amend_cure cure;
} pq_outcome;

enum
{
    PQ_OUTCOMES = 256,
};

/*
 * What the handle holds for healing. It is the first member of `struct amend` (api/handle.h asserts it), so that the wrappers,
 * which get an `amend *`, find it without a way up to the layer above.
 */
typedef struct healer
{
    session session; /* a template: copied for each cure, never connected itself. Its url is the cures' */
    const char *dir;
    const amend_file *files;
    size_t file_count;
    amend_heal_policy policy;
    uint32_t wait_ms, cooldown_ms;

    pthread_mutex_t mutex; /* guards all below; never held while a database is asked */
    pthread_cond_t turn;   /* a cure has ended, or the knowledge is loaded */
    bool busy;             /* a thread loads the knowledge or cures outside a transaction: */
    knowledge *knowledge;  /* NULL until first needed; counted references */
    int64_t looked_ms;     /* when the migrations' files were last looked at */
    memory memory;
    struct curing *curing;                   /* the threads that are curing, for the check against recursion */
    struct sqlite_transaction *transactions; /* sqlite_transaction.c's: those that are open */
    struct pq_transaction *pq_transactions;  /* postgres_transaction.c's: the calls of amend_pq_transaction that run */
    pq_outcome pq_outcomes[PQ_OUTCOMES];     /* postgres.c's, a ring: */
    size_t pq_next;                          /* the next to be overwritten */
} healer;

/* The healer of a handle. */
static inline healer *healer_of(amend *handle)
{
    return (healer *)handle;
}

/* Only mutex, turn and memory; the rest is set by who owns it. OUT_OF_MEMORY when the system has no mutex to give. */
amend_status healer_init(healer *h, amend_error *error);
void healer_clear(healer *h);

typedef struct heal_request
{
    const amend_db_error *failed;
    amend_conn *conn; /* cure on this connection, which is the caller's and outlives the call; NULL: on one of our own */
    bool inside;      /* conn is inside a transaction of the caller's: cure within it */
} heal_request;

/*
 * Cure it if it can be cured, as amend_heal_error says. *healing is filled whatever the outcome. *error is written when the
 * outcome is neither NONE nor DONE. Waits at most h->wait_ms, and for as long as the migrations themselves take. An allocation
 * that fails is a cure that FAILED.
 */
amend_cure heal(healer *h, const heal_request *request, amend_healing *healing, amend_error *error);

/* What heal would do, without doing it (amend_diagnose). */
typedef struct diagnosis
{
    amend_healing healing;
    knowledge *knowledge; /* NULL when the error is not about a missing object; to be given to knowledge_release */
    history history;      /* these live in the arena */
    view view;
    plan plan; /* what would run, and as its problems what speaks against it */
} diagnosis;

/*
 * `look` is a session for looking, NULL without a database: all is pending then. Whatever the status, out->knowledge is to be
 * released. Errors: as knowledge_load and history_read give.
 */
amend_status heal_diagnose(const healer *h, const dialect *dialect, session *look, arena *a, const amend_db_error *failed,
                           diagnosis *out, amend_error *error);

#endif

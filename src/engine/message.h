/* SPDX-License-Identifier: MIT */
/*
 * A message: the pieces of one exec, each with what it is for, so that a failure can be told by where it happened. Our own SQL
 * is collected in one buffer; the migrations' text is pointed to.
 */
#ifndef AMEND_ENGINE_MESSAGE_H
#define AMEND_ENGINE_MESSAGE_H

#include "dialect/dialect.h"
#include "engine/segment.h"

#include <stdint.h>

typedef enum part_kind
{
    PART_FRAME,   /* BEGIN, COMMIT and the like */
    PART_CREATE,  /* our tables */
    PART_ACQUIRE, /* taking the lock */
    PART_GUARD,   /* is it still ours? */
    PART_CLAIM,   /* is what the migration claims still so? */
    PART_SCRIPT,  /* the migration's own SQL */
    PART_CHECK,   /* foreign keys after a rebuild */
    PART_RECORD,  /* the history's row: gives one row back */
    PART_EVENT,
    PART_STEP_END, /* COMMIT or RELEASE: the step is done */
    PART_KEEP,     /* the schema as it is now */
    PART_RELEASE,
    PART_BATCH_END,
} part_kind;

typedef struct part
{
    part_kind kind;
    size_t step;  /* of the plan */
    size_t own;   /* where in the buffer our own SQL stands, SIZE_MAX for the migration's */
    size_t first; /* PART_SCRIPT: which statement of the file it begins with, from 0; PART_CLAIM: which check of the step */
} part;

typedef struct message
{
    arena *arena; /* the batch's; borrowed */
    buf text;
    size_t open; /* where the own text being written begins */
    amend_piece *pieces;
    part *parts;
    size_t count;
    bool failed; /* out of memory */
} message;

/* The message lives as long as the arena; message_clear frees its buffer. */
void message_init(message *m, arena *a);
void message_clear(message *m);

/* What was written to m->text since the last part becomes one; nothing is added when it has no statement. */
void message_own(message *m, part_kind kind, size_t step, unsigned statements);
/* How many statements our fixed words hold: they have no string and no comment, so that each semicolon ends one. */
unsigned message_statements(const char *words);
/* A fixed text of whole statements, as tx_words has them; NULL or "" adds nothing. */
void message_words(message *m, part_kind kind, size_t step, const char *words);
/* The migration's own: statements [first, last) of the outline. */
void message_script(message *m, size_t step, const outline *o, size_t first, size_t last);

/* Make the pieces ready for exec: our own texts have their final place now. False when memory was short. */
bool message_ready(message *m);
/* All of it as text, for a dry run, COPY data included. After message_ready. */
void message_print(const message *m, buf *out);

#endif

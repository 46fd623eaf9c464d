/* SPDX-License-Identifier: MIT */
/*
 * What a script claims about things that may exist already, and what was found of them.
 *
 * CREATE … IF NOT EXISTS says two things: make it, or it is there. Whoever wrote it believes that what is there is the same.
 * The claim is that belief, and it can be checked before anything runs.
 */
#ifndef AMEND_DIALECT_CLAIM_H
#define AMEND_DIALECT_CLAIM_H

#include "amend.h"
#include "base/arena.h"
#include "base/slice.h"

typedef enum claim_kind
{
    CLAIM_MAKES,   /* makes it unless it is there; `plain`: fails when it is */
    CLAIM_TOUCHES, /* makes, changes or drops it whatever is there: what is found now tells nothing of it later. Without a name:
                      anything */
    CLAIM_DROPS,   /* drops a type, if nothing depends on it */
    CLAIM_FREES,   /* drops something that is not named here, perhaps with what depends on it: a type may be free afterwards */
} claim_kind;

typedef struct claim
{
    claim_kind kind;
    amend_object_kind object;  /* SCHEMA of CLAIM_TOUCHES: all that is in it, too */
    size_t statement;          /* of the script, from 0 */
    slice schema, name;        /* unquoted and folded; an empty schema: where the search path puts it */
    slice table_schema, table; /* of an index, the table that it is on */
    bool plain;
    bool rebuilt;     /* an index that was left invalid is made anew by whoever runs the statement */
    bool enumeration; /* a type with these values, in their order */
    const slice *values;
    size_t value_count;
    slice text;  /* CLAIM_MAKES: the CREATE statement by itself, also when it stands in a DO block */
    slice later; /* the script from the next statement on that changes the same thing (the engine finds it); empty: none does */
} claim;

/* In the arena. */
typedef struct claim_list
{
    claim *items;
    size_t count;
} claim_list;

/* What the database says of a claim's object. Strings live in the arena. */
typedef struct claim_found
{
    bool there;
    const char *id;                   /* the database's own number or text for it */
    const char *schema;               /* where it is, or would be put; "" when that isn't known */
    const char *sort;                 /* what it is: the dialect's letters */
    const char *mark;                 /* changes when it is changed; "" when it isn't there */
    const char *owned;                /* "t": this role may change it */
    const char *remark;               /* its comment; NULL without one */
    const char *table_schema, *table; /* of an index */
    const slice *values;              /* of an enumeration, in order */
    size_t value_count;
} claim_found;

#endif

/* SPDX-License-Identifier: MIT */
/*
 * What is known of the migrations without asking a database: the catalog, the index of what each provides, and what speaks
 * against running each by itself. Made once, on first need, and never changed: a newer one takes its place. References are
 * counted, so that a cure that runs keeps the one that it began with. The counting is the caller's to guard.
 */
#ifndef AMEND_HEAL_KNOWLEDGE_H
#define AMEND_HEAL_KNOWLEDGE_H

#include "dialect/dialect.h"
#include "heal/index.h"
#include "migration/catalog.h"

/* A table that a migration creates, and that none before it has. */
typedef struct made_table
{
    slice schema, name;
    size_t statement;
} made_table;

/* A statement that makes something with which others come along: an extension, or a table or column (its sequence). */
typedef struct bringer
{
    amend_object_kind kind; /* EXTENSION, or TABLE for both of the others */
    size_t statement;
} bringer;

/* Of one migration, by its position in the catalog. Slices live in the knowledge's arena. */
typedef struct facts
{
    const objection *objections;
    size_t objection_count;
    const unsigned *lines; /* of the objections' statements in the file */
    const made_table *made;
    size_t made_count;
    const bringer *bringers;
    size_t bringer_count;
    size_t sweep; /* one more than the last statement that drops what it doesn't name, with CASCADE; 0: none */
    bool outside; /* can't run inside a transaction of the caller's */
} facts;

typedef struct knowledge
{
    arena *arena;
    catalog catalog;
    object_index *index;
    bool nocase; /* names that differ only in the case of ASCII letters are one */
    facts *facts;
    int64_t stamp; /* of the directory and its files when it was read, see knowledge_stamp */
    unsigned references;
} knowledge;

/*
 * Read all migrations. With one reference, the caller's. Errors: as catalog_load and the dialect's split give. A script that
 * can't be split or understood is passed over: its own run will say what is wrong with it.
 */
amend_status knowledge_load(const amend_allocator *allocator, const dialect *dialect, const char *dir, const amend_file *files,
                            size_t file_count, knowledge **out, amend_error *error);
/* The same of a catalog that is read already, and only of those migrations that are wanted (one bool for each). All of it lives
   in the arena: nothing is to be released. */
amend_status knowledge_make(arena *a, const dialect *dialect, const catalog *c, const bool *wanted, knowledge *out,
                            amend_error *error);
void knowledge_hold(knowledge *k);
void knowledge_release(knowledge *k); /* NULL is allowed */

/* A number that changes when files come, go or are written: made of names, sizes and times. 0 for compiled-in files. */
int64_t knowledge_stamp(const char *dir, const amend_file *files);

#endif

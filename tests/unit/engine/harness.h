/* SPDX-License-Identifier: MIT */
/*
 * A database and a directory of migrations for a test of the engine: SQLite in a temporary file, or the scripted fake, which
 * speaks PostgreSQL's dialect. What is told is written down.
 */
#ifndef AMEND_TEST_ENGINE_HARNESS_H
#define AMEND_TEST_ENGINE_HARNESS_H

#include "conformance/fake.h"
#include "engine/run.h"
#include "support/tempdir.h"

enum
{
    HARNESS_FILES = 16,
};

typedef struct harness
{
    tempdir dir; /* SQLite's */
    fake_script script;
    char url[512];
    session session;
    arena *arena;
    amend_file files[HARNESS_FILES];
    size_t file_count;
    catalog catalog;
    outcome outcome;
    amend_error error;
    unsigned told[AMEND_EVENT_TYPES];
    char steps[256];                                       /* what was told as done, in order: "+001 -001 " */
    char said[4096];                                       /* each message, one a line */
    void (*hook)(struct harness *h, const amend_event *e); /* called after that; may be NULL */
    void *hook_arg;
} harness;

/* The rules are borrowed. */
void harness_fake(harness *h, fake_rule *rules, size_t count);
void harness_sqlite(harness *h);
void harness_close(harness *h);

/* Add a compiled-in file, or put another text in its place: "001_a.sql", "001_a.down.sql". Both are borrowed. */
void harness_file(harness *h, const char *path, const char *text);
/* Connect for writing and read the catalog; what a test needs that calls the engine's parts itself. */
void harness_ready(harness *h);
/* Run, with the catalog read anew; h->outcome and h->error tell how it went. */
amend_status harness_run(harness *h, planner *make, unsigned flags);
amend_status harness_up(harness *h);
amend_status harness_down(harness *h);

/* SQLite: by another connection, as somebody else would. */
void harness_sql(const harness *h, const char *sql);
/* The rows, each as "a|b\n"; static storage of four turns. */
const char *harness_query(const harness *h, const char *sql);
void harness_expect(const harness *h, const char *sql, const char *rows);

/* Rules of the fake: an empty database, and one with our tables; and a lock row that is free. */
#define HARNESS_FRESH                                                                                                          \
    {.match = "to_regclass", .columns = 5, .names = harness_meta, .values = harness_meta_fresh},                               \
    {                                                                                                                          \
        .match = "applied_at_iso", .fault = AMEND_FAULT_STATEMENT, .sqlstate = "42P01"                                         \
    }
#define HARNESS_THERE                                                                                                          \
    {                                                                                                                          \
        .match = "to_regclass", .columns = 5, .names = harness_meta, .values = harness_meta_there                              \
    }
/* What our own statements contain, for rules that match them. */
#define HARNESS_ACQUIRE "fence + 1 END"
#define HARNESS_GUARD "fence END"
#define HARNESS_RECORD "AS m (version"
#define HARNESS_RELEASE "SET holder = NULL"
extern const char *const harness_meta[5], *const harness_meta_fresh[5], *const harness_meta_there[5];

#define HARNESS_FAKE(h, ...)                                                                                                   \
    harness h;                                                                                                                 \
    fake_rule h##_rules[] = {__VA_ARGS__};                                                                                     \
    harness_fake(&h, h##_rules, sizeof h##_rules / sizeof h##_rules[0])

#endif

/* SPDX-License-Identifier: MIT */
/* A handle over a directory and a SQLite file of a test's own, as an application has it; what is told is written down. */
#ifndef AMEND_TEST_API_HARNESS_H
#define AMEND_TEST_API_HARNESS_H

#include "amend.h"

#include "support/tempdir.h"

typedef struct harness
{
    tempdir dir; /* holds app.db and migrations/ */
    char url[512], migrations[512];
    amend_options options;
    amend *handle;
    amend_report *report; /* of the last harness_… call that gives one */
    amend_error error;
    char told[8192]; /* "type version: message", one event a line */
} harness;

/* A directory with 001_users (with a down script), 002_posts (with one), 003_index (without). Nothing is opened yet. */
void harness_make(harness *h);
void harness_open(harness *h);
/* Close the handle and open another. */
void harness_again(harness *h);
void harness_remove(harness *h);
void harness_write(harness *h, const char *file, const char *text);

typedef amend_status harness_call(amend *handle, const amend_run *run, amend_report **out, amend_error *error);
/* Call with these; the report is kept, and h->told begins anew. */
amend_status harness_run(harness *h, harness_call *call, const char *to, unsigned steps, unsigned flags);
amend_status harness_look(harness *h, amend_status (*call)(amend *handle, amend_report **out, amend_error *error));
void harness_expect_ok(const harness *h, amend_status status);
/* Each item of the report as "state version", with " " between them. */
void harness_expect_items(const harness *h, const char *items);
/* Each problem as "severity AMnnnn version". */
void harness_expect_problems(const harness *h, const char *problems);

/* By another connection. */
const char *harness_query(const harness *h, const char *sql);

#endif

/* SPDX-License-Identifier: MIT */
/* What an `amend` handle holds, and how its calls begin and end. */
#ifndef AMEND_API_HANDLE_H
#define AMEND_API_HANDLE_H

#include "engine/lint.h"
#include "heal/heal.h"

struct amend
{
    healer healer; /* first: healer_of finds it there */
    const amend_allocator *allocator;
    arena *arena; /* what lives as long as the handle */
    session session;
    atomic_bool cancelled; /* not in the session, which is copied while a signal may set this */
    const char *dir;
    const amend_file *files;
    size_t file_count;
    char url_shown[1024];
    char name[256];
    char host[256];
    buf text;       /* amend_read's */
    arena *reading; /* the catalog that amend_read looks into */
    catalog catalog;
    amend_severity lint[LINT_RULES];
};

_Static_assert(offsetof(struct amend, healer) == 0, "healer_of takes the handle for its healer");

/* A report with the arena that it lives in. */
typedef struct report_box
{
    amend_report pub; /* first: the public pointer is the box */
    arena *arena;
    const amend_allocator *allocator;
    int64_t start_ms;
    amend_item *items;
    amend_problem *problems;
    knowledge *knowledge; /* what the items of a diagnosis point into; NULL for other reports */
} report_box;

report_box *report_new(amend *handle, amend_error *error);
/* Hand the report over, or free it when nobody wants it. */
void report_give(report_box *box, amend_report **out);

/* Append an item; NULL when memory is short. */
amend_item *report_item(report_box *box, const entry *e, amend_direction direction);
amend_status report_problem(report_box *box, const amend_problem *problem, amend_error *error);
amend_status report_problems(report_box *box, const amend_problem *problems, size_t count, amend_error *error);
/* The counts and the newest version, from a view. */
void report_summary(report_box *box, const view *v);

/* What a run came to: the steps, the skipped ones, the counts as they are now. */
amend_status report_outcome(report_box *box, const outcome *o, amend_error *error);

/* Is the option struct one that this library knows? */
amend_status check_run(const amend_run *run, amend_run *out, amend_error *error);
/* The catalog, in the box's arena; its findings become problems of the report. */
amend_status load_catalog(amend *handle, report_box *box, catalog *out, amend_error *error);
/* Connect for looking and read the history. */
amend_status load_view(amend *handle, report_box *box, catalog *c, history *h, view *v, amend_error *error);
/* That, with what is different as problems of the report, and its items. *differences counts what is an error. */
amend_status compare_files(amend *handle, report_box *box, catalog *c, history *h, view *v, size_t *differences,
                           amend_error *error);
amend_status need_database(const amend *handle, amend_error *error);

#endif

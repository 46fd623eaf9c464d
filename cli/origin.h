/* SPDX-License-Identifier: MIT */
/*
 * Where a schema comes from, as a person names it: a database's URL, a file made by `amend snapshot`, or "catalog", what the
 * migrations make. A path that is a SQLite database is told by what the file begins with.
 */
#ifndef AMEND_CLI_ORIGIN_H
#define AMEND_CLI_ORIGIN_H

#include "cli.h"

typedef enum origin_kind
{
    ORIGIN_DATABASE,
    ORIGIN_FILE,
    ORIGIN_CATALOG,
} origin_kind;

typedef struct origin
{
    origin_kind kind;
    const char *shown; /* for people: without a password */
    const char *url;   /* ORIGIN_DATABASE; ORIGIN_CATALOG: NULL when none is configured */
    const char *text;  /* ORIGIN_FILE */
    size_t length;
    amend_snapshot *snapshot; /* the caller's, once it is read */
} origin;

/* What the words name. Files are read here, before any database is open. Errors: FILE_READ. */
amend_status origin_find(cli *c, const char *words, origin *out, amend_error *error);
/* The configured database (error: NO_DATABASE), and the migrations on a scratch database of its kind. */
amend_status origin_configured(cli *c, origin *out, amend_error *error);
amend_status origin_catalog(cli *c, origin *out, amend_error *error);
/*
 * Read the schema with a handle that is opened for it, and left open. A catalog without a configured database is made for the
 * kind of the other side, which is read before. Error: NO_DATABASE when neither tells.
 */
amend_status origin_read(cli *c, origin *s, const origin *other, amend_error *error);
/* A warning when a database has nothing in it. */
void origin_tell_empty(cli *c, const amend_snapshot *s);

#endif

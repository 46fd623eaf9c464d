/* SPDX-License-Identifier: MIT */
/*
 * What people write to name a SQLite database:
 *
 *     app.db  /srv/app.db  :memory:      a path, taken as it is
 *     sqlite:app.db  sqlite://app.db     relative;  sqlite:/srv/app.db  sqlite:///srv/app.db  absolute;  also with sqlite3:
 *     file:app.db?mode=ro                SQLite's own URI, given to it as it is (https://sqlite.org/uri.html)
 *
 * In a URL, %41 is "A", and behind "?" may stand SQLite's own parameters, foreign_keys=on or off, and
 * synchronous=off, normal, full or extra (https://sqlite.org/pragma.html#pragma_synchronous).
 */
#ifndef AMEND_DRIVER_SQLITE_URL_H
#define AMEND_DRIVER_SQLITE_URL_H

#include "base/buf.h"

typedef struct sqlite_url
{
    bool memory;      /* in memory: there is no file */
    bool uri;         /* filename is a URI */
    int foreign_keys; /* -1: not given */
    int synchronous;  /* the pragma's number; -1: not given */
    buf path;         /* the file's, to look at; empty when there is none or only another VFS knows it */
    buf filename;     /* what sqlite3_open_v2 takes */
} sqlite_url;

bool sqlite_url_accepts(const char *url);
void sqlite_url_describe(const char *url, char *out, size_t out_size, char *name, size_t name_size);

/* out is to be given to sqlite_url_clear, also after a failure. Errors: URL, OUT_OF_MEMORY. */
amend_status sqlite_url_parse(const amend_allocator *allocator, const char *url, sqlite_url *out, amend_error *error);
void sqlite_url_clear(sqlite_url *url);

/* amend_driver.beside. */
bool sqlite_url_beside(const char *url, const char *name, char *out, size_t out_size);

#endif

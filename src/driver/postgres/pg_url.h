/* SPDX-License-Identifier: MIT */
/* What a connection string says, without libpq: is it PostgreSQL's, how is it shown, is a password in the wrong place? All
 * pure. */
#ifndef AMEND_DRIVER_POSTGRES_PG_URL_H
#define AMEND_DRIVER_POSTGRES_PG_URL_H

#include <stdbool.h>
#include <stddef.h>

/* postgres://…, postgresql://…, "postgres:" (all from PG* variables), or keyword=value with a keyword of libpq's. */
bool pg_url_accepts(const char *url);
/* amend_driver.describe */
void pg_url_describe(const char *url, char *out, size_t out_size, char *name, size_t name_size);
/*
 * Would libpq take a part of the user's password for something else (a host, a port), and say it in its messages? So it is when
 * characters with a meaning in URLs are not percent-encoded.
 */
bool pg_url_is_ambiguous(const char *url);
/* amend_driver.beside: of two names libpq takes the last. */
bool pg_url_beside(const char *url, const char *name, char *out, size_t out_size);
/* What libpq is to be given: NULL for "postgres:". */
const char *pg_url_conninfo(const char *url);

#endif

/* SPDX-License-Identifier: MIT */
#include "origin.h"

#include "fault.h"
#include "file.h"
#include "print.h"
#include "secret.h"

#include <errno.h>
#include <string.h>

/* More is not a schema. */
#define ORIGIN_MOST ((size_t)256 << 20)

static bool is_scheme(const char *words)
{
    static const char *const schemes[] = {"sqlite:", "sqlite3:", "file:"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
    {
        if (strncmp(words, schemes[i], strlen(schemes[i])) == 0)
        {
            return true;
        }
    }
    return strstr(words, "://") != NULL || strcmp(words, ":memory:") == 0;
}

static amend_status origin_database(cli *c, const char *url, origin *out)
{
    *out = (origin){.kind = ORIGIN_DATABASE, .url = url, .shown = secret_mask(&c->pool, url)};
    return AMEND_OK;
}

amend_status origin_find(cli *c, const char *words, origin *out, amend_error *error)
{
    static const char magic[] = "SQLite format 3";
    if (strcmp(words, "catalog") == 0)
    {
        return origin_catalog(c, out, error);
    }
    if (is_scheme(words))
    {
        return origin_database(c, words, out);
    }
    size_t length = 0;
    const char *text = file_load(&c->pool, words, magic, ORIGIN_MOST, &length);
    if (text == NULL && errno == ENOENT && strchr(words, '=') != NULL)
    {
        return origin_database(c, words, out); /* host=… dbname=… */
    }
    if (text == NULL)
    {
        bool absent = errno == ENOENT;
        amend_status status = fault_set(error, AMEND_E_FILE_READ, "can't read \"%s\": %s", words, strerror(errno));
        fault_hint(error, absent ? "Give a file that \"amend snapshot\" made, or a database's URL: sqlite:PATH, postgres://…"
                                 : "Check the file and its permissions.");
        return status;
    }
    if (length == 0 || strncmp(text, magic, sizeof magic) == 0)
    {
        return origin_database(c, words, out); /* an empty file is a SQLite database in which nothing is yet */
    }
    *out = (origin){.kind = ORIGIN_FILE, .shown = words, .text = text, .length = length};
    return AMEND_OK;
}

amend_status origin_configured(cli *c, origin *out, amend_error *error)
{
    const char *url = c->settings.items[SETTING_URL].value;
    return url == NULL ? fault_set(error, AMEND_E_NO_DATABASE, "no database given") : origin_database(c, url, out);
}

amend_status origin_catalog(cli *c, origin *out, amend_error *error)
{
    (void)error;
    *out = (origin){.kind = ORIGIN_CATALOG, .url = c->settings.items[SETTING_URL].value, .shown = "catalog"};
    return AMEND_OK;
}

/* A wrong path gives an empty schema, too. */
void origin_tell_empty(cli *c, const amend_snapshot *s)
{
    if (s != NULL && s->count == 0)
    {
        print_note(c, AMEND_WARNING, "%s has no schema, or isn't there", amend_database(c->handle));
    }
}

/* Which kind of database, and on which server: as the configuration says, or else as for the other side. */
static const char *origin_like(cli *c, const origin *other)
{
    if (other->url != NULL)
    {
        return other->url;
    }
    bool lite = other->snapshot != NULL && other->snapshot->dialect != NULL && strcmp(other->snapshot->dialect, "sqlite") == 0;
    return lite ? "sqlite::memory:" : c->settings.items[SETTING_SCRATCH_URL].value;
}

amend_status origin_read(cli *c, origin *s, const origin *other, amend_error *error)
{
    if (s->kind == ORIGIN_CATALOG && s->url == NULL)
    {
        s->url = origin_like(c, other);
    }
    if (s->kind == ORIGIN_CATALOG && s->url == NULL)
    {
        return fault_set(error, AMEND_E_NO_DATABASE, "no database given: which kind of database is the catalog for?");
    }
    amend_status status = cli_open_at(c, s->url, error);
    if (status == AMEND_OK && s->kind == ORIGIN_DATABASE)
    {
        status = amend_snapshot_take(c->handle, &s->snapshot, error);
        origin_tell_empty(c, s->snapshot);
    }
    else if (status == AMEND_OK && s->kind == ORIGIN_CATALOG)
    {
        status = amend_snapshot_of_catalog(c->handle, c->settings.items[SETTING_SCRATCH_URL].value, &s->snapshot, error);
    }
    else if (status == AMEND_OK)
    {
        status = amend_snapshot_read(c->handle, s->text, s->length, &s->snapshot, error);
        if (status != AMEND_OK)
        {
            fault_at(error, s->shown, error->line);
        }
    }
    return status;
}

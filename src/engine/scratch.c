/* SPDX-License-Identifier: MIT */
#include "engine/scratch.h"

#include "base/clock.h"
#include "base/error.h"
#include "engine/snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------------------------------ statements */

/* The first column of each row is a statement. */
typedef struct scratch_statements
{
    buf text;
    unsigned count;
} scratch_statements;

static amend_status scratch_on_row(void *arg, size_t piece, const amend_row *row)
{
    scratch_statements *list = arg;
    (void)piece;
    buf_text(&list->text, row->values[0] == NULL ? "" : row->values[0]);
    buf_text(&list->text, ";\n");
    list->count++;
    return AMEND_OK;
}

/* Ask with what `write` writes, and run the statements that it gives, each by itself. */
static amend_status scratch_perform(session *s, unsigned (*write)(buf *out, const char *name), const char *name,
                                    amend_error *error)
{
    scratch_statements list = {.count = 0};
    amend_hooks hooks = {.arg = &list, .row = scratch_on_row}, silent = {0};
    buf ask;
    buf_init(&ask, s->allocator);
    buf_init(&list.text, s->allocator);
    unsigned statements = write(&ask, name);
    amend_status status = ask.failed ? error_memory(error) : session_run(s, buf_slice(&ask), statements, &hooks, NULL, error);
    slice rest = buf_slice(&list.text);
    status = status == AMEND_OK && list.text.failed ? error_memory(error) : status;
    while (rest.len > 0 && status == AMEND_OK)
    {
        slice one = slice_token(&rest, '\n');
        status = session_run(s, one, 1, &silent, NULL, error);
    }
    buf_clear(&ask);
    buf_clear(&list.text);
    return status;
}

/* ----------------------------------------------------------------------------------------------------- as a file, or made */

static amend_status scratch_name(scratch *out, const char *name, amend_error *error)
{
    const session *s = &out->session;
    bool fits = s->driver->beside(s->url, name, out->url, sizeof out->url);
    return fits ? AMEND_OK : error_set(error, AMEND_E_SCRATCH, "the URL is too long");
}

static amend_status scratch_file(scratch *out, amend_error *error)
{
    const char *temp = getenv("TMPDIR");
    temp = temp == NULL || temp[0] == '\0' ? "/tmp" : temp;
    char dir[sizeof out->dir], path[sizeof dir + 16];
    snprintf(dir, sizeof dir, "%s/amend-scratch-XXXXXX", temp);
    if (mkdtemp(dir) == NULL)
    {
        return error_set(error, AMEND_E_SCRATCH, "no directory for a scratch database can be made in \"%s\": %s", temp,
                         strerror(errno));
    }
    memcpy(out->dir, dir, sizeof dir);
    snprintf(path, sizeof path, "%s/scratch.db", dir);
    return scratch_name(out, path, error);
}

static amend_status scratch_make(scratch *out, amend_error *error)
{
    session *s = &out->session;
    amend_error said = {0};
    char name[sizeof out->name];
    snprintf(name, sizeof name, "amend_scratch_%lld_%08x", (long long)(clock_now_us() / 1000000), clock_random(UINT32_MAX));
    amend_status status = session_connect(s, false, s->connect_timeout_ms, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    /* Somebody else's that can't be dropped is no reason to stop. */
    (void)!scratch_perform(s, s->dialect->scratch_left, name, NULL);
    status = scratch_perform(s, s->dialect->scratch_make, name, &said);
    if (status != AMEND_OK)
    {
        status = said.code == AMEND_E_STATEMENT
                     ? error_set(error, AMEND_E_SCRATCH, "no scratch database can be made: %s", said.message)
                     : said.status;
        if (said.code != AMEND_E_STATEMENT && error != NULL)
        {
            *error = said;
        }
        return status;
    }
    memcpy(out->name, name, sizeof name);
    return scratch_name(out, name, error);
}

/* ------------------------------------------------------------------------------------------------------------ the user's */

/* What somebody needs must not be taken for scratch. */
static amend_status scratch_check_empty(session *s, amend_error *error)
{
    snapshot found;
    arena *a = arena_new(s->allocator);
    amend_status status = a == NULL ? error_memory(error) : session_connect(s, true, s->connect_timeout_ms, error);
    status = status == AMEND_OK ? snapshot_read(s, a, false, &found, error) : status;
    for (size_t i = 0; status == AMEND_OK && i < found.count; i++)
    {
        slice object = found.facts[i].object;
        if (!slice_starts(object, SLICE("schema ")) && !slice_starts(object, SLICE("extension ")))
        {
            status = error_set(error, AMEND_E_SCRATCH, "the database for scratch work is not empty: it has %.*s",
                               (int)object.len, object.data);
        }
    }
    arena_free(a);
    return status;
}

static amend_status scratch_take(scratch *out, const char *url, amend_error *error)
{
    session *s = &out->session;
    if (s->dialect->scratch_clear == NULL || !s->driver->accepts(url))
    {
        return error_set(error, AMEND_E_SCRATCH,
                         "a scratch URL is for PostgreSQL: SQLite's scratch databases are temporary files");
    }
    s->url = url;
    amend_status status = scratch_check_empty(s, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    snprintf(out->url, sizeof out->url, "%s", url);
    out->given = strlen(url) < sizeof out->url;
    return out->given ? AMEND_OK : error_set(error, AMEND_E_SCRATCH, "the URL is too long");
}

/* --------------------------------------------------------------------------------------------------------- open and close */

amend_status scratch_open(const session *model, const char *url, scratch *out, amend_error *error)
{
    *out = (scratch){.session = *model};
    session *s = &out->session;
    s->conn = s->pulse = NULL;
    s->borrowed = s->inside = s->lost = false;
    s->stop = model->stop != NULL ? model->stop : &model->cancelled;
    if (url != NULL)
    {
        return scratch_take(out, url, error);
    }
    return s->dialect->scratch_make == NULL ? scratch_file(out, error) : scratch_make(out, error);
}

void scratch_clear(scratch *s)
{
    session *on = &s->session;
    amend_hooks silent = {0};
    buf text;
    if (!s->given || session_connect(on, false, on->connect_timeout_ms, NULL) != AMEND_OK)
    {
        return;
    }
    buf_init(&text, on->allocator);
    unsigned statements = on->dialect->scratch_clear(&text);
    if (!text.failed)
    {
        (void)!session_run(on, buf_slice(&text), statements, &silent, NULL, NULL);
    }
    buf_clear(&text);
}

static void scratch_remove_files(const scratch *s)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char name[sizeof s->dir + 32];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
    {
        snprintf(name, sizeof name, "%s/scratch.db%s", s->dir, ends[i]);
        unlink(name);
    }
    rmdir(s->dir);
}

void scratch_close(scratch *s)
{
    session *on = &s->session;
    scratch_clear(s);
    if (s->dir[0] != '\0')
    {
        scratch_remove_files(s);
    }
    if (s->name[0] != '\0' && session_connect(on, false, on->connect_timeout_ms, NULL) == AMEND_OK)
    {
        (void)!scratch_perform(on, on->dialect->scratch_drop, s->name, NULL);
    }
    if (on->driver != NULL)
    {
        session_close(on);
    }
}

/* SPDX-License-Identifier: MIT */
#include "api/handle.h"

#include "base/alloc.h"
#include "base/error.h"
#include "driver/driver.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum
{
    CONNECT_TIMEOUT_MS = 30000,
    LOCK_TIMEOUT_MS = 5000,
    LOCK_WAIT_MS = 300000,
    LEASE_MS = 30000,
    LEASE_LEAST_MS = 1000,
    HEAL_WAIT_MS = 10000,
    HEAL_COOLDOWN_MS = 30000,
};

static uint32_t otherwise(uint32_t value, uint32_t standard)
{
    return value == 0 ? standard : value;
}

/* The operating system's user, for the audit trail. */
static const char *user(arena *a)
{
    const char *name = getenv("USER");
    struct passwd entry, *found = NULL;
    char room[2048];
    if (name == NULL || name[0] == '\0')
    {
        getpwuid_r(geteuid(), &entry, room, sizeof room, &found);
        name = found == NULL ? NULL : found->pw_name;
    }
    return name == NULL ? arena_format(a, "uid %ld", (long)geteuid()) : arena_string(a, name);
}

static amend_status pick_driver(amend *h, const char *url, bool own_process, amend_error *error)
{
    const char *missing = driver_missing(url);
    const amend_driver *driver = driver_for_url(url);
    if (missing != NULL)
    {
        return error_set(error, AMEND_E_DRIVER_MISSING, "this build has no driver for %s", missing);
    }
    if (driver == NULL)
    {
        /* The URL itself may hold a password, so only its beginning is shown. */
        size_t shown = strcspn(url, ":/@?= ");
        return error_set(error, AMEND_E_URL, "no driver takes a URL that begins with \"%.*s\"", shown > 30 ? 30 : (int)shown,
                         url);
    }
    h->session.driver = driver;
    h->session.dialect = dialect_find(driver->dialect);
    if (h->session.dialect == NULL)
    {
        return error_set(error, AMEND_E_DRIVER_MISSING, "this build lacks the dialect \"%s\"", driver->dialect);
    }
    driver->describe(url, h->url_shown, sizeof h->url_shown, h->name, sizeof h->name);
    if (own_process && driver->own_process != NULL)
    {
        driver->own_process();
    }
    return AMEND_OK;
}

/* AMEND_HEAL, or what the program says. */
static amend_status pick_policy(const amend_options *o, amend_heal_policy *out, amend_error *error)
{
    static const char *const names[] = {
        [AMEND_HEAL_ADDITIVE] = "additive", [AMEND_HEAL_OFF] = "off", [AMEND_HEAL_REPORT] = "report", [AMEND_HEAL_ALL] = "all"};
    const char *given = getenv("AMEND_HEAL");
    *out = o->heal;
    if (given == NULL || given[0] == '\0')
    {
        return AMEND_OK;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    {
        if (strcmp(given, names[i]) == 0)
        {
            *out = (amend_heal_policy)i;
            return AMEND_OK;
        }
    }
    return error_set(error, AMEND_E_SETTINGS, "AMEND_HEAL is \"%s\", but can be off, additive, all or report", given);
}

/* The healer's sessions are like the handle's, on a URL of their own where one is given. */
static amend_status fill_healer(amend *h, const amend_options *o, amend_error *error)
{
    healer *healer = &h->healer;
    const char *url = getenv("AMEND_HEAL_URL");
    url = url == NULL || url[0] == '\0' ? o->heal_url : url;
    healer->session = h->session;
    healer->session.stop = &h->cancelled;
    healer->session.connect_timeout_ms = healer->wait_ms = otherwise(o->heal_wait_ms, HEAL_WAIT_MS);
    healer->cooldown_ms = otherwise(o->heal_cooldown_ms, HEAL_COOLDOWN_MS);
    healer->dir = h->dir;
    healer->files = h->files;
    healer->file_count = h->file_count;
    if (url != NULL && h->session.driver != NULL)
    {
        healer->session.url = arena_string(h->arena, url);
        if (healer->session.url == NULL)
        {
            return error_memory(error);
        }
        if (driver_for_url(url) != h->session.driver)
        {
            return error_set(error, AMEND_E_URL, "the URL for healing is for another kind of database than the first");
        }
    }
    return pick_policy(o, &healer->policy, error);
}

static amend_status fill_lint(amend *h, const amend_options *o, amend_error *error)
{
    for (size_t i = 0; i < LINT_RULES; i++)
    {
        h->lint[i] = lint_rules[i].severity;
    }
    for (size_t i = 0; i < o->lint_count; i++)
    {
        const amend_lint_setting *given = &o->lint[i];
        lint_rule rule = lint_find(slice_of(given->rule));
        if (rule == LINT_RULES || (unsigned)given->severity > AMEND_ERROR)
        {
            return error_set(error, AMEND_E_SETTINGS, "\"%s\" is not a lint rule, or its severity can't be",
                             given->rule == NULL ? "" : given->rule);
        }
        h->lint[rule] = given->severity;
    }
    return AMEND_OK;
}

static amend_status fill(amend *h, const amend_options *o, amend_error *error)
{
    session *s = &h->session;
    gethostname(h->host, sizeof h->host - 1);
    s->allocator = h->allocator;
    s->host = h->host;
    s->url = arena_string(h->arena, o->url);
    s->url_shown = h->url_shown;
    s->application = arena_string(h->arena, o->application == NULL ? "amend" : o->application);
    s->actor = o->actor == NULL ? user(h->arena) : arena_string(h->arena, o->actor);
    s->on_event = o->on_event;
    s->on_event_arg = o->on_event_arg;
    s->connect_timeout_ms = otherwise(o->connect_timeout_ms, CONNECT_TIMEOUT_MS);
    s->lock_timeout_ms = otherwise(o->lock_timeout_ms, LOCK_TIMEOUT_MS);
    s->lock_wait_ms = otherwise(o->lock_wait_ms, LOCK_WAIT_MS);
    s->lease_ms = otherwise(o->lease_ms, LEASE_MS);
    h->dir = arena_string(h->arena, o->dir == NULL ? "migrations" : o->dir);
    h->files = o->files;
    h->file_count = o->file_count;
    if (s->application == NULL || s->actor == NULL || h->dir == NULL || (o->url != NULL && s->url == NULL))
    {
        return error_memory(error);
    }
    amend_status status = fill_lint(h, o, error);
    if (status == AMEND_OK && o->url != NULL)
    {
        status = pick_driver(h, o->url, o->own_process, error);
    }
    return status == AMEND_OK ? fill_healer(h, o, error) : status;
}

static amend_status check(const amend_options *options, amend_error *error)
{
    if (options == NULL || options->size != sizeof *options)
    {
        return error_set(error, AMEND_E_ARGUMENT, "amend_options was not made with AMEND_OPTIONS_INIT");
    }
    if (options->allocator != NULL && options->allocator->resize == NULL)
    {
        return error_set(error, AMEND_E_ARGUMENT, "the allocator has no resize function");
    }
    if (options->files == NULL && options->file_count > 0)
    {
        return error_set(error, AMEND_E_ARGUMENT, "%zu compiled-in files were promised, but files is NULL",
                         options->file_count);
    }
    if (options->dir != NULL && options->dir[0] == '\0')
    {
        return error_set(error, AMEND_E_ARGUMENT, "the migrations' directory has an empty name");
    }
    if ((unsigned)options->heal > AMEND_HEAL_ALL)
    {
        return error_set(error, AMEND_E_ARGUMENT, "there is no policy of healing with the number %d", (int)options->heal);
    }
    if (options->lease_ms != 0 && options->lease_ms < LEASE_LEAST_MS)
    {
        return error_set(error, AMEND_E_ARGUMENT, "a lease of %u ms is too short: at least %d", options->lease_ms,
                         LEASE_LEAST_MS);
    }
    return AMEND_OK;
}

amend_status amend_open(const amend_options *options, amend **out, amend_error *error)
{
    if (out == NULL)
    {
        return error_set(error, AMEND_E_ARGUMENT, "amend_open needs a place for the handle");
    }
    amend_status status = check(options, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    const amend_allocator *allocator = options->allocator == NULL ? &alloc_default : options->allocator;
    amend *h = alloc_zeroed(allocator, 1, sizeof *h);
    if (h == NULL)
    {
        return error_memory(error);
    }
    h->allocator = allocator;
    h->healer.session.allocator = allocator;
    status = healer_init(&h->healer, error);
    if (status != AMEND_OK)
    {
        alloc_free(allocator, h, sizeof *h);
        return status;
    }
    buf_init(&h->text, allocator);
    h->session.stop = &h->cancelled;
    h->arena = arena_new(allocator);
    status = h->arena == NULL ? error_memory(error) : fill(h, options, error);
    if (status != AMEND_OK)
    {
        amend_close(h);
        return status;
    }
    *out = h;
    return AMEND_OK;
}

void amend_close(amend *handle)
{
    if (handle == NULL)
    {
        return;
    }
    if (handle->session.driver != NULL)
    {
        session_close(&handle->session);
    }
    healer_clear(&handle->healer);
    buf_clear(&handle->text);
    arena_free(handle->reading);
    arena_free(handle->arena);
    alloc_free(handle->allocator, handle, sizeof *handle);
}

void amend_cancel(amend *handle)
{
    if (handle != NULL)
    {
        atomic_store(&handle->cancelled, true); /* lock-free, so that a signal handler may */
    }
}

const char *amend_database(const amend *handle)
{
    return handle->url_shown;
}

const char *amend_database_name(const amend *handle)
{
    return handle->name;
}

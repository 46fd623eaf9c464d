/* SPDX-License-Identifier: MIT */
#include "driver/sqlite/url.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdio.h>
#include <strings.h>

typedef enum sqlite_form
{
    SQLITE_FORM_PATH,
    SQLITE_FORM_URL,  /* sqlite: */
    SQLITE_FORM_FILE, /* file: */
} sqlite_form;

/* The rest behind the scheme, and behind "//". */
static sqlite_form sqlite_url_form(const char *url, slice *rest)
{
    static const char *const schemes[] = {"sqlite:", "sqlite3:"};
    *rest = slice_of(url);
    if (strncasecmp(url, "file:", 5) == 0)
    {
        *rest = slice_of(url + 5);
        return SQLITE_FORM_FILE;
    }
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
    {
        size_t len = strlen(schemes[i]);
        if (strncasecmp(url, schemes[i], len) == 0)
        {
            *rest = slice_of(url + len + (strncmp(url + len, "//", 2) == 0 ? 2 : 0));
            return SQLITE_FORM_URL;
        }
    }
    return SQLITE_FORM_PATH;
}

/*
 * "host=… dbname=…", PostgreSQL's other form, would pass for a strange path, and a mistyped one would be shown with its
 * password: so a known key makes one, and so do two pairs whatever their keys.
 */
static bool sqlite_url_is_conninfo(const char *url)
{
    static const char *const keys[] = {"host",     "hostaddr", "port",    "dbname", "user",
                                       "password", "passfile", "service", "sslmode"};
    size_t word = strspn(url, "abcdefghijklmnopqrstuvwxyz");
    if (url[word + strspn(url + word, " ")] != '=')
    {
        return false;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
    {
        if (strlen(keys[i]) == word && memcmp(keys[i], url, word) == 0)
        {
            return true;
        }
    }
    const char *next = strchr(url, ' ');
    return word > 0 && next != NULL && strchr(next, '=') != NULL;
}

bool sqlite_url_accepts(const char *url)
{
    slice rest;
    if (sqlite_url_form(url, &rest) != SQLITE_FORM_PATH)
    {
        return true;
    }
    return url[0] != '\0' && strstr(url, "://") == NULL && !sqlite_url_is_conninfo(url);
}

/* ------------------------------------------------------------------------------------------------------------- describe */

/* A key of an encrypted database; other builds of SQLite take it as a parameter. */
static bool sqlite_url_is_secret(slice key)
{
    static const char *const secrets[] = {"key", "hexkey", "textkey", "password", "passphrase", "authtoken", "token"};
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
    {
        if (slice_equal_nocase(key, slice_of(secrets[i])))
        {
            return true;
        }
    }
    return false;
}

static void sqlite_url_print(char *out, size_t size, size_t *len, slice text)
{
    if (*len < size)
    {
        error_copy(out + *len, size - *len, text);
        *len += strlen(out + *len);
        *len = text.len >= size - *len ? size : *len; /* nothing behind a cut */
    }
}

/* user:password@ has no meaning here, but somebody may have written it. */
static void sqlite_url_print_path(char *out, size_t size, size_t *len, slice path)
{
    const char *at = memchr(path.data, '@', path.len);
    const char *colon = at == NULL ? NULL : memchr(path.data, ':', (size_t)(at - path.data));
    if (colon != NULL)
    {
        sqlite_url_print(out, size, len, slice_sub(path, 0, (size_t)(colon - path.data) + 1));
        sqlite_url_print(out, size, len, SLICE("***"));
        path = slice_sub(path, (size_t)(at - path.data), path.len);
    }
    sqlite_url_print(out, size, len, path);
}

static void sqlite_url_print_parameters(char *out, size_t size, size_t *len, slice rest)
{
    const char *before = "?";
    while (rest.len > 0)
    {
        slice value = slice_token(&rest, '&');
        slice key = slice_token(&value, '=');
        bool secret = sqlite_url_is_secret(key);
        sqlite_url_print(out, size, len, slice_of(before));
        sqlite_url_print(out, size, len, key);
        sqlite_url_print(out, size, len, slice_of(value.len > 0 ? "=" : ""));
        sqlite_url_print(out, size, len, secret ? SLICE("***") : value);
        before = "&";
    }
}

void sqlite_url_describe(const char *url, char *out, size_t out_size, char *name, size_t name_size)
{
    slice rest;
    sqlite_form form = sqlite_url_form(url, &rest);
    slice path = form == SQLITE_FORM_PATH ? rest : slice_token(&rest, '?');
    size_t len = 0;
    out[0] = '\0';
    sqlite_url_print(out, out_size, &len, (slice){url, (size_t)(path.data - url)});
    sqlite_url_print_path(out, out_size, &len, path);
    if (form != SQLITE_FORM_PATH)
    {
        sqlite_url_print_parameters(out, out_size, &len, rest);
    }
    const char *slash = memrchr(path.data, '/', path.len);
    size_t base = slash == NULL ? 0 : (size_t)(slash - path.data) + 1;
    error_copy(name, name_size, slice_sub(path, base, path.len));
}

/* ---------------------------------------------------------------------------------------------------------------- parse */

static int sqlite_url_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* %41 → A; what isn't two digits stays as it is. False when it has a NUL. */
static bool sqlite_url_decode(buf *out, slice text)
{
    for (size_t i = 0; i < text.len; i++)
    {
        int high = text.data[i] == '%' && i + 2 < text.len ? sqlite_url_digit(text.data[i + 1]) : -1;
        int low = high < 0 ? -1 : sqlite_url_digit(text.data[i + 2]);
        if (low < 0)
        {
            buf_char(out, text.data[i]);
            continue;
        }
        if (high == 0 && low == 0)
        {
            return false;
        }
        buf_char(out, (char)(high * 16 + low));
        i += 2;
    }
    return true;
}

static void sqlite_url_encode(buf *out, slice text)
{
    for (size_t i = 0; i < text.len; i++)
    {
        if (strchr("%?#", text.data[i]) != NULL)
        {
            buf_format(out, "%%%02x", (unsigned char)text.data[i]);
            continue;
        }
        buf_char(out, text.data[i]);
    }
}

static amend_status sqlite_url_foreign_keys(sqlite_url *u, slice value, amend_error *error)
{
    static const char *const words[] = {"off", "on", "no", "yes", "false", "true", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    {
        if (slice_equal_nocase(value, slice_of(words[i])))
        {
            u->foreign_keys = (int)(i & 1);
            return AMEND_OK;
        }
    }
    error_set(error, AMEND_E_URL, "foreign_keys can't be \"%.*s\" in the database's URL", (int)value.len, value.data);
    error_hint(error, "Write foreign_keys=on or foreign_keys=off.");
    return AMEND_USAGE;
}

static amend_status sqlite_url_synchronous(sqlite_url *u, slice value, amend_error *error)
{
    static const char *const words[] = {"off", "normal", "full", "extra"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    {
        if (slice_equal_nocase(value, slice_of(words[i])))
        {
            u->synchronous = (int)i;
            return AMEND_OK;
        }
    }
    error_set(error, AMEND_E_URL, "synchronous can't be \"%.*s\" in the database's URL", (int)value.len, value.data);
    error_hint(error, "Write synchronous=off, normal, full or extra.");
    return AMEND_USAGE;
}

static bool sqlite_url_is_known(slice key)
{
    static const char *const known[] = {"mode", "cache", "vfs", "psow", "nolock", "immutable", "modeof"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    {
        if (slice_equal(key, slice_of(known[i])))
        {
            return true;
        }
    }
    return false;
}

/* Those that go to SQLite are appended to `passed`. */
static amend_status sqlite_url_parameters(sqlite_url *u, sqlite_form form, slice rest, buf *passed, amend_error *error)
{
    while (rest.len > 0)
    {
        slice whole = slice_token(&rest, '&'), value = whole;
        slice key = slice_token(&value, '=');
        bool keys = slice_equal(key, SLICE("foreign_keys"));
        if (keys || slice_equal(key, SLICE("synchronous")))
        {
            amend_status status = keys ? sqlite_url_foreign_keys(u, value, error) : sqlite_url_synchronous(u, value, error);
            if (status != AMEND_OK)
            {
                return status;
            }
            continue;
        }
        if (form == SQLITE_FORM_URL && key.len > 0 && !sqlite_url_is_known(key))
        {
            error_set(error, AMEND_E_URL, "unknown parameter \"%.*s\" in the database's URL", (int)key.len, key.data);
            error_hint(
                error,
                "Known are foreign_keys, synchronous, and SQLite's mode, cache, vfs, psow, nolock, immutable and modeof.");
            return AMEND_USAGE;
        }
        u->memory |= slice_equal(whole, SLICE("mode=memory"));
        u->uri |= slice_equal(key, SLICE("vfs")); /* for now: "only another VFS knows the path" */
        if (whole.len > 0)
        {
            buf_text(passed, passed->len == 0 ? "?" : "&");
            buf_add(passed, whole);
        }
    }
    return AMEND_OK;
}

/* The path of a file: URI stands behind an authority, which is empty or this machine. */
static slice sqlite_url_skip_authority(slice rest)
{
    if (!slice_starts(rest, SLICE("//")))
    {
        return rest;
    }
    rest = slice_sub(rest, 2, rest.len);
    const char *slash = memchr(rest.data, '/', rest.len);
    return slash == NULL ? slice_sub(rest, rest.len, rest.len) : slice_sub(rest, (size_t)(slash - rest.data), rest.len);
}

static void sqlite_url_make_filename(sqlite_url *u, const char *url, sqlite_form form, slice passed)
{
    slice path = buf_slice(&u->path);
    if (form == SQLITE_FORM_FILE)
    {
        buf_text(&u->filename, url);
    }
    else if (passed.len > 0)
    {
        buf_text(&u->filename, slice_starts(path, SLICE("/")) ? "file://" : "file:");
        sqlite_url_encode(&u->filename, path);
        buf_add(&u->filename, passed);
    }
    else
    {
        buf_text(&u->filename, slice_starts(path, SLICE("file:")) ? "./" : "");
        buf_add(&u->filename, path);
    }
}

static amend_status sqlite_url_fill(sqlite_url *u, const char *url, buf *passed, amend_error *error)
{
    slice rest;
    sqlite_form form = sqlite_url_form(url, &rest);
    slice path = rest;
    if (form != SQLITE_FORM_PATH)
    {
        path = slice_token(&rest, '?');
        slice parameters = form == SQLITE_FORM_FILE ? slice_token(&rest, '#') : rest;
        amend_status status = sqlite_url_parameters(u, form, parameters, passed, error);
        if (status != AMEND_OK)
        {
            return status;
        }
    }
    if (form == SQLITE_FORM_FILE)
    {
        path = sqlite_url_skip_authority(slice_token(&path, '#'));
    }
    bool foreign = u->uri, plain = true;
    if (form == SQLITE_FORM_PATH)
    {
        buf_add(&u->path, path);
    }
    else
    {
        plain = sqlite_url_decode(&u->path, path);
    }
    if (u->path.failed || passed->failed)
    {
        return error_memory(error);
    }
    u->memory |= slice_equal(buf_slice(&u->path), SLICE(":memory:"));
    if (!plain || (u->path.len == 0 && !u->memory))
    {
        return error_set(error, AMEND_E_URL, plain ? "the database's URL has no path" : "the database's path has a NUL byte");
    }
    sqlite_url_make_filename(u, url, form, buf_slice(passed));
    u->uri = form == SQLITE_FORM_FILE || passed->len > 0;
    if (foreign || u->memory)
    {
        buf_reset(&u->path);
    }
    return u->filename.failed ? error_memory(error) : AMEND_OK;
}

amend_status sqlite_url_parse(const amend_allocator *allocator, const char *url, sqlite_url *out, amend_error *error)
{
    *out = (sqlite_url){.foreign_keys = -1, .synchronous = -1};
    buf_init(&out->path, allocator);
    buf_init(&out->filename, allocator);
    buf passed;
    buf_init(&passed, allocator);
    amend_status status = sqlite_url_fill(out, url, &passed, error);
    buf_clear(&passed);
    return status;
}

void sqlite_url_clear(sqlite_url *url)
{
    buf_clear(&url->path);
    buf_clear(&url->filename);
}

/* Whoever wants one beside another wants it for a while: it need not survive a crash of the machine. */
bool sqlite_url_beside(const char *url, const char *name, char *out, size_t out_size)
{
    buf b;
    (void)url;
    buf_init(&b, &alloc_default);
    buf_text(&b, "sqlite:");
    sqlite_url_encode(&b, slice_of(name));
    buf_text(&b, "?synchronous=off");
    bool fits = !b.failed && b.len < out_size;
    if (fits)
    {
        memcpy(out, b.data, b.len + 1);
    }
    buf_clear(&b);
    return fits;
}

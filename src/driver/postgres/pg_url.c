/* SPDX-License-Identifier: MIT */
/*
 * The rule for showing: a value is shown when its keyword is known and harmless; everything else, and all that doesn't parse,
 * becomes ***. So a keyword that a later libpq brings (another secret, perhaps) is hidden, too.
 */
#include "driver/postgres/pg_url.h"

#include "base/error.h"
#include "base/slice.h"

#include <stdio.h>

/* Keywords of libpq whose values may be shown. */
static const char *const harmless[] = {"application_name",
                                       "channel_binding",
                                       "client_encoding",
                                       "connect_timeout",
                                       "dbname",
                                       "fallback_application_name",
                                       "gssdelegation",
                                       "gssencmode",
                                       "gsslib",
                                       "host",
                                       "hostaddr",
                                       "keepalives",
                                       "keepalives_count",
                                       "keepalives_idle",
                                       "keepalives_interval",
                                       "krbsrvname",
                                       "load_balance_hosts",
                                       "options",
                                       "passfile",
                                       "port",
                                       "replication",
                                       "require_auth",
                                       "requirepeer",
                                       "requiressl",
                                       "service",
                                       "servicefile",
                                       "sslcert",
                                       "sslcertmode",
                                       "sslcompression",
                                       "sslcrl",
                                       "sslcrldir",
                                       "sslkey",
                                       "sslmode",
                                       "sslnegotiation",
                                       "sslrootcert",
                                       "sslsni",
                                       "ssl_max_protocol_version",
                                       "ssl_min_protocol_version",
                                       "target_session_attrs",
                                       "tcp_user_timeout",
                                       "user"};
static const char *const secret[] = {"password", "sslpassword"};

static bool is_one_of(slice word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
    {
        if (slice_equal(word, slice_of(words[i])))
        {
            return true;
        }
    }
    return false;
}

static bool is_harmless(slice keyword)
{
    return is_one_of(keyword, harmless, sizeof harmless / sizeof harmless[0]);
}

static bool is_known(slice keyword)
{
    return is_harmless(keyword) || is_one_of(keyword, secret, sizeof secret / sizeof secret[0]);
}

/* ------------------------------------------------------------------------------------------------------- fixed output */

typedef struct text
{
    char *data;
    size_t size, len;
} text;

static void put(text *t, slice s)
{
    size_t room = t->size == 0 ? 0 : t->size - 1 - t->len;
    size_t len = s.len < room ? s.len : room;
    memcpy(t->data + t->len, s.data, len);
    t->len += len;
    if (t->size > 0)
    {
        t->data[t->len] = '\0';
    }
}

static void reset(text *t)
{
    t->len = 0;
    put(t, SLICE(""));
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

static void put_decoded(text *t, slice s)
{
    for (size_t i = 0; i < s.len; i++)
    {
        char c = s.data[i];
        if (c == '%' && i + 2 < s.len && hex(s.data[i + 1]) >= 0 && hex(s.data[i + 2]) >= 0)
        {
            c = (char)(hex(s.data[i + 1]) * 16 + hex(s.data[i + 2]));
            i += 2;
        }
        put(t, (slice){&c, 1});
    }
}

/* ---------------------------------------------------------------------------------------------------------------- URLs */

typedef struct parts
{
    slice scheme; /* with :// */
    bool has_user;
    slice user, password; /* password.data is NULL without one */
    slice hosts;          /* everything up to the path */
    bool has_path;
    slice path;  /* without its / */
    slice query; /* without its ? */
    bool ambiguous;
    slice behind; /* when ambiguous: what stands behind the last @ */
} parts;

static slice scheme_of(slice url)
{
    return slice_starts(url, SLICE("postgres://"))     ? SLICE("postgres://")
           : slice_starts(url, SLICE("postgresql://")) ? SLICE("postgresql://")
                                                       : (slice){NULL, 0};
}

static size_t index_of(slice s, const char *set)
{
    size_t i = 0;
    while (i < s.len && strchr(set, s.data[i]) == NULL)
    {
        i++;
    }
    return i;
}

/* host[:port][,host[:port]…]: is each port a number? */
static bool ports_are_numbers(slice hosts)
{
    while (hosts.len > 0)
    {
        slice host = slice_token(&hosts, ',');
        if (host.len > 0 && host.data[0] == '[')
        {
            host = slice_sub(host, index_of(host, "]"), host.len);
        }
        for (size_t i = index_of(host, ":") + 1; i < host.len; i++)
        {
            if (host.data[i] < '0' || host.data[i] > '9')
            {
                return false;
            }
        }
    }
    return true;
}

static bool query_is_known(slice query)
{
    while (query.len > 0)
    {
        slice pair = slice_token(&query, '&');
        slice key = slice_token(&pair, '=');
        if (!is_known(key) && !slice_equal(key, SLICE("ssl")))
        {
            return false;
        }
    }
    return true;
}

/* As libpq does it: the user ends at the first @ that comes before any /. */
static void parse_url(slice url, parts *p)
{
    *p = (parts){.scheme = scheme_of(url)};
    slice rest = slice_sub(url, p->scheme.len, url.len);
    slice whole = rest;
    size_t at = index_of(rest, "@/");
    if (at < rest.len && rest.data[at] == '@')
    {
        p->has_user = true;
        p->user = slice_sub(rest, 0, at);
        size_t colon = index_of(p->user, ":");
        if (colon < p->user.len)
        {
            p->password = slice_sub(p->user, colon + 1, p->user.len);
            p->user.len = colon;
        }
        rest = slice_sub(rest, at + 1, rest.len);
    }
    size_t end = index_of(rest, "/?");
    p->hosts = slice_sub(rest, 0, end);
    rest = slice_sub(rest, end, rest.len);
    size_t mark = index_of(rest, "?");
    p->has_path = rest.len > 0 && rest.data[0] == '/';
    p->path = p->has_path ? slice_sub(rest, 1, mark) : SLICE("");
    p->query = mark < rest.len ? slice_sub(rest, mark + 1, rest.len) : SLICE("");
    bool stray = memchr(p->hosts.data, '@', p->hosts.len) != NULL || memchr(p->path.data, '@', p->path.len) != NULL;
    bool odd = memchr(p->query.data, '@', p->query.len) != NULL && !query_is_known(p->query);
    p->ambiguous = stray || odd || !ports_are_numbers(p->hosts);
    const char *last = memrchr(whole.data, '@', whole.len);
    p->behind = last == NULL ? SLICE("") : slice_sub(whole, (size_t)(last + 1 - whole.data), whole.len);
}

static void describe_query(slice query, text *out, text *name)
{
    const char *separator = "?";
    while (query.len > 0)
    {
        slice pair = slice_token(&query, '&'), value = pair;
        slice key = slice_token(&value, '=');
        put(out, slice_of(separator));
        separator = "&";
        bool plain = (is_harmless(key) || slice_equal(key, SLICE("ssl"))) && memmem(value.data, value.len, "://", 3) == NULL;
        if (plain && slice_equal(key, SLICE("dbname")))
        {
            reset(name);
            put_decoded(name, value);
        }
        if (key.len < pair.len)
        {
            put(out, is_known(key) || plain ? key : SLICE("***"));
            put(out, SLICE("="));
            value = plain ? value : SLICE("***");
        }
        else
        {
            value = SLICE("***");
        }
        put(out, value);
    }
}

static void describe_url(slice url, text *out, text *name)
{
    parts p;
    parse_url(url, &p);
    put(out, p.scheme);
    if (p.ambiguous)
    {
        put(out, SLICE("***"));
        slice behind = slice_sub(p.behind, 0, index_of(p.behind, "?"));
        put(out, behind.len > 0 ? SLICE("@") : SLICE(""));
        put(out, behind);
        size_t slash = index_of(behind, "/");
        put_decoded(name, slash < behind.len ? slice_sub(behind, slash + 1, behind.len) : SLICE(""));
        return;
    }
    if (p.has_user)
    {
        put(out, p.user);
        put(out, p.password.data != NULL ? SLICE(":***@") : SLICE("@"));
    }
    put(out, p.hosts);
    put(out, p.has_path ? SLICE("/") : SLICE(""));
    put(out, p.path);
    put_decoded(name, p.path.len > 0 ? p.path : p.user);
    describe_query(p.query, out, name);
}

/* ------------------------------------------------------------------------------------------------------------ conninfo */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_spaces(slice *s)
{
    while (s->len > 0 && is_space(s->data[0]))
    {
        *s = slice_sub(*s, 1, s->len);
    }
}

/* The keyword and the = behind it; false when there is none. */
static bool take_keyword(slice *rest, slice *keyword)
{
    skip_spaces(rest);
    size_t end = 0;
    while (end < rest->len && rest->data[end] != '=' && !is_space(rest->data[end]))
    {
        end++;
    }
    *keyword = slice_sub(*rest, 0, end);
    *rest = slice_sub(*rest, end, rest->len);
    skip_spaces(rest);
    if (end == 0 || rest->len == 0 || rest->data[0] != '=')
    {
        return false;
    }
    *rest = slice_sub(*rest, 1, rest->len);
    skip_spaces(rest);
    return true;
}

/* The value, as written; false when its quote does not end. Unquoted into `plain` unless that is NULL. */
static bool take_value(slice *rest, slice *value, text *plain)
{
    bool quoted = rest->len > 0 && rest->data[0] == '\'';
    size_t i = quoted ? 1 : 0;
    while (i < rest->len && (quoted ? rest->data[i] != '\'' : !is_space(rest->data[i])))
    {
        i += rest->data[i] == '\\' && i + 1 < rest->len ? 1 : 0;
        if (plain != NULL)
        {
            put(plain, slice_sub(*rest, i, i + 1));
        }
        i++;
    }
    if (quoted && i >= rest->len)
    {
        return false;
    }
    i += quoted ? 1 : 0;
    *value = slice_sub(*rest, 0, i);
    *rest = slice_sub(*rest, i, rest->len);
    return true;
}

static void describe_conninfo(slice rest, text *out, text *name)
{
    bool named = false;
    const char *separator = "";
    skip_spaces(&rest);
    while (rest.len > 0)
    {
        slice keyword, value;
        put(out, slice_of(separator));
        separator = " ";
        if (!take_keyword(&rest, &keyword) || !is_known(keyword))
        {
            put(out, SLICE("***"));
            return;
        }
        put(out, keyword);
        put(out, SLICE("="));
        bool database = slice_equal(keyword, SLICE("dbname"));
        bool names = database || (!named && slice_equal(keyword, SLICE("user")));
        if (names)
        {
            reset(name);
            named = database;
        }
        bool whole = take_value(&rest, &value, names ? name : NULL);
        if (!whole || !is_harmless(keyword) || memmem(value.data, value.len, "://", 3) != NULL)
        {
            put(out, SLICE("***"));
            if (names)
            {
                reset(name);
            }
        }
        else
        {
            put(out, value);
        }
        if (!whole)
        {
            return;
        }
        skip_spaces(&rest);
    }
}

/* -------------------------------------------------------------------------------------------------------------- outside */

bool pg_url_accepts(const char *url)
{
    slice rest = slice_of(url), keyword;
    if (scheme_of(rest).data != NULL || pg_url_conninfo(url) == NULL)
    {
        return true;
    }
    return take_keyword(&rest, &keyword) && is_known(keyword);
}

void pg_url_describe(const char *url, char *out, size_t out_size, char *name, size_t name_size)
{
    text shown = {.data = out, .size = out_size}, database = {.data = name, .size = name_size};
    slice whole = slice_of(url);
    reset(&shown);
    reset(&database);
    if (scheme_of(whole).data != NULL)
    {
        describe_url(whole, &shown, &database);
    }
    else if (pg_url_conninfo(url) == NULL)
    {
        put(&shown, whole);
    }
    else
    {
        describe_conninfo(whole, &shown, &database);
    }
    if (database.len == 0)
    {
        put(&database, SLICE("postgres"));
    }
}

bool pg_url_is_ambiguous(const char *url)
{
    parts p;
    slice whole = slice_of(url);
    if (scheme_of(whole).data == NULL)
    {
        return false;
    }
    parse_url(whole, &p);
    return p.ambiguous;
}

const char *pg_url_conninfo(const char *url)
{
    return strcmp(url, "postgres:") == 0 || strcmp(url, "postgresql:") == 0 ? NULL : url;
}

bool pg_url_beside(const char *url, const char *name, char *out, size_t out_size)
{
    const char *given = pg_url_conninfo(url), *before = given == NULL ? "" : " ";
    slice whole = slice_of(url);
    if (scheme_of(whole).data != NULL)
    {
        parts p;
        parse_url(whole, &p); /* a ? in the password begins no query */
        before = p.query.len > 0 ? "&" : slice_ends(whole, SLICE("?")) ? "" : "?";
    }
    return (size_t)snprintf(out, out_size, "%s%sdbname=%s", given == NULL ? "" : given, before, name) < out_size;
}

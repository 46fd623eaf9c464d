/* SPDX-License-Identifier: MIT */
#include "service.h"

#include "answer.h"
#include "id.h"

#include <stdio.h>
#include <string.h>

static void service_health(amend_http_request *request, db *d, const char *id)
{
    (void)d;
    (void)id;
    answer_json(request, MHD_HTTP_OK, json_pack("{s:s}", "status", "ok"));
}

typedef struct route
{
    const char *method;
    const char *path; /* "*" stands for a key */
    bool asks_database;
    void (*handle)(amend_http_request *request, db *d, const char *id);
} route;

/* Routes of one path stand together. */
static const route ROUTES[] = {
    {"GET", "/health", false, service_health},  {"POST", "/workspaces", true, workspaces_create},
    {"GET", "/cards", true, cards_list},        {"POST", "/cards", true, cards_create},
    {"GET", "/cards/*", true, cards_show},      {"PATCH", "/cards/*", true, cards_change},
    {"DELETE", "/cards/*", true, cards_delete}, {"PUT", "/cards/*/body", true, cards_write_body},
};

/* Does the path fit? Then the key in it, if it has one, is in `id`; "" when it is no key. */
static bool service_fits(const char *path, const char *url, char id[ID_SIZE])
{
    const char *star = strchr(path, '*');
    if (star == NULL)
    {
        return strcmp(path, url) == 0;
    }
    size_t before = (size_t)(star - path);
    if (strncmp(path, url, before) != 0)
    {
        return false;
    }
    const char *key = url + before;
    size_t length = strcspn(key, "/");
    if (strcmp(key + length, star + 1) != 0)
    {
        return false;
    }
    snprintf(id, ID_SIZE, "%.*s", length < ID_SIZE ? (int)length : 0, key);
    return true;
}

static void service_run(const route *r, amend_http_request *request, const char *id)
{
    bool keyed = strchr(r->path, '*') != NULL;
    if (keyed && !id_is_valid(id))
    {
        answer_error(request, MHD_HTTP_NOT_FOUND, "no such card");
        return;
    }
    db *d = r->asks_database ? db_mine() : NULL;
    if (r->asks_database && d == NULL)
    {
        answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "the database is not there");
        return;
    }
    r->handle(request, d, keyed ? id : NULL);
}

void service_handle(void *arg, amend_http_request *request)
{
    (void)arg;
    const char *method = strcmp(request->method, "HEAD") == 0 ? "GET" : request->method;
    char allowed[64] = "";
    for (size_t i = 0; i < sizeof ROUTES / sizeof *ROUTES; i++)
    {
        char id[ID_SIZE] = "";
        const route *r = &ROUTES[i];
        if (!service_fits(r->path, request->url, id))
        {
            continue;
        }
        if (strcmp(r->method, method) == 0)
        {
            service_run(r, request, id);
            return;
        }
        size_t length = strlen(allowed);
        snprintf(allowed + length, sizeof allowed - length, "%s%s", length == 0 ? "" : ", ", r->method);
    }
    if (allowed[0] != '\0')
    {
        answer_not_allowed(request, allowed);
        return;
    }
    answer_error(request, MHD_HTTP_NOT_FOUND, "no such page");
}

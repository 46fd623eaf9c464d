/* SPDX-License-Identifier: MIT */
/*
 * An application on libpq that does what it is told: a JSON object per line in, one per line out.
 *
 *     pq_app URL DIRECTORY APPLICATION_URL
 *
 * amend works on URL, the application on APPLICATION_URL. With PLAIN set in the environment its handle is NULL.
 */
#include "amend/postgres.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct app
{
    amend *handle;
    PGconn *conn;
    json_t *events;
} app;

static const char *text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void on_event(void *arg, const amend_event *event)
{
    app *a = arg;
    char line[300];
    if (strncmp(event->type_name, "heal.", 5) == 0 || strcmp(event->type_name, "migration.applied") == 0)
    {
        snprintf(line, sizeof line, "%s %s", event->type_name, event->version == NULL ? "" : event->version);
        json_array_append_new(a->events, json_string(line));
    }
}

/* --------------------------------------------------------------------------------------------------------------- results */

/* What a result came to; frees it. */
static json_t *tell(app *a, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    bool ok = status != PGRES_FATAL_ERROR && status != PGRES_BAD_RESPONSE && status != PGRES_PIPELINE_ABORTED;
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    json_t *rows = json_array();
    for (int row = 0; row < PQntuples(result); row++)
    {
        json_t *values = json_array();
        for (int column = 0; column < PQnfields(result); column++)
        {
            json_array_append_new(values, PQgetisnull(result, row, column) ? json_null()
                                                                           : json_string(PQgetvalue(result, row, column)));
        }
        json_array_append_new(rows, values);
    }
    json_t *out = json_pack("{s:b, s:s, s:s, s:s, s:s, s:o, s:s*}", "ok", (int)ok, "status", PQresStatus(status), "state",
                            state == NULL ? "" : state, "message", PQresultErrorMessage(result), "said",
                            PQerrorMessage(a->conn), "rows", rows, "tag", PQcmdStatus(result));
    PQclear(result);
    return out;
}

/* The parameters of a request. */
typedef struct values
{
    const char *items[16];
    int count;
} values;

static values values_of(const json_t *request)
{
    const json_t *list = json_object_get(request, "values");
    values v = {.count = (int)json_array_size(list)};
    for (int i = 0; i < v.count; i++)
    {
        v.items[i] = json_string_value(json_array_get(list, (size_t)i));
    }
    return v;
}

/* ----------------------------------------------------------------------------------------------------------------- calls */

static PGresult *drain(PGconn *conn)
{
    PGresult *result, *kept = NULL;
    while ((result = PQgetResult(conn)) != NULL)
    {
        if (kept != NULL && PQresultStatus(kept) == PGRES_FATAL_ERROR)
        {
            PQclear(result);
            continue;
        }
        PQclear(kept);
        kept = result;
    }
    return kept;
}

/* PQsendQuery, and amend_pq_heal for what came of it. "early": asked before all results are read. */
static json_t *send_query(app *a, const json_t *request)
{
    const char *sql = text(request, "sql");
    amend_error error = {.message = ""};
    amend_cure cure = AMEND_CURE_NONE;
    PGresult *result;
    if (!PQsendQuery(a->conn, sql))
    {
        return json_pack("{s:b, s:s}", "ok", 0, "message", PQerrorMessage(a->conn));
    }
    if (json_object_get(request, "early") != NULL)
    {
        result = PQgetResult(a->conn);
        cure = amend_pq_heal(a->handle, a->conn, result, sql, &error);
        PQclear(drain(a->conn));
    }
    else
    {
        result = drain(a->conn);
        cure = amend_pq_heal(a->handle, a->conn, result, sql, &error);
    }
    if (cure == AMEND_CURE_DONE)
    {
        PQclear(result);
        (void)PQsendQuery(a->conn, sql);
        result = drain(a->conn);
    }
    json_t *out = tell(a, result);
    json_object_set_new(out, "cure", json_string(amend_cure_name(cure)));
    json_object_set_new(out, "reason", json_string(error.message));
    return out;
}

/* All statements in one pipeline; *failed becomes the first error. Returns the last statement's result. */
static PGresult *run_pipeline(app *a, const json_t *list, PGresult **failed, const char **query)
{
    PGresult *last = NULL, *result;
    *failed = NULL;
    PQenterPipelineMode(a->conn);
    for (size_t i = 0; i < json_array_size(list); i++)
    {
        PQsendQueryParams(a->conn, json_string_value(json_array_get(list, i)), 0, NULL, NULL, NULL, NULL, 0);
    }
    PQpipelineSync(a->conn);
    for (size_t i = 0; i < json_array_size(list); i++)
    {
        PQclear(last);
        last = PQgetResult(a->conn);
        if (*failed == NULL && PQresultStatus(last) == PGRES_FATAL_ERROR)
        {
            *failed = last;
            *query = json_string_value(json_array_get(list, i));
            last = NULL;
        }
        PQclear(PQgetResult(a->conn)); /* NULL: the statement's end */
    }
    result = PQgetResult(a->conn); /* PGRES_PIPELINE_SYNC */
    PQclear(result);
    return last;
}

static json_t *pipeline(app *a, const json_t *request)
{
    const json_t *list = json_object_get(request, "list");
    const char *query = NULL;
    PGresult *failed, *last = run_pipeline(a, list, &failed, &query);
    amend_cure cure = failed == NULL ? AMEND_CURE_NONE : amend_pq_heal(a->handle, a->conn, failed, query, NULL);
    if (cure == AMEND_CURE_RERUN)
    {
        PQclear(failed);
        PQclear(last);
        last = run_pipeline(a, list, &failed, &query);
    }
    PQexitPipelineMode(a->conn);
    json_t *out = tell(a, failed != NULL ? failed : last);
    if (failed != NULL)
    {
        PQclear(last);
    }
    json_object_set_new(out, "cure", json_string(amend_cure_name(cure)));
    return out;
}

static json_t *call(app *a, const json_t *request);

/* The steps of a transaction, as its function. */
typedef struct work
{
    app *app;
    const json_t *request;
    json_t *told; /* of the last run */
    int runs;
} work;

static amend_status work_fn(void *arg, PGconn *conn)
{
    work *w = arg;
    size_t i;
    json_t *step;
    (void)conn;
    w->runs++;
    json_array_clear(w->told);
    json_array_foreach(json_object_get(w->request, "steps"), i, step)
    {
        json_t *told = call(w->app, step);
        bool ok = json_is_true(json_object_get(told, "ok"));
        json_array_append_new(w->told, told);
        if (!ok && json_object_get(step, "may_fail") == NULL)
        {
            return AMEND_FAILED;
        }
    }
    const json_t *give = json_object_get(w->request, "give");
    return give == NULL ? AMEND_OK : (amend_status)json_integer_value(give);
}

static json_t *transaction(app *a, const json_t *request)
{
    amend_error error = {.message = ""};
    work w = {.app = a, .request = request, .told = json_array()};
    amend_status status = amend_pq_transaction(a->handle, a->conn, work_fn, &w, &error);
    return json_pack("{s:b, s:i, s:i, s:o, s:s, s:s, s:s, s:i}", "ok", status == AMEND_OK, "result", (int)status, "runs",
                     w.runs, "steps", w.told, "message", error.message, "detail", error.detail, "state", error.sqlstate, "code",
                     (int)error.code);
}

static json_t *call(app *a, const json_t *request)
{
    const char *what = text(request, "do"), *sql = text(request, "sql"), *name = text(request, "name");
    values v = values_of(request);
    if (strcmp(what, "exec") == 0)
    {
        return tell(a, amend_PQexec(a->handle, a->conn, sql));
    }
    if (strcmp(what, "bare") == 0)
    {
        return tell(a, PQexec(a->conn, sql));
    }
    if (strcmp(what, "params") == 0)
    {
        return tell(a, amend_PQexecParams(a->handle, a->conn, sql, v.count, NULL, v.items, NULL, NULL, 0));
    }
    if (strcmp(what, "prepare") == 0)
    {
        return tell(a, amend_PQprepare(a->handle, a->conn, name, sql, 0, NULL));
    }
    if (strcmp(what, "prepared") == 0)
    {
        return tell(a, amend_PQexecPrepared(a->handle, a->conn, name, v.count, v.items, NULL, NULL, 0));
    }
    if (strcmp(what, "send") == 0)
    {
        return send_query(a, request);
    }
    if (strcmp(what, "pipeline") == 0)
    {
        return pipeline(a, request);
    }
    return strcmp(what, "tx") == 0 ? transaction(a, request) : json_pack("{s:b, s:s}", "ok", 0, "message", "what?");
}

/* ------------------------------------------------------------------------------------------------------------------ main */

static uint32_t number(const char *name)
{
    const char *value = getenv(name);
    return value == NULL ? 0 : (uint32_t)strtoul(value, NULL, 10);
}

static void serve(app *a)
{
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0)
    {
        json_t *request = json_loads(line, 0, NULL);
        a->events = json_array();
        json_t *told = call(a, request);
        json_object_set_new(told, "events", a->events);
        json_object_set_new(told, "outcome", json_string(amend_cure_name(amend_pq_outcome(a->handle, a->conn))));
        json_dumpf(told, stdout, JSON_COMPACT);
        putchar('\n');
        fflush(stdout);
        json_decref(told);
        json_decref(request);
    }
    free(line);
}

int main(int argc, char **argv)
{
    app a = {.handle = NULL};
    amend_error error;
    amend_options options = AMEND_OPTIONS_INIT;
    if (argc != 4)
    {
        return 2;
    }
    options.url = argv[1];
    options.dir = argv[2];
    options.on_event = on_event;
    options.on_event_arg = &a;
    options.lock_timeout_ms = number("LOCK_TIMEOUT_MS");
    options.heal_wait_ms = number("HEAL_WAIT_MS");
    options.heal_cooldown_ms = number("HEAL_COOLDOWN_MS");
    if (getenv("PLAIN") == NULL && amend_open(&options, &a.handle, &error) != AMEND_OK)
    {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    a.conn = PQconnectdb(argv[3]);
    if (PQstatus(a.conn) != CONNECTION_OK)
    {
        fprintf(stderr, "%s\n", PQerrorMessage(a.conn));
        return 1;
    }
    serve(&a);
    PQfinish(a.conn);
    amend_close(a.handle);
    return 0;
}

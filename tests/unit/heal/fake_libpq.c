/* SPDX-License-Identifier: MIT */
#include "heal/fake_libpq.h"

#include "base/alloc.h"
#include "base/error.h"
#include "dialect/dialects.h"

#include <stdio.h>
#include <string.h>

fake fake_now;

static void say(char *log, size_t size, const char *what, const char *text)
{
    size_t len = strlen(log);
    snprintf(log + len, size - len, "%s%s; ", what, text == NULL ? "-" : text);
}

/* -------------------------------------------------------------------------------------------------------------- heal */

amend_cure heal(healer *h, const heal_request *request, amend_healing *healing, amend_error *error)
{
    char text[600];
    const amend_db_error *e = request->failed;
    assert_ptr_equal(h, &fake_now.healer);
    assert_null(request->conn);
    snprintf(text, sizeof text, "%s|%s|%zu", e->message, e->query == NULL ? "-" : e->query, e->position);
    say(fake_now.healed, sizeof fake_now.healed, "", text);
    fake_cure given = *fake_now.cures;
    fake_now.cures += given.cure != AMEND_CURE_NONE;
    *healing = (amend_healing){.cure = given.cure};
    snprintf(healing->version, sizeof healing->version, "%s", given.version == NULL ? "" : given.version);
    if (given.cure != AMEND_CURE_NONE && given.cure != AMEND_CURE_DONE)
    {
        error_set(error, AMEND_E_HEAL_REFUSED, "the reason");
    }
    return given.cure;
}

/* ------------------------------------------------------------------------------------------------------------- libpq */

static const fake_answer *answer_of(const PGresult *result)
{
    return (const fake_answer *)(const void *)result;
}

PGresult *fake_result(void)
{
    const fake_answer *a = fake_now.answers;
    assert_int_not_equal(a->status, PGRES_EMPTY_QUERY);
    fake_now.answers++;
    fake_now.state = (PGTransactionStatusType)a->then;
    fake_now.status = a->lost ? CONNECTION_BAD : CONNECTION_OK;
    fake_now.said = a->message == NULL ? "" : a->message;
    fake_now.live += !a->null;
    return a->null ? NULL : (PGresult *)(void *)a;
}

static PGresult *ask(const char *what, const char *text)
{
    say(fake_now.asked, sizeof fake_now.asked, what, text);
    return fake_result();
}

static void fake_clear(PGresult *result)
{
    fake_now.live -= result != NULL;
}

static char *fake_tag(PGresult *result)
{
    const char *tag = answer_of(result)->tag;
    return (char *)(tag == NULL ? "" : tag);
}

static char *fake_error(const PGconn *conn)
{
    assert_ptr_equal(conn, fake_conn());
    return (char *)fake_now.said;
}

static PGresult *fake_exec(PGconn *conn, const char *query)
{
    assert_ptr_equal(conn, fake_conn());
    return ask("", query);
}

static PGresult *fake_params(PGconn *conn, const char *query, int count, const Oid *types, const char *const *values,
                             const int *lengths, const int *formats, int format)
{
    assert_ptr_equal(conn, fake_conn());
    assert_true(types == NULL && lengths == NULL && formats == NULL && format == 0);
    bool catalog = strstr(query, "pg_prepared_statements") != NULL;
    return ask(catalog ? "text of " : "params ", count == 1 && catalog ? values[0] : query);
}

static PGresult *fake_prepared(PGconn *conn, const char *name, int count, const char *const *values, const int *lengths,
                               const int *formats, int format)
{
    assert_ptr_equal(conn, fake_conn());
    assert_true(count == 0 && values == NULL && lengths == NULL && formats == NULL && format == 0);
    return ask("prepared ", name);
}

static char *fake_value(const PGresult *result, int row, int column)
{
    assert_int_equal(row, 0);
    return (char *)answer_of(result)->row[column];
}

static int fake_rows(const PGresult *result)
{
    return answer_of(result)->row[0] != NULL;
}

static PGpipelineStatus fake_pipeline(const PGconn *conn)
{
    (void)conn;
    return fake_now.pipeline;
}

static PGresult *fake_prepare(PGconn *conn, const char *name, const char *query, int count, const Oid *types)
{
    char text[300];
    assert_ptr_equal(conn, fake_conn());
    int len = snprintf(text, sizeof text, "%s AS %s", name, query);
    for (int i = 0; i < count && types != NULL; i++)
    {
        len += snprintf(text + len, sizeof text - (size_t)len, " %u", types[i]);
    }
    return ask("prepare ", text);
}

static char *fake_field(const PGresult *result, int code)
{
    const fake_answer *a = answer_of(result);
    const char *text = NULL;
    switch (a == NULL ? 0 : code)
    {
    case PG_DIAG_MESSAGE_PRIMARY:
        text = a->message;
        break;
    case PG_DIAG_SQLSTATE:
        text = a->sqlstate;
        break;
    case PG_DIAG_INTERNAL_QUERY:
        text = a->internal;
        break;
    case PG_DIAG_SOURCE_FUNCTION:
        text = a->function;
        break;
    case PG_DIAG_CONTEXT:
        text = a->context;
        break;
    case PG_DIAG_STATEMENT_POSITION:
        text = a->position;
        break;
    case PG_DIAG_INTERNAL_POSITION:
        text = a->internal_position;
        break;
    default:
        break;
    }
    return (char *)text;
}

static ExecStatusType fake_status(const PGresult *result)
{
    return result == NULL ? PGRES_FATAL_ERROR : answer_of(result)->status;
}

static ConnStatusType fake_conn_status(const PGconn *conn)
{
    assert_ptr_equal(conn, fake_conn());
    return fake_now.status;
}

static PGTransactionStatusType fake_state(const PGconn *conn)
{
    assert_ptr_equal(conn, fake_conn());
    return fake_now.status == CONNECTION_OK ? fake_now.state : PQTRANS_UNKNOWN;
}

const amend_libpq *fake_libpq(void)
{
    static const amend_libpq table = {.size = sizeof table,
                                      .PQclear = fake_clear,
                                      .PQcmdStatus = fake_tag,
                                      .PQerrorMessage = fake_error,
                                      .PQexec = fake_exec,
                                      .PQexecParams = fake_params,
                                      .PQexecPrepared = fake_prepared,
                                      .PQgetvalue = fake_value,
                                      .PQntuples = fake_rows,
                                      .PQpipelineStatus = fake_pipeline,
                                      .PQprepare = fake_prepare,
                                      .PQresultErrorField = fake_field,
                                      .PQresultStatus = fake_status,
                                      .PQstatus = fake_conn_status,
                                      .PQtransactionStatus = fake_state};
    return &table;
}

PGconn *fake_conn(void)
{
    static int conn;
    return (PGconn *)(void *)&conn;
}

amend *fake_start(const fake_answer *answers, const fake_cure *cures)
{
    static const fake_cure none[1];
    fake_now = (fake){.answers = answers, .cures = cures == NULL ? none : cures, .said = ""};
    fake_now.healer.session.dialect = &dialect_postgres;
    fake_now.healer.session.allocator = &alloc_default;
    pthread_mutex_init(&fake_now.healer.mutex, NULL);
    return (amend *)(void *)&fake_now.healer;
}

void fake_end(void)
{
    assert_int_equal(fake_now.live, 0);
    assert_int_equal(fake_now.answers->status, PGRES_EMPTY_QUERY);
    assert_null(fake_now.healer.pq_transactions);
    pthread_mutex_destroy(&fake_now.healer.mutex);
}

/* SPDX-License-Identifier: MIT */
/*
 * The cards' routes, and the three ways to be healed that they show:
 *
 *   - one statement by the wrappers (db_query): healed where it fails, nobody notices;
 *   - several in a transaction (db_transaction): healed, the function called again where the database wants that;
 *   - the client library's own calls, and the middleware (cards_write_body): the request as a whole is run again.
 */
#include "answer.h"
#include "id.h"
#include "input.h"
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS                                                                                                                \
    "id, workspace_id, author_id, assignee_id, title, body, status, position, due_at, created_at, updated_at, card_bitmap"

enum
{
    LIMIT_STANDARD = 50,
    LIMIT_MOST = 200,
};

/* --------------------------------------------------------------------------------------------------------- rows → JSON */

typedef enum column_form
{
    FORM_TEXT,
    FORM_NUMBER,
    FORM_TIME,
    FORM_BITMAP, /* 64 bits: more than a JavaScript number holds, so hexadecimal text */
} column_form;

/* In the order of COLUMNS. */
static const struct
{
    const char *name;
    column_form form;
} CARD[] = {
    {"id", FORM_TEXT},     {"workspace_id", FORM_TEXT}, {"author_id", FORM_TEXT},  {"assignee_id", FORM_TEXT},
    {"title", FORM_TEXT},  {"body", FORM_TEXT},         {"status", FORM_TEXT},     {"position", FORM_NUMBER},
    {"due_at", FORM_TIME}, {"created_at", FORM_TIME},   {"updated_at", FORM_TIME}, {"bitmap", FORM_BITMAP},
};

/* ISO 8601, as SQLite's defaults have it. PostgreSQL says "2026-11-03 12:00:00.123+00". */
static json_t *cards_time(const char *value)
{
    char text[64];
    snprintf(text, sizeof text, "%s", value);
    char *blank = strchr(text, ' '), *zone = strstr(text, "+00");
    if (blank != NULL && zone != NULL)
    {
        *blank = 'T';
        memcpy(zone, "Z", 2);
    }
    return json_string(text);
}

static json_t *cards_value(column_form form, const char *value)
{
    char text[24];
    if (value == NULL)
    {
        return json_null();
    }
    switch (form)
    {
    case FORM_NUMBER:
        return json_real(strtod(value, NULL));
    case FORM_TIME:
        return cards_time(value);
    case FORM_BITMAP:
        snprintf(text, sizeof text, "%016llx", strtoull(value, NULL, 10));
        return json_string(text);
    default:
        return json_string(value);
    }
}

static json_t *cards_object(const char *const *values)
{
    json_t *card = json_object();
    for (size_t i = 0; i < sizeof CARD / sizeof *CARD; i++)
    {
        json_object_set_new(card, CARD[i].name, cards_value(CARD[i].form, values[i]));
    }
    return card;
}

/* Rows of a list … */
static void cards_append(void *list, const char *const *values)
{
    json_array_append_new(list, cards_object(values));
}

/* … and the one row of a single card. */
static void cards_take(void *card, const char *const *values)
{
    json_t **out = card;
    json_decref(*out);
    *out = cards_object(values);
}

/* The answer of every route that ends with one card, or with none because there is no such card. Takes the card. */
static void cards_answer(amend_http_request *request, const db *d, db_status status, unsigned http_status, json_t *card)
{
    if (status == DB_OK && card != NULL)
    {
        answer_json(request, http_status, card);
        return;
    }
    json_decref(card);
    if (status == DB_OK)
    {
        answer_error(request, MHD_HTTP_NOT_FOUND, "no such card");
        return;
    }
    answer_db(request, d, status);
}

/* -------------------------------------------------------------------------------------------------------------- routes */

/* GET /cards?workspace=ID&limit=N */
void cards_list(amend_http_request *request, db *d, const char *id)
{
    (void)id;
    const char *workspace = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "workspace");
    const char *limit = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "limit");
    char *end = NULL;
    unsigned long most = limit == NULL ? LIMIT_STANDARD : strtoul(limit, &end, 10);
    if ((end != NULL && *end != '\0') || most < 1 || most > LIMIT_MOST)
    {
        answer_error(request, MHD_HTTP_BAD_REQUEST, "\"limit\" must be a number from 1 to 200");
        return;
    }
    if (workspace != NULL && !id_is_valid(workspace))
    {
        answer_error(request, MHD_HTTP_BAD_REQUEST, "\"workspace\" must be a UUID in lower case");
        return;
    }
    char number[24];
    snprintf(number, sizeof number, "%lu", most);
    json_t *list = json_array();
    const char *of_one[] = {workspace, number}, *of_all[] = {number};
    db_status status =
        workspace != NULL
            ? db_query(d, "SELECT " COLUMNS " FROM cards WHERE workspace_id = $1 ORDER BY position, created_at, id LIMIT $2",
                       of_one, 2, cards_append, list)
            : db_query(d, "SELECT " COLUMNS " FROM cards ORDER BY position, created_at, id LIMIT $1", of_all, 1, cards_append,
                       list);
    if (status == DB_OK)
    {
        answer_json(request, MHD_HTTP_OK, list);
        return;
    }
    json_decref(list);
    answer_db(request, d, status);
}

/* GET /cards/ID */
void cards_show(amend_http_request *request, db *d, const char *id)
{
    json_t *card = NULL;
    db_status status = db_query(d, "SELECT " COLUMNS " FROM cards WHERE id = $1", &id, 1, cards_take, &card);
    cards_answer(request, d, status, MHD_HTTP_OK, card);
}

typedef struct new_card
{
    const char *values[7];
    json_t *card; /* as it is in the database */
} new_card;

/* The bitmap is given by a trigger, in SQLite after the row: so it is read again. */
static db_status cards_insert(db *d, void *arg)
{
    new_card *n = arg;
    db_status status = db_query(d,
                                "INSERT INTO cards (id, workspace_id, author_id, assignee_id, title, body, status)"
                                " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                                n->values, 7, NULL, NULL);
    return status != DB_OK ? status
                           : db_query(d, "SELECT " COLUMNS " FROM cards WHERE id = $1", n->values, 1, cards_take, &n->card);
}

/* POST /cards */
void cards_create(amend_http_request *request, db *d, const char *id)
{
    (void)id;
    static const input_field FIELDS[] = {{"workspace_id", INPUT_ID, true, 0, 0},   {"author_id", INPUT_ID, true, 0, 0},
                                         {"assignee_id", INPUT_ID, false, 0, 0},   {"title", INPUT_TEXT, true, 1, 200},
                                         {"body", INPUT_TEXT, false, 0, SIZE_MAX}, {"status", INPUT_STATUS, false, 0, 0}};
    char key[ID_SIZE];
    new_card n = {.values = {key}};
    json_t *input = input_read(request, FIELDS, 6, n.values + 1, NULL);
    if (input == NULL)
    {
        return;
    }
    n.values[5] = n.values[5] == NULL ? "" : n.values[5];
    n.values[6] = n.values[6] == NULL ? "open" : n.values[6];
    if (id_make(key))
    {
        db_status status = db_transaction(d, cards_insert, &n);
        cards_answer(request, d, status, MHD_HTTP_CREATED, n.card);
    }
    else
    {
        answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "no random bytes");
    }
    json_decref(input);
}

typedef struct changed_card
{
    const char *values[6];
    json_t *card;
} changed_card;

/* Read again like a new one: a trigger sets updated_at. */
static db_status cards_update(db *d, void *arg)
{
    changed_card *c = arg;
    db_status status = db_query(d,
                                "UPDATE cards SET title = coalesce($1, title), body = coalesce($2, body),"
                                " status = coalesce($3, status), assignee_id = coalesce($4, assignee_id),"
                                " position = coalesce($5, position) WHERE id = $6",
                                c->values, 6, NULL, NULL);
    return status != DB_OK ? status
                           : db_query(d, "SELECT " COLUMNS " FROM cards WHERE id = $1", c->values + 5, 1, cards_take, &c->card);
}

/* PATCH /cards/ID: what is absent stays as it is. */
void cards_change(amend_http_request *request, db *d, const char *id)
{
    static const input_field FIELDS[] = {{"title", INPUT_TEXT, false, 1, 200},
                                         {"body", INPUT_TEXT, false, 0, SIZE_MAX},
                                         {"status", INPUT_STATUS, false, 0, 0},
                                         {"assignee_id", INPUT_ID, false, 0, 0},
                                         {"position", INPUT_NUMBER, false, 0, 0}};
    char number[INPUT_NUMBER_SIZE];
    changed_card c = {.card = NULL};
    json_t *input = input_read(request, FIELDS, 5, c.values, number);
    if (input == NULL)
    {
        return;
    }
    c.values[5] = id;
    db_status status = db_transaction(d, cards_update, &c);
    cards_answer(request, d, status, MHD_HTTP_OK, c.card);
    json_decref(input);
}

static void cards_brief(void *card, const char *const *values)
{
    json_t **out = card;
    *out = json_pack("{s:o, s:o}", "id", cards_value(FORM_TEXT, values[0]), "bitmap", cards_value(FORM_BITMAP, values[1]));
}

/*
 * PUT /cards/ID/body: the request's body, text of any kind, becomes the card's.
 *
 * Without the wrappers, as a program has it that calls its client library directly: the error is told to the middleware, which
 * heals it and calls the handler again, with the same body. One statement is a transaction of its own, so that a failed run has
 * left nothing behind, which is what amend_http_failed asks for.
 */
void cards_write_body(amend_http_request *request, db *d, const char *id)
{
    json_t *text = json_stringn(request->body, request->size);
    if (text == NULL || strlen(request->body) != request->size)
    {
        answer_error(request, MHD_HTTP_BAD_REQUEST, "the body must be UTF-8 text");
        json_decref(text);
        return;
    }
    const char *values[] = {request->body, id};
    json_t *card = NULL;
    db_status status =
        db_query_bare(d, "UPDATE cards SET body = $1 WHERE id = $2 RETURNING id, card_bitmap", values, 2, cards_brief, &card);
    if (status == DB_FAILED)
    {
        amend_http_failed(request, &d->failed);
    }
    cards_answer(request, d, status, MHD_HTTP_OK, card);
    json_decref(text);
}

static void cards_count(void *count, const char *const *values)
{
    (void)values;
    ++*(unsigned *)count;
}

/* DELETE /cards/ID */
void cards_delete(amend_http_request *request, db *d, const char *id)
{
    unsigned count = 0;
    db_status status = db_query(d, "DELETE FROM cards WHERE id = $1 RETURNING id", &id, 1, cards_count, &count);
    if (status != DB_OK)
    {
        answer_db(request, d, status);
    }
    else if (count == 0)
    {
        answer_error(request, MHD_HTTP_NOT_FOUND, "no such card");
    }
    else
    {
        answer_empty(request);
    }
}

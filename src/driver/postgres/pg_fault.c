/* SPDX-License-Identifier: MIT */
/*
 * By SQLSTATE and the untranslated severity only: the words come in any language.
 *
 * The server parses a whole message before it runs any of it. So an error with a position, that comes before any result and
 * lies behind the first statement, means that nothing ran: AMEND_FAULT_UNRUN.
 */
#include "driver/postgres/pg_fault.h"

#include "base/buf.h"
#include "base/error.h"

#include <stdlib.h>

static const char *field(const pg_conn *c, const PGresult *result, int code)
{
    return c->pq->PQresultErrorField(result, code);
}

static bool is_catalog_race(const pg_conn *c, const PGresult *result)
{
    static const char *const indexes[] = {"pg_type_typname_nsp_index", "pg_class_relname_nsp_index",
                                          "pg_namespace_nspname_index", "pg_proc_proname_args_nsp_index"};
    const char *constraint = field(c, result, PG_DIAG_CONSTRAINT_NAME);
    for (size_t i = 0; constraint != NULL && i < sizeof indexes / sizeof indexes[0]; i++)
    {
        if (strcmp(constraint, indexes[i]) == 0)
        {
            return true;
        }
    }
    return false;
}

static void classify(const pg_conn *c, const PGresult *result, const char *state, amend_fault *fault, amend_code *code)
{
    static const struct
    {
        const char *state; /* or its class */
        amend_fault_kind kind;
        amend_code code;
    } rows[] = {
        {"08", AMEND_FAULT_LOST, AMEND_E_CONNECTION_LOST},
        {"25006", AMEND_FAULT_STATEMENT, AMEND_E_READ_ONLY},
        {"40001", AMEND_FAULT_BUSY, AMEND_E_BUSY}, /* serialization failure */
        {"40P01", AMEND_FAULT_BUSY, AMEND_E_BUSY}, /* deadlock */
        {"53100", AMEND_FAULT_STATEMENT, AMEND_E_DISK_FULL},
        {"55006", AMEND_FAULT_BUSY, AMEND_E_BUSY}, /* object in use */
        {"55P03", AMEND_FAULT_BUSY, AMEND_E_BUSY}, /* lock not available */
        {"57P01", AMEND_FAULT_LOST, AMEND_E_CONNECTION_LOST},
        {"57P02", AMEND_FAULT_LOST, AMEND_E_CONNECTION_LOST},
        {"57P03", AMEND_FAULT_LOST, AMEND_E_CONNECTION_LOST},
    };
    fault->kind = AMEND_FAULT_STATEMENT;
    *code = AMEND_E_STATEMENT;
    const char *severity = field(c, result, PG_DIAG_SEVERITY_NONLOCALIZED);
    bool fatal = severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
    if (fatal || c->pq->PQstatus(c->handle) == CONNECTION_BAD)
    {
        fault->kind = AMEND_FAULT_LOST;
        *code = AMEND_E_CONNECTION_LOST;
        return;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    {
        if (strncmp(state, rows[i].state, strlen(rows[i].state)) == 0)
        {
            fault->kind = rows[i].kind;
            *code = rows[i].code;
        }
    }
    /* Two sessions made the same thing at once, and the catalog's own index noticed: next time it is simply there. */
    if (strcmp(state, "23505") == 0 && is_catalog_race(c, result))
    {
        fault->kind = AMEND_FAULT_BUSY;
        *code = AMEND_E_BUSY;
    }
}

/* --------------------------------------------------------------------------------------------------------------- position */

/* How many bytes the first `left` characters (or bytes) take; *left becomes what is not reached. */
static size_t walk(const pg_conn *c, slice text, size_t *left)
{
    size_t i = 0;
    while (i<text.len && * left> 0)
    {
        i++;
        while (!c->byte_positions && i < text.len && ((unsigned char)text.data[i] & 0xc0) == 0x80)
        {
            i++;
        }
        (*left)--;
    }
    return i;
}

/* The piece and offset of a position (from 1) in the message. */
static bool locate(const pg_conn *c, const pg_place *place, size_t position, size_t *piece, size_t *offset)
{
    size_t left = position - 1;
    for (size_t i = 0; i < place->count; i++)
    {
        slice text = {place->pieces[i].text, place->pieces[i].length};
        size_t at = walk(c, text, &left);
        if (left == 0 || left < PG_FAULT_SEPARATOR.len)
        {
            *piece = i;
            *offset = at;
            return true;
        }
        left -= PG_FAULT_SEPARATOR.len;
    }
    return false;
}

/* A character that the server's encoding lacks is refused before anything is parsed, without a position: but its bytes are
 * named. */
static bool locate_bytes(const pg_place *place, const char *message, size_t *piece, size_t *offset)
{
    char bytes[8];
    size_t len = 0;
    for (const char *at = strstr(message, "0x"); at != NULL && len < sizeof bytes; at = strstr(at + 2, "0x"))
    {
        bytes[len++] = (char)strtoul(at, NULL, 16);
    }
    for (size_t i = 0; len > 0 && i < place->count; i++)
    {
        const char *found = memmem(place->pieces[i].text, place->pieces[i].length, bytes, len);
        if (found != NULL)
        {
            *piece = i;
            *offset = (size_t)(found - place->pieces[i].text);
            return true;
        }
    }
    return false;
}

static size_t first_piece(const pg_place *place)
{
    size_t i = 0;
    while (i + 1 < place->count && place->pieces[i].statements == 0)
    {
        i++;
    }
    return i;
}

static void set_place(const pg_conn *c, const PGresult *result, const char *state, const pg_place *place, amend_fault *fault)
{
    const char *position = field(c, result, PG_DIAG_STATEMENT_POSITION), *words = field(c, result, PG_DIAG_MESSAGE_PRIMARY);
    size_t piece = 0, offset = 0;
    fault->piece = place->piece;
    fault->statement = place->statement;
    bool encoding = position == NULL && place->fresh && (strcmp(state, "22P05") == 0 || strcmp(state, "22021") == 0) &&
                    field(c, result, PG_DIAG_CONTEXT) == NULL;
    bool found = position != NULL ? locate(c, place, strtoul(position, NULL, 10), &piece, &offset)
                                  : encoding && words != NULL && locate_bytes(place, words, &piece, &offset);
    if (!found || (!place->fresh && piece != place->piece))
    {
        return; /* a position elsewhere is that of an earlier text, a cursor's, say */
    }
    fault->positioned = true;
    fault->offset = offset;
    bool unrun = place->fresh && (encoding || piece > first_piece(place) || strcmp(state, "42601") == 0);
    if (unrun && fault->kind == AMEND_FAULT_STATEMENT)
    {
        fault->kind = AMEND_FAULT_UNRUN;
        fault->piece = piece;
        fault->statement = place->pieces[piece].statements == 1 ? 1 : 0;
    }
}

/* -------------------------------------------------------------------------------------------------------------- the words */

static void add_line(buf *out, const char *prefix, const char *text)
{
    if (text == NULL)
    {
        return;
    }
    buf_text(out, out->len > 0 ? "\n" : "");
    buf_text(out, prefix);
    buf_text(out, text);
}

static void set_detail(const pg_conn *c, const PGresult *result, amend_error *error)
{
    buf detail;
    buf_init(&detail, c->allocator);
    add_line(&detail, "", field(c, result, PG_DIAG_MESSAGE_DETAIL));
    add_line(&detail, "in the query: ", field(c, result, PG_DIAG_INTERNAL_QUERY));
    add_line(&detail, "", field(c, result, PG_DIAG_CONTEXT));
    error_copy(error->detail, sizeof error->detail, buf_slice(&detail));
    buf_clear(&detail);
}

static void set_object(const pg_conn *c, const PGresult *result, amend_error *error)
{
    static const int codes[] = {PG_DIAG_SCHEMA_NAME, PG_DIAG_TABLE_NAME, PG_DIAG_COLUMN_NAME, PG_DIAG_DATATYPE_NAME,
                                PG_DIAG_CONSTRAINT_NAME};
    buf object;
    buf_init(&object, c->allocator);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
    {
        const char *name = field(c, result, codes[i]);
        if (name != NULL)
        {
            buf_text(&object, object.len > 0 ? "." : "");
            buf_text(&object, name);
        }
    }
    error_copy(error->object, sizeof error->object, buf_slice(&object));
    buf_clear(&object);
}

amend_status pg_fault_set(const pg_conn *c, const PGresult *result, const pg_place *place, amend_fault *fault,
                          amend_error *error)
{
    const char *state = field(c, result, PG_DIAG_SQLSTATE), *hint = field(c, result, PG_DIAG_MESSAGE_HINT);
    const char *primary = field(c, result, PG_DIAG_MESSAGE_PRIMARY);
    amend_code code;
    *fault = (amend_fault){0};
    state = state == NULL ? "" : state;
    classify(c, result, state, fault, &code);
    set_place(c, result, state, place, fault);
    slice words = slice_trim(slice_of(primary != NULL ? primary : c->pq->PQresultErrorMessage(result)));
    const char *prefix = code == AMEND_E_CONNECTION_LOST ? "the connection was lost: " : "";
    amend_status status = error_set(error, code, "%s%.*s", prefix, (int)(words.len > 4096 ? 4096 : words.len), words.data);
    if (error == NULL)
    {
        return status;
    }
    error_copy(error->sqlstate, sizeof error->sqlstate, slice_of(state));
    if (hint != NULL)
    {
        error_hint(error, "%s", hint);
    }
    set_detail(c, result, error);
    set_object(c, result, error);
    return status;
}

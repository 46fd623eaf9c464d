/* SPDX-License-Identifier: MIT */
/*
 * Reading PostgreSQL's errors: SQLSTATE's number (one byte), position (one byte), message,
 * a NUL, query. What is found is a name that ends; what isn't, leaves nothing behind.
 */
#include "fuzz.h"

#include "dialect/dialects.h"

#include <stdlib.h>

static char *copy_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    FUZZ_ASSERT(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

static void check_object(const amend_object *o, bool found)
{
    FUZZ_ASSERT(memchr(o->schema, '\0', sizeof o->schema) != NULL && memchr(o->table, '\0', sizeof o->table) != NULL);
    FUZZ_ASSERT(memchr(o->name, '\0', sizeof o->name) != NULL);
    FUZZ_ASSERT(found == (o->name[0] != '\0') && found == (o->kind != AMEND_OBJECT_NONE));
    FUZZ_ASSERT(found || (o->schema[0] == '\0' && o->table[0] == '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const states[] = {"42P01", "42703", "42883", "42704", "3F000", "22P02", "42P10"};
    if (size < 2)
    {
        return 0;
    }
    const uint8_t *text = data + 2, *end = memchr(text, '\0', size - 2);
    size_t len = end == NULL ? size - 2 : (size_t)(end - text);
    char *message = copy_text(text, len);
    char *query = copy_text(end == NULL ? text : end + 1, end == NULL ? len : size - 2 - len - 1);
    amend_db_error e = {.message = message, .sqlstate = states[data[0] % 7], .query = query, .position = data[1]};
    amend_object found;
    memset(&found, 'x', sizeof found);
    bool is = dialect_postgres.detect(&e, &found);
    check_object(&found, is);
    slice s = {query, strlen(query)};
    (void)dialect_postgres.mentions(s, is ? found.name : "cards");
    (void)dialect_postgres.repeatable(s);
    amend_object parsed;
    if (dialect_postgres.parse_name(s, &parsed))
    {
        FUZZ_ASSERT(parsed.name[0] != '\0' && dialect_postgres.mentions(s, parsed.name));
    }
    free(query);
    free(message);
    return 0;
}

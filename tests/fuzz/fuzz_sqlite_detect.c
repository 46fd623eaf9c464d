/* SPDX-License-Identifier: MIT */
/*
 * Errors to objects, from any bytes: the first byte is the position, then comes the message up to a line's end, then the query.
 * What is found has names that end, and a table is one that the message or the query has; the query's other readers agree with
 * themselves. Nothing is run.
 */
#include "fuzz.h"

#include "dialect/dialects.h"

#include <stdlib.h>

static bool ends(const char *name)
{
    return memchr(name, '\0', AMEND_NAME_SIZE) != NULL;
}

/* Quotes in names may be doubled in the query, so that only names without any can be looked for. */
static bool stands_in(slice text, const char *name)
{
    return strpbrk(name, "\"`'") != NULL || memmem(text.data, text.len, name, strlen(name)) != NULL;
}

static void check_object(const char *message, slice query, const amend_object *o)
{
    static const amend_object_kind kinds[] = {AMEND_OBJECT_TABLE, AMEND_OBJECT_COLUMN,  AMEND_OBJECT_INDEX,
                                              AMEND_OBJECT_VIEW,  AMEND_OBJECT_TRIGGER, AMEND_OBJECT_UNIQUE};
    bool known = false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    {
        known |= o->kind == kinds[i];
    }
    FUZZ_ASSERT(known && ends(o->schema) && ends(o->table) && ends(o->name));
    FUZZ_ASSERT(o->schema[0] == '\0');
    FUZZ_ASSERT((o->name[0] == '\0') == (o->count > 0) && (o->count == 0 || o->table[0] != '\0'));
    FUZZ_ASSERT(stands_in(slice_of(message), o->table) || stands_in(query, o->table));
    FUZZ_ASSERT(o->kind == AMEND_OBJECT_UNIQUE || stands_in(slice_of(message), o->name));
}

/* Twice into memory of different content: all that counts must be written. */
static void check_detect(int native, size_t position, const char *message, const char *query)
{
    amend_db_error error = AMEND_DB_ERROR_INIT;
    amend_object first, second;
    error.message = message;
    error.query = query;
    error.position = position;
    error.native = native;
    memset(&first, 0x55, sizeof first);
    memset(&second, 0xaa, sizeof second);
    bool found = dialect_sqlite.detect(&error, &first);
    FUZZ_ASSERT(dialect_sqlite.detect(&error, &second) == found);
    if (found)
    {
        FUZZ_ASSERT(first.kind == second.kind && first.count == second.count && strcmp(first.name, second.name) == 0 &&
                    strcmp(first.table, second.table) == 0);
        check_object(message, slice_of(query), &first);
        error.native = 19; /* a constraint's error is never ours */
        FUZZ_ASSERT(!dialect_sqlite.detect(&error, &first));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = calloc(1, size + 1);
    if (text == NULL || size == 0)
    {
        free(text);
        return 0;
    }
    memcpy(text, data, size);
    char *message = text + 1, *line = strchr(message, '\n');
    const char *query = line == NULL ? "" : line + 1;
    if (line != NULL)
    {
        *line = '\0';
    }
    check_detect(1, data[0] > 32 ? (size_t)data[0] - 32 : 0, message, query);
    slice words = slice_of(query);
    amend_object name;
    if (dialect_sqlite.parse_name(words, &name))
    {
        FUZZ_ASSERT(ends(name.name) && name.name[0] != '\0' && ends(name.table) && ends(name.schema));
        FUZZ_ASSERT(dialect_sqlite.repeatable(words));
    }
    (void)dialect_sqlite.repeatable(words);
    (void)dialect_sqlite.mentions(words, message);
    free(text);
    return 0;
}

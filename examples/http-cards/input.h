/* SPDX-License-Identifier: MIT */
/* What clients send: JSON objects with fields of text. */
#ifndef INPUT_H
#define INPUT_H

#include <amend/http.h>
#include <jansson.h>

typedef enum input_form
{
    INPUT_TEXT, /* `least` to `most` characters */
    INPUT_ID,   /* a key */
    INPUT_STATUS,
    INPUT_NUMBER,
} input_form;

typedef struct input_field
{
    const char *name;
    input_form form;
    bool required;
    size_t least, most;
} input_field;

/*
 * Read the request's body: an object with these fields and no others. values[i] is the text of fields[i], NULL when it is
 * absent or null; it lives as long as the object that is returned, or in `numbers`. NULL when the client is wrong: it has its
 * answer then, which says what is wrong.
 */
enum
{
    INPUT_NUMBER_SIZE = 32,
};

json_t *input_read(amend_http_request *request, const input_field *fields, size_t count, const char **values,
                   char number[INPUT_NUMBER_SIZE]);

#endif

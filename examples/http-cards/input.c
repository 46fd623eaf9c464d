/* SPDX-License-Identifier: MIT */
#include "input.h"

#include "answer.h"
#include "id.h"

#include <stdio.h>
#include <string.h>

static size_t input_characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
    {
        count += (*text & 0xc0) != 0x80; /* all but UTF-8's later bytes */
    }
    return count;
}

static bool input_is_status(const char *text)
{
    static const char *const ALL[] = {"open", "doing", "done", "archived"};
    for (size_t i = 0; i < sizeof ALL / sizeof *ALL; i++)
    {
        if (strcmp(text, ALL[i]) == 0)
        {
            return true;
        }
    }
    return false;
}

/* What is wrong with a value; NULL when nothing is. */
static const char *input_objection(const input_field *f, const json_t *value)
{
    if (f->form == INPUT_NUMBER)
    {
        return json_is_number(value) ? NULL : "must be a number";
    }
    if (!json_is_string(value))
    {
        return "must be a string";
    }
    const char *text = json_string_value(value);
    switch (f->form)
    {
    case INPUT_ID:
        return id_is_valid(text) ? NULL : "must be a UUID in lower case";
    case INPUT_STATUS:
        return input_is_status(text) ? NULL : "must be open, doing, done or archived";
    default:
        return input_characters(text) >= f->least && input_characters(text) <= f->most ? NULL : "is too short or too long";
    }
}

static json_t *input_wrong(amend_http_request *request, json_t *object, const char *name, const char *objection)
{
    char what[256];
    snprintf(what, sizeof what, "\"%.100s\" %s", name, objection);
    answer_error(request, MHD_HTTP_BAD_REQUEST, what);
    json_decref(object);
    return NULL;
}

static bool input_is_known(const char *name, const input_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
    {
        if (strcmp(name, fields[i].name) == 0)
        {
            return true;
        }
    }
    return false;
}

json_t *input_read(amend_http_request *request, const input_field *fields, size_t count, const char **values,
                   char number[INPUT_NUMBER_SIZE])
{
    json_error_t error;
    json_t *object = json_loadb(request->body, request->size, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(object))
    {
        answer_error(request, MHD_HTTP_BAD_REQUEST, object == NULL ? error.text : "the body must be a JSON object");
        json_decref(object);
        return NULL;
    }
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        if (!input_is_known(name, fields, count))
        {
            return input_wrong(request, object, name, "is not known here");
        }
    }
    for (size_t i = 0; i < count; i++)
    {
        value = json_object_get(object, fields[i].name);
        values[i] = NULL;
        if (value == NULL || json_is_null(value))
        {
            if (fields[i].required)
            {
                return input_wrong(request, object, fields[i].name, "is missing");
            }
            continue;
        }
        const char *objection = input_objection(&fields[i], value);
        if (objection != NULL)
        {
            return input_wrong(request, object, fields[i].name, objection);
        }
        values[i] = json_string_value(value);
        if (fields[i].form == INPUT_NUMBER)
        {
            snprintf(number, INPUT_NUMBER_SIZE, "%.17g", json_number_value(value));
            values[i] = number;
        }
    }
    return object;
}

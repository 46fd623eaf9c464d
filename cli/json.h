/* SPDX-License-Identifier: MIT */
/*
 * The JSON that --json prints; docs/json.md and docs/schema/ describe it. What is not known is left out. The functions return
 * a new reference; Jansson passes a NULL on, so that want of memory is seen once, by json_print.
 */
#ifndef AMEND_CLI_JSON_H
#define AMEND_CLI_JSON_H

#include "amend.h"
#include "settings.h"

#include <jansson.h>

/* A string, broken UTF-8 in it made U+FFFD. */
json_t *json_words(const char *text);
/* Add a member; nothing when there is nothing to tell (NULL, ""). */
void json_add(json_t *object, const char *key, const char *text);
void json_add_number(json_t *object, const char *key, int64_t number);

json_t *json_error(const amend_error *error);
json_t *json_event(const amend_event *event);
/* {"command": name} plus all of the report. */
json_t *json_report(const char *name, const amend_report *report);
json_t *json_settings(const settings *s);
/* One line on standard output; takes the reference. False when it could not be made. */
bool json_print(json_t *value);

#endif

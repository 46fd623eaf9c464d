/* SPDX-License-Identifier: MIT */
/* SQLite's lint rules, by what they look at; each adds to look->out. Memory is kept by look->failed and out->failed. */
#ifndef AMEND_DIALECT_SQLITE_LINT_RULES_H
#define AMEND_DIALECT_SQLITE_LINT_RULES_H

#include "dialect/lint.h"
#include "dialect/sqlite/lint_parse.h"
#include "dialect/sqlite/split.h"

typedef struct sqlint_look
{
    sqlint_memory *memory;
    arena *arena;
    const lint_subject *subject;
    lint_findings *out;
    size_t statement;   /* the one at hand */
    sqlint_words words; /* its words */
    bool failed;
} sqlint_look;

/* Where item `i` of the words stands in the script. */
size_t sqlint_offset(const sqlint_look *l, size_t i);
/* Has the script made the table before this statement? */
bool sqlint_is_new(const sqlint_look *l, slice table);
/* Does the script, in or behind this statement, give a table this name: is what is dropped here built anew? */
bool sqlint_comes_back(const sqlint_look *l, slice table);

/* Before the statement is remembered. */
void sqlint_rule_alter(sqlint_look *l);
void sqlint_rule_drop(sqlint_look *l);
void sqlint_rule_rename_away(sqlint_look *l);
void sqlint_rule_insert(sqlint_look *l);
void sqlint_rule_delete(sqlint_look *l);
void sqlint_rule_pragma(sqlint_look *l);
void sqlint_rule_vacuum(sqlint_look *l);
/* After it. */
void sqlint_rule_table(sqlint_look *l);
void sqlint_rule_strings(sqlint_look *l);
/* After all. */
void sqlint_rule_references(sqlint_look *l);

#endif

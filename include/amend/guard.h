/* SPDX-License-Identifier: MIT */
/*
 * The guards of types as calls of their own, for programs that change their schema by hand; `amend up` has them built in (see
 * docs/idempotency.md). PostgreSQL only: where the database has no enum types, all of them fail with ARGUMENT and say so.
 *
 * `type` is the name as SQL has it: "status", "app.status", "\"My Type\""; without a schema, the search_path decides. They
 * connect when the handle isn't connected yet, and are not for a handle on which another call runs.
 */
#ifndef AMEND_GUARD_H
#define AMEND_GUARD_H

#include "amend.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Has the enum exactly these values: as a set, or with `strict` in this order, too? Writes nothing. Errors: EXISTS_OTHER when
 * it is not there, is no enum, or has other values: error->detail lists expected, existing, missing and extra ones, a line
 * each.
 */
AMEND_API AMEND_CHECKED amend_status amend_enum_validate(amend *handle, const char *type, const char *const *values,
                                                         size_t count, bool strict, amend_error *error);

/* Make the enum; if it is there, validate it. *created (may be NULL) says which. Errors: as amend_enum_validate. */
AMEND_API AMEND_CHECKED amend_status amend_enum_create_safe(amend *handle, const char *type, const char *const *values,
                                                            size_t count, bool strict, bool *created, amend_error *error);

/* One thing that depends on a type. Pointers live until the callback returns. */
typedef struct amend_dependent
{
    const char *kind; /* "column", "view", "materialized view", "function", "domain", "type", "default of", "constraint" … */
    const char *name; /* "public.cards.state", "public.open_cards", "public.next_state(public.state)" */
} amend_dependent;

typedef void (*amend_dependent_fn)(void *arg, const amend_dependent *dependent);

/* What depends on the type, or on arrays of it, sorted by kind and name. None when there is no such type. Writes nothing. */
AMEND_API AMEND_CHECKED amend_status amend_type_dependents(amend *handle, const char *type, amend_dependent_fn fn, void *arg,
                                                           amend_error *error);

/*
 * Drop the type if it is there. When something depends on it, that is IN_USE with the list in error->detail, and nothing has
 * changed; with `cascade` it is dropped, too, and each thing dropped is told as an event (guard.dropped).
 */
AMEND_API AMEND_CHECKED amend_status amend_enum_drop_safe(amend *handle, const char *type, bool cascade, amend_error *error);

#ifdef __cplusplus
}
#endif

#endif

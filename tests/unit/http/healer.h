/* SPDX-License-Identifier: MIT */
/* In place of libamend: amend_heal_error gives what the test has laid out, one after the other, and remembers what it got. */
#ifndef AMEND_TEST_HTTP_HEALER_H
#define AMEND_TEST_HTTP_HEALER_H

#include "amend.h"

enum
{
    HEALER_MOST = 32,
};

typedef struct healer_script
{
    struct
    {
        amend_cure cure;
        const char *version; /* NULL: the error is not about a missing object */
    } cures[HEALER_MOST];
    unsigned calls;
    char message[256], sqlstate[8], query[256]; /* of the last call */
    int native;
    size_t position;
} healer_script;

extern healer_script healer;

/* Any pointer that is not NULL. */
amend *healer_handle(void);

#endif

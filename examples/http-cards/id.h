/* SPDX-License-Identifier: MIT */
/* Keys: UUIDs (RFC 9562, version 4) as 36 lower-case characters, made by the application. */
#ifndef ID_H
#define ID_H

#include <stdbool.h>

enum
{
    ID_SIZE = 37,
};

/* False when the system has no random bytes to give. */
bool id_make(char id[ID_SIZE]);
bool id_is_valid(const char *text);

#endif

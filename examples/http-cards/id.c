/* SPDX-License-Identifier: MIT */
#include "id.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

bool id_make(char id[ID_SIZE])
{
    unsigned char b[16];
    if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
    {
        return false;
    }
    b[6] = (unsigned char)(0x40 | (b[6] & 0x0f));
    b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
    snprintf(id, ID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4],
             b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    return true;
}

bool id_is_valid(const char *text)
{
    static const char FORM[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (strlen(text) != sizeof FORM - 1)
    {
        return false;
    }
    for (size_t i = 0; i < sizeof FORM - 1; i++)
    {
        if (FORM[i] == '-' ? text[i] != '-' : strchr("0123456789abcdef", text[i]) == NULL)
        {
            return false;
        }
    }
    return true;
}

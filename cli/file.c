/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Settings are small; what is larger was named by mistake. */
enum
{
    LARGEST = 1 << 20,
};

const char *file_read(pool *p, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
    {
        return NULL;
    }
    char *text = pool_alloc(p, 4096);
    size_t room = 4096, length = 0;
    while (length < LARGEST)
    {
        length += fread(text + length, 1, room - length - 1, file);
        if (length + 1 < room)
        {
            break;
        }
        char *wider = pool_alloc(p, room * 2);
        memcpy(wider, text, length);
        text = wider;
        room *= 2;
    }
    int failure = ferror(file) ? errno : length >= LARGEST ? EFBIG : 0;
    fclose(file);
    errno = failure;
    return failure != 0 ? NULL : text;
}

bool file_make_directories(pool *p, const char *path, bool *made)
{
    char *part = pool_text(p, path);
    *made = false;
    for (char *slash = part; slash != NULL;)
    {
        slash = strchr(slash + 1, '/');
        if (slash != NULL)
        {
            *slash = '\0';
        }
        if (mkdir(part, 0777) == 0)
        {
            *made = true;
        }
        else if (errno != EEXIST)
        {
            return false;
        }
        if (slash != NULL)
        {
            *slash = '/';
        }
    }
    struct stat there;
    if (stat(path, &there) != 0)
    {
        return false;
    }
    errno = ENOTDIR;
    return S_ISDIR(there.st_mode);
}

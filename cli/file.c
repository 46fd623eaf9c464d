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

const char *file_load(pool *p, const char *path, const char *unless, size_t most, size_t *length)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
    {
        return NULL;
    }
    char *text = pool_alloc(p, 4096);
    size_t room = 4096, used = 0;
    while (used < most)
    {
        used += fread(text + used, 1, room - used - 1, file);
        if (used + 1 < room || (unless != NULL && strncmp(text, unless, strlen(unless)) == 0))
        {
            break;
        }
        char *wider = pool_alloc(p, room * 2);
        memcpy(wider, text, used);
        text = wider;
        room *= 2;
    }
    int failure = ferror(file) ? errno : used >= most ? EFBIG : 0;
    fclose(file);
    errno = failure;
    *length = used;
    return failure != 0 ? NULL : text;
}

const char *file_read(pool *p, const char *path)
{
    size_t length;
    return file_load(p, path, NULL, LARGEST, &length);
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

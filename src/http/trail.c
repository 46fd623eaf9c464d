/* SPDX-License-Identifier: MIT */
#include "http/trail.h"

#include "http/memory.h"

#include <string.h>

trail *trail_new(const amend_allocator *allocator)
{
    trail *t = http_memory_resize(allocator, NULL, 0, sizeof *t);
    if (t != NULL)
    {
        *t = (trail){.told = false};
    }
    return t;
}

void trail_free(trail *t, const amend_allocator *allocator)
{
    if (t != NULL)
    {
        http_memory_free(allocator, t->texts, t->texts_size);
        http_memory_free(allocator, t, sizeof *t);
    }
}

static size_t trail_length(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 1;
}

/* Copy `text` to *end and move *end behind it. */
static const char *trail_copy(char **end, const char *text)
{
    size_t length = trail_length(text);
    if (length == 0)
    {
        return NULL;
    }
    char *copy = memcpy(*end, text, length);
    *end += length;
    return copy;
}

void trail_failed(trail *t, const amend_allocator *allocator, const amend_db_error *failed)
{
    if (t->told)
    {
        return;
    }
    /* A caller that was compiled with an older header has a shorter struct. */
    amend_db_error copy = {0};
    memcpy(&copy, failed, failed->size < sizeof copy ? failed->size : sizeof copy);
    size_t size = trail_length(copy.message) + trail_length(copy.sqlstate) + trail_length(copy.query);
    char *texts = http_memory_resize(allocator, NULL, 0, size + 1);
    if (texts == NULL)
    {
        return;
    }
    char *end = texts;
    copy.size = sizeof copy;
    copy.message = trail_copy(&end, copy.message);
    copy.sqlstate = trail_copy(&end, copy.sqlstate);
    copy.query = trail_copy(&end, copy.query);
    t->texts = texts;
    t->texts_size = size + 1;
    t->failed = copy;
    t->told = true;
}

void trail_cured(trail *t, amend_cure cure, const amend_healing *healing)
{
    if (!t->told)
    {
        t->told = true;
        t->cure = cure;
        t->healing = healing == NULL ? (amend_healing){.cure = cure} : *healing;
    }
}

bool trail_advance(trail *t, unsigned max_reruns)
{
    if (t->count >= max_reruns)
    {
        return false;
    }
    for (unsigned i = 0; i < t->count && t->healing.version[0] != '\0'; i++)
    {
        if (strcmp(t->versions[i], t->healing.version) == 0)
        {
            return false;
        }
    }
    memcpy(t->versions[t->count++], t->healing.version, sizeof t->healing.version);
    return true;
}

void trail_next(trail *t, const amend_allocator *allocator)
{
    http_memory_free(allocator, t->texts, t->texts_size);
    t->texts = NULL;
    t->texts_size = 0;
    t->failed = (amend_db_error){0};
    t->cure = AMEND_CURE_NONE;
    t->healing = (amend_healing){.cure = AMEND_CURE_NONE};
    t->told = false;
}

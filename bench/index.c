/* SPDX-License-Identifier: MIT */
/* index DIALECT DIR: milliseconds to read all migrations and index what they provide, then nanoseconds for one look-up. */
#include "heal/knowledge.h"

#include "base/alloc.h"
#include "base/error.h"

#include <stdio.h>
#include <time.h>

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    const dialect *d = argc == 3 ? dialect_find(argv[1]) : NULL;
    knowledge *k;
    amend_error error;
    double start = seconds();
    if (d == NULL || knowledge_load(&alloc_default, d, argv[2], NULL, 0, &k, &error) != AMEND_OK)
    {
        return 2;
    }
    double built = seconds();
    size_t found = 0, asked = 0;
    for (int round = 0; round < 20; round++)
    {
        for (const provision *p = index_next(k->index, NULL); p != NULL; p = index_next(k->index, p))
        {
            amend_object object = {.kind = p->kind};
            error_copy(object.table, sizeof object.table, p->table);
            error_copy(object.name, sizeof object.name, p->name);
            found += index_find(k->index, d, &object, (slice){"", 0}) == p;
            asked++;
        }
    }
    double end = seconds();
    printf("%.3f %.1f %zu %zu\n", (built - start) * 1e3, (end - built) * 1e9 / (double)asked, asked / 20, found / 20);
    knowledge_release(k);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* Load a directory of migrations as amend does (discover, read, check, hash, order) and say how many there are. */
#include "migration/catalog.h"

#include "base/alloc.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc < 2)
    {
        fputs("usage: discover DIR\n", stderr);
        return 2;
    }
    arena *a = arena_new(&alloc_default);
    catalog c;
    amend_error error;
    if (a == NULL || catalog_load(a, argv[1], NULL, 0, &c, &error) != AMEND_OK)
    {
        fprintf(stderr, "%s\n", a == NULL ? "out of memory" : error.message);
        arena_free(a);
        return 1;
    }
    printf("%zu migrations\n", c.count);
    arena_free(a);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/* The table is filled once per process and never changes after that; the library stays loaded. */
#include "driver/postgres/libpq.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

static libpq table;
static bool loaded;

static void load(void)
{
    static const char *const names[] = {"libpq.so.5", "libpq.so", "libpq.5.dylib"};
    void *library = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && library == NULL; i++)
    {
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    }
    if (library == NULL)
    {
        return;
    }
    loaded = true;
#define LIBPQ_FIND(name) loaded &= (*(void **)&table.name = dlsym(library, #name)) != NULL;
    LIBPQ_FUNCTIONS(LIBPQ_FIND)
#undef LIBPQ_FIND
}

const libpq *libpq_load(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    return pthread_once(&once, load) == 0 && loaded ? &table : NULL;
}

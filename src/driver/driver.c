/* SPDX-License-Identifier: MIT */
#include "driver/driver.h"

#include "driver/drivers.h"

#include <string.h>

/* In the order in which they are asked: SQLite last, since it takes any path. */
static const amend_driver *const drivers[] = {
#ifdef AMEND_WITH_POSTGRES
    &driver_postgres,
#endif
    &driver_sqlite,
};

const amend_driver *driver_for_url(const char *url)
{
    if (driver_missing(url) != NULL)
    {
        return NULL;
    }
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++)
    {
        if (drivers[i]->accepts(url))
        {
            return drivers[i];
        }
    }
    return NULL;
}

const char *driver_missing(const char *url)
{
#ifdef AMEND_WITH_POSTGRES
    (void)url;
#else
    if (strncmp(url, "postgres://", 11) == 0 || strncmp(url, "postgresql://", 13) == 0)
    {
        return "postgres";
    }
#endif
    return NULL;
}

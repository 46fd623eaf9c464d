/* SPDX-License-Identifier: MIT */
#include "duration.h"
#include "fault.h"
#include "json.h"
#include "print.h"
#include "width.h"

#include <time.h>

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static amend_status timeout(const cli *c, uint32_t *ms, amend_error *error)
{
    const char *text = c->args.values[OPTION_TIMEOUT];
    const char *wrong = text == NULL ? NULL : duration_parse(text, ms);
    return wrong == NULL ? AMEND_OK : fault_set(error, AMEND_E_OPTION, "--timeout: \"%s\" %s", text, wrong);
}

amend_status cmd_wait(cli *c, amend_error *error)
{
    uint32_t limit = 0;
    int64_t begin = now_ms();
    amend_status status = timeout(c, &limit, error);
    if (status == AMEND_OK)
    {
        status = cli_open(c, error);
    }
    if (status == AMEND_OK)
    {
        status = amend_wait(c->handle, limit, error);
    }
    if (status != AMEND_OK)
    {
        return status;
    }
    int64_t elapsed = now_ms() - begin;
    if (c->json)
    {
        json_t *object = json_object();
        json_add(object, "command", "wait");
        json_add(object, "database", amend_database(c->handle));
        json_add_number(object, "elapsed_ms", elapsed);
        json_print(object);
    }
    print_line(c, STYLE_GREEN, "%s answers (%s)", width_clean(&c->pool, amend_database(c->handle)),
               print_duration(&c->pool, elapsed));
    return AMEND_OK;
}

/* SPDX-License-Identifier: MIT */
#include "duration.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct
{
    const char *name;
    uint32_t ms;
} units[] = {{"ms", 1}, {"s", 1000}, {"sec", 1000}, {"m", 60000}, {"min", 60000}, {"h", 3600000}};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits, and up to three behind a full stop, in thousandths. Returns what follows, NULL when there is no number. */
static const char *thousandths(const char *at, uint64_t *out)
{
    const uint64_t enough = (uint64_t)UINT32_MAX * 1000;
    uint64_t value = 0, scale = 1000;
    if (!is_digit(*at))
    {
        return NULL;
    }
    for (; is_digit(*at); at++)
    {
        value = value > enough ? value : value * 10 + (uint64_t)(*at - '0');
    }
    value = value > enough ? enough : value * 1000;
    if (*at == '.')
    {
        at++;
        for (; is_digit(*at) && scale > 1; at++)
        {
            scale /= 10;
            value += (uint64_t)(*at - '0') * scale;
        }
        while (is_digit(*at))
        {
            at++;
        }
    }
    *out = value;
    return at;
}

const char *duration_parse(const char *text, uint32_t *ms)
{
    uint64_t number = 0;
    const char *at = thousandths(text, &number);
    if (at == NULL)
    {
        return "is not a time: write 500ms, 5s, 2min or 1h";
    }
    at += strspn(at, " ");
    if (*at == '\0')
    {
        return "has no unit: write 500ms, 5s, 2min or 1h";
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
    {
        if (strcmp(at, units[i].name) != 0)
        {
            continue;
        }
        uint64_t value = number > UINT64_MAX / units[i].ms ? UINT64_MAX : number * units[i].ms / 1000;
        if (value == 0)
        {
            return "is too short: the least is 1ms";
        }
        if (value > UINT32_MAX)
        {
            return "is too long: the most is 1193h";
        }
        *ms = (uint32_t)value;
        return NULL;
    }
    return "has an unknown unit: the units are ms, s, min and h";
}

void duration_print(int64_t ms, char out[DURATION_TEXT])
{
    if (ms < 1000)
    {
        snprintf(out, DURATION_TEXT, "%" PRId64 " ms", ms < 0 ? 0 : ms);
    }
    else if (ms < 60000)
    {
        snprintf(out, DURATION_TEXT, "%" PRId64 ".%02" PRId64 " s", ms / 1000, ms % 1000 / 10);
    }
    else if (ms < 3600000)
    {
        snprintf(out, DURATION_TEXT, "%" PRId64 " min %" PRId64 " s", ms / 60000, ms / 1000 % 60);
    }
    else
    {
        snprintf(out, DURATION_TEXT, "%" PRId64 " h %" PRId64 " min", ms / 3600000, ms / 60000 % 60);
    }
}

bool number_parse(const char *text, uint32_t *number)
{
    uint64_t value = 0;
    if (*text == '\0')
    {
        return false;
    }
    for (; is_digit(*text); text++)
    {
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > UINT32_MAX)
        {
            return false;
        }
    }
    *number = (uint32_t)value;
    return *text == '\0' && value > 0;
}

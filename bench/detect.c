/* SPDX-License-Identifier: MIT */
/*
 * detect DIALECT CASES: nanoseconds to read each error of a case table (tests/cases/DIALECT/detect.txt): the median of the
 * cases, the slowest, and how many there are. Escapes are left as they stand: they change no name's length by much.
 */
#include "dialect/dialect.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum
{
    MOST = 2000,
    CALLS = 20000,
    FIELDS = 6,
};

static double nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static size_t split_fields(char *line, char *fields[FIELDS])
{
    size_t count = 0;
    for (char *at = line; at != NULL && count < FIELDS; count++)
    {
        fields[count] = at;
        at = strstr(at, " | ");
        if (at != NULL)
        {
            *at = '\0';
            at += 3;
        }
    }
    return count;
}

/* The "^" before the error's place is taken out; the position counts characters, from 1. */
static size_t take_mark(char *query)
{
    char *mark = strchr(query, '^');
    if (mark == NULL)
    {
        return 0;
    }
    size_t position = 1;
    for (char *c = query; c < mark; c++)
    {
        position += ((unsigned char)*c & 0xc0) != 0x80;
    }
    memmove(mark, mark + 1, strlen(mark));
    return position;
}

static bool read_case(bool sqlite, char *line, amend_db_error *out)
{
    char *fields[FIELDS];
    size_t count = split_fields(line, fields);
    *out = (amend_db_error)AMEND_DB_ERROR_INIT;
    if (count < (sqlite ? 5u : 4u))
    {
        return false;
    }
    out->message = sqlite ? fields[3] : fields[1];
    out->query = sqlite ? fields[4] : fields[2];
    out->native = sqlite ? atoi(fields[1]) : 0;
    out->sqlstate = sqlite ? NULL : fields[0];
    out->position = sqlite ? (size_t)atoi(fields[2]) : take_mark(fields[2]);
    return true;
}

static double time_case(const dialect *d, const amend_db_error *error)
{
    amend_object object;
    volatile unsigned found = 0;
    double start = nanoseconds();
    for (int i = 0; i < CALLS; i++)
    {
        found += d->detect(error, &object);
    }
    return (nanoseconds() - start) / CALLS;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static double took[MOST];
    static char line[1 << 16];
    size_t count = 0;
    const dialect *d = argc == 3 ? dialect_find(argv[1]) : NULL;
    FILE *file = d == NULL ? NULL : fopen(argv[2], "r");
    while (file != NULL && count < MOST && fgets(line, sizeof line, file) != NULL)
    {
        amend_db_error error;
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '#' && line[0] != '\0' && read_case(d == dialect_find("sqlite"), line, &error))
        {
            took[count++] = time_case(d, &error);
        }
    }
    if (count == 0)
    {
        return 2;
    }
    qsort(took, count, sizeof *took, by_value);
    printf("%.1f %.1f %zu\n", took[count / 2], took[count - 1], count);
    return 0;
}

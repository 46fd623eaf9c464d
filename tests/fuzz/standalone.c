/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target on files, without a fuzzer: `fuzz_x FILE-OR-DIRECTORY…` replays each, so that what once crashed stays
 * mended. With a first argument -mutate=N it also tries N variants of each, always the same ones: a short fuzzing for
 * machines that have no fuzzer. A real one links the target alone:
 *
 *     clang -fsanitize=fuzzer,address,undefined … tests/fuzz/fuzz_x.c && ./a.out tests/fuzz/corpus/x
 */
#include "fuzz.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* nftw gives its function no argument of ours. */
static unsigned long mutations, inputs;

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Some bytes changed, doubled, or cut out. The copy is of the exact size, so that a read behind its end is found. */
static void run_variant(const uint8_t *data, size_t size, uint64_t *state)
{
    size_t at = size == 0 ? 0 : next_random(state) % size, len = size - at < 16 ? size - at : next_random(state) % 16;
    size_t to = size == 0 ? 0 : next_random(state) % size, new_size = size;
    uint8_t *copy = malloc(size + 16);
    if (copy == NULL)
    {
        abort();
    }
    memcpy(copy, data, size);
    switch (next_random(state) % 4)
    {
    case 0: /* cut out */
        memmove(copy + at, copy + at + len, size - at - len);
        new_size = size - len;
        break;
    case 1: /* put in again elsewhere */
        memmove(copy + to + len, copy + to, size - to);
        memcpy(copy + to, data + at, len);
        new_size = size + len;
        break;
    case 2: /* cut the end off */
        new_size = at;
        break;
    default:
        for (size_t i = 0; size > 0 && i <= len / 4; i++)
        {
            copy[next_random(state) % size] = (uint8_t)next_random(state);
        }
    }
    uint8_t *exact = malloc(new_size == 0 ? 1 : new_size);
    if (exact == NULL)
    {
        abort();
    }
    memcpy(exact, copy, new_size);
    LLVMFuzzerTestOneInput(exact, new_size);
    free(exact);
    free(copy);
}

static int run_file(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)where;
    if (type != FTW_F)
    {
        return 0;
    }
    size_t size = (size_t)info->st_size;
    uint8_t *data = malloc(size == 0 ? 1 : size);
    FILE *in = fopen(path, "rb");
    if (data == NULL || in == NULL || fread(data, 1, size, in) != size)
    {
        fprintf(stderr, "can't read %s\n", path);
        return 1;
    }
    fclose(in);
    LLVMFuzzerTestOneInput(data, size);
    uint64_t state = 0x9e3779b97f4a7c15ULL ^ size;
    for (unsigned long i = 0; i < mutations; i++)
    {
        run_variant(data, size, &state);
    }
    free(data);
    inputs++;
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
    {
        if (strncmp(argv[i], "-mutate=", 8) == 0)
        {
            mutations = strtoul(argv[i] + 8, NULL, 10);
        }
        else if (nftw(argv[i], run_file, 16, FTW_PHYS) != 0)
        {
            fprintf(stderr, "can't replay %s\n", argv[i]);
            return 1;
        }
    }
    printf("%lu inputs, %lu variants of each\n", inputs, mutations);
    return inputs == 0;
}

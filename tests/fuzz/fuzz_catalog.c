/* SPDX-License-Identifier: MIT */
/* A set of files: a line ">>> PATH" begins each. Names, layouts, duplicates, gaps and the graph, all without a directory. */
#include "fuzz.h"

#include "base/alloc.h"
#include "base/error.h"
#include "migration/catalog.h"

enum
{
    MOST = 200,
};

static size_t split(arena *a, slice input, amend_file *files)
{
    size_t count = 0;
    while (input.len > 0)
    {
        slice line = slice_token(&input, '\n');
        if (slice_starts(line, SLICE(">>> ")) && count < MOST)
        {
            files[count++] = (amend_file){.path = arena_copy(a, slice_sub(line, 4, line.len)), .text = input.data};
        }
        else if (count > 0)
        {
            files[count - 1].length = (size_t)(line.data + line.len - files[count - 1].text);
        }
    }
    return count;
}

static void check(const catalog *c)
{
    for (size_t i = 0; i < c->count; i++)
    {
        const migration *m = &c->items[i];
        FUZZ_ASSERT(version_is_valid(m->version) && m->name[0] != '\0' && strlen(m->checksum) == CHECKSUM_HEX - 1);
        FUZZ_ASSERT(catalog_find(c, m->version) == i);
        for (size_t k = 0; k < m->depends_count; k++)
        {
            FUZZ_ASSERT(m->depends[k] < i);
        }
    }
    for (size_t i = 0; i < c->problem_count; i++)
    {
        FUZZ_ASSERT(text_is_utf8(slice_of(c->problems[i].message), &(size_t){0}));
    }
}

/* Two files of one path can't be on a disk, and which of them is read doesn't matter: so they are not read here. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena *a = arena_new(&alloc_default);
    amend_file files[MOST];
    catalog c;
    amend_error error = {0};
    size_t count = split(a, (slice){(const char *)data, size}, files);
    if (catalog_load(a, NULL, files, count, &c, &error) == AMEND_OK)
    {
        check(&c);
    }
    else
    {
        FUZZ_ASSERT(error.code >= AMEND_E_DIR_MISSING && error.code <= AMEND_E_DEPENDS_CYCLE);
    }
    arena_free(a);
    return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Puts the parts together: scan lists and sorts the files, source reads and hashes each, directives and graph say what depends
 * on what. What only loading needs lives in an arena of its own that goes when loading is over.
 */
#include "migration/catalog.h"

#include "base/error.h"
#include "base/sort.h"
#include "migration/git.h"
#include "migration/graph.h"
#include "migration/problems.h"
#include "migration/scan.h"

#include <assert.h>
#include <fcntl.h>

typedef struct loader
{
    arena *arena, *scratch;
    scan scan;
    catalog catalog;
    problems problems;
    buf text; /* of one file after the other */
    amend_error *error;
} loader;

/* ------------------------------------------------------------------------------------------------------------------ names */

static amend_status twice(loader *l, const scan_entry *first, const scan_entry *second)
{
    amend_status status = error_set(l->error, AMEND_E_VERSION_TWICE, "version \"%s\" is there twice: \"%s\" and \"%s\"",
                                    first->version, first->path, second->path);
    if (l->error != NULL)
    {
        error_copy(l->error->version, sizeof l->error->version, slice_of(second->version));
        error_copy(l->error->file, sizeof l->error->file, slice_of(second->path));
    }
    if (l->scan.flat &&
        (slice_ends(slice_of(first->name), SLICE("_down")) || slice_ends(slice_of(second->name), SLICE("_down"))))
    {
        error_hint(l->error,
                   "Beside its up script, a down script is named NNN_name.down.sql; one named NNN_name_down.sql belongs "
                   "in the folder down/, with the up scripts in versions/.");
    }
    return status;
}

static amend_status check_twice(loader *l, scan_list list)
{
    for (size_t i = 1; i < list.count; i++)
    {
        const scan_entry *a = list.items[i - 1], *b = list.items[i];
        if (a->number == b->number && version_compare(a->version, b->version) == 0)
        {
            return twice(l, a, b);
        }
    }
    return AMEND_OK;
}

static amend_status report_skipped(loader *l)
{
    for (size_t i = 0; i < l->scan.skipped.count; i++)
    {
        const scan_entry *entry = l->scan.skipped.items[i];
        char *path = arena_string(l->arena, entry->path);
        if (path == NULL)
        {
            return error_memory(l->error);
        }
        text_mend(path);
        problems_add(&l->problems, AMEND_WARNING, AMEND_E_FILE_SKIPPED, NULL, path, 0, "\"%s\" is skipped: %s", path,
                     entry->reason);
    }
    return AMEND_OK;
}

/* Down scripts find their up scripts: both lists are sorted. */
static void pair_downs(loader *l)
{
    scan_list ups = l->scan.ups, downs = l->scan.downs;
    size_t up = 0;
    for (size_t i = 0; i < downs.count; i++)
    {
        const scan_entry *down = downs.items[i];
        while (up < ups.count && version_compare(ups.items[up]->version, down->version) < 0)
        {
            up++;
        }
        if (up < ups.count && version_compare(ups.items[up]->version, down->version) == 0)
        {
            l->catalog.items[up].down_file = down->path;
            continue;
        }
        problems_add(&l->problems, AMEND_WARNING, AMEND_E_DOWN_WITHOUT_UP, down->version, down->path, 0,
                     "down script \"%s\" has no up script", down->path);
    }
}

/*
 * A gap is worth a word where versions count up by one: not where they are timestamps, nor where they go 10, 20, 30. So: small
 * numbers, and more of them there than missing.
 */
static void report_gaps(loader *l)
{
    scan_list ups = l->scan.ups;
    const uint64_t small = 1000000;
    if (ups.count < 2 || ups.items[ups.count - 1]->number > small ||
        ups.items[ups.count - 1]->number - ups.items[0]->number + 1 > 2 * ups.count)
    {
        return;
    }
    for (size_t i = 1; i < ups.count; i++)
    {
        const scan_entry *before = ups.items[i - 1], *after = ups.items[i];
        unsigned long long first = before->number + 1, last = after->number - 1;
        int width = (int)strlen(before->version);
        if (first == last)
        {
            problems_add(&l->problems, AMEND_NOTE, AMEND_E_VERSION_GAP, after->version, NULL, 0,
                         "version \"%0*llu\" is missing between \"%s\" and \"%s\"", width, first, before->version,
                         after->version);
        }
        else if (first < last)
        {
            problems_add(&l->problems, AMEND_NOTE, AMEND_E_VERSION_GAP, after->version, NULL, 0,
                         "versions \"%0*llu\" to \"%0*llu\" are missing between \"%s\" and \"%s\"", width, first, width, last,
                         before->version, after->version);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------------ texts */

static amend_status read_entry(loader *l, const scan_entry *entry, char checksum[CHECKSUM_HEX])
{
    amend_status status = AMEND_OK;
    if (entry->file == NULL)
    {
        int folder = dirfd(l->scan.folders[entry->folder]);
        status = source_read(folder, entry->base, entry->regular, entry->path, &l->text, l->error);
    }
    else
    {
        buf_reset(&l->text);
        buf_add(&l->text, (slice){entry->file->text, entry->file->length});
    }
    return status == AMEND_OK ? source_normalise(entry->path, &l->text, checksum, l->error) : status;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

/*
 * Has the text one of the words that begin what could lose data, or give it another name? So that the others need not be read
 * once more.
 */
static bool may_lose(slice text)
{
    static const slice words[] = {{"drop", 4}, {"delete", 6}, {"truncate", 8}, {"update", 6},
                                  {"type", 4}, {"rename", 6}, {"schema", 6}};
    for (size_t i = 0, end; i < text.len; i = end + 1)
    {
        for (end = i; end < text.len && is_word(text.data[end]); end++)
        {
        }
        for (size_t k = 0; end - i >= 4 && k < sizeof words / sizeof words[0]; k++)
        {
            if (slice_equal_nocase(slice_sub(text, i, end), words[k]))
            {
                return true;
            }
        }
    }
    return false;
}

static amend_status load_entry(loader *l, const scan_entry *entry, migration *m)
{
    m->version = entry->version;
    m->name = entry->name;
    m->up_file = entry->path;
    amend_status status = read_entry(l, entry, m->checksum);
    if (status == AMEND_OK)
    {
        status = directives_parse(l->arena, entry->path, buf_slice(&l->text), &m->head, l->error);
    }
    m->may_lose = status == AMEND_OK && may_lose(buf_slice(&l->text));
    if (status == AMEND_OK && m->head.stray_line != 0)
    {
        problems_add(&l->problems, AMEND_WARNING, AMEND_E_DIRECTIVE_STRAY, m->version, m->up_file, m->head.stray_line,
                     "a directive in \"%s\" stands behind the first statement and has no effect", m->up_file);
    }
    if (status != AMEND_OK && l->error != NULL)
    {
        error_copy(l->error->version, sizeof l->error->version, slice_of(m->version));
    }
    return status;
}

static amend_status load_entries(loader *l)
{
    for (size_t i = 0; i < l->catalog.count; i++)
    {
        amend_status status = load_entry(l, l->scan.ups.items[i], &l->catalog.items[i]);
        if (status != AMEND_OK)
        {
            return status;
        }
    }
    return AMEND_OK;
}

static const scan_entry *find_entry(const loader *l, const char *version)
{
    size_t i = 0;
    while (strcmp(l->scan.ups.items[i]->version, version) != 0)
    {
        i++;
    }
    return l->scan.ups.items[i];
}

/* The graph knows a directive by its offset. Read the file once more, to show its line; if that fails, the offset must do. */
static void show_directive(loader *l)
{
    amend_error *error = l->error;
    if (error == NULL || (error->code != AMEND_E_DEPENDS_UNKNOWN && error->code != AMEND_E_DEPENDS_CYCLE))
    {
        return;
    }
    l->error = NULL;
    if (read_entry(l, find_entry(l, error->version), NULL) == AMEND_OK)
    {
        error_at(error, NULL, buf_slice(&l->text), error->offset);
    }
    l->error = error;
}

static amend_status order(loader *l)
{
    catalog *c = &l->catalog;
    amend_status status = graph_order(l->arena, c->items, c->count, &c->by_version, l->error);
    if (status != AMEND_OK)
    {
        show_directive(l);
    }
    return status;
}

/* ------------------------------------------------------------------------------------------------------------ compiled in */

static int compare_file_paths(const void *a, const void *b)
{
    const amend_file *x = a, *y = b;
    return strcmp(x->path, y->path);
}

static amend_status sort_files(loader *l)
{
    catalog *c = &l->catalog;
    c->files_sorted = arena_array(l->arena, c->file_count, sizeof(const amend_file *));
    if (c->files_sorted == NULL)
    {
        return error_memory(l->error);
    }
    for (size_t i = 0; i < c->file_count; i++)
    {
        c->files_sorted[i] = &c->files[i];
    }
    bool sorted = sort_pointers(l->scratch, (const void **)c->files_sorted, c->file_count, compare_file_paths);
    return sorted ? AMEND_OK : error_memory(l->error);
}

static const amend_file *find_file(const catalog *c, const char *path)
{
    size_t low = 0, high = c->file_count;
    while (low < high)
    {
        size_t middle = (low + high) / 2;
        int difference = strcmp(c->files_sorted[middle]->path, path);
        if (difference == 0)
        {
            return c->files_sorted[middle];
        }
        low = difference < 0 ? middle + 1 : low;
        high = difference < 0 ? high : middle;
    }
    return NULL;
}

/* ------------------------------------------------------------------------------------------------------------------- load */

static amend_status gather(loader *l)
{
    catalog *c = &l->catalog;
    amend_status status = check_twice(l, l->scan.ups);
    if (status == AMEND_OK)
    {
        status = check_twice(l, l->scan.downs);
    }
    if (status == AMEND_OK)
    {
        status = report_skipped(l);
    }
    if (status != AMEND_OK)
    {
        return status;
    }
    c->flat = l->scan.flat;
    c->count = l->scan.ups.count;
    c->items = arena_array(l->arena, c->count, sizeof *c->items);
    if (c->items == NULL)
    {
        return error_memory(l->error);
    }
    pair_downs(l);
    report_gaps(l);
    if (c->count == 0)
    {
        problems_add(&l->problems, AMEND_NOTE, AMEND_E_DIR_EMPTY, NULL, NULL, 0,
                     c->files == NULL ? "no migrations in \"%s\"" : "no migrations are compiled in%s", c->dir);
    }
    status = load_entries(l);
    return status == AMEND_OK ? order(l) : status;
}

static amend_status load(loader *l, const char *dir, const amend_file *files, size_t file_count)
{
    catalog *c = &l->catalog;
    c->dir = arena_string(l->arena, files == NULL ? dir : "");
    c->files = files;
    c->file_count = files == NULL ? 0 : file_count;
    if (c->dir == NULL)
    {
        return error_memory(l->error);
    }
    amend_status status = scan_open(&l->scan, l->arena, l->scratch, dir, files, file_count, l->error);
    if (status == AMEND_OK)
    {
        status = gather(l);
    }
    if (status == AMEND_OK)
    {
        status = files != NULL ? sort_files(l) : git_commit(l->arena, dir, &c->git_commit, l->error);
    }
    c->problems = l->problems.items;
    c->problem_count = l->problems.count;
    return status == AMEND_OK && l->problems.failed ? error_memory(l->error) : status;
}

amend_status catalog_load(arena *a, const char *dir, const amend_file *files, size_t file_count, catalog *out,
                          amend_error *error)
{
    loader l = {.arena = a, .scratch = arena_new(arena_allocator(a)), .problems = {.arena = a}, .error = error};
    if (l.scratch == NULL)
    {
        return error_memory(error);
    }
    buf_init(&l.text, arena_allocator(a));
    amend_status status = load(&l, dir, files, file_count);
    scan_close(&l.scan);
    buf_clear(&l.text);
    arena_free(l.scratch);
    if (status == AMEND_OK)
    {
        *out = l.catalog;
    }
    return status;
}

/* -------------------------------------------------------------------------------------------------------------------- use */

size_t catalog_find(const catalog *c, const char *version)
{
    size_t low = 0, high = c->count;
    while (low < high)
    {
        size_t middle = (low + high) / 2;
        size_t position = c->by_version == NULL ? middle : c->by_version[middle];
        int difference = version_compare(c->items[position].version, version);
        if (difference == 0)
        {
            return position;
        }
        low = difference < 0 ? middle + 1 : low;
        high = difference < 0 ? high : middle;
    }
    return SIZE_MAX;
}

amend_status catalog_read(const catalog *c, const char *file, buf *out, char checksum[CHECKSUM_HEX], amend_error *error)
{
    amend_status status = AMEND_OK;
    buf_reset(out);
    if (c->files == NULL)
    {
        status = source_read(AT_FDCWD, file, false, file, out, error);
    }
    else
    {
        const amend_file *found = find_file(c, file);
        if (found == NULL)
        {
            return error_set(error, AMEND_E_FILE_READ, "no file \"%s\" is compiled in", file);
        }
        buf_add(out, (slice){found->text, found->length});
    }
    return status == AMEND_OK ? source_normalise(file, out, checksum, error) : status;
}

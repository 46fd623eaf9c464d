/* SPDX-License-Identifier: MIT */
/*
 * All three folders are listed before the layout is decided: the canonical one when versions/ holds an up script, or when it
 * is there and the directory itself holds none. Then the up scripts of the other layout are set aside with a warning.
 */
#include "migration/scan.h"

#include "base/error.h"
#include "base/sort.h"
#include "migration/version.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* What the functions of one call share. */
typedef struct scanner
{
    scan *scan;
    arena *arena, *scratch;
    const char *dir;
    scan_list flat_ups;
    amend_error *error;
} scanner;

static const char *const folder_names[SCAN_FOLDERS] = {"", "versions", "down"};

static amend_status push(scanner *s, scan_list *list, const scan_entry *entry)
{
    const scan_entry **items = arena_grow(s->scratch, list->items, list->count, sizeof *items);
    if (items == NULL)
    {
        return error_memory(s->error);
    }
    items[list->count++] = entry;
    list->items = items;
    return AMEND_OK;
}

/* The directory, the folder and the name, joined. *base points to the name in it. */
static char *make_path(scanner *s, filename_folder folder, slice name, const char **base)
{
    slice dir = slice_of(s->dir), sub = slice_of(folder_names[folder]);
    while (dir.len > 1 && dir.data[dir.len - 1] == '/')
    {
        dir.len--;
    }
    bool slash = dir.data[dir.len - 1] != '/';
    char *path = arena_alloc(s->arena, dir.len + slash + sub.len + 1 + name.len + 1);
    if (path == NULL)
    {
        return NULL;
    }
    char *to = mempcpy(path, dir.data, dir.len);
    to = slash ? mempcpy(to, "/", 1) : to;
    to = sub.len > 0 ? mempcpy(mempcpy(to, sub.data, sub.len), "/", 1) : to;
    memcpy(to, name.data, name.len);
    *base = to;
    return path;
}

/* Sort one file's name into the lists. `file` is NULL on disk. */
static amend_status add(scanner *s, filename_folder folder, slice name, const amend_file *file, bool regular)
{
    filename parsed;
    filename_kind kind = filename_parse(folder, name, &parsed);
    if (kind == FILENAME_OTHER)
    {
        return AMEND_OK;
    }
    scan_entry *entry = arena_alloc(s->scratch, sizeof *entry);
    if (entry == NULL)
    {
        return error_memory(s->error);
    }
    const char *base = "";
    const char *path = file != NULL ? file->path : make_path(s, folder, name, &base);
    *entry = (scan_entry){.path = path, .base = base, .file = file, .folder = folder, .regular = regular};
    if (path == NULL)
    {
        return error_memory(s->error);
    }
    if (kind == FILENAME_UNFIT)
    {
        entry->reason = parsed.reason;
        return push(s, &s->scan->skipped, entry);
    }
    entry->number = version_number(parsed.version);
    entry->version = arena_copy(s->arena, parsed.version);
    entry->name = arena_copy(s->arena, parsed.name);
    if (entry->version == NULL || entry->name == NULL)
    {
        return error_memory(s->error);
    }
    scan_list *ups = folder == FOLDER_ROOT ? &s->flat_ups : &s->scan->ups;
    return push(s, kind == FILENAME_DOWN ? &s->scan->downs : ups, entry);
}

/* ----------------------------------------------------------------------------------------------------------------- disk */

static amend_status cannot_list(scanner *s, filename_folder folder, int reason)
{
    bool missing = folder == FOLDER_ROOT && reason == ENOENT;
    bool root = folder == FOLDER_ROOT;
    amend_status status;
    if (missing)
    {
        status = error_set(s->error, AMEND_E_DIR_MISSING, "no such directory \"%s\"", s->dir);
    }
    else
    {
        status = error_set(s->error, AMEND_E_DIR_READ, "can't list \"%s%s%s\": %s", s->dir, root ? "" : "/",
                           folder_names[folder], strerror(reason));
    }
    if (s->error != NULL)
    {
        error_copy(s->error->file, sizeof s->error->file, slice_of(s->dir));
    }
    return status;
}

static amend_status list(scanner *s, filename_folder folder, DIR *entries)
{
    for (;;)
    {
        errno = 0;
        struct dirent *entry = readdir(entries);
        if (entry == NULL)
        {
            return errno == 0 ? AMEND_OK : cannot_list(s, folder, errno);
        }
        amend_status status = add(s, folder, slice_of(entry->d_name), NULL, entry->d_type == DT_REG);
        if (status != AMEND_OK)
        {
            return status;
        }
    }
}

static amend_status list_root(scanner *s)
{
    DIR *entries = opendir(s->dir);
    if (entries == NULL)
    {
        return errno == ENOMEM ? error_memory(s->error) : cannot_list(s, FOLDER_ROOT, errno);
    }
    s->scan->folders[FOLDER_ROOT] = entries;
    return list(s, FOLDER_ROOT, entries);
}

/* Its absence, or a file of that name, is no error: the layout is another one. */
static amend_status list_folder(scanner *s, filename_folder folder)
{
    int fd = openat(dirfd(s->scan->folders[FOLDER_ROOT]), folder_names[folder], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
    {
        return errno == ENOENT || errno == ENOTDIR ? AMEND_OK : cannot_list(s, folder, errno);
    }
    DIR *entries = fdopendir(fd);
    if (entries == NULL)
    {
        close(fd);
        return error_memory(s->error);
    }
    s->scan->folders[folder] = entries;
    return list(s, folder, entries);
}

static amend_status scan_disk(scanner *s)
{
    amend_status status = list_root(s);
    if (status == AMEND_OK)
    {
        status = list_folder(s, FOLDER_VERSIONS);
    }
    if (status == AMEND_OK)
    {
        status = list_folder(s, FOLDER_DOWN);
    }
    return status;
}

/* ------------------------------------------------------------------------------------------------------------- compiled in */

/* The folder that a compiled-in file's path begins with; false when it is another one. */
static bool split_path(slice path, filename_folder *folder, slice *name)
{
    for (int i = SCAN_FOLDERS - 1; i > 0; i--)
    {
        slice head = slice_of(folder_names[i]);
        if (slice_starts(path, head) && path.len > head.len && path.data[head.len] == '/')
        {
            *folder = (filename_folder)i;
            *name = slice_sub(path, head.len + 1, path.len);
            return memchr(name->data, '/', name->len) == NULL;
        }
    }
    *folder = FOLDER_ROOT;
    *name = path;
    return memchr(path.data, '/', path.len) == NULL;
}

static amend_status scan_files(scanner *s, const amend_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++)
    {
        filename_folder folder;
        slice name;
        amend_status status = AMEND_OK;
        if (split_path(slice_of(files[i].path), &folder, &name))
        {
            status = add(s, folder, name, &files[i], true);
        }
        if (status != AMEND_OK)
        {
            return status;
        }
    }
    return AMEND_OK;
}

/* --------------------------------------------------------------------------------------------------------------- layout */

static int compare_versions(const void *a, const void *b)
{
    const scan_entry *x = a, *y = b;
    if (x->number != y->number)
    {
        return x->number < y->number ? -1 : 1;
    }
    int difference = version_compare(x->version, y->version);
    return difference != 0 ? difference : strcmp(x->path, y->path);
}

static int compare_paths(const void *a, const void *b)
{
    const scan_entry *x = a, *y = b;
    return strcmp(x->path, y->path);
}

static amend_status set_aside(scanner *s)
{
    for (size_t i = 0; i < s->flat_ups.count; i++)
    {
        scan_entry *entry = arena_alloc(s->scratch, sizeof *entry);
        if (entry == NULL)
        {
            return error_memory(s->error);
        }
        *entry = *s->flat_ups.items[i];
        entry->reason = "the migrations are in versions/, and this one stands beside that folder";
        amend_status status = push(s, &s->scan->skipped, entry);
        if (status != AMEND_OK)
        {
            return status;
        }
    }
    return AMEND_OK;
}

static amend_status sort(scanner *s, scan_list *list, sort_compare compare)
{
    bool sorted = sort_pointers(s->scratch, (const void **)list->items, list->count, compare);
    return sorted ? AMEND_OK : error_memory(s->error);
}

static amend_status arrange(scanner *s)
{
    scan *out = s->scan;
    out->flat = out->ups.count == 0 && s->flat_ups.count > 0;
    amend_status status = AMEND_OK;
    if (out->flat)
    {
        out->ups = s->flat_ups;
    }
    else
    {
        status = set_aside(s);
    }
    if (status == AMEND_OK)
    {
        status = sort(s, &out->ups, compare_versions);
    }
    if (status == AMEND_OK)
    {
        status = sort(s, &out->downs, compare_versions);
    }
    return status == AMEND_OK ? sort(s, &out->skipped, compare_paths) : status;
}

amend_status scan_open(scan *out, arena *a, arena *scratch, const char *dir, const amend_file *files, size_t file_count,
                       amend_error *error)
{
    *out = (scan){0};
    scanner s = {.scan = out, .arena = a, .scratch = scratch, .dir = dir, .error = error};
    assert(files != NULL || dir[0] != '\0');
    amend_status status = files == NULL ? scan_disk(&s) : scan_files(&s, files, file_count);
    return status == AMEND_OK ? arrange(&s) : status;
}

void scan_close(scan *s)
{
    for (int i = 0; i < SCAN_FOLDERS; i++)
    {
        if (s->folders[i] != NULL)
        {
            closedir(s->folders[i]);
        }
    }
    *s = (scan){0};
}

/* SPDX-License-Identifier: MIT */
#include "support/tempdir.h"

#include "support/testing.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void tempdir_make(tempdir *d)
{
    const char *base = getenv("TMPDIR");
    snprintf(d->path, sizeof d->path, "%s/amend-test-XXXXXX", base == NULL ? "/tmp" : base);
    assert_non_null(mkdtemp(d->path));
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

void tempdir_remove(const tempdir *d)
{
    assert_int_equal(nftw(d->path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *tempdir_path(const tempdir *d, const char *name)
{
    static char paths[4][1024];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", d->path, name);
    return path;
}

static void make_folders(char *path, size_t from)
{
    for (char *slash = path + from; (slash = strchr(slash, '/')) != NULL; slash++)
    {
        *slash = '\0';
        assert_true(mkdir(path, 0777) == 0 || errno == EEXIST);
        *slash = '/';
    }
}

void tempdir_folder(const tempdir *d, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s/", d->path, name);
    make_folders(path, strlen(d->path) + 1);
}

void tempdir_write_bytes(const tempdir *d, const char *name, const void *bytes, size_t size)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", d->path, name);
    make_folders(path, strlen(d->path) + 1);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}

void tempdir_write(const tempdir *d, const char *name, const char *text)
{
    tempdir_write_bytes(d, name, text, strlen(text));
}

char *tempdir_read(const tempdir *d, const char *name)
{
    FILE *in = fopen(tempdir_path(d, name), "rb");
    if (in == NULL)
    {
        return NULL;
    }
    assert_int_equal(fseek(in, 0, SEEK_END), 0);
    size_t size = (size_t)ftell(in);
    rewind(in);
    char *text = calloc(1, size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, size, in), size);
    fclose(in);
    return text;
}

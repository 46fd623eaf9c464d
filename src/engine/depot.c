/* SPDX-License-Identifier: MIT */
#include "engine/depot.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum
{
    DEPOT_CHUNK = 1 << 16,
    DEPOT_NAME = 160,
    DEPOT_SAME_SECOND = 100, /* so many backups may be made in one */
};

static amend_status depot_failed(const char *what, const char *path, amend_error *error)
{
    int why = errno;
    return error_set(error, AMEND_E_BACKUP, "%s \"%.400s%s\": %s", what, path, strlen(path) > 400 ? "…" : "", strerror(why));
}

static amend_status depot_failed_in(const char *dir, amend_error *error)
{
    amend_status status = depot_failed("no backup can be made in", dir, error);
    error_hint(error, "Nothing was run. --backup-dir names another directory.");
    return status;
}

bool depot_file(const char *dir, const char *name, char out[DEPOT_PATH])
{
    size_t len = strlen(dir), more = strlen(name);
    out[0] = '\0';
    if (len + 1 + more >= DEPOT_PATH)
    {
        return false;
    }
    memcpy(out, dir, len);
    out[len] = '/';
    memcpy(out + len + 1, name, more + 1);
    return true;
}

/* --------------------------------------------------------------------------------------------------------------- making */

/* Backups hold what the database holds: they don't belong into a repository. */
static void depot_hide(const char *dir)
{
    char path[DEPOT_PATH];
    int fd = depot_file(dir, ".gitignore", path) ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    if (fd >= 0)
    {
        (void)!write(fd, "*\n", 2);
        close(fd);
    }
}

/* The directory and those above it; what is there is left as it is. */
static bool depot_make_dirs(const char *dir)
{
    char path[DEPOT_PATH];
    size_t len = strlen(dir);
    if (len >= sizeof path)
    {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(path, dir, len + 1);
    for (size_t i = 1; i < len; i++)
    {
        if (path[i] == '/')
        {
            path[i] = '\0';
            if (mkdir(path, 0777) != 0 && errno != EEXIST)
            {
                return false;
            }
            path[i] = '/';
        }
    }
    if (mkdir(path, 0700) != 0)
    {
        struct stat st;
        bool there = errno == EEXIST && stat(path, &st) == 0;
        errno = there && !S_ISDIR(st.st_mode) ? ENOTDIR : errno;
        return there && S_ISDIR(st.st_mode);
    }
    depot_hide(path);
    return true;
}

/* "20261121T170612Z-app.db": the time, and the database's name with what file names had better not have as "_". */
static void depot_name(const char *database, char out[DEPOT_NAME])
{
    char at[28];
    size_t len = 0;
    clock_format(clock_now_us(), 3, at);
    for (const char *p = at; *p != '\0' && *p != '.'; p++)
    {
        if (*p != '-' && *p != ':')
        {
            out[len++] = *p;
        }
    }
    out[len++] = 'Z';
    out[len++] = '-';
    for (const char *p = database; *p != '\0' && len + 1 < DEPOT_NAME - 40; p++)
    {
        bool plain = (unsigned char)*p > 0x7f || (*p != '\0' && strchr("/\\ :*?\"'<>|$`&;()~!#%{}[]", *p) == NULL && *p > ' ');
        out[len++] = plain ? *p : '_';
    }
    out[len] = '\0';
}

amend_status depot_begin(depot *d, const char *dir, const char *database, amend_error *error)
{
    char name[DEPOT_NAME], base[DEPOT_PATH];
    char *real = depot_make_dirs(dir) ? realpath(dir, NULL) : NULL;
    *d = (depot){.path = ""};
    if (real == NULL)
    {
        return depot_failed_in(dir, error);
    }
    depot_name(database, name);
    bool fits = depot_file(real, name, base) && strlen(base) + 16 < DEPOT_PATH;
    free(real);
    errno = fits ? EEXIST : ENAMETOOLONG;
    for (int i = 1; i < DEPOT_SAME_SECOND && errno == EEXIST; i++)
    {
        struct stat st;
        snprintf(d->path, sizeof d->path, i == 1 ? "%.4000s" : "%.4000s-%d", base, i);
        snprintf(d->partial, sizeof d->partial, "%.4080s.partial", d->path);
        errno = EEXIST;
        if (stat(d->path, &st) != 0 && mkdir(d->partial, 0700) == 0)
        {
            return AMEND_OK;
        }
    }
    *d = (depot){.path = ""};
    return depot_failed_in(dir, error);
}

int depot_make(const depot *d, const char *name, amend_error *error)
{
    char path[DEPOT_PATH];
    errno = ENAMETOOLONG;
    int fd = depot_file(d->partial, name, path) ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
    {
        (void)depot_failed("no file can be made for the backup in", d->partial, error);
    }
    return fd;
}

amend_status depot_write(int fd, slice data, amend_error *error)
{
    while (data.len > 0)
    {
        ssize_t n = write(fd, data.data, data.len);
        if (n < 0 && errno != EINTR)
        {
            return error_set(error, AMEND_E_BACKUP, "the backup could not be written: %s", strerror(errno));
        }
        data = slice_sub(data, n < 0 ? 0 : (size_t)n, data.len);
    }
    return AMEND_OK;
}

amend_status depot_close(int fd, amend_error *error)
{
    bool flushed = fsync(fd) == 0;
    int why = errno;
    bool closed = close(fd) == 0;
    why = flushed ? errno : why;
    return flushed && closed ? AMEND_OK
                             : error_set(error, AMEND_E_BACKUP, "the backup could not be written: %s", strerror(why));
}

/* -------------------------------------------------------------------------------------------------------------- keeping */

static bool depot_flush_dir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
    {
        close(fd);
    }
    return done;
}

amend_status depot_keep(depot *d, amend_error *error)
{
    char above[DEPOT_PATH];
    memcpy(above, d->path, sizeof above);
    *strrchr(above, '/') = '\0';
    if (!depot_flush_dir(d->partial) || rename(d->partial, d->path) != 0 || !depot_flush_dir(above[0] == '\0' ? "/" : above))
    {
        return depot_failed("the backup could not be finished in", d->path, error);
    }
    d->partial[0] = '\0';
    return AMEND_OK;
}

void depot_drop(depot *d)
{
    const char *path = d->partial[0] != '\0' ? d->partial : d->path;
    DIR *dir = path[0] == '\0' ? NULL : opendir(path);
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
    {
        unlinkat(dirfd(dir), e->d_name, 0); /* "." and "..", too: refused */
    }
    if (dir != NULL)
    {
        closedir(dir);
        rmdir(path);
    }
    *d = (depot){.path = ""};
}

/* -------------------------------------------------------------------------------------------------------------- reading */

amend_status depot_hash(const char *path, char hash[], int64_t *bytes, amend_error *error)
{
    static const size_t room = DEPOT_CHUNK;
    char chunk[DEPOT_CHUNK];
    hasher h;
    ssize_t n = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    hash_begin(&h);
    *bytes = 0;
    while (fd >= 0 && ((n = read(fd, chunk, room)) > 0 || (n < 0 && errno == EINTR)))
    {
        hash_add(&h, (slice){chunk, n < 0 ? 0 : (size_t)n});
        *bytes += n < 0 ? 0 : n;
    }
    amend_status status = n == 0 ? AMEND_OK : depot_failed("the backup's file can't be read:", path, error);
    if (fd >= 0)
    {
        close(fd);
    }
    hash_end(&h, hash);
    return status;
}

amend_status depot_read(const char *path, buf *out, amend_error *error)
{
    ssize_t n = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *at = NULL;
    while (fd >= 0 && (at = buf_reserve(out, DEPOT_CHUNK)) != NULL &&
           ((n = read(fd, at, DEPOT_CHUNK)) > 0 || (n < 0 && errno == EINTR)))
    {
        out->len += n < 0 ? 0 : (size_t)n;
    }
    amend_status status = out->failed ? error_memory(error)
                          : n == 0    ? AMEND_OK
                                      : depot_failed("the backup's file can't be read:", path, error);
    if (fd >= 0)
    {
        close(fd);
    }
    return status;
}

/* SPDX-License-Identifier: MIT */
#include "migration/create.h"

#include "base/clock.h"
#include "base/error.h"
#include "migration/filename.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum
{
    NAME_SIZE = 256, /* a file's name is at most so long anywhere */
    TIMESTAMP_DIGITS = 14,
};

/* ------------------------------------------------------------------------------------------------------------------ name */

static amend_status bad_name(amend_error *error, const char *name, const char *why)
{
    char shown[NAME_SIZE];
    error_copy(shown, sizeof shown, slice_of(name));
    text_mend(shown);
    return error_set(error, AMEND_E_NAME_INVALID, "\"%s\" can't be a migration's name: %s", shown, why);
}

/* The name as it stands in the file's: no spaces, and no .sql that the user wrote out of habit. */
static amend_status clean_name(const char *name, char out[NAME_SIZE], amend_error *error)
{
    slice given = slice_trim(slice_of(name));
    if (slice_ends(given, SLICE(".sql")))
    {
        given.len -= 4;
    }
    if (given.len == 0)
    {
        return bad_name(error, name, "it is empty");
    }
    if (given.len >= NAME_SIZE)
    {
        return bad_name(error, name, "it is too long");
    }
    if (!filename_name_is_valid(given) || given.data[0] == '.')
    {
        return bad_name(error, name, "it may have letters, digits, \"_\", \"-\", \".\" and spaces");
    }
    if (slice_ends(given, SLICE(".up")) || slice_ends(given, SLICE(".down")))
    {
        return bad_name(error, name, "its end would make it the up or down script of another one");
    }
    error_copy(out, NAME_SIZE, given);
    for (char *space = out; (space = strchr(space, ' ')) != NULL;)
    {
        *space = '_';
    }
    return AMEND_OK;
}

/* --------------------------------------------------------------------------------------------------------------- version */

/* The highest version that any file has, a down script without its up script included: it would be taken for the new one's. */
static const char *newest_version(const catalog *c)
{
    const char *newest = NULL;
    for (size_t i = 0; c != NULL && i < c->count; i++)
    {
        const char *version = c->items[i].version;
        newest = newest == NULL || version_compare(version, newest) > 0 ? version : newest;
    }
    for (size_t i = 0; c != NULL && i < c->problem_count; i++)
    {
        const char *version = c->problems[i].code == AMEND_E_DOWN_WITHOUT_UP ? c->problems[i].version : NULL;
        newest = version != NULL && (newest == NULL || version_compare(version, newest) > 0) ? version : newest;
    }
    return newest;
}

/* Add one to a number of any length; false when its digits are used up. */
static bool increment(const char *version, char out[VERSION_DIGITS + 1])
{
    size_t len = strlen(version), i = len;
    memcpy(out, version, len + 1);
    while (i > 0 && out[i - 1] == '9')
    {
        out[--i] = '0';
    }
    if (i > 0)
    {
        out[i - 1]++;
        return true;
    }
    if (len == VERSION_DIGITS)
    {
        return false;
    }
    memmove(out + 1, out, len + 1);
    out[0] = '1';
    return true;
}

/* 2026-11-03T12:00:00.000Z without what is not a digit, to the second. */
static void timestamp(char out[VERSION_DIGITS + 1])
{
    char now[28];
    clock_format(clock_now_us(), 3, now);
    size_t n = 0;
    for (const char *c = now; n < TIMESTAMP_DIGITS; c++)
    {
        if (*c >= '0' && *c <= '9')
        {
            out[n++] = *c;
        }
    }
    out[n] = '\0';
}

/* Do the versions look like times (20261103120000)? Then a number one higher would pretend to be a time. */
static bool is_timestamp(const char *version)
{
    return strlen(version) == TIMESTAMP_DIGITS && (strncmp(version, "19", 2) == 0 || strncmp(version, "20", 2) == 0);
}

static amend_status next_version(const catalog *c, unsigned flags, char out[VERSION_DIGITS + 1], amend_error *error)
{
    const char *newest = newest_version(c);
    bool as_time = (flags & AMEND_NEW_TIMESTAMP) != 0 || (newest != NULL && is_timestamp(newest));
    if (as_time)
    {
        timestamp(out);
        if (newest == NULL || version_compare(out, newest) > 0)
        {
            return AMEND_OK;
        }
    }
    if (!increment(newest == NULL ? "000" : newest, out))
    {
        return error_set(error, AMEND_E_ARGUMENT, "no number is left above \"%s\"", newest);
    }
    return AMEND_OK;
}

/* ----------------------------------------------------------------------------------------------------------------- files */

static amend_status cannot_create(amend_error *error, const char *path, int reason)
{
    amend_status status = error_set(error, AMEND_E_FILE_CREATE, "can't create \"%s\": %s", path, strerror(reason));
    if (error != NULL)
    {
        error_copy(error->file, sizeof error->file, slice_of(path));
    }
    return status;
}

/* The directory and those above it that are not there yet. */
static amend_status make_directory(const char *dir, amend_error *error)
{
    char path[PATH_MAX];
    size_t len = strlen(dir);
    if (len >= sizeof path)
    {
        return cannot_create(error, dir, ENAMETOOLONG);
    }
    for (size_t i = 1; i <= len; i++)
    {
        if (dir[i] != '/' && dir[i] != '\0')
        {
            continue;
        }
        error_copy(path, sizeof path, (slice){dir, i});
        if (mkdir(path, 0777) != 0 && errno != EEXIST && i == len)
        {
            return cannot_create(error, path, errno);
        }
    }
    return AMEND_OK;
}

static int write_all(int fd, const char *text)
{
    for (size_t len = strlen(text); len > 0;)
    {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno != EINTR)
        {
            return errno;
        }
        text += n < 0 ? 0 : n;
        len -= n < 0 ? 0 : (size_t)n;
    }
    return 0;
}

/* A new file, never an old one; it is gone again when its text can't be written. */
static amend_status create_file(const char *path, const char *text, amend_error *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
    {
        return cannot_create(error, path, errno);
    }
    int reason = write_all(fd, text);
    if (close(fd) != 0 && reason == 0)
    {
        reason = errno;
    }
    if (reason != 0)
    {
        unlink(path);
        return cannot_create(error, path, reason);
    }
    return AMEND_OK;
}

/*
 * Do not write the word "amend", its colon and a directive behind a "--" here: a template must hold none that works.
 */
static const char up_template[] =
    "-- %s %s: say here what this migration changes, and why.\n"
    "--\n"
    "-- It runs in one transaction: all of it or nothing. Lines of the form \"amend:DIRECTIVE VALUE\" in this\n"
    "-- comment change how it is run: depends, transaction, provides, destructive, lock-timeout.\n"
    "\n";
static const char down_template[] = "-- %s %s: undo here what the up script did, in the opposite order.\n"
                                    "--\n"
                                    "-- What can't be undone needs no down script: delete this file then.\n"
                                    "\n";

/* -------------------------------------------------------------------------------------------------------------- layouts */

/* The paths of both files in the layout at hand; false when they are too long. */
static bool make_paths(const catalog *c, const char *dir, const char *name, amend_created *out)
{
    bool flat = c != NULL && c->flat;
    const char *slash = dir[strlen(dir) - 1] == '/' ? "" : "/";
    bool dotted = flat && slice_ends(slice_of(c->items[c->count - 1].up_file), SLICE(".up.sql"));
    const char *up = flat ? "" : "versions/", *down = flat ? "" : "down/";
    const char *up_end = dotted ? ".up" : "", *down_end = flat ? ".down" : "_down";
    int up_len = snprintf(out->up, sizeof out->up, "%s%s%s%s_%s%s.sql", dir, slash, up, out->version, name, up_end);
    int down_len = snprintf(out->down, sizeof out->down, "%s%s%s%s_%s%s.sql", dir, slash, down, out->version, name, down_end);
    return up_len > 0 && up_len < (int)sizeof out->up && down_len > 0 && down_len < (int)sizeof out->down;
}

static amend_status make_directories(const catalog *c, const char *dir, amend_error *error)
{
    char path[sizeof((amend_created *)0)->up];
    amend_status status = make_directory(dir, error);
    static const char *const folders[] = {"versions", "down"};
    for (size_t i = 0; status == AMEND_OK && i < 2 && (c == NULL || !c->flat); i++)
    {
        snprintf(path, sizeof path, "%s/%s", dir, folders[i]);
        status = make_directory(path, error);
    }
    return status;
}

static amend_status create_files(const amend_created *created, const char *name, amend_error *error)
{
    char text[1024];
    snprintf(text, sizeof text, up_template, created->version, name);
    amend_status status = create_file(created->up, text, error);
    if (status != AMEND_OK)
    {
        return status;
    }
    snprintf(text, sizeof text, down_template, created->version, name);
    status = create_file(created->down, text, error);
    if (status != AMEND_OK)
    {
        unlink(created->up);
    }
    return status;
}

amend_status migration_create(const catalog *c, const char *dir, const char *name, unsigned flags, amend_created *out,
                              amend_error *error)
{
    assert(dir[0] != '\0');
    char clean[NAME_SIZE], version[VERSION_DIGITS + 1];
    amend_created created = {0};
    if (c != NULL && c->files != NULL)
    {
        return error_set(error, AMEND_E_ARGUMENT, "the migrations are compiled in: there is no directory for a new one");
    }
    amend_status status = clean_name(name, clean, error);
    if (status == AMEND_OK)
    {
        status = next_version(c, flags, version, error);
    }
    if (status != AMEND_OK)
    {
        return status;
    }
    error_copy(created.version, sizeof created.version, slice_of(version));
    if (!make_paths(c, dir, clean, &created))
    {
        return bad_name(error, name, "with its directory it is too long");
    }
    status = make_directories(c, dir, error);
    if (status == AMEND_OK)
    {
        status = create_files(&created, clean, error);
    }
    if (status == AMEND_OK)
    {
        *out = created;
    }
    return status;
}

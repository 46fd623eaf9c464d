/* SPDX-License-Identifier: MIT */
/*
 * Ten thousand files are read at each start, so the path from open to hash has no call that it can do without: no stat where
 * the directory's listing told the type, one buffer for all of them, and passes over the text that go by words or vectors.
 * Where a stat is needed anyway it also says how much room to make: a thousand texts may be held at once.
 */
#include "migration/source.h"

#include "base/error.h"
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum
{
    READ_SIZE = 64 * 1024,
};

static amend_status cannot_read(amend_error *error, const char *path, const char *why)
{
    amend_status status = error_set(error, AMEND_E_FILE_READ, "can't read \"%s\": %s", path, why);
    if (error != NULL)
    {
        error_copy(error->file, sizeof error->file, slice_of(path));
    }
    return status;
}

/* `room`: how much to make room for at first, a byte more than is expected, so that the end is seen without growing. */
static amend_status read_all(int fd, size_t room, const char *path, buf *out, amend_error *error)
{
    if (buf_reserve(out, room) == NULL)
    {
        return error_memory(error);
    }
    for (;;)
    {
        if (out->capacity - out->len <= 1 && buf_reserve(out, READ_SIZE) == NULL)
        {
            return error_memory(error);
        }
        ssize_t n = read(fd, out->data + out->len, out->capacity - out->len - 1);
        if (n == 0)
        {
            out->data[out->len] = '\0';
            return AMEND_OK;
        }
        if (n < 0 && errno != EINTR)
        {
            return cannot_read(error, path, strerror(errno));
        }
        out->len += n < 0 ? 0 : (size_t)n;
    }
}

/* Only regular files: a pipe would wait for its writer, a terminal for its user. */
static bool is_regular(int fd, size_t *size)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
    {
        return false;
    }
    *size = (size_t)info.st_size;
    return true;
}

amend_status source_read(int at, const char *name, bool regular, const char *path, buf *out, amend_error *error)
{
    buf_reset(out);
    int fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
    {
        return cannot_read(error, path, strerror(errno));
    }
    size_t size = READ_SIZE;
    amend_status status = regular || is_regular(fd, &size) ? read_all(fd, size + 1, path, out, error)
                                                           : cannot_read(error, path, "it is not a regular file");
    close(fd);
    return status;
}

static void drop_carriage_returns(buf *text)
{
    char *end = text->data + text->len;
    char *to = text->len == 0 ? NULL : memchr(text->data, '\r', text->len);
    if (to == NULL)
    {
        return;
    }
    const char *from = to;
    while (from < end)
    {
        if (from[0] == '\r' && from + 1 < end && from[1] == '\n')
        {
            from++;
        }
        const char *next = memchr(from + 1, '\r', (size_t)(end - from - 1));
        size_t n = (size_t)((next == NULL ? end : next) - from);
        memmove(to, from, n);
        to += n;
        from += n;
    }
    text->len = (size_t)(to - text->data);
    text->data[text->len] = '\0';
}

static amend_status check(const char *path, slice text, amend_error *error)
{
    size_t bad = 0;
    const char *nul = text.len == 0 ? NULL : memchr(text.data, '\0', text.len);
    if (!text_is_utf8(text, &bad))
    {
        unsigned byte = (unsigned char)text.data[bad];
        amend_status status = error_set(error, AMEND_E_FILE_UTF8, "\"%s\" is not UTF-8: byte 0x%02X", path, byte);
        error_at(error, path, text, bad);
        if (error != NULL)
        {
            text_mend(error->excerpt);
        }
        return status;
    }
    if (nul != NULL)
    {
        amend_status status = error_set(error, AMEND_E_FILE_UTF8, "\"%s\" is not text: it has a NUL byte", path);
        error_at(error, path, text, (size_t)(nul - text.data));
        error_hint(error, "Save the file as UTF-8; UTF-16, for one, is full of NUL bytes.");
        return status;
    }
    return AMEND_OK;
}

amend_status source_normalise(const char *path, buf *text, char checksum[CHECKSUM_HEX], amend_error *error)
{
    if (text->failed)
    {
        return error_memory(error);
    }
    if (slice_starts(buf_slice(text), SLICE("\xef\xbb\xbf")))
    {
        text->len -= 3;
        memmove(text->data, text->data + 3, text->len + 1);
    }
    drop_carriage_returns(text);
    slice whole = buf_slice(text);
    amend_status status = check(path, whole, error);
    if (status != AMEND_OK || checksum == NULL)
    {
        return status;
    }
    char hex[HASH_HEX];
    hash_hex(&whole, 1, hex);
    memcpy(checksum, hex, CHECKSUM_HEX - 1);
    checksum[CHECKSUM_HEX - 1] = '\0';
    return AMEND_OK;
}

/* SPDX-License-Identifier: MIT */
/*
 * git's repository layout (gitrepository-layout(5)): .git is a directory, or (a worktree, a submodule) a file that says where
 * it is; there HEAD holds a commit or the name of a ref; a ref is a file of its own or a line of packed-refs, which worktrees
 * share by way of "commondir". Whatever is not as expected means "unknown": the commit is a courtesy, never worth an error.
 */
#include "migration/git.h"

#include "base/buf.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum
{
    COMMIT_DIGITS = 40,
    LEVELS = 64, /* directories to look upward */
    HOPS = 5,    /* refs that name refs */
    LINE = 1024, /* the one-line files */
    PATH = PATH_MAX,
};

/* dir and name joined, a name from the root on by itself; false when it is too long. */
static bool join(char out[PATH], const char *dir, const char *name)
{
    int n = name[0] == '/' ? snprintf(out, PATH, "%s", name) : snprintf(out, PATH, "%s/%s", dir, name);
    return n >= 0 && n < PATH;
}

/* The first line of a small file, without white space at its end; false when there is none. */
static bool git_read_line(const char *dir, const char *name, char out[LINE])
{
    char path[PATH];
    int fd = join(path, dir, name) ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
    if (fd < 0)
    {
        return false;
    }
    ssize_t n = read(fd, out, LINE - 1);
    close(fd);
    size_t len = 0;
    while (n > 0 && len < (size_t)n && (unsigned char)out[len] >= ' ')
    {
        len++;
    }
    while (len > 0 && out[len - 1] == ' ')
    {
        len--;
    }
    out[len] = '\0';
    return len > 0;
}

static bool starts(const char *text, const char *prefix)
{
    return slice_starts(slice_of(text), slice_of(prefix));
}

static bool is_commit(const char *text, size_t len)
{
    size_t digits = 0;
    while (digits < len && text[digits] != '\0' && strchr("0123456789abcdef", text[digits]) != NULL)
    {
        digits++;
    }
    return digits == COMMIT_DIGITS && digits == len;
}

/* The repository of this very directory, and its HEAD. */
static bool open_repository(const char *dir, char git_dir[PATH], char head[LINE])
{
    char line[LINE];
    if (!join(git_dir, dir, ".git"))
    {
        return false;
    }
    if (git_read_line(git_dir, "HEAD", head))
    {
        return true;
    }
    if (errno != ENOTDIR || !git_read_line(dir, ".git", line) || !starts(line, "gitdir: "))
    {
        return false;
    }
    return join(git_dir, dir, line + 8) && git_read_line(git_dir, "HEAD", head);
}

static bool is_root(const char *dir)
{
    char up[PATH];
    struct stat here, above;
    return !join(up, dir, "..") || stat(dir, &here) != 0 || stat(up, &above) != 0 ||
           (here.st_dev == above.st_dev && here.st_ino == above.st_ino);
}

/* Going up by "/.." asks the file system, so that a symbolic link's own parent is the one that counts, as with git. */
static bool find_repository(const char *dir, char git_dir[PATH], char head[LINE])
{
    char at[PATH], up[PATH];
    if (dir[0] == '\0' || !join(at, ".", dir))
    {
        return false;
    }
    for (int i = 0; i < LEVELS; i++)
    {
        errno = 0;
        if (open_repository(at, git_dir, head))
        {
            return true;
        }
        if (is_root(at) || !join(up, at, ".."))
        {
            return false;
        }
        memcpy(at, up, sizeof at);
    }
    return false;
}

/* The file, of unknown length; false when it can't be read. */
static bool read_file(const char *dir, const char *name, buf *out)
{
    char path[PATH];
    int fd = join(path, dir, name) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
    {
        return false;
    }
    ssize_t n = 1;
    while (n > 0)
    {
        char *room = buf_reserve(out, 32 * 1024);
        n = room == NULL ? -1 : read(fd, room, 32 * 1024);
        out->len += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    return n == 0;
}

/* Lines "<commit> <ref>"; those with "#" and "^" tell other things. */
static bool find_packed(slice packed, const char *ref, char commit[LINE])
{
    while (packed.len > 0)
    {
        slice line = slice_token(&packed, '\n');
        if (line.len > COMMIT_DIGITS + 1 && line.data[COMMIT_DIGITS] == ' ' &&
            slice_equal(slice_trim(slice_sub(line, COMMIT_DIGITS + 1, line.len)), slice_of(ref)))
        {
            error_copy(commit, LINE, slice_sub(line, 0, COMMIT_DIGITS));
            return true;
        }
    }
    return false;
}

/* What the ref holds: a commit, or "ref: " and another ref. */
static bool read_ref(const char *git_dir, const char *common_dir, const char *ref, buf *packed, char out[LINE])
{
    if (!starts(ref, "refs/") || strstr(ref, "..") != NULL)
    {
        return false;
    }
    return git_read_line(git_dir, ref, out) || git_read_line(common_dir, ref, out) ||
           (read_file(common_dir, "packed-refs", packed) && find_packed(buf_slice(packed), ref, out));
}

amend_status git_commit(arena *a, const char *dir, const char **out, amend_error *error)
{
    char git_dir[PATH], common_dir[PATH], line[LINE], ref[LINE];
    *out = NULL;
    if (!find_repository(dir, git_dir, line))
    {
        return AMEND_OK;
    }
    if (!git_read_line(git_dir, "commondir", ref) || !join(common_dir, git_dir, ref))
    {
        memcpy(common_dir, git_dir, sizeof common_dir);
    }
    buf packed;
    buf_init(&packed, arena_allocator(a));
    bool known = true;
    for (int i = 0; known && i < HOPS && starts(line, "ref: "); i++)
    {
        error_copy(ref, sizeof ref, slice_of(line + 5));
        buf_reset(&packed);
        known = read_ref(git_dir, common_dir, ref, &packed, line);
    }
    bool failed = packed.failed;
    buf_clear(&packed);
    if (known && is_commit(line, strlen(line)))
    {
        *out = arena_string(a, line);
        failed = *out == NULL;
    }
    return failed ? error_memory(error) : AMEND_OK;
}

/* SPDX-License-Identifier: MIT */
/*
 * The floor of looking at a directory of migrations: openat, read and SHA-256 of every file, in a bare loop. With a database,
 * also the one query that a no-op needs.
 *
 *     floor_files DIR [SQLITE_DATABASE]
 */
#include <dirent.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static int hash_file(int dir, const char *name, uint8_t digest[SHA256_DIGEST_SIZE])
{
    static uint8_t text[1 << 20];
    int file = openat(dir, name, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return -1;
    struct sha256_ctx hash;
    sha256_init(&hash);
    ssize_t n;
    while ((n = read(file, text, sizeof text)) > 0)
        sha256_update(&hash, (size_t)n, text);
    close(file);
    sha256_digest(&hash, SHA256_DIGEST_SIZE, digest);
    return n < 0 ? -1 : 0;
}

static int hash_all(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return -1;
    int count = 0;
    unsigned sum = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
    {
        if (entry->d_name[0] == '.' || entry->d_type == DT_DIR)
            continue;
        uint8_t digest[SHA256_DIGEST_SIZE];
        if (hash_file(dirfd(dir), entry->d_name, digest) != 0)
        {
            closedir(dir);
            return -1;
        }
        sum += digest[0];
        count++;
    }
    closedir(dir);
    printf("%d files, %u\n", count, sum);
    return count;
}

static int read_history(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *query = NULL;
    size_t bytes = 0;
    int result = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_prepare_v2(db, "SELECT version, checksum FROM _migrations ORDER BY id", -1, &query, NULL);
    while (result == SQLITE_OK || result == SQLITE_ROW)
    {
        result = sqlite3_step(query);
        if (result == SQLITE_ROW)
            bytes += (size_t)(sqlite3_column_bytes(query, 0) + sqlite3_column_bytes(query, 1));
    }
    if (result != SQLITE_DONE)
        fprintf(stderr, "%s: %s\n", path, sqlite3_errmsg(db));
    sqlite3_finalize(query);
    sqlite3_close(db);
    printf("%zu bytes of history\n", bytes);
    return result == SQLITE_DONE ? 0 : -1;
}

int main(int argc, char **argv)
{
    if (argc < 2)
    {
        fputs("usage: floor_files DIR [DATABASE]\n", stderr);
        return 2;
    }
    if (hash_all(argv[1]) < 0)
    {
        perror(argv[1]);
        return 1;
    }
    return argc > 2 && read_history(argv[2]) != 0;
}

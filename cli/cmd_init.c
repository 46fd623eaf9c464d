/* SPDX-License-Identifier: MIT */
/* Makes a project's beginnings. What is there already is never touched. */
#include "fault.h"
#include "file.h"
#include "json.h"
#include "print.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char template[] =
    "# The settings of amend. A flag (--url) comes before an environment variable (AMEND_URL or DATABASE_URL),\n"
    "# that before the file .env, and that before this file. \"amend status --verbose\" lists each setting and its source.\n"
    "\n"
    "# The database: a SQLite file, or postgres://USER:PASSWORD@HOST/NAME. ${NAME} takes a variable of the environment.\n"
    "url = sqlite:app.db\n"
    "\n"
    "# Where the migrations are.\n"
    "dir = %s\n"
    "\n"
    "# How long a statement may wait for a lock, and how long to wait for another runner.\n"
    "# lock-timeout = 5s\n"
    "# lock-wait = 5min\n"
    "# connect-timeout = 30s\n"
    "\n"
    "# A section per environment: \"amend up --env production\", or AMEND_ENV=production.\n"
    "# [production]\n"
    "# url = postgres://app:${APP_PASSWORD}@db.example.com/app\n";

typedef struct made
{
    const char *path;
    bool now; /* false: it was there */
} made;

static amend_status init_refused(amend_error *error, const char *path)
{
    return fault_set(error, AMEND_E_FILE_CREATE, "can't make \"%s\": %s", path, strerror(errno));
}

static amend_status make_config(cli *c, const char *path, const char *dir, bool *now, amend_error *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    *now = fd >= 0;
    if (fd < 0)
    {
        return errno == EEXIST ? AMEND_OK : init_refused(error, path);
    }
    const char *text = pool_format(&c->pool, template, dir);
    size_t length = strlen(text);
    bool failed = write(fd, text, length) != (ssize_t)length;
    if (close(fd) != 0 || failed)
    {
        amend_status status = init_refused(error, path);
        unlink(path);
        return status;
    }
    return AMEND_OK;
}

/* Does the directory hold anything? Then its layout is chosen, and versions/ in it might be the wrong one. */
static bool is_used(const char *dir)
{
    DIR *stream = opendir(dir);
    bool used = false;
    const struct dirent *entry;
    while (stream != NULL && !used && (entry = readdir(stream)) != NULL)
    {
        used = entry->d_name[0] != '.';
    }
    if (stream != NULL)
    {
        closedir(stream);
    }
    return used;
}

static amend_status make_directories(cli *c, const char *dir, made *out, size_t *count, amend_error *error)
{
    static const char *const parts[] = {"versions", "down"};
    if (is_used(dir))
    {
        out[(*count)++] = (made){pool_format(&c->pool, "%s/", dir), false};
        return AMEND_OK;
    }
    for (size_t i = 0; i < 2; i++)
    {
        bool now = false;
        const char *path = pool_format(&c->pool, "%s/%s", dir, parts[i]);
        if (!file_make_directories(&c->pool, path, &now))
        {
            return init_refused(error, path);
        }
        out[(*count)++] = (made){pool_format(&c->pool, "%s/", path), now};
    }
    return AMEND_OK;
}

static void init_print_json(const made *all, size_t count)
{
    json_t *object = json_object(), *created = json_array(), *kept = json_array();
    for (size_t i = 0; i < count; i++)
    {
        json_array_append_new(all[i].now ? created : kept, json_words(all[i].path));
    }
    json_add(object, "command", "init");
    json_object_set_new(object, "created", created);
    json_object_set_new(object, "kept", kept);
    json_print(object);
}

amend_status cmd_init(cli *c, amend_error *error)
{
    made all[3] = {{"amend.ini", false}};
    size_t count = 1;
    const char *dir = c->settings.items[SETTING_DIR].value;
    amend_status status = make_config(c, all[0].path, dir, &all[0].now, error);
    if (status == AMEND_OK)
    {
        status = make_directories(c, dir, all, &count, error);
    }
    if (status != AMEND_OK)
    {
        return status;
    }
    if (c->json)
    {
        init_print_json(all, count);
    }
    for (size_t i = 0; i < count; i++)
    {
        print_line(c, STYLE_PLAIN, all[i].now ? "made %s" : "%s is there already: left as it is", all[i].path);
    }
    print_line(c, STYLE_BOLD, "next: amend new NAME, then amend up");
    return AMEND_OK;
}

/* SPDX-License-Identifier: MIT */
/*
 * A program that carries its migrations in itself and brings its database up to date before it serves.
 *
 *     embed sqlite:cards.db
 *
 * `migrations` is made from ../cards/migrations by `amend embed`; see meson.build, and README.md for doing it by hand.
 */
#include <amend.h>
#include <stdio.h>

extern const amend_file migrations[];
extern const size_t migrations_count;

static void tell(void *arg, const amend_event *event)
{
    fprintf(arg, "%s %s\n", event->type_name, event->version != NULL ? event->version : "");
}

int main(int argc, char **argv)
{
    amend_options options = AMEND_OPTIONS_INIT;
    options.url = argc > 1 ? argv[1] : "sqlite:cards.db";
    options.application = "embed";
    options.files = migrations;
    options.file_count = migrations_count;
    options.on_event = tell;
    options.on_event_arg = stdout;

    amend *handle = NULL;
    amend_error error = {0};
    amend_status status = amend_open(&options, &handle, &error);
    if (status == AMEND_OK)
    {
        status = amend_up(handle, NULL, NULL, &error);
    }
    if (status != AMEND_OK)
    {
        fprintf(stderr, "%s:%u: %s\n%s\n", error.file, error.line, error.message, error.hint);
    }
    amend_close(handle);
    return (int)status;
}

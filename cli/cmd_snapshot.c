/* SPDX-License-Identifier: MIT */
/* The live schema, as a text that a file can keep. */
#include "draft.h"
#include "json.h"
#include "origin.h"
#include "print.h"

static void snapshot_write(FILE *out, const cli *c, const amend_snapshot *s)
{
    fprintf(out,
            "# The schema of a database, one object a line: made by \"amend snapshot\", compared by \"amend diff\".\n"
            "# database: %s\n# dialect: %s\n# fingerprint: %s\n# objects: %zu\n# amend: %s\n",
            amend_database(c->handle), s->dialect, s->fingerprint, s->count, amend_version());
    fwrite(s->text, 1, s->length, out);
}

static amend_status snapshot_write_file(cli *c, const amend_snapshot *s, amend_error *error)
{
    draft d;
    amend_status status = draft_begin(&c->pool, c->args.values[OPTION_OUTPUT], &d, error);
    if (status == AMEND_OK)
    {
        snapshot_write(d.file, c, s);
        status = draft_end(&d, AMEND_OK, error);
    }
    return status;
}

static json_t *facts_json(const amend_snapshot *s)
{
    json_t *out = json_array();
    for (size_t i = 0; i < s->count; i++)
    {
        json_t *row = json_object();
        json_add(row, "object", s->facts[i].object);
        json_add(row, "definition", s->facts[i].definition);
        json_array_append_new(out, row);
    }
    return out;
}

static void snapshot_print_json(const cli *c, const amend_snapshot *s)
{
    const char *path = c->args.values[OPTION_OUTPUT];
    json_t *out = json_object();
    json_add(out, "command", "snapshot");
    json_add(out, "database", amend_database(c->handle));
    json_add(out, "dialect", s->dialect);
    json_add(out, "fingerprint", s->fingerprint);
    json_add_number(out, "count", (int64_t)s->count);
    json_add(out, "output", path);
    if (path == NULL)
    {
        json_object_set_new(out, "objects", facts_json(s));
    }
    json_print(out);
}

amend_status cmd_snapshot(cli *c, amend_error *error)
{
    amend_snapshot *s = NULL;
    const char *path = c->args.values[OPTION_OUTPUT];
    amend_status status = cli_open(c, error);
    if (status == AMEND_OK)
    {
        status = amend_snapshot_take(c->handle, &s, error);
        origin_tell_empty(c, s);
    }
    progress_clear(&c->progress);
    if (status == AMEND_OK && path != NULL)
    {
        status = snapshot_write_file(c, s, error);
    }
    if (status == AMEND_OK && c->json)
    {
        snapshot_print_json(c, s);
    }
    else if (status == AMEND_OK && path == NULL)
    {
        snapshot_write(stdout, c, s); /* also with --quiet: it is what was asked for */
    }
    else if (status == AMEND_OK)
    {
        print_line(c, STYLE_PLAIN, "%s written to %s", print_count(&c->pool, s->count, "object"), path);
    }
    amend_snapshot_free(s);
    return status;
}

/* SPDX-License-Identifier: MIT */
#include "answer.h"
#include "id.h"
#include "input.h"
#include "service.h"

typedef struct new_workspace
{
    char id[ID_SIZE], owner[ID_SIZE];
    const char *slug, *name, *email, *person;
} new_workspace;

static db_status workspaces_insert(db *d, void *arg)
{
    const new_workspace *w = arg;
    const char *workspace[] = {w->id, w->slug, w->name};
    const char *owner[] = {w->owner, w->id, w->email, w->person};
    db_status status = db_query(d, "INSERT INTO workspaces (id, slug, name) VALUES ($1, $2, $3)", workspace, 3, NULL, NULL);
    return status != DB_OK
               ? status
               : db_query(d, "INSERT INTO users (id, workspace_id, email, name, role) VALUES ($1, $2, $3, $4, 'owner')", owner,
                          4, NULL, NULL);
}

/* POST /workspaces: a workspace and its owner, both or none. */
void workspaces_create(amend_http_request *request, db *d, const char *id)
{
    (void)id;
    static const input_field FIELDS[] = {{"slug", INPUT_TEXT, true, 2, 63},
                                         {"name", INPUT_TEXT, true, 1, 200},
                                         {"owner_email", INPUT_TEXT, true, 3, 200},
                                         {"owner_name", INPUT_TEXT, true, 1, 200}};
    const char *values[4];
    json_t *input = input_read(request, FIELDS, 4, values, NULL);
    if (input == NULL)
    {
        return;
    }
    new_workspace w = {.slug = values[0], .name = values[1], .email = values[2], .person = values[3]};
    if (!id_make(w.id) || !id_make(w.owner))
    {
        answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "no random bytes");
    }
    else
    {
        db_status status = db_transaction(d, workspaces_insert, &w);
        if (status == DB_OK)
        {
            answer_json(request, MHD_HTTP_CREATED, json_pack("{s:s, s:s}", "id", w.id, "owner_id", w.owner));
        }
        else
        {
            answer_db(request, d, status);
        }
    }
    json_decref(input);
}

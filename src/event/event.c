/* SPDX-License-Identifier: MIT */
#include "event/event.h"

#include "base/clock.h"
#include "base/error.h"

static const struct
{
    const char *text;
    bool audited;
} types[] = {
#define AMEND_EVENT(name, text, audited) {text, audited},
#include "amend/events.def"
#undef AMEND_EVENT
};

const char *event_type_text(amend_event_type type)
{
    return (unsigned)type < AMEND_EVENT_TYPES ? types[type].text : NULL;
}

bool event_is_audited(amend_event_type type)
{
    return (unsigned)type < AMEND_EVENT_TYPES && types[type].audited;
}

amend_event_type event_type_of(const char *text)
{
    unsigned i = 0;
    while (i < AMEND_EVENT_TYPES && strcmp(types[i].text, text) != 0)
    {
        i++;
    }
    return (amend_event_type)i;
}

void event_hash(const event_row *row, char out[HASH_HEX])
{
    const char *fields[] = {row->prev_hash, row->id,    row->at,   row->type,        row->version,
                            row->checksum,  row->actor, row->host, row->application, row->detail};
    enum
    {
        COUNT = sizeof fields / sizeof fields[0]
    };
    slice parts[2 * COUNT];
    for (size_t i = 0; i < COUNT; i++)
    {
        parts[2 * i] = slice_of(fields[i] == NULL ? "" : fields[i]);
        parts[2 * i + 1] = SLICE("\x1f");
    }
    hash_hex(parts, 2 * COUNT - 1, out);
}

void event_make(trail *t, amend_event_type type, const char *version, const char *checksum, const char *detail,
                event_record *out)
{
    memset(out, 0, sizeof *out);
    uuid_next(t->last_id[0] == '\0' ? NULL : t->last_id, out->id);
    memcpy(t->last_id, out->id, sizeof out->id);
    out->row = (event_row){.id = out->id,
                           .type = event_type_text(type),
                           .version = version,
                           .checksum = checksum,
                           .actor = t->actor,
                           .host = t->host,
                           .application = t->application,
                           .detail = detail};
    if (t->server_hash)
    {
        return;
    }
    clock_format(clock_now_us(), 6, out->at);
    out->row.at = out->at;
    if (t->last_hash[0] != '\0')
    {
        memcpy(out->prev_hash, t->last_hash, sizeof out->prev_hash);
        out->row.prev_hash = out->prev_hash;
    }
    event_hash(&out->row, out->hash);
    out->row.hash = out->hash;
    memcpy(t->last_hash, out->hash, sizeof t->last_hash);
}

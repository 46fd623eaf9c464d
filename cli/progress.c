/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include "duration.h"
#include "width.h"

enum
{
    PATIENCE_MS = 1000, /* what is faster needs no progress */
    EVERY_MS = 10000,
};

void progress_init(progress *p, FILE *out, const look *l)
{
    *p = (progress){.out = out, .look = *l, .next_ms = PATIENCE_MS};
}

/* Tenths are enough for what is still going on. */
static void print_elapsed(int64_t ms, char out[DURATION_TEXT])
{
    if (ms < 60000)
    {
        snprintf(out, DURATION_TEXT, "%d.%d s", (int)(ms / 1000), (int)(ms % 1000 / 100));
    }
    else
    {
        duration_print(ms, out);
    }
}

const char *progress_text(pool *memory, const amend_event *event)
{
    char elapsed[DURATION_TEXT];
    print_elapsed(event->elapsed_ms, elapsed);
    if (event->type != AMEND_EVENT_MIGRATION_PROGRESS)
    {
        const char *message = event->message == NULL ? event->type_name : event->message;
        return pool_format(memory, "%s (%s so far)", width_clean(memory, message), elapsed);
    }
    const char *text = pool_format(memory, "%s %s:", event->version == NULL ? "" : event->version,
                                   event->name == NULL ? "" : width_clean(memory, event->name));
    if (event->statement > 0 && event->statements > 0)
    {
        text = pool_format(memory, "%s statement %u of %u,", text, event->statement, event->statements);
    }
    else if (event->statement > 0)
    {
        text = pool_format(memory, "%s statement %u,", text, event->statement);
    }
    else
    {
        /* Its script is not even read: what takes so long is a lock, or the answer to the BEGIN. */
        text = pool_format(memory, "%s waiting to begin,", text);
    }
    text = pool_format(memory, "%s %s", text, elapsed);
    return event->steps < 2 ? text : pool_format(memory, "%s (migration %u of %u)", text, event->step, event->steps);
}

void progress_show(progress *p, pool *memory, const amend_event *event)
{
    if (p->out == NULL)
    {
        return;
    }
    if (event->elapsed_ms < p->last_ms)
    {
        p->next_ms = PATIENCE_MS;
    }
    p->last_ms = event->elapsed_ms;
    if (p->look.terminal && event->elapsed_ms >= PATIENCE_MS)
    {
        const char *text = width_cut(memory, progress_text(memory, event), p->look.width - 1);
        fprintf(p->out, "\r\x1b[K%s", text);
        fflush(p->out);
        p->drawn = true;
    }
    else if (!p->look.terminal && event->elapsed_ms >= p->next_ms)
    {
        fprintf(p->out, "%s\n", progress_text(memory, event));
        p->next_ms = event->elapsed_ms + EVERY_MS;
    }
}

void progress_clear(progress *p)
{
    if (p->drawn)
    {
        fputs("\r\x1b[K", p->out);
        fflush(p->out);
        p->drawn = false;
    }
}

/* SPDX-License-Identifier: MIT */
#include "engine/segment.h"

#include "base/error.h"

static const unsigned CONTROL = STMT_BEGIN | STMT_COMMIT | STMT_CONTROL;

/* An absorbed statement stays in the list, so that statement numbers are the file's, but no segment has it. */
static const unsigned ABSORBED = 1u << 31;

/* A statement of the segment that is run before our own first query, not in its place. */
static const unsigned LEADING = 1u << 30;

/* What it would make is there. */
static const unsigned SKIPPED = 1u << 29;

/* `BEGIN; … COMMIT;` around everything but settings: both become ours. */
static void absorb(script *s)
{
    size_t first = 0, last = s->count;
    while (first < s->count && (s->stmts[first].flags & STMT_SETTING) != 0)
    {
        first++;
    }
    while (last > first && (s->stmts[last - 1].flags & STMT_SETTING) != 0)
    {
        last--;
    }
    if (last - first >= 2 && (s->stmts[first].flags & STMT_BEGIN) != 0 && (s->stmts[last - 1].flags & STMT_COMMIT) != 0)
    {
        s->stmts[first].flags |= ABSORBED;
        s->stmts[last - 1].flags |= ABSORBED;
    }
}

static amend_status segment_refuse(const char *file, const script *s, size_t i, amend_error *error)
{
    slice text = slice_sub(s->text, s->stmts[i].start, s->stmts[i].end);
    slice word = slice_token(&text, '\n');
    int shown = word.len > 60 ? 60 : (int)word.len;
    error_set(error, AMEND_E_TX_CONTROL, "transaction control inside a migration: \"%.*s\"", shown, word.data);
    error_at(error, file, s->text, s->stmts[i].start);
    if (error != NULL)
    {
        error->statement = (unsigned)i + 1;
    }
    return AMEND_FAILED;
}

/* Where the transaction that begins at statement i ends (its COMMIT, or ROLLBACK); SIZE_MAX when it doesn't. */
static size_t find_end(const script *s, size_t i)
{
    for (size_t k = i + 1; k < s->count; k++)
    {
        if ((s->stmts[k].flags & STMT_COMMIT) != 0)
        {
            return k;
        }
        if ((s->stmts[k].flags & CONTROL) != 0)
        {
            return SIZE_MAX;
        }
    }
    return SIZE_MAX;
}

/* What says how the transaction runs is too late behind our own first query. Only settings may stand before it. */
static void lead(script *s, segment *g)
{
    const unsigned both = STMT_BEGIN | STMT_TX_MODE;
    bool behind = g->first > 0 && (s->stmts[g->first - 1].flags & both) == both;
    for (size_t i = g->first - behind; i < g->last && (s->stmts[i].flags & (CONTROL | STMT_SETTING)) != 0; i++)
    {
        if ((s->stmts[i].flags & both) == both)
        {
            g->begin = i;
        }
        else if ((s->stmts[i].flags & STMT_TX_MODE) != 0 && g->last - g->first > 1)
        {
            s->stmts[i].flags |= LEADING;
        }
    }
}

static void segment_add(outline *o, size_t first, size_t last, bool bare)
{
    segment *g = &o->segments[o->count++];
    *g = (segment){.first = first, .last = last, .begin = SIZE_MAX, .bare = bare};
    o->statements += last - first;
    if (!bare)
    {
        lead(&o->script, g);
    }
}

/* "transaction off": each statement by itself, but what stands between BEGIN and COMMIT stays together. */
static amend_status cut_off(const char *file, outline *o, amend_error *error)
{
    script *s = &o->script;
    for (size_t i = 0; i < s->count; i++)
    {
        if ((s->stmts[i].flags & CONTROL) == 0)
        {
            segment_add(o, i, i + 1, true);
            continue;
        }
        size_t end = (s->stmts[i].flags & STMT_BEGIN) != 0 ? find_end(s, i) : SIZE_MAX;
        if (end == SIZE_MAX)
        {
            amend_status status = segment_refuse(file, s, i, error);
            error_hint(error, "Take the statement out: outside amend's transaction, too, every BEGIN needs its COMMIT.");
            return status;
        }
        if (end > i + 1)
        {
            segment_add(o, i + 1, end, false);
        }
        i = end;
    }
    o->mode = AMEND_MODE_STATEMENTS;
    return AMEND_OK;
}

static amend_status cut(const char *file, outline *o, amend_error *error)
{
    script *s = &o->script;
    absorb(s);
    bool mixed = (s->flags & SCRIPT_NO_TX) != 0;
    o->mode = mixed ? AMEND_MODE_STATEMENTS : AMEND_MODE_TRANSACTION;
    size_t first = SIZE_MAX; /* of the open segment */
    for (size_t i = 0; i < s->count; i++)
    {
        unsigned flags = s->stmts[i].flags;
        bool absorbed = (flags & ABSORBED) != 0, bare = (flags & STMT_NO_TX) != 0;
        if (!absorbed && (flags & CONTROL) != 0)
        {
            return segment_refuse(file, s, i, error);
        }
        if (!absorbed && !bare)
        {
            first = first == SIZE_MAX ? i : first;
            continue;
        }
        /* An absorbed statement ends a segment only in a mixed script; else the transaction is one all the same. */
        if (first != SIZE_MAX && mixed)
        {
            segment_add(o, first, i, false);
            first = SIZE_MAX;
        }
        if (bare)
        {
            segment_add(o, i, i + 1, true);
        }
    }
    if (first != SIZE_MAX)
    {
        segment_add(o, first, s->count, false);
    }
    for (size_t i = 0; i < s->count && !mixed; i++)
    {
        o->statements -= first != SIZE_MAX && i >= first && (s->stmts[i].flags & ABSORBED) != 0;
    }
    return AMEND_OK;
}

amend_status outline_make(arena *a, const dialect *d, const char *file, slice text, const directives *head, outline *out,
                          amend_error *error)
{
    *out = (outline){0};
    amend_status status = d->split(a, text, &out->script, error);
    if (status != AMEND_OK)
    {
        if (error != NULL && error->line != 0)
        {
            error_copy(error->file, sizeof error->file, slice_of(file));
        }
        return status;
    }
    out->segments = arena_array(a, out->script.count + 1, sizeof(segment));
    if (out->segments == NULL)
    {
        return error_memory(error);
    }
    return head->transaction_off ? cut_off(file, out, error) : cut(file, out, error);
}

void outline_skip(outline *o, size_t i)
{
    o->script.stmts[i].flags |= SKIPPED;
}

bool outline_leads(const outline *o, size_t i)
{
    return (o->script.stmts[i].flags & LEADING) != 0;
}

size_t outline_pieces(const outline *o, size_t first, size_t last, amend_piece *pieces, amend_copy *copies)
{
    const script *s = &o->script;
    const unsigned out = SKIPPED | (last - first == 1 ? 0 : ABSORBED | LEADING);
    size_t count = 0, copied = 0;
    amend_piece piece = {0};
    for (size_t i = first; i < last; i++)
    {
        const stmt *t = &s->stmts[i];
        if ((t->flags & out) != 0)
        {
            continue;
        }
        if (piece.statements == 0)
        {
            piece = (amend_piece){.text = s->text.data + t->start, .copies = copies == NULL ? NULL : copies + copied};
        }
        piece.length = (size_t)(s->text.data + t->end - piece.text);
        piece.statements++;
        if ((t->flags & STMT_COPY) != 0)
        {
            if (copies != NULL)
            {
                copies[copied] = (amend_copy){s->text.data + t->copy_start, t->copy_end - t->copy_start};
            }
            copied++;
            piece.copy_count++;
        }
        bool gap = i + 1 == last || (t->flags & STMT_COPY) != 0 || (s->stmts[i + 1].flags & out) != 0;
        if (gap)
        {
            if (pieces != NULL)
            {
                pieces[count] = piece;
            }
            count++;
            piece = (amend_piece){0};
        }
    }
    return count;
}

size_t outline_statement_at(const outline *o, size_t offset)
{
    size_t i = 0;
    while (i + 1 < o->script.count && o->script.stmts[i + 1].start <= offset)
    {
        i++;
    }
    return i;
}

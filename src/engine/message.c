/* SPDX-License-Identifier: MIT */
#include "engine/message.h"

void message_init(message *m, arena *a)
{
    *m = (message){.arena = a};
    buf_init(&m->text, arena_allocator(a));
}

void message_clear(message *m)
{
    buf_clear(&m->text);
    *m = (message){.arena = m->arena};
}

static void message_add(message *m, amend_piece piece, part part)
{
    amend_piece *pieces = m->failed ? NULL : arena_grow(m->arena, m->pieces, m->count, sizeof *pieces);
    struct part *parts = pieces == NULL ? NULL : arena_grow(m->arena, m->parts, m->count, sizeof *parts);
    if (parts == NULL)
    {
        m->failed = true;
        return;
    }
    m->pieces = pieces;
    m->parts = parts;
    m->pieces[m->count] = piece;
    m->parts[m->count++] = part;
}

void message_own(message *m, part_kind kind, size_t step, unsigned statements)
{
    size_t start = m->open;
    m->open = m->text.len;
    if (statements > 0)
    {
        message_add(m, (amend_piece){.length = m->text.len - start, .statements = statements},
                    (part){.kind = kind, .step = step, .own = start});
    }
}

unsigned message_statements(const char *words)
{
    unsigned count = 0;
    for (; *words != '\0'; words++)
    {
        count += *words == ';';
    }
    return count;
}

void message_words(message *m, part_kind kind, size_t step, const char *words)
{
    if (words == NULL || words[0] == '\0')
    {
        return;
    }
    buf_text(&m->text, words);
    if (words[strlen(words) - 1] != '\n')
    {
        buf_char(&m->text, '\n');
    }
    message_own(m, kind, step, message_statements(words));
}

void message_script(message *m, size_t step, const outline *o, size_t first, size_t last)
{
    size_t room = last - first;
    amend_piece *pieces = arena_array(m->arena, room, sizeof *pieces);
    amend_copy *copies = arena_array(m->arena, room, sizeof *copies);
    if (pieces == NULL || copies == NULL)
    {
        m->failed = true;
        return;
    }
    size_t count = outline_pieces(o, first, last, pieces, copies);
    for (size_t i = 0; i < count; i++)
    {
        size_t at = outline_statement_at(o, (size_t)(pieces[i].text - o->script.text.data));
        message_add(m, pieces[i], (part){.kind = PART_SCRIPT, .step = step, .own = SIZE_MAX, .first = at});
    }
}

bool message_ready(message *m)
{
    m->failed |= m->text.failed;
    for (size_t i = 0; i < m->count && !m->failed; i++)
    {
        if (m->parts[i].own != SIZE_MAX)
        {
            m->pieces[i].text = m->text.data + m->parts[i].own;
        }
    }
    return !m->failed;
}

static void end_line(buf *out)
{
    if (out->len > 0 && out->data[out->len - 1] != '\n')
    {
        buf_char(out, '\n');
    }
}

static void print_script(const amend_piece *piece, buf *out)
{
    slice text = slice_trim((slice){piece->text, piece->length});
    buf_add(out, text);
    if (!slice_ends(text, SLICE(";")))
    {
        buf_text(out, "\n;"); /* the text may end in a comment */
    }
    buf_char(out, '\n');
    if (piece->copy_count > 0)
    {
        buf_add(out, (slice){piece->copies[0].data, piece->copies[0].length});
        end_line(out);
        buf_text(out, "\\.\n");
    }
}

void message_print(const message *m, buf *out)
{
    for (size_t i = 0; i < m->count; i++)
    {
        if (m->parts[i].own == SIZE_MAX)
        {
            print_script(&m->pieces[i], out);
        }
        else
        {
            buf_add(out, (slice){m->pieces[i].text, m->pieces[i].length});
        }
    }
}

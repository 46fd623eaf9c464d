/* SPDX-License-Identifier: MIT */
/*
 * inih takes lines of a fixed length (a constant of its build, 200 as a rule) and gives no line numbers. Both are mended by the
 * reader here. It hands out what matters of a line: without blanks before it, which inih would take for the continuation of
 * the value above, and without the comment behind it. A line that is too long goes out in pieces, those behind the first with
 * a blank before them, so that inih does take them for a continuation. A ";" that is left is part of a value: it travels as
 * another byte, since inih sees a comment in it even within quotes.
 */
#include "inifile.h"

#include "fault.h"

#include <ini.h>

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum
{
    SEMICOLON = '\x01',
};

typedef struct parse
{
    pool *pool;
    inifile *out;
    amend_error *error;
    const char *at;   /* the next line */
    const char *rest; /* what is still to be handed out of the current one */
    size_t rest_length;
    bool continuing; /* what was handed out last was not a line's first piece */
    unsigned line;   /* the current line */
    unsigned *lines; /* the line of each piece */
    size_t pieces;
    amend_status status;
} parse;

/* How much of a line, `length` long, stands before the comment at its end. What is in double quotes is no comment. */
static size_t before_comment(const char *line, size_t length)
{
    size_t i = 0;
    if (length > 0 && (line[0] == '#' || line[0] == ';'))
    {
        return 0;
    }
    while (i < length && line[i] != '=')
    {
        i++;
    }
    size_t value = i < length ? i + 1 + strspn(line + i + 1, " \t") : length;
    if (value < length && line[value] == '"')
    {
        const char *end = memchr(line + value + 1, '"', length - value - 1);
        i = end == NULL ? i : (size_t)(end - line);
    }
    else
    {
        i = 0;
    }
    for (; i < length; i++)
    {
        if ((line[i] == '#' || line[i] == ';') && (i == 0 || isspace((unsigned char)line[i - 1])))
        {
            return i;
        }
    }
    return length;
}

static void next_line(parse *p)
{
    size_t length = strcspn(p->at, "\n"), blank = strspn(p->at, " \t\r");
    blank = blank < length ? blank : length;
    p->line++;
    p->rest = p->at + blank;
    p->rest_length = before_comment(p->rest, length - blank);
    while (p->rest_length > 0 && isspace((unsigned char)p->rest[p->rest_length - 1]))
    {
        p->rest_length--;
    }
    p->at += length + (p->at[length] == '\n');
}

static void inifile_replace(char *text, char from, char to)
{
    for (; *text != '\0'; text++)
    {
        *text = *text == from ? to : *text;
    }
}

/* inih strips blanks at a piece's ends, and takes some characters at its beginning for something else. */
static bool may_cut(const char *at)
{
    return !isspace((unsigned char)at[-1]) && !isspace((unsigned char)at[0]) && strchr("#[", at[0]) == NULL;
}

/* fgets for ini_parse_stream. */
static char *hand_out(char *piece, int size, void *arg)
{
    parse *p = arg;
    size_t used = 0;
    p->continuing = p->rest_length > 0;
    if (p->continuing)
    {
        piece[used++] = ' ';
    }
    else if (*p->at == '\0' || p->status != AMEND_OK)
    {
        return NULL;
    }
    else
    {
        next_line(p);
    }
    size_t room = (size_t)size - 1 - used, part = p->rest_length;
    if (part > room)
    {
        part = room;
        while (part > 1 && !may_cut(p->rest + part))
        {
            part--;
        }
    }
    memcpy(piece + used, p->rest, part);
    piece[used + part] = '\0';
    inifile_replace(piece, ';', SEMICOLON);
    p->rest += part;
    p->rest_length -= part;
    p->lines = pool_grow(p->pool, p->lines, p->pieces, sizeof *p->lines);
    p->lines[p->pieces++] = p->line;
    return piece;
}

static void inifile_wrong(parse *p, const char *what)
{
    if (p->status == AMEND_OK)
    {
        p->status = fault_set(p->error, AMEND_E_SETTINGS, "%s", what);
        fault_at(p->error, p->out->path, p->line);
        fault_hint(p->error, "A line is \"key = value\", \"[section]\", or a comment that begins with \"#\".");
    }
}

static const char *add_section(parse *p, const char *name)
{
    inifile *out = p->out;
    for (size_t i = 0; i < out->section_count; i++)
    {
        if (strcmp(out->sections[i], name) == 0)
        {
            return out->sections[i];
        }
    }
    out->sections = pool_grow(p->pool, out->sections, out->section_count, sizeof *out->sections);
    return out->sections[out->section_count++] = pool_text(p->pool, name);
}

static void add_entry(parse *p, const char *section, const char *name, const char *value)
{
    inifile *out = p->out;
    char *key = pool_text(p->pool, name);
    for (char *c = key; *c != '\0'; c++)
    {
        *c = *c == '_' ? '-' : *c;
    }
    const inifile_entry *before = inifile_find(out, section, key);
    if (before != NULL)
    {
        inifile_wrong(p, pool_format(p->pool, "\"%s\" is set twice, first in line %u", name, before->line));
        return;
    }
    out->entries = pool_grow(p->pool, out->entries, out->count, sizeof *out->entries);
    out->entries[out->count++] =
        (inifile_entry){*section == '\0' ? "" : add_section(p, section), key, pool_text(p->pool, value), p->line};
}

/* inih's handler: 1 is success. */
static int on_key(void *arg, const char *section, const char *name, const char *value)
{
    parse *p = arg;
    inifile *out = p->out;
    if (name == NULL || value == NULL)
    {
        return 1;
    }
    if (p->continuing && out->count > 0)
    {
        inifile_entry *last = &out->entries[out->count - 1];
        last->value = pool_format(p->pool, "%s%s", last->value, value);
    }
    else
    {
        add_entry(p, section, name, value);
    }
    return 1;
}

/* As it was written, without the quotes around it. */
static const char *inifile_bare(pool *p, const char *value)
{
    size_t length = strlen(value);
    bool in_quotes = length >= 2 && value[0] == '"' && value[length - 1] == '"';
    char *copy = in_quotes ? pool_copy(p, value + 1, length - 2) : pool_copy(p, value, length);
    inifile_replace(copy, SEMICOLON, ';');
    return copy;
}

/* inih tells of a section only with its first key: look for the names of those without one. */
static void find_sections(parse *p, const char *text)
{
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
    {
        const char *name = line + strspn(line, " \t"), *end = strpbrk(name, "]\n");
        if (*name == '[' && end != NULL && *end == ']')
        {
            add_section(p, pool_copy(p->pool, name + 1, (size_t)(end - name - 1)));
        }
    }
}

amend_status inifile_parse(pool *p, const char *path, const char *text, inifile *out, amend_error *error)
{
    *out = (inifile){.path = path};
    parse state = {.pool = p, .out = out, .error = error, .at = text};
    find_sections(&state, text);
    int failed = ini_parse_stream(hand_out, &state, on_key, &state);
    if (failed > 0 && state.status == AMEND_OK)
    {
        state.line = state.lines[failed - 1];
        inifile_wrong(&state, "this line can't be understood");
    }
    for (size_t i = 0; i < out->count; i++)
    {
        out->entries[i].value = inifile_bare(p, out->entries[i].value);
    }
    return state.status;
}

const inifile_entry *inifile_find(const inifile *file, const char *section, const char *key)
{
    for (size_t i = 0; i < file->count; i++)
    {
        if (strcmp(file->entries[i].section, section) == 0 && strcmp(file->entries[i].key, key) == 0)
        {
            return &file->entries[i];
        }
    }
    return NULL;
}

/* SPDX-License-Identifier: MIT */
#include "pasted.h"

#include "width.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct pasted_reader
{
    pool *pool;
    char **lines;
    size_t count, at; /* at: the line with the message */
    pasted out;
    bool shell; /* a prefix of the sqlite3 shell was taken off */
} pasted_reader;

/* ------------------------------------------------------------------------------------------------------------- matching */

/* How long the text's beginning is that fits the pattern, in which "#" stands for digits; 0: it doesn't fit. */
static size_t pasted_fits(const char *text, const char *pattern)
{
    const char *at = text;
    for (; *pattern != '\0'; pattern++)
    {
        if (*pattern != '#')
        {
            if (*at++ != *pattern)
            {
                return 0;
            }
            continue;
        }
        size_t digits = strspn(at, "0123456789");
        if (digits == 0)
        {
            return 0;
        }
        at += digits;
    }
    return (size_t)(at - text);
}

static bool pasted_ends_word(const char *word, size_t length, const char *end)
{
    size_t n = strlen(end);
    return length >= n && strncasecmp(word + length - n, end, n) == 0;
}

/* "sqlite3.OperationalError: ", "(psycopg2.errors.UndefinedTable) ", "error AM0210: ", "PG::UndefinedTable: ". */
static size_t pasted_exception(const char *text)
{
    bool bracket = *text == '(';
    const char *word = text + bracket;
    size_t length = 0;
    while (isalnum((unsigned char)word[length]) || word[length] == '.' || word[length] == '_' ||
           (word[length] == ':' && word[length + 1] == ':') || (word[length] == ':' && length > 0 && word[length - 1] == ':'))
    {
        length++;
    }
    bool known = pasted_ends_word(word, length, "error") || pasted_ends_word(word, length, "exception") ||
                 memmem(word, length, "Undefined", 9) != NULL;
    const char *end = bracket ? ") " : ": ";
    return known && strncmp(word + length, end, 2) == 0 ? (size_t)bracket + length + 2 : 0;
}

/* Five characters with a digit among them, that don't go on behind. */
static bool pasted_is_state(const char *text)
{
    size_t length = strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"), digit = strcspn(text, "0123456789");
    return length == 5 && digit < 5 && strncmp(text, "HY", 2) != 0; /* HY000 is ODBC's and PDO's, for "some error" */
}

/* ------------------------------------------------------------------------------------------------------------ lines */

static void pasted_lines(pasted_reader *r, const char *text)
{
    while (*text != '\0')
    {
        size_t length = strcspn(text, "\n"), kept = length;
        while (kept > 0 && isspace((unsigned char)text[kept - 1]))
        {
            kept--;
        }
        r->lines = pool_grow(r->pool, r->lines, r->count, sizeof *r->lines);
        r->lines[r->count++] = pool_copy(r->pool, text, kept);
        text += length + (text[length] == '\n');
    }
}

/*
 * Behind PostgreSQL's severity, a word with a colon and two spaces in every language: "ERROR:  ", "FEHLER:  "; psql's place or
 * the log's time may stand before it. NULL: there is none.
 */
static char *pasted_behind_severity(char *line, const char *severity)
{
    char *mark = strstr(line, ":  ");
    if (mark == NULL || mark == line ||
        (severity != NULL &&
         ((size_t)(mark - line) < strlen(severity) || strncmp(mark - strlen(severity), severity, strlen(severity)) != 0)))
    {
        return NULL;
    }
    return mark + 3 + strspn(mark + 3, " ");
}

static bool pasted_is_wrapped(char *line)
{
    return pasted_behind_severity(line, NULL) != NULL || pasted_exception(line) > 0;
}

static bool pasted_is_error(char *line)
{
    return pasted_behind_severity(line, "ERROR") != NULL;
}

static bool pasted_has_words(char *line)
{
    return line[strspn(line, " \t")] != '\0';
}

/* The line with the message: the first that surely is one, else one that looks so, else any. */
static char *pasted_message_line(pasted_reader *r)
{
    static bool (*const tests[])(char *) = {pasted_is_error, pasted_is_wrapped, pasted_has_words};
    for (size_t test = 0; test < sizeof tests / sizeof tests[0]; test++)
    {
        for (r->at = 0; r->at < r->count; r->at++)
        {
            if (tests[test](r->lines[r->at]))
            {
                return r->lines[r->at];
            }
        }
    }
    return pool_text(r->pool, "");
}

/* -------------------------------------------------------------------------------------------------------- the message */

/* How much stands before the message at `text`; 0: nothing that is known. */
static size_t pasted_prefix(pasted_reader *r, const char *text)
{
    static const struct
    {
        const char *pattern;
        bool shell;
    } prefixes[] = {
        {"Error: in prepare, ", true},
        {"Error: stepping, ", true},
        {"in prepare, ", true},
        {"stepping, ", true},
        {"near line #: ", true},
        {"Parse error: ", true},
        {"Parse error near line #: ", true},
        {"Runtime error: ", true},
        {"Runtime error near line #: ", true},
        {"Error near line #: ", true},
        {"error returned from database: ", false},
        {"(code: #) ", false},
        {"General error: # ", false},
        {"pq: ", false},
        {"error AM#: ", false},
    };
    size_t length = 0;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0] && length == 0; i++)
    {
        length = pasted_fits(text, prefixes[i].pattern);
        r->shell |= length > 0 && prefixes[i].shell;
    }
    return length > 0 ? length : pasted_exception(text);
}

/* "42P01: ", "SQLSTATE[42P01]: "; *state is set when it is one of PostgreSQL's. */
static size_t pasted_leading_state(pasted_reader *r, const char *text)
{
    bool named = strncmp(text, "SQLSTATE[", 9) == 0;
    const char *state = text + (named ? 9 : 0), *behind = named ? "]: " : ": ";
    if (strnlen(state, 6) < 6 || strncmp(state + 5, behind, strlen(behind)) != 0 || (!named && !pasted_is_state(state)))
    {
        return 0;
    }
    if (pasted_is_state(state))
    {
        r->out.sqlstate = pool_copy(r->pool, state, 5);
    }
    return (size_t)(state - text) + 5 + strlen(behind);
}

static char *pasted_strip_front(pasted_reader *r, char *text)
{
    size_t length;
    text += strspn(text, " \t");
    if (pasted_leading_state(r, text) > 0) /* PDO has it before the severity */
    {
        text += pasted_leading_state(r, text);
    }
    char *behind = pasted_behind_severity(text, NULL);
    text = behind == NULL ? text : behind;
    do
    {
        length = pasted_leading_state(r, text);
        length = length > 0 ? length : pasted_prefix(r, text);
        text += length;
    }
    while (length > 0);
    return text;
}

/* " (1)" of the sqlite3 shell; " (SQLSTATE 42P01)"; " at character 15" of the server's log. */
static void pasted_strip_end(pasted_reader *r, char *message)
{
    char *end = message + strlen(message), *last = strrchr(message, '(');
    if (last != NULL && last > message && last[-1] == ' ')
    {
        bool state = strncmp(last, "(SQLSTATE ", 10) == 0 && pasted_is_state(last + 10) && strcmp(last + 15, ")") == 0;
        if (state)
        {
            r->out.sqlstate = pool_copy(r->pool, last + 10, 5);
        }
        if (state || (r->shell && pasted_fits(last, "(#)") == (size_t)(end - last)))
        {
            last[-1] = '\0';
        }
    }
    static const char words[] = " at character ";
    for (char *at = strstr(message, words); at != NULL; at = strstr(at + 1, words))
    {
        char *number_end;
        unsigned long number = strtoul(at + sizeof words - 1, &number_end, 10);
        if (*number_end == '\0' && number_end > at + sizeof words - 1)
        {
            r->out.position = number;
            *at = '\0';
            return;
        }
    }
}

/* ----------------------------------------------------------------------------------------------------------- the query */

/* How many columns stand before the caret; SIZE_MAX: the line is no caret's. */
static size_t pasted_caret(const char *line)
{
    static const char shell[] = "error here ---^";
    size_t blanks = strspn(line, " ");
    const char *at = line + blanks;
    if (strcmp(at, "^") == 0 || strcmp(at, "^--- error here") == 0)
    {
        return blanks;
    }
    return strcmp(at, shell) == 0 ? blanks + sizeof shell - 2 : SIZE_MAX;
}

/* Where the query begins in the line above a caret: behind "LINE 1: " in any language, or the two blanks of the sqlite3 shell.
 */
static const char *pasted_excerpt(const char *line)
{
    size_t word = strcspn(line, " 0123456789:"), blanks = word + strspn(line + word, " ");
    size_t number = blanks + strspn(line + blanks, "0123456789"), colon = number + strspn(line + number, " ");
    if (word > 0 && number > blanks && line[colon] == ':')
    {
        return line + colon + 1 + (line[colon + 1] == ' ');
    }
    return line + strspn(line, " ");
}

/* The character under the caret: wide ones take two columns there. */
static void pasted_point(pasted *out, const char *line, const char *query, size_t column)
{
    size_t characters = 0, columns = 0;
    const char *at = line;
    while (*at != '\0' && columns < column)
    {
        characters += at >= query;
        columns += width_of(width_next(&at));
    }
    if (*at != '\0' && at >= query)
    {
        out->query = query;
        out->position = characters + 1;
        out->offset = (size_t)(at - query) + 1;
    }
}

/* "STATEMENT:  SELECT …" of the log, whose further lines begin with a tab; "[SQL: SELECT …]" of SQLAlchemy. */
static char *pasted_statement(pasted_reader *r, size_t i, bool *log)
{
    char *behind = pasted_behind_severity(r->lines[i], "STATEMENT");
    *log = behind != NULL;
    if (behind != NULL || strncmp(r->lines[i], "[SQL: ", 6) != 0)
    {
        return behind;
    }
    return r->lines[i] + 6;
}

static void pasted_read_statement(pasted_reader *r, size_t i)
{
    bool log;
    char *query = pasted_statement(r, i, &log);
    for (size_t k = i + 1;
         query != NULL && k < r->count && (log ? r->lines[k][0] == '\t' : !pasted_ends_word(query, strlen(query), "]")); k++)
    {
        query = pool_format(r->pool, "%s\n%s", query, r->lines[k] + log);
    }
    if (query != NULL && !log && pasted_ends_word(query, strlen(query), "]"))
    {
        query[strlen(query) - 1] = '\0';
    }
    r->out.query = query;
}

static void pasted_read_query(pasted_reader *r)
{
    for (size_t i = r->at + 1; i + 1 < r->count && r->out.query == NULL; i++)
    {
        size_t column = pasted_caret(r->lines[i + 1]);
        if (column != SIZE_MAX)
        {
            pasted_point(&r->out, r->lines[i], pasted_excerpt(r->lines[i]), column);
        }
    }
    for (size_t i = r->at + 1; i < r->count && r->out.query == NULL; i++)
    {
        pasted_read_statement(r, i);
    }
    if (r->out.query == NULL)
    {
        r->out.position = 0;
    }
}

/* ---------------------------------------------------------------------------------------------------------------- all */

const char *pasted_sqlstate(const char *message)
{
    static const struct
    {
        const char *start, *part, *sqlstate;
    } rows[] = {
        {"relation \"", "\" does not exist", "42P01"},
        {"table \"", "\" does not exist", "42P01"},
        {"view \"", "\" does not exist", "42P01"},
        {"materialized view \"", "\" does not exist", "42P01"},
        {"sequence \"", "\" does not exist", "42P01"},
        {"column \"", "\" does not exist", "42703"},
        {"column ", " does not exist", "42703"},
        {"record \"", "\" has no field \"", "42703"},
        {"function ", " does not exist", "42883"},
        {"procedure ", " does not exist", "42883"},
        {"aggregate ", " does not exist", "42883"},
        {"type \"", "\" does not exist", "42704"},
        {"index \"", "\" does not exist", "42704"},
        {"trigger \"", "\" does not exist", "42704"},
        {"collation \"", "\" does not exist", "42704"},
        {"schema \"", "\" does not exist", "3F000"},
        {"invalid input value for enum ", ": \"", "22P02"},
        {"there is no unique or exclusion constraint matching the ON CONFLICT ", "", "42P10"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    {
        size_t start = strlen(rows[i].start);
        if (strncmp(message, rows[i].start, start) == 0 && strstr(message + start, rows[i].part) != NULL)
        {
            return rows[i].sqlstate;
        }
    }
    return NULL;
}

pasted pasted_read(pool *p, const char *text)
{
    pasted_reader r = {.pool = p};
    pasted_lines(&r, text);
    char *message = pasted_strip_front(&r, pasted_message_line(&r));
    pasted_strip_end(&r, message);
    pasted_read_query(&r);
    r.out.message = message;
    if (r.out.sqlstate == NULL)
    {
        r.out.sqlstate = pasted_sqlstate(message);
    }
    return r.out;
}

/* SPDX-License-Identifier: MIT */
#include "embed.h"

#include <ctype.h>
#include <string.h>

void embed_begin(FILE *out, const char *symbol)
{
    fprintf(out,
            "/* Made by \"amend embed\": do not edit. For amend_options: .files = %s, .file_count = %s_count. */\n"
            "#include <amend.h>\n\n"
            "extern const amend_file %s[];\n"
            "extern const size_t %s_count;\n\n"
            "const amend_file %s[] = {\n",
            symbol, symbol, symbol, symbol, symbol);
}

/* Octal escapes have three digits and so end by themselves; "?" is escaped for the sake of trigraphs. */
static void literal(FILE *out, const char *text, size_t length)
{
    fputc('"', out);
    for (size_t i = 0; i < length; i++)
    {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\' || c == '?')
        {
            fprintf(out, "\\%c", c);
        }
        else if (c == '\n' || c == '\t')
        {
            fputs(c == '\n' ? "\\n" : "\\t", out);
        }
        else if (c < 0x20 || c >= 0x7f)
        {
            fprintf(out, "\\%03o", c);
        }
        else
        {
            fputc(c, out);
        }
    }
    fputc('"', out);
}

void embed_file(FILE *out, const char *path, const char *text, size_t length)
{
    fputs("    {\n        .path = ", out);
    literal(out, path, strlen(path));
    fprintf(out, ",\n        .length = %zu,\n        .text = ", length);
    if (length == 0)
    {
        fputs("\"\"", out);
    }
    for (size_t i = 0; i < length;)
    {
        const char *end = memchr(text + i, '\n', length - i);
        size_t line = end == NULL ? length - i : (size_t)(end - text) - i + 1;
        fputs(i == 0 ? "" : "\n                ", out);
        literal(out, text + i, line);
        i += line;
    }
    fputs(",\n    },\n", out);
}

void embed_end(FILE *out, const char *symbol)
{
    /* C has no empty arrays: the last element only ends it. */
    fprintf(out,
            "    {NULL, NULL, 0},\n"
            "};\n\n"
            "const size_t %s_count = sizeof %s / sizeof %s[0] - 1;\n",
            symbol, symbol, symbol);
}

const char *embed_path(const char *dir, const char *file)
{
    size_t length = strlen(dir);
    if (strncmp(file, dir, length) != 0)
    {
        return file;
    }
    return file + length + strspn(file + length, "/");
}

bool embed_is_symbol(const char *name)
{
    if (isdigit((unsigned char)*name))
    {
        return false;
    }
    size_t length = 0;
    while (isalnum((unsigned char)name[length]) || name[length] == '_')
    {
        length++;
    }
    return length > 0 && name[length] == '\0';
}

/* SPDX-License-Identifier: MIT */
#include "look.h"

#include "duration.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum
{
    WIDTH_USUAL = 80,
    WIDTH_LEAST = 20,
};

bool look_wants_color(const char *when, bool terminal, const char *no_color, const char *term)
{
    if (when != NULL && strcmp(when, "auto") != 0)
    {
        return strcmp(when, "always") == 0;
    }
    bool refused = (no_color != NULL && *no_color != '\0') || term == NULL || strcmp(term, "dumb") == 0;
    return terminal && !refused;
}

static size_t terminal_width(int fd)
{
    struct winsize size = {0};
    uint32_t columns = 0;
    const char *variable = getenv("COLUMNS");
    if (variable == NULL || !number_parse(variable, &columns))
    {
        columns = ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
    }
    if (columns == 0)
    {
        return WIDTH_USUAL;
    }
    return columns < WIDTH_LEAST ? WIDTH_LEAST : columns;
}

look look_at(FILE *stream, const char *when)
{
    int fd = fileno(stream);
    bool terminal = isatty(fd) == 1;
    return (look){
        .terminal = terminal,
        .color = look_wants_color(when, terminal, getenv("NO_COLOR"), getenv("TERM")),
        .width = terminal ? terminal_width(fd) : 0,
    };
}

const char *look_on(const look *l, style s)
{
    /* SGR parameters: ECMA-48, section 8.3.117. */
    static const char *const codes[] = {"", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[34m"};
    return l->color ? codes[s] : "";
}

const char *look_off(const look *l, style s)
{
    return l->color && s != STYLE_PLAIN ? "\x1b[0m" : "";
}

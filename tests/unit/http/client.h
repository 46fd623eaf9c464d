/* SPDX-License-Identifier: MIT */
/* An HTTP client of few words: what is sent is given byte for byte, so that broken and half requests can be sent, too. */
#ifndef AMEND_TEST_HTTP_CLIENT_H
#define AMEND_TEST_HTTP_CLIENT_H

#include <stddef.h>

typedef struct client_answer
{
    int status; /* 0: the connection was closed without an answer */
    char text[8192];
    const char *body; /* in text; "" without one */
} client_answer;

int client_connect(unsigned port);
void client_send(int fd, const char *bytes, size_t size);
/* What comes until the server closes; closes fd. */
client_answer client_read(int fd);
/* What comes until its last bytes are those. */
void client_await(int fd, const char *last);
/* Connect, send, read. The request should say "Connection: close". */
client_answer client_ask(unsigned port, const char *request);
/* A POST to "/" of so many bytes: "0123456789012…". */
client_answer client_post(unsigned port, size_t size);

#endif

/* SPDX-License-Identifier: MIT */
#include "client.h"

#include "support/testing.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int client_connect(unsigned port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

void client_send(int fd, const char *bytes, size_t size)
{
    while (size > 0)
    {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        assert_true(sent > 0);
        bytes += sent;
        size -= (size_t)sent;
    }
}

client_answer client_read(int fd)
{
    client_answer a = {.status = 0};
    size_t size = 0;
    ssize_t got;
    while (size < sizeof a.text - 1 && (got = recv(fd, a.text + size, sizeof a.text - 1 - size, 0)) > 0)
    {
        size += (size_t)got;
    }
    close(fd);
    sscanf(a.text, "HTTP/1.%*d %d", &a.status);
    return a;
}

void client_await(int fd, const char *last)
{
    char text[1024] = "";
    size_t size = 0, length = strlen(last);
    while (size < length || memcmp(text + size - length, last, length) != 0)
    {
        assert_true(size < sizeof text);
        assert_int_equal(recv(fd, text + size, 1, 0), 1);
        size++;
    }
}

static client_answer with_body(client_answer a)
{
    char *end = strstr(a.text, "\r\n\r\n");
    static char body[8192];
    snprintf(body, sizeof body, "%s", end == NULL ? "" : end + 4);
    a.body = body;
    return a;
}

client_answer client_ask(unsigned port, const char *request)
{
    int fd = client_connect(port);
    client_send(fd, request, strlen(request));
    return with_body(client_read(fd));
}

client_answer client_post(unsigned port, size_t size)
{
    char head[128];
    snprintf(head, sizeof head, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", size);
    char *bytes = malloc(size + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++)
    {
        bytes[i] = (char)('0' + i % 10);
    }
    int fd = client_connect(port);
    client_send(fd, head, strlen(head));
    client_send(fd, bytes, size);
    free(bytes);
    return with_body(client_read(fd));
}

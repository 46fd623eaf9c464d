/* SPDX-License-Identifier: MIT */
/*
 * A relay on loopback that makes the server far away: every byte arrives DELAY after it was sent, in both directions, and
 * whatever is on its way stays on its way together, so that pipelining keeps its worth. The handshake's round trip, which a
 * local accept hides, is charged to the client's first bytes.
 *
 *     relay TARGET_PORT DELAY_US      prints the port it listens on; ends when its standard input does
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum
{
    ROUTES = 64,
    CHUNK = 65536,
};

typedef struct chunk
{
    struct chunk *next;
    int64_t due;
    size_t len, sent; /* len 0: the sender's end of data */
    char data[];
} chunk;

/* One direction of one connection. */
typedef struct flow
{
    int from, to;
    int64_t born; /* nothing sent before counts as sent earlier than this */
    bool ended;   /* the end was read */
    bool blocked; /* the receiver takes no more for now */
    bool done;
    chunk *head, **tail;
} flow;

typedef struct route
{
    bool open;
    flow up, down;
} route;

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static int tcp_socket(uint16_t port, struct sockaddr_in *address)
{
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int listen_any(uint16_t *port)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int fd = tcp_socket(0, &address);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, ROUTES) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return -1;
    *port = ntohs(address.sin_port);
    return fd;
}

static void flow_init(flow *f, int from, int to, int64_t born)
{
    *f = (flow){.from = from, .to = to, .born = born};
    f->tail = &f->head;
}

static void ready_socket(int fd)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void accept_route(route *routes, int listener, uint16_t target, int64_t delay)
{
    int client = accept(listener, NULL, NULL);
    struct sockaddr_in address;
    int server = tcp_socket(target, &address);
    route *r = routes;
    while (r < routes + ROUTES && r->open)
        r++;
    if (client < 0 || server < 0 || r == routes + ROUTES || connect(server, (struct sockaddr *)&address, sizeof address) != 0)
    {
        close(client);
        close(server);
        return;
    }
    ready_socket(client);
    ready_socket(server);
    r->open = true;
    flow_init(&r->up, client, server, now_us() + 2 * delay);
    flow_init(&r->down, server, client, 0);
}

/* Take one read's worth from the sender. */
static void flow_read(flow *f, int64_t delay)
{
    chunk *c = malloc(sizeof(chunk) + CHUNK);
    if (c == NULL)
        abort();
    ssize_t n = read(f->from, c->data, CHUNK);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
    {
        free(c);
        return;
    }
    int64_t sent = now_us();
    *c = (chunk){.due = (sent > f->born ? sent : f->born) + delay, .len = n > 0 ? (size_t)n : 0};
    f->ended = n <= 0;
    *f->tail = c;
    f->tail = &c->next;
}

/* Deliver what is due. */
static void flow_write(flow *f, int64_t now)
{
    f->blocked = false;
    while (f->head != NULL && f->head->due <= now)
    {
        chunk *c = f->head;
        ssize_t n = c->len == 0 ? 0 : send(f->to, c->data + c->sent, c->len - c->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN)
        {
            f->blocked = true;
            return;
        }
        c->sent += n > 0 ? (size_t)n : c->len - c->sent; /* nobody listens any more: drop it */
        if (c->sent < c->len)
            continue;
        if (c->len == 0)
        {
            shutdown(f->to, SHUT_WR);
            f->done = true;
        }
        f->head = c->next;
        if (f->head == NULL)
            f->tail = &f->head;
        free(c);
    }
}

static void watch(const flow *f, struct pollfd *fds, int64_t *wake)
{
    fds[0] = (struct pollfd){.fd = f->ended ? -1 : f->from, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = f->blocked ? f->to : -1, .events = POLLOUT};
    if (f->head != NULL && !f->blocked && f->head->due < *wake)
        *wake = f->head->due;
}

static void serve(route *r, const struct pollfd *fds, int64_t delay)
{
    if (fds[0].revents)
        flow_read(&r->up, delay);
    if (fds[2].revents)
        flow_read(&r->down, delay);
    int64_t now = now_us();
    flow_write(&r->up, now);
    flow_write(&r->down, now);
    if (r->up.done && r->down.done)
    {
        close(r->up.from);
        close(r->up.to);
        r->open = false;
    }
}

static void run(route *routes, int listener, uint16_t target, int64_t delay)
{
    for (;;)
    {
        struct pollfd fds[2 + 4 * ROUTES] = {{.fd = listener, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
        int64_t wake = INT64_MAX;
        for (size_t i = 0; i < ROUTES; i++)
        {
            for (size_t j = 0; j < 4; j++)
                fds[2 + 4 * i + j].fd = -1;
            if (!routes[i].open)
                continue;
            watch(&routes[i].up, fds + 2 + 4 * i, &wake);
            watch(&routes[i].down, fds + 4 + 4 * i, &wake);
        }
        int64_t left = wake == INT64_MAX ? -1 : wake - now_us();
        struct timespec timeout = {left > 0 ? left / 1000000 : 0, left > 0 ? left % 1000000 * 1000 : 0};
        if (ppoll(fds, 2 + 4 * ROUTES, wake == INT64_MAX ? NULL : &timeout, NULL) < 0 && errno != EINTR)
            return;
        if (fds[1].revents)
            return;
        for (size_t i = 0; i < ROUTES; i++)
            if (routes[i].open)
                serve(&routes[i], fds + 2 + 4 * i, delay);
        if (fds[0].revents)
            accept_route(routes, listener, target, delay);
    }
}

int main(int argc, char **argv)
{
    static route routes[ROUTES];
    uint16_t port;
    int listener = listen_any(&port);
    if (argc < 3 || listener < 0)
    {
        fputs(argc < 3 ? "usage: relay TARGET_PORT DELAY_US\n" : "relay: can't listen\n", stderr);
        return 2;
    }
    prctl(PR_SET_TIMERSLACK, 1UL);
    printf("%u\n", port);
    fflush(stdout);
    run(routes, listener, (uint16_t)atoi(argv[1]), atoll(argv[2]));
    return 0;
}

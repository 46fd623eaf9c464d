/* SPDX-License-Identifier: MIT */
#include "engine/lock.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum
{
    PAUSE_FIRST_MS = 20,
    PAUSE_MOST_MS = 500,
};

static void read_file(const char *path, char *out, size_t size)
{
    ssize_t n = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
    {
        n = read(fd, out, size - 1);
        close(fd);
    }
    out[n < 0 ? 0 : n] = '\0';
}

/* "boot/namespace": processes with the same text see each other's process ids. "" where the system doesn't tell. */
static void place(char out[80])
{
    char boot[40], space[32] = "";
    read_file("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
    ssize_t n = readlink("/proc/self/ns/pid", space, sizeof space - 1);
    out[0] = '\0';
    if (boot[0] != '\0' && n > 0)
    {
        space[n] = '\0';
        snprintf(out, 80, "%.8s/%s", boot, space);
    }
}

/* When the process began, in ticks since boot: field 22 of /proc/PID/stat. 0 when there is no such process. */
static unsigned long long process_start(long pid)
{
    char path[48], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    read_file(path, text, sizeof text);
    const char *p = strrchr(text, ')'); /* the name before it may hold anything */
    for (int field = 2; p != NULL && field < 22; field++)
    {
        p = strchr(p + 1, ' ');
        if (p != NULL && field == 2 && (p[1] == 'Z' || p[1] == 'X'))
        {
            return 0; /* a zombie runs nothing any more */
        }
    }
    return p == NULL ? 0 : strtoull(p, NULL, 10);
}

void lock_holder(char out[LOCK_HOLDER_SIZE])
{
    char where[80];
    long pid = (long)getpid();
    place(where);
    snprintf(out, LOCK_HOLDER_SIZE, "%s/%ld/%llu/%08x", where, pid, process_start(pid), clock_random(UINT32_MAX));
}

bool lock_holder_is_dead(const char *holder)
{
    char where[80];
    place(where);
    size_t len = strlen(where);
    if (len == 0 || strncmp(holder, where, len) != 0 || holder[len] != '/')
    {
        return false;
    }
    char *end;
    long pid = strtol(holder + len + 1, &end, 10);
    if (pid <= 0 || *end != '/')
    {
        return false;
    }
    unsigned long long start = strtoull(end + 1, NULL, 10), now = process_start(pid);
    if (now == 0)
    {
        return true;
    }
    return start != 0 && start != now;
}

lock_state lock_judge(const history *h, uint32_t lease_ms)
{
    if (h->holder == NULL || h->holder[0] == '\0')
    {
        return LOCK_FREE;
    }
    bool silent = h->holder_age_ms > (int64_t)lease_ms;
    return silent || lock_holder_is_dead(h->holder) ? LOCK_EXPIRED : LOCK_HELD;
}

static void describe(const history *h, char *out, size_t size)
{
    if (h->holder == NULL || h->holder[0] == '\0')
    {
        snprintf(out, size, "another session that writes to the database");
        return;
    }
    snprintf(out, size, "amend on %s (process %lld), which has held the lock since %s",
             h->holder_host == NULL ? "?" : h->holder_host, (long long)h->holder_pid,
             h->holder_since == NULL ? "?" : h->holder_since);
}

static void lock_tell(session *s, const char *who, lock_wait *wait, int64_t now)
{
    char message[512];
    if (wait->told_ms != 0 && now - wait->told_ms < 1000)
    {
        return;
    }
    wait->told_ms = now;
    snprintf(message, sizeof message, "waiting for %s", who);
    amend_event event = {
        .type = AMEND_EVENT_LOCK_WAITING, .severity = AMEND_NOTE, .message = message, .elapsed_ms = now - wait->since_ms};
    session_tell(s, &event);
}

amend_status lock_wait_more(session *s, const history *h, lock_wait *wait, amend_error *error)
{
    char who[400];
    int64_t now = clock_monotonic_ms();
    describe(h, who, sizeof who);
    if (wait->since_ms == 0)
    {
        *wait = (lock_wait){.since_ms = now, .pause_ms = PAUSE_FIRST_MS};
    }
    if (now - wait->since_ms >= (int64_t)s->lock_wait_ms)
    {
        return error_set(error, AMEND_E_LOCKED, "waited %.1f s for %s", (double)(now - wait->since_ms) / 1000, who);
    }
    lock_tell(s, who, wait, now);
    uint32_t pause = wait->pause_ms / 2 + clock_random(wait->pause_ms);
    wait->pause_ms = wait->pause_ms * 2 > PAUSE_MOST_MS ? PAUSE_MOST_MS : wait->pause_ms * 2;
    return session_pause(s, pause, error);
}

/* SPDX-License-Identifier: MIT */
/*
 * Run one command and print "nanoseconds cpu_microseconds peak_rss_kib status". A small static program does this, and not
 * Python, because a child's peak memory starts at that of the process that spawned it, and because nothing of the interpreter
 * is then timed.
 *
 *     timer LOG COMMAND ARGUMENT…      the command's output goes to LOG, its input is standard input
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc < 3)
    {
        fputs("usage: timer LOG COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0644) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO) != 0)
    {
        fputs("timer: out of memory\n", stderr);
        return 1;
    }
    pid_t pid;
    long long start = now_ns();
    int failed = posix_spawnp(&pid, argv[2], &actions, NULL, argv + 2, environ);
    if (failed != 0)
    {
        fprintf(stderr, "timer: %s: %s\n", argv[2], strerror(failed));
        return 1;
    }
    int status;
    struct rusage usage;
    if (wait4(pid, &status, 0, &usage) != pid)
    {
        perror("timer: wait4");
        return 1;
    }
    long long end = now_ns();
    long long cpu =
        (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    printf("%lld %lld %ld %d\n", end - start, cpu, usage.ru_maxrss,
           WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "support/pg_server.h"

#include "support/testing.h"

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char HBA[] = "local all guarded scram-sha-256\n"
                          "host all guarded all scram-sha-256\n"
                          "host all barred all reject\n"
                          "local all all trust\n"
                          "host all all 127.0.0.1/32 trust\n";

static bool find_programs(pg_server *s)
{
    static const char *const patterns[] = {"/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb", "/usr/bin/initdb",
                                           "/opt/homebrew/opt/postgresql*/bin/initdb"};
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
    {
        glob_t found;
        if (glob(patterns[i], 0, NULL, &found) == 0)
        {
            snprintf(s->bin, sizeof s->bin, "%s", found.gl_pathv[found.gl_pathc - 1]);
            globfree(&found);
            *strrchr(s->bin, '/') = '\0';
            return true;
        }
    }
    return false;
}

/* The server refuses to run as root. */
static void become_nobody(void)
{
    const struct passwd *nobody = geteuid() == 0 ? getpwnam("nobody") : NULL;
    if (nobody != NULL &&
        (setgroups(0, NULL) != 0 || setgid(nobody->pw_gid) != 0 || setuid(nobody->pw_uid) != 0 || chdir("/") != 0))
    {
        _exit(126);
    }
}

static pid_t spawn(const pg_server *s, const char *program, const char *const arguments[])
{
    char path[512], log[512];
    snprintf(path, sizeof path, "%s/%s", s->bin, program);
    snprintf(log, sizeof log, "%s/log", s->dir.path);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
    {
        return pid;
    }
    become_nobody();
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGQUIT); /* a test that is killed leaves no server behind */
#endif
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (out >= 0)
    {
        dup2(out, 1);
        dup2(out, 2);
    }
    /* By its full path: initdb looks for its neighbours there. */
    const char *called[32] = {path};
    for (size_t i = 1; i < sizeof called / sizeof called[0] - 1 && arguments[i] != NULL; i++)
    {
        called[i] = arguments[i];
    }
    execv(path, (char *const *)called);
    _exit(127);
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
}

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

bool pg_server_found(void)
{
    pg_server s;
    return find_programs(&s);
}

void pg_server_make(pg_server *s)
{
    *s = (pg_server){0};
    assert_true(find_programs(s));
    tempdir_make(&s->dir);
    const struct passwd *nobody = geteuid() == 0 ? getpwnam("nobody") : NULL;
    assert_int_equal(chmod(s->dir.path, 0755), 0);
    assert_true(nobody == NULL || chown(s->dir.path, nobody->pw_uid, nobody->pw_gid) == 0);
    char data[320];
    snprintf(data, sizeof data, "%s/data", s->dir.path);
    const char *arguments[] = {"initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale=C", NULL};
    int status = 0;
    assert_int_equal(waitpid(spawn(s, "initdb", arguments), &status, 0) > 0 ? status : -1, 0);
    char hba[400];
    snprintf(hba, sizeof hba, "%s/pg_hba.conf", data);
    FILE *out = fopen(hba, "w");
    assert_non_null(out);
    fputs(HBA, out);
    assert_int_equal(fclose(out), 0);
}

/* The eighth line of postmaster.pid says how far it is; the first, whose it is (a crashed one leaves its own behind). */
static bool is_ready(const pg_server *s)
{
    char *text = tempdir_read(&s->dir, "data/postmaster.pid");
    bool ready = text != NULL && strtol(text, NULL, 10) == s->pid && strstr(text, "\nready") != NULL;
    free(text);
    return ready;
}

void pg_server_start(pg_server *s)
{
    char data[320], port[32];
    s->port = s->port == 0 ? free_port() : s->port;
    snprintf(data, sizeof data, "%s/data", s->dir.path);
    snprintf(port, sizeof port, "port=%d", s->port);
    const char *arguments[] = {
        "postgres", "-D", data,        "-k", s->dir.path,          "-c", "listen_addresses=127.0.0.1",  "-c",
        port,       "-c", "fsync=off", "-c", "max_connections=20", "-c", "max_prepared_transactions=0", NULL};
    s->pid = spawn(s, "postgres", arguments);
    for (int i = 0; i < 3000 && !is_ready(s); i++)
    {
        nap();
        if (waitpid(s->pid, NULL, WNOHANG) != 0) /* after a crash, what is left of the old one may be in its way */
        {
            s->pid = spawn(s, "postgres", arguments);
        }
    }
    assert_true(is_ready(s));
}

void pg_server_stop(pg_server *s, int signal)
{
    if (s->pid > 0)
    {
        kill(s->pid, signal);
        waitpid(s->pid, NULL, 0);
    }
    s->pid = 0;
}

void pg_server_remove(pg_server *s)
{
    pg_server_stop(s, SIGINT);
    if (s->dir.path[0] != '\0')
    {
        tempdir_remove(&s->dir);
    }
}

const char *pg_server_url(const pg_server *s, const char *database)
{
    static char texts[4][512];
    static unsigned turn;
    char *text = texts[turn++ % 4];
    snprintf(text, sizeof texts[0], "host=%s port=%d user=postgres dbname=%s", s->dir.path, s->port, database);
    return text;
}

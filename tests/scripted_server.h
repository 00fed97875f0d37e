/* A server on this machine that answers word for word what a table says: http://127.0.0.1:PORT/NAME gets the
 * answer of that name, whatever it is. It runs in a process of its own and ends with the one that started it.
 */
#ifndef LLW_TESTS_SCRIPTED_SERVER_H
#define LLW_TESTS_SCRIPTED_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct scripted {
    const char *name;   /* last part of the path, without what follows ? */
    const char *answer; /* sent as it stands */
    const char *again;  /* answer from the second time on; NULL: the same */
    const char *unit;   /* sent `repeat` times behind the answer */
    int repeat;
    enum { SERVER_CLOSES, SERVER_WAITS, SERVER_DRIPS } then; /* a byte every 50 ms */
} scripted;

typedef struct scripted_server {
    pid_t pid;
    int port;
} scripted_server;

static inline void server_say(int fd, const char *text, size_t len) {
    while (len) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0) return;
        text += n;
        len -= (size_t)n;
    }
}

/* The row that a request asks for: its head is read to the end; NULL when none has that name. */
static inline const scripted *server_hear(int fd, const scripted *rows, char head[4096]) {
    size_t len = 0;
    for (ssize_t n; len < 4095 && (n = recv(fd, head + len, 4095 - len, 0)) > 0;) {
        head[len += (size_t)n] = 0;
        if (*head < 'A' || strstr(head, "\r\n\r\n")) break; /* that is no HTTP */
    }
    head[len] = 0;
    char *path = strchr(head, ' '), *end = path ? strpbrk(path + 1, " ?") : NULL;
    if (!end) return NULL;
    char kept = *end;
    *end = 0;
    const char *name = strrchr(path + 1, '/');
    const scripted *found = NULL;
    for (const scripted *r = rows; r->name; r++)
        if (name && !strcmp(name + 1, r->name)) found = r;
    *end = kept;
    return found;
}

static inline void server_serve(int listening, const scripted *rows) {
    bool asked[256] = {false};
    for (;;) {
        static char head[4096];
        int fd = accept(listening, NULL, NULL);
        if (fd < 0) _exit(0);
        const scripted *r = server_hear(fd, rows, head);
        if (r) {
            const char *answer = asked[r - rows] && r->again ? r->again : r->answer;
            asked[r - rows] = true;
            bool echo = !strcmp(answer, "echo"); /* what was asked, as a body */
            if (echo) server_say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 38);
            server_say(fd, echo ? head : answer, strlen(echo ? head : answer));
            for (int i = 0; i < r->repeat; i++) server_say(fd, r->unit, strlen(r->unit));
        }
        if (r && r->then != SERVER_CLOSES && fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (int i = 0; i < 200; i++) {
                nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
                if (r->then == SERVER_DRIPS) server_say(fd, "x", 1);
            }
            _exit(0);
        }
        close(fd);
    }
}

/* Starts it; false when there is no port to be had. */
static inline bool server_start(scripted_server *s, const scripted *rows) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listening, (struct sockaddr *)&at, len) != 0 || listen(listening, 64) != 0 ||
        getsockname(listening, (struct sockaddr *)&at, &len) != 0)
        return false;
    s->port = ntohs(at.sin_port);
    s->pid = fork();
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGCHLD, SIG_IGN);
        server_serve(listening, rows);
    }
    close(listening);
    return s->pid > 0;
}

static inline void server_stop(const scripted_server *s) {
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
}

#endif

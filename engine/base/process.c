/* Child processes: posix_spawn, a pipe, a deadline. */
#include "base/process.h"
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int llw_spawn(pid_t *pid, const char *const *argv, const char *const *env, int out, int err) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int failed = posix_spawn_file_actions_init(&files);
    if (failed) return failed;
    failed = posix_spawnattr_init(&attributes);
    if (failed) {
        posix_spawn_file_actions_destroy(&files);
        return failed;
    }
    sigset_t defaults, mask;
    sigemptyset(&mask);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    /* the pipe first: where our own 0 or 2 was closed it may be one of them */
    if (!(failed = posix_spawn_file_actions_adddup2(&files, out, 1)) &&
        !(failed = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)) &&
        !(failed = err < 0 ? posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0)
                           : posix_spawn_file_actions_adddup2(&files, err, 2)) &&
        !(failed = posix_spawn_file_actions_addclosefrom_np(&files, 3)) &&
        !(failed = posix_spawnattr_setpgroup(&attributes, 0)) &&
        !(failed = posix_spawnattr_setsigmask(&attributes, &mask)) &&
        !(failed = posix_spawnattr_setsigdefault(&attributes, &defaults)) &&
        !(failed = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                             POSIX_SPAWN_SETSIGDEF)))
        /* execve does not write to its arguments; only its prototype is older than const */
        failed = posix_spawnp(pid, argv[0], &files, &attributes, (char *const *)(const void *)argv,
                              env ? (char *const *)(const void *)env : environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

bool llw_spawn_ended(pid_t pid) {
    siginfo_t info = {0};
    int rc;
    do rc = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
    while (rc < 0 && errno == EINTR);
    return rc < 0 || info.si_pid == pid;
}

static void nap(long milliseconds) {
    struct timespec t = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* Kills what is left of the group and reaps the child. Says how the child ended. A child that a broken driver
 * holds in the kernel cannot be killed: it is left behind after a second, for init to reap. */
static void reap(pid_t pid, llw_process *result) {
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL); /* it may have left its group */
    for (int i = 0; i < 1000 && !llw_spawn_ended(pid); i++) nap(1);
    int status = 0;
    pid_t done;
    do done = waitpid(pid, &status, WNOHANG);
    while (done < 0 && errno == EINTR);
    result->exit_code = done == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    result->signal = done == pid && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* Reads until the child ends, the deadline passes or the cap is reached. */
static void collect(int fd, pid_t pid, char *buf, size_t cap, double deadline, llw_process *result) {
    bool open = true, ended = false;
    int pause = 1; /* ms: short first, most programs end right after their last byte */
    for (;;) {
        if (open) {
            /* one byte more than the cap tells "exactly cap" from "more" */
            ssize_t n = read(fd, buf + result->len, cap + 1 - result->len);
            if (n > 0) {
                result->len += (size_t)n;
                if (result->len <= cap) continue;
                result->len = cap;
                result->truncated = true;
                return;
            }
            if (n == 0 || (errno != EAGAIN && errno != EINTR))
                open = false;
            else if (errno == EINTR)
                continue;
        }
        if (ended) return; /* what was in the pipe when it ended has been read */
        ended = llw_spawn_ended(pid);
        if (ended) continue;
        double left = deadline - now();
        if (left <= 0) {
            result->timed_out = true;
            return;
        }
        int wait = pause < (int)(left * 1000) + 1 ? pause : (int)(left * 1000) + 1;
        struct pollfd p = {.fd = open ? fd : -1, .events = POLLIN};
        (void)poll(&p, 1, wait); /* EINTR and a late child only mean another turn */
        if (pause < 20) pause *= 2;
    }
}

llw_rc llw_process_run(llw_arena *arena, const char *const *argv, const char *const *env, size_t cap,
                       double seconds, llw_process *result, llw_err *err) {
    *result = (llw_process){.out = "", .exit_code = -1};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return llw_fail(err, LLW_ERR_SYSTEM, argv[0], 0, "cannot be started: %s", strerror(errno));
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    double deadline = now() + seconds;
    pid_t pid = 0;
    int failed = llw_spawn(&pid, argv, env, ends[1], -1);
    close(ends[1]);
    if (failed) {
        close(ends[0]);
        return llw_fail(err, failed == ENOENT || failed == ENOTDIR ? LLW_ERR_NOTHING : LLW_ERR_SYSTEM,
                        argv[0], 0, "cannot be started: %s", strerror(failed));
    }
    char *buf = llw_xmalloc(cap + 1);
    collect(ends[0], pid, buf, cap, deadline, result);
    reap(pid, result);
    close(ends[0]);
    result->out = llw_arena_strndup(arena, buf, result->len);
    free(buf);
    return LLW_OK;
}

/* A child that goes on running: a group, a file for its output. */
#include "base/service.h"
#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TAIL = 4096 };

struct llw_service {
    pid_t pid;
    int output;
    bool ended;
    int ended_with;
};

llw_rc llw_service_start(llw_arena *arena, const char *const *argv, const char *const *env, llw_service **out,
                         llw_err *err) {
    llw_service *s = llw_arena_alloc(arena, sizeof *s);
    FILE *output = tmpfile(); /* has no name any more */
    *s = (llw_service){.output = output ? fcntl(fileno(output), F_DUPFD_CLOEXEC, 3) : -1};
    if (output) fclose(output);
    if (s->output < 0)
        return llw_fail(err, LLW_ERR_SYSTEM, argv[0], 0, "cannot be started: no temporary file (%s)",
                        strerror(errno));
    int failed = llw_spawn(&s->pid, argv, env, s->output, s->output);
    if (failed) {
        close(s->output);
        return llw_fail(err, failed == ENOENT || failed == ENOTDIR ? LLW_ERR_NOTHING : LLW_ERR_SYSTEM,
                        argv[0], 0, "cannot be started: %s", strerror(failed));
    }
    *out = s;
    return LLW_OK;
}

bool llw_service_runs(llw_service *s, int *ended_with) {
    int status = 0;
    if (!s->ended && llw_spawn_ended(s->pid) && waitpid(s->pid, &status, WNOHANG) == s->pid) {
        s->ended = true;
        s->ended_with = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    }
    *ended_with = s->ended_with;
    return !s->ended;
}

static void wait_for_end(llw_service *s, double seconds) {
    int with = 0;
    for (int i = 0; i < (int)(seconds * 50) && llw_service_runs(s, &with); i++)
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

void llw_service_stop(llw_service *s, double seconds) {
    int with = 0;
    if (!s->ended) {
        kill(-s->pid, SIGTERM);
        wait_for_end(s, seconds);
    }
    kill(-s->pid, SIGKILL);
    wait_for_end(s, 1);
    (void)llw_service_runs(s, &with);
    if (s->output >= 0) close(s->output);
    s->output = -1;
}

const char *llw_service_last_line(llw_arena *arena, const llw_service *s) {
    char tail[TAIL + 1];
    off_t size = lseek(s->output, 0, SEEK_END), from = size > TAIL ? size - TAIL : 0;
    ssize_t n = size > 0 ? pread(s->output, tail, TAIL, from) : 0;
    while (n > 0 && strchr("\n\r \t", tail[n - 1])) n--;
    if (n <= 0) return "";
    ssize_t start = n;
    while (start > 0 && tail[start - 1] != '\n') start--;
    return llw_arena_strndup(arena, tail + start, (size_t)(n - start));
}

/* bench_clock N LABEL COMMAND...: runs a command N times and prints the least and the median wall time, or
 * why it could not.
 *
 * One more run comes first and is not counted: it warms the page cache. What the command prints is thrown
 * away. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 1000 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* The exit status, 126 or 127 when it could not be started. */
static int run(char **command, double *ms) {
    double start = now();
    pid_t child = fork();
    if (child < 0) return 126;
    if (child == 0) {
        int nowhere = open("/dev/null", O_RDWR);
        if (nowhere >= 0) dup2(nowhere, 1), dup2(nowhere, 2);
        execvp(command[0], command);
        _exit(127);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    *ms = now() - start;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static int by_time(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    int n = argc > 3 ? atoi(argv[1]) : 0;
    if (n < 1 || n > MOST) return fputs("usage: bench_clock N LABEL COMMAND...\n", stderr), 2;
    double ms[MOST], unused;
    int status = run(argv + 3, &unused);
    for (int i = 0; i < n && status < 2; i++) status = run(argv + 3, &ms[i]); /* 1: llwhy found something */
    if (status > 1) {
        printf("%-42s skipped: exit status %d\n", argv[2], status);
        return 0;
    }
    qsort(ms, (size_t)n, sizeof *ms, by_time);
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    printf("%-42s min %8.1f ms   median %8.1f ms   %7.1f MiB   %d runs\n", argv[2], ms[0], ms[n / 2],
           (double)used.ru_maxrss / 1024, n);
    return 0;
}

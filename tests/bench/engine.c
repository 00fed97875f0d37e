/* Runs both engines over the same works, by turns, and prints the least of each figure beside each other:
 * bench_engine_run FILE LLWHY [CLIPS]. Time is processor time of the engine's process, so that a busy machine
 * changes little; a cold start is the whole process, with the dynamic linker. Fails when a finding is wrong.
 */
#include "bench/engine_work.h"

#include <sys/wait.h>
#include <unistd.h>

enum { REPEATS = 7, FIGURES = 6 };
static const char *const figures[FIGURES] = {"load", "first", "edit_mean", "edit_p99", "peak_kib", "process"};

typedef struct outcome {
    double least[FIGURES], findings;
    int ok;
} outcome;

static void take(outcome *o, int figure, double value) {
    if (!o->least[figure] || value < o->least[figure]) o->least[figure] = value;
}

static void read_figures(FILE *in, outcome *o) {
    char name[64];
    double value;
    while (fscanf(in, "%63s %lf", name, &value) == 2) {
        if (!strcmp(name, "findings")) o->findings = value;
        for (int i = 0; i < FIGURES; i++)
            if (!strcmp(name, figures[i])) take(o, i, value);
    }
}

static void run_once(const char *host, const char *name, const char *file, outcome *o) {
    int ends[2];
    if (pipe(ends)) exit(2);
    fflush(stdout);
    pid_t child = fork();
    if (child < 0) exit(2);
    if (!child) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        execl(host, host, name, file, (char *)NULL);
        _exit(2);
    }
    close(ends[1]);
    FILE *in = fdopen(ends[0], "r");
    if (!in) exit(2);
    read_figures(in, o);
    fclose(in);
    int status = 0;
    struct rusage used;
    wait4(child, &status, 0, &used);
    take(o, FIGURES - 1,
         (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
             (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    o->ok = o->ok && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* figure 0..: of `a`, llwhy, and `b`, CLIPS, times `scale`; the quotient says how many times less llwhy
 * needs. */
static void row(const char *what, const char *unit, double scale, double a, double b, const char *target) {
    printf("| %s | %.2f %s |", what, a * scale, unit);
    if (b > 0)
        printf(" %.2f %s | %.1f | %s |\n", b * scale, unit, b / a, target);
    else
        printf(" | | %s |\n", target);
}

int main(int argc, char **argv) {
    static const char *const names[] = {"cold", "load-1000", "load-10000", "edits", "join"};
    enum { COLD, LOAD, LOAD_10, EDITS, JOIN, WORKS };
    if (argc < 3) return 2;
    outcome all[2][WORKS] = {0};
    int hosts = argc > 3 ? 2 : 1, ok = 1;
    if (hosts == 1) printf("CLIPS is not installed (libclips-dev), so llwhy is measured alone.\n");
    for (int w = 0; w < WORKS; w++)
        for (int i = 0; i < REPEATS * (w == COLD ? 5 : 1); i++)
            for (int h = 0; h < hosts; h++) {
                if (!i) all[h][w].ok = 1;
                run_once(argv[2 + h], names[w], argv[1], &all[h][w]);
            }
    const outcome *a = all[0], *b = all[1];
    printf("| work | llwhy | CLIPS 6.30 | CLIPS / llwhy | asked for |\n|---|---|---|---|---|\n");
#define ROW(what, unit, scale, work, figure, target)                                                         \
    row(what, unit, scale, a[work].least[figure], b[work].least[figure], target)
    ROW("cold start, 7 rules and 70 facts, whole process", "ms", 1e3, COLD, 5, "1");
    ROW("load 1,000 rules", "ms", 1e3, LOAD, 0, "1");
    ROW("load 10,000 rules", "ms", 1e3, LOAD_10, 0, "");
    ROW("first run, 10,000 facts and 1,000 rules", "ms", 1e3, EDITS, 1, "3");
    ROW("one fact edited, mean", "us", 1e6, EDITS, 2, "5");
    ROW("one fact edited, 99th percentile", "us", 1e6, EDITS, 3, "5");
    ROW("join on equality, 10,000 by 10,000", "ms", 1e3, JOIN, 1, "4");
    ROW("peak memory, 10,000 facts and 1,000 rules", "MiB", 1.0 / 1024, EDITS, 4, "0.67");
    ROW("peak memory, join", "MiB", 1.0 / 1024, JOIN, 4, "0.67");
    printf("Ten times the rules take %.1f times as long to load", a[LOAD_10].least[0] / a[LOAD].least[0]);
    if (hosts == 2) printf(" (CLIPS: %.1f)", b[LOAD_10].least[0] / b[LOAD].least[0]);
    printf("; asked for: at most 11.\n");
    for (int h = 0; h < hosts; h++)
        for (int w = 0; w < WORKS; w++) {
            if (!all[h][w].ok)
                printf("%s: findings of %s are wrong, or it did not end\n", h ? "CLIPS" : "llwhy", names[w]);
            ok &= all[h][w].ok;
        }
    if (ok)
        printf("All findings are those found by trying: %.0f before the edits, %.0f joined.\n",
               a[EDITS].findings, a[JOIN].findings);
    return ok ? 0 : 1;
}

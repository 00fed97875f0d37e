/* Progress, told from a timer: whatever is slow need not know of it. */
#include "cli/progress.h"

#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static const size_t *volatile looked_at, *volatile to_judge;
static volatile sig_atomic_t judging, told, terminal;

enum { WIDTH = 100, FEW = 200 }; /* so few files take no time: something else does */

static size_t add(char *line, size_t n, const char *text) {
    while (*text && n < WIDTH) line[n++] = *text++;
    return n;
}

static size_t add_number(char *line, size_t n, size_t number) {
    char digits[24];
    size_t k = sizeof digits - 1;
    digits[k] = 0;
    do digits[--k] = (char)('0' + number % 10);
    while ((number /= 10) && k);
    return add(line, n, digits + k);
}

/* Runs in a signal: nothing but write(2) and its own stack. */
static void tell(int signal) {
    (void)signal;
    if (!looked_at || (!terminal && told == judging + 1)) return;
    if (!told && *looked_at < FEW) return;
    char line[WIDTH + 1];
    size_t n = add(line, 0, terminal ? "\r" : "");
    n = add(line, n, "llwhy: ");
    if (judging) {
        n = add(line, n, "judging ");
        n = add_number(line, n, *to_judge);
        n = add(line, n, *to_judge == 1 ? " launch ..." : " launches ...");
    } else {
        n = add(line, n, "looking through files, ");
        n = add_number(line, n, *looked_at);
        n = add(line, n, " so far ...");
    }
    while (terminal && n < 60) line[n++] = ' ';
    if (!terminal) line[n++] = '\n';
    told = judging + 1;
    if (write(STDERR_FILENO, line, n) < 0) looked_at = NULL;
}

static void set_timer(int seconds) {
    const struct itimerval every = {.it_interval = {seconds, 0}, .it_value = {seconds, 0}};
    setitimer(ITIMER_REAL, &every, NULL);
}

void llw_progress_start(const size_t *looked, const size_t *launches) {
    looked_at = looked;
    to_judge = launches;
    judging = told = 0;
    terminal = isatty(STDERR_FILENO);
    struct sigaction action = {.sa_handler = tell, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    set_timer(1);
}

void llw_progress_judging(void) {
    judging = 1;
}

void llw_progress_stop(void) {
    set_timer(0);
    signal(SIGALRM, SIG_DFL);
    looked_at = NULL;
    if (!told || !terminal) return;
    char blank[64];
    memset(blank, ' ', sizeof blank);
    blank[0] = blank[sizeof blank - 1] = '\r';
    if (write(STDERR_FILENO, blank, sizeof blank) < 0) return;
}

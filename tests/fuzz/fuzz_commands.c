/* The whole program as a fuzz target: fuzz_commands <INPUT runs one command line, fuzz_commands
 * FILE_OR_FOLDER... one for each.
 *
 * An input is a word a line, then after an empty line what is typed into the command (ask, mcp, teach, -). It
 * is run where it stands, confined (base/confine.h): whatever it asks for, nothing is written, started or
 * fetched. AFL++ feeds it (scripts/fuzz --commands); with names it replays what was kept and fails when one
 * ends by a signal, a sanitizer, a mistake of llwhy's own or not at all. Exit code 77: this kernel confines
 * nothing, and nothing was tried. */
#include "base/confine.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    INPUT_MAX = 60000 /* what is typed fits a pipe */,
    WORDS_MAX = 1000,
    SECONDS = 20,
    OWN_MISTAKE = 5,
    UNCONFINED = 77
};

int llwhy_main(int argc, char **argv); /* engine/cli/main.c */

/* Makes the bytes what is read from standard input. */
static void type(const char *bytes, size_t len) {
    int ends[2];
    if (pipe(ends) != 0 || write(ends[1], bytes, len) != (ssize_t)len || dup2(ends[0], STDIN_FILENO) < 0)
        abort();
    close(ends[0]);
    close(ends[1]);
}

static int run(int input) {
    static char bytes[INPUT_MAX + 1], *words[WORDS_MAX + 2] = {"llwhy"};
    size_t len = 0;
    for (ssize_t n; len < INPUT_MAX && (n = read(input, bytes + len, INPUT_MAX - len)) > 0;) len += (size_t)n;
    int n_words = 1;
    char *at = bytes, *end = bytes + len;
    while (at < end && *at != '\n' && n_words <= WORDS_MAX) {
        words[n_words++] = at;
        at = memchr(at, '\n', (size_t)(end - at));
        if (!at) at = end;
        *at++ = 0;
    }
    at = at < end ? at + 1 : end;
    type(at, (size_t)(end - at));
    if (llw_confine(NULL) != LLW_OK) {
        fputs("fuzz_commands: this kernel does not confine a program, so nothing is tried\n", stderr);
        return UNCONFINED;
    }
    alarm(SECONDS);
    return llwhy_main(n_words, words);
}

static size_t replayed, untried;

static bool ends_well(const char *path) {
    int status = 0, input = open(path, O_RDONLY | O_CLOEXEC);
    pid_t child = input >= 0 ? fork() : -1;
    if (child == 0) {
        if (!freopen("/dev/null", "w", stdout)) _exit(OWN_MISTAKE);
        exit(run(input));
    }
    if (input >= 0) close(input);
    if (child < 0 || waitpid(child, &status, 0) < 0) return false;
    if (WIFEXITED(status) && WEXITSTATUS(status) == UNCONFINED) return ++untried;
    if (WIFEXITED(status) && WEXITSTATUS(status) < OWN_MISTAKE) return true;
    fprintf(stderr, "%s: %s %d\n", path, WIFSIGNALED(status) ? "signal" : "exit code",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return false;
}

static bool end_well(const char *path) {
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, alphasort);
    bool well = true;
    if (n < 0) return replayed++, ends_well(path);
    for (int i = 0; i < n; i++) {
        char full[4096];
        snprintf(full, sizeof full, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && ++replayed) well = ends_well(full) && well;
        free(entries[i]);
    }
    free(entries);
    return well;
}

int main(int argc, char **argv) {
    bool well = true;
    if (argc == 1) return run(STDIN_FILENO);
    for (int i = 1; i < argc; i++) well = end_well(argv[i]) && well;
    printf("%zu inputs replayed\n", replayed - untried);
    return !well ? 1 : untried ? UNCONFINED : !replayed;
}

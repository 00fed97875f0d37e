/* What llama.cpp itself makes of GGUF files: its header reader, then its loader, each in a process of its own
 * because either may abort. Prints for each file: path, reads|refuses|aborts, loads|refuses|aborts. Compiled
 * by inputs.py beside the oracle. */
#include "gguf.h"
#include "llama.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 20 };

static void silent(enum ggml_log_level level, const char *text, void *context) {
    (void)level, (void)text, (void)context;
}

static int read_header(const char *path) {
    struct gguf_init_params params = {.no_alloc = true, .ctx = NULL};
    struct gguf_context *context = gguf_init_from_file(path, params);
    return context ? 0 : 1;
}

static int load(const char *path) {
    struct llama_model_params params = llama_model_default_params();
    params.n_gpu_layers = 0;
    llama_backend_init();
    return llama_model_load_from_file(path, params) ? 0 : 1;
}

static const char *verdict(int (*ask)(const char *path), const char *path, const char *good) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0}, cpu = {SECONDS, SECONDS};
        setrlimit(RLIMIT_CORE, &none);
        setrlimit(RLIMIT_CPU, &cpu);
        alarm(SECONDS);
        if (!freopen("/dev/null", "w", stderr)) _exit(9);
        llama_log_set(silent, NULL);
        _exit(ask(path));
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || (WIFEXITED(status) && WEXITSTATUS(status) == 9))
        return "unknown";
    return !WIFEXITED(status) ? "aborts" : WEXITSTATUS(status) ? "refuses" : good;
}

int main(int argc, char **argv) {
    setenv("GGML_NO_BACKTRACE", "1", 1);
    if (argc < 3) return fputs("llama_reads BACKENDS FILE...\n", stderr), 3;
    ggml_backend_load_all_from_path(argv[1]);
    for (int i = 2; i < argc; i++) {
        const char *header = verdict(read_header, argv[i], "reads"), *whole = verdict(load, argv[i], "loads");
        printf("%s\t%s\t%s\n", argv[i], header, whole);
    }
    return 0;
}

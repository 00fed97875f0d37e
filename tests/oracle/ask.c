/* Starts probes and asks them. */
#include "ask.h"
#include "made.h"
#include "write_gguf.h"

#include "base/text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool oracle_is_ready(const char *directory) {
    static const char *const files[] = {"bin/probe", "bin/libggml-fakecuda.so"};
    char path[1024];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        if (!access(path, R_OK | X_OK)) continue;
        fprintf(stderr, "oracle_check: %s is not there: prepare the folder with setup.sh %s\n", path,
                directory);
        return false;
    }
    return true;
}

static bool probe_start(probe *p, const char *directory, const char *cards, bool live) {
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC)) return false; /* no probe holds another's pipe open */
    p->pid = fork();
    if (p->pid < 0) return false;
    if (p->pid == 0) {
        char program[1024], backend[1024];
        snprintf(program, sizeof program, "%s/bin/probe", directory);
        snprintf(backend, sizeof backend, "%s/bin/libggml-fakecuda.so", directory);
        setenv("GGML_BACKEND_PATH", backend, 1);
        setenv("FAKE_GPUS", cards, 1);
        setenv("FAKE_LIVE", live ? "1" : "0", 1);
        dup2(in[0], 0);
        dup2(out[1], 1);
        if (!freopen("/dev/null", "w", stderr)) _exit(127);
        close(in[1]);
        close(out[0]);
        execl(program, program, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    p->in = fdopen(in[1], "w");
    p->out = fdopen(out[0], "r");
    return p->in && p->out;
}

static void probe_stop(probe *p) {
    if (!p->pid) return;
    fclose(p->in);
    fclose(p->out);
    waitpid(p->pid, NULL, 0);
    *p = (probe){0};
}

static json_t *answer_to(probe *p, const char *line) {
    json_t *answer = NULL;
    char *text = NULL;
    size_t room = 0;
    fprintf(p->in, "%s\n", line);
    if (!fflush(p->in))
        while (!answer && getline(&text, &room, p->out) > 0)
            if (text[0] == '{') answer = json_loads(text, 0, NULL); /* llama.cpp prints other lines too */
    free(text);
    if (!answer) probe_stop(p);
    return answer;
}

static void print_cards(llw_text *out, const test_case *t) {
    for (int i = 0; i < t->cards; i++)
        llw_text_addf(out, "%s%lld:%lld", i ? "," : "", (long long)t->total[i], (long long)t->free[i]);
}

/* A live card needs a probe of its own: others are told their memory with the question. */
json_t *oracle_ask(oracle *o, const char *model_path, const test_case *t, const char *mode) {
    static const char *const placeholders[] = {"", "1", "1,1", "1,1,1", "1,1,1,1"};
    probe own = {0}, *p = t->live ? &own : &o->probes[t->cards];
    llw_text cards = {0}, line = {0};
    json_t *answer = NULL;
    print_cards(&cards, t);
    llw_text_addf(&line, "c\t%s\t-m %s %s %s",
                  mode        ? mode
                  : t->server ? "srv"
                              : "lib",
                  model_path, *t->fit ? t->fit : "--fit off", t->flags);
    if (!t->live) llw_text_addf(&line, " -mem %s", llw_text_str(&cards));
    if (p->pid ||
        probe_start(p, o->directory, t->live ? llw_text_str(&cards) : placeholders[t->cards], t->live))
        answer = answer_to(p, llw_text_str(&line));
    if (t->live) probe_stop(p);
    llw_text_fini(&line);
    llw_text_fini(&cards);
    return answer;
}

/* A question about a file alone. */
static json_t *ask_of_file(oracle *o, const char *mode, const char *model_path) {
    probe *p = &o->probes[1];
    llw_text line = {0};
    json_t *answer = NULL;
    llw_text_addf(&line, "c\t%s\t%s", mode, model_path);
    if (p->pid || probe_start(p, o->directory, "1", false)) answer = answer_to(p, llw_text_str(&line));
    llw_text_fini(&line);
    return answer;
}

json_t *oracle_tensors(oracle *o, const char *model_path) {
    return ask_of_file(o, "new", model_path);
}

json_t *oracle_load(oracle *o, const char *model_path) {
    return ask_of_file(o, "load", model_path);
}

bool oracle_write(const char *path, const llw_model *model, int64_t bytes) {
    FILE *out = fopen(path, "wb");
    bool written = out && sparse_write(out, model, bytes);
    if (out) written = !fclose(out) && written;
    return written;
}

bool oracle_make(oracle *o, rng *r, const char *architecture, const char *path, llw_arena *arena,
                 llw_model *model, int64_t *bytes, const char **why) {
    *why = "its header cannot be written";
    if (!made_header(r, architecture, arena, model)) return false;
    made_offer(r, model, arena);
    if (!case_place(model, bytes) || !oracle_write(path, model, *bytes)) return false;
    oracle_forget(o);
    json_t *answer = oracle_tensors(o, path);
    json_t *tensors = json_object_get(answer, "tensors"), *tensor;
    size_t i;
    *why = tensors  ? ""
           : answer ? llw_arena_printf(arena, "no tensors: %s %s",
                                       json_string_value(json_object_get(answer, "error")),
                                       json_string_value(json_object_get(answer, "complaints")))
                    : "no tensors: died";
    model->n_tensors = 0;
    json_array_foreach(tensors, i, tensor) {
        int64_t dims[LLW_MAX_DIMS];
        for (size_t d = 0; d < LLW_MAX_DIMS; d++) dims[d] = json_integer_value(json_array_get(tensor, d + 1));
        made_tensor(r, model, arena, json_string_value(json_array_get(tensor, 0)), dims);
    }
    json_decref(answer);
    return model->n_tensors > 0 && case_place(model, bytes);
}

void oracle_forget(oracle *o) {
    for (int i = 1; i <= MAX_CARDS; i++) probe_stop(&o->probes[i]);
}

/* Compares llwhy's predictions with llama.cpp's own accounting on generated cases, byte for byte.
 *
 *   oracle_check ORACLE_DIR [--seconds N] [--seed N] [--made ARCHITECTURE|all] [--exactly SEED] [--keep]
 *                [--with FLAGS] [--verbose]
 *
 * ORACLE_DIR is what setup.sh prepared. Models are known ones, changed, and made ones in turn; --made only
 * those of one architecture; --exactly one model by the seed that was printed, which --keep leaves in
 * ORACLE_DIR. Weights and context must be equal; the compute buffer must be where the prediction calls it
 * exact, and inside its band elsewhere is counted; fit's flags must be equal where every figure is exact, and
 * are counted elsewhere. Exit code 1 when something that must be equal is not: the case is printed with its
 * seed. */
#include "cases.h"
#include "made.h"
#include "write_gguf.h"

#include "base/text.h"
#include "predict/predict.h"
#include "source/argv.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CARDS = 4, MOST_LOADED = 600 << 20 };

typedef struct probe {
    pid_t pid;
    FILE *in, *out;
} probe;

typedef struct tally {
    int models, unusable, cases, refused, weights, context, compute, compute_exact, in_band, fits, fits_equal,
        fits_exact, real, wrong;
} tally;

typedef struct check {
    const char *directory;
    probe probes[MAX_CARDS + 1];
    bool verbose, keep;
    tally sum;
    llw_arena *arena; /* of the current model */
    int64_t bytes;
    uint64_t seed; /* of the current model */
    const char *model_name, *model_path, *with;
} check;

/* ---- the probe, one process for each number of cards ---- */

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

static void print_cards(llw_text *out, const test_case *t) {
    for (int i = 0; i < t->cards; i++)
        llw_text_addf(out, "%s%lld:%lld", i ? "," : "", (long long)t->total[i], (long long)t->free[i]);
}

/* The answer to a line; NULL when llama.cpp died of it. */
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

/* llama.cpp's answer; NULL when it died of the question (an assertion), and the probe is gone. A live card
 * needs a probe of its own: others are told their memory with the question. */
static json_t *ask(check *c, const test_case *t, const char *mode) {
    static const char *const placeholders[] = {"", "1", "1,1", "1,1,1", "1,1,1,1"};
    probe own = {0}, *p = t->live ? &own : &c->probes[t->cards];
    llw_text cards = {0}, line = {0};
    print_cards(&cards, t);
    if (!p->pid &&
        !probe_start(p, c->directory, t->live ? llw_text_str(&cards) : placeholders[t->cards], t->live))
        return NULL;
    llw_text_addf(&line, "c\t%s\t-m %s %s %s",
                  mode        ? mode
                  : t->server ? "srv"
                              : "lib",
                  c->model_path, *t->fit ? t->fit : "--fit off", t->flags);
    if (!t->live) llw_text_addf(&line, " -mem %s", llw_text_str(&cards));
    json_t *answer = answer_to(p, llw_text_str(&line));
    llw_text_fini(&line);
    llw_text_fini(&cards);
    if (t->live) probe_stop(p);
    return answer;
}

/* ---- our side ---- */

static const char *const card_names[MAX_CARDS] = {"CUDA0", "CUDA1", "CUDA2", "CUDA3"};

static bool make_launch(const test_case *t, llw_facts *facts, const llw_model *model, llw_launch *out) {
    llw_arena *arena = llw_facts_arena(facts);
    llw_entity entity = llw_facts_entity(facts, LLW_KIND_model, "model");
    llw_facts_set_model(facts, entity, model);
    llw_token tokens[64];
    size_t n = 0;
    char *rest, *words = llw_arena_printf(arena, "%s %s", *t->fit ? t->fit : "--fit off", t->flags);
    for (char *word = strtok_r(words, " ", &rest); word && n < 64; word = strtok_r(NULL, " ", &rest))
        tokens[n++] = (llw_token){.text = word, .place = ""};
    llw_argv in = {.id = "argv",
                   .program = t->server ? LLW_PROGRAM_SERVER : LLW_PROGRAM_FIT_PARAMS,
                   .args = tokens,
                   .n_args = n};
    llw_argv_result result;
    llw_err err = {0};
    if (llw_argv_read(facts, &in, &result, &err) != LLW_OK) return fprintf(stderr, "%s\n", err.text), false;
    llw_facts_claim(facts, result.launch, LLW_launch_model, llw_ref(entity), LLW_GRADE_FLAG, "test", "");
    for (int i = 0; i < t->cards; i++) {
        llw_entity gpu = llw_facts_entity(facts, LLW_KIND_gpu, card_names[i]);
        llw_facts_claim(facts, gpu, LLW_gpu_index, llw_count(i), LLW_GRADE_MEASURED, "argument", "");
        llw_facts_claim(facts, gpu, LLW_gpu_total, llw_bytes(t->total[i] << 20), LLW_GRADE_MEASURED,
                        "argument", "");
        llw_facts_claim(facts, gpu, LLW_gpu_free, llw_bytes(t->free[i] << 20), LLW_GRADE_MEASURED, "argument",
                        "");
    }
    if (llw_launch_read(facts, result.launch, arena, out, NULL, &err) != LLW_OK)
        return fprintf(stderr, "%s\n", err.text), false;
    for (int i = 0; i < t->cards; i++) out->devices[i].live = t->live;
    return true;
}

static int64_t told(const json_t *devices, const char *name, const char *what) {
    return json_integer_value(json_object_get(json_object_get(devices, name), what));
}

static void complain(check *c, const test_case *t, const char *what, int64_t want, int64_t got) {
    c->sum.wrong++;
    printf("seed %llu %s, %s %s %s,%s cards", (unsigned long long)c->seed, c->model_name,
           t->server ? "server" : "library", *t->fit ? t->fit : "--fit off", t->flags,
           t->live ? " live" : "");
    for (int i = 0; i < t->cards; i++) printf(" %lld:%lld", (long long)t->total[i], (long long)t->free[i]);
    printf("\n  %s: llama.cpp %lld, here %lld\n", what, (long long)want, (long long)got);
}

static bool compare_memory(check *c, const test_case *t, const char *name, const llw_memory *m,
                           const json_t *devices) {
    char what[64];
    int64_t weights = told(devices, name, "model"), context = told(devices, name, "context");
    int64_t compute = told(devices, name, "compute");
    bool exact = m->weights_exact && m->context_exact && m->compute_exact;
    if (m->weights_exact && m->weights != weights) {
        snprintf(what, sizeof what, "weights on %s", name);
        complain(c, t, what, weights, m->weights);
    }
    if (m->context_exact && m->context != context) {
        snprintf(what, sizeof what, "context on %s", name);
        complain(c, t, what, context, m->context);
    }
    c->sum.weights += m->weights == weights;
    c->sum.context += m->context == context;
    c->sum.compute++;
    c->sum.compute_exact += m->compute == compute;
    c->sum.in_band += compute >= m->compute_low && compute <= m->compute_high;
    if (m->compute_exact && m->compute != compute) {
        snprintf(what, sizeof what, "compute buffer on %s", name);
        complain(c, t, what, compute, m->compute);
    }
    return exact;
}

/* With -dev the launch has some of the cards, in its own order; llama.cpp allocates nothing on the others. */
static bool compare_prediction(check *c, const test_case *t, const llw_launch *launch,
                               const llw_prediction *p, const json_t *answer) {
    bool refused = json_object_get(answer, "error") != NULL;
    if (refused != (p->outcome == LLW_OUTCOME_REFUSED)) {
        if (p->outcome == LLW_OUTCOME_UNKNOWN) return false;
        complain(c, t, refused ? json_string_value(json_object_get(answer, "error")) : p->reason, refused,
                 p->outcome == LLW_OUTCOME_REFUSED);
    }
    c->sum.refused += refused;
    if (refused || p->outcome != LLW_OUTCOME_OK) return false;
    const json_t *devices = json_object_get(answer, "devices");
    bool exact = compare_memory(c, t, "Host", &p->host, devices);
    if (launch->split_mode == LLW_SPLIT_TENSOR && launch->n_devices > 0)
        return exact & compare_memory(c, t, "Meta()", &p->together, devices);
    for (int i = 0; i < launch->n_devices; i++)
        exact &= compare_memory(c, t, launch->devices[i].name, &p->device[i], devices);
    int64_t n_ctx = json_integer_value(json_object_get(answer, "n_ctx"));
    if (p->n_ctx != n_ctx) complain(c, t, "n_ctx", n_ctx, p->n_ctx);
    return exact;
}

/* With -sm tensor llama.cpp's accounting knows only all cards together: what each one holds shows a real
 * load. */
static void compare_real(check *c, const test_case *t, const llw_launch *launch, const llw_prediction *p) {
    if (launch->split_mode != LLW_SPLIT_TENSOR || p->outcome != LLW_OUTCOME_OK || t->server ||
        c->bytes > MOST_LOADED || launch->n_overrides > 0)
        return; /* with weights in RAM norms are pinned, which the accounting forgets */
    json_t *answer = ask(c, t, "real"), *weights = json_object_get(answer, "weights"),
           *all = json_object_get(answer, "all");
    for (int i = 0; i < launch->n_devices && all; i++) {
        const llw_memory *m = &p->device[i];
        size_t card = (size_t)(launch->devices[i].name[4] - '0');
        int64_t want = json_integer_value(json_array_get(weights, card)),
                sum = json_integer_value(json_array_get(all, card));
        char what[64];
        snprintf(what, sizeof what, "weights really on %s", launch->devices[i].name);
        if (m->weights_exact && want != m->weights) complain(c, t, what, want, m->weights);
        snprintf(what, sizeof what, "everything really on %s", launch->devices[i].name);
        if (m->weights_exact && m->context_exact && m->compute_exact &&
            sum != m->weights + m->context + m->compute)
            complain(c, t, what, sum, m->weights + m->context + m->compute);
        c->sum.real++;
    }
    json_decref(answer);
}

static void compare_fit(check *c, const test_case *t, const llw_fit *fit, const json_t *answer) {
    llw_text ours = {0};
    for (size_t i = 0; i < fit->n_args; i++) llw_text_addf(&ours, "%s%s", i ? " " : "", fit->args[i]);
    const char *theirs = json_string_value(json_object_get(json_object_get(answer, "fit"), "args"));
    bool equal = theirs && !strcmp(theirs, llw_text_str(&ours));
    bool exact = fit->prediction.host.compute_exact;
    for (int i = 0; i < t->cards; i++) exact &= fit->prediction.device[i].compute_exact;
    c->sum.fits++;
    c->sum.fits_equal += equal;
    c->sum.fits_exact += exact;
    if (!equal && (exact || c->verbose)) {
        if (exact)
            complain(c, t, "fit", 0, 0);
        else
            printf("%s %s %s:\n", c->model_name, t->fit, t->flags);
        printf("  llama.cpp %.300s\n  here      %.300s\n", theirs ? theirs : "nothing", llw_text_str(&ours));
    }
    /* COMMON_PARAMS_FIT_STATUS_SUCCESS, common/fit.h */
    bool success = json_integer_value(json_object_get(json_object_get(answer, "fit"), "status")) == 0;
    bool here = fit->outcome == LLW_FIT_UNCHANGED || fit->outcome == LLW_FIT_ADJUSTED;
    if (theirs && exact && success != here) complain(c, t, fit->reason, success, here);
    llw_text_fini(&ours);
}

static void run_case(check *c, const test_case *t, const llw_model *model) {
    llw_facts *facts = llw_facts_new();
    llw_arena *arena = llw_arena_new();
    llw_launch launch;
    json_t *answer = ask(c, t, NULL);
    c->sum.cases++;
    if (!make_launch(t, facts, model, &launch)) {
        c->sum.wrong++;
    } else if (*t->fit) {
        llw_fit fit;
        llw_fit_run(&launch, arena, false, &fit);
        if (answer) compare_fit(c, t, &fit, answer);
    } else {
        llw_prediction p;
        llw_predict(&launch, arena, false, &p);
        if (answer) {
            compare_prediction(c, t, &launch, &p, answer);
            compare_real(c, t, &launch, &p);
        } else if (p.outcome == LLW_OUTCOME_OK && p.architecture_known)
            complain(c, t, "llama.cpp aborts", 1, 0);
    }
    json_decref(answer);
    llw_arena_free(arena);
    llw_facts_free(facts);
}

/* Whether llama.cpp loads the changed model at all. */
static bool loads(check *c) {
    test_case plain = {.cards = 1, .total = {80000}, .free = {79000}, .flags = "-c 512", .fit = ""};
    json_t *answer = ask(c, &plain, NULL);
    bool yes = answer && !json_object_get(answer, "error");
    if (!yes && c->verbose)
        printf("%s: does not load: %s\n", c->model_name,
               answer ? json_string_value(json_object_get(answer, "complaints")) : "died");
    json_decref(answer);
    return yes;
}

static bool write_model(const check *c, const llw_model *model, int64_t bytes) {
    FILE *out = fopen(c->model_path, "wb");
    bool written = out && sparse_write(out, model, bytes);
    if (out) written = !fclose(out) && written;
    return written;
}

/* The probes have read another file of that name. */
static void forget_model(check *c) {
    for (int i = 1; i <= MAX_CARDS; i++) probe_stop(&c->probes[i]);
}

/* Asks llama.cpp for the tensors of a made header, and lays the file out with them. */
static bool add_tensors(check *c, rng *r, llw_model *model, llw_arena *arena, int64_t *bytes) {
    made_offer(r, model, arena);
    if (!case_place(model, bytes) || !write_model(c, model, *bytes)) return false;
    forget_model(c);
    if (!probe_start(&c->probes[1], c->directory, "1", false)) return false;
    json_t *answer = answer_to(&c->probes[1], llw_arena_printf(arena, "c\tnew\t%s", c->model_path));
    json_t *tensors = json_object_get(answer, "tensors"), *tensor;
    size_t i;
    if (!tensors && c->verbose)
        printf("%s: no tensors: %s %s\n", c->model_name,
               answer ? json_string_value(json_object_get(answer, "error")) : "died",
               answer ? json_string_value(json_object_get(answer, "complaints")) : "");
    model->n_tensors = 0;
    json_array_foreach(tensors, i, tensor) {
        int64_t dims[LLW_MAX_DIMS];
        for (size_t d = 0; d < LLW_MAX_DIMS; d++) dims[d] = json_integer_value(json_array_get(tensor, d + 1));
        made_tensor(r, model, arena, json_string_value(json_array_get(tensor, 0)), dims);
    }
    json_decref(answer);
    return model->n_tensors > 0 && case_place(model, bytes);
}

static void run_model(check *c, const char *name, bool made, uint64_t seed) {
    rng r = {seed};
    llw_arena *arena = c->arena = llw_arena_new();
    llw_known known = {0};
    llw_model *model = &known.model;
    int64_t bytes = 0;
    c->seed = seed;
    c->model_name = name;
    c->sum.models++;
    bool there = made ? made_header(&r, name, arena, model) && add_tensors(c, &r, model, arena, &bytes)
                      : case_model(&r, name, arena, &known, &bytes);
    bool usable = there && write_model(c, model, bytes);
    forget_model(c);
    if (usable && !loads(c)) usable = false;
    c->sum.unusable += !usable;
    c->bytes = bytes;
    for (int i = 0; i < 8 && usable; i++) {
        test_case t;
        case_flags(&r, model, bytes, i < 2, arena, &t);
        if (c->with) t.flags = llw_arena_printf(arena, "%s%s%s", t.flags, *t.flags ? " " : "", c->with);
        run_case(c, &t, model);
    }
    if (!c->keep) unlink(c->model_path);
    forget_model(c); /* the file is another one next time */
    llw_arena_free(arena);
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    check c = {.directory = argc > 1 ? argv[1] : NULL};
    double limit = 40;
    uint64_t seed = 1, exactly = 0;
    const char *made = NULL;
    for (int i = 2; i < argc; i++) {
        if (!strcmp(argv[i], "--verbose"))
            c.verbose = true;
        else if (!strcmp(argv[i], "--keep"))
            c.keep = true;
        else if (!strcmp(argv[i], "--made") && i + 1 < argc)
            made = argv[++i];
        else if (!strcmp(argv[i], "--seconds") && i + 1 < argc)
            limit = strtod(argv[++i], NULL);
        else if (!strcmp(argv[i], "--with") && i + 1 < argc)
            c.with = argv[++i];
        else if (!strcmp(argv[i], "--exactly") && i + 1 < argc)
            exactly = strtoull(argv[++i], NULL, 10);
        else if (!strcmp(argv[i], "--seed") && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 10);
    }
    if (!c.directory)
        return fputs("usage: oracle_check ORACLE_DIR [--seconds N] [--seed N] [--made ARCHITECTURE|all] "
                     "[--verbose]\n",
                     stderr),
               2;
    signal(SIGPIPE, SIG_IGN);
    llw_arena *arena = llw_arena_new();
    c.model_path = llw_arena_printf(arena, "%s/case-%ld.gguf", c.directory, (long)getpid());
    char **names;
    size_t n;
    llw_known_list(arena, &names, &n);
    double end = seconds() + limit;
    for (uint64_t i = 0; n > 0 && seconds() < end; i++) {
        uint64_t own = exactly ? exactly : seed * 1000003u + i;
        if (exactly && i > 0) break;
        bool known = !made && i % 2 == 0;
        const char *any = made_architectures[(own * 31 + i / 2) % (uint64_t)made_n_architectures];
        run_model(&c, known ? names[i / 2 % n] : made && strcmp(made, "all") ? made : any, !known, own);
    }
    const tally *s = &c.sum;
    printf("%d models, %d of which llama.cpp does not load changed like that\n", s->models, s->unusable);
    printf("%d cases, %d refused by llama.cpp; of %d places: weights equal on %d, context on %d, compute "
           "buffer on %d, in its "
           "band on %d\n",
           s->cases, s->refused, s->compute, s->weights, s->context, s->compute_exact, s->in_band);
    printf("%d cards with -sm tensor compared with a real load\n", s->real);
    printf("fit: %d cases, same flags in %d, %d must be the same; %d differences that must not be\n", s->fits,
           s->fits_equal, s->fits_exact, s->wrong);
    llw_arena_free(arena);
    return s->wrong > 0 || s->cases == 0;
}

/* Compares llwhy's predictions with llama.cpp's own accounting on generated cases, byte for byte.
 *
 * `oracle_check --help` lists the options. Models are known ones, changed, and made ones in turn: the same
 * options walk over the same models and cases on every machine. Weights and context must be equal; the
 * compute buffer must be where the prediction calls it exact, and inside its band elsewhere is counted; fit's
 * flags must be equal where every figure is exact, and are counted elsewhere. Exit code 1 when something that
 * must be equal is not: the case is printed with the options that find it again. */
#include "ask.h"
#include "drafts.h"
#include "made.h"

#include "base/text.h"
#include "predict/draft.h"
#include "predict/memo.h"
#include "predict/predict.h"
#include "source/launch/argv.h"
#include "source/machine/host.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MOST_LOADED = 600 << 20,
    CASES = 8 /* of a model; the first two with --fit */,
    MODELS = 56 /* each known model once */
};

typedef struct tally {
    int models, unusable, cases, refused, weights, context, compute, compute_exact, in_band, fits, fits_equal,
        fits_exact, real, drafts, wrong;
} tally;

typedef struct options {
    char *directory; /* owned */
    const char *made, *known, *with;
    uint64_t models, seed, exactly;
    int only; /* this case of a model; -1: all */
    bool drafts;
    bool verbose, quiet, keep;
} options;

typedef struct check {
    options o;
    oracle oracle;
    tally sum;
    const char *model_path;
    drafting draft; /* of the current model, with --drafts */
    /* the current model and case */
    llw_arena *arena;
    int64_t bytes;
    uint64_t seed;
    const char *model_name;
    bool made;
    int number;
} check;

/* ---- our side ---- */

static const char *const card_names[MAX_CARDS] = {"CUDA0", "CUDA1", "CUDA2", "CUDA3"};

static const char *processor(llw_arena *arena) {
    llw_facts *machine = llw_facts_new();
    llw_host_options as_it_is = {0};
    const char *features = NULL;
    llw_source_host(machine, &as_it_is, NULL);
    llw_facts_text(machine, llw_facts_next(machine, LLW_KIND_host, 0), LLW_host_cpu_features, &features);
    if (features) features = llw_arena_strdup(arena, features);
    llw_facts_free(machine);
    return features;
}

static bool make_launch(const test_case *t, llw_facts *facts, const llw_model *model, const llw_model *draft,
                        llw_launch *out) {
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
    if (draft) {
        llw_entity beside = llw_facts_entity(facts, LLW_KIND_model, "draft");
        llw_facts_set_model(facts, beside, draft);
        llw_facts_claim(facts, result.launch, LLW_launch_draft, llw_ref(beside), LLW_GRADE_FLAG, "test", "");
    }
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
    out->cpu = processor(arena); /* llama.cpp's libraries look at the machine they run on */
    out->ram_total = sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGE_SIZE);
    return true;
}

static int64_t told(const json_t *devices, const char *name, const char *what) {
    return json_integer_value(json_object_get(json_object_get(devices, name), what));
}

static void complain(check *c, const test_case *t, const char *what, int64_t want, int64_t got) {
    c->sum.wrong++;
    printf("--exactly %llu --case %d%s%s: %s, %s %s %s,%s cards", (unsigned long long)c->seed, c->number,
           c->made ? " --made " : " --known ", c->model_name, c->model_name, t->server ? "server" : "library",
           *t->fit ? t->fit : "--fit off", t->flags, t->live ? " live" : "");
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
    json_t *answer = oracle_ask(&c->oracle, c->model_path, t, "real"),
           *weights = json_object_get(answer, "weights"), *all = json_object_get(answer, "all");
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

static bool draft_aborts(const llw_launch *launch) {
    llw_launch draft;
    llw_prediction p;
    llw_draft_launch(launch, launch->ctx, &draft);
    if (!llw_draft_is_used(launch) || !draft.model) return false;
    llw_arena *arena = llw_arena_new();
    llw_predict(&draft, arena, false, &p);
    llw_arena_free(arena);
    return p.outcome == LLW_OUTCOME_ABORTS;
}

/* What the draft takes, measured alone beside the context that resulted. */
static void compare_draft(check *c, const test_case *t, const llw_launch *launch, const json_t *answer) {
    const json_t *told_of = json_object_get(answer, "draft");
    if (!told_of || !llw_draft_is_used(launch)) return;
    llw_launch draft;
    llw_draft_launch(launch, json_integer_value(json_object_get(answer, "n_ctx")), &draft);
    if (!draft.model) return;
    llw_arena *arena = llw_arena_new();
    llw_prediction p;
    llw_predict(&draft, arena, false, &p);
    bool refused = json_is_null(told_of);
    if (p.outcome != LLW_OUTCOME_UNKNOWN && refused != (p.outcome == LLW_OUTCOME_REFUSED))
        complain(c, t, "the draft is refused", refused, !refused);
    if (!refused && p.outcome == LLW_OUTCOME_OK) {
        c->sum.drafts++;
        bool together = draft.split_mode == LLW_SPLIT_TENSOR && draft.n_devices > 0;
        compare_memory(c, t, "Host", &p.host, told_of);
        if (together) compare_memory(c, t, "Meta()", &p.together, told_of);
        for (int i = 0; i < draft.n_devices && !together; i++)
            compare_memory(c, t, draft.devices[i].name, &p.device[i], told_of);
    }
    llw_arena_free(arena);
}

static void compare_fit(check *c, const test_case *t, const llw_fit *fit, const json_t *answer) {
    llw_text ours = {0};
    for (size_t i = 0; i < fit->n_args; i++) llw_text_addf(&ours, "%s%s", i ? " " : "", fit->args[i]);
    const char *theirs = json_string_value(json_object_get(json_object_get(answer, "fit"), "args"));
    bool equal = theirs && !strcmp(theirs, llw_text_str(&ours));
    bool exact = fit->exact && fit->prediction.host.compute_exact;
    c->sum.fits++;
    c->sum.fits_equal += equal;
    c->sum.fits_exact += exact;
    if (!equal && (exact || c->o.verbose)) {
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
    llw_memo *memo = llw_memo_new(); /* as the program has one: fit's graphs are used again */
    llw_launch launch;
    json_t *answer = oracle_ask(&c->oracle, c->model_path, t, NULL);
    c->sum.cases++;
    bool made = make_launch(t, facts, model, c->draft.model, &launch);
    launch.memo = memo;
    if (!made) {
        c->sum.wrong++;
    } else if (*t->fit) {
        llw_fit fit;
        llw_fit_run(&launch, arena, false, &fit);
        if (answer) {
            compare_fit(c, t, &fit, answer);
            compare_draft(c, t, &launch, answer);
        }
    } else {
        llw_prediction p;
        llw_predict(&launch, arena, false, &p);
        if (answer) {
            compare_prediction(c, t, &launch, &p, answer);
            compare_real(c, t, &launch, &p);
            compare_draft(c, t, &launch, answer);
        } else if (p.outcome == LLW_OUTCOME_OK && p.architecture_known && !draft_aborts(&launch))
            complain(c, t, "llama.cpp aborts", 1, 0);
    }
    json_decref(answer);
    llw_memo_free(memo);
    llw_arena_free(arena);
    llw_facts_free(facts);
}

/* Whether llama.cpp loads the changed model at all. */
static bool loads(check *c) {
    test_case plain = {.cards = 1, .total = {80000}, .free = {79000}, .flags = "-c 512", .fit = ""};
    json_t *answer = oracle_ask(&c->oracle, c->model_path, &plain, NULL);
    bool yes = answer && !json_object_get(answer, "error");
    if (!yes && c->o.verbose)
        printf("%s: does not load: %s\n", c->model_name,
               answer ? json_string_value(json_object_get(answer, "complaints")) : "died");
    json_decref(answer);
    return yes;
}

static void run_model(check *c, const char *name, bool made, uint64_t seed) {
    rng r = {seed};
    llw_arena *arena = c->arena = llw_arena_new();
    llw_known known = {0};
    llw_model *model = &known.model;
    int64_t bytes = 0;
    c->seed = seed;
    c->made = made;
    c->model_name = name;
    c->sum.models++;
    const char *why = "";
    bool there = made ? oracle_make(&c->oracle, &r, name, c->model_path, arena, model, &bytes, &why)
                      : case_model(&r, name, arena, &known, &bytes);
    if (!there && c->o.verbose) printf("%s: %s\n", name, why);
    bool usable = there && oracle_write(c->model_path, model, bytes);
    oracle_forget(&c->oracle);
    if (usable && !loads(c)) usable = false;
    c->sum.unusable += !usable;
    c->bytes = bytes;
    rng apart = {seed ^ 0x5bd1e995u}; /* so that the cases are those of a walk without drafts */
    char **names;
    size_t n_names;
    llw_known_list(arena, &names, &n_names);
    c->draft.model = NULL;
    if (usable && c->o.drafts)
        draft_make(&c->oracle, &apart, names[rng_below(&apart, (int)n_names)], arena, &c->draft);
    for (int i = 0; i < CASES && usable; i++) {
        test_case t;
        case_flags(&r, model, bytes, i < 2, arena, &t);
        c->number = i;
        if (c->o.drafts) {
            const char *flags = draft_flags(&apart, &c->draft, t.cards, arena);
            t.server = true;
            t.flags = llw_arena_printf(arena, "%s%s%s", t.flags, *t.flags ? " " : "", flags);
        }
        if (c->o.only >= 0 && i != c->o.only) continue;
        if (c->o.with) t.flags = llw_arena_printf(arena, "%s%s%s", t.flags, *t.flags ? " " : "", c->o.with);
        run_case(c, &t, model);
    }
    if (!c->o.keep) unlink(c->model_path);
    if (c->draft.model && !c->o.keep) unlink(c->draft.path);
    oracle_forget(&c->oracle); /* the file is another one next time */
    llw_arena_free(arena);
}

/* ---- the walk ---- */

static void walk(check *c, char *const *known, size_t n_known) {
    const options *o = &c->o;
    for (uint64_t i = 0; i < (o->exactly ? 1 : o->models); i++) {
        uint64_t own = o->exactly ? o->exactly : o->seed * 1000003u + i;
        bool made = !o->known && (o->made || i % 2);
        const char *any = made_architectures[(own * 31 + i / 2) % (uint64_t)made_n_architectures];
        const char *name = !made ? (o->known ? o->known : known[i / 2 % n_known])
                           : o->made && strcmp(o->made, "all") ? o->made
                                                               : any;
        run_model(c, name, made, own);
    }
}

static void report(const tally *s) {
    printf("%d models, %d of which llama.cpp does not load changed like that\n", s->models, s->unusable);
    printf("%d cases, %d refused by llama.cpp; of %d places: weights equal on %d, context on %d, compute "
           "buffer on %d, in its "
           "band on %d\n",
           s->cases, s->refused, s->compute, s->weights, s->context, s->compute_exact, s->in_band);
    if (s->drafts) printf("%d drafts compared\n", s->drafts);
    printf("%d cards with -sm tensor compared with a real load\n", s->real);
    printf("fit: %d cases, same flags in %d, %d must be the same; %d differences that must not be\n", s->fits,
           s->fits_equal, s->fits_exact, s->wrong);
}

/* ---- the command line ---- */

static const char usage[] =
    "oracle_check DIR [options]: llwhy against llama.cpp v0.5.0's own accounting\n"
    "  DIR                what setup.sh prepared\n"
    "  --models N         walk over N models (56)\n"
    "  --seed N           other models and cases (1)\n"
    "  --made NAME|all    only made models, of that architecture or of all\n"
    "  --known NAME       only this known model\n"
    "  --exactly SEED     the one model that was printed with this\n"
    "  --case N           only this one of its cases\n"
    "  --with FLAGS       add these to llama.cpp's flags\n"
    "  --drafts           every launch drafts: another model beside it, or its own layers\n"
    "  --keep             leave the model in DIR\n"
    "  --verbose          say more\n"
    "  --quiet            say only what differs\n";

static bool read_number(const char *option, const char *text, uint64_t *out) {
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    if (!errno && *text >= '0' && *text <= '9' && !*end) return true;
    fprintf(stderr, "oracle_check: --%s wants a number, not \"%s\"\n", option, text);
    return false;
}

static bool is_architecture(const char *name) {
    for (int i = 0; i < made_n_architectures; i++)
        if (!strcmp(made_architectures[i], name)) return true;
    return !strcmp(name, "all");
}

/* 0, or the exit code. */
static int read_options(int argc, char **argv, options *o, bool *done) {
    enum { MODELS_OPTION, SEED, MADE, KNOWN, EXACTLY, CASE, WITH, DRAFTS, KEEP, VERBOSE, QUIET, HELP };
    static const struct option known[] = {{"models", required_argument, NULL, MODELS_OPTION},
                                          {"seed", required_argument, NULL, SEED},
                                          {"made", required_argument, NULL, MADE},
                                          {"known", required_argument, NULL, KNOWN},
                                          {"exactly", required_argument, NULL, EXACTLY},
                                          {"case", required_argument, NULL, CASE},
                                          {"with", required_argument, NULL, WITH},
                                          {"drafts", no_argument, NULL, DRAFTS},
                                          {"keep", no_argument, NULL, KEEP},
                                          {"verbose", no_argument, NULL, VERBOSE},
                                          {"quiet", no_argument, NULL, QUIET},
                                          {"help", no_argument, NULL, HELP},
                                          {0}};
    uint64_t only = 0;
    *o = (options){.models = MODELS, .seed = 1, .only = -1};
    for (int which; (which = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        bool fine = true;
        switch (which) {
        case MODELS_OPTION: fine = read_number("models", optarg, &o->models); break;
        case SEED: fine = read_number("seed", optarg, &o->seed); break;
        case EXACTLY: fine = read_number("exactly", optarg, &o->exactly); break;
        case CASE:
            fine = read_number("case", optarg, &only);
            o->only = (int)only;
            break;
        case MADE:
            o->made = optarg;
            fine = is_architecture(optarg);
            if (!fine) fprintf(stderr, "oracle_check: --made %s: no such architecture\n", optarg);
            break;
        case KNOWN: o->known = optarg; break;
        case WITH: o->with = optarg; break;
        case DRAFTS: o->drafts = true; break;
        case KEEP: o->keep = true; break;
        case VERBOSE: o->verbose = true; break;
        case QUIET: o->quiet = true; break;
        case HELP:
            fputs(usage, stdout);
            *done = true;
            return 0;
        default: fine = false; /* getopt_long has said what is wrong */
        }
        if (!fine) return 2;
    }
    if (optind != argc - 1) {
        fputs(optind < argc ? "oracle_check: only one DIR, please\n" : usage, stderr);
        return 2;
    }
    o->directory = realpath(argv[optind], NULL);
    if (o->directory) return oracle_is_ready(o->directory) ? 0 : 2;
    fprintf(stderr, "oracle_check: %s: %s\n", argv[optind], strerror(errno));
    return 2;
}

int main(int argc, char **argv) {
    check c = {0};
    bool done = false;
    int rc = read_options(argc, argv, &c.o, &done);
    if (rc || done) {
        free(c.o.directory);
        return rc;
    }
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0); /* a long walk is watched */
    llw_arena *arena = llw_arena_new();
    c.oracle.directory = c.o.directory;
    c.model_path = llw_arena_printf(arena, "%s/case-%ld.gguf", c.o.directory, (long)getpid());
    c.draft.path = llw_arena_printf(arena, "%s/draft-%ld.gguf", c.o.directory, (long)getpid());
    char **known;
    size_t n_known;
    llw_known_list(arena, &known, &n_known);
    if (n_known > 0) walk(&c, known, n_known);
    if (!c.o.quiet) report(&c.sum);
    llw_arena_free(arena);
    free(c.o.directory);
    return c.sum.wrong > 0 || c.sum.cases == 0;
}

/* Judges launches on a new build. */
#include "explain/gate.h"
#include "explain/words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *llw_gate_state_name(llw_gate_state state) {
    static const char *const names[] = {"proven", "failed", "only short", "expired", "missing"};
    return names[state];
}

typedef struct judging {
    const llw_run *run;
    const llw_facts *facts;
    llw_entity launch;
    const char *build;
    const llw_flags *flags;
    llw_arena *arena;
    llw_gate_item *out;
} judging;

/* --- one record --- */

static const char *text_of(const judging *j, llw_entity e, llw_attr attr) {
    const char *text = "";
    llw_facts_text(j->facts, e, attr, &text);
    return llw_arena_strdup(j->arena, text); /* it outlives the facts */
}

static bool is(const judging *j, llw_entity e, llw_attr attr) {
    bool flag = false;
    return llw_facts_flag(j->facts, e, attr, &flag) && flag;
}

static bool is_not(const judging *j, llw_entity e, llw_attr attr) {
    bool flag = true;
    return llw_facts_flag(j->facts, e, attr, &flag) && !flag;
}

static int64_t tokens(const judging *j, llw_entity e) {
    int64_t n = -1;
    llw_facts_count(j->facts, e, LLW_evidence_prompt_tokens, &n);
    return n;
}

/* As lesson 6 counts it; so is what gets worse (slower_now, larger_now). */
static bool answered_long(const judging *j, llw_entity e) {
    return is(j, e, LLW_evidence_answered_long);
}

static llw_entity next(const judging *j, llw_entity e) {
    while ((e = llw_facts_next(j->facts, LLW_KIND_evidence, e)))
        if (llw_facts_ref(j->facts, e, LLW_evidence_launch) == j->launch) return e;
    return 0;
}

/* --- the state --- */

static void because(judging *j, llw_entity e, const char *text) {
    j->out->because = text;
    if (e) j->out->place = text_of(j, e, LLW_evidence_place);
}

static void find_last(judging *j) {
    for (llw_entity e = 0; (e = next(j, e));) {
        if (!is(j, e, LLW_evidence_here) || !is_not(j, e, LLW_evidence_same_build) ||
            !is(j, e, LLW_evidence_newest) || !answered_long(j, e))
            continue;
        j->out->last_build = text_of(j, e, LLW_evidence_version);
        j->out->last_place = text_of(j, e, LLW_evidence_place);
        j->out->last_day = text_of(j, e, LLW_evidence_day);
    }
}

static void find_answered(judging *j) {
    int64_t most = -1;
    for (llw_entity e = 0; (e = next(j, e));) {
        if (!is(j, e, LLW_evidence_stands) || !is(j, e, LLW_evidence_passed) || tokens(j, e) <= most)
            continue;
        most = tokens(j, e);
        j->out->answered = text_of(j, e, LLW_evidence_prompt);
    }
}

static void say_failed(judging *j) {
    j->out->state = LLW_GATE_FAILED;
    because(j, 0, "somebody stated that long prompts fail on it");
    for (llw_entity e = 0; (e = next(j, e));) {
        if (!is(j, e, LLW_evidence_stands) || !is_not(j, e, LLW_evidence_passed) ||
            !is(j, e, LLW_evidence_newest))
            continue;
        j->out->problem = text_of(j, e, LLW_evidence_problem);
        j->out->prompt = text_of(j, e, LLW_evidence_prompt);
        because(j, e,
                llw_arena_printf(j->arena, "%s failed on %s: %s (%s)", j->out->prompt,
                                 text_of(j, e, LLW_evidence_day), j->out->problem,
                                 text_of(j, e, LLW_evidence_place)));
    }
}

static void say_proven(judging *j) {
    int64_t most = -1;
    j->out->state = LLW_GATE_PROVEN;
    because(j, 0, "a facts file states that it answers long prompts");
    for (llw_entity e = 0; (e = next(j, e));) {
        if (!is(j, e, LLW_evidence_stands) || !answered_long(j, e) || tokens(j, e) <= most) continue;
        most = tokens(j, e);
        because(j, e,
                llw_arena_printf(j->arena, "%s was answered on %s (%s)", text_of(j, e, LLW_evidence_prompt),
                                 text_of(j, e, LLW_evidence_day), text_of(j, e, LLW_evidence_place)));
    }
}

static void say_unproven(judging *j) {
    bool short_passed = is(j, j->launch, LLW_launch_short_prompt_passed);
    j->out->state = short_passed ? LLW_GATE_SHORT : LLW_GATE_MISSING;
    because(j, 0,
            short_passed ? "only short prompts were answered, and that is what crashed builds do as well"
                         : "nothing is on record for it");
    for (llw_entity e = 0; !short_passed && (e = next(j, e));)
        if (is(j, e, LLW_evidence_stands) && is(j, e, LLW_evidence_passed) &&
            is_not(j, e, LLW_evidence_answered))
            because(j, e,
                    llw_arena_printf(
                        j->arena,
                        "prompts were read and no token was asked for after them, where builds crash (%s)",
                        text_of(j, e, LLW_evidence_place)));
    for (llw_entity e = 0; (e = next(j, e));) {
        if (!is(j, e, LLW_evidence_same_build) || is(j, e, LLW_evidence_stands) ||
            !is(j, e, LLW_evidence_newest) || !answered_long(j, e))
            continue;
        if (!short_passed) j->out->state = LLW_GATE_EXPIRED;
        because(j, e,
                llw_arena_printf(j->arena, "what is on record of %s (%s) does not count: %s",
                                 text_of(j, e, LLW_evidence_day), text_of(j, e, LLW_evidence_place),
                                 text_of(j, e, LLW_evidence_differs)));
    }
}

/* --- contrasts with another build --- */

/* What differs besides the build; "" when nothing does. */
static const char *besides(const judging *j, llw_entity e) {
    const char *text = text_of(j, e, LLW_evidence_besides);
    return strcmp(text, "nothing") ? text : "";
}

static llw_gate_contrast *contrast(judging *j, llw_entity was, llw_entity now, const char *what) {
    if (j->out->n_contrasts == LLW_GATE_CONTRASTS) return NULL;
    llw_gate_contrast *c = &j->out->contrasts[j->out->n_contrasts++];
    const char *a = besides(j, was), *b = besides(j, now);
    *c = (llw_gate_contrast){.what = what,
                             .was_build = text_of(j, was, LLW_evidence_version),
                             .was_place = text_of(j, was, LLW_evidence_place),
                             .is_place = text_of(j, now, LLW_evidence_place),
                             .besides = *a && *b && strcmp(a, b) ? llw_arena_printf(j->arena, "%s; %s", a, b)
                                        : *a                     ? a
                                                                 : b};
    return c;
}

static const char *cause(const judging *j, const llw_gate_contrast *c) {
    return *c->besides ? llw_arena_printf(j->arena, "besides the build: %s", c->besides)
                       : "nothing but the build differs between the two records";
}

static void contrast_speed(judging *j) {
    llw_entity was = 0, now = 0;
    double before = 0, after = 0;
    for (llw_entity e = 0; (e = next(j, e));) {
        double speed = 0;
        if (!is(j, e, LLW_evidence_newest_speed) || !llw_facts_real(j->facts, e, LLW_evidence_speed, &speed))
            continue;
        if (is(j, e, LLW_evidence_stands)) {
            now = e;
            after = speed;
        } else if (is_not(j, e, LLW_evidence_same_build)) {
            was = e;
            before = speed;
        }
    }
    if (!was || !now || !is(j, was, LLW_evidence_slower_now)) return;
    llw_gate_contrast *c = contrast(j, was, now, "speed");
    if (!c) return;
    c->was = before;
    c->is = after;
    c->text = llw_arena_printf(j->arena, "%.1f tokens a second (%s), %.1f on %s (%s): %s", after, c->is_place,
                               before, c->was_build, c->was_place, cause(j, c));
}

/* Which of the buffers grew, and by how much. */
static const char *grown(const judging *j, llw_entity was, llw_entity now) {
    static const struct {
        llw_attr attr;
        const char *name;
    } parts[] = {{LLW_evidence_gpu_weights, "weights"},
                 {LLW_evidence_gpu_kv, "KV cache"},
                 {LLW_evidence_gpu_compute, "compute buffers"}};
    llw_text text = {0};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int64_t before = 0, after = 0;
        char a[LLW_NUMBER_MAX], b[LLW_NUMBER_MAX];
        if (!llw_facts_count(j->facts, was, parts[i].attr, &before) ||
            !llw_facts_count(j->facts, now, parts[i].attr, &after) || after <= before)
            continue;
        llw_text_addf(&text, "%s%s of %s instead of %s", text.len ? ", " : "", parts[i].name,
                      llw_format_bytes(a, after), llw_format_bytes(b, before));
    }
    const char *out = llw_arena_strdup(j->arena, llw_text_str(&text));
    llw_text_fini(&text);
    return out;
}

static void contrast_memory(judging *j) {
    llw_entity was = 0, now = 0;
    int64_t before = 0, after = 0;
    char a[LLW_NUMBER_MAX], b[LLW_NUMBER_MAX];
    for (llw_entity e = 0; (e = next(j, e));) {
        int64_t bytes = 0;
        if (!is(j, e, LLW_evidence_here) || !is(j, e, LLW_evidence_same_settings) ||
            !llw_facts_count(j->facts, e, LLW_evidence_gpu_bytes, &bytes))
            continue;
        if (is(j, e, LLW_evidence_stands)) {
            now = e;
            after = bytes;
        } else if (is_not(j, e, LLW_evidence_same_build)) {
            was = e;
            before = bytes;
        }
    }
    if (!was || !now || !is(j, was, LLW_evidence_larger_now)) return;
    llw_gate_contrast *c = contrast(j, was, now, "memory");
    if (!c) return;
    c->was = (double)before;
    c->is = (double)after;
    c->text = llw_arena_printf(j->arena, "%s on the GPUs (%s), %s on %s (%s): %s; %s",
                               llw_format_bytes(a, after), c->is_place, llw_format_bytes(b, before),
                               c->was_build, c->was_place, grown(j, was, now), cause(j, c));
}

static void contrast_crash(judging *j) {
    llw_entity was = 0, now = 0;
    if (j->out->state != LLW_GATE_FAILED || !j->out->last_build) return;
    for (llw_entity e = 0; (e = next(j, e));) {
        if (is(j, e, LLW_evidence_here) && is_not(j, e, LLW_evidence_same_build) &&
            is(j, e, LLW_evidence_newest) && answered_long(j, e))
            was = e;
        if (is(j, e, LLW_evidence_stands) && is_not(j, e, LLW_evidence_passed) &&
            is(j, e, LLW_evidence_newest))
            now = e;
    }
    llw_gate_contrast *c = was && now ? contrast(j, was, now, "crash") : NULL;
    if (!c) return;
    c->text = llw_arena_printf(j->arena, "%s failed (%s), %s answered %s (%s): %s",
                               text_of(j, now, LLW_evidence_prompt), c->is_place, c->was_build,
                               text_of(j, was, LLW_evidence_prompt), c->was_place, cause(j, c));
}

/* --- the launch and its machine, and what would prove it --- */

static void describe(judging *j) {
    llw_gate_item *out = j->out;
    llw_entity model = llw_facts_ref(j->facts, j->launch, LLW_launch_model);
    llw_text gpus = {0};
    out->launch = llw_arena_strdup(j->arena, llw_facts_id(j->facts, j->launch));
    if (model) {
        const char *id = llw_facts_id(j->facts, model);
        bool file = strlen(id) > 5 && !strcasecmp(id + strlen(id) - 5, ".gguf");
        out->path = text_of(j, model, LLW_model_path);
        if (!*out->path) out->path = llw_arena_printf(j->arena, "%s%s", id, file ? "" : ".gguf");
        const char *slash = strrchr(out->path, '/');
        out->model = slash && slash[1] ? slash + 1 : out->path;
        out->architecture = text_of(j, model, LLW_model_architecture);
        out->moe = is(j, model, LLW_model_moe);
    }
    for (llw_entity g = 0; (g = llw_facts_next(j->facts, LLW_KIND_gpu, g)); out->gpus++) {
        const char *name = text_of(j, g, LLW_gpu_name);
        if (*name) llw_text_addf(&gpus, "%s%s", gpus.len ? ", " : "", name);
        if (!*out->driver) out->driver = text_of(j, g, LLW_gpu_driver);
    }
    out->gpu_names = llw_arena_strdup(j->arena, llw_text_str(&gpus));
    llw_text_fini(&gpus);
}

/* The settings somebody made, as words; each stays with its value. */
static void write_flags(judging *j) {
    void *items = NULL;
    size_t capacity = 0;
    llw_entity build = llw_facts_ref(j->facts, j->launch, LLW_launch_build);
    int64_t order = 0;
    llw_facts_count(j->facts, build, LLW_build_order, &order);
    for (int a = 1; a < LLW_ATTRS; a++) {
        const llw_attr_info *info = llw_attr_get((llw_attr)a);
        if (info->kind != LLW_KIND_launch || !info->knob || info->type == LLW_REF) continue;
        const llw_claim *best = llw_facts_best(j->facts, j->launch, (llw_attr)a);
        if (!best || !best->value.known || best->grade < LLW_GRADE_CONFIG) continue;
        const char *text =
            llw_flag_write(j->flags, j->arena, (llw_attr)a, best->value, LLW_PROGRAM_SERVER, order);
        if (text)
            *(const char **)llw_arena_push(j->arena, &items, &j->out->n_flags, &capacity, sizeof text) = text;
    }
    j->out->flags = items;
}

/* "-ot exps=CPU" quoted so that a shell passes it on. */
static void add_flag(llw_text *out, const char *flag) {
    const char *blank = strchr(flag, ' '), *value = blank ? blank + 1 : "";
    bool plain = value[strcspn(value, " \t\"'$`\\|&;()<>*?[]#~{}!")] == 0;
    if (!blank || plain)
        llw_text_addf(out, " %s", flag);
    else
        llw_text_addf(out, " %.*s '%s'", (int)(blank - flag), flag, value);
}

/* A file for each launch: llwhy probe never writes over an older record. */
static const char *record_name(const judging *j) {
    llw_text t = {0};
    for (const char *c = j->out->launch; *c; c++)
        llw_text_addn(
            &t, strchr("/\\: ", *c) || (unsigned char)*c < 0x20 || strchr("\"'$`&;()<>*?|", *c) ? "-" : c, 1);
    const char *name = llw_arena_printf(j->arena, "%s-%s.yaml", j->build, llw_text_str(&t));
    llw_text_fini(&t);
    return name;
}

/* To be pasted one after the other. A record knows the flags of a profile that the probe started; of a server
 * elsewhere, or in a container, only those behind -- are known. */
static void say_commands(judging *j) {
    llw_gate_item *out = j->out;
    const char **commands = llw_arena_alloc(j->arena, 3 * sizeof *commands);
    out->commands = commands;
    if (out->state == LLW_GATE_PROVEN || out->state == LLW_GATE_FAILED) return;
    bool of_file = strchr(out->launch, ':') != NULL;
    const char *record = record_name(j);
    if (of_file)
        commands[out->n_commands++] = llw_arena_printf(
            j->arena,
            "llwhy probe localhost:8080 %s --with 'llama-server {flags} --port {port}' --llama %s "
            "--record %s",
            out->launch, j->build, record);
    else {
        llw_text t = {0};
        llw_text_addf(&t, "llama-server -m %s", out->path ? out->path : "MODEL");
        for (size_t i = 0; i < out->n_flags; i++) add_flag(&t, out->flags[i]);
        commands[out->n_commands++] = llw_arena_strdup(j->arena, llw_text_str(&t));
        llw_text_fini(&t);
        commands[out->n_commands++] =
            llw_arena_printf(j->arena, "llwhy probe localhost:8080 --llama %s --record %s", j->build, record);
    }
    llw_text t = {0};
    llw_text_addf(&t, "llwhy record probe %s", record);
    for (size_t i = 0; !of_file && i < out->n_flags; i++) {
        if (!i) llw_text_add(&t, " --");
        add_flag(&t, out->flags[i]);
    }
    commands[out->n_commands++] = llw_arena_strdup(j->arena, llw_text_str(&t));
    llw_text_fini(&t);
}

void llw_gate_judge(const llw_run *run, llw_entity launch, const char *name, const char *build,
                    const llw_flags *flags, llw_arena *arena, llw_gate_item *out) {
    *out = (llw_gate_item){.launch = "",
                           .model = "",
                           .architecture = "",
                           .gpu_names = "",
                           .driver = "",
                           .because = "",
                           .place = "",
                           .problem = "",
                           .prompt = "",
                           .answered = "",
                           .path = ""};
    judging j = {run, run->facts, launch, build, flags, arena, out};
    bool passed = false;
    bool known = llw_facts_flag(j.facts, launch, LLW_launch_long_prompt_passed, &passed);
    describe(&j);
    if (name) out->launch = llw_arena_strdup(arena, name);
    write_flags(&j);
    find_last(&j);
    find_answered(&j);
    if (known && passed)
        say_proven(&j);
    else if (known)
        say_failed(&j);
    else
        say_unproven(&j);
    contrast_crash(&j);
    contrast_speed(&j);
    contrast_memory(&j);
    say_commands(&j);
}

static int rank(const llw_gate_item *item) {
    if (item->state == LLW_GATE_FAILED) return 0;
    if (item->state == LLW_GATE_PROVEN) return 3;
    return item->moe && item->gpus > 1 ? 1 : 2;
}

static int by_rank(const void *a, const void *b) {
    const llw_gate_item *x = a, *y = b;
    return rank(x) != rank(y) ? rank(x) - rank(y) : strcmp(x->launch, y->launch);
}

void llw_gate_sort(llw_gate_item *items, size_t n) {
    if (n) qsort(items, n, sizeof *items, by_rank);
}

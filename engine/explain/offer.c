/* Finds what to do instead, by turning knobs and predicting each attempt. */
#include "explain/offer.h"
#include "explain/words.h"
#include "fact/flags.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_TURNS = LLW_EXPR_MAX_ARGS };

/* A set of knobs turned at once. */
typedef struct attempt {
    llw_attr knobs[MAX_TURNS];
    llw_value values[MAX_TURNS];
    int n;
} attempt;

typedef struct offering {
    llw_run *run;
    llw_arena *arena;
    llw_decision *d;
    llw_flags flags;
    llw_program program;
    int64_t order;
} offering;

static void turn(attempt *a, llw_attr knob, llw_value value) {
    for (int i = 0; i < a->n; i++)
        if (a->knobs[i] == knob) {
            a->values[i] = value;
            return;
        }
    if (a->n == MAX_TURNS) return;
    a->knobs[a->n] = knob;
    a->values[a->n++] = value;
}

static llw_value now(const offering *o, llw_attr attr) {
    return llw_facts_value(o->run->facts, o->d->launch, attr);
}

/* Turns a knob only if that changes anything. */
static void want(const offering *o, attempt *a, llw_attr knob, llw_value value) {
    llw_value have = now(o, knob);
    if (!llw_value_equal(have, value)) turn(a, knob, value);
}

static llw_value ask(const offering *o, const attempt *a, llw_entity entity, llw_attr attr) {
    return llw_run_variant(o->run, entity, attr, a->knobs, a->values, a->n);
}

static bool yes(const offering *o, const attempt *a, llw_attr attr) {
    llw_value v = ask(o, a, o->d->launch, attr);
    return v.known && v.as.flag;
}

static int64_t host_weights(const offering *o, const attempt *a) {
    llw_value v = ask(o, a, o->d->launch, LLW_launch_weights_on_host);
    return v.known ? v.as.count : INT64_MAX;
}

/* The value llama.cpp uses when the flag is left out, or unknown. */
static llw_value default_of(const offering *o, llw_attr attr) {
    size_t n = 0;
    const llw_claim **claims = llw_facts_claims(o->run->facts, o->d->launch, attr, o->arena, &n);
    for (size_t i = 0; i < n; i++)
        if (claims[i]->grade == LLW_GRADE_DEFAULT) return claims[i]->value;
    return llw_unknown(llw_attr_get(attr)->type);
}

static bool given(const offering *o, llw_attr attr) {
    const llw_claim *best = llw_facts_best(o->run->facts, o->d->launch, attr);
    return best && best->value.known && best->grade >= LLW_GRADE_CONFIG;
}

/* The reason a fired lesson gives for this knob, and its code. */
static const char *advice_for(const offering *o, llw_attr attr, const char **code) {
    for (size_t i = 0; i < o->run->n_nodes; i++) {
        const llw_node *node = &o->run->nodes[i];
        if (node->state != LLW_FIRED || !llw_node_concerns(o->run, node, o->d->launch)) continue;
        for (size_t k = 0; k < node->rule->n_advises; k++) {
            if (node->rule->advises[k].attr != attr) continue;
            llw_text t = {0};
            llw_run_say(o->run, node, &node->rule->advises[k].sentence, &t);
            const char *text = llw_arena_strdup(o->arena, llw_text_str(&t));
            llw_text_fini(&t);
            *code = node->rule->lesson->code;
            return text;
        }
    }
    *code = "";
    return NULL;
}

static const char *written(const offering *o, llw_attr attr, llw_value value) {
    const char *text = llw_flag_write(&o->flags, o->arena, attr, value, o->program, o->order);
    if (text) return text;
    const char *flag = llw_words_flag(attr);
    return flag ? flag : llw_attr_get(attr)->name;
}

/* "CUDA0 keeps 76.3 MiB free, CUDA1 1.52 GiB; every layer is on a GPU" */
static const char *result_of(const offering *o, const attempt *a) {
    llw_text t = {0};
    char buf[LLW_NUMBER_MAX];
    int n = 0;
    for (size_t i = 0; i < o->d->n_devices; i++) {
        const llw_device_line *line = &o->d->devices[i];
        if (!llw_facts_ref(o->run->facts, line->placement, LLW_placement_gpu)) continue;
        llw_value left = ask(o, a, line->placement, LLW_placement_left);
        if (!left.known) continue;
        llw_text_addf(&t, "%s%s%s %s%s", n ? ", " : "", line->name, n ? "" : " keeps", llw_format_bytes(buf, left.as.count), n ? "" : " free");
        n++;
    }
    int64_t host = host_weights(o, a);
    if (host == 0)
        llw_text_addf(&t, "%severy layer is on a GPU", n ? "; " : "");
    else if (host != INT64_MAX)
        llw_text_addf(&t, "%s%s of the layers' weights stay in RAM", n ? "; " : "", llw_format_bytes(buf, host));
    llw_value ctx = ask(o, a, o->d->launch, LLW_launch_n_ctx);
    int64_t before = 0;
    if (ctx.known && llw_facts_count(o->run->facts, o->d->launch, LLW_launch_n_ctx, &before) && before != ctx.as.count)
        llw_text_addf(&t, "; context %s", llw_format_count(buf, ctx.as.count));
    if (!yes(o, a, LLW_launch_loads_certain)) llw_text_add(&t, "; by the point estimate, so try it");
    const char *text = llw_arena_strdup(o->arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

static void add_arg(offering *o, void **items, size_t *n, size_t *capacity, const char *text) {
    for (const char *word = text; *word;) { /* "-ub 512" is two words; values hold no blanks but for quoted ones */
        size_t len = *n % 2 == 0 || word == text ? strcspn(word, " ") : strlen(word);
        if (word != text) len = strlen(word);
        *(const char **)llw_arena_push(o->arena, items, n, capacity, sizeof(char *)) = llw_arena_strndup(o->arena, word, len);
        word += len + (word[len] == ' ');
    }
}

static bool needs_quotes(const char *word) {
    return !*word || strcspn(word, " \t\"'$`\\|&;()<>*?[]#~{}!") != strlen(word);
}

static const char *command_of(offering *o, const llw_offer *offer) {
    llw_text t = {0};
    const char *path = "";
    llw_facts_text(o->run->facts, o->d->model, LLW_model_path, &path);
    if (!*path) path = llw_arena_printf(o->arena, "%s.gguf", llw_facts_id(o->run->facts, o->d->model));
    llw_text_addf(&t, "llama-%s -m ", llw_program_name(o->program));
    llw_text_addf(&t, needs_quotes(path) ? "'%s'" : "%s", path);
    for (size_t i = 0; i < offer->n_args; i++) {
        llw_text_add(&t, " ");
        llw_text_addf(&t, needs_quotes(offer->args[i]) ? "'%s'" : "%s", offer->args[i]);
    }
    const char *text = llw_arena_strdup(o->arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

static void add_change(offering *o, llw_offer *offer, size_t *capacity, llw_attr attr, bool set, const char *flag) {
    const char *code = "", *reason = advice_for(o, attr, &code);
    if (!reason) reason = set ? "the prediction with it is the best found" : "llama.cpp's default does it";
    void *items = offer->changes;
    *(llw_flag_change *)llw_arena_push(o->arena, &items, &offer->n_changes, capacity, sizeof(llw_flag_change)) =
        (llw_flag_change){set, flag, attr, reason, code};
    offer->changes = items;
}

/* Turns an attempt into flags: kept ones, set ones, dropped ones. */
static void write_offer(offering *o, const attempt *a, const char *title, bool whole_command, llw_offer *offer) {
    *offer = (llw_offer){.offered = true, .title = title};
    void *args = NULL;
    size_t arg_capacity = 0, change_capacity = 0;
    for (int k = 1; k < LLW_ATTRS; k++) {
        llw_attr attr = (llw_attr)k;
        const llw_attr_info *info = llw_attr_get(attr);
        if (info->kind != LLW_KIND_launch || !info->knob || info->type == LLW_REF || attr == LLW_launch_program) continue;
        int turned = -1;
        for (int i = 0; i < a->n; i++)
            if (a->knobs[i] == attr) turned = i;
        llw_value value = turned < 0 ? now(o, attr) : a->values[turned];
        bool is_default = llw_value_equal(value, default_of(o, attr));
        if (turned >= 0 && given(o, attr) && is_default) add_change(o, offer, &change_capacity, attr, false, written(o, attr, now(o, attr)));
        if (turned >= 0 && !is_default) add_change(o, offer, &change_capacity, attr, true, written(o, attr, value));
        bool say = turned >= 0 ? !is_default : given(o, attr) && !is_default;
        const char *text = say && (whole_command || turned >= 0) ? llw_flag_write(&o->flags, o->arena, attr, value, o->program, o->order) : NULL;
        if (!text && turned >= 0 && !whole_command) text = written(o, attr, value);
        if (text) add_arg(o, &args, &offer->n_args, &arg_capacity, text);
    }
    offer->args = args;
    offer->certain = yes(o, a, LLW_launch_loads_certain);
    offer->result = result_of(o, a);
    if (whole_command)
        offer->command = command_of(o, offer);
    else {
        llw_text t = {0};
        for (size_t i = 0; i < offer->n_args; i++) llw_text_addf(&t, "%s%s", i ? " " : "", offer->args[i]);
        offer->command = llw_arena_strdup(o->arena, llw_text_str(&t));
        llw_text_fini(&t);
    }
}

/* The author's remedies: what fired rules say to try. */
static bool try_authors(offering *o, attempt *out) {
    for (size_t r = 0; r < o->d->n_reasons; r++) {
        const llw_node *node = o->d->reasons[r].node;
        attempt a = {0};
        for (size_t i = 0; i < node->rule->n_tries; i++) {
            const llw_setting *s = &node->rule->tries[i];
            llw_result values[LLW_EXPR_MAX_BYTES];
            llw_run_eval(o->run, node, &s->value, values);
            if (llw_attr_get(s->attr)->kind == LLW_KIND_launch)
                want(o, &a, s->attr, llw_result_value(values[s->value.n_nodes - 1], llw_attr_get(s->attr)->type));
        }
        if (a.n && yes(o, &a, LLW_launch_loads)) {
            *out = a;
            return true;
        }
    }
    return false;
}

/* Everything that keeps --fit from placing layers, given back to it. */
static void free_hand(const offering *o, attempt *a) {
    want(o, a, LLW_launch_gpu_layers, llw_count(-1));
    want(o, a, LLW_launch_fit, llw_flag(true));
    want(o, a, LLW_launch_override_tensor, llw_string(LLW_LIST, ""));
    want(o, a, LLW_launch_tensor_split, llw_string(LLW_LIST, ""));
    want(o, a, LLW_launch_cpu_moe, llw_flag(false));
    want(o, a, LLW_launch_n_cpu_moe, llw_count(0));
}

/* The largest context, a multiple of 256, with which the attempt keeps `holds`; 0 when none does. Monotone: more context
 * never needs less memory. */
static int64_t largest_context(const offering *o, const attempt *base, int64_t most, bool on_gpus) {
    int64_t low = 0, high = most / 256;
    while (low < high) {
        int64_t mid = low + (high - low + 1) / 2;
        attempt a = *base;
        turn(&a, LLW_launch_ctx, llw_count(mid * 256));
        if (yes(o, &a, LLW_launch_loads) && (!on_gpus || host_weights(o, &a) == 0))
            low = mid;
        else
            high = mid - 1;
    }
    return low * 256;
}

/* Single changes, from the one that costs a user least: a smaller micro-batch, fit's own placement, a smaller cache type,
 * less context. */
static bool find_repair(offering *o, attempt *out) {
    if (try_authors(o, out)) return true;
    static const int64_t ubatches[] = {512, 256, 128};
    bool embeds = false;
    llw_facts_flag(o->run->facts, o->d->launch, LLW_launch_embedding_mode, &embeds);
    llw_value ubatch = now(o, LLW_launch_ubatch);
    for (size_t i = 0; i < sizeof ubatches / sizeof *ubatches && ubatch.known && !embeds; i++) {
        attempt a = {0};
        if (ubatch.as.count <= ubatches[i]) continue;
        turn(&a, LLW_launch_ubatch, llw_count(ubatches[i]));
        if (yes(o, &a, LLW_launch_loads)) return *out = a, true;
    }
    attempt a = {0};
    free_hand(o, &a);
    if (a.n && yes(o, &a, LLW_launch_loads)) return *out = a, true;
    a = (attempt){0};
    want(o, &a, LLW_launch_cache_type_k, llw_string(LLW_TEXT, "q8_0"));
    want(o, &a, LLW_launch_cache_type_v, llw_string(LLW_TEXT, "q8_0"));
    llw_value type = now(o, LLW_launch_cache_type_k);
    if (type.known && !strcmp(type.as.text, "f16") && yes(o, &a, LLW_launch_loads)) return *out = a, true;
    int64_t ctx = 0;
    if (!llw_facts_count(o->run->facts, o->d->launch, LLW_launch_n_ctx, &ctx)) return false;
    a = (attempt){0};
    int64_t fits = largest_context(o, &a, ctx, false);
    if (fits < 1024) return false;
    turn(&a, LLW_launch_ctx, llw_count(fits));
    return *out = a, true;
}

/* --fit-target lists worth trying: the default, then little on the cards that show no picture, then little everywhere.
 * 128 MiB is what the reserve for growth at run time has shown to need at least (lesson 7's profiles use 128,1024). */
static const char *target_list(offering *o, int nth) {
    int n = 0, busiest = -1;
    double most_used = -1;
    for (llw_entity g = 0; (g = llw_facts_next(o->run->facts, LLW_KIND_gpu, g)); n++) {
        int64_t total = 0, free = 0;
        bool display = false;
        if (llw_facts_flag(o->run->facts, g, LLW_gpu_display, &display) && display) most_used = 2, busiest = n;
        if (!llw_facts_count(o->run->facts, g, LLW_gpu_total, &total) || !llw_facts_count(o->run->facts, g, LLW_gpu_free, &free) || total <= 0) continue;
        double used = 1 - (double)free / (double)total;
        if (used > most_used) most_used = used, busiest = n;
    }
    if (nth == 0) return "1024";
    if (n < 2) return nth == 1 ? "128" : NULL;
    if (nth > 2) return NULL;
    llw_text t = {0};
    for (int i = 0; i < n; i++) llw_text_addf(&t, "%s%d", i ? "," : "", nth == 1 && i == busiest ? 1024 : 128);
    const char *text = llw_arena_strdup(o->arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

/* The plan we would choose: one GPU when everything fits there, else fit's placement with the first target list that
 * leaves nothing in RAM, else the one that leaves least. */
static bool find_choice(offering *o, attempt *out) {
    bool one = false, embeds = false;
    llw_facts_flag(o->run->facts, o->d->launch, LLW_launch_fits_one_gpu, &one);
    llw_facts_flag(o->run->facts, o->d->launch, LLW_launch_embedding_mode, &embeds);
    attempt base = {0};
    free_hand(o, &base);
    int64_t ubatch = 0, batch = 0;
    llw_facts_count(o->run->facts, o->d->launch, LLW_launch_ubatch, &ubatch);
    llw_facts_count(o->run->facts, o->d->launch, LLW_launch_batch, &batch);
    attempt roomy = base;
    if (ubatch > 512 && !embeds) {
        turn(&base, LLW_launch_ubatch, llw_count(512));
        if (batch < 2048) turn(&base, LLW_launch_batch, llw_count(2048));
    }
    int64_t least = INT64_MAX;
    bool found = false;
    for (int nth = 0; least > 0; nth++) {
        const char *list = target_list(o, nth);
        if (!list) break;
        attempt a = base;
        want(o, &a, LLW_launch_fit_target, llw_string(LLW_LIST, list));
        if (nth == 0 && !given(o, LLW_launch_fit_target)) a = base;
        if (!yes(o, &a, LLW_launch_loads)) continue;
        int64_t host = host_weights(o, &a);
        if (found && host >= least) continue;
        least = host;
        *out = a;
        found = true;
    }
    /* With weights in RAM a larger micro-batch buys prompt speed: keep the user's. */
    if (found && least > 0 && ubatch > 512) {
        attempt a = roomy;
        for (int i = 0; i < out->n; i++)
            if (out->knobs[i] == LLW_launch_fit_target) turn(&a, LLW_launch_fit_target, out->values[i]);
        if (yes(o, &a, LLW_launch_loads)) *out = a;
    }
    (void)one;
    return found;
}

/* For a launch without flags: what fit does with the context, and the largest one that keeps everything on the GPUs. */
static void say_context(offering *o) {
    if (given(o, LLW_launch_ctx)) return;
    int64_t train = 0, ctx = 0;
    bool gpus = false;
    if (!llw_facts_count(o->run->facts, o->d->model, LLW_model_context_length, &train) ||
        !llw_facts_count(o->run->facts, o->d->launch, LLW_launch_n_ctx, &ctx))
        return;
    llw_text t = {0};
    char buf[LLW_NUMBER_MAX];
    llw_text_addf(&t, "Context: -c is not given, so it will be %s", llw_format_count(buf, ctx));
    llw_text_addf(&t, " of the %s the model was trained for.", llw_format_count(buf, train));
    llw_facts_flag(o->run->facts, o->d->launch, LLW_launch_fits_gpus, &gpus);
    attempt a = {0};
    free_hand(o, &a);
    int64_t most = largest_context(o, &a, train, gpus);
    if (most > ctx)
        llw_text_addf(&t, " The largest that %s is %s (-c %lld).", gpus ? "keeps every layer on the GPUs" : "loads", llw_format_count(buf, most),
                      (long long)most);
    o->d->context_text = llw_arena_strdup(o->arena, llw_text_str(&t));
    llw_text_fini(&t);
}

void llw_offers(llw_run *run, llw_arena *arena, llw_decision *d) {
    const llw_predicted *p = d->predicted;
    if (!p || p->rc != LLW_OK || p->fit.prediction.outcome != LLW_OUTCOME_OK || d->verdict == LLW_VERDICT_UNKNOWN) return;
    offering o = {.run = run, .arena = arena, .d = d, .program = p->as_read.program, .order = p->as_read.build_order};
    if (llw_flags_load(arena, &o.flags, NULL) != LLW_OK) return;
    attempt a = {0};
    bool fails = d->verdict == LLW_VERDICT_FAILS || d->verdict == LLW_VERDICT_LIKELY_FAILS;
    if (fails && find_repair(&o, &a)) write_offer(&o, &a, "smallest repair", false, &d->repair);
    a = (attempt){0};
    if (find_choice(&o, &a) && a.n) write_offer(&o, &a, "our choice", true, &d->choice);
    say_context(&o);
}

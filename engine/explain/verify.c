/* Compares settings, memory, buffers and the load's outcome. */
#include "explain/verify.h"
#include "explain/words.h"

#include <string.h>
#include <strings.h>

/* What two figures of the same memory may differ by. nvidia-smi counts whole MiB, the context of a card that
 * nobody measured is an estimate, and libraries take what they take (models/extras.tsv,
 * models/gpu_contexts.tsv). */
static const int64_t MIB = 1 << 20, USED_TOLERANCE = 64, BUFFER_TOLERANCE = 1;
static const double USED_SHARE = 0.01;

typedef struct verifying {
    const llw_run *run;
    llw_entity launch;
    const llw_facts *meant_facts;
    llw_entity meant;
    llw_arena *arena;
    llw_verification *out;
} verifying;

const char *llw_agreement_name(llw_agreement agreement) {
    static const char *const name[] = {"match", "mismatch", "unknown"};
    return name[agreement];
}

const char *llw_verify_group_name(llw_verify_group group) {
    static const char *const name[] = {"flags", "memory", "buffers", "load"};
    return name[group];
}

static const char *keep(verifying *v, llw_text *text) {
    const char *copy = llw_arena_strdup(v->arena, llw_text_str(text));
    llw_text_fini(text);
    return copy;
}

static llw_verify_item *add(verifying *v, llw_verify_group group, const char *what, llw_agreement agreement) {
    void *items = v->out->items;
    llw_verify_item *item =
        llw_arena_push(v->arena, &items, &v->out->n_items, &v->out->item_capacity, sizeof *item);
    v->out->items = items;
    *item = (llw_verify_item){.group = group,
                              .what = what,
                              .agreement = agreement,
                              .expected = "",
                              .found = "",
                              .reason = "",
                              .source = ""};
    return item;
}

static const char *value_text(verifying *v, llw_attr attr, llw_value value) {
    llw_text t = {0};
    llw_words_value(&t, v->run, attr, value);
    return keep(v, &t);
}

static const char *origin_text(verifying *v, const llw_claim *claim) {
    llw_text t = {0};
    if (claim) llw_words_origin(&t, claim);
    return keep(v, &t);
}

static const char *flag_name(verifying *v, llw_attr attr) {
    llw_text t = {0};
    llw_words_slot(&t, v->run, v->launch, attr);
    return keep(v, &t);
}

static const char *mib(verifying *v, int64_t bytes) {
    char buf[LLW_NUMBER_MAX];
    return llw_arena_strdup(v->arena, llw_format_mib(buf, bytes));
}

/* ---- settings ---- */

static bool is_setting(llw_attr attr) {
    const llw_attr_info *info = llw_attr_get(attr);
    return info->kind == LLW_KIND_launch && info->knob && info->type != LLW_REF && attr != LLW_launch_program;
}

static bool was_set(const llw_claim *claim) {
    return claim && claim->grade > LLW_GRADE_DEFAULT;
}

/* What somebody set, who, and what lost against it. */
static void list_settings(verifying *v) {
    for (int a = 1; a < LLW_ATTRS; a++) {
        const llw_claim *best =
            is_setting((llw_attr)a) ? llw_facts_best(v->run->facts, v->launch, (llw_attr)a) : NULL;
        if (!was_set(best)) continue;
        size_t n = 0;
        const llw_claim **claims = llw_facts_claims(v->run->facts, v->launch, (llw_attr)a, v->arena, &n);
        void *items = v->out->settings;
        llw_setting_line *line =
            llw_arena_push(v->arena, &items, &v->out->n_settings, &v->out->setting_capacity, sizeof *line);
        v->out->settings = items;
        *line = (llw_setting_line){flag_name(v, (llw_attr)a), value_text(v, (llw_attr)a, best->value),
                                   origin_text(v, best), NULL, 0};
        line->lost = llw_arena_alloc(v->arena, (n + 1) * sizeof *line->lost);
        for (size_t i = 0; i < n; i++) {
            if (claims[i] == best || !was_set(claims[i])) continue;
            line->lost[line->n_lost].value = value_text(v, (llw_attr)a, claims[i]->value);
            line->lost[line->n_lost++].source = origin_text(v, claims[i]);
        }
    }
}

/* llama-server is meant unless somebody said otherwise. */
static void compare_program(verifying *v) {
    const char *is = "", *should = "";
    if (!llw_facts_text(v->run->facts, v->launch, LLW_launch_program, &is) ||
        !llw_facts_text(v->meant_facts, v->meant, LLW_launch_program, &should))
        return;
    if (!strcmp(is, should)) return;
    llw_verify_item *item = add(v, LLW_VERIFY_FLAGS, "program", LLW_AGREE_MISMATCH);
    item->expected = should;
    item->found = is;
    item->reason = "another program of llama.cpp";
}

/* Each setting that either side made: the values that count, whoever made them. */
static void compare_settings(verifying *v) {
    for (int a = 1; a < LLW_ATTRS; a++) {
        llw_attr attr = (llw_attr)a;
        if (!is_setting(attr)) continue;
        const llw_claim *is = llw_facts_best(v->run->facts, v->launch, attr),
                        *should = llw_facts_best(v->meant_facts, v->meant, attr);
        if (!was_set(is) && !was_set(should)) continue;
        bool known = is && is->value.known && should && should->value.known;
        llw_agreement agreement = !known                                      ? LLW_AGREE_UNKNOWN
                                  : llw_value_equal(is->value, should->value) ? LLW_AGREE_MATCH
                                                                              : LLW_AGREE_MISMATCH;
        llw_verify_item *item = add(v, LLW_VERIFY_FLAGS, flag_name(v, attr), agreement);
        item->expected = should ? value_text(v, attr, should->value) : "";
        item->found = is ? value_text(v, attr, is->value) : "";
        item->source = origin_text(v, is);
        if (agreement == LLW_AGREE_UNKNOWN)
            item->reason = "one of the two values is not known";
        else if (agreement == LLW_AGREE_MISMATCH)
            item->reason = !was_set(is)
                               ? "it was meant to be set and did not reach the server, so the default holds"
                           : !was_set(should) ? "it was not meant to be set"
                                              : "another value reached the server";
    }
}

static bool same_text(const char *a, const char *b) {
    return *a && *b && !strcasecmp(a, b);
}

/* A model's file name without directory and ending, or its id. */
static const char *model_name(verifying *v, const llw_facts *facts, llw_entity model) {
    const char *path = "";
    if (!llw_facts_text(facts, model, LLW_model_path, &path) || !*path) path = llw_facts_id(facts, model);
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t len = strlen(name);
    if (len > 5 && !strcasecmp(name + len - 5, ".gguf")) len -= 5;
    return llw_arena_strndup(v->arena, name, len);
}

/* The model by its file's name; under another name it is the same when its bytes and parameters are. */
static void compare_model(verifying *v) {
    llw_entity is = llw_facts_ref(v->run->facts, v->launch, LLW_launch_model),
               should = llw_facts_ref(v->meant_facts, v->meant, LLW_launch_model);
    if (!should) return;
    llw_verify_item *item = add(v, LLW_VERIFY_FLAGS, "model", LLW_AGREE_UNKNOWN);
    item->expected = model_name(v, v->meant_facts, should);
    if (!is) {
        item->reason = "which model the server loaded is not known";
        return;
    }
    item->found = model_name(v, v->run->facts, is);
    item->source = origin_text(v, llw_facts_best(v->run->facts, v->launch, LLW_launch_model));
    int64_t bytes = 0, meant_bytes = 0, params = 0, meant_params = 0;
    bool sized = llw_facts_count(v->run->facts, is, LLW_model_file_bytes, &bytes) &&
                 llw_facts_count(v->meant_facts, should, LLW_model_file_bytes, &meant_bytes);
    bool counted = llw_facts_count(v->run->facts, is, LLW_model_params, &params) &&
                   llw_facts_count(v->meant_facts, should, LLW_model_params, &meant_params);
    bool same_name = same_text(item->expected, item->found),
         same_file = sized && counted && bytes == meant_bytes && params == meant_params;
    item->agreement = same_file || (same_name && !sized) ? LLW_AGREE_MATCH
                      : sized || !same_name              ? LLW_AGREE_MISMATCH
                                                         : LLW_AGREE_UNKNOWN;
    if (same_file && !same_name) item->reason = "another name, but as many bytes and parameters";
    if (item->agreement == LLW_AGREE_MISMATCH)
        item->reason = same_name ? "the same name, but not the same size" : "another model";
}

/* ---- bytes ---- */

static llw_agreement within(int64_t value, int64_t low, int64_t high, int64_t tolerance) {
    return value >= low - tolerance && value <= high + tolerance ? LLW_AGREE_MATCH : LLW_AGREE_MISMATCH;
}

static void give_numbers(verifying *v, llw_verify_item *item, int64_t low, int64_t high, int64_t value,
                         int64_t tolerance) {
    item->numbers = true;
    item->low = low;
    item->high = high;
    item->value = value;
    item->tolerance = tolerance;
    item->expected =
        low == high ? mib(v, low) : llw_arena_printf(v->arena, "%s to %s", mib(v, low), mib(v, high));
    item->found = mib(v, value);
}

static bool bytes_of(const verifying *v, llw_entity e, llw_attr attr, int64_t *out) {
    return e && llw_facts_count(v->run->facts, e, attr, out);
}

/* The predicted or the measured claim on a slot; NULL when there is none that is known. */
static const llw_claim *claim_of(verifying *v, llw_entity e, llw_attr attr, bool measured) {
    size_t n = 0;
    const llw_claim **claims = llw_facts_claims(v->run->facts, e, attr, v->arena, &n);
    for (size_t i = 0; i < n; i++)
        if (claims[i]->value.known &&
            (measured ? claims[i]->grade == LLW_GRADE_MEASURED : claims[i]->grade == LLW_GRADE_PREDICTED))
            return claims[i];
    return NULL;
}

/* What the process holds of a card, against buffers, context and what grows. A card without buffers still has
 * a context. */
static void compare_used(verifying *v, llw_entity p, llw_entity gpu, const char *device) {
    int64_t need = 0, compute = 0, low = 0, high = 0, context = 0, extras = 0, used = 0;
    const llw_claim *claim = llw_facts_best(v->run->facts, p, LLW_placement_used);
    bool known = claim && claim->value.known;
    llw_verify_item *item = add(v, LLW_VERIFY_MEMORY, device, LLW_AGREE_UNKNOWN);
    if (known) item->found = mib(v, claim->value.as.count);
    item->source = origin_text(v, claim);
    if (!bytes_of(v, p, LLW_placement_need, &need) || !bytes_of(v, p, LLW_placement_compute, &compute)) {
        item->reason = "what it should hold cannot be predicted";
        return;
    }
    low = high = compute;
    if (!claim_of(v, p, LLW_placement_compute, true)) {
        bytes_of(v, p, LLW_placement_compute_low, &low);
        bytes_of(v, p, LLW_placement_compute_high, &high);
    }
    low = need - compute + low;
    high = need - compute + high;
    if (!bytes_of(v, gpu, LLW_gpu_context, &context)) {
        item->expected = llw_arena_printf(v->arena, "%s of buffers", mib(v, need));
        item->reason = "what a CUDA context takes of this card is not known";
        return;
    }
    bytes_of(v, p, LLW_placement_extras, &extras);
    int64_t tolerance = USED_TOLERANCE * MIB, share = (int64_t)((double)need * USED_SHARE);
    if (share > tolerance) tolerance = share;
    low = need ? low + context : 0;
    high += context + (need ? extras : 0);
    if (!known) {
        item->expected = llw_arena_printf(v->arena, "%s to %s", mib(v, low), mib(v, high));
        item->reason = claim ? "nvidia-smi does not tell what this process holds"
                             : "nvidia-smi does not list this process: run it on the host, as in a container "
                               "processes are hidden";
        return;
    }
    used = claim->value.as.count;
    give_numbers(v, item, low, high, used, tolerance);
    item->agreement = within(used, low, high, tolerance);
    int64_t off = used < low ? low - used : used - high;
    item->reason = item->agreement == LLW_AGREE_MATCH
                       ? llw_arena_printf(
                             v->arena, "buffers %s, context %s, up to %s of libraries and growth; %s allowed",
                             mib(v, need), mib(v, context), mib(v, extras), mib(v, tolerance))
                       : llw_arena_printf(v->arena,
                                          "%s %s than buffers of %s, a context of %s and up to %s of "
                                          "libraries and growth explain; %s would be allowed",
                                          mib(v, off), used < low ? "less" : "more", mib(v, need),
                                          mib(v, context), mib(v, extras), mib(v, tolerance));
}

/* A buffer that the log measured, beside the predicted one. */
static void compare_buffer(verifying *v, llw_entity p, llw_attr attr, const char *name, const char *device) {
    const llw_claim *measured = claim_of(v, p, attr, true), *predicted = claim_of(v, p, attr, false);
    if (!measured || !predicted) return;
    int64_t low = predicted->value.as.count, high = low, value = measured->value.as.count;
    if (attr == LLW_placement_compute) {
        bytes_of(v, p, LLW_placement_compute_low, &low);
        bytes_of(v, p, LLW_placement_compute_high, &high);
        if (low == high && bytes_of(v, p, LLW_placement_compute_loaded, &low)) high = low;
    }
    if (!value && !high) return;
    llw_verify_item *item =
        add(v, LLW_VERIFY_BUFFERS, llw_arena_printf(v->arena, "%s on %s", name, device), LLW_AGREE_UNKNOWN);
    give_numbers(v, item, low, high, value, BUFFER_TOLERANCE * MIB);
    item->agreement = within(value, low, high, item->tolerance);
    item->source = origin_text(v, measured);
    item->reason = item->agreement == LLW_AGREE_MATCH ? "as predicted"
                   : value > high                     ? "more than these flags put there"
                                                      : "less than these flags put there";
}

static void compare_placements(verifying *v) {
    static const struct {
        llw_attr attr;
        const char *name;
    } buffers[] = {{LLW_placement_weights, "weights"},
                   {LLW_placement_kv, "KV cache"},
                   {LLW_placement_compute, "compute buffer"}};
    for (llw_entity p = 0; (p = llw_facts_next(v->run->facts, LLW_KIND_placement, p));) {
        const char *device = "";
        if (llw_facts_ref(v->run->facts, p, LLW_placement_launch) != v->launch ||
            !llw_facts_text(v->run->facts, p, LLW_placement_device, &device))
            continue;
        llw_entity gpu = llw_facts_ref(v->run->facts, p, LLW_placement_gpu);
        if (gpu) compare_used(v, p, gpu, device);
        for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
            compare_buffer(v, p, buffers[i].attr, buffers[i].name, device);
    }
}

/* ---- what came of the load ---- */

static void compare_result(verifying *v, llw_attr attr) {
    const llw_claim *measured = claim_of(v, v->launch, attr, true),
                    *predicted = claim_of(v, v->launch, attr, false);
    if (!measured || !predicted) return;
    llw_verify_item *item =
        add(v, LLW_VERIFY_LOAD, flag_name(v, attr),
            llw_value_equal(measured->value, predicted->value) ? LLW_AGREE_MATCH : LLW_AGREE_MISMATCH);
    item->expected = value_text(v, attr, predicted->value);
    item->found = value_text(v, attr, measured->value);
    item->source = origin_text(v, measured);
    if (item->agreement == LLW_AGREE_MISMATCH)
        item->reason = "the load came out otherwise than these flags say";
}

static void read_log(verifying *v) {
    static const llw_attr results[] = {LLW_launch_n_ctx, LLW_launch_n_ctx_seq, LLW_launch_n_seq,
                                       LLW_launch_flash_attn_used};
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) compare_result(v, results[i]);
    for (llw_entity g = 0; (g = llw_facts_next(v->run->facts, LLW_KIND_log, g));) {
        const char *outcome = "";
        int64_t splits = 0;
        char buf[LLW_NUMBER_MAX];
        if (llw_facts_text(v->run->facts, g, LLW_log_outcome, &outcome)) {
            llw_verify_item *item =
                add(v, LLW_VERIFY_LOAD, "the load",
                    strcmp(outcome, "loaded")
                        ? !strcmp(outcome, "unknown") ? LLW_AGREE_UNKNOWN : LLW_AGREE_MISMATCH
                        : LLW_AGREE_MATCH);
            item->expected = "loaded";
            item->found = outcome;
            item->source = origin_text(v, llw_facts_best(v->run->facts, g, LLW_log_outcome));
            if (item->agreement == LLW_AGREE_UNKNOWN) item->reason = "the log ends before the load does";
            if (item->agreement == LLW_AGREE_MISMATCH)
                item->reason =
                    "the log is of a load that failed, so of another process or of one that was restarted";
        }
        if (llw_facts_count(v->run->facts, g, LLW_log_graph_splits, &splits))
            v->out->splits = llw_arena_printf(v->arena,
                                              "graph splits: %s. Each is a change of device within a token; "
                                              "with everything on one GPU there are 2",
                                              llw_format_count(buf, splits));
    }
}

static void sum_up(verifying *v) {
    for (size_t i = 0; i < v->out->n_items; i++) {
        llw_agreement a = v->out->items[i].agreement;
        v->out->n_match += a == LLW_AGREE_MATCH;
        v->out->n_mismatch += a == LLW_AGREE_MISMATCH;
        v->out->n_unknown += a == LLW_AGREE_UNKNOWN;
    }
    v->out->verdict = v->out->n_mismatch ? LLW_AGREE_MISMATCH
                      : v->out->n_match  ? LLW_AGREE_MATCH
                                         : LLW_AGREE_UNKNOWN;
}

void llw_verify(const llw_run *run, llw_entity running, const llw_facts *meant_facts, llw_entity meant,
                llw_arena *arena, llw_verification *out) {
    *out = (llw_verification){.splits = "", .verdict = LLW_AGREE_UNKNOWN};
    verifying v = {run, running, meant_facts, meant, arena, out};
    list_settings(&v);
    if (meant_facts) compare_program(&v);
    if (meant_facts) compare_model(&v);
    if (meant_facts) compare_settings(&v);
    compare_placements(&v);
    read_log(&v);
    sum_up(&v);
}

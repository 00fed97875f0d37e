/* Compares a record with a launch. */
#include "source/evidence/record_match.h"
#include "fact/build.h"
#include "source/launch/argv.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What decides which layer lies where. */
static const llw_attr placement_attrs[] = {
    LLW_launch_gpu_layers, LLW_launch_override_tensor, LLW_launch_cpu_moe,
    LLW_launch_n_cpu_moe,  LLW_launch_n_cpu_ffn,       LLW_launch_tensor_split,
    LLW_launch_split_mode, LLW_launch_main_gpu,        LLW_launch_devices,
    LLW_launch_fit,        LLW_launch_kv_offload,
};
/* ... and with it where fit decides, which measures what these take. */
static const llw_attr fitted_attrs[] = {LLW_launch_fit_target, LLW_launch_ctx, LLW_launch_cache_type_k,
                                        LLW_launch_cache_type_v};
static const llw_attr settings_attrs[] = {LLW_launch_cache_type_k, LLW_launch_cache_type_v,
                                          LLW_launch_flash_attn};
/* llama-bench makes a context of its own for each test. */
static const llw_attr server_attrs[] = {LLW_launch_ctx, LLW_launch_parallel, LLW_launch_ubatch};

enum { N_PLACEMENT = sizeof placement_attrs / sizeof *placement_attrs };

void llw_record_read_flags(llw_arena *arena, const llw_record *record, const llw_flags *flags,
                           llw_facts *scratch, llw_read_record *out) {
    *out = (llw_read_record){.record = record, .order = -1, .number = -1};
    llw_build build;
    if (llw_build_read(arena, record->build, &build, NULL) == LLW_OK) {
        out->order = build.order;
        if (build.version[0] == 'b' && isdigit((unsigned char)build.version[1]))
            out->number = strtoll(build.version + 1, NULL, 10);
    }
    if (!record->flags || record->unsaid) return;
    llw_token *words = llw_arena_alloc(arena, (record->n_flags + 1) * sizeof *words);
    for (size_t i = 0; i < record->n_flags; i++)
        words[i] = (llw_token){.text = record->flags[i], .place = "", .origin = "evidence"};
    llw_argv in = {.id = "record", .args = words, .n_args = record->n_flags, .flags = flags};
    llw_argv_result result;
    if (out->order >= 0)
        in.build = llw_build_claim(scratch, record->build, LLW_GRADE_MEASURED, "evidence", "", NULL);
    if (llw_argv_read(scratch, &in, &result, NULL) != LLW_OK) return;
    out->facts = scratch;
    out->launch = result.launch;
}

/* --- what differs, in words --- */

typedef struct comparing {
    llw_arena *arena;
    const llw_read_record *record;
    const llw_facts *facts;
    llw_entity launch;
    llw_match *out;
    llw_text differs;
    int n_besides;
} comparing;

static void differ(comparing *c, bool build, const char *text) {
    if (!*c->out->differs) c->out->differs = text;
    if (build) return;
    llw_text_addf(&c->differs, "%s%s", c->n_besides++ ? "; " : "", text);
}

/* "-ot" of "-ot: PATTERN=BUFFER,... as given". */
static const char *flag_of(llw_arena *arena, llw_attr attr) {
    const llw_attr_info *info = llw_attr_get(attr);
    return info->meaning[0] == '-' ? llw_arena_strndup(arena, info->meaning, strcspn(info->meaning, ":"))
                                   : info->name;
}

static const char *said(llw_arena *arena, llw_value value) {
    llw_text t = {0};
    if (llw_type_is_text(value.type) && value.known && !*value.as.text)
        llw_text_add(&t, "not given");
    else if (value.type == LLW_COUNT && value.known && value.as.count == -1)
        llw_text_add(&t, "auto");
    else if (value.type == LLW_COUNT && value.known)
        llw_text_addf(&t, "%" PRId64, value.as.count);
    else
        llw_value_print(&t, value);
    const char *text = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

/* A layer count as it acts: everything is everything, however it is written. */
static int64_t layers_that_act(const comparing *c, int64_t n) {
    int64_t all = c->record->record->layers, blocks = 0;
    llw_entity model = llw_facts_ref(c->facts, c->launch, LLW_launch_model);
    if (all <= 0 && model && llw_facts_count(c->facts, model, LLW_model_layers, &blocks)) all = blocks + 1;
    return all > 0 && n >= all ? -2 : n;
}

static bool same_value(const comparing *c, llw_attr attr, llw_value a, llw_value b) {
    if (!a.known || !b.known) return true; /* nobody can say that they differ */
    if (attr == LLW_launch_gpu_layers)
        return layers_that_act(c, a.as.count) == layers_that_act(c, b.as.count);
    if (attr == LLW_launch_flash_attn && (!strcmp(a.as.text, "auto") || !strcmp(b.as.text, "auto")))
        return true;
    if (attr == LLW_launch_parallel && (a.as.count == -1 || b.as.count == -1)) return true;
    return llw_value_equal(a, b);
}

static bool compare(comparing *c, const llw_attr *attrs, size_t n) {
    bool same = true;
    for (size_t i = 0; i < n; i++) {
        llw_value was = llw_facts_value(c->record->facts, c->record->launch, attrs[i]),
                  is = llw_facts_value(c->facts, c->launch, attrs[i]);
        if (same_value(c, attrs[i], was, is)) continue;
        same = false;
        differ(c, false,
               llw_arena_printf(c->arena, "%s was %s and is %s here", flag_of(c->arena, attrs[i]),
                                said(c->arena, was), said(c->arena, is)));
    }
    return same;
}

static int64_t layers_of(const llw_facts *facts, llw_entity launch) {
    int64_t n = -1;
    llw_facts_count(facts, launch, LLW_launch_gpu_layers, &n);
    return n;
}

static void compare_placement(comparing *c) {
    const llw_read_record *r = c->record;
    if (!r->facts) {
        differ(c, false,
               r->record->unsaid ? "not all of its flags are on record" : "its flags are not on record");
        return;
    }
    bool by_hand = layers_of(r->facts, r->launch) != -1 && layers_of(c->facts, c->launch) != -1, fits = false;
    bool same = true;
    for (size_t i = 0; i < N_PLACEMENT; i++) /* beside a layer count fit places nothing */
        if (placement_attrs[i] != LLW_launch_fit || !by_hand)
            same = compare(c, &placement_attrs[i], 1) && same;
    llw_facts_flag(c->facts, c->launch, LLW_launch_fit, &fits);
    if (fits && layers_of(c->facts, c->launch) == -1)
        same = compare(c, fitted_attrs, sizeof fitted_attrs / sizeof *fitted_attrs) && same;
    c->out->placement = same;
    same = compare(c, settings_attrs, sizeof settings_attrs / sizeof *settings_attrs);
    if (r->record->kind != LLW_RECORD_BENCH)
        same = compare(c, server_attrs, sizeof server_attrs / sizeof *server_attrs) && same;
    c->out->settings = same;
}

static void compare_build(comparing *c) {
    llw_entity build = llw_facts_ref(c->facts, c->launch, LLW_launch_build);
    const char *version = NULL;
    if (!build || !llw_facts_text(c->facts, build, LLW_build_version, &version)) return;
    c->out->build = llw_record_is_build(c->arena, c->record->record, version);
    if (c->out->build < 0)
        differ(c, true,
               llw_arena_printf(c->arena, "it ran on %s, and whether that is commit %.9s is not known",
                                c->record->record->build, version));
    if (!c->out->build)
        differ(c, true,
               llw_arena_printf(c->arena, "it ran on %s, not on %s", c->record->record->build, version));
}

/* --- the machine --- */

static bool same_name(const char *a, const char *b) {
    return strcasestr(a, b) || strcasestr(b, a);
}

int llw_record_on_machine(const llw_record *r, const llw_facts *facts) {
    size_t n = 0, told = 0;
    bool same = true;
    for (llw_entity g = 0; (g = llw_facts_next(facts, LLW_KIND_gpu, g)); n++) {
        const char *name = NULL;
        int64_t total = -1;
        bool named = llw_facts_text(facts, g, LLW_gpu_name, &name),
             sized = llw_facts_count(facts, g, LLW_gpu_total, &total);
        told += named || sized;
        if (n >= r->n_gpus) continue;
        if (named && r->gpus[n].name) same = same && same_name(name, r->gpus[n].name);
        if (sized && r->gpus[n].total > 0) same = same && total >> 20 == r->gpus[n].total >> 20;
    }
    return !r->n_gpus || !told ? -1 : same && n == r->n_gpus;
}

static void compare_machine(comparing *c) {
    const llw_record *r = c->record->record;
    c->out->machine = llw_record_on_machine(r, c->facts);
    if (c->out->machine) return;
    differ(c, false,
           llw_arena_printf(c->arena, "it ran on other GPUs (%s%s)",
                            r->gpus[0].name ? r->gpus[0].name : "one", r->n_gpus > 1 ? " and more" : ""));
}

static void compare_driver(comparing *c) {
    llw_entity gpu = llw_facts_next(c->facts, LLW_KIND_gpu, 0);
    const char *now = NULL, *was = c->record->record->driver;
    if (!gpu || !was || !llw_facts_text(c->facts, gpu, LLW_gpu_driver, &now)) return;
    c->out->driver = !strcmp(now, was);
    if (!c->out->driver)
        differ(c, false, llw_arena_printf(c->arena, "the GPU driver was %s and is %s now", was, now));
}

void llw_record_match(llw_arena *arena, const llw_read_record *record, const llw_facts *facts,
                      llw_entity launch, llw_match *out) {
    *out = (llw_match){-1, -1, -1, -1, -1, "", ""};
    comparing c = {.arena = arena, .record = record, .facts = facts, .launch = launch, .out = out};
    compare_build(&c);
    compare_placement(&c);
    compare_machine(&c);
    compare_driver(&c);
    out->besides = llw_arena_strdup(arena, llw_text_str(&c.differs));
    llw_text_fini(&c.differs);
}

/* --- fit --- */

bool llw_record_means_fit(const llw_record *record) {
    if (record->label && strcasestr(record->label, "fit")) return true;
    for (size_t i = 0; i + 1 < record->n_flags; i++)
        if ((!strcmp(record->flags[i], "--fit") || !strcmp(record->flags[i], "-fit")) &&
            !strcmp(record->flags[i + 1], "on"))
            return true;
    return false;
}

const char *llw_record_stops_fit(llw_arena *arena, const llw_read_record *r) {
    static const llw_attr stops[] = {LLW_launch_gpu_layers, LLW_launch_tensor_split,
                                     LLW_launch_override_tensor, LLW_launch_cpu_moe, LLW_launch_n_cpu_moe};
    bool fit = false, moe = false;
    const char *list = "";
    int64_t n = 0;
    if (!r->facts || (r->record->fit && strcmp(r->record->fit, "gave-up"))) return "";
    if (!llw_facts_flag(r->facts, r->launch, LLW_launch_fit, &fit) || !fit) return "";
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        llw_attr attr = stops[i];
        const char *flag = flag_of(arena, attr);
        if (attr == LLW_launch_gpu_layers && llw_facts_count(r->facts, r->launch, attr, &n) && n != -1)
            return llw_arena_printf(arena, "%s %" PRId64, flag, n);
        if (attr == LLW_launch_n_cpu_moe && llw_facts_count(r->facts, r->launch, attr, &n) && n > 0)
            return llw_arena_printf(arena, "%s %" PRId64, flag, n);
        if (attr == LLW_launch_cpu_moe && llw_facts_flag(r->facts, r->launch, attr, &moe) && moe) return flag;
        if (llw_type_is_text(llw_attr_get(attr)->type) && llw_facts_text(r->facts, r->launch, attr, &list) &&
            *list)
            return llw_arena_printf(arena, "%s %s", flag, list);
    }
    return "";
}

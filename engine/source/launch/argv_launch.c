/* From settings to claims: what each option does to the launch, the defaults of program and build, and what
 * follows. */
#include "base/secret.h"
#include "source/launch/argv_reader.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static llw_setting *push(llw_reader *r, llw_attr attr, llw_value value, llw_grade grade, const char *origin,
                         const char *place) {
    void *items = r->settings;
    llw_setting *s = llw_arena_push(r->arena, &items, &r->n_settings, &r->setting_capacity, sizeof *s);
    r->settings = items;
    *s = (llw_setting){attr, value, grade, origin, place};
    return s;
}

static const char *origin_of(const llw_use *use) {
    return use->token->origin ? use->token->origin : use->env ? "environment" : "argument";
}

static const char *place_of(const llw_use *use) {
    return use->token->place ? use->token->place : "";
}

/* The value of a parsed word as the attribute's type has it. */
static llw_value value_of(llw_reader *r, llw_attr attr, llw_parsed p, bool inverted) {
    llw_type type = llw_attr_get(attr)->type;
    if (!p.known) return llw_unknown(type);
    if (type == LLW_FLAG) return llw_flag(p.flag != inverted);
    if (type == LLW_COUNT) return llw_count(p.count);
    return llw_string(type, llw_secret_shown(r->arena, p.text));
}

/* A value written in the option table: yes, no, a number, a word. */
static llw_value value_in_table(llw_attr attr, const char *text) {
    llw_type type = llw_attr_get(attr)->type;
    if (!strcmp(text, "unknown")) return llw_unknown(type);
    if (type == LLW_FLAG) return llw_flag(!strcmp(text, "yes") || !strcmp(text, "on") || !strcmp(text, "1"));
    if (type == LLW_COUNT && !strcmp(text, "auto")) return llw_count(-1);
    if (type == LLW_COUNT) return llw_count(strtoll(text, NULL, 10));
    return llw_string(type, text);
}

/* Sizes are unsigned further on: a negative one is taken and becomes huge (common.cpp
 * common_context_params_to_llama). */
static llw_parsed unsigned_size(llw_reader *r, const llw_use *use, llw_attr attr, llw_parsed p) {
    bool size = attr == LLW_launch_ctx || attr == LLW_launch_batch || attr == LLW_launch_ubatch ||
                attr == LLW_launch_fit_ctx;
    if (!size || !p.known || p.count >= 0) return p;
    int64_t written = p.count;
    p.count = (int64_t)(uint32_t)p.count;
    llw_reader_report(r, LLW_F_RANGE, LLW_PROBLEM_WRONG, use, "write 0 or more",
                      "%s makes %" PRId64 " of %s %" PRId64, llw_reader_program(r), p.count, use->spelling,
                      written);
    return p;
}

/* Numbers that llama.cpp refuses. */
static bool in_range(llw_reader *r, const llw_use *use, llw_attr attr, llw_parsed p) {
    if (!p.known) return true;
    if (attr == LLW_launch_parallel && !p.count && r->in->program == LLW_PROGRAM_SERVER) {
        llw_reader_refuse(r, LLW_F_RANGE, use, "write -1 for automatic, or a number of slots",
                          "%s ends here: %s does not take 0", llw_reader_program(r), use->spelling);
        return false;
    }
    return true;
}

static void set_override(llw_reader *r, const llw_use *use, llw_attr attr, llw_parsed p, llw_grade grade) {
    if (!r->override_place) {
        r->override_place = place_of(use);
        r->override_origin = origin_of(use);
    }
    if (grade > r->override_grade) r->override_grade = grade;
    const char *comma = r->override_order.len ? "," : "";
    if (attr == LLW_launch_override_tensor) {
        if (!p.known) {
            r->overrides_unknown = true;
            return;
        }
        size_t n = *p.text != 0;
        for (const char *at = p.text; *at; at++) n += *at == ',';
        if (r->overrides.len && n) llw_text_add(&r->overrides, ",");
        llw_text_add(&r->overrides, p.text);
        if (n) llw_text_addf(&r->override_order, "%sot:%zu", comma, n);
        if (r->override_place == NULL) r->override_place = place_of(use);
        return;
    }
    static const struct {
        llw_attr attr;
        const char *word;
    } words[] = {
        {LLW_launch_cpu_moe, "cmoe"}, {LLW_launch_n_cpu_moe, "ncmoe"}, {LLW_launch_n_cpu_ffn, "ncffn"}};
    for (size_t i = 0; i < 3; i++)
        if (words[i].attr == attr) llw_text_addf(&r->override_order, "%s%s", comma, words[i].word);
}

/* -ncmoe 10 -ncmoe 0 keeps ten layers in RAM: the patterns of both are appended, so the larger number holds.
 */
static llw_value larger_so_far(llw_reader *r, llw_attr attr, llw_value value) {
    for (size_t i = 0; i < r->n_settings; i++)
        if (r->settings[i].attr == attr && r->settings[i].value.known && value.known &&
            r->settings[i].value.as.count > value.as.count)
            value = r->settings[i].value;
    return value;
}

/* What appends: --spec-type, and the draft's overrides (-ncmoed N is N patterns). */
static llw_value joined_so_far(llw_reader *r, const llw_use *use, llw_attr attr, const char *fixed,
                               llw_parsed p) {
    if (!p.known) return llw_unknown(LLW_LIST);
    const char *text = fixed                            ? fixed
                       : use->row->kind == LLW_FLAG_INT ? llw_experts_in_ram(r->arena, p.count)
                                                        : p.text;
    const llw_setting *last = NULL;
    for (size_t i = 0; i < r->n_settings; i++)
        if (r->settings[i].attr == attr) last = &r->settings[i];
    if (!last) return llw_string(LLW_LIST, text);
    if (!last->value.known) return last->value;
    return llw_string(LLW_LIST, llw_arena_printf(r->arena, "%s,%s", last->value.as.text, text));
}

static void set_model(llw_reader *r, const llw_use *use, llw_parsed p, llw_grade grade, bool remote) {
    llw_argv_model *m = &r->out->model;
    if (remote && m->given && !m->remote)
        return; /* -m beside -hf names where the download goes; the file is what counts */
    *m = (llw_argv_model){
        .path = p.known && use->row->kind == LLW_FLAG_TEXT ? llw_arena_strdup(r->arena, p.text) : NULL,
        .place = llw_arena_strdup(r->arena, place_of(use)),
        .origin = llw_arena_strdup(r->arena, origin_of(use)),
        .grade = grade,
        .given = true,
        .remote = remote};
}

/* --mmap, --no-mmap, --mlock and --direct-io of builds before --load-mode: three switches in any order; later
 * builds had both for a while, and each of them chose a mode (llama.cpp #26133). */
static void set_old_load_mode(llw_reader *r, const llw_use *use, llw_parsed p, llw_grade grade) {
    bool negative = false,
         is_mmap = !strcmp(use->row->names[0], "--mmap") || !strcmp(use->row->names[0], "-mmp"),
         is_mlock = !strcmp(use->row->names[0], "--mlock");
    bool modes = llw_flag_find(r->flags, "--load-mode", r->in->program, r->order, &negative) != NULL;
    if (!p.known) {
        push(r, LLW_launch_load_mode, llw_unknown(LLW_TEXT), grade, origin_of(use), place_of(use));
        return;
    }
    if (is_mmap)
        r->mmap = p.flag;
    else if (is_mlock)
        r->mlock = true;
    else
        r->direct_io = p.flag;
    const char *mode = r->direct_io ? "dio"
                       : r->mlock   ? (r->mmap ? "mmap+mlock" : "mlock")
                       : r->mmap    ? "mmap"
                                    : "none";
    if (modes) mode = is_mmap ? (p.flag ? "mmap" : "none") : is_mlock ? "mlock" : p.flag ? "dio" : "mmap";
    push(r, LLW_launch_load_mode, llw_string(LLW_TEXT, mode), grade, origin_of(use), place_of(use));
}

static void set_attr(llw_reader *r, const llw_use *use, const llw_flag_set *set, llw_parsed p,
                     llw_grade grade) {
    llw_attr attr = set->attr;
    if (attr == LLW_launch_load_mode && use->row->kind != LLW_FLAG_CHOICE) {
        set_old_load_mode(r, use, p, grade);
        return;
    }
    if (attr == LLW_launch_spec_types || attr == LLW_launch_draft_override_tensor) {
        push(r, attr, joined_so_far(r, use, attr, set->value, p), grade, origin_of(use), place_of(use));
        return;
    }
    bool overrides = attr == LLW_launch_override_tensor || attr == LLW_launch_cpu_moe ||
                     attr == LLW_launch_n_cpu_moe || attr == LLW_launch_n_cpu_ffn;
    if (set->value) {
        llw_value fixed = value_in_table(attr, set->value);
        if (!p.known) fixed = llw_unknown(fixed.type);
        if (overrides) set_override(r, use, attr, p, grade);
        push(r, attr, fixed, grade, origin_of(use), place_of(use));
        return;
    }
    if (!in_range(r, use, attr, p)) return;
    p = unsigned_size(r, use, attr, p);
    if (overrides) set_override(r, use, attr, p, grade);
    if (attr == LLW_launch_override_tensor) return;
    llw_value value = value_of(r, attr, p, set->effect == LLW_SETS_INVERTED);
    if (attr == LLW_launch_n_cpu_moe || attr == LLW_launch_n_cpu_ffn) value = larger_so_far(r, attr, value);
    push(r, attr, value, grade, origin_of(use), place_of(use));
    /* arg.cpp: an explicit -c 0 also forbids --fit to shrink the context */
    bool fits = attr == LLW_launch_ctx && r->in->program != LLW_PROGRAM_BENCH;
    if (fits && p.known && !p.count)
        push(r, LLW_launch_fit_ctx, llw_count(UINT32_MAX), grade, origin_of(use), place_of(use));
}

void llw_reader_set(llw_reader *r, const llw_use *use, llw_parsed p, llw_grade grade) {
    for (size_t i = 0; i < use->row->n_sets; i++) {
        const llw_flag_set *set = &use->row->sets[i];
        switch (set->effect) {
        case LLW_SETS_ATTR:
        case LLW_SETS_INVERTED: set_attr(r, use, set, p, grade); break;
        case LLW_SETS_MODEL: set_model(r, use, p, grade, false); break;
        case LLW_SETS_MODEL_REMOTE: set_model(r, use, p, grade, true); break;
        case LLW_SETS_CTX_UNSET:
            push(r, LLW_launch_ctx, llw_count(0), grade, origin_of(use), place_of(use));
            break;
        case LLW_SETS_CTX_PER_SLOT:
            r->ctx_per_slot = p.known ? p.count : 0;
            r->ctx_per_slot_setting =
                (llw_setting){LLW_launch_ctx, llw_count(0), grade, origin_of(use), place_of(use)};
            break;
        case LLW_SETS_BENCH_PROMPT: r->bench_prompt = p.most; break;
        case LLW_SETS_BENCH_GEN: r->bench_gen = p.most; break;
        case LLW_SETS_BENCH_PG: r->bench_pg = p.most; break;
        case LLW_SETS_BENCH_DEPTH: r->bench_depth = p.most; break;
        }
        if (set->effect >= LLW_SETS_BENCH_PROMPT) r->bench_unknown |= !p.known;
    }
}

/* The setting that counts for an attribute, or NULL. */
static const llw_setting *winner(const llw_reader *r, llw_attr attr) {
    const llw_setting *best = NULL;
    for (size_t i = 0; i < r->n_settings; i++)
        if (r->settings[i].attr == attr && (!best || r->settings[i].grade >= best->grade))
            best = &r->settings[i];
    return best;
}

static int64_t count_or(const llw_reader *r, llw_attr attr, int64_t otherwise) {
    const llw_setting *s = winner(r, attr);
    return s && s->value.known ? s->value.as.count : otherwise;
}

/* llama-bench makes a context for each test: prompt, generation or both, behind the depth (llama-bench.cpp).
 */
static void set_bench_context(llw_reader *r) {
    int64_t prompt = r->bench_prompt < 0 ? 512 : r->bench_prompt, gen = r->bench_gen < 0 ? 128 : r->bench_gen;
    int64_t most = prompt > gen ? prompt : gen;
    if (r->bench_pg > most) most = r->bench_pg;
    if (r->bench_depth > 0) most += r->bench_depth;
    bool given = r->bench_prompt >= 0 || r->bench_gen >= 0 || r->bench_pg >= 0 || r->bench_depth >= 0;
    push(r, LLW_launch_ctx, r->bench_unknown ? llw_unknown(LLW_COUNT) : llw_count(most),
         given ? LLW_GRADE_FLAG : LLW_GRADE_DEFAULT, "llama-bench", "the longest of -p, -n and -pg, and -d");
}

static void set_context_per_slot(llw_reader *r) {
    const llw_setting *ctx = winner(r, LLW_launch_ctx), *floor = winner(r, LLW_launch_fit_ctx),
                      *slots = winner(r, LLW_launch_parallel);
    bool given = ctx && (!ctx->value.known || ctx->value.as.count);
    if (given || (floor && floor->value.known && floor->value.as.count == UINT32_MAX) ||
        (slots && !slots->value.known))
        return;
    int64_t n = count_or(r, LLW_launch_parallel, -1);
    llw_setting s = r->ctx_per_slot_setting;
    push(r, LLW_launch_ctx, llw_count((n < 0 ? 4 : n) * r->ctx_per_slot), s.grade, s.origin, s.place);
}

static void set_overrides(llw_reader *r) {
    if (!r->override_place) return;
    const char *origin = r->override_origin, *place = r->override_place;
    const char *list = llw_arena_strdup(r->arena, llw_text_str(&r->overrides));
    if (r->overrides_unknown || *list)
        push(r, LLW_launch_override_tensor,
             r->overrides_unknown ? llw_unknown(LLW_LIST) : llw_string(LLW_LIST, list), r->override_grade,
             origin, place);
    push(r, LLW_launch_override_order,
         llw_string(LLW_LIST, llw_arena_strdup(r->arena, llw_text_str(&r->override_order))),
         r->override_grade, origin, place);
}

/* What llama.cpp assumes where nobody says anything: the row's default, or this for options the build does
 * not have. */
static const struct {
    llw_attr attr;
    const char *absent;
} defaults[] = {
    {LLW_launch_gpu_layers, "auto"},
    {LLW_launch_ctx, "0"},
    {LLW_launch_batch, "2048"},
    {LLW_launch_ubatch, "512"},
    {LLW_launch_cache_type_k, "f16"},
    {LLW_launch_cache_type_v, "f16"},
    {LLW_launch_flash_attn, "auto"},
    {LLW_launch_parallel, "1"},
    {LLW_launch_kv_offload, "yes"},
    {LLW_launch_swa_full, "no"},
    {LLW_launch_op_offload, "yes"},
    {LLW_launch_split_mode, "layer"},
    {LLW_launch_tensor_split, ""},
    {LLW_launch_main_gpu, "0"},
    {LLW_launch_devices, ""},
    {LLW_launch_override_tensor, ""},
    {LLW_launch_cpu_moe, "no"},
    {LLW_launch_n_cpu_moe, "0"},
    {LLW_launch_n_cpu_ffn, "0"},
    {LLW_launch_override_order, ""},
    {LLW_launch_fit, "no"},
    {LLW_launch_fit_target, "0"},
    {LLW_launch_fit_ctx, "4096"},
    {LLW_launch_load_mode, "mmap"},
    {LLW_launch_embedding_mode, "no"},
    {LLW_launch_rerank, "no"},
    {LLW_launch_pooling, ""},
    {LLW_launch_repack, "yes"},
    {LLW_launch_mmproj, ""},
    {LLW_launch_draft_model, ""},
    {LLW_launch_rope_given, "no"},
    {LLW_launch_rope_scaling, ""},
    {LLW_launch_header_overridden, "no"},
};

static llw_value default_of(llw_reader *r, llw_attr attr, const char *absent) {
    const llw_flag_row *row = llw_flag_for_attr(r->flags, attr, r->in->program, r->order);
    bool usable = row && (*row->default_text || llw_type_is_text(llw_attr_get(attr)->type)) &&
                  (attr != LLW_launch_load_mode || row->kind == LLW_FLAG_CHOICE);
    llw_value v = value_in_table(attr, usable ? row->default_text : absent);
    if (usable && row->sets[0].effect == LLW_SETS_INVERTED) v.as.flag = !v.as.flag;
    if (usable && attr == LLW_launch_flash_attn && llw_is_falsey(row->default_text))
        v = llw_string(LLW_TEXT, "off");
    if (attr != LLW_launch_fit) return v;
    /* --fit is younger than some builds: the build itself knows; llama-bench fits only when told a target or
     * a context */
    if (r->in->program == LLW_PROGRAM_BENCH)
        return llw_flag(winner(r, LLW_launch_fit_target) || winner(r, LLW_launch_fit_ctx));
    return llw_facts_value(r->facts, r->out->build, LLW_build_fits_by_default);
}

static void claim_defaults(llw_reader *r) {
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
        const llw_setting *w = winner(r, defaults[i].attr);
        if (w && !w->value.known) continue; /* an unknown setting hides the default too */
        llw_facts_claim(r->facts, r->out->launch, defaults[i].attr,
                        default_of(r, defaults[i].attr, defaults[i].absent), LLW_GRADE_DEFAULT, "default",
                        llw_reader_program(r));
    }
    const llw_setting *unified = winner(r, LLW_launch_kv_unified), *slots = winner(r, LLW_launch_parallel);
    if (unified && !unified->value.known) return;
    bool automatic = r->in->program == LLW_PROGRAM_SERVER &&
                     count_or(r, LLW_launch_parallel, default_of(r, LLW_launch_parallel, "1").as.count) < 0;
    llw_facts_claim(r->facts, r->out->launch, LLW_launch_kv_unified,
                    slots && !slots->value.known ? llw_unknown(LLW_FLAG) : llw_flag(automatic),
                    LLW_GRADE_DEFAULT, "default", llw_reader_program(r));
}

static void claim_settings(llw_reader *r) {
    for (size_t i = 0; i < r->n_settings; i++) {
        const llw_setting *s = &r->settings[i], *w = winner(r, s->attr);
        if (!w->value.known && s != w) continue;
        llw_facts_claim(r->facts, r->out->launch, s->attr, s->value, s->grade, s->origin, s->place);
    }
}

static void report_adjustments(llw_reader *r) {
    if (r->in->program != LLW_PROGRAM_SERVER) return;
    bool embedding = false, unified = true;
    llw_facts_flag(r->facts, r->out->launch, LLW_launch_embedding_mode, &embedding);
    int64_t batch = count_or(r, LLW_launch_batch, 2048), ubatch = count_or(r, LLW_launch_ubatch, 512);
    const llw_setting *b = winner(r, LLW_launch_batch), *u = winner(r, LLW_launch_kv_unified);
    bool known = (!b || b->value.known) &&
                 (!winner(r, LLW_launch_ubatch) || winner(r, LLW_launch_ubatch)->value.known);
    if (embedding && known && batch > ubatch && b) {
        llw_token t = {NULL, b->place, NULL, NULL};
        llw_use use = {NULL, "-b", &t, false, false, LLW_launch_batch};
        llw_reader_report(r, LLW_F_ADJUSTED, LLW_PROBLEM_NOTE, &use,
                          llw_arena_printf(r->arena,
                                           "raise -ub to %" PRId64 " if inputs are longer than %" PRId64
                                           " tokens",
                                           batch, ubatch),
                          "llama-server lowers -b to -ub, %" PRId64 ", for embeddings", ubatch);
    }
    llw_facts_flag(r->facts, r->out->launch, LLW_launch_kv_unified, &unified);
    if (u && !unified && count_or(r, LLW_launch_parallel, -1) < 0) {
        llw_token t = {NULL, u->place, NULL, NULL};
        llw_use use = {NULL, "--no-kv-unified", &t, false, false, LLW_launch_kv_unified};
        llw_reader_report(
            r, LLW_F_ADJUSTED, LLW_PROBLEM_RISK, &use, "give -np too",
            "llama-server shares one cache after all: with automatic slots it turns --kv-unified on");
    }
}

static void claim_consequences(llw_reader *r) {
    const llw_override *list = NULL;
    size_t n = 0;
    llw_value moves = llw_unknown(LLW_FLAG);
    if (llw_launch_overrides(r->facts, r->out->launch, r->arena, &list, &n, NULL) == LLW_OK)
        moves = llw_flag(llw_overrides_move_experts(list, n, NULL));
    llw_facts_claim(r->facts, r->out->launch, LLW_launch_override_moves_experts_to_cpu, moves,
                    LLW_GRADE_PREDICTED, "derived", "-ot, -cmoe and -ncmoe");
}

/* An empty model, from whatever link it came: the server starts without one. */
static void judge_model(llw_reader *r) {
    llw_argv_model *m = &r->out->model;
    if (!m->given || m->remote || !m->path || *m->path) return;
    llw_token token = {NULL, m->place, NULL, NULL};
    llw_use use = {NULL, "-m", &token, false, false, LLW_launch_model};
    m->path = NULL;
    m->given = false;
    if (r->in->program == LLW_PROGRAM_SERVER) {
        m->router = true;
        llw_reader_report(r, LLW_F_ROUTER, LLW_PROBLEM_WRONG, &use,
                          "name the model's file, or take the option away",
                          "the model is empty: llama-server starts without one and still answers /health");
    } else {
        llw_reader_refuse(r, LLW_F_EMPTY, &use, "name the model's file", "%s ends here: its model is empty",
                          llw_reader_program(r));
        llw_text_add(&r->refused_words, "-m\t\n");
    }
}

void llw_reader_finish(llw_reader *r) {
    llw_entity launch = r->out->launch;
    const llw_argv *in = r->in;
    if (in->program == LLW_PROGRAM_BENCH) set_bench_context(r);
    if (in->program == LLW_PROGRAM_BENCH &&
        (winner(r, LLW_launch_fit_target) || winner(r, LLW_launch_fit_ctx))) {
        const llw_setting *why = winner(r, LLW_launch_fit_target) ? winner(r, LLW_launch_fit_target)
                                                                  : winner(r, LLW_launch_fit_ctx);
        push(r, LLW_launch_fit, llw_flag(true), why->grade, why->origin, why->place);
    }
    if (r->ctx_per_slot > 0) set_context_per_slot(r);
    set_overrides(r);
    const llw_claim *build = llw_facts_best(r->facts, r->out->build, LLW_build_version);
    llw_facts_claim(r->facts, launch, LLW_launch_build, llw_ref(r->out->build),
                    build ? build->grade : LLW_GRADE_DEFAULT, build ? build->origin : "default",
                    build ? build->place : "");
    bool named = in->program_origin != NULL;
    llw_facts_claim(r->facts, launch, LLW_launch_program, llw_string(LLW_TEXT, llw_program_name(in->program)),
                    named ? LLW_GRADE_CONFIG : LLW_GRADE_DEFAULT, named ? in->program_origin : "default",
                    in->program_place ? in->program_place : "");
    claim_defaults(r);
    claim_settings(r);
    report_adjustments(r);
    judge_model(r);
    claim_consequences(r);
    llw_text_fini(&r->overrides);
    llw_text_fini(&r->override_order);
}

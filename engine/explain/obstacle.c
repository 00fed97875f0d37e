/* Tells what keeps a wish from being so, and what it would cost. */
#include "explain/obstacle.h"
#include "fact/build.h"

#include <stdlib.h>
#include <string.h>

typedef struct telling {
    const llw_difference *d;
    llw_arena *arena;
    llw_proof *out;
} telling;

const char *llw_wish_state_name(llw_wish_state state) {
    static const char *const name[] = {"so", "refused", "short", "loads", "unknown"};
    return name[state];
}

static void add(telling *t, int depth, llw_line_kind kind, llw_mark mark, const char *text) {
    llw_proof_add(t->out, t->arena, depth, kind, text)->mark = mark;
}

static void condition(telling *t, bool holds, const char *text) {
    add(t, 1, LLW_LINE_CONDITION, holds ? LLW_MARK_YES : LLW_MARK_NO, text);
}

static const llw_facts *facts_of(const telling *t) {
    return t->d->b.run->facts;
}

static const char *bytes(telling *t, int64_t n) {
    char buf[LLW_NUMBER_MAX];
    return llw_arena_strdup(t->arena, llw_format_bytes(buf, n));
}

static const char *mib(telling *t, int64_t n) {
    char buf[LLW_NUMBER_MAX];
    return llw_arena_strdup(t->arena, llw_format_mib(buf, n));
}

/* ---- what has to hold ---- */

static void device(telling *t, const llw_device_line *l) {
    bool host = !strcmp(l->name, "Host");
    int64_t need = l->weights + l->kv + l->compute;
    if (!l->known) {
        if (host) return;
        add(t, 1, LLW_LINE_MISSING, LLW_MARK_UNKNOWN,
            llw_arena_printf(t->arena, "free memory of %s is unknown: %s", l->name,
                             llw_attr_get(LLW_gpu_free)->how));
        return;
    }
    if (host && l->left >= 0) return; /* RAM is told when it is what lacks */
    if (!need) return;
    const char *name = host ? "RAM" : l->name;
    condition(t, l->left >= 0,
              l->left >= 0 ? llw_arena_printf(t->arena, "%s holds it: needs %s, %s are free", name,
                                              mib(t, need), mib(t, l->free))
                           : llw_arena_printf(t->arena, "%s needs %s and has %s free: %s short", name,
                                              mib(t, need), mib(t, l->free), mib(t, -l->left)));
    if (l->left < 0)
        add(t, 2, LLW_LINE_FACT, LLW_MARK_NONE,
            llw_arena_printf(t->arena, "weights %s, KV cache %s, compute buffer %s", mib(t, l->weights),
                             mib(t, l->kv), mib(t, l->compute)));
}

static void devices(telling *t) {
    for (size_t i = 0; i < t->d->after.n_devices; i++) device(t, &t->d->after.devices[i]);
}

/* What becomes of a conversation that is longer than the model was trained for; NULL when the launch has
 * moved that end. Before b6925 a slot had its whole share (tools/server/server.cpp of b6845); since then the
 * trained context is the most (cd5e3b575, llama.cpp #16736), whatever scales RoPE (llama.cpp #17459, #22140);
 * llama.cpp #28030 of 2026-08-30 moves it for --rope-scaling yarn, and b10760 is the first build known after
 * it. --override-kv moves it in every build. */
static const char *past_training(const telling *t, const char *context) {
    static const char worse[] = "behind it answers get worse unless RoPE is scaled (--rope-scaling yarn with "
                                "--rope-scale), which costs quality on short texts too";
    const llw_facts *facts = facts_of(t);
    llw_entity launch = t->d->after.launch;
    const char *program = "", *scaling = "", *architecture = "ARCHITECTURE";
    int64_t order = 0;
    bool overridden = false;
    llw_facts_text(facts, launch, LLW_launch_program, &program);
    llw_facts_text(facts, launch, LLW_launch_rope_scaling, &scaling);
    llw_facts_flag(facts, launch, LLW_launch_header_overridden, &overridden);
    llw_facts_count(facts, llw_facts_ref(facts, launch, LLW_launch_build), LLW_build_order, &order);
    llw_facts_text(facts, t->d->after.model, LLW_model_architecture, &architecture);
    bool yarn_moves = order >= llw_build_order("b10760");
    if (strcmp(program, "server") || order < llw_build_order("b6925")) return worse;
    if (overridden || (yarn_moves && !strcmp(scaling, "yarn"))) return NULL;
    if (yarn_moves)
        return "llama-server ends it there unless RoPE is scaled (--rope-scaling yarn with --rope-scale), "
               "which costs quality on short texts too";
    return llw_arena_printf(
        t->arena,
        "this build of llama-server ends it there, with RoPE scaled, too: beside --rope-scaling "
        "yarn and --rope-scale it needs --override-kv %.60s.context_length=int:%s, and scaled "
        "RoPE costs quality on short texts too",
        architecture, context);
}

static void trained_context(telling *t) {
    int64_t trained = 0, slot = 0;
    char was[LLW_NUMBER_MAX], is[LLW_NUMBER_MAX];
    bool asked = false;
    for (size_t i = 0; i < t->d->n_inputs; i++)
        asked |= t->d->inputs[i].attr == LLW_launch_ctx || t->d->inputs[i].attr == LLW_launch_parallel;
    if (!asked || !llw_facts_count(facts_of(t), t->d->after.model, LLW_model_context_length, &trained) ||
        !llw_facts_count(facts_of(t), t->d->after.launch, LLW_launch_n_ctx_seq, &slot) || slot <= trained)
        return;
    const char *end = past_training(t, llw_arena_printf(t->arena, "%lld", (long long)slot));
    if (!end) return;
    condition(t, false,
              llw_arena_printf(t->arena,
                               "a conversation may use %s tokens by -c, and the model was trained for %s: %s",
                               llw_format_count(is, slot), llw_format_count(was, trained), end));
}

/* Experts are wished to where there are none. */
static void experts(telling *t) {
    bool moe = true, all = false;
    int64_t some = 0;
    llw_facts_flag(facts_of(t), t->d->b.launch, LLW_launch_cpu_moe, &all);
    llw_facts_count(facts_of(t), t->d->b.launch, LLW_launch_n_cpu_moe, &some);
    if ((!all && some <= 0) || !llw_facts_flag(facts_of(t), t->d->after.model, LLW_model_moe, &moe) || moe)
        return;
    condition(t, false, "the model is dense: it has no experts that -cmoe or -ncmoe could move");
}

static void weights_in_ram(telling *t) {
    int64_t before = 0, after = 0;
    const llw_facts *now = t->d->a.run->facts;
    llw_facts_count(now, t->d->a.launch, LLW_launch_weights_on_host, &before);
    if (!llw_facts_count(facts_of(t), t->d->b.launch, LLW_launch_weights_on_host, &after) || after <= before)
        return;
    condition(t, false,
              llw_arena_printf(t->arena,
                               "every layer stays on the GPUs: %s of their weights would work in RAM%s, and "
                               "every token reads its share of them there",
                               bytes(t, after),
                               before ? llw_arena_printf(t->arena, " instead of %s", bytes(t, before)) : ""));
}

static void flag_condition(telling *t, llw_attr attr, const char *yes, const char *no) {
    bool holds = false;
    if (!llw_facts_flag(facts_of(t), t->d->b.launch, attr, &holds)) return;
    condition(t, holds, holds ? yes : no);
}

static void speed(telling *t) {
    for (size_t i = 0; i < t->d->n_figures; i++) {
        const llw_figure *f = &t->d->figures[i];
        if (f->attr != LLW_launch_speed_low || !strcmp(f->after, "unknown") || !strncmp(f->after, "none", 4))
            continue;
        bool compares = strncmp(f->before, "none", 4) && strcmp(f->before, "unknown");
        add(t, 1, LLW_LINE_FACT, LLW_MARK_NONE,
            llw_arena_printf(t->arena, "about %s tokens per second%s", f->after,
                             compares ? llw_arena_printf(t->arena, ", now %s", f->before) : ""));
    }
}

static void new_findings(telling *t) {
    for (size_t i = 0; i < t->d->n_findings; i++) {
        const llw_finding_change *f = &t->d->findings[i];
        if (f->kind != LLW_COME || f->level < LLW_LEVEL_WASTE) continue;
        condition(t, false,
                  llw_arena_printf(t->arena, "%s: %s [%s]", llw_level_name(f->level), f->text, f->code));
    }
}

/* ---- the answer ---- */

static llw_wish_state state_of(const llw_difference *d) {
    bool loads = false;
    if (d->after.verdict == LLW_VERDICT_REFUSED) return LLW_WISH_REFUSED;
    if (!d->n_inputs) return LLW_WISH_SO;
    if (!llw_facts_flag(d->b.run->facts, d->b.launch, LLW_launch_loads, &loads)) return LLW_WISH_UNKNOWN;
    return loads ? LLW_WISH_LOADS : LLW_WISH_SHORT;
}

/* A verdict as the second half of a sentence: "this launch does not load". */
static const char *continued(telling *t, const char *verdict) {
    bool starts = !strncmp(verdict, "This ", 5) || !strncmp(verdict, "Whether ", 8);
    return starts ? llw_arena_printf(t->arena, "%c%s", verdict[0] | 32, verdict + 1) : verdict;
}

static const char *headline(telling *t, llw_wish_state state, const char *said) {
    const char *verdict = t->d->after.verdict_text;
    switch (state) {
    case LLW_WISH_SO: return llw_arena_printf(t->arena, "That is how it is. %s", verdict);
    case LLW_WISH_REFUSED:
    case LLW_WISH_UNKNOWN: return llw_arena_printf(t->arena, "With %s %s", said, continued(t, verdict));
    case LLW_WISH_SHORT: return llw_arena_printf(t->arena, "Because with %s %s", said, continued(t, verdict));
    default: return llw_arena_printf(t->arena, "Nothing forbids %s. %s", said, verdict);
    }
}

llw_wish_state llw_obstacles(const llw_difference *d, const char *said, llw_arena *arena, llw_proof *out) {
    *out = (llw_proof){.weakest = LLW_GRADE_WHATIF};
    telling t = {d, arena, out};
    llw_wish_state state = state_of(d);
    add(&t, 0, LLW_LINE_CLAIM, LLW_MARK_NONE, headline(&t, state, said));
    if (state == LLW_WISH_REFUSED) return state;
    out->weakest = LLW_GRADE_PREDICTED;
    devices(&t);
    experts(&t);
    trained_context(&t);
    weights_in_ram(&t);
    if (state == LLW_WISH_LOADS || state == LLW_WISH_SO) {
        flag_condition(&t, LLW_launch_meets_target, "--fit-target stays free on every card",
                       "less than --fit-target stays free on a card");
        flag_condition(&t, LLW_launch_survives, "what grows with the first long prompts has room",
                       *d->after.survival ? d->after.survival
                                          : "what grows with the first long prompts has no room");
    }
    speed(&t);
    if (state == LLW_WISH_LOADS) new_findings(&t);
    return state;
}

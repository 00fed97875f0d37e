/* Goals, and where changes that may reach them come from. */
#include "explain/change.h"
#include "explain/words.h"
#include "fact/flags.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- goals ---- */

static bool starts(const char *text, const char *with, const char **rest) {
    size_t len = strlen(with);
    if (strncasecmp(text, with, len)) return false;
    *rest = text + len + strspn(text + len, " ");
    return true;
}

bool llw_reach_read(const llw_kb *kb, const llw_decision *now, const char *text, llw_reach *out) {
    static const struct {
        const char *text;
        llw_goal_kind kind;
    } plain[] = {{"loads", LLW_REACH_LOADS},
                 {"load", LLW_REACH_LOADS},
                 {"survives", LLW_REACH_SURVIVES},
                 {"survive", LLW_REACH_SURVIVES},
                 {"meets target", LLW_REACH_TARGET},
                 {"target", LLW_REACH_TARGET},
                 {"meets the target", LLW_REACH_TARGET}};
    *out = (llw_reach){.said = text};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (!strcasecmp(plain[i].text, text)) {
            out->kind = plain[i].kind;
            out->said = plain[i].kind == LLW_REACH_TARGET     ? "keeps --fit-target free"
                        : plain[i].kind == LLW_REACH_SURVIVES ? "survives long prompts"
                                                              : "loads";
            return true;
        }
    const char *what = NULL;
    if (!starts(text, "clears ", &what) && !starts(text, "clear ", &what)) what = text;
    out->kind = LLW_REACH_CLEARS;
    if (isdigit((unsigned char)*what)) {
        size_t n = (size_t)atoi(what);
        if (strlen(what) > 3 || n < 1 || n > now->n_reasons) return false;
        out->rule = now->reasons[n - 1].node->rule;
        out->lesson = out->rule->lesson;
        return true;
    }
    out->rule = llw_kb_rule(kb, what);
    out->lesson = out->rule ? out->rule->lesson : llw_kb_lesson(kb, what);
    return out->lesson != NULL;
}

static bool is_meant(const llw_reach *reach, const llw_node *node) {
    return reach->rule ? node->rule == reach->rule : node->rule->lesson == reach->lesson;
}

bool llw_reach_holds(const llw_reach *reach, llw_run *run, llw_entity launch) {
    bool loads = false, more = false;
    int64_t in_ram = -1;
    if (llw_facts_value(run->facts, launch, LLW_launch_refused).known) return false;
    llw_facts_flag(run->facts, launch, LLW_launch_loads, &loads);
    switch (reach->kind) {
    case LLW_REACH_LOADS: return loads;
    case LLW_REACH_TARGET: return llw_facts_flag(run->facts, launch, LLW_launch_meets_target, &more) && more;
    case LLW_REACH_SURVIVES:
        return loads && llw_facts_flag(run->facts, launch, LLW_launch_survives, &more) && more;
    case LLW_REACH_WHOLE:
        return loads && llw_facts_count(run->facts, launch, LLW_launch_weights_on_host, &in_ram) && !in_ram;
    default: break;
    }
    for (size_t i = 0; i < run->n_nodes; i++) {
        const llw_node *node = &run->nodes[i];
        if (is_meant(reach, node) && node->state == LLW_FIRED && node->rule->find.n_pieces &&
            llw_node_concerns(run, node, launch))
            return false;
    }
    return true;
}

/* ---- the list ---- */

llw_remedy *llw_remedy_add(llw_remedies *list, llw_arena *arena, const char *const *words, size_t n,
                           const char *said, int loss, const char *costs) {
    void *items = list->items;
    llw_remedy *r = llw_arena_push(arena, &items, &list->n, &list->capacity, sizeof *r);
    list->items = items;
    const char **kept = llw_arena_alloc(arena, (n + 1) * sizeof *kept);
    memcpy(kept, words, n * sizeof *kept);
    *r = (llw_remedy){
        .words = kept, .n_words = n, .said = said, .loss = loss, .costs = costs, .limit = "", .code = ""};
    return r;
}

void llw_remedies_order(llw_remedies *list) {
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) { /* stable; few enough */
        bool again = false;
        for (size_t k = 0; k < n && !again; k++) again = !strcmp(list->items[k].said, list->items[i].said);
        if (again) continue;
        llw_remedy r = list->items[i];
        size_t at = n++;
        for (; at > 0 && list->items[at - 1].loss > r.loss; at--) list->items[at] = list->items[at - 1];
        list->items[at] = r;
    }
    list->n = n;
}

/* ---- turning knobs ---- */

typedef struct turning {
    llw_run *run;
    llw_entity launch;
    llw_arena *arena;
    llw_flags flags;
    llw_program program;
    int64_t order;
    const char *words[32];
    size_t n;
    int turned[LLW_ATTRS]; /* -1: to less; 1: to more, or to what llama.cpp chooses */
    llw_text said;
} turning;

static bool turning_start(turning *t, llw_run *run, llw_entity launch, llw_arena *arena) {
    const llw_predicted *p = llw_run_predicted(run, launch);
    *t = (turning){.run = run, .launch = launch, .arena = arena};
    if (!p || p->rc != LLW_OK) return false;
    t->program = p->as_read.program;
    t->order = p->as_read.build_order;
    return llw_flags_load(&t->flags, NULL) == LLW_OK;
}

static llw_value default_of(const turning *t, llw_attr attr) {
    size_t n = 0;
    const llw_claim **claims = llw_facts_claims(t->run->facts, t->launch, attr, t->arena, &n);
    for (size_t i = 0; i < n; i++)
        if (claims[i]->grade == LLW_GRADE_DEFAULT) return claims[i]->value;
    return llw_unknown(llw_attr_get(attr)->type);
}

static bool leaves_out(const turning *t) {
    return strstr(llw_text_str(&t->said), "without ") != NULL;
}

/* Adds the words that turn a knob; nothing when it is so already or no flag does it. */
static void turn(turning *t, llw_attr attr, llw_value to) {
    const llw_flag_row *row = llw_flag_for_attr(&t->flags, attr, t->program, t->order);
    llw_value now = llw_facts_value(t->run->facts, t->launch, attr);
    if (!row || !to.known || llw_value_equal(to, now) || t->n + 2 > sizeof t->words / sizeof *t->words)
        return;
    const char *flag = row->names[0];
    t->turned[attr] =
        now.known && llw_type_is_integer(to.type) && to.as.count > 0 && to.as.count < now.as.count ? -1 : 1;
    if (llw_value_equal(to, default_of(t, attr)) && attr != LLW_launch_ubatch) {
        t->words[t->n++] = llw_arena_printf(t->arena, "default=%s", flag);
        const char *usual = llw_words_flag(attr);
        llw_text_addf(&t->said, "%s%s",
                      !t->said.len    ? "without "
                      : leaves_out(t) ? ", "
                                      : " without ",
                      usual ? usual : flag);
        return;
    }
    const char *text = llw_flag_write(&t->flags, t->arena, attr, to, t->program, t->order);
    if (!text) return;
    size_t name = strcspn(text, " ");
    t->words[t->n++] = llw_arena_strndup(t->arena, text, name);
    if (text[name]) t->words[t->n++] = llw_type_is_text(to.type) ? to.as.text : text + name + 1;
    llw_text_addf(&t->said, "%s%s", !t->said.len ? "" : leaves_out(t) ? ", " : " ", text);
}

/* What a person may turn to be rid of a finding, and what less of it costs, and anything else.
 * Any other knob only goes back to its default: --embedding, -cmoe or --no-op-offload would silence a
 * sentence too, by making another server of this one, or a slower one. */
static const struct {
    llw_attr attr;
    int loss;
    const char *less, *more;
} worth[] = {
    {LLW_launch_kv_unified, LLW_LOSS_NOTHING, "nothing", "nothing"},
    {LLW_launch_flash_attn, LLW_LOSS_NOTHING, "nothing", "nothing"},
    {LLW_launch_ubatch, LLW_LOSS_PROMPT, "prompts are read a little slower", "a larger compute buffer"},
    {LLW_launch_batch, LLW_LOSS_PROMPT, "prompts are read in smaller pieces", "a larger compute buffer"},
    {LLW_launch_parallel, LLW_LOSS_USERS, "fewer conversations at once",
     "another number of conversations at once"},
    {LLW_launch_ctx, LLW_LOSS_CONTEXT, "a shorter context", "another context"},
    {LLW_launch_cache_type_k, LLW_LOSS_PRECISION, "another precision of the cache",
     "another precision of the cache"},
    {LLW_launch_cache_type_v, LLW_LOSS_PRECISION, "another precision of the cache",
     "another precision of the cache"},
};
enum { WORTH = sizeof worth / sizeof *worth };

/* Whether somebody would turn this knob so. */
static bool is_worth(const turning *t, llw_attr attr, llw_value to) {
    bool listed = false;
    for (size_t i = 0; i < WORTH; i++) listed |= worth[i].attr == attr;
    return listed || llw_value_equal(to, default_of(t, attr));
}

/* The cost of what was turned, as a person would name it. */
static const char *cost_of(const turning *t, int *loss) {
    const char *costs = "nothing";
    *loss = LLW_LOSS_NOTHING;
    for (size_t i = 0; i < WORTH; i++) {
        int way = t->turned[worth[i].attr];
        if (!way || worth[i].loss <= *loss) continue;
        *loss = worth[i].loss;
        costs = way < 0 ? worth[i].less : worth[i].more;
    }
    return costs;
}

static void finish(turning *t, const char *code, llw_remedies *out) {
    int loss = 0;
    const char *costs = cost_of(t, &loss);
    if (t->n)
        llw_remedy_add(out, t->arena, t->words, t->n, llw_arena_strdup(t->arena, llw_text_str(&t->said)),
                       loss, costs)
            ->code = code;
    llw_text_fini(&t->said);
    memset(t->turned, 0, sizeof t->turned);
    t->n = 0;
}

/* ---- what lessons say ---- */

static void try_of(turning *t, const llw_node *node) {
    for (size_t i = 0; i < node->rule->n_tries; i++) {
        const llw_setting *s = &node->rule->tries[i];
        if (node->binding[s->variable] != t->launch) continue;
        llw_result values[LLW_EXPR_MAX_BYTES];
        llw_run_eval(t->run, node, &s->value, values);
        turn(t, s->attr, llw_result_value(values[s->value.n_nodes - 1], llw_attr_get(s->attr)->type));
    }
}

/* What it advises about a flag that is given: leave it out. */
static void advice_of(turning *t, const llw_node *node) {
    for (size_t i = 0; i < node->rule->n_advises; i++) {
        llw_attr attr = node->rule->advises[i].attr;
        if (node->binding[node->rule->advises[i].variable] != t->launch) continue;
        turn(t, attr, default_of(t, attr));
    }
}

void llw_remedies_from_lessons(llw_run *run, llw_entity launch, const llw_reach *reach, llw_arena *arena,
                               llw_remedies *out) {
    turning t;
    if (!turning_start(&t, run, launch, arena)) return;
    for (size_t i = 0; i < run->n_nodes; i++) {
        const llw_node *node = &run->nodes[i];
        if (node->state != LLW_FIRED || !llw_node_concerns(run, node, launch) ||
            (reach->kind == LLW_REACH_CLEARS && !is_meant(reach, node)))
            continue;
        try_of(&t, node);
        finish(&t, node->rule->lesson->code, out);
        if (reach->kind != LLW_REACH_CLEARS) continue;
        advice_of(&t, node);
        finish(&t, node->rule->lesson->code, out);
    }
}

/* ---- what turns a condition ---- */

static bool is_knob(const turning *t, const llw_node *node, const llw_expr_node *n) {
    return n->op == LLW_OP_SLOT && n->as.slot.attr && llw_attr_get(n->as.slot.attr)->knob &&
           node->binding[n->as.slot.variable] == t->launch;
}

/* The nearest value with which `value OP threshold` no longer holds, as people write it. */
static llw_value beyond(llw_attr attr, llw_op op, int64_t threshold) {
    int64_t step = attr == LLW_launch_ctx ? 256 : 1, at = threshold;
    if (op == LLW_OP_GREATER_EQUAL) at = (threshold - 1) / step * step;
    if (op == LLW_OP_LESS_EQUAL) at = (threshold / step + 1) * step;
    if (op == LLW_OP_GREATER) at = threshold / step * step;
    if (op == LLW_OP_LESS) at = (threshold + step - 1) / step * step;
    return llw_count(at);
}

static llw_op opposite(llw_op op) {
    static const llw_op of[] = {[LLW_OP_LESS] = LLW_OP_GREATER_EQUAL,
                                [LLW_OP_LESS_EQUAL] = LLW_OP_GREATER,
                                [LLW_OP_GREATER] = LLW_OP_LESS_EQUAL,
                                [LLW_OP_GREATER_EQUAL] = LLW_OP_LESS};
    return of[op];
}

static void turn_if_worth(turning *t, llw_attr attr, llw_value to) {
    if (to.known && is_worth(t, attr, to)) turn(t, attr, to);
}

/* A condition that must stop holding (or start to, for an exception): the one knob it reads is turned. */
static void turn_condition(turning *t, const llw_node *node, const llw_condition *c) {
    const llw_expr_node *top = &c->expr.nodes[c->expr.n_nodes - 1];
    bool negated = top->op == LLW_OP_NOT, wanted = c->role == LLW_ROLE_UNLESS;
    if (negated) {
        top = &c->expr.nodes[top->args[0]];
        wanted = !wanted;
    }
    if (is_knob(t, node, top) && llw_attr_get(top->as.slot.attr)->type == LLW_FLAG) {
        turn_if_worth(t, top->as.slot.attr, llw_flag(wanted));
        return;
    }
    if (!llw_op_is_comparison(top->op)) return;
    const llw_expr_node *left = &c->expr.nodes[top->args[0]];
    if (!is_knob(t, node, left)) return;
    llw_attr attr = left->as.slot.attr;
    llw_result values[LLW_EXPR_MAX_BYTES];
    llw_run_eval(t->run, node, &c->expr, values);
    llw_result right = values[top->args[1]];
    bool ordered = top->op != LLW_OP_EQUAL && top->op != LLW_OP_NOT_EQUAL;
    llw_value to = default_of(t, attr); /* anything else would do: the default is what people use */
    if (ordered && right.state == LLW_KNOWN && llw_attr_get(attr)->type == LLW_COUNT)
        to = beyond(attr, wanted ? opposite(top->op) : top->op, (int64_t)llw_result_number(right));
    else if (!ordered && ((top->op == LLW_OP_NOT_EQUAL) != wanted) && right.state == LLW_KNOWN)
        to = llw_result_value(right, llw_attr_get(attr)->type);
    turn_if_worth(t, attr, to);
}

void llw_remedies_from_conditions(llw_run *run, llw_entity launch, const llw_reach *reach, llw_arena *arena,
                                  llw_remedies *out) {
    turning t;
    if (!turning_start(&t, run, launch, arena)) return;
    for (size_t i = 0; i < run->n_nodes; i++) {
        const llw_node *node = &run->nodes[i];
        if (node->state != LLW_FIRED || !is_meant(reach, node) || !llw_node_concerns(run, node, launch))
            continue;
        for (size_t k = 0; k < node->rule->n_conditions; k++) {
            if (node->rule->conditions[k].role == LLW_ROLE_JOIN) continue;
            turn_condition(&t, node, &node->rule->conditions[k]);
            finish(&t, "", out);
        }
    }
}

/* ---- what prediction finds ---- */

static const llw_flag_row *row_of(const turning *t, const char *flag) {
    bool negative = false;
    return llw_flag_find(&t->flags, flag, t->program, t->order, &negative);
}

/* Whether somebody set what this flag sets to something else than its default. */
static bool is_given(const turning *t, const char *flag) {
    const llw_flag_row *row = row_of(t, flag);
    for (size_t i = 0; row && i < row->n_sets; i++) {
        llw_attr attr = row->sets[i].attr;
        llw_value now = attr ? llw_facts_value(t->run->facts, t->launch, attr) : llw_unknown(LLW_TEXT);
        if (now.known && !llw_value_equal(now, default_of(t, attr))) return true;
    }
    return false;
}

/* Of "-ot, -cmoe, -ncmoe" or "--fit off" the flags that are given, as words to leave them out. */
static size_t drop_words(const turning *t, const llw_repair *r, const char *words[32]) {
    size_t n = 0;
    for (size_t i = 0; i < r->n_drop; i++)
        for (const char *at = r->drop[i]; *at && n < 32;) {
            size_t len = strcspn(at, ",");
            const char *flag = llw_arena_strndup(t->arena, at, strcspn(at, ", "));
            if (is_given(t, flag)) words[n++] = llw_arena_printf(t->arena, "default=%s", flag);
            at += len;
            at += strspn(at, ", ");
        }
    return n;
}

/* The knobs that must stay, of those that somebody wished for. */
static unsigned fixed_of(const bool *touched) {
    static const struct {
        llw_attr attr;
        llw_knob knob;
    } knobs[] = {{LLW_launch_flash_attn, LLW_KNOB_FLASH},
                 {LLW_launch_ubatch, LLW_KNOB_UBATCH},
                 {LLW_launch_swa_full, LLW_KNOB_WINDOW},
                 {LLW_launch_parallel, LLW_KNOB_SLOTS},
                 {LLW_launch_ctx, LLW_KNOB_CONTEXT},
                 {LLW_launch_cache_type_k, LLW_KNOB_CACHE},
                 {LLW_launch_cache_type_v, LLW_KNOB_CACHE},
                 {LLW_launch_kv_offload, LLW_KNOB_OFFLOAD},
                 {LLW_launch_gpu_layers, LLW_KNOB_LAYERS},
                 {LLW_launch_tensor_split, LLW_KNOB_SPLIT},
                 {LLW_launch_split_mode, LLW_KNOB_CARDS},
                 {LLW_launch_main_gpu, LLW_KNOB_CARDS},
                 {LLW_launch_override_tensor, LLW_KNOB_OVERRIDES},
                 {LLW_launch_cpu_moe, LLW_KNOB_EXPERTS},
                 {LLW_launch_n_cpu_moe, LLW_KNOB_EXPERTS},
                 {LLW_launch_n_cpu_ffn, LLW_KNOB_EXPERTS},
                 {LLW_launch_fit, LLW_KNOB_FIT},
                 {LLW_launch_fit_target, LLW_KNOB_FIT}};
    unsigned fixed = 0;
    for (size_t i = 0; touched && i < sizeof knobs / sizeof *knobs; i++)
        if (touched[knobs[i].attr]) fixed |= knobs[i].knob;
    return fixed;
}

/* "-ub 512 without --fit, -ngl" */
static const char *said_of(const turning *t, const llw_repair *r, const char *const *drops, size_t n) {
    llw_text said = {0};
    for (size_t i = 0; i < r->n_set; i++) llw_text_addf(&said, "%s%s", i ? " " : "", r->set[i]);
    for (size_t i = 0; i < n; i++)
        llw_text_addf(&said, "%s%s",
                      i          ? ", "
                      : said.len ? " without "
                                 : "without ",
                      drops[i] + strlen("default="));
    const char *text = llw_arena_strdup(t->arena, llw_text_str(&said));
    llw_text_fini(&said);
    return text;
}

static void add_repairs(turning *t, const llw_repair *repairs, size_t n, llw_remedies *out) {
    for (size_t i = 0; i < n; i++) {
        const llw_repair *r = &repairs[i];
        const char *words[32];
        size_t m = drop_words(t, r, words);
        const char *said = said_of(t, r, words, m);
        for (size_t k = 0; k < r->n_set && m < 32; k++) words[m++] = r->set[k];
        llw_remedy_add(out, t->arena, words, m, said, (int)r->loss, r->costs)->limit = r->limit;
    }
}

void llw_remedies_from_search(llw_run *run, llw_entity launch, llw_goal goal, const bool *touched,
                              llw_arena *arena, llw_remedies *out, llw_search *alone) {
    turning t;
    *alone = (llw_search){0};
    if (!turning_start(&t, run, launch, arena)) return;
    const llw_launch *now = &llw_run_predicted(run, launch)->as_read;
    const llw_repair *pairs = NULL;
    size_t n = 0;
    unsigned fixed = fixed_of(touched);
    llw_place_search(now, goal, NULL, fixed, arena, alone);
    llw_place_pairs(now, goal, NULL, fixed, arena, alone, &pairs, &n);
    add_repairs(&t, alone->repairs, alone->n, out);
    add_repairs(&t, pairs, n, out);
}

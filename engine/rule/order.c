/* Orders the rules so that every writer of a slot comes before its readers; a cycle is reported and left out.
 */
#include "rule/load.h"

#include <stdlib.h>
#include <string.h>

/* A set of attributes. */
enum { WORDS = (LLW_ATTRS + 63) / 64 };
typedef struct attrs {
    uint64_t bits[WORDS];
} attrs;

static void put(attrs *set, llw_attr attr) {
    if (attr != LLW_ATTR_NONE) set->bits[attr / 64] |= (uint64_t)1 << attr % 64;
}

static void take(attrs *set, llw_attr attr) {
    set->bits[attr / 64] &= ~((uint64_t)1 << attr % 64);
}

static bool has(const attrs *set, llw_attr attr) {
    return set->bits[attr / 64] >> attr % 64 & 1;
}

static bool meet(const attrs *a, const attrs *b) {
    for (int i = 0; i < WORDS; i++)
        if (a->bits[i] & b->bits[i]) return true;
    return false;
}

static void join(attrs *set, const attrs *more) {
    for (int i = 0; i < WORDS; i++) set->bits[i] |= more->bits[i];
}

/* The attributes a rule reads. */
static void add_reads(const llw_expr *expr, attrs *reads) {
    for (int i = 0; i < expr->n_nodes; i++) {
        const llw_expr_node *n = &expr->nodes[i];
        if (n->op == LLW_OP_SLOT) put(reads, n->as.slot.attr);
        if (n->op == LLW_OP_SUM || n->op == LLW_OP_ANY) put(reads, n->as.aggregate.attr);
    }
}

static void rule_reads(const llw_rule *rule, attrs *reads) {
    for (size_t i = 0; i < rule->n_conditions; i++) add_reads(&rule->conditions[i].expr, reads);
    for (size_t i = 0; i < rule->n_lets; i++) add_reads(&rule->lets[i], reads);
    for (size_t i = 0; i < rule->n_derives; i++) add_reads(&rule->derives[i].value, reads);
}

static int by_lesson(const void *a, const void *b) {
    const llw_lesson *x = *(llw_lesson *const *)a, *y = *(llw_lesson *const *)b;
    return strcmp(x->id, y->id);
}

typedef struct sorter {
    llw_kb *kb;
    llw_arena *scratch;
    llw_rule **all;
    attrs *reads; /* of each */
    bool *done;
    size_t n;
    attrs unwritten; /* attributes that a rule yet to come derives */
} sorter;

/* For each attribute those that lead to it through rules that could not be ordered: what its writers read,
 * and so on. */
static const attrs *leading_to(const sorter *s) {
    attrs *leads = llw_arena_alloc(s->scratch, LLW_ATTRS * sizeof *leads);
    for (size_t i = 0; i < s->n; i++)
        for (size_t d = 0; d < s->all[i]->n_derives && !s->done[i]; d++)
            join(&leads[s->all[i]->derives[d].attr], &s->reads[i]);
    for (int by = 1; by < LLW_ATTRS; by++) /* Warshall */
        for (int a = 1; a < LLW_ATTRS; a++)
            if (has(&leads[a], (llw_attr)by)) join(&leads[a], &leads[by]);
    return leads;
}

static void report_cycle(llw_kb *kb, const llw_rule *rule, llw_attr attr, bool own) {
    llw_err err = {0};
    llw_fail(&err, LLW_ERR_INPUT, rule->lesson->file, rule->line,
             own ? "rule \"%s\" reads %s.%s, which is derived from what this rule itself derives: a circle, "
                   "so the rule is left out"
                 : "rule \"%s\" reads %s.%s, which a rule in a circle derives: the rule is left out with it",
             rule->id, llw_kind_name(llw_attr_get(attr)->kind), llw_attr_get(attr)->name);
    void *items = kb->problems;
    *(llw_err *)llw_arena_push(kb->arena, &items, &kb->n_problems, &kb->problem_capacity, sizeof err) = err;
    kb->problems = items;
}

/* What is not done is in a circle, or reads what comes out of one. */
static void report_circles(const sorter *s) {
    const attrs *leads = leading_to(s);
    for (size_t i = 0; i < s->n; i++) {
        if (s->done[i]) continue;
        attrs derived = {0};
        for (size_t d = 0; d < s->all[i]->n_derives; d++) put(&derived, s->all[i]->derives[d].attr);
        llw_attr first = LLW_ATTR_NONE, own = LLW_ATTR_NONE;
        for (int a = 1; a < LLW_ATTRS && !own; a++) {
            if (!has(&s->reads[i], (llw_attr)a) || !has(&s->unwritten, (llw_attr)a)) continue;
            if (!first) first = (llw_attr)a;
            if (has(&derived, (llw_attr)a) || meet(&leads[a], &derived)) own = (llw_attr)a;
        }
        report_cycle(s->kb, s->all[i], own ? own : first, own != LLW_ATTR_NONE);
    }
}

void llw_kb_order(llw_kb *kb) {
    if (kb->n_lessons) qsort(kb->lessons, kb->n_lessons, sizeof *kb->lessons, by_lesson);
    sorter s = {.kb = kb, .scratch = llw_arena_new()};
    size_t most = 0;
    for (size_t i = 0; i < kb->n_lessons; i++) most += kb->lessons[i]->n_rules;
    s.all = llw_arena_alloc(s.scratch, (most + 1) * sizeof *s.all);
    s.reads = llw_arena_alloc(s.scratch, (most + 1) * sizeof *s.reads);
    s.done = llw_arena_alloc(s.scratch, (most + 1) * sizeof *s.done);
    size_t *writers = llw_arena_alloc(s.scratch, LLW_ATTRS * sizeof *writers); /* yet to come */
    for (size_t i = 0; i < kb->n_lessons; i++)
        for (size_t j = 0; j < kb->lessons[i]->n_rules; j++) {
            llw_rule *rule = s.all[s.n] = &kb->lessons[i]->rules[j];
            rule_reads(rule, &s.reads[s.n++]);
            for (size_t d = 0; d < rule->n_derives; d++) {
                writers[rule->derives[d].attr]++;
                put(&s.unwritten, rule->derives[d].attr);
            }
        }
    /* Rounds over what is left: a rule may go once nobody left writes what it reads. Each attribute's writers
     * are done in at most one round per level of derivation, so this is O(rules x levels). */
    kb->rules = llw_arena_alloc(kb->arena, (most + 1) * sizeof *kb->rules);
    kb->n_rules = 0;
    for (bool progress = true; progress;) {
        progress = false;
        for (size_t i = 0; i < s.n; i++) {
            if (s.done[i] || meet(&s.reads[i], &s.unwritten)) continue;
            s.done[i] = progress = true;
            s.all[i]->place = (uint32_t)kb->n_rules;
            kb->rules[kb->n_rules++] = s.all[i];
            for (size_t d = 0; d < s.all[i]->n_derives; d++) {
                llw_attr attr = s.all[i]->derives[d].attr;
                if (!--writers[attr]) take(&s.unwritten, attr);
            }
        }
    }
    if (kb->n_rules < s.n) report_circles(&s);
    llw_arena_free(s.scratch);
}

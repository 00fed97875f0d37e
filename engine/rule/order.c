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

static bool has(const attrs *set, llw_attr attr) {
    return set->bits[attr / 64] >> attr % 64 & 1;
}

static bool meet(const attrs *a, const attrs *b) {
    for (int i = 0; i < WORDS; i++)
        if (a->bits[i] & b->bits[i]) return true;
    return false;
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

/* Whether `from` leads to `to` through rules that could not be ordered; seen has room for every rule. */
static bool leads_to(llw_rule *const *all, size_t n, const bool *done, const attrs *reads, llw_attr from,
                     size_t to, bool *seen, size_t *queue) {
    memset(seen, 0, n * sizeof *seen);
    size_t head = 0, tail = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < all[i]->n_derives; d++)
            if (!done[i] && !seen[i] && all[i]->derives[d].attr == from) seen[i] = true, queue[tail++] = i;
    while (head < tail) { /* from a rule to those that write what it reads */
        size_t at = queue[head++];
        if (at == to) return true;
        for (size_t i = 0; i < n; i++)
            for (size_t d = 0; d < all[i]->n_derives; d++)
                if (!done[i] && !seen[i] && has(&reads[at], all[i]->derives[d].attr))
                    seen[i] = true, queue[tail++] = i;
    }
    return false;
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

void llw_kb_order(llw_kb *kb) {
    if (kb->n_lessons) qsort(kb->lessons, kb->n_lessons, sizeof *kb->lessons, by_lesson);
    llw_arena *scratch = llw_arena_new();
    size_t n = 0;
    for (size_t i = 0; i < kb->n_lessons; i++) n += kb->lessons[i]->n_rules;
    llw_rule **all = llw_arena_alloc(scratch, (n + 1) * sizeof *all);
    attrs *reads = llw_arena_alloc(scratch, (n + 1) * sizeof *reads), unwritten = {0};
    size_t *writers =
        llw_arena_alloc(scratch, LLW_ATTRS * sizeof *writers); /* rules yet to run that write it */
    size_t k = 0;
    for (size_t i = 0; i < kb->n_lessons; i++)
        for (size_t j = 0; j < kb->lessons[i]->n_rules; j++) {
            llw_rule *rule = all[k] = &kb->lessons[i]->rules[j];
            rule_reads(rule, &reads[k++]);
            for (size_t d = 0; d < rule->n_derives; d++) {
                writers[rule->derives[d].attr]++;
                put(&unwritten, rule->derives[d].attr);
            }
        }
    /* Rounds over what is left: a rule may go once nobody left writes what it reads. Each attribute's writers
     * are done in at most one round per level of derivation, so this is O(rules x levels x attributes). */
    kb->rules = llw_arena_alloc(kb->arena, (n + 1) * sizeof *kb->rules);
    kb->n_rules = 0;
    bool *done = llw_arena_alloc(scratch, (n + 1) * sizeof *done);
    for (bool progress = true; progress;) {
        progress = false;
        for (size_t i = 0; i < n; i++) {
            if (done[i] || meet(&reads[i], &unwritten)) continue;
            done[i] = progress = true;
            all[i]->place = (uint32_t)kb->n_rules;
            kb->rules[kb->n_rules++] = all[i];
            for (size_t d = 0; d < all[i]->n_derives; d++) {
                llw_attr attr = all[i]->derives[d].attr;
                if (!--writers[attr]) unwritten.bits[attr / 64] &= ~((uint64_t)1 << attr % 64);
            }
        }
    }
    bool *seen = llw_arena_alloc(scratch, (n + 1) * sizeof *seen);
    size_t *queue = llw_arena_alloc(scratch, (n + 1) * sizeof *queue);
    for (size_t i = 0; i < n; i++) { /* what is not done is in a circle, or reads what comes out of one */
        llw_attr first = LLW_ATTR_NONE, own = LLW_ATTR_NONE;
        for (int a = 1; a < LLW_ATTRS && !done[i] && !own; a++) {
            if (!has(&reads[i], (llw_attr)a) || !writers[a]) continue;
            if (!first) first = (llw_attr)a;
            if (leads_to(all, n, done, reads, (llw_attr)a, i, seen, queue)) own = (llw_attr)a;
        }
        if (first) report_cycle(kb, all[i], own ? own : first, own != LLW_ATTR_NONE);
    }
    llw_arena_free(scratch);
}

/* Collects findings of a run and finds the line each stands on. */
#include "explain/finding.h"
#include "explain/decision.h"
#include "explain/words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

bool llw_place_split(llw_arena *arena, const char *place, const char **file, int *line, int *column) {
    int numbers[2] = {0, 0}, n = 0;
    const char *end = place + strlen(place);
    while (n < 2) {
        const char *digits = end;
        while (digits > place && isdigit((unsigned char)digits[-1])) digits--;
        if (digits == end || digits == place || digits[-1] != ':' || end - digits > 9) break;
        numbers[n++] = atoi(digits);
        end = digits - 1;
    }
    if (!n || end == place) return false;
    *file = llw_arena_strndup(arena, place, (size_t)(end - place));
    *line = n == 2 ? numbers[1] : numbers[0];
    *column = n == 2 ? numbers[0] : 0;
    return true;
}

typedef struct locating {
    const llw_run *run;
    llw_arena *arena;
    const char *file;
    int line, column;
} locating;

static bool locate_slot(locating *l, llw_entity entity, llw_attr attr) {
    const llw_claim *best = entity ? llw_facts_best(l->run->facts, entity, attr) : NULL;
    if (!best || best->grade == LLW_GRADE_DEFAULT) return false;
    return llw_place_split(l->arena, best->place, &l->file, &l->line, &l->column);
}

static bool locate_expr(locating *l, const llw_node *node, const llw_expr *expr, llw_kind kind) {
    for (int i = 0; i < expr->n_nodes; i++) {
        const llw_expr_node *n = &expr->nodes[i];
        if (n->op != LLW_OP_SLOT || !n->as.slot.attr || llw_attr_get(n->as.slot.attr)->kind != kind) continue;
        if (locate_slot(l, node->binding[n->as.slot.variable], n->as.slot.attr)) return true;
    }
    return false;
}

/* The slot to change: what the rule tries, then what it advises on, then what its conditions read of the launch, then
 * the sentence that somebody wrote, then a rival that lost (a comment that is wrong). */
static bool locate(locating *l, const llw_node *node) {
    const llw_rule *rule = node->rule;
    for (size_t i = 0; i < rule->n_tries; i++)
        if (locate_slot(l, node->binding[rule->tries[i].variable], rule->tries[i].attr)) return true;
    for (size_t i = 0; i < rule->n_advises; i++)
        if (locate_slot(l, node->binding[rule->advises[i].variable], rule->advises[i].attr)) return true;
    for (int v = 0; v < rule->n_variables; v++)
        if (rule->kind[v] == LLW_KIND_claim && locate_slot(l, node->binding[v], LLW_claim_text)) return true;
    for (size_t i = 0; i < rule->n_conditions; i++)
        if (locate_expr(l, node, &rule->conditions[i].expr, LLW_KIND_launch)) return true;
    for (size_t i = 0; i < rule->n_conditions; i++) {
        const llw_expr *expr = &rule->conditions[i].expr;
        for (int k = 0; k < expr->n_nodes; k++) {
            const llw_expr_node *n = &expr->nodes[k];
            if (n->op != LLW_OP_SLOT || !n->as.slot.attr) continue;
            size_t claims_n = 0;
            const llw_claim **claims = llw_facts_claims(l->run->facts, node->binding[n->as.slot.variable], n->as.slot.attr, l->arena, &claims_n);
            for (size_t c = 1; c < claims_n; c++)
                if (claims[c]->grade <= LLW_GRADE_CARD && llw_place_split(l->arena, claims[c]->place, &l->file, &l->line, &l->column)) return true;
        }
    }
    return false;
}

static llw_entity launch_of(const llw_run *run, const llw_node *node) {
    for (int v = 0; v < node->rule->n_variables; v++) {
        if (node->rule->kind[v] == LLW_KIND_launch) return node->binding[v];
        if (node->rule->kind[v] == LLW_KIND_placement) return llw_facts_ref(run->facts, node->binding[v], LLW_placement_launch);
    }
    return 0;
}

static const char *keep(llw_arena *arena, llw_text *text) {
    const char *copy = llw_arena_strdup(arena, llw_text_str(text));
    llw_text_fini(text);
    return copy;
}

static void add_because(const llw_run *run, const llw_node *node, llw_arena *arena, llw_finding *finding) {
    void *items = NULL;
    size_t capacity = 0;
    for (size_t i = 0; i < node->rule->n_conditions; i++) {
        const llw_condition *c = &node->rule->conditions[i];
        if (c->role == LLW_ROLE_JOIN) continue;
        llw_text t = {0};
        if (c->role == LLW_ROLE_UNLESS) llw_text_add(&t, "not: ");
        llw_words_condition(&t, run, node, &c->expr);
        for (int k = 0; k < c->expr.n_nodes; k++) {
            const llw_expr_node *n = &c->expr.nodes[k];
            const llw_claim *best = n->op == LLW_OP_SLOT && n->as.slot.attr ? llw_facts_best(run->facts, node->binding[n->as.slot.variable], n->as.slot.attr) : NULL;
            if (!best) continue;
            llw_text_add(&t, " [");
            llw_words_origin(&t, best);
            llw_text_add(&t, "]");
        }
        *(const char **)llw_arena_push(arena, &items, &finding->n_because, &capacity, sizeof(char *)) = keep(arena, &t);
    }
    finding->because = items;
}

static const char *advice(const llw_run *run, const llw_node *node, llw_arena *arena) {
    llw_text t = {0};
    for (size_t i = 0; i < node->rule->n_tries; i++) {
        const llw_setting *s = &node->rule->tries[i];
        llw_result values[LLW_EXPR_MAX_BYTES];
        llw_run_eval(run, node, &s->value, values);
        llw_value to = llw_result_value(values[s->value.n_nodes - 1], llw_attr_get(s->attr)->type);
        if (llw_value_equal(to, llw_facts_value(run->facts, node->binding[s->variable], s->attr))) continue;
        bool leave_out = llw_type_is_text(to.type) && to.known && !*to.as.text;
        llw_text_add(&t, t.len ? ", " : "");
        llw_text_add(&t, leave_out ? "leave out " : "write ");
        llw_words_slot(&t, run, node->binding[s->variable], s->attr);
        if (leave_out) continue;
        llw_text_add(&t, " ");
        llw_words_value(&t, run, s->attr, to);
    }
    for (size_t i = 0; i < node->rule->n_advises && !t.len; i++) {
        llw_words_slot(&t, run, node->binding[node->rule->advises[i].variable], node->rule->advises[i].attr);
        llw_text_add(&t, ": ");
        llw_run_say(run, node, &node->rule->advises[i].sentence, &t);
    }
    return keep(arena, &t);
}

void llw_findings_add(llw_findings *findings, llw_arena *arena, llw_finding finding) {
    for (size_t i = 0; i < findings->n; i++) {
        llw_finding *f = &findings->items[i];
        if (strcmp(f->rule, finding.rule) || strcmp(f->code, finding.code) || strcmp(f->file, finding.file) || f->line != finding.line) continue;
        f->n_launches++;
        if (finding.level > f->level) {
            finding.n_launches = f->n_launches;
            *f = finding;
        }
        return;
    }
    void *items = findings->items;
    *(llw_finding *)llw_arena_push(arena, &items, &findings->n, &findings->capacity, sizeof finding) = finding;
    findings->items = items;
}

static int by_place(const void *a, const void *b) {
    const llw_finding *x = a, *y = b;
    int c = strcmp(x->file, y->file);
    if (!c) c = (x->line > y->line) - (x->line < y->line);
    if (!c) c = (x->column > y->column) - (x->column < y->column);
    if (!c) c = strcmp(x->code, y->code);
    return c ? c : strcmp(x->rule, y->rule);
}

void llw_findings_sort(llw_findings *findings) {
    if (findings->n) qsort(findings->items, findings->n, sizeof *findings->items, by_place);
}

void llw_findings_collect(llw_run *run, llw_level least, bool (*fallback)(void *context, llw_entity launch, const char **file, int *line, int *column),
                          void *context, llw_arena *arena, llw_findings *out) {
    for (size_t i = 0; i < run->n_nodes; i++) {
        const llw_node *node = &run->nodes[i];
        if (node->state != LLW_FIRED || !node->rule->find.n_pieces || node->rule->level < least) continue;
        llw_finding f = {.code = node->rule->lesson->code, .lesson = node->rule->lesson->id, .rule = node->rule->id, .level = node->rule->level,
                         .launch = launch_of(run, node), .node = node, .n_launches = 1};
        locating l = {.run = run, .arena = arena, .file = ""};
        if (!locate(&l, node) && !(fallback && f.launch && fallback(context, f.launch, &l.file, &l.line, &l.column))) l.file = "";
        f.file = l.file;
        f.line = l.line;
        f.column = l.column;
        llw_text t = {0};
        llw_run_say(run, node, &node->rule->find, &t);
        f.message = keep(arena, &t);
        f.advice = advice(run, node, arena);
        add_because(run, node, arena, &f);
        llw_findings_add(out, arena, f);
    }
    llw_findings_sort(out);
}

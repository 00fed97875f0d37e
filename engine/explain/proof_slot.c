/* Proofs of slots: the claims on it, and what a prediction was computed from, down to header keys and flags.
 */
#include "explain/proof_parts.h"
#include "explain/words.h"

#include <stdlib.h>
#include <string.h>

const char *llw_line_kind_name(llw_line_kind kind) {
    static const char *const name[] = {"claim",   "condition", "fact",   "rival", "arithmetic",
                                       "missing", "mechanism", "advice", "source"};
    return name[kind];
}

llw_proof_line *llw_proof_add(llw_proof *proof, llw_arena *arena, int depth, llw_line_kind kind,
                              const char *text) {
    void *items = proof->lines;
    llw_proof_line *line = llw_arena_push(arena, &items, &proof->n_lines, &proof->capacity, sizeof *line);
    proof->lines = items;
    *line = (llw_proof_line){.depth = depth, .kind = kind, .text = text, .origin = "", .written = ""};
    return line;
}

llw_proof_line *llw_prover_add(llw_prover *b, int depth, llw_line_kind kind, llw_text *text) {
    const char *kept = llw_arena_strdup(b->arena, llw_text_str(text));
    llw_text_fini(text);
    return llw_proof_add(b->out, b->arena, depth, kind, kept);
}

bool llw_prover_seen(llw_prover *b, llw_entity entity, llw_attr attr) {
    for (size_t i = 0; i < b->n_seen; i++)
        if (b->seen[i].entity == entity && b->seen[i].attr == attr) return true;
    void *items = b->seen;
    *(llw_slot *)llw_arena_push(b->arena, &items, &b->n_seen, &b->seen_capacity, sizeof(llw_slot)) =
        (llw_slot){entity, attr};
    b->seen = items;
    return false;
}

const char *llw_prover_origin(llw_prover *b, const llw_claim *claim) {
    llw_text t = {0};
    llw_words_origin(&t, claim);
    const char *text = llw_arena_strdup(b->arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

void llw_prover_claim(llw_prover *b, int depth, llw_line_kind kind, llw_entity entity, llw_attr attr,
                      const llw_claim *claim) {
    llw_text t = {0};
    if (kind == LLW_LINE_RIVAL)
        llw_text_add(&t, "but ");
    else {
        llw_words_slot(&t, b->run, entity, attr);
        llw_text_add(&t, " = ");
    }
    llw_words_value(&t, b->run, attr, claim->value);
    llw_proof_line *line = llw_prover_add(b, depth, kind, &t);
    line->origin = llw_prover_origin(b, claim);
    line->entity = entity;
    line->attr = attr;
    line->value = claim->value;
}

static void add_missing(llw_prover *b, int depth, llw_entity entity, llw_attr attr) {
    llw_text t = {0};
    llw_words_slot(&t, b->run, entity, attr);
    llw_text_add(&t, " is unknown");
    const char *how = llw_attr_get(attr)->how;
    if (*how) llw_text_addf(&t, ": %s", how);
    llw_proof_line *line = llw_prover_add(b, depth, LLW_LINE_MISSING, &t);
    line->mark = LLW_MARK_UNKNOWN;
    line->entity = entity;
    line->attr = attr;
}

void llw_prover_slot(llw_prover *b, int depth, llw_entity entity, llw_attr attr, bool told) {
    const llw_claim *best = llw_facts_best(b->run->facts, entity, attr);
    bool again = llw_prover_seen(b, entity, attr);
    if (!best || !best->value.known) {
        if (!again) add_missing(b, depth, entity, attr);
        return;
    }
    if (again) return;
    if (best->grade != LLW_GRADE_DEFAULT && best->grade < b->out->weakest) b->out->weakest = best->grade;
    if (told)
        depth--;
    else
        llw_prover_claim(b, depth, LLW_LINE_FACT, entity, attr, best);
    size_t n = 0;
    const llw_claim **claims = llw_facts_claims(b->run->facts, entity, attr, b->arena, &n);
    for (size_t i = 0; i < n; i++)
        if (claims[i] != best && claims[i]->value.known && claims[i]->grade != LLW_GRADE_DEFAULT &&
            !llw_value_equal(claims[i]->value, best->value))
            llw_prover_claim(b, depth + 1, LLW_LINE_RIVAL, entity, attr, claims[i]);
    if (depth >= LLW_PROOF_DEPTH_MAX) return;
    const llw_node *deriver = best->grade <= LLW_GRADE_WHATIF && !strcmp(best->origin, "rule")
                                  ? llw_run_deriver(b->run, entity, attr)
                                  : NULL;
    if (deriver)
        llw_prover_conditions(b, depth + 1, deriver);
    else if (llw_claim_is_predicted(best))
        llw_prover_grounds(b, depth + 1, entity, attr);
}

void llw_prover_operand(llw_prover *b, int depth, llw_entity entity, llw_attr attr) {
    const llw_claim *best = llw_facts_best(b->run->facts, entity, attr);
    size_t before = b->out->n_lines;
    llw_prover_slot(b, depth, entity, attr, false);
    if (b->out->n_lines > before || !best || !best->value.known) return;
    llw_prover_claim(b, depth, LLW_LINE_FACT, entity, attr, best);
    if (llw_claim_is_predicted(best)) b->out->lines[b->out->n_lines - 1].origin = "told above";
}

void llw_proof_slot(const llw_run *run, llw_entity entity, llw_attr attr, llw_arena *arena, llw_proof *out) {
    *out = (llw_proof){.weakest = LLW_GRADE_WHATIF};
    llw_prover b = {.run = run, .arena = arena, .out = out};
    llw_prover_slot(&b, 0, entity, attr, false);
    llw_prover_rest(&b);
    llw_text t = {0};
    llw_text_add(&t, llw_attr_get(attr)->meaning);
    llw_prover_add(&b, 1, LLW_LINE_MECHANISM, &t);
}

/* Grading by difference of conclusions. */
#include "teach/assess_parts.h"
#include "explain/proof.h"
#include "teach/answer.h"

#include <math.h>
#include <string.h>

static const double RIGHT_WITHIN = 0.10, HALF_WITHIN = 0.25; /* of the engine's figure */

const char *llw_score_name(llw_score score) {
    static const char *const name[] = {"wrong", "half right", "right"};
    return name[score];
}

const char *llw_judge_keep(llw_judging *j, llw_text *text) {
    const char *copy = llw_arena_strdup(j->arena, llw_text_str(text));
    llw_text_fini(text);
    return copy;
}

llw_rc llw_judge_eval(llw_judging *j, const llw_scene *scene, const char *text, llw_scene_value *value) {
    return llw_scene_eval(scene, text, j->c->file, j->ask->line, value, j->err);
}

llw_rc llw_judge_mistakes(llw_judging *j, const llw_scene *scene, const double *number) {
    for (size_t i = 0; i < j->ask->n_mistakes; i++) {
        const llw_mistake *m = &j->ask->mistakes[i];
        llw_truth truth = LLW_FALSE;
        llw_rc rc = llw_scene_holds(scene, &m->when, j->c->file, &truth, j->err);
        if (rc == LLW_OK && truth == LLW_TRUE && m->when.answer) {
            llw_scene_value value;
            rc = llw_judge_eval(j, scene, m->when.answer, &value);
            double is =
                rc == LLW_OK && value.result.state == LLW_KNOWN ? llw_result_number(value.result) : NAN;
            if (!number || !(fabs(*number - is) <= RIGHT_WITHIN * fabs(is))) truth = LLW_FALSE;
        }
        if (rc != LLW_OK) return rc;
        if (truth != LLW_TRUE) continue;
        j->out->misconception = llw_misconception_find(j->misconceptions, m->misconception);
        return LLW_OK;
    }
    return LLW_OK;
}

/* ---- numbers, yes and no ---- */

/* "Yours is 3.0 times as much."; nothing when it is the figure itself. */
static void say_distance(llw_text *t, double number, double truth, double off) {
    if (off < 0.005) return;
    double times = fabs(truth) > 0 ? number / truth : 0;
    if (off <= HALF_WITHIN)
        llw_text_addf(t, "Within %s counts as %s.", off <= RIGHT_WITHIN ? "10 %" : "25 %",
                      off <= RIGHT_WITHIN ? "right" : "half right");
    else if (times >= 1.5)
        llw_text_addf(t, "Yours is %.1f times as much.", times);
    else if (times > 0)
        llw_text_addf(t, "Yours is %.0f %% of that.", times * 100);
}

/* How a figure comes about: the arithmetic behind a predicted slot, else the slots of the expression. */
static void say_grounds(llw_judging *j, const llw_scene *scene, const llw_scene_value *value, llw_text *t) {
    enum { FEW = 4 };
    const llw_expr_node *first = value->expr.nodes;
    bool alone = value->expr.n_nodes == 1 && first->op == LLW_OP_SLOT && first->as.slot.attr;
    if (!alone) {
        llw_text slots = {0};
        llw_scene_say_slots(scene, value, &slots);
        if (slots.len) llw_text_addf(t, "%sThe facts: %s.", t->len ? " " : "", llw_text_str(&slots));
        llw_text_fini(&slots);
        return;
    }
    llw_proof proof = {0};
    int told = 0;
    llw_proof_slot(scene->run, value->binding[first->as.slot.variable], first->as.slot.attr, j->arena,
                   &proof);
    bool single = proof.n_lines <= 2 || proof.lines[2].depth > proof.lines[1].depth;
    for (size_t i = 1; i < proof.n_lines && told < FEW; i++) {
        const llw_proof_line *line = &proof.lines[i];
        bool reckoned = line->kind == LLW_LINE_ARITHMETIC;
        bool same = single && !reckoned; /* one fact alone is the figure itself */
        if (line->depth != proof.lines[0].depth + 1 || same || (!reckoned && line->kind != LLW_LINE_FACT))
            continue;
        llw_text_addf(t, "%s%s", told++ ? "; " : t->len ? " How: " : "How: ", line->text);
        if (reckoned) break;
    }
    if (told) llw_text_add(t, ".");
}

static llw_rc judge_number(llw_judging *j, const llw_scene *scene, const llw_scene_value *value) {
    char said[80], is[80];
    llw_unit kind = llw_expr_unit(&value->expr);
    double truth = llw_result_number(value->result), number = 0;
    llw_text t = {0};
    j->out->truth = j->out->answer =
        llw_arena_strdup(j->arena, llw_answer_write(is, truth, kind, j->ask->unit));
    j->out->understood = llw_answer_number(j->out->typed, kind, j->ask->unit, &number);
    if (!j->out->understood) {
        j->out->reason =
            llw_arena_printf(j->arena, "this is no number%s%s", *j->ask->unit ? " in " : "", j->ask->unit);
        return LLW_OK;
    }
    j->out->said = llw_arena_strdup(j->arena, llw_answer_write(said, number, kind, j->ask->unit));
    double off = fabs(truth) > 0 ? fabs(number - truth) / fabs(truth) : number == truth ? 0 : 1;
    j->out->score = off <= RIGHT_WITHIN  ? LLW_SCORE_RIGHT
                    : off <= HALF_WITHIN ? LLW_SCORE_HALF
                                         : LLW_SCORE_WRONG;
    say_distance(&t, number, truth, off);
    say_grounds(j, scene, value, &t);
    j->out->reason = llw_judge_keep(j, &t);
    return j->out->score == LLW_SCORE_RIGHT ? LLW_OK : llw_judge_mistakes(j, scene, &number);
}

/* The finding of the rule that derived the first slot of the expression; NULL: none did. */
static const llw_node *derived_by(const llw_scene *scene, const llw_scene_value *value) {
    for (int i = 0; i < value->expr.n_nodes; i++) {
        const llw_expr_node *n = &value->expr.nodes[i];
        if (n->op != LLW_OP_SLOT || !n->as.slot.attr) continue;
        const llw_node *node =
            llw_run_deriver(scene->run, value->binding[n->as.slot.variable], n->as.slot.attr);
        return node && node->rule->find.n_pieces ? node : NULL;
    }
    return NULL;
}

/* The sentence of a yes or no: the memory of a launch that loads or not, else the slots it rests on. */
static void say_facts(llw_judging *j, const llw_scene *scene, const llw_scene_value *value,
                      const char *expr) {
    const llw_node *deriver = derived_by(scene, value);
    if (deriver) {
        llw_text said = {0};
        llw_run_say(scene->run, deriver, &deriver->rule->find, &said);
        llw_text_add(&said, ".");
        j->out->reason = llw_judge_keep(j, &said);
        return;
    }
    bool memory = strstr(expr, "launch.loads") || strstr(expr, "launch.survives");
    llw_text facts = {0}, t = {0};
    if (memory)
        llw_scene_say_memory(scene, &facts);
    else
        llw_scene_say_slots(scene, value, &facts);
    if (facts.len) llw_text_addf(&t, "%s%s.", memory ? "" : "The facts: ", llw_text_str(&facts));
    llw_text_fini(&facts);
    j->out->reason = llw_judge_keep(j, &t);
}

static llw_rc judge_yes_no(llw_judging *j, const llw_scene *scene, const llw_scene_value *value) {
    bool said = false;
    j->out->truth = j->out->answer = value->result.as.flag ? "yes" : "no";
    j->out->understood = llw_answer_yes_no(j->out->typed, &said);
    if (!j->out->understood) {
        j->out->reason = "this is neither yes nor no";
        return LLW_OK;
    }
    say_facts(j, scene, value, j->ask->slot);
    j->out->said = said ? "yes" : "no";
    j->out->score = said == value->result.as.flag ? LLW_SCORE_RIGHT : LLW_SCORE_WRONG;
    return j->out->score == LLW_SCORE_RIGHT ? LLW_OK : llw_judge_mistakes(j, scene, NULL);
}

static llw_rc judge_slot(llw_judging *j) {
    const llw_scene *scene = NULL;
    llw_scene_value value;
    llw_rc rc = llw_stage_scene(j->stage, &j->ask->change, NULL, &scene, j->err);
    if (rc == LLW_OK) rc = llw_judge_eval(j, scene, j->ask->slot, &value);
    bool number = j->ask->kind == LLW_ASK_NUMBER;
    llw_unit unit = rc == LLW_OK ? llw_expr_unit(&value.expr) : LLW_UNIT_ZERO;
    if (rc == LLW_OK && !(number ? unit == LLW_UNIT_PLAIN || unit == LLW_UNIT_BYTES : unit == LLW_UNIT_FLAG))
        rc = llw_fail(j->err, LLW_ERR_INPUT, j->c->file, j->ask->line,
                      "\"%s\" is %s, which a %s question cannot ask", j->ask->slot, llw_unit_name(unit),
                      llw_ask_kind_name(j->ask->kind));
    else if (rc == LLW_OK && number && !llw_answer_unit_known(unit, j->ask->unit))
        rc = llw_fail(j->err, LLW_ERR_INPUT, j->c->file, j->ask->line, "'%s' is no unit of \"%s\"",
                      j->ask->unit, j->ask->slot);
    else if (rc == LLW_OK && value.result.state != LLW_KNOWN)
        rc = llw_fail(j->err, LLW_ERR_NOTHING, j->c->file, j->ask->line, "the engine does not know \"%s\"",
                      j->ask->slot);
    return rc != LLW_OK ? rc : number ? judge_number(j, scene, &value) : judge_yes_no(j, scene, &value);
}

/* ---- choices ---- */

/* Which choices are right, each in its own scene. */
static llw_rc find_right(llw_judging *j, unsigned *right) {
    *right = 0;
    for (size_t i = 0; i < j->ask->n_choices; i++) {
        const llw_choice *choice = &j->ask->choices[i];
        const llw_scene *scene = NULL;
        llw_truth truth = LLW_FALSE;
        llw_rc rc = llw_stage_scene(j->stage, &j->ask->change, &choice->change, &scene, j->err);
        if (rc == LLW_OK) rc = llw_scene_holds(scene, &choice->right, j->c->file, &truth, j->err);
        if (rc == LLW_OK && truth == LLW_UNDECIDABLE)
            rc = llw_fail(j->err, LLW_ERR_NOTHING, j->c->file, choice->line,
                          "the engine cannot decide whether \"%s\" is right", choice->text);
        if (rc != LLW_OK) return rc;
        if (truth == LLW_TRUE) *right |= 1u << i;
    }
    return LLW_OK;
}

static const char *letters(llw_judging *j, unsigned mask) {
    llw_text t = {0};
    for (size_t i = 0; i < j->ask->n_choices; i++)
        if (mask & 1u << i)
            llw_text_addf(&t, "%s%c) %s", t.len ? "; " : "", (int)('a' + i), j->ask->choices[i].text);
    return llw_judge_keep(j, &t);
}

/* What the engine saw where a choice is right: the finding, or the slots of the condition. */
static llw_rc say_evidence(llw_judging *j, const llw_choice *choice) {
    const llw_scene *scene = NULL;
    const llw_node *node = NULL;
    const char *rule = choice->right.finds ? choice->right.finds : choice->right.lacks;
    llw_rc rc = llw_stage_scene(j->stage, &j->ask->change, &choice->change, &scene, j->err);
    if (rc == LLW_OK && rule) {
        llw_text t = {0};
        rc = llw_scene_fired(scene, rule, j->c->file, choice->line, &node, j->err);
        if (rc != LLW_OK || !node) return rc;
        llw_run_say(scene->run, node, &node->rule->find, &t);
        llw_text_add(&t, ".");
        j->out->reason = llw_judge_keep(j, &t);
    } else if (rc == LLW_OK && choice->right.holds) {
        llw_scene_value value;
        rc = llw_judge_eval(j, scene, choice->right.holds, &value);
        if (rc == LLW_OK) say_facts(j, scene, &value, choice->right.holds);
    }
    return rc;
}

static llw_rc judge_choice(llw_judging *j) {
    unsigned right = 0, picked = 0;
    llw_rc rc = find_right(j, &right);
    if (rc != LLW_OK) return rc;
    j->out->truth = right ? letters(j, right) : "none of them";
    llw_text t = {0};
    for (size_t i = 0; i < j->ask->n_choices; i++)
        if (right & 1u << i) llw_text_addf(&t, "%s%c", t.len ? " " : "", (int)('a' + i));
    j->out->answer = llw_judge_keep(j, &t);
    j->out->understood = llw_answer_choices(j->out->typed, j->ask->n_choices, &picked);
    if (!j->out->understood) {
        j->out->reason =
            llw_arena_printf(j->arena, "type %s letter from a to %c", j->ask->several ? "every" : "one",
                             (int)('a' + j->ask->n_choices - 1));
        return LLW_OK;
    }
    int hits = __builtin_popcount(picked & right), misses = __builtin_popcount(picked & ~right),
        all = __builtin_popcount(right);
    j->out->said = letters(j, picked);
    j->out->score = hits == all && !misses ? LLW_SCORE_RIGHT
                    : hits > misses        ? LLW_SCORE_HALF
                                           : LLW_SCORE_WRONG;
    for (size_t i = 0; i < j->ask->n_choices && !j->out->misconception; i++)
        if (picked & ~right & 1u << i)
            j->out->misconception =
                llw_misconception_find(j->misconceptions, j->ask->choices[i].misconception);
    for (size_t i = 0; i < j->ask->n_choices; i++)
        if (right & 1u << i) return say_evidence(j, &j->ask->choices[i]);
    return LLW_OK;
}

llw_rc llw_assess(llw_stage *stage, const llw_ask *ask, const llw_misconceptions *misconceptions,
                  const char *typed, llw_assessment *out, llw_err *err) {
    llw_arena *arena = stage->arena;
    *out = (llw_assessment){.ask = ask,
                            .typed = llw_arena_strdup(arena, typed),
                            .said = "",
                            .truth = "",
                            .answer = "",
                            .reason = "",
                            .team = "",
                            .plan = ""};
    static const llw_misconceptions none = {0};
    llw_judging j = {.stage = stage,
                     .c = stage->c,
                     .ask = ask,
                     .misconceptions = misconceptions ? misconceptions : &none,
                     .solving = !misconceptions,
                     .arena = arena,
                     .out = out,
                     .err = err};
    switch (ask->kind) {
    case LLW_ASK_FLAGS: return llw_judge_flags(&j);
    case LLW_ASK_CHOICE: return judge_choice(&j);
    case LLW_ASK_LINE: return llw_judge_line(&j);
    case LLW_ASK_ORDER: return llw_judge_order(&j);
    default: return judge_slot(&j);
    }
}

llw_score llw_score_all(const llw_assessment *all, size_t n) {
    size_t right = 0, some = 0;
    for (size_t i = 0; i < n; i++) {
        right += all[i].score == LLW_SCORE_RIGHT;
        some += all[i].score != LLW_SCORE_WRONG;
    }
    return n && right == n ? LLW_SCORE_RIGHT : some ? LLW_SCORE_HALF : LLW_SCORE_WRONG;
}

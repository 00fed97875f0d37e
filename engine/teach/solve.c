/* The engine's own answers, and whether a case can be used at all. */
#include "explain/change.h"
#include "teach/answer.h"
#include "teach/assess.h"

#include <stdio.h>
#include <string.h>

enum { MAX_PLANS = 24 };

typedef struct solving {
    llw_stage *stage;
    const llw_ask *ask;
    llw_arena *arena;
    llw_err *err;
    const char *plans[MAX_PLANS];
    size_t n_plans;
} solving;

static void add_plan(solving *s, const char *lead, const char *const *words, size_t n) {
    if (s->n_plans == MAX_PLANS) return;
    llw_text t = {0};
    llw_text_add(&t, lead);
    for (size_t i = 0; i < n; i++) llw_case_quote(&t, words[i]);
    s->plans[s->n_plans++] = llw_arena_strdup(s->arena, llw_text_str(&t));
    llw_text_fini(&t);
}

/* "-c 8192, without -ot" as an edit. */
static void add_command(solving *s, const char *command) {
    char *copy = llw_arena_strdup(s->arena, command);
    for (char *comma = copy; (comma = strstr(comma, ", "));) *comma = ' ';
    add_plan(s, copy, NULL, 0);
}

/* What a lesson itself tries or advises, and what turns its conditions; last all that the lessons try
 * together. */
static void add_remedies(solving *s, const llw_scene *scene, const char *id, llw_text *together) {
    llw_reach reach = {.kind = LLW_REACH_CLEARS, .lesson = llw_kb_lesson(s->stage->kb, id), .said = id};
    llw_remedies remedies = {0};
    if (!reach.lesson) return;
    llw_remedies_from_lessons(scene->run, scene->launch, &reach, s->arena, &remedies);
    size_t tried = remedies.n;
    llw_remedies_from_conditions(scene->run, scene->launch, &reach, s->arena, &remedies);
    for (size_t i = 0; i < remedies.n; i++) add_command(s, remedies.items[i].said);
    if (tried) llw_text_addf(together, "%s%s", together->len ? ", " : "", remedies.items[0].said);
}

/* What the engine would do: nothing, its smallest repair, what the lessons say, its own choice. */
static llw_rc collect_plans(solving *s) {
    const llw_scene *scene = NULL;
    llw_rc rc = llw_stage_scene(s->stage, &s->ask->change, NULL, &scene, s->err);
    if (rc != LLW_OK) return rc;
    llw_decision *d = llw_arena_alloc(s->arena, sizeof *d);
    llw_decide(scene->run, scene->launch, s->arena, d);
    add_plan(s, "nothing", NULL, 0);
    if (d->repair.offered) add_command(s, d->repair.command);
    llw_text together = {0};
    add_remedies(s, scene, s->stage->c->lesson, &together);
    for (size_t i = 0; i < s->stage->c->also.n; i++)
        add_remedies(s, scene, s->stage->c->also.items[i], &together);
    if (s->stage->c->also.n) add_command(s, llw_text_str(&together));
    llw_text_fini(&together);
    if (d->choice.offered) add_plan(s, "only", d->choice.args, d->choice.n_args);
    return LLW_OK;
}

static llw_rc solve_flags(solving *s, const char **answer) {
    llw_rc rc = collect_plans(s);
    for (size_t i = 0; rc == LLW_OK && i < s->n_plans; i++) {
        llw_assessment a;
        rc = llw_assess(s->stage, s->ask, NULL, s->plans[i], &a, s->err);
        if (rc != LLW_OK || a.score != LLW_SCORE_RIGHT) continue;
        *answer = s->plans[i];
        return LLW_OK;
    }
    return rc == LLW_OK ? llw_fail(s->err, LLW_ERR_NOTHING, s->stage->c->file, s->ask->line,
                                   "the engine has no plan that reaches the goal of '%s'", s->ask->id)
                        : rc;
}

llw_rc llw_solve(llw_stage *stage, const llw_ask *ask, const char **answer, llw_err *err) {
    solving s = {.stage = stage, .ask = ask, .arena = stage->arena, .err = err};
    *answer = "";
    if (ask->kind == LLW_ASK_FLAGS) return solve_flags(&s, answer);
    llw_assessment a;
    llw_rc rc = llw_assess(stage, ask, NULL, "", &a, err);
    if (rc == LLW_OK) *answer = a.answer;
    if (rc == LLW_OK && !**answer)
        return llw_fail(err, LLW_ERR_NOTHING, stage->c->file, ask->line, "no choice of '%s' is right",
                        ask->id);
    return rc;
}

static llw_rc check_mistakes(const llw_scene *scene, const llw_case *c, const llw_ask *ask,
                             const llw_misconceptions *misconceptions, llw_err *err) {
    llw_truth truth;
    llw_scene_value value;
    for (size_t i = 0; i < ask->n_mistakes; i++) {
        const llw_mistake *m = &ask->mistakes[i];
        llw_entity entity;
        llw_attr attr;
        llw_rc rc = llw_scene_holds(scene, &m->when, c->file, &truth, err);
        if (rc == LLW_OK && m->when.answer && ask->kind == LLW_ASK_LINE &&
            !llw_scene_slot(scene, m->when.answer, &entity, &attr))
            rc = llw_fail(err, LLW_ERR_INPUT, c->file, m->when.line, "there is no slot '%s'", m->when.answer);
        else if (rc == LLW_OK && m->when.answer)
            rc = llw_scene_eval(scene, m->when.answer, c->file, m->when.line, &value, err);
        if (rc != LLW_OK) return rc;
        if (!llw_misconception_find(misconceptions, m->misconception))
            return llw_fail(err, LLW_ERR_INPUT, c->file, m->when.line,
                            "there is no misconception '%s' in lessons/misconceptions.yaml",
                            m->misconception);
    }
    for (size_t i = 0; i < ask->n_choices; i++)
        if (ask->choices[i].misconception &&
            !llw_misconception_find(misconceptions, ask->choices[i].misconception))
            return llw_fail(err, LLW_ERR_INPUT, c->file, ask->choices[i].line,
                            "there is no misconception '%s' in lessons/misconceptions.yaml",
                            ask->choices[i].misconception);
    return LLW_OK;
}

static bool is_rising(const char *letters) {
    for (; letters[0] && letters[1]; letters += 2)
        if (letters[2] && letters[2] < letters[0]) return false;
    return true;
}

static llw_rc check_ask(llw_stage *stage, const llw_ask *ask, const llw_misconceptions *misconceptions,
                        llw_err *err) {
    const llw_case *c = stage->c;
    const char *answer = "";
    llw_assessment a;
    const llw_scene *scene = NULL, *team = NULL;
    llw_rc rc = llw_stage_scene(stage, NULL, NULL, &team, err);
    if (rc == LLW_OK) rc = llw_stage_scene(stage, &ask->change, NULL, &scene, err);
    if (rc == LLW_OK) rc = check_mistakes(scene, c, ask, misconceptions, err);
    if (rc == LLW_OK) rc = llw_solve(stage, ask, &answer, err);
    if (rc == LLW_OK) rc = llw_assess(stage, ask, misconceptions, answer, &a, err);
    if (rc != LLW_OK) return rc;
    if (a.score != LLW_SCORE_RIGHT)
        return llw_fail(err, LLW_ERR_INPUT, c->file, ask->line,
                        "the engine's own answer to '%s', \"%.80s\", does not count as right: %s", ask->id,
                        answer, a.reason);
    if (ask->kind == LLW_ASK_ORDER && is_rising(answer))
        return llw_fail(err, LLW_ERR_INPUT, c->file, ask->line, "'%s' lists its choices in the right order",
                        ask->id);
    size_t picks = 0;
    for (const char *at = answer; ask->kind == LLW_ASK_CHOICE && *at; at++) picks += *at != ' ';
    if (picks == ask->n_choices && ask->kind == LLW_ASK_CHOICE)
        return llw_fail(err, LLW_ERR_INPUT, c->file, ask->line, "every choice of '%s' is right", ask->id);
    if (picks > 1 && !ask->several)
        return llw_fail(err, LLW_ERR_INPUT, c->file, ask->line,
                        "several choices of '%s' are right (%s): say 'several: yes'", ask->id, answer);
    if (ask->kind == LLW_ASK_FLAGS && !c->boundary && !strcmp(answer, "nothing"))
        return llw_fail(err, LLW_ERR_INPUT, c->file, ask->line,
                        "'%s' asks to mend a launch that needs no mending", ask->id);
    for (size_t i = 0; ask->slot && i < c->facts.n; i++)
        if (scene == team && !strcmp(c->facts.items[i], ask->slot))
            return llw_fail(err, LLW_ERR_INPUT, c->file, ask->line,
                            "the brief gives the answer to '%s' away: %s is among its facts", ask->id,
                            ask->slot);
    return LLW_OK;
}

/* The lesson fires in the incident; in a boundary case it does not. */
static llw_rc check_lesson(const llw_scene *scene, const llw_case *c, const char *id, llw_err *err) {
    const llw_lesson *lesson = llw_kb_lesson(scene->run->kb, id);
    bool fired = false;
    if (!lesson) return llw_fail(err, LLW_ERR_INPUT, c->file, 0, "there is no lesson '%s'", id);
    for (size_t i = 0; i < scene->run->n_nodes; i++) {
        const llw_node *node = &scene->run->nodes[i];
        fired |= node->rule->lesson == lesson && node->state == LLW_FIRED && node->rule->find.n_pieces &&
                 node->rule->level >= LLW_LEVEL_NOTE && llw_node_concerns(scene->run, node, scene->launch);
    }
    if (fired == c->boundary)
        return llw_fail(err, LLW_ERR_INPUT, c->file, 0,
                        fired ? "lesson %s finds something in this boundary case"
                              : "lesson %s finds nothing in this case",
                        id);
    return LLW_OK;
}

llw_rc llw_case_check(llw_stage *stage, const llw_misconceptions *misconceptions, llw_err *err) {
    const llw_case *c = stage->c;
    const llw_scene *scene = NULL;
    llw_rc rc = llw_stage_scene(stage, NULL, NULL, &scene, err);
    if (rc == LLW_OK) rc = check_lesson(scene, c, c->lesson, err);
    for (size_t i = 0; rc == LLW_OK && i < c->also.n; i++) rc = check_lesson(scene, c, c->also.items[i], err);
    llw_entity entity;
    llw_attr attr;
    for (size_t i = 0; rc == LLW_OK && i < c->facts.n; i++)
        if (!llw_scene_slot(scene, c->facts.items[i], &entity, &attr) ||
            !llw_facts_value(scene->run->facts, entity, attr).known)
            rc = llw_fail(err, LLW_ERR_INPUT, c->file, 0, "the brief's fact '%s' is not known",
                          c->facts.items[i]);
    for (size_t i = 0; rc == LLW_OK && i < c->n_asks; i++)
        rc = check_ask(stage, &c->asks[i], misconceptions, err);
    return rc;
}

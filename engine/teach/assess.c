/* Grading by difference of conclusions. */
#include "teach/assess.h"
#include "fact/build.h"
#include "teach/answer.h"
#include "teach/edit.h"

#include <math.h>
#include <string.h>

static const double RIGHT_WITHIN = 0.10, HALF_WITHIN = 0.25; /* of the engine's figure */
enum { MAX_PIECES = 8 };

typedef struct judging {
    llw_stage *stage;
    const llw_case *c;
    const llw_ask *ask;
    const llw_misconceptions *misconceptions;
    llw_arena *arena;
    llw_assessment *out;
    llw_err *err;
} judging;

const char *llw_score_name(llw_score score) {
    static const char *const name[] = {"wrong", "half right", "right"};
    return name[score];
}

static const char *keep(judging *j, llw_text *text) {
    const char *copy = llw_arena_strdup(j->arena, llw_text_str(text));
    llw_text_fini(text);
    return copy;
}

/* The learner's scene: the team's with the edit. */
static llw_rc open_scene(judging *j, const llw_texts *edit, llw_scene *scene) {
    const llw_case_setting *changes[] = {&j->ask->change};
    return llw_scene_open(j->stage->kb, j->c, changes, 1, edit, j->arena, scene, j->err);
}

static llw_rc eval_in(judging *j, const llw_scene *scene, const char *text, llw_scene_value *value) {
    return llw_scene_eval(scene, text, j->c->file, j->ask->line, value, j->err);
}

/* The first mistake that is recognised; `number` is what was said, NULL when it is none. */
static llw_rc recognise(judging *j, const llw_scene *scene, const double *number) {
    for (size_t i = 0; i < j->ask->n_mistakes; i++) {
        const llw_mistake *m = &j->ask->mistakes[i];
        llw_truth truth = LLW_FALSE;
        llw_rc rc = llw_scene_holds(scene, &m->when, j->c->file, &truth, j->err);
        if (rc == LLW_OK && truth == LLW_TRUE && m->when.answer) {
            llw_scene_value value;
            rc = eval_in(j, scene, m->when.answer, &value);
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

static llw_rc judge_number(judging *j, const llw_scene *scene, const llw_scene_value *value) {
    char said[80], is[80];
    llw_unit kind = llw_expr_unit(&value->expr);
    double truth = llw_result_number(value->result), number = 0;
    llw_text t = {0};
    j->out->truth = llw_arena_strdup(j->arena, llw_answer_write(is, truth, kind, j->ask->unit));
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
    llw_scene_say_slots(scene, value, &t);
    if (off <= HALF_WITHIN)
        llw_text_addf(&t, "%s%s", t.len ? "; " : "",
                      off <= RIGHT_WITHIN ? "within 10 %" : "within 25 %, not within 10 %");
    if (off > HALF_WITHIN && fabs(truth) > 0 && number > 0) {
        double times = number / truth;
        if (t.len) llw_text_add(&t, "; yours is ");
        llw_text_addf(&t, times >= 1.5 || times <= 0 ? "%.1f times that" : "%.0f %% of that",
                      times >= 1.5 ? times : times * 100);
    }
    j->out->reason = keep(j, &t);
    return j->out->score == LLW_SCORE_RIGHT ? LLW_OK : recognise(j, scene, &number);
}

static llw_rc judge_yes_no(judging *j, const llw_scene *scene, const llw_scene_value *value) {
    bool said = false;
    llw_text t = {0};
    j->out->truth = value->result.as.flag ? "yes" : "no";
    bool about_loading = strstr(j->ask->slot, "launch.loads") || strstr(j->ask->slot, "launch.survives");
    if (about_loading)
        llw_scene_say_memory(scene, &t);
    else
        llw_scene_say_slots(scene, value, &t);
    j->out->understood = llw_answer_yes_no(j->out->typed, &said);
    j->out->reason = keep(j, &t);
    if (!j->out->understood) {
        j->out->reason = "this is neither yes nor no";
        return LLW_OK;
    }
    j->out->said = said ? "yes" : "no";
    j->out->score = said == value->result.as.flag ? LLW_SCORE_RIGHT : LLW_SCORE_WRONG;
    return j->out->score == LLW_SCORE_RIGHT ? LLW_OK : recognise(j, scene, NULL);
}

static llw_rc judge_slot(judging *j) {
    const llw_scene *scene = NULL;
    llw_scene_value value;
    llw_rc rc = llw_stage_scene(j->stage, &j->ask->change, NULL, &scene, j->err);
    if (rc == LLW_OK) rc = eval_in(j, scene, j->ask->slot, &value);
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
static llw_rc find_right(judging *j, unsigned *right) {
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

static const char *letters(judging *j, unsigned mask) {
    llw_text t = {0};
    for (size_t i = 0; i < j->ask->n_choices; i++)
        if (mask & 1u << i)
            llw_text_addf(&t, "%s%c) %s", t.len ? "; " : "", (int)('a' + i), j->ask->choices[i].text);
    return keep(j, &t);
}

static llw_rc judge_choice(judging *j) {
    unsigned right = 0, picked = 0;
    llw_rc rc = find_right(j, &right);
    if (rc != LLW_OK) return rc;
    j->out->truth = right ? letters(j, right) : "none of them";
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
    j->out->reason = misses       ? "the engine does not agree with what was picked"
                     : hits < all ? "something is missing"
                                  : "";
    for (size_t i = 0; i < j->ask->n_choices && !j->out->misconception; i++)
        if (picked & ~right & 1u << i)
            j->out->misconception =
                llw_misconception_find(j->misconceptions, j->ask->choices[i].misconception);
    return LLW_OK;
}

/* ---- flags ---- */

/* Findings about the scene's launch, each rule once. */
static void conclude(judging *j, const llw_scene *scene, llw_conclusions *out) {
    *out = (llw_conclusions){.n = 0};
    for (size_t i = 0; i < scene->run->n_nodes; i++) {
        const llw_node *node = &scene->run->nodes[i];
        if (node->state != LLW_FIRED || !node->rule->find.n_pieces ||
            !llw_node_concerns(scene->run, node, scene->launch))
            continue;
        bool before = false;
        for (size_t k = 0; k < out->n; k++) before |= !strcmp(out->items[k].rule, node->rule->id);
        if (before || out->n == LLW_CONCLUSIONS) continue;
        llw_text t = {0};
        llw_run_say(scene->run, node, &node->rule->find, &t);
        out->items[out->n++] =
            (llw_conclusion){node->rule->id, node->rule->lesson->code, keep(j, &t), node->rule->level};
    }
}

/* What is in `a` and not in `b`, from that level on; with a lesson's code, what that lesson says at any
 * level. */
static void difference(const llw_conclusions *a, const llw_conclusions *b, llw_level from, const char *code,
                       llw_conclusions *out) {
    out->n = 0;
    for (size_t i = 0; i < a->n; i++) {
        bool there = a->items[i].level < from && strcmp(a->items[i].code, code) != 0;
        for (size_t k = 0; k < b->n; k++) there |= !strcmp(a->items[i].rule, b->items[k].rule);
        if (!there) out->items[out->n++] = a->items[i];
    }
}

/* What a plan came to, apart from the words about it. */
typedef struct outcome {
    llw_score score;
    llw_verdict verdict;
    llw_conclusions found;
    const char *reason;
} outcome;

static bool works(llw_verdict verdict) {
    return verdict == LLW_VERDICT_LOADS || verdict == LLW_VERDICT_LIKELY_LOADS;
}

/* The first of the expressions that does not hold, NULL when all do. */
static llw_rc first_broken(judging *j, const llw_scene *scene, const llw_texts *list, const char **broken) {
    *broken = NULL;
    for (size_t i = 0; i < list->n && !*broken; i++) {
        llw_proviso p = {.holds = list->items[i], .line = j->ask->line};
        llw_truth truth = LLW_FALSE;
        llw_rc rc = llw_scene_holds(scene, &p, j->c->file, &truth, j->err);
        if (rc != LLW_OK) return rc;
        if (truth == LLW_TRUE) continue;
        llw_scene_value value;
        if ((rc = eval_in(j, scene, list->items[i], &value)) != LLW_OK) return rc;
        llw_text t = {0};
        llw_scene_say_slots(scene, &value, &t);
        *broken = keep(j, &t);
    }
    return LLW_OK;
}

/* How many findings of a lesson that weigh something (all of them when none does) the plan still has. */
static size_t left_of(const llw_lesson *lesson, const llw_conclusions *team, const llw_conclusions *plan) {
    llw_level from = LLW_LEVEL_NOTE;
    size_t n = 0;
    for (size_t i = 0; i < team->n; i++)
        if (!strcmp(team->items[i].code, lesson->code) && team->items[i].level >= LLW_LEVEL_WASTE)
            from = LLW_LEVEL_WASTE;
    for (size_t i = 0; i < team->n; i++) {
        if (strcmp(team->items[i].code, lesson->code) || team->items[i].level < from) continue;
        for (size_t k = 0; k < plan->n; k++) n += !strcmp(team->items[i].rule, plan->items[k].rule);
    }
    return n;
}

/* What the case is about and the plan still has, of all its lessons. */
static size_t still_there(const judging *j, const llw_conclusions *team, const llw_conclusions *plan) {
    size_t n = 0;
    for (size_t i = 0; i <= j->c->also.n; i++) {
        const llw_lesson *lesson = llw_kb_lesson(j->stage->kb, i ? j->c->also.items[i - 1] : j->c->lesson);
        if (lesson) n += left_of(lesson, team, plan);
    }
    return j->c->boundary ? 0 : n;
}

static llw_rc weigh(judging *j, const llw_scene *scene, const outcome *team, outcome *out) {
    static const char *const loads[] = {"launch.loads"};
    static const llw_texts usual = {(const char **)(uintptr_t)loads, 1};
    const char *goal = NULL, *price = NULL;
    llw_conclusions come;
    out->verdict = llw_scene_verdict(scene);
    conclude(j, scene, &out->found);
    difference(&out->found, &team->found, LLW_LEVEL_WASTE, "", &come);
    llw_rc rc = first_broken(j, scene, j->ask->goal.n ? &j->ask->goal : &usual, &goal);
    if (rc == LLW_OK) rc = first_broken(j, scene, &j->ask->keep, &price);
    if (rc != LLW_OK) return rc;
    bool better = works(out->verdict) && !works(team->verdict);
    llw_text t = {0};
    if (goal) {
        out->score = LLW_SCORE_WRONG;
        llw_text_addf(&t, "the goal is not reached%s%s", works(out->verdict) ? ": " : "",
                      works(out->verdict) ? goal : "");
    } else if (still_there(j, &team->found, &out->found)) {
        out->score = better ? LLW_SCORE_HALF : LLW_SCORE_WRONG;
        llw_text_addf(&t, "%swhat the lesson finds is still there", better ? "it loads, but " : "");
    } else if (price || come.n) {
        out->score = LLW_SCORE_HALF;
        llw_text_addf(&t, "it works and costs something%s%s", price ? ": " : "", price ? price : "");
    } else {
        out->score = LLW_SCORE_RIGHT;
        llw_text_add(&t, "the goal is reached, nothing was paid for it");
    }
    out->reason = keep(j, &t);
    return LLW_OK;
}

/* Pieces of the plan without which it comes to the same. */
static llw_rc find_unneeded(judging *j, const llw_texts *edit, const outcome *team, const outcome *plan) {
    llw_flags flags;
    llw_texts pieces[MAX_PIECES];
    llw_rc rc = llw_flags_load(j->arena, &flags, j->err);
    if (rc != LLW_OK) return rc;
    size_t n =
        llw_edit_pieces(j->arena, &flags, LLW_PROGRAM_SERVER,
                        llw_build_order(j->ask->change.llama ? j->ask->change.llama : j->c->setting.llama),
                        edit, pieces, MAX_PIECES);
    if (n < 2 || n == MAX_PIECES || !strcmp(edit->items[0], "only")) return LLW_OK;
    const char **found = llw_arena_alloc(j->arena, n * sizeof *found);
    for (size_t leave = 0; leave < n; leave++) {
        llw_texts rest = {.items = llw_arena_alloc(j->arena, (2 * edit->n + n + 1) * sizeof *rest.items)};
        for (size_t i = 0; i < n; i++) {
            if (i == leave) continue;
            if (strcmp(pieces[i].items[0], "without")) rest.items[rest.n++] = "with";
            for (size_t k = 0; k < pieces[i].n; k++) rest.items[rest.n++] = pieces[i].items[k];
        }
        llw_scene scene;
        if ((rc = open_scene(j, &rest, &scene)) != LLW_OK) return rc;
        outcome o;
        rc = weigh(j, &scene, team, &o);
        llw_scene_close(&scene);
        if (rc != LLW_OK) return rc;
        llw_conclusions more, less;
        difference(&o.found, &plan->found, LLW_LEVEL_WASTE, "", &more);
        difference(&plan->found, &o.found, LLW_LEVEL_WASTE, "", &less);
        if (o.score != plan->score || o.verdict != plan->verdict || more.n || less.n) continue;
        llw_text t = {0};
        for (size_t k = 0; k < pieces[leave].n; k++)
            llw_text_addf(&t, "%s%s", k ? " " : "", pieces[leave].items[k]);
        found[j->out->unneeded.n++] = keep(j, &t);
    }
    j->out->unneeded.items = found;
    return LLW_OK;
}

static const char *say_plan(judging *j, const llw_scene *scene, llw_verdict verdict) {
    static const char *const says[] = {"loads",         "probably loads", "probably does not load",
                                       "does not load", "does not start", "is undecided"};
    llw_text t = {0};
    llw_text_addf(&t, "%s: ", says[verdict]);
    llw_scene_say_memory(scene, &t);
    return keep(j, &t);
}

static llw_rc team_outcome(judging *j, outcome *team, const char **says) {
    const llw_scene *scene = NULL;
    llw_rc rc = llw_stage_scene(j->stage, &j->ask->change, NULL, &scene, j->err);
    if (rc != LLW_OK) return rc;
    *team = (outcome){.verdict = llw_scene_verdict(scene)};
    conclude(j, scene, &team->found);
    *says = say_plan(j, scene, team->verdict);
    return LLW_OK;
}

static llw_rc judge_flags(judging *j) {
    outcome team, plan;
    const llw_lesson *lesson = llw_kb_lesson(j->stage->kb, j->c->lesson);
    llw_texts edit = llw_case_words(j->arena, j->out->typed);
    llw_rc rc = team_outcome(j, &team, &j->out->team);
    llw_scene scene;
    if (rc == LLW_OK) rc = open_scene(j, &edit, &scene);
    if (rc != LLW_OK) return rc;
    rc = weigh(j, &scene, &team, &plan);
    if (rc == LLW_OK) {
        llw_text t = {0};
        for (size_t i = 0; i < scene.words.n; i++)
            llw_text_addf(&t, "%s%s", i ? " " : "", scene.words.items[i]);
        j->out->said = keep(j, &t);
        j->out->understood = *j->out->typed && !scene.argv.refused;
        j->out->score = *j->out->typed ? plan.score : LLW_SCORE_WRONG;
        j->out->reason = scene.argv.refused ? llw_arena_strdup(j->arena, scene.argv.refused) : plan.reason;
        j->out->plan = say_plan(j, &scene, plan.verdict);
        const char *code = lesson ? lesson->code : "";
        difference(&team.found, &plan.found, LLW_LEVEL_WASTE, code, &j->out->gone);
        difference(&plan.found, &team.found, LLW_LEVEL_WASTE, code, &j->out->come);
        if (plan.score != LLW_SCORE_RIGHT) rc = recognise(j, &scene, NULL);
    }
    llw_scene_close(&scene);
    if (rc == LLW_OK && plan.score != LLW_SCORE_WRONG && edit.n) rc = find_unneeded(j, &edit, &team, &plan);
    return rc;
}

llw_rc llw_assess(llw_stage *stage, const llw_ask *ask, const llw_misconceptions *misconceptions,
                  const char *typed, llw_assessment *out, llw_err *err) {
    llw_arena *arena = stage->arena;
    *out = (llw_assessment){.ask = ask,
                            .typed = llw_arena_strdup(arena, typed),
                            .said = "",
                            .truth = "",
                            .reason = "",
                            .team = "",
                            .plan = ""};
    judging j = {stage, stage->c, ask, misconceptions, arena, out, err};
    switch (ask->kind) {
    case LLW_ASK_FLAGS: return judge_flags(&j);
    case LLW_ASK_CHOICE: return judge_choice(&j);
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

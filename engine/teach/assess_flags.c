/* Judging a plan: what it reaches, what it does away with, what it costs, and what of it changes nothing. */
#include "fact/build.h"
#include "teach/assess_parts.h"
#include "teach/edit.h"

#include <string.h>

enum { MAX_PIECES = 8 };

/* Findings about the scene's launch, each rule once. */
static void conclude(llw_judging *j, const llw_scene *scene, llw_conclusions *out) {
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
        out->items[out->n++] = (llw_conclusion){node->rule->id, node->rule->lesson->code,
                                                llw_judge_keep(j, &t), node->rule->level};
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
static llw_rc first_broken(llw_judging *j, const llw_scene *scene, const llw_texts *list,
                           const char **broken) {
    *broken = NULL;
    for (size_t i = 0; i < list->n && !*broken; i++) {
        llw_proviso p = {.holds = list->items[i], .line = j->ask->line};
        llw_truth truth = LLW_FALSE;
        llw_rc rc = llw_scene_holds(scene, &p, j->c->file, &truth, j->err);
        if (rc != LLW_OK) return rc;
        if (truth == LLW_TRUE) continue;
        llw_scene_value value;
        if ((rc = llw_judge_eval(j, scene, list->items[i], &value)) != LLW_OK) return rc;
        llw_text t = {0};
        llw_scene_say_slots(scene, &value, &t);
        *broken = llw_judge_keep(j, &t);
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
static size_t still_there(const llw_judging *j, const llw_conclusions *team, const llw_conclusions *plan) {
    size_t n = 0;
    for (size_t i = 0; i <= j->c->also.n; i++) {
        const llw_lesson *lesson = llw_kb_lesson(j->stage->kb, i ? j->c->also.items[i - 1] : j->c->lesson);
        if (lesson) n += left_of(lesson, team, plan);
    }
    return j->c->boundary ? 0 : n;
}

static llw_rc weigh(llw_judging *j, const llw_scene *scene, const outcome *team, outcome *out) {
    static const char *const goals[] = {"launch.loads"};
    static const llw_texts usual = {(const char **)(uintptr_t)goals, 1};
    const char *goal = NULL, *price = NULL;
    llw_conclusions come;
    out->verdict = llw_scene_verdict(scene);
    conclude(j, scene, &out->found);
    difference(&out->found, &team->found, LLW_LEVEL_WASTE, "", &come);
    llw_rc rc = first_broken(j, scene, j->ask->goal.n ? &j->ask->goal : &usual, &goal);
    if (rc == LLW_OK) rc = first_broken(j, scene, &j->ask->keep, &price);
    if (rc != LLW_OK) return rc;
    bool loads = works(out->verdict), better = loads && !works(team->verdict);
    llw_text t = {0};
    if (goal) {
        out->score = LLW_SCORE_WRONG;
        if (loads)
            llw_text_addf(&t, "It loads, but more was asked for: %s.", goal);
        else
            llw_text_add(&t, "It has to load first.");
    } else if (still_there(j, &team->found, &out->found)) {
        out->score = better ? LLW_SCORE_HALF : LLW_SCORE_WRONG;
        llw_text_addf(&t, "%s the lesson warns of is still there.", better ? "It loads, but what" : "What");
    } else if (price || come.n) {
        out->score = LLW_SCORE_HALF;
        llw_text_add(&t, "It works, at a price");
        llw_text_addf(&t, price ? ": %s." : ".", price);
    } else {
        out->score = LLW_SCORE_RIGHT;
        llw_text_add(&t, "It does what was asked for, and nothing was paid for it.");
    }
    out->reason = llw_judge_keep(j, &t);
    return LLW_OK;
}

/* Pieces of the plan without which it comes to the same. */
static llw_rc find_unneeded(llw_judging *j, const llw_texts *edit, const outcome *team, const outcome *plan) {
    llw_flags flags;
    llw_texts pieces[MAX_PIECES];
    llw_rc rc = llw_flags_load(&flags, j->err);
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
        const llw_scene *scene = NULL;
        outcome o;
        rc = llw_stage_plan(j->stage, &j->ask->change, &rest, &scene, j->err);
        if (rc == LLW_OK) rc = weigh(j, scene, team, &o);
        if (rc != LLW_OK) return rc;
        llw_conclusions more, less;
        difference(&o.found, &plan->found, LLW_LEVEL_WASTE, "", &more);
        difference(&plan->found, &o.found, LLW_LEVEL_WASTE, "", &less);
        if (o.score != plan->score || o.verdict != plan->verdict || more.n || less.n) continue;
        llw_text t = {0};
        for (size_t k = 0; k < pieces[leave].n; k++)
            llw_text_addf(&t, "%s%s", k ? " " : "", pieces[leave].items[k]);
        found[j->out->unneeded.n++] = llw_judge_keep(j, &t);
    }
    j->out->unneeded.items = found;
    return LLW_OK;
}

static const char *say_plan(llw_judging *j, const llw_scene *scene, llw_verdict verdict) {
    static const char *const says[] = {"loads",         "probably loads", "probably does not load",
                                       "does not load", "does not start", "is undecided"};
    llw_text t = {0};
    llw_text_addf(&t, "%s: ", says[verdict]);
    llw_scene_say_memory(scene, &t);
    return llw_judge_keep(j, &t);
}

static llw_rc team_outcome(llw_judging *j, outcome *team, const char **says) {
    const llw_scene *scene = NULL;
    llw_rc rc = llw_stage_scene(j->stage, &j->ask->change, NULL, &scene, j->err);
    if (rc != LLW_OK) return rc;
    *team = (outcome){.verdict = llw_scene_verdict(scene)};
    conclude(j, scene, &team->found);
    *says = say_plan(j, scene, team->verdict);
    return LLW_OK;
}

llw_rc llw_judge_flags(llw_judging *j) {
    outcome team, plan;
    const llw_lesson *lesson = llw_kb_lesson(j->stage->kb, j->c->lesson);
    llw_texts edit = llw_case_words(j->arena, j->out->typed);
    const llw_scene *scene = NULL;
    llw_rc rc = team_outcome(j, &team, &j->out->team);
    if (rc == LLW_OK) rc = llw_stage_plan(j->stage, &j->ask->change, &edit, &scene, j->err);
    if (rc == LLW_OK) rc = weigh(j, scene, &team, &plan);
    if (rc != LLW_OK) return rc;
    llw_text t = {0};
    for (size_t i = 0; i < scene->words.n; i++) llw_case_quote(&t, scene->words.items[i]);
    j->out->said = llw_judge_keep(j, &t);
    j->out->understood = *j->out->typed && !scene->argv.refused;
    j->out->score = *j->out->typed ? plan.score : LLW_SCORE_WRONG;
    j->out->reason = scene->argv.refused ? llw_arena_strdup(j->arena, scene->argv.refused) : plan.reason;
    j->out->plan = say_plan(j, scene, plan.verdict);
    const char *code = lesson ? lesson->code : "";
    difference(&team.found, &plan.found, LLW_LEVEL_WASTE, code, &j->out->gone);
    difference(&plan.found, &team.found, LLW_LEVEL_WASTE, code, &j->out->come);
    if (plan.score != LLW_SCORE_RIGHT && *j->out->typed) rc = llw_judge_mistakes(j, scene, NULL);
    if (rc == LLW_OK && plan.score != LLW_SCORE_WRONG && edit.n && !j->solving)
        rc = find_unneeded(j, &edit, &team, &plan);
    return rc;
}

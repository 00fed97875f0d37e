/* Judging an order: of launches by what the engine computes for each, or of the steps in which fit decides.
 *
 * Only pairs that the engine tells apart count. All of them the right way round is right, two of three is
 * half right: turning one neighbouring pair around costs little, turning everything around earns nothing. */
#include "teach/answer.h"
#include "teach/assess_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double APART = 0.01; /* closer than that, two values are one */

typedef struct place {
    double key;
    const char *value; /* "448.5 MiB"; "" of a step */
} place;

/* The choice's value in its own scene. */
static llw_rc place_by_value(llw_judging *j, const llw_choice *choice, place *out) {
    const llw_scene *scene = NULL;
    llw_scene_value value;
    char text[80];
    llw_rc rc = llw_stage_scene(j->stage, &j->ask->change, &choice->change, &scene, j->err);
    if (rc == LLW_OK) rc = llw_scene_eval(scene, j->ask->by, j->c->file, choice->line, &value, j->err);
    if (rc != LLW_OK) return rc;
    llw_unit unit = llw_expr_unit(&value.expr);
    if ((unit != LLW_UNIT_PLAIN && unit != LLW_UNIT_BYTES) || !llw_answer_unit_known(unit, j->ask->unit))
        return llw_fail(j->err, LLW_ERR_INPUT, j->c->file, j->ask->line,
                        "\"%s\" is no number with the unit '%s'", j->ask->by, j->ask->unit);
    if (value.result.state != LLW_KNOWN)
        return llw_fail(j->err, LLW_ERR_NOTHING, j->c->file, choice->line,
                        "the engine does not know \"%s\" of \"%s\"", j->ask->by, choice->text);
    double number = llw_result_number(value.result);
    out->key = j->ask->falling ? -number : number;
    out->value = llw_arena_strdup(j->arena, llw_answer_write(text, number, unit, j->ask->unit));
    return LLW_OK;
}

/* Where fit says that it does this. */
static llw_rc place_by_step(llw_judging *j, const llw_choice *choice, place *out) {
    const llw_scene *scene = NULL;
    llw_rc rc = llw_stage_scene(j->stage, &j->ask->change, NULL, &scene, j->err);
    if (rc != LLW_OK) return rc;
    const llw_predicted *p = llw_run_predicted(scene->run, scene->launch);
    out->value = "";
    for (size_t i = 0; p && i < p->fit.n_steps; i++) {
        const char *at = strstr(p->fit.steps[i], choice->step);
        if (!at) continue;
        out->key = (double)i + (double)(at - p->fit.steps[i]) / (double)(strlen(p->fit.steps[i]) + 1);
        return LLW_OK;
    }
    return llw_fail(j->err, LLW_ERR_NOTHING, j->c->file, choice->line,
                    "fit does nothing here that says \"%s\"", choice->step);
}

/* -1, 0 (the engine does not tell them apart), 1. */
static int compare(const llw_judging *j, const place *a, const place *b) {
    double near = j->ask->by ? APART * fmax(fabs(a->key), fabs(b->key)) : 0;
    return fabs(a->key - b->key) <= near ? 0 : a->key < b->key ? -1 : 1;
}

static void say_item(llw_judging *j, llw_text *t, size_t i, const place *places) {
    llw_text_addf(t, "%c) %s", (int)('a' + i), j->ask->choices[i].text);
    if (*places[i].value) llw_text_addf(t, " (%s)", places[i].value);
}

static const char *say_order(llw_judging *j, const size_t *order, const place *places) {
    llw_text t = {0};
    for (size_t i = 0; i < j->ask->n_choices; i++) {
        llw_text_add(&t, i ? ", then " : "");
        say_item(j, &t, order[i], places);
    }
    return llw_judge_keep(j, &t);
}

static const char *say_letters(llw_judging *j, const size_t *order) {
    llw_text t = {0};
    for (size_t i = 0; i < j->ask->n_choices; i++)
        llw_text_addf(&t, "%s%c", i ? " " : "", (int)('a' + order[i]));
    return llw_judge_keep(j, &t);
}

/* The order of the engine; what it does not tell apart stays as it was written. */
static void sort(const llw_judging *j, const place *places, size_t *order) {
    for (size_t i = 0; i < j->ask->n_choices; i++) {
        size_t at = i;
        for (; at && compare(j, &places[i], &places[order[at - 1]]) < 0; at--) order[at] = order[at - 1];
        order[at] = i;
    }
}

static const char *say_swap(llw_judging *j, size_t first, size_t second, const place *places) {
    llw_text t = {0};
    say_item(j, &t, second, places);
    llw_text_add(&t, " comes before ");
    say_item(j, &t, first, places);
    llw_text_add(&t, ".");
    return llw_judge_keep(j, &t);
}

static void weigh(llw_judging *j, const size_t *said, const place *places) {
    int pairs = 0, good = 0;
    j->out->reason = "";
    for (size_t i = 0; i < j->ask->n_choices; i++)
        for (size_t k = i + 1; k < j->ask->n_choices; k++) {
            int c = compare(j, &places[said[i]], &places[said[k]]);
            pairs += c != 0;
            good += c < 0;
            if (c > 0 && !*j->out->reason) j->out->reason = say_swap(j, said[i], said[k], places);
        }
    j->out->score = good == pairs           ? LLW_SCORE_RIGHT
                    : 3 * good >= 2 * pairs ? LLW_SCORE_HALF
                                            : LLW_SCORE_WRONG;
    if (j->out->score != LLW_SCORE_RIGHT)
        j->out->reason =
            llw_arena_printf(j->arena, "%d of %d pairs are in their order. %s", good, pairs, j->out->reason);
}

llw_rc llw_judge_order(llw_judging *j) {
    place places[LLW_ORDER_MAX] = {{0}};
    size_t order[LLW_ORDER_MAX], said[LLW_ORDER_MAX];
    int told_apart = 0;
    for (size_t i = 0; i < j->ask->n_choices; i++) {
        const llw_choice *choice = &j->ask->choices[i];
        llw_rc rc = j->ask->by ? place_by_value(j, choice, &places[i]) : place_by_step(j, choice, &places[i]);
        if (rc != LLW_OK) return rc;
    }
    sort(j, places, order);
    for (size_t i = 1; i < j->ask->n_choices; i++)
        told_apart += compare(j, &places[order[i - 1]], &places[order[i]]) != 0;
    if (told_apart < 2)
        return llw_fail(j->err, LLW_ERR_NOTHING, j->c->file, j->ask->line,
                        "the engine does not tell the choices of '%s' apart", j->ask->id);
    j->out->truth = say_order(j, order, places);
    j->out->answer = say_letters(j, order);
    j->out->understood = llw_answer_order(j->out->typed, j->ask->n_choices, said);
    if (!j->out->understood) {
        j->out->reason = llw_arena_printf(j->arena, "type every letter from a to %c once",
                                          (int)('a' + j->ask->n_choices - 1));
        return LLW_OK;
    }
    j->out->said = say_letters(j, said);
    weigh(j, said, places);
    if (j->out->score == LLW_SCORE_RIGHT) return LLW_OK;
    const llw_scene *scene = NULL;
    llw_rc rc = llw_stage_scene(j->stage, &j->ask->change, NULL, &scene, j->err);
    return rc == LLW_OK ? llw_judge_mistakes(j, scene, NULL) : rc;
}

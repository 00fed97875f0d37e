/* llwhy why-not: the nearest miss of a lesson, or what stands in the way of a wish. */
#include "cli/changing.h"
#include "explain/lessons.h"
#include "explain/obstacle.h"
#include "render/render.h"

#include <stdlib.h>
#include <string.h>

enum { PROPOSED = 3 };

static int depth_of(const llw_app *app) {
    const char *depth = llw_option_value(&app->options, LLW_OPT_DEPTH);
    return llw_option_given(&app->options, LLW_OPT_ALL) ? -1 : depth ? atoi(depth) : 3;
}

static void print(llw_app *app, const llw_proof *proof, const llw_run *run, const char *state) {
    llw_text out = {0};
    if (app->json)
        llw_render_why_not_json(&out, run, proof, state);
    else
        llw_render_proof_text(&out, &app->style, proof, depth_of(app),
                              llw_option_given(&app->options, LLW_OPT_PRECISE));
    llw_app_print(app, &out);
}

/* ---- a lesson ---- */

static const char *why_silent(llw_app *app, const llw_lesson *lesson, const llw_lesson_line *line) {
    switch (line->state) {
    case LLW_UNDECIDED: return llw_arena_printf(app->arena, "%s is undecided: %s", lesson->code, line->text);
    case LLW_FIRED: return llw_arena_printf(app->arena, "%s does have something to say", lesson->code);
    case LLW_BROKEN:
        return llw_arena_printf(app->arena, "%s cannot be computed: %s", lesson->code, line->text);
    default: return llw_arena_printf(app->arena, "%s has nothing to say: %s", lesson->code, line->text);
    }
}

/* The nearest node of a rule, or of a whole lesson, judged; false when there is none. */
static bool judge(llw_app *app, const llw_lesson *lesson, const llw_rule *rule, llw_lesson_line *out) {
    llw_entity launch = llw_asking_launch(app);
    if (!rule)
        llw_lesson_judge(app->run, lesson, launch, app->arena, out);
    else
        llw_rule_judge(app->run, rule, launch, app->arena, out);
    return out->node != NULL;
}

static void ask_lesson(llw_app *app, const llw_lesson *lesson, const llw_rule *rule) {
    llw_lesson_line line;
    llw_proof proof;
    if (!judge(app, lesson, rule, &line)) {
        llw_app_complain(app, LLW_EXIT_CLEAN, "%s has nothing it could judge in this launch", lesson->code);
        return;
    }
    llw_proof_node(app->run, line.node, app->arena, &proof);
    if (line.state != LLW_FIRED) proof.lines[0].text = why_silent(app, lesson, &line);
    bool others = !rule && lesson->n_rules > 1 && line.state != LLW_FIRED;
    for (size_t i = 0; others && i < lesson->n_rules; i++) {
        llw_lesson_line other;
        if (&lesson->rules[i] == line.node->rule || !lesson->rules[i].find.n_pieces ||
            !judge(app, lesson, &lesson->rules[i], &other))
            continue;
        llw_proof_add(
            &proof, app->arena, 1, LLW_LINE_CONDITION,
            llw_arena_printf(app->arena, "nor does its rule \"%s\": %s", lesson->rules[i].id, other.text))
            ->mark = other.state == LLW_UNDECIDED ? LLW_MARK_UNKNOWN : LLW_MARK_NO;
    }
    print(app, &proof, app->run, llw_state_name(line.state));
    if (line.state != LLW_FIRED) llw_app_exit(app, LLW_EXIT_FINDINGS);
}

/* ---- a wish ---- */

/* What would make the wish load, beside the wish itself. */
static void propose(llw_app *app, llw_changing *c, llw_proof *proof) {
    llw_changing_search(app, c);
    for (size_t i = 0; i < c->found.n && i < PROPOSED; i++) {
        const llw_remedy *r = &c->found.items[i];
        llw_proof_add(proof, app->arena, 1, LLW_LINE_ADVICE,
                      llw_arena_printf(app->arena, "also %s; the price: %s", r->said, r->costs));
    }
    llw_text wish = {0};
    for (size_t i = 0; i < c->n_wish; i++) llw_text_addf(&wish, "%s%s", i ? " " : "", c->wish[i]);
    llw_proof_add(proof, app->arena, 1, LLW_LINE_ADVICE,
                  c->found.n
                      ? llw_arena_printf(app->arena, "llwhy change %s, which tells what each of these brings",
                                         llw_text_str(&wish))
                      : "something else: no flag, alone or with another, no other file here and no single "
                        "card makes it load");
    llw_text_fini(&wish);
}

static void ask_wish(llw_app *app) {
    const llw_options *o = &app->options;
    llw_changing c = {.wish = o->words, .n_wish = o->n_words};
    if (!llw_asking_suppose(app, o->words, o->n_words, &c.wished)) return;
    llw_entity launch = llw_asking_launch(app);
    llw_difference d;
    llw_proof proof;
    llw_differ(&(llw_side){app->run, launch, "now"}, &(llw_side){c.wished.run, launch, "then"}, app->arena,
               &d);
    llw_wish_state state =
        llw_obstacles(&d, llw_asking_said(app->arena, &c.wished.supposed), app->arena, &proof);
    c.reach = (llw_reach){.kind = LLW_REACH_LOADS, .said = ""};
    if (state == LLW_WISH_SHORT) propose(app, &c, &proof);
    print(app, &proof, c.wished.run, llw_wish_state_name(state));
    if (state != LLW_WISH_SO) llw_app_exit(app, LLW_EXIT_FINDINGS);
    llw_changing_drop(&c);
}

int llw_command_why_not(llw_app *app) {
    const llw_options *o = &app->options;
    if (!llw_asking_start(app, "llwhy why-not X [MODEL]: what should be so and is not? For instance: llwhy "
                               "why-not 262144 context"))
        return app->code;
    const llw_lesson *lesson = o->n_words == 1 ? llw_kb_lesson(app->kb, o->words[0]) : NULL;
    const llw_rule *rule = o->n_words == 1 ? llw_kb_rule(app->kb, o->words[0]) : NULL;
    if (lesson || rule)
        ask_lesson(app, lesson ? lesson : rule->lesson, rule);
    else
        ask_wish(app);
    return app->code;
}

/* llwhy MODEL, why and facts: decide, explain, list. */
#include "cli/asking.h"
#include "cli/project.h"
#include "explain/words.h"
#include "render/html.h"
#include "render/render.h"
#include "source/launch/absent.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void tell_problem(llw_app *app, const llw_flag_problem *p) {
    llw_app_tell("llwhy: %s: %s: %s%s%s\n", p->place, llw_flag_code_name(p->code), p->message,
                 *p->advice ? "; " : "", p->advice);
    if (p->level >= LLW_PROBLEM_RISK) llw_app_exit(app, LLW_EXIT_FINDINGS);
}

/* Problems of the flags behind --: what llama.cpp does with them, here. */
static void tell_problems(llw_app *app) {
    llw_flag_problem absent[LLW_MAX_ABSENT];
    size_t n = llw_absent_find(app->facts, app->argv.launch, app->arena, absent);
    for (size_t i = 0; i < app->argv.n_problems; i++) tell_problem(app, &app->argv.problems[i]);
    for (size_t i = 0; i < n; i++) tell_problem(app, &absent[i]);
}

llw_level llw_app_fail_level(llw_app *app) {
    const char *on = llw_option_value(&app->options, LLW_OPT_FAIL_ON);
    if (!on) return LLW_LEVEL_RISK;
    for (int l = LLW_LEVEL_NOTE; l <= LLW_LEVEL_WRONG; l++)
        if (!strcmp(on, llw_level_name((llw_level)l))) return (llw_level)l;
    if (strcmp(on, "never"))
        llw_app_complain(app, LLW_EXIT_USAGE, "--fail-on %s: it is wrong, risk, waste, note or never", on);
    return (llw_level)(LLW_LEVEL_WRONG + 1);
}

static bool save(llw_app *app) {
    const char *path = llw_option_value(&app->options, LLW_OPT_SAVE);
    return !path || llw_app_save(app, path);
}

/* One decision as a page's article, or as the picture alone: an SVG file holds one. */
static void draw(llw_app *app, llw_text *out, const llw_decision *d) {
    bool first = !app->pictures++;
    if (!strcmp(app->picture, "dot")) {
        llw_render_decision_dot(out, d);
    } else if (!strcmp(app->picture, "html")) {
        if (first) llw_html_begin(out, d->title);
        llw_html_decision(out, app->run, d);
    } else if (!first) {
        llw_app_complain(app, LLW_EXIT_USAGE,
                         "--format svg draws one launch and has drawn the first; this one is left out: %s",
                         llw_facts_id(app->facts, d->launch));
    } else if (!llw_svg_bars(out, d, true)) {
        llw_app_complain(app, LLW_EXIT_FINDINGS, "there is no memory to draw: %s", d->verdict_text);
    }
}

void llw_app_decide(llw_app *app) {
    tell_problems(app);
    llw_app_run(app);
    size_t shown = 0;
    llw_text out = {0};
    for (llw_entity l = 0; (l = llw_facts_next(app->facts, LLW_KIND_launch, l));) {
        llw_decision d;
        llw_decide(app->run, l, app->arena, &d);
        if (shown++ && !app->json && !app->picture) llw_text_add(&out, "\n");
        const char *emit = llw_option_value(&app->options, LLW_OPT_EMIT);
        if (emit && !llw_render_plan(&out, &d, emit))
            llw_app_complain(app, LLW_EXIT_FINDINGS, "there is no plan to write: %s", d.verdict_text);
        else if (emit)
            continue;
        else if (app->picture)
            draw(app, &out, &d);
        else if (app->json)
            llw_render_decision_json(&out, &d);
        else
            llw_render_decision_text(&out, &app->style, &d);
        llw_asking_judge(app, &d);
    }
    llw_app_print(app, &out);
}

int llw_command_decide(llw_app *app) {
    const llw_options *o = &app->options;
    const char *emit = llw_option_value(o, LLW_OPT_EMIT);
    if (emit && !llw_plan_format(emit)) {
        llw_app_complain(app, LLW_EXIT_USAGE, "--emit %s: it is models.conf, env, compose or args", emit);
        return app->code;
    }
    const char *near = o->n_words && access(o->words[0], F_OK) ? llw_command_nearest(o->words[0]) : NULL;
    if (near) {
        llw_app_complain(app, LLW_EXIT_USAGE, "there is no command and no file '%s'; did you mean llwhy %s?",
                         o->words[0], near);
        return LLW_EXIT_USAGE;
    }
    if (o->n_words > 1) {
        llw_app_complain(app, LLW_EXIT_USAGE,
                         "one model at a time: '%s' is the second; llama.cpp flags go behind --",
                         o->words[1]);
        return LLW_EXIT_USAGE;
    }
    if (!o->n_words && !llw_option_given(o, LLW_OPT_FACTS) && !o->flags_given) return llw_project_decide(app);
    if (o->n_words && llw_app_names_repository(app, o->words[0])) {
        llw_app_quants(app, o->words[0]);
        return app->code;
    }
    if (!llw_app_gather(app, o->n_words ? o->words[0] : NULL)) return app->code;
    if (!llw_facts_next(app->facts, LLW_KIND_model, 0)) {
        llw_app_complain(app, LLW_EXIT_USAGE, "no model was named: llwhy MODEL, or -m behind --");
        return app->code;
    }
    if (!save(app)) return app->code;
    llw_app_decide(app);
    llw_app_remember(app);
    return app->code;
}

/* The strongest node of a lesson or rule that concerns the launch. */
static const llw_node *find_node(const llw_app *app, llw_entity launch, const llw_lesson *lesson,
                                 const llw_rule *rule) {
    static const int strength[] = {[LLW_FIRED] = 3, [LLW_BROKEN] = 2, [LLW_UNDECIDED] = 1, [LLW_SILENT] = 0};
    const llw_node *best = NULL;
    for (size_t i = 0; i < app->run->n_nodes; i++) {
        const llw_node *node = &app->run->nodes[i];
        if ((rule ? node->rule != rule : node->rule->lesson != lesson) ||
            !llw_node_concerns(app->run, node, launch))
            continue;
        if (!best || strength[node->state] > strength[best->state] ||
            (node->state == best->state && node->rule->level > best->rule->level))
            best = node;
    }
    return best;
}

/* "CUDA0.compute", "model.experts", "launch.loads", "-ub": a slot of what the launch is about. */
static bool find_slot(const llw_app *app, llw_entity launch, const char *name, llw_slot *out) {
    const llw_facts *facts = app->run->facts;
    for (int a = 1; a < LLW_ATTRS; a++) {
        const char *flag = llw_words_flag((llw_attr)a);
        if (flag && !strcmp(flag, name)) {
            *out = (llw_slot){launch, (llw_attr)a};
            return true;
        }
    }
    const char *dot = strrchr(name, '.');
    if (!dot) return false;
    char *thing = llw_arena_strndup(app->arena, name, (size_t)(dot - name));
    for (llw_entity e = 1; e <= llw_facts_max(facts); e++) {
        llw_kind kind = llw_facts_kind(facts, e);
        const char *device = "";
        bool here = !strcmp(llw_facts_id(facts, e), thing) ||
                    (!strcmp(llw_kind_name(kind), thing) && (kind != LLW_KIND_launch || e == launch)) ||
                    (kind == LLW_KIND_placement && llw_facts_ref(facts, e, LLW_placement_launch) == launch &&
                     llw_facts_text(facts, e, LLW_placement_device, &device) && !strcmp(device, thing));
        llw_attr attr = here ? llw_attr_find(kind, dot + 1) : LLW_ATTR_NONE;
        if (!attr) continue;
        *out = (llw_slot){e, attr};
        return true;
    }
    return false;
}

static bool reads(const llw_expr *expr, llw_attr attr) {
    for (int i = 0; i < expr->n_nodes; i++)
        if (expr->nodes[i].op == LLW_OP_SLOT && expr->nodes[i].as.slot.attr == attr) return true;
    return false;
}

static bool node_reads(const llw_node *node, llw_attr attr) {
    for (size_t i = 0; i < node->rule->n_conditions; i++)
        if (reads(&node->rule->conditions[i].expr, attr)) return true;
    return false;
}

/* What a flag is to this launch: the reasons that rest on it, and what the offers do with it. */
static void add_consequences(llw_app *app, llw_entity launch, llw_attr attr, llw_proof *proof) {
    llw_decision d;
    llw_decide(app->run, launch, app->arena, &d);
    for (size_t i = 0; i < d.n_reasons; i++)
        if (node_reads(d.reasons[i].node, attr))
            llw_proof_add(proof, app->arena, 1, LLW_LINE_FACT,
                          llw_arena_printf(app->arena, "reason %zu rests on it: %s [%s]", i + 1,
                                           d.reasons[i].text, d.reasons[i].code));
    const llw_offer *offers[] = {&d.repair, &d.choice};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; offers[i]->offered && k < offers[i]->n_changes; k++) {
            const llw_flag_change *c = &offers[i]->changes[k];
            if (c->attr != attr) continue;
            llw_proof_add(proof, app->arena, 1, LLW_LINE_ADVICE,
                          llw_arena_printf(app->arena, "%s %s %s: %s%s%s%s", offers[i]->title,
                                           c->set ? "sets" : "drops", c->flag, c->reason,
                                           *c->code ? " [" : "", c->code, *c->code ? "]" : ""));
        }
}

static bool prove(llw_app *app, const char *what, llw_proof *proof) {
    llw_entity launch = llw_asking_launch(app);
    llw_decision d;
    llw_decide_verdict(app->run, launch, app->arena, &d);
    const llw_lesson *lesson = llw_kb_lesson(app->kb, what);
    const llw_rule *rule = llw_kb_rule(app->kb, what);
    llw_slot slot;
    if (isdigit((unsigned char)what[0]) && strlen(what) < 4) {
        size_t n = (size_t)atoi(what);
        if (n < 1 || n > d.n_reasons)
            return llw_app_complain(app, LLW_EXIT_USAGE, "there is no reason %s: the decision has %zu", what,
                                    d.n_reasons);
        llw_proof_node(app->run, d.reasons[n - 1].node, app->arena, proof);
        return true;
    }
    if (lesson || rule) {
        const llw_node *node = find_node(app, launch, lesson, rule);
        if (!node)
            return llw_app_complain(app, LLW_EXIT_FINDINGS, "%s had nothing to judge in this launch", what);
        llw_proof_node(app->run, node, app->arena, proof);
        return true;
    }
    if (find_slot(app, launch, what, &slot)) {
        llw_proof_slot(app->run, slot.entity, slot.attr, app->arena, proof);
        if (slot.entity == launch && llw_attr_get(slot.attr)->knob)
            add_consequences(app, launch, slot.attr, proof);
        return true;
    }
    return llw_app_complain(
        app, LLW_EXIT_USAGE,
        "'%s' is no reason's number, lesson (llwhy lessons), rule, flag or slot (llwhy facts --schema)",
        what);
}

int llw_command_why(llw_app *app) {
    const llw_options *o = &app->options;
    if (!o->n_words || o->n_words > 2) {
        llw_app_complain(app, LLW_EXIT_USAGE,
                         "llwhy why X [MODEL]: what do you want to know? For instance: llwhy why 1");
        return app->code;
    }
    const char *file;
    int line;
    if (o->n_words == 1 && llw_why_is_line(app, o->words[0], &file, &line))
        return llw_command_why_line(app, file, line);
    bool fresh = o->n_words == 2 || llw_option_given(o, LLW_OPT_FACTS) || o->flags_given;
    bool kept = !fresh && app->kept;
    if (!kept && (fresh ? !llw_app_gather(app, o->n_words == 2 ? o->words[1] : NULL) : !llw_app_recall(app)))
        return app->code;
    if (!kept) llw_app_run(app);
    llw_proof proof;
    if (!prove(app, o->words[0], &proof)) return app->code;
    const char *depth = llw_option_value(o, LLW_OPT_DEPTH);
    int limit = llw_option_given(o, LLW_OPT_ALL) ? -1 : depth ? atoi(depth) : 3;
    llw_text out = {0};
    if (app->json)
        llw_render_proof_json(&out, app->run, &proof);
    else
        llw_render_proof_text(&out, &app->style, &proof, limit, llw_option_given(o, LLW_OPT_PRECISE));
    llw_app_print(app, &out);
    return app->code;
}

int llw_command_facts(llw_app *app) {
    const llw_options *o = &app->options;
    llw_text out = {0};
    if (llw_option_given(o, LLW_OPT_SCHEMA)) {
        const char *kind = o->n_words ? o->words[0] : "";
        if (*kind && !llw_kind_find(kind))
            return llw_app_complain(app, LLW_EXIT_USAGE, "there is no kind of fact called '%s'", kind),
                   app->code;
        if (app->document) return llw_document_of_schema(app, llw_kind_find(kind));
        llw_render_schema_text(&out, &app->style, kind);
        llw_app_print(app, &out);
        return app->code;
    }
    bool kept = app->kept && !o->n_words;
    if (!kept && !llw_app_gather(app, o->n_words ? o->words[0] : NULL)) return app->code;
    tell_problems(app);
    const char *path = llw_option_value(o, LLW_OPT_SAVE);
    if (path || app->json) {
        llw_app_save(app, path ? path : "-");
        return app->code;
    }
    llw_app_run(app);
    llw_render_facts_text(&out, &app->style, app->run, 0, true);
    llw_app_print(app, &out);
    return app->code;
}

/* lessons, lesson, explain, models, card, test: the knowledge itself, offline. */
#include "base/data.h"
#include "check/ruletest.h"
#include "check/story.h"
#include "cli/app.h"
#include "render/page.h"
#include "render/story.h"
#include "source/model/card.h"
#include "source/model/known.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int llw_command_lessons(llw_app *app) {
    llw_app_load_kb(app);
    if (app->document) return llw_document_of_lessons(app, NULL);
    llw_text out = {0};
    for (size_t i = 0; i < app->kb->n_lessons; i++) {
        const llw_lesson *l = app->kb->lessons[i];
        llw_text_addf(&out, "%-5s%-28s ", l->code, l->id);
        llw_wrap(&out, &app->style, l->claim, 34, 34);
        if (l->superseded_by) llw_text_addf(&out, " (superseded by %s)", l->superseded_by);
        llw_text_add(&out, "\n");
    }
    llw_text_add(&out, "llwhy lesson L05 tells one whole, llwhy test L05 runs its tests\n");
    llw_flatten(&out, &app->style);
    llw_app_print(app, &out);
    return app->code;
}

static void tell_lesson(llw_app *app, const llw_lesson *l) {
    llw_text out = {0}, head = {0};
    llw_text_addf(&head, strcmp(l->code, l->id) ? "%s %s" : "%s", l->code, l->id);
    llw_paint(&out, &app->style, LLW_BOLD, llw_text_str(&head));
    llw_text_fini(&head);
    llw_text_add(&out, "\n");
    llw_wrap(&out, &app->style, l->claim, 0, 0);
    llw_text_add(&out, "\n");
    llw_page page;
    llw_text story = {0};
    llw_page_find(app->kb, app->arena, l->code, &page);
    llw_page_story(&story, &page, llw_text_add);
    llw_render_story(&out, &app->style, story.len ? llw_text_str(&story) : "It has no story yet.");
    llw_text_fini(&story);
    llw_text_addf(&out, "\nRules (%s)\n", l->file);
    for (size_t i = 0; i < l->n_rules; i++) {
        const llw_rule *r = &l->rules[i];
        llw_text_addf(&out, "  %-34s line %-4d %-6s %zu tests\n", r->id, r->line,
                      r->level ? llw_level_name(r->level) : "", r->n_tests);
    }
    llw_flatten(&out, &app->style);
    llw_app_print(app, &out);
}

int llw_command_lesson(llw_app *app) {
    if (app->options.n_words != 1)
        return llw_app_complain(app, LLW_EXIT_USAGE, "llwhy lesson ID: which one? llwhy lessons lists them"),
               app->code;
    llw_app_load_kb(app);
    const llw_lesson *l = llw_kb_lesson(app->kb, app->options.words[0]);
    if (!l)
        return llw_app_complain(app, LLW_EXIT_USAGE, "there is no lesson '%s'; llwhy lessons lists them",
                                app->options.words[0]),
               app->code;
    if (app->document) return llw_document_of_lessons(app, l);
    tell_lesson(app, l);
    return app->code;
}

/* L05 of l05 and L5; another word as it is. */
static const char *as_code(llw_arena *arena, const char *word) {
    size_t digits = strspn(*word ? word + 1 : word, "0123456789");
    if (!isalpha((unsigned char)*word) || digits < 1 || digits > 2 || word[1 + digits]) return word;
    return llw_arena_printf(arena, "%c%02d", toupper((unsigned char)*word), atoi(word + 1));
}

int llw_command_explain(llw_app *app) {
    if (app->document && !app->options.n_words) {
        llw_app_load_kb(app);
        return llw_document_of_codes(app);
    }
    if (app->options.n_words != 1)
        return llw_app_complain(app, LLW_EXIT_USAGE,
                                "llwhy explain CODE: which one? For instance L05 or F03"),
               app->code;
    const char *name = as_code(app->arena, app->options.words[0]);
    llw_page page;
    if (llw_page_find(NULL, app->arena, name, &page)) { /* no lesson's: a flag, a load log, a suppression */
        llw_text out = {0};
        llw_text_addf(&out, "%s %s (%s)\n", page.code, page.title, llw_level_name(page.level));
        llw_wrap(&out, &app->style, page.claim, 0, 0);
        llw_text_add(&out, "\n");
        llw_flatten(&out, &app->style);
        llw_app_print(app, &out);
        return app->code;
    }
    llw_app_load_kb(app);
    const llw_lesson *l = llw_kb_lesson(app->kb, name);
    if (!l)
        return llw_app_complain(
                   app, LLW_EXIT_USAGE,
                   "there is no code '%s': lessons are L01 ..., claims C01 ..., flags F01 ..., load logs R01 "
                   "..., suppressions S01 ..., faults of lessons K01 ...",
                   name),
               app->code;
    if (app->document) return llw_document_of_lessons(app, l);
    tell_lesson(app, l);
    return app->code;
}

int llw_command_models(llw_app *app) {
    char **names = NULL;
    size_t n = 0;
    llw_known_list(app->arena, &names, &n);
    llw_text out = {0};
    char buf[LLW_NUMBER_MAX];
    for (size_t i = 0; i < n; i++) {
        llw_known known;
        llw_err err = {0};
        if (llw_known_load(app->arena, names[i], false, &known, &err) != LLW_OK) {
            llw_app_fail(app, LLW_EXIT_KB, &err);
            continue;
        }
        llw_text_addf(&out, "%-32s %5s  %-14s ", known.name, llw_format_ls(buf, known.file_bytes),
                      known.model.architecture);
        llw_wrap(&out, &app->style, known.source, 55, 55);
        llw_text_add(&out, "\n");
    }
    llw_flatten(&out, &app->style);
    llw_app_print(app, &out);
    return app->code;
}

int llw_command_card(llw_app *app) {
    if (app->options.n_words && !strcmp(app->options.words[0], "fetch")) return llw_app_fetch_card(app);
    if (app->options.n_words != 1)
        return llw_app_complain(app, LLW_EXIT_USAGE, "llwhy card MODEL: of which model?"), app->code;
    llw_entity model = 0;
    if (!llw_app_gather_model(app, app->options.words[0], &model)) return app->code;
    llw_text out = {0};
    llw_entity card = llw_facts_next(app->facts, LLW_KIND_card, 0);
    if (card)
        llw_text_addf(&out, "The model card is %s.\n", llw_facts_id(app->facts, card));
    else
        llw_source_card_hint(app->facts, model, &out);
    llw_flatten(&out, &app->style);
    llw_app_print(app, &out);
    return app->code;
}

int llw_command_test(llw_app *app) {
    llw_app_load_kb(app);
    const llw_lesson *only = NULL;
    if (app->options.n_words) {
        only = llw_kb_lesson(app->kb, app->options.words[0]);
        const llw_rule *rule = only ? NULL : llw_kb_rule(app->kb, app->options.words[0]);
        if (rule) only = rule->lesson;
        if (!only)
            return llw_app_complain(app, LLW_EXIT_USAGE, "there is no lesson or rule '%s'",
                                    app->options.words[0]),
                   app->code;
    }
    llw_rule_report report;
    llw_rule_tests(app->kb, only, app->arena, &report);
    llw_text out = {0};
    for (size_t i = 0; i < report.n_results; i++) {
        const llw_rule_result *r = &report.results[i];
        if (r->passed) continue;
        llw_text_addf(&out, "%s:%d: rule \"%s\"%s: %s\n", r->rule->lesson->file,
                      r->test ? r->test->line : r->rule->line, r->rule->id, r->test ? "" : " (weak tests)",
                      r->message);
    }
    llw_story_result *examples = NULL;
    size_t n_examples = 0;
    llw_story_tests(app->kb, only, app->arena, &examples, &n_examples);
    for (size_t i = 0; i < n_examples; i++) {
        report.n_passed += examples[i].passed;
        report.n_failed += !examples[i].passed;
        if (!examples[i].passed)
            llw_text_addf(&out, "lessons/%s.md:%d: the example for rule \"%s\": %s\n", examples[i].lesson,
                          examples[i].line, examples[i].rule, examples[i].message);
    }
    llw_text_addf(&out, "%zu passed, %zu failed\n", report.n_passed, report.n_failed);
    if (report.n_unkilled)
        llw_text_addf(&out, "%zu condition%s no test needs\n", report.n_unkilled,
                      report.n_unkilled == 1 ? "" : "s");
    llw_app_print(app, &out);
    if (report.n_failed || report.n_unkilled) llw_app_exit(app, LLW_EXIT_FINDINGS);
    return app->code;
}

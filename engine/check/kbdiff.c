/* Runs a corpus under a knowledge base and compares two sets of answers. */
#include "check/kbdiff.h"
#include "check/setting.h"
#include "check/story.h"

#include <stdlib.h>
#include <string.h>

/* The predictions that are compared beside the findings. */
static const llw_attr watched[] = {LLW_launch_loads, LLW_launch_n_ctx, LLW_launch_gpu_need,
                                   LLW_launch_host_need};

/* ---- the corpus ---- */

static const char *test_key(llw_arena *arena, const llw_rule_test *test) {
    llw_text key = {0};
    for (size_t i = 0; i < test->n_facts; i++) {
        const llw_test_fact *f = &test->facts[i];
        llw_text_addf(&key, "%d %s %d %s %s %s %s ", (int)f->kind, f->id ? f->id : "", (int)f->attr,
                      f->known ? f->known : "", f->ref ? f->ref : "", f->grade ? f->grade : "",
                      f->origin ? f->origin : "");
        if (f->attr) llw_value_print(&key, f->value);
        llw_text_add(&key, "\n");
    }
    const char *kept = llw_arena_strdup(arena, llw_text_str(&key));
    llw_text_fini(&key);
    return kept;
}

static void add(llw_kb_corpus *corpus, llw_arena *arena, llw_kb_case one) {
    for (size_t i = 0; i < corpus->n; i++)
        if (!strcmp(corpus->items[i].key, one.key)) return;
    void *items = corpus->items;
    *(llw_kb_case *)llw_arena_push(arena, &items, &corpus->n, &corpus->capacity, sizeof one) = one;
    corpus->items = items;
}

void llw_kb_corpus_add_file(llw_kb_corpus *corpus, const char *path, const char *bytes, size_t len,
                            llw_arena *arena) {
    add(corpus, arena, (llw_kb_case){path, llw_arena_strndup(arena, bytes, len), NULL, bytes, len});
}

void llw_kb_corpus_add(llw_kb_corpus *corpus, const llw_kb *kb, llw_arena *arena) {
    for (size_t i = 0; i < kb->n_lessons; i++) {
        const llw_lesson *lesson = kb->lessons[i];
        llw_story_example *examples = NULL;
        size_t n = 0;
        llw_story_examples(arena, lesson, &examples, &n);
        for (size_t k = 0; k < n; k++)
            if (examples[k].bytes)
                llw_kb_corpus_add_file(
                    corpus, llw_arena_printf(arena, "lessons/%s.md:%d", lesson->id, examples[k].line),
                    examples[k].bytes, examples[k].len, arena);
        for (size_t r = 0; r < lesson->n_rules; r++)
            for (size_t k = 0; k < lesson->rules[r].n_tests; k++) {
                const llw_rule_test *test = &lesson->rules[r].tests[k];
                add(corpus, arena,
                    (llw_kb_case){.name =
                                      llw_arena_printf(arena, "rules.d/%s.lua:%d", lesson->id, test->line),
                                  .key = test_key(arena, test),
                                  .test = test});
            }
    }
}

/* ---- the answers ---- */

static void add_answer(llw_kb_answers *answers, llw_arena *arena, llw_kb_answer answer) {
    void *items = answers->items;
    *(llw_kb_answer *)llw_arena_push(arena, &items, &answers->n, &answers->capacity, sizeof answer) = answer;
    answers->items = items;
}

static const char *keep(llw_arena *arena, llw_text *text) {
    const char *kept = llw_arena_strdup(arena, llw_text_str(text));
    llw_text_fini(text);
    return kept;
}

static void add_finding(llw_kb_answers *answers, llw_arena *arena, const llw_run *run, const llw_node *node) {
    llw_text said = {0}, about = {0};
    llw_run_say(run, node, &node->rule->find, &said);
    for (int i = 0; i < node->rule->n_variables; i++)
        llw_text_addf(&about, "%s%s", i ? ", " : "", llw_facts_id(run->facts, node->binding[i]));
    add_answer(answers, arena,
               (llw_kb_answer){.what = llw_arena_strdup(arena, node->rule->id),
                               .about = keep(arena, &about),
                               .code = llw_arena_strdup(arena, node->rule->lesson->code),
                               .level = node->rule->level,
                               .text = keep(arena, &said)});
}

static void add_predictions(llw_kb_answers *answers, llw_arena *arena, const llw_run *run) {
    for (llw_entity l = 0; (l = llw_facts_next(run->facts, LLW_KIND_launch, l));)
        for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
            llw_text value = {0};
            llw_value_print(&value, llw_facts_value(run->facts, l, watched[i]));
            add_answer(
                answers, arena,
                (llw_kb_answer){.what = llw_arena_printf(arena, "launch.%s", llw_attr_get(watched[i])->name),
                                .about = llw_arena_strdup(arena, llw_facts_id(run->facts, l)),
                                .code = "",
                                .text = keep(arena, &value)});
        }
}

static int by_answer(const void *a, const void *b) {
    const llw_kb_answer *x = a, *y = b;
    int c = strcmp(x->what, y->what);
    if (!c) c = strcmp(x->about, y->about);
    return c ? c : strcmp(x->text, y->text);
}

static void answer(const llw_kb *kb, const llw_kb_case *one, llw_arena *arena, llw_kb_answers *out) {
    llw_err err = {0};
    llw_facts *facts =
        one->test ? llw_setting_new(one->test, &err) : llw_story_facts(one->bytes, one->len, one->name, &err);
    if (!facts) {
        add_answer(
            out, arena,
            (llw_kb_answer){"cannot be read", "", "", LLW_LEVEL_NONE, llw_arena_strdup(arena, err.text)});
        return;
    }
    llw_run *run = llw_run_new(kb, facts);
    for (size_t i = 0; i < run->n_nodes; i++)
        if (run->nodes[i].state == LLW_FIRED && run->nodes[i].rule->find.n_pieces)
            add_finding(out, arena, run, &run->nodes[i]);
    add_predictions(out, arena, run);
    llw_run_free(run);
    llw_facts_free(facts);
    if (out->items) qsort(out->items, out->n, sizeof *out->items, by_answer);
}

void llw_kb_answer_all(const llw_kb *kb, const llw_kb_corpus *corpus, llw_arena *arena,
                       llw_kb_answers *answers) {
    for (size_t i = 0; i < corpus->n; i++) {
        answers[i] = (llw_kb_answers){0};
        answer(kb, &corpus->items[i], arena, &answers[i]);
    }
}

/* ---- the comparison ---- */

static int same_thing(const llw_kb_answer *a, const llw_kb_answer *b) {
    int c = strcmp(a->what, b->what);
    return c ? c : strcmp(a->about, b->about);
}

static void compare_case(const llw_kb_case *of, const llw_kb_answers *a, const llw_kb_answers *b,
                         llw_arena *arena, llw_kb_diff *out, llw_kb_case_diff *diff) {
    void *items = NULL;
    size_t capacity = 0;
    *diff = (llw_kb_case_diff){.of = of};
    for (size_t i = 0, k = 0; i < a->n || k < b->n;) {
        int c = i == a->n ? 1 : k == b->n ? -1 : same_thing(&a->items[i], &b->items[k]);
        const llw_kb_answer *was = c <= 0 ? &a->items[i] : NULL, *is = c >= 0 ? &b->items[k] : NULL;
        i += c <= 0;
        k += c >= 0;
        if (was && is && was->level == is->level && !strcmp(was->text, is->text)) continue;
        *(llw_kb_change *)llw_arena_push(arena, &items, &diff->n, &capacity, sizeof(llw_kb_change)) =
            (llw_kb_change){was, is};
        out->n_gone += !is;
        out->n_come += !was;
        out->n_changed += was && is;
    }
    diff->changes = items;
}

void llw_kb_compare(const llw_kb_corpus *corpus, const llw_kb_answers *a, const llw_kb_answers *b,
                    llw_arena *arena, llw_kb_diff *out) {
    out->cases = llw_arena_alloc(arena, (corpus->n + 1) * sizeof *out->cases);
    for (size_t i = 0; i < corpus->n; i++) {
        llw_kb_case_diff *diff = &out->cases[out->n_cases];
        compare_case(&corpus->items[i], &a[i], &b[i], arena, out, diff);
        out->n_cases += diff->n > 0;
        out->n_same += diff->n == 0;
    }
}

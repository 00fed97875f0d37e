/* The situations in which the installed rules say that they fire, by their own tests, by the examples of the
 * stories, and in the golden cases that keep their facts: a property test's world. */
#ifndef TESTS_SITUATIONS_H
#define TESTS_SITUATIONS_H

#include "base/file.h"
#include "check/setting.h"
#include "check/story.h"

enum { MAX_SITUATIONS = 600 };

typedef struct situation { /* one of them */
    const llw_rule_test *test;
    llw_story_example *example;
    const char *facts; /* a file's content */
    const char *name;
} situation;

typedef struct situations {
    llw_kb *kb;
    llw_arena *arena;
    situation items[MAX_SITUATIONS];
    size_t n;
} situations;

static void add_situation(situations *all, situation s) {
    assert_true(all->n < MAX_SITUATIONS);
    all->items[all->n++] = s;
}

static void add_tests(situations *all, const llw_rule *rule) {
    for (size_t t = 0; t < rule->n_tests; t++)
        if (rule->tests[t].expect == LLW_FIRED)
            add_situation(all, (situation){.test = &rule->tests[t],
                                           .name = llw_arena_printf(all->arena, "%s:%d", rule->lesson->file,
                                                                    rule->tests[t].line)});
}

static void add_examples(situations *all, const llw_lesson *lesson) {
    llw_story_example *examples = NULL;
    size_t n = 0;
    llw_story_examples(all->arena, lesson, &examples, &n);
    for (size_t i = 0; i < n; i++)
        add_situation(all, (situation){.example = &examples[i],
                                       .name = llw_arena_printf(all->arena, "lessons/%s.md:%d", lesson->id,
                                                                examples[i].line)});
}

static void add_cases(situations *all) {
    char **names = NULL;
    size_t n = 0;
    assert_int_equal(llw_directory_list(all->arena, "tests/cases", &names, &n, NULL), LLW_OK);
    for (size_t i = 0; i < n; i++) {
        const char *path = llw_arena_printf(all->arena, "tests/cases/%s/facts.json", names[i]);
        char *bytes = NULL;
        size_t len = 0;
        if (llw_file_read(all->arena, path, 1 << 24, &bytes, &len, NULL) == LLW_OK)
            add_situation(all, (situation){.facts = bytes, .name = path});
    }
}

static int set_up(void **state) {
    static situations all;
    all = (situations){.kb = llw_kb_load(NULL, 0, NULL), .arena = llw_arena_new()};
    for (size_t r = 0; r < all.kb->n_rules; r++) add_tests(&all, all.kb->rules[r]);
    size_t tests = all.n;
    for (size_t l = 0; l < all.kb->n_lessons; l++) add_examples(&all, all.kb->lessons[l]);
    size_t examples = all.n - tests;
    add_cases(&all);
    *state = &all;
    return tests < 100 || examples < 15 || all.n - tests - examples < 15;
}

static int tear_down(void **state) {
    situations *all = *state;
    llw_kb_free(all->kb);
    llw_arena_free(all->arena);
    return 0;
}

static llw_facts *facts_of(const situations *all, size_t i) {
    const situation *s = &all->items[i];
    llw_err err = {0};
    llw_facts *facts = s->test      ? llw_setting_new(s->test, &err)
                       : s->example ? llw_story_facts(s->example->bytes, s->example->len, s->name, &err)
                                    : llw_story_facts(s->facts, strlen(s->facts), s->name, &err);
    if (!facts) fail_msg("%s: %s", s->name, err.text);
    return facts;
}

#endif

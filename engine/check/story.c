/* Finds the examples in the stories and runs them. */
#include "check/story.h"
#include "base/data.h"
#include "fact/facts_json.h"
#include "source/launch/argv.h"
#include "source/model/known.h"

#include <stdio.h>
#include <string.h>

typedef struct telling {
    const llw_kb *kb;
    const llw_lesson *lesson;
    llw_arena *arena;
    void *items;
    size_t n, capacity;
} telling;

static void add(telling *t, const char *rule, int line, const char *message) {
    *(llw_story_result *)llw_arena_push(t->arena, &t->items, &t->n, &t->capacity, sizeof(llw_story_result)) =
        (llw_story_result){t->lesson->id, rule, line, !*message, message};
}

llw_facts *llw_story_facts(const char *bytes, size_t len, const char *name, llw_err *err) {
    static const llw_facts_readers readers = {.known = llw_source_known, .words = llw_source_words};
    llw_facts *facts = llw_facts_new();
    if (llw_facts_load_with(facts, bytes, len, name, &readers, err) == LLW_OK) return facts;
    llw_facts_free(facts);
    return NULL;
}

/* "" when the rule fired, else what it did. */
static const char *example(telling *t, const llw_story_example *e) {
    const llw_rule *wanted = llw_kb_rule(t->kb, e->rule);
    if (!wanted) return "there is no such rule";
    if (!e->bytes) return "the block is not closed";
    llw_err err = {0};
    llw_facts *facts = llw_story_facts(e->bytes, e->len, "example", &err);
    if (!facts) return llw_arena_printf(t->arena, "the example cannot be read: %s", err.text);
    const char *message = "its things are not in the example";
    llw_run *run = llw_run_new(t->kb, facts);
    for (size_t i = 0; i < run->n_nodes && *message; i++) {
        if (run->nodes[i].rule != wanted) continue;
        message = run->nodes[i].state == LLW_FIRED
                      ? ""
                      : llw_arena_printf(t->arena, "the rule is %s", llw_state_name(run->nodes[i].state));
    }
    llw_run_free(run);
    llw_facts_free(facts);
    return message;
}

void llw_story_examples(llw_arena *arena, const llw_lesson *lesson, llw_story_example **examples, size_t *n) {
    static const char fence[] = "```facts,finds=";
    const char *bytes = NULL, *path = NULL;
    size_t len = 0, capacity = 0;
    void *items = NULL;
    *n = 0;
    if (llw_data_read(arena, llw_arena_printf(arena, "lessons/%s.md", lesson->id), &bytes, &len, &path,
                      NULL) != LLW_OK)
        bytes = NULL;
    int line = 1;
    for (const char *at = bytes; at && *at; line++) {
        const char *next = strchr(at, '\n');
        next = next ? next + 1 : at + strlen(at);
        if (!strncmp(at, fence, sizeof fence - 1)) {
            const char *name = at + sizeof fence - 1, *end = strstr(next, "\n```");
            llw_story_example *e = llw_arena_push(arena, &items, n, &capacity, sizeof *e);
            *e = (llw_story_example){.rule = llw_arena_strndup(arena, name, strcspn(name, "\r\n")),
                                     .line = line};
            if (end) {
                e->bytes = next;
                e->len = (size_t)(end - next);
            }
        }
        at = next;
    }
    *examples = items;
}

static void run_examples(telling *t) {
    llw_story_example *examples = NULL;
    size_t n = 0;
    llw_story_examples(t->arena, t->lesson, &examples, &n);
    for (size_t i = 0; i < n; i++) add(t, examples[i].rule, examples[i].line, example(t, &examples[i]));
}

void llw_story_tests(const llw_kb *kb, const llw_lesson *lesson, llw_arena *arena, llw_story_result **results,
                     size_t *n) {
    telling t = {.kb = kb, .arena = arena};
    for (size_t i = 0; i < kb->n_lessons; i++) {
        t.lesson = kb->lessons[i];
        if (!lesson || lesson == t.lesson) run_examples(&t);
    }
    *results = t.items;
    *n = t.n;
}

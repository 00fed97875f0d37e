/* Finds the examples in the stories and runs them. */
#include "check/story.h"
#include "base/data.h"
#include "fact/facts_json.h"
#include "source/argv.h"
#include "source/known.h"

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

/* "" when the rule fired, else what it did. */
static const char *example(telling *t, const char *rule, const char *bytes, size_t len) {
    static const llw_facts_readers readers = {.known = llw_source_known, .words = llw_source_words};
    const llw_rule *wanted = llw_kb_rule(t->kb, rule);
    if (!wanted) return "there is no such rule";
    llw_facts *facts = llw_facts_new();
    llw_err err = {0};
    const char *message = "its things are not in the example";
    if (llw_facts_load_with(facts, bytes, len, "example", &readers, &err) != LLW_OK)
        message = llw_arena_printf(t->arena, "the example cannot be read: %s", err.text);
    else {
        llw_run *run = llw_run_new(t->kb, facts);
        for (size_t i = 0; i < run->n_nodes; i++) {
            if (run->nodes[i].rule != wanted) continue;
            message = run->nodes[i].state == LLW_FIRED
                          ? ""
                          : llw_arena_printf(t->arena, "the rule is %s", llw_state_name(run->nodes[i].state));
            if (!*message) break;
        }
        llw_run_free(run);
    }
    llw_facts_free(facts);
    return message;
}

static void read_story(telling *t) {
    const char *bytes = NULL, *path = NULL;
    size_t len = 0;
    if (llw_data_read(t->arena, llw_arena_printf(t->arena, "lessons/%s.md", t->lesson->id), &bytes, &len,
                      &path, NULL) != LLW_OK)
        return;
    static const char fence[] = "```facts,finds=";
    int line = 1;
    for (const char *at = bytes; at && *at; line++) {
        const char *next = strchr(at, '\n');
        next = next ? next + 1 : at + strlen(at);
        if (!strncmp(at, fence, sizeof fence - 1)) {
            const char *name = at + sizeof fence - 1;
            const char *rule = llw_arena_strndup(t->arena, name, strcspn(name, "\r\n"));
            const char *end = strstr(next, "\n```");
            if (!end)
                add(t, rule, line, "the block is not closed");
            else
                add(t, rule, line, example(t, rule, next, (size_t)(end - next)));
        }
        at = next;
    }
}

void llw_story_tests(const llw_kb *kb, const llw_lesson *lesson, llw_arena *arena, llw_story_result **results,
                     size_t *n) {
    telling t = {.kb = kb, .arena = arena};
    for (size_t i = 0; i < kb->n_lessons; i++) {
        t.lesson = kb->lessons[i];
        if (!lesson || lesson == t.lesson) read_story(&t);
    }
    *results = t.items;
    *n = t.n;
}

/* Whether a lesson is whole: story, sources, tests, cases, dates; and the codes of all that is found. */
#include "check/rulelint.h"
#include "base/data.h"
#include "base/table.h"
#include "check/rulelint_parts.h"
#include "check/story.h"
#include "fact/build.h"
#include "source/config/yaml_tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *code;
    llw_level level;
    const char *title, *text;
} codes[] = {
    {"K01", LLW_LEVEL_RISK, "a lesson without a story",
     "Every rules.d/ID.lua has a lessons/ID.md that tells what happened, why, and when it does not apply. "
     "Without it nobody can "
     "judge the rule later. llwhy new ID writes an empty one."},
    {"K02", LLW_LEVEL_RISK, "a story without its particulars",
     "A story starts with its id, title, date, status and at least one source; a source says what it is, "
     "where it is found and "
     "of which date. It has six sections: What happened, Root cause, Mechanism, Rule, When it does not "
     "apply, Sources."},
    {"K03", LLW_LEVEL_RISK, "a rule that no test makes fire",
     "The incident belongs into the rule's tests as fires { ... }: otherwise nobody notices when the rule "
     "stops working."},
    {"K04", LLW_LEVEL_RISK, "a rule that no test keeps silent",
     "A rule is worth as much as its silence: give the ordinary case in which it has nothing to say as "
     "silent { ... }."},
    {"K05", LLW_LEVEL_RISK, "builds that do not exist",
     "since and until of a lesson or rule leave no build of models/builds.tsv for which it could hold."},
    {"K06", LLW_LEVEL_RISK, "a flag that llama.cpp does not have",
     "A sentence of the lesson names a flag or variable that models/flags.tsv does not know, or not for "
     "every build the rule "
     "holds for. Give the rule since or until, or write the flag that these builds have (llwhy flags "
     "-FLAG)."},
    {"K07", LLW_LEVEL_WASTE, "a lesson that nobody can practise",
     "llwhy teach has no case of this lesson: add lessons/cases/ID.yaml with what the team saw and a "
     "question."},
    {"K08", LLW_LEVEL_RISK, "a number from nowhere",
     "A sentence of a rule states a number that is neither computed ({slot}), nor in the rule's own "
     "conditions, nor in its story. "
     "Compute it, or tell in the story where it was measured."},
    {"K09", LLW_LEVEL_RISK, "a rule that can never fire",
     "Its conditions exclude each other, or it asks for something that no other rule derives and nothing "
     "else finds out."},
    {"K10", LLW_LEVEL_RISK, "a rule that another one covers",
     "Whenever it fires, another rule that is at least as grave fires too, because that one asks for less. "
     "Join them, or say in the "
     "conditions what each of them is for."},
    {"K11", LLW_LEVEL_RISK, "rules that contradict each other",
     "Two rules that can fire together try different values for the same flag. Say in the conditions when "
     "which of them is right, or "
     "mark the older lesson superseded_by the newer."},
    {"K12", LLW_LEVEL_NOTE, "a lesson that is due for review",
     "Lessons about software age. The story's review_by has passed or is missing: check the lesson against a "
     "current llama.cpp, then "
     "set the next date. Three months later it counts as a risk."},
    {"K13", LLW_LEVEL_RISK, "a story without a working example",
     "A story has at least one block ```facts,finds=RULE that is run and in which that rule fires, so that "
     "it cannot tell of what is no "
     "longer so."},
    {"K14", LLW_LEVEL_RISK, "a story without rules",
     "lessons/ID.md has no rules.d/ID.lua beside it: either the rule is missing or the story should go."},
    {"K15", LLW_LEVEL_RISK, "superseded by nothing", "superseded_by names no lesson that is here."},
    {"K16", LLW_LEVEL_WRONG, "a rule file that cannot be used",
     "The file was left out; the other lessons go on without it. The message says what is wrong on which "
     "line."},
};

bool llw_rulelint_code(const char *code, const char **title, const char **text, llw_level *level) {
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(codes[i].code, code)) continue;
        *title = codes[i].title;
        *text = codes[i].text;
        *level = codes[i].level;
        return true;
    }
    return false;
}

void llw_rulelint_add(llw_rulelinting *l, const char *code, const char *file, int line, const char *lesson,
                      const char *rule, const char *fmt, ...) {
    const char *title, *text;
    llw_level level = LLW_LEVEL_RISK;
    llw_rulelint_code(code, &title, &text, &level);
    char message[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    void *items = l->out->items;
    *(llw_rulelint_finding *)llw_arena_push(l->arena, &items, &l->out->n, &l->out->capacity,
                                            sizeof(llw_rulelint_finding)) =
        (llw_rulelint_finding){code, level, file, line, lesson, rule, llw_arena_strdup(l->arena, message)};
    l->out->items = items;
}

bool llw_rulelint_covers(const llw_rulelinting *l, const llw_rule *rule, size_t i) {
    return llw_rule_covers(rule, l->builds[i]);
}

static void read_builds(llw_rulelinting *l) {
    llw_table table;
    if (llw_table_read(l->arena, "models/builds.tsv", &table, NULL) != LLW_OK) return;
    l->builds = llw_arena_alloc(l->arena, (table.n_rows + 1) * sizeof *l->builds);
    l->versions = llw_arena_alloc(l->arena, (table.n_rows + 1) * sizeof *l->versions);
    int order = llw_table_column(&table, "order"), version = llw_table_column(&table, "version");
    for (size_t i = 0; i < table.n_rows; i++) {
        l->builds[l->n_builds] = strtoll(llw_table_cell(&table, i, order), NULL, 10);
        l->versions[l->n_builds++] = llw_table_cell(&table, i, version);
    }
}

/* "2026-02-16": a day that exists. */
static bool is_day(const char *text) {
    int y = 0, m = 0, d = 0, end = 0;
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return strlen(text) == 10 && sscanf(text, "%4d-%2d-%2d%n", &y, &m, &d, &end) == 3 && end == 10 &&
           y > 2000 && m >= 1 && m <= 12 && d >= 1 && d <= days[m - 1];
}

static int days_of(const char *day) { /* of the calendar, near enough to compare */
    int y = 0, m = 0, d = 0;
    sscanf(day, "%4d-%2d-%2d", &y, &m, &d);
    return y * 365 + y / 4 + (m * 306 + 5) / 10 + d - (m < 3 ? 2 : 0);
}

static void check_review(llw_rulelinting *l, const llw_lesson *lesson, const char *path, const llw_yaml *node,
                         const char *status) {
    const char *day = llw_yaml_string(node, "");
    int line = node ? node->line + 1 : 1; /* the front matter starts on line 2 */
    if (!strcmp(status, "superseded")) return;
    if (!is_day(day)) {
        llw_rulelint_add(
            l, "K12", path, line, lesson->id, "", "%s",
            *day ? llw_arena_printf(l->arena, "review_by: \"%s\" is no day; write YYYY-MM-DD", day)
                 : "the story has no review_by: when should somebody look at this lesson again?");
        return;
    }
    if (lesson->review_by && strcmp(lesson->review_by, day))
        llw_rulelint_add(l, "K12", path, line, lesson->id, "",
                         "the story is due for review by %s, the rule file says %s: keep one date in both",
                         day, lesson->review_by);
    if (!is_day(l->ask->today) || strcmp(day, l->ask->today) >= 0) return;
    bool late = days_of(l->ask->today) - days_of(day) > 90;
    llw_rulelint_add(
        l, "K12", path, line, lesson->id, "",
        "this lesson was to be reviewed by %s%s: check it against a current llama.cpp and set the next date",
        day, late ? ", more than three months ago" : "");
    if (late) l->out->items[l->out->n - 1].level = LLW_LEVEL_RISK;
}

static void check_sources(llw_rulelinting *l, const llw_lesson *lesson, const char *path, const char *front,
                          const llw_yaml *list) {
    static const char *const parts[] = {"what", "where", "date"};
    const llw_yaml *sources = llw_yaml_follow(list);
    if (!sources || sources->kind != LLW_YAML_LIST || !sources->first) {
        llw_rulelint_add(l, "K02", path, list ? list->line + 1 : 1, lesson->id, "",
                         "the story names no source: sources: - what: ..., where: ..., date: ...");
        return;
    }
    for (const llw_yaml *s = sources->first; s; s = s->next)
        for (size_t i = 0; i < 3; i++) {
            const llw_yaml *node = llw_yaml_get(s, parts[i]);
            const char *value = llw_yaml_string(node, "");
            if (llw_yaml_is_cut(front, strlen(front), node))
                llw_rulelint_add(
                    l, "K02", path, node->line + 1, lesson->id, "",
                    "a source's %s ends at \"%s\": what stands behind # is a comment, put it in quotes",
                    parts[i], value);
            if (i == 2 && *value && !is_day(value))
                llw_rulelint_add(l, "K02", path, s->line + 1, lesson->id, "",
                                 "a source's date is \"%s\"; write YYYY-MM-DD", value);
            else if (!*value || *value == '(')
                llw_rulelint_add(l, "K02", path, s->line + 1, lesson->id, "", "a source does not say %s",
                                 i == 0   ? "what it is"
                                 : i == 1 ? "where it is found"
                                          : "of which date it is");
        }
}

static void check_front(llw_rulelinting *l, const llw_lesson *lesson, const llw_story_text *story) {
    static const char *const parts[] = {"title", "date", "status"};
    static const char *const statuses[] = {"active", "draft", "superseded"};
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    size_t len = (size_t)(story->body - story->bytes);
    if (strncmp(story->bytes, "---\n", 4) || len < 8) {
        llw_rulelint_add(l, "K02", story->path, 1, lesson->id, "",
                         "the story does not start with its particulars between two lines of ---");
        return;
    }
    const char *front = llw_arena_strndup(l->arena, story->bytes + 4, len - 8);
    if (llw_yaml_parse(l->arena, story->path, front, strlen(front), &root, &twice, &err) != LLW_OK) {
        llw_rulelint_add(l, "K02", story->path, err.line + 1, lesson->id, "",
                         "the particulars cannot be read: %s", err.text);
        return;
    }
    const char *id = llw_yaml_string(llw_yaml_get(root, "id"), "");
    if (strcmp(id, lesson->id))
        llw_rulelint_add(l, "K02", story->path, 2, lesson->id, "",
                         "the story's id is \"%s\", the lesson's is \"%s\"", id, lesson->id);
    for (size_t i = 0; i < 3; i++)
        if (!*llw_yaml_string(llw_yaml_get(root, parts[i]), ""))
            llw_rulelint_add(l, "K02", story->path, 1, lesson->id, "", "the story has no %s", parts[i]);
    const char *status = llw_yaml_string(llw_yaml_get(root, "status"), "active");
    bool fine = false;
    for (size_t i = 0; i < 3; i++) fine |= !strcmp(status, statuses[i]);
    if (!fine)
        llw_rulelint_add(l, "K02", story->path, 1, lesson->id, "",
                         "status is \"%s\"; it is active, draft or superseded", status);
    check_sources(l, lesson, story->path, front, llw_yaml_get(root, "sources"));
    check_review(l, lesson, story->path, llw_yaml_get(root, "review_by"), status);
}

static void check_sections(llw_rulelinting *l, const llw_lesson *lesson, const llw_story_text *story) {
    static const char *const sections[] = {"What happened",          "Root cause", "Mechanism", "Rule",
                                           "When it does not apply", "Sources"};
    const char *at = story->body;
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        const char *heading = llw_arena_printf(l->arena, "\n## %s\n", sections[i]);
        const char *found = strstr(at, heading);
        if (!found) {
            llw_rulelint_add(l, "K02", story->path, 0, lesson->id, "",
                             "the section \"%s\" is missing or not in its place", sections[i]);
            continue;
        }
        at = found + strlen(heading) - 1;
        if (at[strspn(at, "\n")] == '#' || !at[strspn(at, "\n")])
            llw_rulelint_add(l, "K02", story->path, 0, lesson->id, "", "the section \"%s\" is empty",
                             sections[i]);
    }
}

static void check_examples(llw_rulelinting *l, const llw_lesson *lesson, const llw_story_text *story) {
    llw_story_result *results = NULL;
    size_t n = 0;
    llw_story_tests(l->kb, lesson, l->arena, &results, &n);
    if (!n)
        llw_rulelint_add(l, "K13", story->path, 0, lesson->id, "",
                         "the story has no example that is run: add a block ```facts,finds=RULE");
    for (size_t i = 0; i < n; i++)
        if (!results[i].passed)
            llw_rulelint_add(l, "K13", story->path, results[i].line, lesson->id, results[i].rule,
                             "the example does not make rule \"%s\" fire: %s", results[i].rule,
                             results[i].message);
}

static llw_story_text read_story(llw_rulelinting *l, const llw_lesson *lesson) {
    llw_story_text story = {.path = llw_arena_printf(l->arena, "lessons/%s.md", lesson->id)};
    size_t len = 0;
    if (llw_data_read(l->arena, story.path, &story.bytes, &len, &story.path, NULL) != LLW_OK) {
        story.bytes = NULL;
        return story;
    }
    const char *end = strncmp(story.bytes, "---\n", 4) ? NULL : strstr(story.bytes + 4, "\n---\n");
    story.body = end ? end + 5 : story.bytes;
    return story;
}

static void check_range(llw_rulelinting *l, const llw_rule *rule) {
    for (size_t i = 0; i < l->n_builds; i++)
        if (llw_rulelint_covers(l, rule, i)) return;
    if (l->n_builds)
        llw_rulelint_add(l, "K05", rule->lesson->file, rule->line, rule->lesson->id, rule->id,
                         "rule \"%s\" holds for no build of models/builds.tsv: look at since and until",
                         rule->id);
}

static void check_tests(llw_rulelinting *l, const llw_rule *rule) {
    size_t n[4] = {0};
    for (size_t i = 0; i < rule->n_tests; i++) n[rule->tests[i].expect]++;
    if (!n[LLW_FIRED])
        llw_rulelint_add(l, "K03", rule->lesson->file, rule->line, rule->lesson->id, rule->id,
                         "no test makes rule \"%s\" fire", rule->id);
    if (!n[LLW_SILENT])
        llw_rulelint_add(l, "K04", rule->lesson->file, rule->line, rule->lesson->id, rule->id,
                         "no test keeps rule \"%s\" silent", rule->id);
}

/* The lessons that have a case, as one text of lines. */
static const char *practised(llw_rulelinting *l) {
    char **names = NULL;
    size_t n = 0;
    const char *list = "\n";
    llw_data_list(l->arena, "lessons/cases", ".yaml", &names, &n);
    for (size_t i = 0; i < n; i++) {
        const char *bytes = NULL, *path = NULL;
        size_t len = 0;
        llw_yaml *root = NULL;
        const llw_yaml *twice = NULL;
        if (llw_data_read(l->arena, names[i], &bytes, &len, &path, NULL) == LLW_OK &&
            llw_yaml_parse(l->arena, path, bytes, len, &root, &twice, NULL) == LLW_OK)
            list =
                llw_arena_printf(l->arena, "%s%s\n", list, llw_yaml_string(llw_yaml_get(root, "lesson"), ""));
    }
    return list;
}

static void check_lesson(llw_rulelinting *l, const llw_lesson *lesson, const char *cases) {
    llw_story_text story = read_story(l, lesson);
    l->out->n_lessons++;
    if (!story.bytes)
        llw_rulelint_add(l, "K01", lesson->file, lesson->line, lesson->id, "",
                         "%s is missing: what happened, and why is this a rule?", story.path);
    else {
        check_front(l, lesson, &story);
        check_sections(l, lesson, &story);
        check_examples(l, lesson, &story);
    }
    if (!strstr(cases, llw_arena_printf(l->arena, "\n%s\n", lesson->id)))
        llw_rulelint_add(l, "K07", lesson->file, lesson->line, lesson->id, "",
                         "no case in lessons/cases is about this lesson");
    if (lesson->superseded_by && !llw_kb_lesson(l->kb, lesson->superseded_by))
        llw_rulelint_add(l, "K15", lesson->file, lesson->line, lesson->id, "",
                         "superseded_by names \"%s\", and there is no such lesson", lesson->superseded_by);
    llw_rulelint_texts(l, lesson, &story);
    for (size_t i = 0; i < lesson->n_rules; i++) {
        l->out->n_rules++;
        check_range(l, &lesson->rules[i]);
        check_tests(l, &lesson->rules[i]);
        llw_rulelint_reach(l, &lesson->rules[i]);
        llw_rulelint_pairs(l, &lesson->rules[i]);
    }
}

static void check_orphans(llw_rulelinting *l) {
    char **names = NULL;
    size_t n = 0;
    llw_data_list(l->arena, "lessons", ".md", &names, &n);
    for (size_t i = 0; i < n; i++) {
        const char *name = strrchr(names[i], '/') + 1, *bytes = NULL, *path = NULL;
        const char *id = llw_arena_strndup(l->arena, name, strlen(name) - 3);
        size_t len = 0;
        if (!strcmp(id, "README") || llw_kb_lesson(l->kb, id)) continue;
        if (llw_data_read(l->arena, llw_arena_printf(l->arena, "rules.d/%s.lua", id), &bytes, &len, &path,
                          NULL) == LLW_OK)
            continue; /* it has a file, which could not be used: that is said already */
        if (llw_data_read(l->arena, names[i], &bytes, &len, &path, NULL) == LLW_OK)
            llw_rulelint_add(l, "K14", path, 0, id, "", "there is no rules.d/%s.lua to this story", id);
    }
}

static int by_place(const void *a, const void *b) {
    const llw_rulelint_finding *x = a, *y = b;
    int c = strcmp(x->file, y->file);
    if (!c) c = (x->line > y->line) - (x->line < y->line);
    if (!c) c = strcmp(x->code, y->code);
    return c ? c : strcmp(x->message, y->message);
}

void llw_rulelint_run(const llw_kb *kb, const llw_rulelint_ask *ask, llw_arena *arena, llw_rulelint *out) {
    *out = (llw_rulelint){0};
    llw_rulelinting l = {.kb = kb, .ask = ask, .arena = arena, .out = out};
    llw_err err = {0};
    read_builds(&l);
    if (llw_flags_load(&l.flags, &err) != LLW_OK)
        llw_rulelint_add(&l, "K16", llw_arena_strdup(arena, err.file), err.line, "", "", "%s", err.text);
    const char *cases = practised(&l);
    for (size_t i = 0; i < kb->n_problems; i++)
        llw_rulelint_add(&l, "K16", llw_arena_strdup(arena, kb->problems[i].file), kb->problems[i].line, "",
                         "", "%s", kb->problems[i].text);
    if (ask->lessons)
        for (size_t i = 0; i < ask->n_lessons; i++) check_lesson(&l, ask->lessons[i], cases);
    else {
        for (size_t i = 0; i < kb->n_lessons; i++) check_lesson(&l, kb->lessons[i], cases);
        check_orphans(&l);
    }
    if (out->n) qsort(out->items, out->n, sizeof *out->items, by_place);
}

/* Lessons, codes, schema and options as Markdown. */
#include "render/document.h"
#include "base/table.h"
#include "render/page.h"

#include <string.h>

void llw_document_cell(llw_text *out, const char *text) {
    llw_text safe = {0};
    llw_text_add_safe(&safe, text, strlen(text), false);
    for (const char *c = llw_text_str(&safe); *c; c++) {
        if (*c == '<')
            llw_text_add(out, "&lt;");
        else {
            if (strchr("|*_`", *c)) llw_text_add(out, "\\");
            llw_text_addn(out, c, 1);
        }
    }
    llw_text_fini(&safe);
}

/* In a span of code; nothing when there is nothing. The bar of a table is escaped in code too. */
static void code(llw_text *out, const char *text) {
    llw_text safe = {0};
    if (!*text) return;
    llw_text_add_safe(&safe, text, strlen(text), false);
    llw_text_add(out, strchr(text, '`') ? "`` " : "`");
    for (const char *c = llw_text_str(&safe); *c; c++) {
        if (*c == '|') llw_text_add(out, "\\");
        llw_text_addn(out, c, 1);
    }
    llw_text_add(out, strchr(text, '`') ? " ``" : "`");
    llw_text_fini(&safe);
}

/* ---- a lesson ---- */

/* "```facts,finds=RULE": the facts as a file, and what is found in them. */
static void add_example(llw_text *out, const char *fence, size_t len) {
    const char *rule = strstr(fence, "finds=");
    if (rule && rule < fence + len) {
        llw_text_add(out, "An example, as `llwhy --facts FILE` reads it. What fires is `");
        llw_text_add_safe(out, rule + 6, (size_t)(fence + len - rule - 6), false);
        llw_text_add(out, "`:\n\n");
    }
    llw_text_add(out, "```json");
}

/* The story without its own heading; the examples are shown as what they are. */
static void add_story(llw_text *out, const llw_page *page) {
    llw_text story = {0};
    bool heading = true;
    llw_page_story(&story, page, llw_document_cell);
    for (const char *at = llw_text_str(&story); *at;) {
        size_t len = strcspn(at, "\n");
        if (heading && !strncmp(at, "# ", 2))
            heading = false;
        else {
            if (!strncmp(at, "```facts", 8))
                add_example(out, at, len);
            else
                llw_text_add_safe(out, at, len, true);
            llw_text_add(out, "\n");
        }
        at += len + (at[len] == '\n');
    }
    llw_text_fini(&story);
}

static void add_conditions(llw_text *out, const llw_rule *rule, llw_role role, const char *word) {
    const char *before = word;
    for (size_t i = 0; i < rule->n_conditions; i++) {
        if (rule->conditions[i].role != role) continue;
        llw_text_add(out, before);
        code(out, rule->conditions[i].expr.text);
        before = ", ";
    }
    if (before != word) llw_text_add(out, "\n");
}

static void add_slot(llw_text *out, const llw_rule *rule, const llw_setting *setting) {
    llw_text slot = {0};
    llw_text_addf(&slot, "%s.%s", rule->variable[setting->variable], llw_attr_get(setting->attr)->name);
    code(out, llw_text_str(&slot));
    llw_text_fini(&slot);
}

static void add_rule(llw_text *out, const llw_rule *rule) {
    llw_text_add(out, "\n### ");
    llw_document_cell(out, rule->id);
    llw_text_add(out, "\n\n");
    if (rule->find.n_pieces) {
        llw_text_addf(out, "**%s**: ", llw_level_name(rule->level));
        llw_document_cell(out, rule->find.text);
        llw_text_add(out, "\n\n");
    }
    llw_text_add(out, "- about ");
    for (int i = 0; i < rule->n_variables; i++) {
        llw_text_addf(out, "%s%s ", i ? ", " : "", llw_kind_name(rule->kind[i]));
        code(out, rule->variable[i]);
    }
    llw_text_add(out, "\n");
    add_conditions(out, rule, LLW_ROLE_JOIN, "- belonging together: ");
    add_conditions(out, rule, LLW_ROLE_WHEN, "- when ");
    add_conditions(out, rule, LLW_ROLE_UNLESS, "- unless ");
    for (size_t i = 0; i < rule->n_lets; i++) {
        llw_text_add(out, "- ");
        code(out, rule->let_names[i]);
        llw_text_add(out, " is ");
        code(out, rule->lets[i].text);
        llw_text_add(out, "\n");
    }
    for (size_t i = 0; i < rule->n_derives; i++) {
        llw_text_add(out, "- so ");
        add_slot(out, rule, &rule->derives[i]);
        llw_text_add(out, " is ");
        code(out, rule->derives[i].value.text);
        llw_text_add(out, "\n");
    }
    for (size_t i = 0; i < rule->n_tries; i++) {
        llw_text_add(out, "- tried as a repair: ");
        add_slot(out, rule, &rule->tries[i]);
        llw_text_add(out, " = ");
        code(out, rule->tries[i].value.text);
        llw_text_add(out, "\n");
    }
}

void llw_document_lesson(llw_text *out, const llw_kb *kb, llw_arena *arena, const llw_lesson *lesson) {
    llw_page page;
    if (!llw_page_find(kb, arena, lesson->code, &page)) return;
    llw_text_add(out, "# ");
    if (strcmp(lesson->code, lesson->id)) llw_text_addf(out, "%s: ", lesson->code);
    llw_document_cell(out, page.title);
    llw_text_add(out, "\n\n> ");
    llw_document_cell(out, lesson->claim);
    llw_text_add(out, "\n\n");
    code(out, lesson->id);
    if (lesson->since) llw_text_addf(out, ", from llama.cpp %s on", lesson->since);
    if (lesson->until) llw_text_addf(out, ", before llama.cpp %s", lesson->until);
    if (lesson->superseded_by) llw_text_addf(out, ", superseded by `%s`", lesson->superseded_by);
    if (lesson->review_by) llw_text_addf(out, ", to be reviewed by %s", lesson->review_by);
    llw_text_add(out, "\n");
    if (*page.story)
        add_story(out, &page);
    else
        llw_text_add(out, "\nIt has no story yet.\n");
    llw_text_add(out, "\n## Rules\n\nWhat stands in braces is filled in; the names are those of the facts "
                      "(`llwhy facts --schema`).\n");
    for (size_t i = 0; i < lesson->n_rules; i++) add_rule(out, &lesson->rules[i]);
}

/* ---- codes ---- */

static void add_code(llw_text *out, const llw_page *page) {
    llw_text_addf(out, "\n### %s %s\n\n", page->code, page->title);
    if (page->level) llw_text_addf(out, "*%s* ", llw_level_name(page->level));
    llw_text_add_safe(out, page->claim, strlen(page->claim), false);
    llw_text_add(out, "\n");
}

void llw_document_codes(llw_text *out, const llw_kb *kb, llw_arena *arena) {
    static const struct {
        char letter;
        const char *title;
    } groups[] = {{'F', "Flags: a command line that llama.cpp reads otherwise, or not at all"},
                  {'R', "Load logs: what a real load did"},
                  {'S', "Suppressions and baselines"},
                  {'K', "Lessons: what lint-rules finds"}};
    llw_text_add(out, "# Codes\n\nMade by `scripts/docs`. `llwhy explain CODE` tells the same offline. A "
                      "level is the gravest that a code is "
                      "found with.\n\n## Lessons\n\n| code | level | title |\n|---|---|---|\n");
    llw_page page;
    for (size_t i = 0; i < kb->n_lessons; i++) {
        if (!llw_page_find(kb, arena, kb->lessons[i]->code, &page)) continue;
        llw_text_addf(out, "| [%s](lessons/%s.md) | %s | ", page.code, page.code,
                      page.level ? llw_level_name(page.level) : "");
        llw_document_cell(out, page.title);
        llw_text_add(out, " |\n");
    }
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        llw_text_addf(out, "\n## %s\n", groups[g].title);
        for (int n = 1; n < 100; n++)
            if (llw_page_find(NULL, arena, llw_arena_printf(arena, "%c%02d", groups[g].letter, n), &page))
                add_code(out, &page);
    }
}

/* ---- the schema ---- */

void llw_document_schema(llw_text *out, llw_kind only) {
    llw_text_add(
        out, "# Facts\n\nMade by `scripts/docs` from `engine/fact/schema.def`: every kind of thing llwhy "
             "knows about, and what it may know "
             "of one. A knob is what a person can turn; what is computed has nothing in the last column.\n");
    for (int k = 1; k < LLW_KINDS; k++) {
        if (only && (int)only != k) continue;
        llw_text_addf(
            out, "\n## %s\n\n%s.\n\n| attribute | type | meaning | when it is missing |\n|---|---|---|---|\n",
            llw_kind_name((llw_kind)k), llw_kind_meaning((llw_kind)k));
        for (int a = 1; a < LLW_ATTRS; a++) {
            const llw_attr_info *attr = llw_attr_get((llw_attr)a);
            if ((int)attr->kind != k) continue;
            llw_text_addf(out, "| `%s` | %s%s | ", attr->name, llw_type_name(attr->type),
                          attr->knob ? ", knob" : "");
            llw_document_cell(out, attr->meaning);
            llw_text_add(out, " | ");
            llw_document_cell(out, attr->how);
            llw_text_add(out, " |\n");
        }
    }
}

/* ---- the options ---- */

llw_rc llw_document_flags(llw_text *out, llw_arena *arena, llw_err *err) {
    static const char *const columns[] = {"flags",    "neg_flags", "env",   "kind", "default",
                                          "programs", "since",     "until", "note"};
    static const char *const titles[] = {"option",   "negative", "variable", "value", "default",
                                         "programs", "from",     "until",    "note"};
    enum { N = sizeof columns / sizeof *columns };
    llw_table table;
    llw_rc rc = llw_table_read(arena, "models/flags.tsv", &table, err);
    if (rc != LLW_OK) return rc;
    llw_text_add(out,
                 "# Options of llama.cpp\n\nMade by `scripts/docs` from `models/flags.tsv`, whose first "
                 "lines explain the columns. from and until name builds of "
                 "`models/builds.tsv`: the first known to have the option, and the first known to lack it. "
                 "`llwhy flags -ub` tells one of them with its history.\n\n|");
    for (size_t i = 0; i < N; i++) llw_text_addf(out, " %s |", titles[i]);
    llw_text_add(out, "\n|---|---|---|---|---|---|---|---|---|\n");
    for (size_t r = 0; r < table.n_rows; r++) {
        llw_text_add(out, "|");
        for (size_t i = 0; i < N; i++) {
            const char *cell = llw_table_cell(&table, r, llw_table_column(&table, columns[i]));
            llw_text_add(out, " ");
            if (i < 4)
                code(out, cell);
            else
                llw_document_cell(out, cell);
            llw_text_add(out, " |");
        }
        llw_text_add(out, "\n");
    }
    return LLW_OK;
}

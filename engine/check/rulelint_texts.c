/* What the sentences of a lesson name: flags that llama.cpp has, and numbers that come from somewhere. */
#include "check/rulelint_parts.h"

#include <ctype.h>
#include <string.h>

enum { PROGRAMS = 4, MAX_FLAG = 64 };

/* Where a sentence stands. rule is NULL for the lesson's claim and its story. */
typedef struct sentence {
    const llw_lesson *lesson;
    const llw_rule *rule;
    const char *file, *what; /* "the sentence of find" */
    int line;
} sentence;

static bool is_word(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

/* Whether a flag or variable is there for build `order`; any build when it is negative. */
static bool is_there(const llw_rulelinting *l, const char *name, int64_t order) {
    bool negative = false;
    for (int p = 0; p < PROGRAMS && *name == '-'; p++)
        if (order < 0 ? llw_flag_find_any(&l->flags, name, (llw_program)p) != NULL
                      : llw_flag_find(&l->flags, name, (llw_program)p, order, &negative) != NULL)
            return true;
    for (size_t i = 0; i < l->flags.n_rows && *name != '-'; i++) {
        const llw_flag_row *row = &l->flags.rows[i];
        if (!strcmp(row->env, name) || !strcmp(row->neg_env, name))
            if (order < 0 || (row->since <= order && order < row->until)) return true;
    }
    return false;
}

static void check_flag(llw_rulelinting *l, const sentence *s, const char *name) {
    const char *rule = s->rule ? s->rule->id : "";
    if (l->ask->is_option && l->ask->is_option(name)) return;
    if (!is_there(l, name, -1)) {
        const char *near = *name == '-' && l->n_builds
                               ? llw_flag_nearest(&l->flags, name, (llw_program)0, l->builds[l->n_builds - 1])
                               : NULL;
        llw_rulelint_add(l, "K06", s->file, s->line, s->lesson->id, rule,
                         "%s names %s, which no build of llama.cpp has%s%s%s", s->what, name,
                         near ? " (" : "", near ? near : "", near ? "?)" : "");
        return;
    }
    for (size_t i = l->n_builds; s->rule && i-- > 0;) {
        if (!llw_rulelint_covers(l, s->rule, i) || is_there(l, name, l->builds[i])) continue;
        llw_rulelint_add(l, "K06", s->file, s->line, s->lesson->id, rule,
                         "%s names %s, and the rule holds for llama.cpp %s too, which does not have it",
                         s->what, name, l->versions[i]);
        return;
    }
}

/* The flag or variable that starts at `at`, into name; its length, 0 when there is none. */
static size_t flag_at(const char *text, const char *at, char name[MAX_FLAG]) {
    char before = at > text ? at[-1] : ' ';
    size_t n = 0;
    if (is_word(before) || before == '-' || before == '.') return 0;
    if (*at == '-') {
        size_t dashes = strspn(at, "-");
        if (dashes > 2 || !islower((unsigned char)at[dashes])) return 0;
        for (n = dashes; is_word(at[n]) || at[n] == '-'; n++) {
        }
        while (at[n - 1] == '-') n--;
        if (dashes == 1 && n > 9) return 0; /* a hyphenated word behind a dash */
    } else if (!strncmp(at, "LLAMA_ARG_", 10))
        for (n = 10; isupper((unsigned char)at[n]) || isdigit((unsigned char)at[n]) || at[n] == '_'; n++) {
        }
    if (n >= MAX_FLAG || (*at != '-' && n == 10)) return 0; /* too long for one, or LLAMA_ARG_* */
    memcpy(name, at, n);
    name[n] = 0;
    return n;
}

/* Whether a word of another program stands right before: ls -lh. */
static bool is_of_another_program(const char *text, const char *at) {
    static const char *const programs[] = {"ls",   "du",  "nvidia-smi", "docker",
                                           "curl", "git", "uname",      "free"};
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        size_t len = strlen(programs[i]);
        if ((size_t)(at - text) > len && at[-1] == ' ' && !strncmp(at - 1 - len, programs[i], len) &&
            (at - 1 - len == text || !is_word(at[-2 - (int)len])))
            return true;
    }
    return false;
}

static void check_flags(llw_rulelinting *l, const sentence *s, const char *text) {
    char name[MAX_FLAG];
    for (const char *at = text; *at;) {
        size_t n = flag_at(text, at, name);
        if (n && !is_of_another_program(text, at)) check_flag(l, s, name);
        at += n ? n : 1;
    }
}

/* The digits of the number that starts at `at`, without commas, into digits; the length of its text, 0 when
 * none starts there. Numbers that are parts of a word (b8022, Q8_0) or of a day are none. */
static size_t number_at(const char *text, const char *at, char digits[MAX_FLAG]) {
    size_t n = 0, len = 0;
    char before = at > text ? at[-1] : ' ';
    if (!isdigit((unsigned char)*at) || is_word(before) || before == '.') return 0;
    if (before == '-' && at - 1 > text && is_word(at[-2])) return 0;
    while (len + 1 < MAX_FLAG) {
        if (isdigit((unsigned char)at[n]) || (at[n] == '.' && isdigit((unsigned char)at[n + 1])))
            digits[len++] = at[n++];
        else if (at[n] == ',' && isdigit((unsigned char)at[n + 1]) && isdigit((unsigned char)at[n + 2]) &&
                 isdigit((unsigned char)at[n + 3]) && !isdigit((unsigned char)at[n + 4]))
            n++;
        else
            break;
    }
    digits[len] = 0;
    return n;
}

static bool has_number(const char *text, const char *wanted) {
    char digits[MAX_FLAG];
    for (const char *at = text; text && *at;) {
        size_t n = number_at(text, at, digits);
        if (n && !strcmp(digits, wanted)) return true;
        at += n ? n : 1;
    }
    return false;
}

static bool rule_has_number(const llw_rule *rule, const char *wanted) {
    for (size_t i = 0; i < rule->n_conditions; i++)
        if (has_number(rule->conditions[i].expr.text, wanted)) return true;
    for (size_t i = 0; i < rule->n_lets; i++)
        if (has_number(rule->lets[i].text, wanted)) return true;
    for (size_t i = 0; i < rule->n_tries; i++)
        if (has_number(rule->tries[i].value.text, wanted)) return true;
    return false;
}

static void check_numbers(llw_rulelinting *l, const sentence *s, const char *text, const char *story) {
    char digits[MAX_FLAG];
    if (!story) return; /* that it is missing is said */
    for (const char *at = text; *at;) {
        size_t n = number_at(text, at, digits);
        if (n && strcmp(digits, "0") && strcmp(digits, "1") && strcmp(digits, "2") &&
            !(s->rule && rule_has_number(s->rule, digits)) && !has_number(story, digits))
            llw_rulelint_add(
                l, "K08", s->file, s->line, s->lesson->id, s->rule ? s->rule->id : "",
                "%s says %.*s, and neither the rule's conditions nor the story tell where that comes from",
                s->what, (int)n, at);
        at += n ? n : 1;
    }
}

/* The literal text of a sentence: what is computed becomes a blank. */
static const char *literal(llw_rulelinting *l, const llw_template *t) {
    llw_text text = {0};
    for (int i = 0; i < t->n_pieces; i++) {
        llw_text_add(&text, t->pieces[i].text);
        if (t->pieces[i].value) llw_text_add(&text, "{}");
    }
    const char *kept = llw_arena_strdup(l->arena, llw_text_str(&text));
    llw_text_fini(&text);
    return kept;
}

static void check_template(llw_rulelinting *l, const llw_rule *rule, const llw_template *t, int line,
                           const char *part, const char *story) {
    if (!t->n_pieces) return;
    sentence s = {rule->lesson, rule, rule->lesson->file,
                  llw_arena_printf(l->arena, "%s of rule \"%s\"", part, rule->id), line};
    const char *text = literal(l, t);
    check_flags(l, &s, text);
    check_numbers(l, &s, text, story);
}

/* Prose and lines of code; the blocks that are run are read by whoever runs them. */
static void check_story(llw_rulelinting *l, const llw_lesson *lesson, const llw_story_text *story) {
    sentence s = {.lesson = lesson, .file = story->path, .what = "the story", .line = 1};
    bool code = false;
    for (const char *at = story->bytes; *at; s.line++) {
        size_t len = strcspn(at, "\n");
        if (!strncmp(at, "```", 3)) code = !code;
        if (!code && at >= story->body) check_flags(l, &s, llw_arena_strndup(l->arena, at, len));
        at += len + (at[len] == '\n');
    }
}

void llw_rulelint_texts(llw_rulelinting *l, const llw_lesson *lesson, const llw_story_text *story) {
    sentence claim = {.lesson = lesson, .file = lesson->file, .what = "the claim", .line = lesson->line};
    check_flags(l, &claim, lesson->claim);
    check_numbers(l, &claim, lesson->claim, story->bytes);
    for (size_t i = 0; i < lesson->n_rules; i++) {
        const llw_rule *rule = &lesson->rules[i];
        check_template(l, rule, &rule->find, rule->line, "the sentence", story->bytes);
        for (size_t k = 0; k < rule->n_advises; k++)
            check_template(l, rule, &rule->advises[k].sentence, rule->line, "the advice", story->bytes);
        for (size_t k = 0; k < rule->n_conditions; k++)
            check_template(l, rule, &rule->conditions[k].otherwise, rule->conditions[k].expr.line,
                           "\"otherwise\"", story->bytes);
    }
    if (story->bytes) check_story(l, lesson, story);
}

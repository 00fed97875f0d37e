/* Teaching: every case can be solved, answers are graded by what the engine concludes, and facts decide what
 * is right. */
#include "base/file.h"
#include "base/process.h"
#include "fact/build.h"
#include "rule/kb.h"
#include "teach/answer.h"
#include "teach/assess.h"
#include "teach/edit.h"
#include "teach/transcript.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct fixture {
    llw_arena *arena;
    llw_kb *kb;
    llw_misconceptions misconceptions;
} fixture;

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    llw_err err = {0};
    f->arena = llw_arena_new();
    f->kb = llw_kb_load(NULL, 0, NULL);
    if (llw_misconceptions_load(f->arena, &f->misconceptions, &err) != LLW_OK)
        fail_msg("%s:%d: %s", err.file, err.line, err.text);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    llw_kb_free(f->kb);
    llw_arena_free(f->arena);
    free(f);
    return 0;
}

static llw_stage load(fixture *f, const char *id, llw_case *c) {
    llw_err err = {0};
    if (llw_case_load(f->arena, id, c, &err) != LLW_OK) fail_msg("%s:%d: %s", err.file, err.line, err.text);
    return (llw_stage){.kb = f->kb, .c = c, .arena = f->arena};
}

static llw_assessment assess(fixture *f, llw_stage *stage, size_t ask, const char *typed) {
    llw_err err = {0};
    llw_assessment a;
    if (llw_assess(stage, &stage->c->asks[ask], &f->misconceptions, typed, &a, &err) != LLW_OK)
        fail_msg("%s:%d: %s", err.file, err.line, err.text);
    return a;
}

static const char *solve(llw_stage *stage, size_t ask) {
    llw_err err = {0};
    const char *answer = "";
    if (llw_solve(stage, &stage->c->asks[ask], &answer, &err) != LLW_OK)
        fail_msg("%s:%d: %s", err.file, err.line, err.text);
    return answer;
}

/* "c a b" from behind. */
static const char *backwards(fixture *f, const char *letters) {
    size_t n = strlen(letters);
    char *back = llw_arena_strdup(f->arena, letters);
    for (size_t i = 0; i < n; i++) back[i] = letters[n - 1 - i];
    return back;
}

/* A line of the same file where nothing stands. */
static const char *other_line(fixture *f, llw_stage *stage, size_t ask, const char *place) {
    for (int line = 1; line < 100; line++) {
        const char *typed = llw_arena_printf(f->arena, "%.*s:%d", (int)strcspn(place, ":"), place, line);
        llw_assessment a = assess(f, stage, ask, typed);
        if (a.understood && a.score == LLW_SCORE_WRONG) return typed;
    }
    fail_msg("every line of %s has to do with it", place);
    return "";
}

/* An answer that the engine does not give: turned around, three times as much, the other choices, a line
 * where nothing stands, a plan that cannot load. */
static const char *turn_around(fixture *f, llw_stage *stage, size_t which, const char *right) {
    const llw_ask *ask = &stage->c->asks[which];
    double number = 0;
    unsigned picked = 0;
    bool yes = false;
    switch (ask->kind) {
    case LLW_ASK_YES_NO: return llw_answer_yes_no(right, &yes) && yes ? "no" : "yes";
    case LLW_ASK_NUMBER:
        if (!llw_answer_number(right, LLW_UNIT_BYTES, ask->unit, &number))
            assert_true(llw_answer_number(right, LLW_UNIT_PLAIN, ask->unit, &number));
        return llw_arena_printf(f->arena, "%.3f%s", 3 * strtod(right, NULL) + 1,
                                strchr(right, ' ') ? strchr(right, ' ') : "");
    case LLW_ASK_CHOICE:
        assert_true(llw_answer_choices(right, ask->n_choices, &picked));
        for (size_t i = 0; i < ask->n_choices; i++)
            if (!(picked & 1u << i)) return llw_arena_printf(f->arena, "%c", (int)('a' + i));
        fail_msg("every choice of %s is right", ask->id);
        return "";
    case LLW_ASK_ORDER: return backwards(f, right);
    case LLW_ASK_LINE: return other_line(f, stage, which, right);
    default: return "--fit off -ngl 99 -c 2000000";
    }
}

/* Every case can be used; a learner who answers as the engine does is right, one who answers otherwise is
 * wrong, one who does both is half right. */
static void every_case_is_sound_and_graded(void **state) {
    fixture *f = *state;
    char **ids = NULL;
    size_t n = 0, bad = 0;
    llw_case_list(f->arena, &ids, &n);
    assert_true(n >= 14);
    for (size_t i = 0; i < n; i++) {
        llw_case c;
        llw_err err = {0};
        llw_stage stage = load(f, ids[i], &c);
        if (llw_case_check(&stage, &f->misconceptions, &err) != LLW_OK) {
            print_error("%s:%d: %s\n", err.file, err.line, err.text);
            bad++;
            llw_stage_close(&stage);
            continue;
        }
        llw_assessment right[LLW_CASE_MAX_ITEMS], mixed[LLW_CASE_MAX_ITEMS], wrong[LLW_CASE_MAX_ITEMS];
        for (size_t k = 0; k < c.n_asks; k++) {
            const char *answer = solve(&stage, k);
            right[k] = assess(f, &stage, k, answer);
            wrong[k] = assess(f, &stage, k, turn_around(f, &stage, k, answer));
            mixed[k] = k ? wrong[k] : right[k];
            if (wrong[k].score == LLW_SCORE_RIGHT)
                fail_msg("%s %s: \"%s\" counts as right", c.id, c.asks[k].id, wrong[k].typed);
        }
        assert_int_equal(llw_score_all(right, c.n_asks), LLW_SCORE_RIGHT);
        assert_int_equal(llw_score_all(mixed, c.n_asks), LLW_SCORE_HALF);
        assert_int_not_equal(llw_score_all(wrong, c.n_asks), LLW_SCORE_RIGHT);
        llw_stage_close(&stage);
    }
    assert_int_equal(bad, 0);
}

/* Answers that people give, case by case: how each counts and which mistake is recognised. */
static void answers_of_people(void **state) {
    static const struct {
        const char *id, *ask, *typed;
        llw_score score;
        const char *misconception;
    } table[] = {
        {"00a-three-questions", "first", "a", LLW_SCORE_RIGHT, NULL},
        {"00a-three-questions", "first", "c", LLW_SCORE_WRONG, "moe-means-cpu"},
        {"00a-three-questions", "third", "b", LLW_SCORE_WRONG, NULL},
        {"01a-felt-dense", "kind", "b", LLW_SCORE_RIGHT, NULL},
        {"01a-felt-dense", "kind", "a", LLW_SCORE_WRONG, "small-means-dense"},
        {"01a-felt-dense", "share", "75", LLW_SCORE_HALF, NULL},
        {"01a-felt-dense", "plan", "without -ts", LLW_SCORE_RIGHT, NULL},
        {"01a-felt-dense", "plan", "only -c 10240 -sm none -mg 0", LLW_SCORE_RIGHT, NULL},
        {"01a-felt-dense", "plan", "-cmoe without -ts", LLW_SCORE_HALF, "moe-means-cpu"},
        {"01a-felt-dense", "plan", "-ts 3,2", LLW_SCORE_WRONG, "shares-for-experts"},
        {"01b-happened-to-work", "need", "17.5 GiB", LLW_SCORE_RIGHT, NULL},
        {"01b-happened-to-work", "need", "21", LLW_SCORE_HALF, NULL},
        {"01b-happened-to-work", "long", "yes", LLW_SCORE_WRONG, "one-card-is-a-rule"},
        {"01b-happened-to-work", "quantised", "yes", LLW_SCORE_RIGHT, NULL},
        {"02a-experts-by-habit", "plan", "without -ot", LLW_SCORE_RIGHT, NULL},
        {"02a-experts-by-habit", "plan", "without -ot -c 4096", LLW_SCORE_HALF, "shrink-the-context"},
        {"02a-experts-by-habit", "plan", "-ub 2048", LLW_SCORE_WRONG, "moe-means-cpu"},
        {"02b-all-of-them", "empty", "0 GiB", LLW_SCORE_WRONG, "all-or-nothing-offload"},
        {"02b-all-of-them", "plan", "without -ot -ngl 99", LLW_SCORE_WRONG, "ngl-99-is-harmless"},
        {"02b-all-of-them", "plan", "-ngl auto without -ot", LLW_SCORE_RIGHT, NULL},
        {"02b-all-of-them", "plan", "-cmoe without -ot", LLW_SCORE_WRONG, "all-or-nothing-offload"},
        {"02c-the-one-that-needs-it", "plan", "nothing", LLW_SCORE_RIGHT, NULL},
        {"02c-the-one-that-needs-it", "plan", "-ngl 99", LLW_SCORE_WRONG, "ngl-99-is-harmless"},
        {"02c-the-one-that-needs-it", "plan", "-c 8192", LLW_SCORE_HALF, "shrink-the-context"},
        {"03a-comment-became-fact", "right", "yes", LLW_SCORE_WRONG, "comment-is-source"},
        {"03a-comment-became-fact", "sentences", "a b", LLW_SCORE_RIGHT, NULL},
        {"03a-comment-became-fact", "sentences", "a", LLW_SCORE_HALF, NULL},
        {"03a-comment-became-fact", "sentences", "d", LLW_SCORE_WRONG, "comment-is-source"},
        {"03b-the-tag-says-moe", "kind", "b", LLW_SCORE_WRONG, "tag-is-architecture"},
        {"03b-the-tag-says-moe", "cpu-moe", "yes", LLW_SCORE_WRONG, "tag-is-architecture"},
        {"04a-seventeen-gigabytes", "size", "16.5 GB", LLW_SCORE_WRONG, "size-from-the-name"},
        {"04a-seventeen-gigabytes", "size", "30 GB", LLW_SCORE_RIGHT, NULL},
        {"04a-seventeen-gigabytes", "size", "29.7 GiB", LLW_SCORE_RIGHT, NULL},
        {"04a-seventeen-gigabytes", "size", "25", LLW_SCORE_HALF, NULL},
        {"04a-seventeen-gigabytes", "q4", "15", LLW_SCORE_HALF, "size-from-the-name"},
        {"04b-which-gigabyte", "hidden", "0", LLW_SCORE_WRONG, "gb-is-gib"},
        {"04b-which-gigabyte", "hidden", "3.5", LLW_SCORE_RIGHT, NULL},
        {"05a-372-mib-short", "half", "448", LLW_SCORE_RIGHT, NULL},
        {"05a-372-mib-short", "half", "897 MiB", LLW_SCORE_WRONG, "buffer-does-not-grow"},
        {"05a-372-mib-short", "only-b", "yes", LLW_SCORE_WRONG, "b-and-ub-are-one"},
        {"05a-372-mib-short", "plan", "-ub 512", LLW_SCORE_RIGHT, NULL},
        {"05a-372-mib-short", "plan", "-b 2048 -ub 512", LLW_SCORE_RIGHT, NULL},
        {"05a-372-mib-short", "plan", "-b 2048", LLW_SCORE_WRONG, "b-and-ub-are-one"},
        {"05a-372-mib-short", "plan", "-c 65536", LLW_SCORE_HALF, "shrink-the-context"},
        {"05a-372-mib-short", "plan", "-cmoe without -ot", LLW_SCORE_HALF, "moe-means-cpu"},
        {"05a-372-mib-short", "plan", "-ngl 40 without -ot", LLW_SCORE_HALF, "less-on-the-gpu"},
        {"05b-rule-taken-too-far", "least", "2048", LLW_SCORE_RIGHT, NULL},
        {"05b-rule-taken-too-far", "least", "512", LLW_SCORE_WRONG, "ub-512-always"},
        {"06a-twenty-tokens", "known", "a", LLW_SCORE_WRONG, "short-prompt-proves"},
        {"06a-twenty-tokens", "safe", "b c", LLW_SCORE_RIGHT, NULL},
        {"06a-twenty-tokens", "safe", "c", LLW_SCORE_HALF, NULL},
        {"06a-twenty-tokens", "safe", "a", LLW_SCORE_WRONG, "nothing-known-is-safe"},
        {"06b-the-other-model-passed", "record", "yes", LLW_SCORE_WRONG, "other-model-proves"},
        {"06b-the-other-model-passed", "reported", "a, c", LLW_SCORE_RIGHT, NULL},
        {"06b-the-other-model-passed", "reported", "a", LLW_SCORE_HALF, NULL},
        {"07a-fit-does-not-work", "what-fit-did", "a", LLW_SCORE_WRONG, "fit-is-broken"},
        {"07a-fit-does-not-work", "plan", "-ngl auto", LLW_SCORE_RIGHT, NULL},
        {"07a-fit-does-not-work", "plan", "without -ngl", LLW_SCORE_RIGHT, NULL},
        {"07a-fit-does-not-work", "plan", "-ot exps=CPU", LLW_SCORE_HALF, "moe-means-cpu"},
        {"07a-fit-does-not-work", "plan", "-ub 256", LLW_SCORE_WRONG, "ngl-99-is-harmless"},
        {"05a-372-mib-short", "by-buffer", "c a b d", LLW_SCORE_RIGHT, NULL},
        {"05a-372-mib-short", "by-buffer", "C, A, D, B", LLW_SCORE_HALF, "b-and-ub-are-one"},
        {"05a-372-mib-short", "by-buffer", "cbda", LLW_SCORE_HALF, "b-and-ub-are-one"},
        {"05a-372-mib-short", "by-buffer", "c b d a", LLW_SCORE_HALF, "b-and-ub-are-one"},
        {"05a-372-mib-short", "by-buffer", "d b a c", LLW_SCORE_WRONG, "b-and-ub-are-one"},
        {"05c-who-set-it", "where", "llama.service.d/20-documents.conf:2", LLW_SCORE_RIGHT, NULL},
        {"05c-who-set-it", "where", "llama.service.d/20-documents.conf:2:13", LLW_SCORE_RIGHT, NULL},
        {"05c-who-set-it", "where", "llama.service:6", LLW_SCORE_HALF, "b-and-ub-are-one"},
        {"05c-who-set-it", "where", "llama.service:5", LLW_SCORE_WRONG, "shrink-the-context"},
        {"05c-who-set-it", "where", "llama.service.d/30-restart.conf:2", LLW_SCORE_WRONG, NULL},
        {"07a-fit-does-not-work", "steps", "b c d a", LLW_SCORE_RIGHT, NULL},
        {"07a-fit-does-not-work", "steps", "b d c a", LLW_SCORE_HALF, NULL},
        {"07a-fit-does-not-work", "steps", "a d c b", LLW_SCORE_WRONG, NULL},
        {"07b-the-default-of-99", "where", "docker-compose.yml:9", LLW_SCORE_RIGHT, NULL},
        {"07b-the-default-of-99", "where", "Dockerfile:3", LLW_SCORE_HALF, NULL},
        {"07b-the-default-of-99", "where", "models.conf:4", LLW_SCORE_WRONG, "the-profile-is-to-blame"},
        {"07b-the-default-of-99", "where", "docker-compose.yml:4", LLW_SCORE_WRONG, NULL},
        {"07b-the-default-of-99", "dockerfile", "Dockerfile:3", LLW_SCORE_RIGHT, NULL},
        {"07b-the-default-of-99", "today", "b", LLW_SCORE_WRONG, NULL},
        {"07b-the-default-of-99", "tomorrow", "yes", LLW_SCORE_WRONG, "worked-so-far"},
        {"07b-the-default-of-99", "plan", "-ngl auto", LLW_SCORE_RIGHT, NULL},
        {"07b-the-default-of-99", "plan", "-ngl 50", LLW_SCORE_WRONG, "worked-so-far"},
        {"14a-another-one-next-week", "where", "3", LLW_SCORE_RIGHT, NULL},
        {"14a-another-one-next-week", "where", "line 7", LLW_SCORE_WRONG, "same-name-same-program"},
        {"C04a-the-same-figure-twice", "where", "models.conf:10", LLW_SCORE_RIGHT, NULL},
        {"C04a-the-same-figure-twice", "where", "models.conf:11", LLW_SCORE_WRONG,
         "figure-belongs-to-the-model"},
    };
    fixture *f = *state;
    llw_case c = {.id = ""};
    llw_stage stage = {0};
    size_t bad = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (strcmp(c.id, table[i].id)) {
            llw_stage_close(&stage);
            stage = load(f, table[i].id, &c);
        }
        size_t k = 0;
        while (k < c.n_asks && strcmp(c.asks[k].id, table[i].ask)) k++;
        assert_true(k < c.n_asks);
        llw_assessment a = assess(f, &stage, k, table[i].typed);
        const char *recognised = a.misconception ? a.misconception->id : "none",
                   *wanted = table[i].misconception ? table[i].misconception : "none";
        if (a.score == table[i].score && !strcmp(recognised, wanted)) continue;
        print_error("%s %s \"%s\": %s (%s), mistake %s; expected %s, %s\n", c.id, table[i].ask,
                    table[i].typed, llw_score_name(a.score), a.reason, recognised,
                    llw_score_name(table[i].score), wanted);
        bad++;
    }
    llw_stage_close(&stage);
    assert_int_equal(bad, 0);
}

enum { PLAN = 3 }; /* of case 05a */

static llw_score score_of(fixture *f, const llw_case *c, size_t ask, const char *typed) {
    llw_stage stage = {.kb = f->kb, .c = c, .arena = f->arena};
    llw_assessment a = assess(f, &stage, ask, typed);
    llw_stage_close(&stage);
    return a.score;
}

static void replace_line(fixture *f, llw_case *c, const char *path, const char *from, const char *to) {
    for (size_t i = 0; i < c->setting.n_files; i++) {
        llw_config_input *file = &c->setting.files[i];
        const char *at = strcmp(file->path, path) ? NULL : strstr(file->bytes, from);
        if (!at) continue;
        file->bytes = llw_arena_printf(f->arena, "%.*s%s%s", (int)(at - file->bytes), file->bytes, to,
                                       at + strlen(from));
        file->len = strlen(file->bytes);
        return;
    }
    fail_msg("%s has no line '%s'", path, from);
}

/* One fact otherwise, and what was right is not. */
static void a_fact_decides(void **state) {
    static const char *more[] = {"24564:24564:RTX 4090", "16303:12761:RTX 5070 Ti"},
                      *less[] = {"24564:23571:RTX 4090", "16303:12761:RTX 5070 Ti"};
    static const char *large[] = {"81559:80500:H100"};
    fixture *f = *state;
    llw_case c;
    load(f, "05a-372-mib-short", &c); /* only -b: 1 */
    assert_int_equal(score_of(f, &c, PLAN, "-ub 512"), LLW_SCORE_RIGHT);
    assert_int_equal(score_of(f, &c, PLAN, "nothing"), LLW_SCORE_WRONG);
    assert_int_equal(score_of(f, &c, 1, "no"), LLW_SCORE_RIGHT);
    c.setting.gpus = (llw_texts){
        more, 2}; /* 893 MiB more free: the team's own plan loads, and -ub 1024 is a waste, no failure */
    assert_int_equal(score_of(f, &c, 1, "no"), LLW_SCORE_WRONG);
    assert_int_equal(score_of(f, &c, 1, "yes"), LLW_SCORE_RIGHT);
    c.setting.gpus = (llw_texts){less, 2}; /* 100 MiB less: -ub 512 alone is not enough any more */
    assert_int_equal(score_of(f, &c, PLAN, "-ub 512"), LLW_SCORE_WRONG);
    assert_int_equal(score_of(f, &c, PLAN, "-ub 256"), LLW_SCORE_RIGHT);

    load(f, "02a-experts-by-habit", &c); /* a larger model: the experts really do not fit */
    assert_int_equal(score_of(f, &c, 0, "yes"), LLW_SCORE_RIGHT);
    c.setting.model = "gpt-oss-120b-mxfp4";
    assert_int_equal(score_of(f, &c, 0, "yes"), LLW_SCORE_WRONG);
    assert_int_equal(score_of(f, &c, 2, "without -ot"), LLW_SCORE_WRONG);

    load(f, "07a-fit-does-not-work", &c); /* a card that holds everything: 99 layers are harmless */
    assert_int_equal(score_of(f, &c, 0, "c"), LLW_SCORE_RIGHT);
    c.setting.gpus = (llw_texts){large, 1};
    assert_int_equal(score_of(f, &c, 0, "c"), LLW_SCORE_WRONG);
    assert_int_equal(score_of(f, &c, 0, "b"), LLW_SCORE_RIGHT);

    load(f, "03a-comment-became-fact", &c); /* the comment above a dense model is true */
    c.setting.model = "llama-3.1-8b-q4_k_m";
    assert_int_equal(score_of(f, &c, 0, "yes"), LLW_SCORE_RIGHT);

    load(f, "05a-372-mib-short", &c); /* one of the plans has a larger -ub: it becomes the last */
    assert_int_equal(score_of(f, &c, 2, "c a b d"), LLW_SCORE_RIGHT);
    c.asks[2].choices[2].change.with = llw_case_words(f->arena, "-b 4096 -ub 4096");
    assert_int_equal(score_of(f, &c, 2, "c a b d"), LLW_SCORE_WRONG);
    assert_int_equal(score_of(f, &c, 2, "a b d c"), LLW_SCORE_RIGHT);

    load(f, "07b-the-default-of-99", &c); /* where the Compose file says nothing, the image is heard */
    assert_int_equal(score_of(f, &c, 0, "Dockerfile:3"), LLW_SCORE_HALF);
    replace_line(f, &c, "docker-compose.yml", "      - N_GPU_LAYERS=${N_GPU_LAYERS:-99}\n", "");
    assert_int_equal(score_of(f, &c, 0, "Dockerfile:3"), LLW_SCORE_RIGHT);
    assert_int_equal(score_of(f, &c, 0, "docker-compose.yml:9"), LLW_SCORE_WRONG);
    load(f, "14a-another-one-next-week", &c); /* a file of the case decides what its line is worth */
    replace_line(f, &c, "docker-compose.yml", "    restart: unless-stopped\n", "");
    replace_line(f, &c, "docker-compose.yml", "services:\n", "# first\n# second\nservices:\n");
    assert_int_equal(score_of(f, &c, 1, "3"), LLW_SCORE_WRONG);
    assert_int_equal(score_of(f, &c, 1, "5"), LLW_SCORE_RIGHT);

    load(f, "06a-twenty-tokens", &c); /* a longer probe */
    c.setting.things[0].slots[0].value.as.count = 200;
    assert_int_equal(score_of(f, &c, 0, "a"), LLW_SCORE_RIGHT);
}

/* What changed nothing is told, and what cannot be understood can be asked again. */
static void plans_are_explained(void **state) {
    fixture *f = *state;
    llw_case c;
    llw_stage stage = load(f, "05a-372-mib-short", &c);
    llw_assessment a = assess(f, &stage, PLAN, "-ub 512 --mlock");
    assert_int_equal(a.score, LLW_SCORE_RIGHT);
    assert_int_equal(a.unneeded.n, 1);
    assert_string_equal(a.unneeded.items[0], "--mlock");
    assert_non_null(strstr(a.plan, "CUDA0 keeps 76.5 MiB free"));
    assert_non_null(strstr(a.team, "CUDA0 is 372.0 MiB short"));
    assert_true(a.gone.n >= 1);
    assert_string_equal(a.gone.items[0].code, "L05");
    a = assess(f, &stage, PLAN, "--ubatsch 512");
    assert_false(a.understood);
    assert_int_equal(a.score, LLW_SCORE_WRONG);
    assert_false(assess(f, &stage, 0, "plenty").understood);
    assert_false(assess(f, &stage, 0, "30 G").understood); /* G of which kind? */
    assert_false(assess(f, &stage, 1, "perhaps").understood);
    a = assess(f, &stage, PLAN, "");
    assert_false(a.understood);
    assert_int_equal(a.score, LLW_SCORE_WRONG);
    llw_stage_close(&stage);
}

static void expect_edit(fixture *f, const char *words, const char *edit, const char *want) {
    llw_flags flags;
    assert_int_equal(llw_flags_load(&flags, NULL), LLW_OK);
    llw_texts before = llw_case_words(f->arena, words), with = llw_case_words(f->arena, edit);
    llw_texts after =
        llw_edit_words(f->arena, &flags, LLW_PROGRAM_SERVER, llw_build_order("b8022"), &before, &with);
    llw_text t = {0};
    for (size_t i = 0; i < after.n; i++) llw_text_addf(&t, "%s%s", i ? " " : "", after.items[i]);
    assert_string_equal(llw_text_str(&t), want);
    llw_text_fini(&t);
}

static void edits_say_what_they_mean(void **state) {
    fixture *f = *state;
    expect_edit(f, "-c 10 -ub 1024", "-ub 512", "-c 10 -ub 512");
    expect_edit(f, "-c 10 --ubatch-size 1024", "-ub 512",
                "-c 10 -ub 512"); /* the same option by its other name */
    expect_edit(f, "-ot a=CPU -c 10 -ot b=CPU", "without -ot", "-c 10");
    expect_edit(f, "-ot a=CPU -ngl 99 -c 10", "without -ot and -ngl", "-c 10");
    expect_edit(f, "-ot a=CPU -c 10", "without -ot -ub 512", "-c 10 -ub 512");
    expect_edit(f, "-ngl 99 -c 10", "without -ngl 99", "-c 10");
    expect_edit(f, "-c 10 -ngl 99", "only -m x.gguf", "-m x.gguf");
    expect_edit(f, "-c 10", "nothing", "-c 10");
    expect_edit(f, "-c 10", "", "-c 10");
    expect_edit(f, "-c 10 --jinja", "without --jinja", "-c 10");
    expect_edit(f, "-c 10", "-ngl -1", "-c 10 -ngl -1");
    expect_edit(f, "-c 10", "-c", "-c"); /* a value that is missing stays missing: llama.cpp will say so */
    expect_edit(f, "-c 10", "without", "-c 10");
    expect_edit(f, "-ot 'a b=CPU'", "-c 5", "-ot a b=CPU -c 5");
}

/* The whole sitting: what is known is said, predictions are not looked up, the chain ends at the lesson. */
static void a_sitting_has_its_parts(void **state) {
    fixture *f = *state;
    llw_case c;
    llw_err err = {0};
    load(f, "05a-372-mib-short", &c);
    llw_transcript t;
    assert_int_equal(llw_transcript_start(f->kb, &c, &f->misconceptions, f->arena, &t, &err), LLW_OK);
    assert_int_equal(t.n_facts, 5);
    assert_string_equal(t.facts[2].text, "compute buffer on CUDA0 = 897.0 MiB");
    assert_int_equal(t.n_cards, 2);
    assert_int_equal(t.state, LLW_FIRED);
    assert_non_null(strstr(t.proof.lines[t.proof.n_lines - 1].text, "lesson L05"));
    assert_non_null(strstr(t.mechanism, "micro-batch"));
    llw_text out = {0};
    assert_int_equal(llw_transcript_look_up(&t, "model.experts", &out), 1);
    assert_non_null(strstr(llw_text_str(&out), "= 64"));
    llw_text_fini(&out);
    assert_int_equal(llw_transcript_look_up(&t, "CUDA0.compute", &out), 0);
    llw_text_fini(&out);
    size_t right = 0, asked = 0;
    assert_int_equal(llw_transcript_answer(&t, 0, "448", &err), LLW_OK);
    assert_int_equal(llw_transcript_answer(&t, PLAN, "-c 65536", &err), LLW_OK);
    assert_string_equal(t.answers[PLAN].truth, "-ub 512"); /* the engine's own */
    assert_int_equal(llw_transcript_score(&t, &right, &asked), LLW_SCORE_HALF);
    assert_int_equal(right, 1);
    assert_int_equal(asked, 2);
    llw_transcript_end(&t);
}

/* The command itself, answers from a file: text that reads from top to bottom, and the same as JSON. */
static void the_command_takes_a_file(void **state) {
    static const char program[] = LLW_BINARY_DIR "/llwhy";
    fixture *f = *state;
    if (!llw_file_is_regular(program)) {
        print_message("llwhy itself is not built: the command is not tried\n");
        skip();
    }
    char path[SCRATCH_MAX];
    int fd = mkstemp(scratch(path, "answers"));
    assert_true(fd >= 0);
    static const char answers[] = "# answers of a learner\n448\nyes\nd b a c\n-ub 512\n";
    assert_int_equal(write(fd, answers, sizeof answers - 1), sizeof answers - 1);
    close(fd);
    const char *text[] = {program, "teach", "05a", "--batch", path, NULL},
               *json[] = {program, "teach", "05a", "--batch", path, "--format", "json", NULL};
    llw_process p;
    llw_err err = {0};
    assert_int_equal(llw_process_run(f->arena, text, NULL, 1 << 20, 120, &p, &err), LLW_OK);
    assert_int_equal(p.exit_code, 1); /* one answer was wrong, one is missing */
    static const char *const parts[] = {"Case 05a-372-mib-short",
                                        "> 448\n",
                                        "Committed.",
                                        "Question 1: right.",
                                        "Question 2: wrong.",
                                        "A known mistake: \"-b and -ub are one setting\"",
                                        "Question 3: wrong.",
                                        "Question 4: right.",
                                        "The chain",
                                        "The mechanism",
                                        "The lesson",
                                        "What if: no answer.",
                                        "half right, 2 of 5 answers."};
    const char *at = p.out;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        at = strstr(at, parts[i]);
        if (!at) fail_msg("\"%s\" is missing, or not in its place, in\n%s", parts[i], p.out);
    }
    assert_null(strchr(p.out, '\x1b'));
    assert_int_equal(llw_process_run(f->arena, json, NULL, 1 << 20, 120, &p, &err), LLW_OK);
    json_t *root = json_loadb(p.out, p.len, 0, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "schema")), "llwhy.teach/1");
    assert_string_equal(json_string_value(json_object_get(root, "score")), "half");
    assert_int_equal(json_array_size(json_object_get(root, "answers")), 5);
    json_t *schema = json_load_file("docs/json/teach.schema.json", 0, NULL),
           *known = json_object_get(schema, "properties");
    const char *key;
    json_t *value;
    assert_non_null(known);
    json_object_foreach(root, key, value) if (!json_object_get(known, key))
        fail_msg("docs/json/teach.schema.json does not know '%s'", key);
    json_object_foreach(known, key, value) if (!json_object_get(root, key))
        fail_msg("'%s' of docs/json/teach.schema.json is not written", key);
    json_decref(schema);
    json_decref(root);
    remove(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_is_sound_and_graded),
        cmocka_unit_test(answers_of_people),
        cmocka_unit_test(a_fact_decides),
        cmocka_unit_test(plans_are_explained),
        cmocka_unit_test(edits_say_what_they_mean),
        cmocka_unit_test(a_sitting_has_its_parts),
        cmocka_unit_test(the_command_takes_a_file),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* Findings before they are printed: folding, identity, suppressions, baselines, and which tokens a machine
 * may replace. */
#include "base/file.h"
#include "explain/baseline.h"
#include "explain/fix.h"
#include "explain/suppress.h"
#include "render/page.h"
#include "source/launch/argv.h"
#include "source/config/config.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "box.h"

static llw_finding finding(const char *code, const char *lesson, const char *rule, llw_level level, int line,
                           int column, llw_entity launch) {
    return (llw_finding){.code = code,
                         .lesson = lesson,
                         .rule = rule,
                         .level = level,
                         .file = "compose.yml",
                         .line = line,
                         .column = column,
                         .message = rule,
                         .advice = "",
                         .where = "",
                         .subject = "-ngl",
                         .launch = launch,
                         .n_launches = 1,
                         .reason = "",
                         .until = ""};
}

/* --- folding and identity --- */

static void a_line_has_a_lesson_once_and_the_gravest_speaks(void **state) {
    (void)state;
    llw_findings f = {0};
    llw_findings_add(&f, arena, finding("L07", "07", "inherited", LLW_LEVEL_RISK, 9, 38, 1));
    llw_findings_add(&f, arena, finding("L07", "07", "inherited", LLW_LEVEL_RISK, 9, 38, 2));
    llw_findings_add(&f, arena, finding("L07", "07", "stops-fit", LLW_LEVEL_WRONG, 9, 38, 3));
    llw_findings_add(&f, arena,
                     finding("L07", "07", "stops-fit", LLW_LEVEL_WRONG, 9, 38, 3)); /* another device of it */
    llw_findings_add(&f, arena, finding("L05", "05", "oversized", LLW_LEVEL_WASTE, 9, 50, 1));
    llw_findings_add(&f, arena, finding("F12", "", "-b", LLW_LEVEL_RISK, 9, 60, 1));
    llw_findings_add(&f, arena, finding("F12", "", "-c", LLW_LEVEL_RISK, 9, 70, 1));
    llw_findings_add(&f, arena, finding("F12", "", "-c", LLW_LEVEL_RISK, 9, 70, 2));
    llw_finding accepted = finding("L07", "07", "stops-fit", LLW_LEVEL_WRONG, 9, 38, 4);
    accepted.accepted = LLW_ACCEPTED_INLINE;
    llw_findings_add(&f, arena, accepted);
    llw_findings_add(&f, arena, finding("L07", "07", "inherited", LLW_LEVEL_RISK, 3, 1, 1));
    llw_findings_fold(&f, arena);
    assert_int_equal(f.n, 6);
    assert_int_equal(f.items[0].line, 3);
    assert_int_equal(f.items[0].n_also, 0);
    for (size_t i = 1; i < 3; i++) { /* the accepted one stays apart */
        const llw_finding *l07 = &f.items[i];
        assert_string_equal(l07->rule, "stops-fit");
        assert_int_equal(l07->n_launches, 1);
        assert_int_equal(l07->n_also, l07->accepted ? 0 : 1);
        if (!l07->accepted) {
            assert_string_equal(l07->also[0].rule, "inherited");
            assert_int_equal(l07->also[0].n_launches, 2);
        }
    }
    assert_int_not_equal(f.items[1].accepted, f.items[2].accepted);
    assert_string_equal(f.items[3].code, "L05");
    assert_string_equal(f.items[4].rule, "-b");
    assert_string_equal(f.items[5].rule, "-c");
    assert_int_equal(f.items[5].n_launches, 2);
}

static void what_stands_on_no_line_is_told_by_its_rule(void **state) {
    (void)state;
    llw_findings f = {0};
    llw_findings_add(&f, arena, finding("L01", "01", "a", LLW_LEVEL_NOTE, 0, 0, 1));
    llw_findings_add(&f, arena, finding("L01", "01", "b", LLW_LEVEL_RISK, 0, 0, 1));
    llw_findings_fold(&f, arena);
    assert_int_equal(f.n, 2);
}

static void a_fingerprint_knows_no_line(void **state) {
    (void)state;
    char a[LLW_FINGERPRINT_MAX], b[LLW_FINGERPRINT_MAX];
    llw_finding x = finding("L07", "07", "inherited", LLW_LEVEL_RISK, 9, 38, 1),
                y = finding("L07", "07", "stops-fit", LLW_LEVEL_WRONG, 90, 1, 2);
    assert_string_equal(llw_finding_fingerprint(a, &x, "f"), llw_finding_fingerprint(b, &y, "f"));
    assert_int_equal(strlen(a), 32);
    assert_string_not_equal(llw_finding_fingerprint(b, &x, "g"), a);
    y.subject = "-ub";
    assert_string_not_equal(llw_finding_fingerprint(b, &y, "f"), a);
    y = x;
    y.code = "L0";
    assert_string_not_equal(llw_finding_fingerprint(b, &y, "7f"), llw_finding_fingerprint(a, &x, "f"));
}

static void a_subject_is_of_the_file_that_it_stands_in(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_entity launch = llw_facts_entity(facts, LLW_KIND_launch, "dir/models.conf:flash");
    assert_string_equal(llw_finding_subject(facts, arena, launch, "dir/models.conf", "-ub"), "flash: -ub");
    assert_string_equal(llw_finding_subject(facts, arena, launch, "docker-compose.yml", "-ub"), "-ub");
    assert_string_equal(llw_finding_subject(facts, arena, launch, "dir/models.con", "-ub"), "-ub");
    assert_string_equal(llw_finding_subject(facts, arena, 0, "", "  A  dense\n\tMODEL\x1b\xff "),
                        "a dense model\\x1b\\xff");
    llw_facts_free(facts);
}

/* --- suppressions --- */

static llw_pragmas pragmas_of(const char *name, const char *text) {
    llw_pragmas out = {0};
    llw_lines *lines = llw_lines_new(arena);
    llw_pragmas_read(llw_lines_get(lines, write_file(name, text)), "2026-06-01", arena, &out);
    return out;
}

static void pragmas_are_read_in_every_comment_style(void **state) {
    (void)state;
    static const struct {
        const char *name, *text;
        int from, to; /* 0, 0: no pragma at all */
        const char *codes, *reason, *until;
    } rows[] = {
        {"a.conf", "# llwhy ignore=L05 reason=\"long prompts\" until=2027-01-01\nX=1\n", 2, 2, "L05",
         "long prompts", "2027-01-01"},
        {"a.conf", "; llwhy ignore=L05,F03 reason='it''s'\nX=1\n", 2, 2, "L05,F03", "it",
         ""}, /* what follows the quote is amiss */
        {"a.json", "{ \"a\": 1 } // llwhy ignore=L05 reason=x\n", 1, 1, "L05", "x", ""},
        {"a.yml", "a: 1   # llwhy ignore=oversized-ubatch reason=x\n", 1, 1, "oversized-ubatch", "x", ""},
        {"a.yml", "a:\n  #llwhy ignore=L05 reason=x\n  b: 2\n", 3, 3, "L05", "x", ""},
        {"a.yml", "## llwhy  ignore=L05  reason=x\r\nb: 2\r\n", 2, 2, "L05", "x", ""},
        {"a.yml", "# llwhy ignore-file=L05 reason=x\nb: 2\n", 0, INT_MAX, "L05", "x", ""},
        {"a.md", "<!-- llwhy ignore=L03 reason=\"quoted\" -->\nIt is dense.\n", 2, 2, "L03", "quoted", ""},
        {"a.md", "<!-- llwhy ignore=L07 reason=\"old\" -->\n```sh\nx\ny\n```\nz\n", 2, 5, "L07", "old", ""},
        {"a.md", "<!-- llwhy ignore=L07 reason=\"old\" -->\n```sh\nx\n", 2, 2, "L07", "old", ""},
        {"a.md", "    # llwhy ignore=L03 reason=x\n", 0, 0, NULL, NULL, NULL}, /* an example in a page */
        {"a.yml", "url: http://llwhy ignore=L05\n", 0, 0, NULL, NULL, NULL},
        {"a.yml", "a#b: '# of llwhy ignore=L05'\n", 0, 0, NULL, NULL, NULL},
        {"a.sh", "# llwhy says that -ub = 512 is enough\n", 0, 0, NULL, NULL, NULL},
        {"Dockerfile", "# llwhy ignore=L07 reason=x\nENV A=1 \\\n    B=2 \\\n    C=3\nENV D=4\n", 2, 4, "L07",
         "x", ""},
        {"a.yml", "# llwhy ignore=L07 reason=x\ncommand: >-\n  a\n\n  b\nother: 1\n", 2, 5, "L07", "x", ""},
        {"a.yml", "# llwhy ignore=L07 reason=x\n", 2, 2, "L07", "x", ""}, /* speaks of nothing */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        llw_pragmas p = pragmas_of(rows[i].name, rows[i].text);
        if (p.n != (rows[i].codes ? 1 : 0)) fail_msg("row %zu: %zu pragmas", i, p.n);
        if (!p.n) continue;
        char codes[100] = "";
        for (size_t c = 0; c < p.items[0].n_codes; c++)
            snprintf(codes + strlen(codes), sizeof codes - strlen(codes), "%s%s", c ? "," : "",
                     p.items[0].codes[c]);
        if (p.items[0].from != rows[i].from || p.items[0].to != rows[i].to)
            fail_msg("row %zu: lines %d to %d", i, p.items[0].from, p.items[0].to);
        assert_string_equal(codes, rows[i].codes);
        assert_string_equal(p.items[0].reason, rows[i].reason);
        assert_string_equal(p.items[0].until, rows[i].until);
        if (i != 1 && p.items[0].problem) fail_msg("row %zu: %s", i, p.items[0].problem);
        if (i == 1) assert_non_null(p.items[0].problem);
    }
}

static void pragmas_that_cannot_be_read_say_why(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"# llwhy ignore= reason=x", "names no code"},
        {"# llwhy reason=x", "names no code"},
        {"# llwhy ignroe=L05", "has the key 'ignroe'"},
        {"# llwhy ignore=L05 until=soon", "no date"},
        {"# llwhy ignore=L05 until=2027-13-01", "no date"},
        {"# llwhy ignore=L05 because it is so", "not KEY=VALUE"},
        {"# llwhy ignore=L05 reason=\"open", "is not closed"},
        {"# llwhy ignore=L05 ignore=L07", "says ignore twice"},
        {"# llwhy ignore=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "more than 16"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        llw_pragmas p = pragmas_of("a.conf", rows[i][0]);
        assert_int_equal(p.n, 1);
        if (!p.items[0].problem || !strstr(p.items[0].problem, rows[i][1]))
            fail_msg("%s: %s", rows[i][0], p.items[0].problem ? p.items[0].problem : "(none)");
    }
}

static void stacked_pragmas_speak_of_the_same_line(void **state) {
    (void)state;
    llw_pragmas p = pragmas_of("a.conf", "# llwhy ignore=L05 reason=x\n# llwhy ignore=L07 "
                                         "reason=y\nA=1\nB=2\n# llwhy ignore=L01 reason=z\n\nC=3\n");
    assert_int_equal(p.n, 3);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(p.items[i].from, 3);
        assert_int_equal(p.items[i].to, 3);
    }
    assert_int_equal(p.items[2].from, 6);
}

static bool known(void *context, const char *code) {
    (void)context;
    return strcmp(code, "L99");
}

static bool open_question(void *context, const char *code, const char *file) {
    (void)context;
    (void)file;
    return !strcmp(code, "L02");
}

static void what_is_amiss_with_suppressions_is_told(void **state) {
    (void)state;
    llw_pragmas p =
        pragmas_of("compose.yml", "# llwhy ignore=L07,F99\n" /* 1: no reason; F99 is of no use */
                                  "A=1\n"                    /* 2 */
                                  "B=1 # llwhy ignore=L05 reason=x until=2026-05-31\n" /* 3: expired */
                                  "C=1 # llwhy ignore=L05 reason=x until=2026-06-01\n" /* 4: its last day */
                                  "D=1 # llwhy ignore=L99 reason=x\n"                  /* 5: unknown */
                                  "E=1 # llwhy ignore=L02 reason=x\n"                  /* 6: nobody can say */
                                  "F=1 # llwhy ignroe=L02 reason=x\n");                /* 7 */
    llw_findings f = {0};
    const char *path = llw_path_join(arena, box, "compose.yml");
    static const struct {
        const char *code, *lesson;
        int line;
    } found[] = {{"L07", "07", 2}, {"L05", "05", 2}, {"L05", "05", 3}, {"L05", "05", 4}, {"S01", "", 4}};
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        llw_finding one =
            finding(found[i].code, found[i].lesson, "rule", LLW_LEVEL_RISK, found[i].line, 1, 1);
        one.file = path;
        llw_findings_add(&f, arena, one);
    }
    llw_pragmas_apply(&p, &f);
    assert_int_equal(f.items[0].accepted, LLW_ACCEPTED_INLINE);
    assert_int_equal(f.items[1].accepted, LLW_REPORTED);
    assert_int_equal(f.items[2].accepted, LLW_REPORTED);
    assert_int_equal(f.items[3].accepted, LLW_ACCEPTED_INLINE);
    assert_string_equal(f.items[3].until, "2026-06-01");
    assert_int_equal(f.items[4].accepted, LLW_REPORTED);
    llw_findings told = {0};
    const llw_pragma_questions ask = {known, open_question, NULL};
    llw_pragmas_tell(&p, &ask, arena, &told);
    static const struct {
        const char *code;
        int line;
        llw_level level;
    } want[] = {{"S01", 1, LLW_LEVEL_NOTE},
                {"S03", 1, LLW_LEVEL_NOTE},
                {"S02", 3, LLW_LEVEL_NOTE},
                {"S04", 5, LLW_LEVEL_RISK},
                {"S04", 7, LLW_LEVEL_RISK}};
    assert_int_equal(told.n, sizeof want / sizeof *want);
    for (size_t i = 0; i < told.n; i++) {
        if (strcmp(told.items[i].code, want[i].code))
            fail_msg("%zu: %s, not %s: %s", i, told.items[i].code, want[i].code, told.items[i].message);
        assert_int_equal(told.items[i].line, want[i].line);
        assert_int_equal(told.items[i].level, want[i].level);
    }
    const char *const *codes = NULL;
    size_t n = llw_suppress_codes(&codes);
    for (size_t i = 0; i < n; i++) {
        llw_page page;
        assert_true(llw_page_find(NULL, arena, codes[i], &page));
        assert_true(strlen(page.claim) > 60);
    }
}

static void every_code_has_a_page(void **state) {
    (void)state;
    llw_kb *kb = llw_kb_load(NULL, 0, NULL);
    llw_page page;
    for (int code = 1; code < LLW_FLAG_CODES; code++) {
        const char *name = llw_flag_code_name((llw_flag_code)code);
        if (!llw_page_find(kb, arena, name, &page) || strcmp(page.code, name) || strlen(page.title) < 5 ||
            strlen(page.claim) < 20)
            fail_msg("%s has no page", name);
    }
    for (size_t i = 0; i < kb->n_lessons; i++) {
        const llw_lesson *l = kb->lessons[i];
        if (!llw_page_find(kb, arena, l->code, &page) || strcmp(page.name, l->id) || !*page.title ||
            !strstr(page.story, "## "))
            fail_msg("%s has no page", l->code);
        if (!page.n_sources || !*page.sources[0].what) fail_msg("%s cites nothing", l->code);
        assert_null(strstr(page.story, "\n---\n"));
    }
    assert_true(llw_page_find(kb, arena, "R01", &page) && strlen(page.claim) > 20);
    assert_false(llw_page_find(kb, arena, "X01", &page));
    assert_false(llw_page_find(kb, arena, "", &page));
    llw_kb_free(kb);
}

/* --- baselines --- */

static void a_baseline_accepts_what_it_holds_and_nothing_graver(void **state) {
    (void)state;
    const char *path = llw_path_join(arena, box, "baseline.json"),
               *compose = write_file("compose.yml", "x\n");
    llw_findings f = {0};
    llw_finding one = finding("L07", "07", "inherited", LLW_LEVEL_RISK, 9, 38, 1);
    one.file = compose;
    llw_findings_add(&f, arena, one);
    one.line = 12;
    llw_findings_add(&f, arena, one);
    one.accepted = LLW_ACCEPTED_INLINE;
    one.code = "L05";
    llw_findings_add(&f, arena, one);
    size_t n = 0;
    llw_err err = {0};
    assert_int_equal(llw_baseline_write(path, &f, arena, &n, &err), LLW_OK);
    assert_int_equal(n, 2);
    assert_string_equal(read_back(path),
                        "{\n \"schema\": \"llwhy.baseline/1\",\n \"findings\": [\n  {\n   \"code\": "
                        "\"L07\",\n   \"file\": \"compose.yml\",\n   "
                        "\"subject\": \"-ngl\",\n   \"level\": \"risk\",\n   \"count\": 2\n  }\n ]\n}\n");
    llw_baseline b;
    assert_int_equal(llw_baseline_read(path, arena, &b, &err), LLW_OK);
    for (size_t i = 0; i < f.n; i++) f.items[i].line += 100; /* lines move */
    f.items[2].accepted = LLW_REPORTED;
    llw_baseline_apply(&b, arena, &f);
    assert_int_equal(f.items[0].accepted, LLW_ACCEPTED_BASELINE);
    assert_int_equal(f.items[1].accepted, LLW_ACCEPTED_BASELINE);
    assert_int_equal(f.items[2].accepted, LLW_REPORTED);
    llw_findings told = {0};
    llw_baseline_tell(&b, arena, &told);
    assert_int_equal(told.n, 0);
    assert_int_equal(llw_baseline_read(path, arena, &b, &err), LLW_OK);
    f.items[0].accepted = f.items[1].accepted = LLW_REPORTED;
    f.items[0].level = LLW_LEVEL_WRONG; /* it got worse: told again */
    llw_baseline_apply(&b, arena, &f);
    assert_int_equal(f.items[0].accepted, LLW_REPORTED);
    assert_int_equal(f.items[1].accepted, LLW_ACCEPTED_BASELINE);
    llw_baseline_tell(&b, arena, &told);
    assert_int_equal(told.n, 1);
    assert_string_equal(told.items[0].code, "S05");
}

static void files_that_are_no_baseline_are_refused(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"", "is no JSON"},
        {"{\"schema\":\"llwhy.baseline/1\",\n\"findings\":[}", "is no JSON"},
        {"[]", "is no baseline"},
        {"{\"schema\":\"llwhy.lint/1\",\"findings\":[]}", "is no baseline"},
        {"{\"schema\":\"llwhy.baseline/1\",\"findings\":[{\"code\":\"L07\"}]}", "finding 1 needs"},
        {"{\"schema\":\"llwhy.baseline/"
         "1\",\"findings\":[{\"code\":\"L07\",\"file\":\"a\",\"subject\":\"\",\"level\":\"bad\"}]}",
         "finding 1 needs"},
        {"{\"schema\":\"llwhy.baseline/"
         "1\",\"findings\":[{\"code\":\"L07\",\"file\":\"a\",\"subject\":\"\",\"level\":\"risk\",\"count\":0}"
         "]}",
         "count of finding 1"},
    };
    llw_baseline b;
    llw_err err;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(llw_baseline_read(write_file("b.json", rows[i][0]), arena, &b, &err), LLW_ERR_INPUT);
        if (!strstr(err.text, rows[i][1])) fail_msg("%zu: %s", i, err.text);
    }
    assert_int_equal(llw_baseline_read("/nonexistent/b.json", arena, &b, &err), LLW_ERR_NOTHING);
}

/* --- repairs --- */

static const char small_rules[] =
    "lesson \"05-ub\" { claim = \"c\" }\n"
    "rule \"large\" {\n"
    "  level = \"risk\",\n"
    "  each = { l = \"launch\" },\n"
    "  when = { \"l.ubatch > 512\" },\n"
    "  find = \"large\",\n"
    "  try = { [\"l.ubatch\"] = \"512\" },\n"
    "  tests = { fires { launch { ubatch = 2048 } }, silent { stops_at = \"l.ubatch > 512\" }, undecided { "
    "launch { ubatch = unknown }, "
    "needs = \"l.ubatch\" } },\n"
    "}\n"
    "rule \"layers\" {\n"
    "  level = \"risk\",\n"
    "  each = { l = \"launch\" },\n"
    "  when = { \"l.gpu_layers > 0\" },\n"
    "  find = \"layers\",\n"
    "  try = { [\"l.gpu_layers\"] = \"-1\", [\"l.override_tensor\"] = \"''\" },\n"
    "  tests = { fires { launch { gpu_layers = 9 } }, silent { stops_at = \"l.gpu_layers > 0\" }, undecided "
    "{ launch { gpu_layers = unknown "
    "}, needs = \"l.gpu_layers\" } },\n"
    "}\n";

/* A file, what beside it, and the line of the repaired file; NULL: a machine may not repair it. */
static const struct {
    const char *name, *text, *beside, *beside_text, *want;
} repairs[] = {
#define MODEL "[m]\nMODEL=m.gguf\n"
    {"m.conf", MODEL "EXTRA_ARGS=-ub 2048 --jinja\n", NULL, NULL, "EXTRA_ARGS=-ub 512 --jinja\n"},
    {"m.conf", MODEL "EXTRA_ARGS=-b 2048\t-ub\t2048\r\n", NULL, NULL, "EXTRA_ARGS=-b 2048\t-ub\t512\r\n"},
    {"m.conf", MODEL "EXTRA_ARGS=--alias \xc3\xbc\xe2\x82\xac -ub 2048", NULL, NULL,
     "EXTRA_ARGS=--alias \xc3\xbc\xe2\x82\xac -ub 512"},
    {"m.conf", "\xef\xbb\xbf[m]\nMODEL=m.gguf\nUBATCH_SIZE=2048\n", NULL, NULL, "UBATCH_SIZE=512\n"},
    {"m.conf", MODEL "EXTRA_ARGS=-ub 2048x\n", NULL, NULL, NULL}, /* llama.cpp reads 2048 of it */
    {"m.conf", MODEL "EXTRA_ARGS=-ub 2048 -ub 1024\n", NULL, NULL,
     "EXTRA_ARGS=-ub 2048 -ub 512\n"}, /* the last one counts */
    {"m.conf", MODEL "N_GPU_LAYERS=99\n", NULL, NULL, "N_GPU_LAYERS=auto\n"},
    {"m.conf", MODEL "N_GPU_LAYERS=99\nEXTRA_ARGS=-ot exps=CPU\n", NULL, NULL,
     NULL}, /* two knobs, and one of them by leaving it out */
    {".env", "LLAMA_ARG_UBATCH=\"2048\"\n", NULL, NULL, "LLAMA_ARG_UBATCH=\"512\"\n"},
    {".env", "LLAMA_ARG_UBATCH=2048 # why\n", NULL, NULL, "LLAMA_ARG_UBATCH=512 # why\n"},
    {"compose.yml",
     "services:\n  llama:\n    image: ghcr.io/ggml-org/llama.cpp:server\n    command: [\"-m\", \"m.gguf\", "
     "-ub, \"2048\"]\n",
     NULL, NULL, "    command: [\"-m\", \"m.gguf\", -ub, \"512\"]\n"},
    {"compose.yml",
     "services:\n  llama:\n    image: ghcr.io/ggml-org/llama.cpp:server\n    command: -m m.gguf -ub "
     "${UB:-2048}\n",
     NULL, NULL, "    command: -m m.gguf -ub ${UB:-512}\n"},
    {"compose.yml",
     "services:\n  llama:\n    image: ghcr.io/ggml-org/llama.cpp:server\n    command: -m m.gguf -ub "
     "${A:-${B:-2048}}\n",
     NULL, NULL, NULL},
    {"compose.yml",
     "services:\n  llama:\n    image: ghcr.io/ggml-org/llama.cpp:server\n    command: -m m.gguf -ub "
     "${A:-20}48\n",
     NULL, NULL, NULL},
    {"compose.yml",
     "services:\n  llama:\n    image: ghcr.io/ggml-org/llama.cpp:server\n    environment:\n      "
     "LLAMA_ARG_UBATCH: 2048\n    command: -m m.gguf\n",
     NULL, NULL, "      LLAMA_ARG_UBATCH: 512\n"},
    {"Dockerfile", "FROM ghcr.io/ggml-org/llama.cpp:server\nCMD [\"-m\", \"m.gguf\", \"-ub\", \"2048\"]\n",
     NULL, NULL, "CMD [\"-m\", \"m.gguf\", \"-ub\", \"512\"]\n"},
    {"Dockerfile", "FROM debian\nENV UB=2048\nCMD exec llama-server -m m.gguf -ub $UB\n", NULL, NULL,
     "ENV UB=512\n"},
    {"Dockerfile", "FROM debian\nCMD exec llama-server -m m.gguf -ub 2048; true\n", NULL, NULL,
     "CMD exec llama-server -m m.gguf -ub 512; true\n"},
};

static const char *repaired(const llw_kb *kb, const llw_flags *flags, size_t row, const char **why) {
    const char *path = write_file(repairs[row].name, repairs[row].text), *result = NULL;
    llw_facts *facts = llw_facts_new();
    llw_config_result config = {0};
    llw_config_options options = {.flags = flags};
    llw_err err = {0};
    if (llw_source_config(facts, path, &options, &config, &err) != LLW_OK) fail_msg("%s", err.text);
    llw_run *run = llw_run_new(kb, facts);
    llw_findings found = {0};
    llw_lines *lines = llw_lines_new(arena);
    llw_findings_collect(run, NULL, NULL, arena, &found);
    *why = found.n ? "no repair" : "nothing found";
    for (size_t i = 0; i < found.n; i++) {
        const llw_fix *fix = llw_fix_plan(run, &found.items[i], flags, lines, arena);
        if (!fix) continue;
        llw_text out = {0};
        assert_int_equal(llw_fix_apply(llw_lines_get(lines, path), &fix, NULL, 1, &out), 1);
        result = llw_arena_strdup(arena, llw_text_str(&out));
        assert_int_equal(out.len + fix->len,
                         strlen(repairs[row].text) + strlen(fix->text)); /* nothing else moved */
        llw_text_fini(&out);
        assert_false(llw_fix_holds(facts, fix));
    }
    llw_run_free(run);
    llw_facts_free(facts);
    unlink(path);
    return result;
}

static void a_machine_replaces_one_token_or_nothing(void **state) {
    (void)state;
    llw_flags flags;
    assert_int_equal(llw_flags_load(&flags, NULL), LLW_OK);
    llw_kb *kb = llw_kb_new();
    llw_kb_add_file(kb, "05-ub.lua", small_rules, sizeof small_rules - 1);
    llw_kb_order(kb);
    if (kb->n_problems) fail_msg("%s", kb->problems[0].text);
    for (size_t i = 0; i < sizeof repairs / sizeof *repairs; i++) {
        const char *why = "", *now = repaired(kb, &flags, i, &why);
        if (!now != !repairs[i].want) fail_msg("row %zu: %s", i, now ? now : why);
        if (!now && strcmp(why, "no repair")) fail_msg("row %zu: %s", i, why);
        if (now && !strstr(now, repairs[i].want)) fail_msg("row %zu: %s", i, now);
    }
    llw_kb_free(kb);
}

static void overlapping_repairs_are_made_once(void **state) {
    (void)state;
    const llw_lines_file *file = llw_lines_get(llw_lines_new(arena), write_file("o", "a 2048 b 99 c"));
    llw_fix x = {.file = file->path, .offset = 2, .len = 4, .text = "512"}, y = x,
            z = {.file = file->path, .offset = 9, .len = 2, .text = "auto"};
    llw_fix other = {.file = "elsewhere", .offset = 0, .len = 1, .text = "!"},
            overlapping = {.file = file->path, .offset = 4, .len = 3, .text = "?"};
    const llw_fix *all[] = {&z, &x, &y, &overlapping, &other};
    const bool chosen[] = {true, false, true, false, true};
    llw_text out = {0};
    assert_int_equal(llw_fix_apply(file, all, NULL, 5, &out), 2);
    assert_string_equal(llw_text_str(&out), "a 512 b auto c");
    llw_text_fini(&out);
    assert_int_equal(llw_fix_apply(file, all, chosen, 5, &out), 2);
    assert_string_equal(llw_text_str(&out), "a 512 b auto c");
    llw_text_fini(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_has_a_lesson_once_and_the_gravest_speaks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_stands_on_no_line_is_told_by_its_rule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_fingerprint_knows_no_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_subject_is_of_the_file_that_it_stands_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pragmas_are_read_in_every_comment_style, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pragmas_that_cannot_be_read_say_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stacked_pragmas_speak_of_the_same_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_amiss_with_suppressions_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_code_has_a_page, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_baseline_accepts_what_it_holds_and_nothing_graver, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(files_that_are_no_baseline_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_machine_replaces_one_token_or_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(overlapping_repairs_are_made_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

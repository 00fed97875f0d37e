/* Every format of lint, to the letter: one report against tests/golden/lint, SARIF against what its schema
 * demands, and hostile strings that must not get out of their place. LLW_BLESS=1 writes the golden files
 * anew. */
#include "base/file.h"
#include "render/lint.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "format_checks.h"
#include "sarif.h"

#define TREE "tests/golden/lint/tree/"

static llw_arena *arena;
static uint32_t seed_now; /* of the hostile report being checked */

static int set_up(void **state) {
    (void)state;
    arena = llw_arena_new();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    if (seed_now) print_message("with the strings of seed %u\n", seed_now);
    llw_arena_free(arena);
    return 0;
}

/* --- one report --- */

static const llw_page_source sources[] = {{"lesson 7 as the team wrote it",
                                           "github.com/example/llama docs/lessons.md, commit 1234567",
                                           "2026-02-23"},
                                          {"measured on the machine", "a log", "2026-02-16"}};

static bool page_of(void *context, const char *code, llw_page *out) {
    (void)context;
    if (!strcmp(code, "L07"))
        *out = (llw_page){"L07",
                          "07-no-hardcoded-layers",
                          "Do not write a layer count down",
                          "A layer count in a file stops fit.",
                          "# Do not write a layer count down\n\nIt stops `--fit`.\n",
                          sources,
                          2,
                          LLW_LEVEL_WRONG};
    else if (!strcmp(code, "F15"))
        *out = (llw_page){"F15", "F15", "option given twice", "The last one counts.", "",
                          NULL,  0,     LLW_LEVEL_NOTE};
    else
        return false;
    return true;
}

static const llw_finding_step steps[] = {
    {"launch " TREE "models.conf:flash", TREE "models.conf", 1, 2},
    {"Dockerfile ENV: -ngl 99, replaced", "tests/golden/lint/Docker file", 8, 18},
    {"Compose default: -ngl 99, which counts", TREE "docker-compose.yml", 5, 47},
    {"not loads (no) [predicted]", "", 0, 0},
};
static const char *const because[] = {"not loads (no) [predicted]",
                                      "-ngl (99) > 0 [Compose default " TREE "docker-compose.yml:5:47]"};
static const llw_fix fix = {.file = TREE "docker-compose.yml",
                            .line = 5,
                            .column = 47,
                            .offset = 127,
                            .len = 2,
                            .was = "99",
                            .text = "auto"};
static llw_finding also[] = {{.code = "L07",
                              .lesson = "07-no-hardcoded-layers",
                              .rule = "layer-count-in-infrastructure",
                              .level = LLW_LEVEL_RISK,
                              .file = TREE "docker-compose.yml",
                              .line = 5,
                              .column = 47,
                              .message = "-ngl 99 comes from a file that every profile inherits",
                              .advice = "write -ngl auto",
                              .where = "",
                              .subject = "-ngl",
                              .n_launches = 3,
                              .reason = "",
                              .until = ""}};

static llw_findings reported(void) {
    llw_findings f = {0};
    llw_findings_add(&f, arena,
                     (llw_finding){.code = "L07",
                                   .lesson = "07-no-hardcoded-layers",
                                   .rule = "flags-stop-fit",
                                   .level = LLW_LEVEL_WRONG,
                                   .file = TREE "docker-compose.yml",
                                   .line = 5,
                                   .column = 47,
                                   .message = "--fit gave up: -ngl 99 was given, 100% of it <here>",
                                   .because = because,
                                   .n_because = 2,
                                   .steps = steps,
                                   .n_steps = 4,
                                   .advice = "write -ngl auto",
                                   .subject = "-ngl",
                                   .launch = 1,
                                   .where = TREE "models.conf:flash",
                                   .n_launches = 2,
                                   .also = also,
                                   .n_also = 1,
                                   .reason = "",
                                   .until = "",
                                   .fix = &fix});
    llw_findings_add(&f, arena,
                     (llw_finding){.code = "L05",
                                   .lesson = "05-ub-is-not-b",
                                   .rule = "oversized-ubatch",
                                   .level = LLW_LEVEL_WASTE,
                                   .file = TREE "docker-compose.yml",
                                   .line = 8,
                                   .column = 47,
                                   .message = "-ub 2048 reserves memory",
                                   .advice = "",
                                   .subject = "-ub",
                                   .where = TREE "docker-compose.yml:llama",
                                   .n_launches = 1,
                                   .reason = "",
                                   .until = ""});
    llw_findings_add(&f, arena,
                     (llw_finding){.code = "F15",
                                   .lesson = "",
                                   .rule = "-ub",
                                   .level = LLW_LEVEL_NOTE,
                                   .file = TREE "models.conf",
                                   .line = 3,
                                   .column = 28,
                                   .message = "-ub is given twice",
                                   .advice = "give it once",
                                   .subject = "flash: -ub",
                                   .where = TREE "models.conf:flash",
                                   .n_launches = 1,
                                   .reason = "",
                                   .until = ""});
    return f;
}

static llw_findings accepted(void) {
    llw_findings f = {0};
    llw_findings_add(&f, arena,
                     (llw_finding){.code = "L05",
                                   .lesson = "05-ub-is-not-b",
                                   .rule = "oversized-ubatch",
                                   .level = LLW_LEVEL_WASTE,
                                   .file = TREE "models.conf",
                                   .line = 3,
                                   .column = 28,
                                   .message = "-ub 1024 reserves memory",
                                   .advice = "write -ub 512",
                                   .subject = "flash: -ub",
                                   .where = "",
                                   .n_launches = 1,
                                   .accepted = LLW_ACCEPTED_INLINE,
                                   .reason = "prompts of 30k tokens",
                                   .until = "2027-01-01"});
    llw_findings_add(&f, arena,
                     (llw_finding){.code = "L07",
                                   .lesson = "07-no-hardcoded-layers",
                                   .rule = "a",
                                   .level = LLW_LEVEL_RISK,
                                   .file = TREE "models.conf",
                                   .line = 2,
                                   .column = 7,
                                   .message = "m",
                                   .advice = "",
                                   .subject = "s",
                                   .where = "",
                                   .n_launches = 1,
                                   .accepted = LLW_ACCEPTED_BASELINE,
                                   .reason = "in the baseline",
                                   .until = ""});
    llw_findings_sort(&f);
    return f;
}

static const char *render(const char *format, const llw_findings *findings, const llw_findings *taken,
                          const llw_config_result *config, size_t *len) {
    const llw_style style = {.color = false, .utf8 = true, .width = 100};
    const llw_lint_report report = {.findings = findings,
                                    .accepted = taken,
                                    .config = config,
                                    .lines = llw_lines_new(arena),
                                    .arena = arena,
                                    .version = "1.2.3",
                                    .baseline = taken->n > 0,
                                    .page = page_of};
    llw_text out = {0};
    llw_lint_renderer *renderer = llw_lint_format(format);
    assert_non_null(renderer);
    renderer(&out, &style, &report);
    *len = out.len;
    const char *copy = llw_arena_strndup(arena, llw_text_str(&out), out.len);
    llw_text_fini(&out);
    return copy;
}

static const char *const formats[] = {"text",   "gcc",    "json",  "jsonl",      "sarif",
                                      "github", "gitlab", "junit", "checkstyle", "markdown"};
static const char *files[] = {TREE "docker-compose.yml", TREE "models.conf", "tests/golden/lint/clean.env"};
static llw_unread unread[] = {
    {TREE "models.conf", 9, "the line is neither KEY=VALUE, [section] nor a # comment"},
    {"elsewhere.yml", 0, "has 5 & more"}};
static const llw_config_result config = {
    .files = files, .n_files = 3, .unread = unread, .n_unread = 2, .n_launches = 4};

static void every_format_is_as_it_was(void **state) {
    (void)state;
    llw_findings findings = reported(), taken = accepted();
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        size_t len = 0, want_len = 0;
        const char *out = render(formats[i], &findings, &taken, &config, &len);
        const char *path = llw_arena_printf(arena, "tests/golden/lint/report.%s", formats[i]);
        if (getenv("LLW_BLESS")) assert_int_equal(llw_file_replace(path, out, len, NULL), LLW_OK);
        char *want = NULL;
        assert_int_equal(llw_file_read(arena, path, 1 << 20, &want, &want_len, NULL), LLW_OK);
        if (len != want_len || memcmp(out, want, len)) fail_msg("%s is now:\n%s", path, out);
    }
}

static void secrets_are_not_quoted(void **state) {
    (void)state;
    llw_findings findings = reported(), none = {0};
    findings.items[1].line = 6;
    findings.items[1].column = 7;
    llw_findings_add(&findings, arena, findings.items[1]);
    findings.items[3].line = 8;
    llw_findings_sort(&findings);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        size_t len = 0;
        const char *out = render(formats[i], &findings, &none, &config, &len);
        assert_null(strstr(out, "hunter2"));
        assert_null(strstr(out, "0123456789abcdef"));
        if (!i) assert_non_null(strstr(out, "\"-ub\", \"2048\", \"--api-key\", \"*******\"]"));
        if (!i) assert_non_null(strstr(out, "HF_TOKEN: *******************"));
    }
}

static void names_of_formats(void **state) {
    (void)state;
    assert_null(llw_lint_format("xml"));
    assert_null(llw_lint_format(""));
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        assert_non_null(strstr(llw_lint_formats, formats[i]));
}

static void sarif_is_what_its_schema_demands(void **state) {
    (void)state;
    llw_findings findings = reported(), taken = accepted(), none = {0};
    size_t len = 0;
    json_t *root =
        json_loads(render("sarif", &findings, &taken, &config, &len), JSON_REJECT_DUPLICATES, NULL);
    sarif_check(root);
    json_t *run = json_array_get(json_object_get(root, "runs"), 0),
           *result = json_array_get(json_object_get(run, "results"), 0);
    assert_int_equal(json_array_size(json_object_get(run, "results")), 5);
    assert_string_equal(json_string_value(json_object_get(result, "ruleId")), "L07");
    json_t *rule =
        json_array_get(json_object_get(json_object_get(json_object_get(run, "tool"), "driver"), "rules"),
                       (size_t)json_integer_value(json_object_get(result, "ruleIndex")));
    assert_string_equal(json_string_value(json_object_get(rule, "id")), "L07");
    const char *help = json_string_value(json_object_get(json_object_get(rule, "help"), "markdown"));
    assert_non_null(strstr(help, "It stops `--fit`."));
    assert_non_null(strstr(help, "lesson 7 as the team wrote it"));
    json_t *flow = json_object_get(
        json_array_get(
            json_object_get(json_array_get(json_object_get(result, "codeFlows"), 0), "threadFlows"), 0),
        "locations");
    assert_int_equal(json_array_size(flow), 5); /* the four steps and the finding itself */
    bool compose = false, cited = false;
    size_t i;
    json_t *place;
    json_array_foreach(json_object_get(result, "relatedLocations"), i, place) {
        const char *uri = json_string_value(json_object_get(
            json_object_get(json_object_get(place, "physicalLocation"), "artifactLocation"), "uri"));
        compose |= !strcmp(uri, "tests/golden/lint/Docker%20file");
        cited |= !strcmp(uri, "https://github.com/example/llama");
    }
    assert_true(compose && cited);
    json_t *suppressed = NULL;
    json_array_foreach(json_object_get(run, "results"), i, result) {
        json_t *suppressions = json_object_get(result, "suppressions");
        if (suppressions &&
            !strcmp(json_string_value(json_object_get(json_array_get(suppressions, 0), "kind")), "inSource"))
            suppressed = suppressions;
    }
    assert_string_equal(json_string_value(json_object_get(json_array_get(suppressed, 0), "justification")),
                        "prompts of 30k tokens");
    json_decref(root);
    root = json_loads(render("sarif", &none, &none, &(llw_config_result){0}, &len), 0, NULL);
    sarif_check(root);
    json_decref(root);
}

static void sarif_stays_within_what_is_accepted(void **state) {
    (void)state;
    enum { MANY = 25010 };
    llw_findings many = {0}, none = {0};
    for (int i = 0; i < MANY; i++)
        llw_findings_add(&many, arena,
                         (llw_finding){.code = "F15",
                                       .lesson = "",
                                       .rule = "-ub",
                                       .level = i < MANY - 5 ? LLW_LEVEL_NOTE : LLW_LEVEL_WRONG,
                                       .file = TREE "models.conf",
                                       .line = 1,
                                       .column = 1,
                                       .message = "m",
                                       .advice = "",
                                       .subject = "s",
                                       .where = "",
                                       .n_launches = 1,
                                       .reason = "",
                                       .until = ""});
    size_t len = 0;
    json_t *root = json_loads(render("sarif", &many, &none, &config, &len), 0, NULL);
    json_t *run = json_array_get(json_object_get(root, "runs"), 0),
           *results = json_object_get(run, "results");
    assert_int_equal(json_array_size(results), 25000);
    assert_string_equal(json_string_value(json_object_get(json_array_get(results, 0), "level")),
                        "error"); /* the gravest are kept */
    json_t *told =
        json_object_get(json_array_get(json_object_get(run, "invocations"), 0), "toolExecutionNotifications");
    const char *last = json_string_value(
        json_object_get(json_object_get(json_array_get(told, json_array_size(told) - 1), "message"), "text"));
    assert_non_null(strstr(last, "10 findings more"));
    json_decref(root);
}

/* --- hostile strings --- */

static const char *const evil[] = {
    "\n::error file=x::owned",
    "\r\n##[error]x",
    "%0A::stop-commands::t",
    "a,line=1,title=x::y",
    "</failure><script>alert(1)</script>",
    "]]>",
    "&lt;&#0;&bogus;",
    "\"'><",
    "\x1b]0;title\x07\x1b[31m",
    "\x01\x02\x7f",
    "\xc2\x9b"
    "31m",
    "\xff\xfe broken \xc3",
    "\xed\xa0\x80",
    "\xe2\x80\xae"
    "txt.exe",
    "\xef\xbb\xbf",
    "\xef\xbf\xbe\xef\xbf\xbf",
    "| a | b |",
    "```\n# head\n",
    "`` `",
    "[x](javascript:alert(1))",
    "![x](http://evil.example/t.png)",
    "<img src=x onerror=y>",
    "@everyone #1 https://evil.example www.evil.example",
    "\\",
    "\\u0000",
    "{\"a\":1}",
    "%s%n%d",
    "../../etc/passwd",
    "file:///etc/passwd?x#y",
    "C:\\x y",
    "",
    "\xf0\x9f\xa6\x99 \xce\xb1\xce\xb2",
    "\t",
    "-->",
    "<!-- -->",
    "${{ secrets.TOKEN }}",
    "\n\n",
    "- item",
    "# llwhy ignore=L05",
};
enum { N_EVIL = sizeof evil / sizeof *evil };

static const char *pick(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return evil[(*seed >> 8) % N_EVIL];
}

/* Two of them in a row. */
static const char *mix(uint32_t *seed) {
    const char *a = pick(seed);
    return llw_arena_printf(arena, "%s%s", a, pick(seed));
}

static bool is_utf8(const char *text, size_t len) {
    json_t *s = json_stringn(text, len);
    json_decref(s);
    return s != NULL;
}

/* Nothing that steers a terminal, nothing that is no text. */
static void check_bytes(const char *format, const char *out, size_t len) {
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)out[i];
        if ((c < 0x20 && c != '\n' && !(c == '\t' && !strcmp(format, "text"))) ||
            (c == 0x7f && !strstr(format, "json")))
            fail_msg("%s: byte %02x at %zu: %.60s", format, c, i, out + i);
    }
    if (!is_utf8(out, len)) fail_msg("%s is no UTF-8", format);
    if (strstr(format, "json")) return; /* a reader of JSON gets what was there, escaped */
    static const char *const marks[] = {"\xe2\x80\xae", "\xc2\x9b", "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (strstr(out, marks[i])) fail_msg("%s lets a mark through", format);
}

static size_t distinct_files(const llw_findings *f) {
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) n += !i || strcmp(f->items[i].file, f->items[i - 1].file);
    return n;
}

static void check_hostile(uint32_t seed) {
    enum { N = 12, N_STEPS = 3 };
    llw_findings findings = {0}, taken = {0};
    for (int i = 0; i < N; i++) {
        llw_finding_step *chain = llw_arena_alloc(arena, N_STEPS * sizeof *chain);
        const char **reasons = llw_arena_alloc(arena, N_STEPS * sizeof *reasons);
        for (int k = 0; k < N_STEPS; k++) {
            chain[k] = (llw_finding_step){mix(&seed), k ? mix(&seed) : "", k, k};
            reasons[k] = mix(&seed);
        }
        llw_finding *other = llw_arena_alloc(arena, sizeof *other);
        *other = (llw_finding){.code = "L05",
                               .lesson = "x",
                               .rule = mix(&seed),
                               .level = LLW_LEVEL_RISK,
                               .file = "",
                               .message = mix(&seed),
                               .advice = mix(&seed),
                               .where = "",
                               .subject = "",
                               .n_launches = 1,
                               .reason = "",
                               .until = ""};
        llw_finding f = {.code = i % 3 ? "L07" : mix(&seed),
                         .lesson = mix(&seed),
                         .rule = mix(&seed),
                         .level = (llw_level)(1 + i % 4),
                         .file = mix(&seed),
                         .line = i % 5,
                         .column = i % 4,
                         .message = mix(&seed),
                         .because = reasons,
                         .n_because = N_STEPS,
                         .steps = chain,
                         .n_steps = N_STEPS,
                         .advice = mix(&seed),
                         .subject = mix(&seed),
                         .where = mix(&seed),
                         .n_launches = 1 + (size_t)i,
                         .also = other,
                         .n_also = 1,
                         .reason = "",
                         .until = ""};
        f.accepted = i % 4 == 3 ? LLW_ACCEPTED_INLINE : LLW_REPORTED;
        if (f.accepted) f.reason = mix(&seed);
        llw_findings_add(f.accepted ? &taken : &findings, arena, f);
    }
    llw_findings_sort(&findings);
    llw_findings_sort(&taken);
    const char *names[] = {mix(&seed), "a.yml"};
    llw_unread bad[] = {{mix(&seed), 3, mix(&seed)}};
    llw_config_result odd = {.files = names, .n_files = 2, .unread = bad, .n_unread = 1, .n_launches = 1};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        size_t len = 0;
        const char *out = render(formats[i], &findings, &taken, &odd, &len);
        check_bytes(formats[i], out, len);
        json_t *root = NULL;
        if (!strcmp(formats[i], "gcc")) assert_int_equal(count_lines(out), findings.n + 1);
        if (!strcmp(formats[i], "jsonl")) assert_int_equal(count_lines(out), findings.n + taken.n + 2);
        if (!strcmp(formats[i], "github")) check_github(out, findings.n + 1);
        if (!strcmp(formats[i], "checkstyle"))
            assert_int_equal(check_xml(formats[i], out, "error"), findings.n);
        if (!strcmp(formats[i], "junit")) check_xml(formats[i], out, "testcase");
        if (!strcmp(formats[i], "markdown")) check_markdown(out, distinct_files(&findings) + 1);
        if (!strcmp(formats[i], "json") || !strcmp(formats[i], "sarif") || !strcmp(formats[i], "gitlab")) {
            root = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
            assert_non_null(root);
        }
        if (!strcmp(formats[i], "sarif")) sarif_check(root);
        if (!strcmp(formats[i], "gitlab")) assert_int_equal(json_array_size(root), findings.n);
        json_decref(root);
    }
}

static void hostile_strings_stay_in_their_place(void **state) {
    (void)state;
    for (seed_now = 1; seed_now <= 100; seed_now++) {
        llw_arena_free(arena);
        arena = llw_arena_new();
        check_hostile(seed_now * 2654435761u);
    }
    seed_now = 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_format_is_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(secrets_are_not_quoted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_of_formats, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sarif_is_what_its_schema_demands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sarif_stays_within_what_is_accepted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hostile_strings_stay_in_their_place, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* llwhy lint as a program: the chain, every format over a real tree, suppressions, baselines, repairs, exit
 * codes. Runs the binary in copies of tests/fixtures/lint; the machine is described, so nothing depends on
 * where it runs. */
#include "base/process.h"
#include "base/text.h"

#include <jansson.h>
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
#include "sarif.h"

#define FIXTURES LLW_SOURCE_DIR "/tests/fixtures/lint/"
#define BINARY LLW_BINARY_DIR "/llwhy"

/* --- files of the box --- */

static const char *in_box(const char *name) {
    return llw_path_join(arena, box, name);
}

static void copy_tree(const char *fixture) {
    const char *from = llw_arena_printf(arena, FIXTURES "%s", fixture);
    char **names = NULL;
    size_t n = 0;
    assert_int_equal(llw_directory_list(arena, from, &names, &n, NULL), LLW_OK);
    for (size_t i = 0; i < n; i++) write_file(names[i], read_back(llw_path_join(arena, from, names[i])));
}

/* The text with the first `what` replaced. */
static const char *with(const char *text, const char *what, const char *by) {
    const char *at = strstr(text, what);
    if (!at) fail_msg("there is no '%s'", what);
    return llw_arena_printf(arena, "%.*s%s%s", (int)(at - text), text, by, at + strlen(what));
}

static void edit(const char *name, const char *what, const char *by) {
    write_file(name, with(read_back(in_box(name)), what, by));
}

/* --- runs --- */

static int exit_code;

/* What `llwhy lint . ARGUMENTS` prints in the box; the last argument is NULL. exit_code holds how it ended.
 */
static const char *lint(const char *first, ...) {
    const char *argv[40] = {"env",
                            "-C",
                            box,
                            "SOURCE_DATE_EPOCH=1780315200",
                            "LC_ALL=C.UTF-8",
                            "COLUMNS=200",
                            "HOME=/nonexistent",
                            "XDG_CONFIG_HOME=",
                            BINARY,
                            "lint",
                            ".",
                            "--gpu",
                            "24564:23671",
                            "--ram",
                            "64205"}; /* 2026-06-01 */
    size_t n = 15;
    va_list more;
    va_start(more, first);
    for (const char *word = first; word && n < 39; word = va_arg(more, const char *)) argv[n++] = word;
    va_end(more);
    llw_process result;
    llw_err err = {0};
    if (llw_process_run(arena, argv, NULL, 16 << 20, 60, &result, &err) != LLW_OK) fail_msg("%s", err.text);
    assert_false(result.timed_out || result.truncated);
    exit_code = result.exit_code;
    return result.out;
}

static json_t *lint_json(const char *first, const char *second) {
    json_t *root = json_loads(lint("--format", "json", first, second, NULL), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    return root;
}

static const char *text_of(json_t *o, const char *key) {
    const char *text = json_string_value(json_object_get(o, key));
    return text ? text : "";
}

/* The first finding of a list with that code in that file; NULL when there is none. */
static json_t *find(json_t *root, const char *list, const char *code, const char *file) {
    size_t i;
    json_t *f;
    json_array_foreach(json_object_get(root, list), i, f) if (!strcmp(text_of(f, "code"), code) &&
                                                              !strcmp(text_of(f, "file"), file)) return f;
    return NULL;
}

static json_int_t number_of(json_t *o, const char *key) {
    return json_integer_value(json_object_get(o, key));
}

/* --- what is found --- */

static void the_finding_stands_on_the_link_that_sets_the_value(void **state) {
    (void)state;
    copy_tree("chain/mistake");
    json_t *root = lint_json(NULL, NULL), *f = find(root, "findings", "L07", "docker-compose.yml");
    assert_int_equal(exit_code, 1);
    assert_non_null(f);
    assert_int_equal(number_of(f, "line"), 9);
    assert_int_equal(number_of(f, "column"), 38);
    assert_string_equal(text_of(f, "severity"), "error");
    assert_string_equal(text_of(f, "launch"), "models.conf:qwen3-next");
    assert_int_equal(json_array_size(json_object_get(f, "also")),
                     1); /* every profile inherits it: the same line, once */
    assert_string_equal(text_of(json_object_get(f, "fix"), "text"), "auto");
    size_t i, k;
    json_t *a, *b;
    json_array_foreach(json_object_get(root, "findings"), i, a)
        json_array_foreach(json_object_get(root, "findings"), k, b) {
        if (i < k && json_equal(json_object_get(a, "code"), json_object_get(b, "code")) &&
            json_equal(json_object_get(a, "file"), json_object_get(b, "file")) &&
            text_of(a, "code")[0] == 'L')
            assert_int_not_equal(number_of(a, "line"), number_of(b, "line"));
    }
    json_decref(root);
    tear_down(NULL);
    set_up(NULL);
    copy_tree("chain/repair");
    root = lint_json(NULL, NULL);
    assert_int_equal(exit_code, 0);
    assert_int_equal(json_array_size(json_object_get(root, "findings")), 0);
    json_decref(root);
}

static json_t *steps_of(json_t *result) {
    return json_object_get(
        json_array_get(
            json_object_get(json_array_get(json_object_get(result, "codeFlows"), 0), "threadFlows"), 0),
        "locations");
}

static void sarif_has_the_chain_and_the_lesson(void **state) {
    (void)state;
    copy_tree("chain/mistake");
    json_t *root = json_loads(lint("--format", "sarif", "--all", NULL), 0, NULL), *result, *step;
    sarif_check(root);
    json_t *run = json_array_get(json_object_get(root, "runs"), 0);
    size_t i, k;
    bool compose = false;
    json_array_foreach(json_object_get(run, "results"), i, result) {
        if (strcmp(text_of(result, "level"), "error")) continue;
        bool dockerfile = false;
        json_array_foreach(steps_of(result), k, step) {
            json_t *physical = json_object_get(json_object_get(step, "location"), "physicalLocation");
            const char *uri = text_of(json_object_get(physical, "artifactLocation"), "uri");
            json_int_t line = number_of(json_object_get(physical, "region"), "startLine");
            dockerfile |= !strcmp(uri, "Dockerfile") && line == 8;
            compose |= dockerfile && !strcmp(uri, "docker-compose.yml") && line == 9; /* which replaced it */
        }
    }
    assert_true(compose);
    json_t *rules = json_object_get(json_object_get(json_object_get(run, "tool"), "driver"), "rules"), *rule;
    json_array_foreach(rules, i, rule) if (!strcmp(text_of(rule, "id"), "L07")) {
        assert_non_null(strstr(text_of(json_object_get(rule, "help"), "markdown"), "## What happened"));
        assert_string_equal(text_of(json_object_get(rule, "defaultConfiguration"), "level"), "error");
    }
    json_decref(root);
}

static size_t count(const char *text, const char *what) {
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what)) n++;
    return n;
}

static void every_format_names_the_line(void **state) {
    (void)state;
    copy_tree("chain/mistake");
    static const char *const rows[][2] = {
        {"text", "docker-compose.yml:9:38: wrong [L07]"},
        {"gcc", "docker-compose.yml:9:38: error: "},
        {"jsonl", "\"file\":\"docker-compose.yml\",\"line\":9,\"column\":38"},
        {"github", "::error file=docker-compose.yml,line=9,col=38,endColumn=40,title=L07 wrong::"},
        {"gitlab", "\"check_name\": \"L07\""},
        {"junit", "<testcase classname=\"docker-compose.yml\" name=\"L07 "},
        {"checkstyle", "<error line=\"9\" column=\"38\" severity=\"error\""},
        {"markdown", "- **wrong** `L07` line 9, column 38: "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *out = lint("--format", rows[i][0], NULL);
        assert_int_equal(exit_code, 1);
        if (count(out, rows[i][1]) < 1) fail_msg("%s: %s", rows[i][0], out);
    }
    json_t *list = json_loads(lint("--format", "gitlab", NULL), 0, NULL), *issue, *other;
    size_t i, k;
    json_array_foreach(list, i, issue) json_array_foreach(list, k, other) if (i != k)
        assert_string_not_equal(text_of(issue, "fingerprint"), text_of(other, "fingerprint"));
    json_decref(list);
}

static void levels_and_codes_are_chosen(void **state) {
    (void)state;
    copy_tree("chain/mistake");
    lint("--fail-on", "wrong", "--ignore", "flags-stop-fit", NULL);
    assert_int_equal(exit_code, 0);
    lint("--ignore", "L07", NULL);
    assert_int_equal(exit_code, 0);
    json_t *root = lint_json("--only", "L05,F15"), *f;
    size_t i;
    json_array_foreach(json_object_get(root, "findings"), i, f)
        assert_true(!strcmp(text_of(f, "code"), "L05") || !strcmp(text_of(f, "code"), "F15"));
    json_decref(root);
    lint("--only", "07-no-hardcoded-layers", NULL);
    assert_int_equal(exit_code, 1);
    lint("--only", "L99", NULL);
    assert_int_equal(exit_code, 3);
    lint("--format", "xml", NULL);
    assert_int_equal(exit_code, 3);
    lint("--fix", "--diff", NULL);
    assert_int_equal(exit_code, 3);
    lint("no-such-directory", NULL); /* the other path is still judged */
    assert_int_equal(exit_code, 2);
}

static void a_saved_machine_is_judged_for(void **state) {
    (void)state;
    copy_tree("chain/mistake");
    write_file("box.json", "{\"schema\": \"llwhy.facts/1\", \"entities\": [\n"
                           "  {\"kind\": \"gpu\", \"id\": \"CUDA0\", \"facts\": {\"index\": 0, \"total\": "
                           "\"24564 MiB\", \"free\": \"23671 MiB\"}},\n"
                           "  {\"kind\": \"model\", \"id\": \"m\", \"known\": \"glm-4.7-flash-q8_0\"},\n"
                           "  {\"kind\": \"launch\", \"id\": \"default\", \"facts\": {\"model\": "
                           "\"model:m\"}, \"argv\": [\"-ub\", \"4096\", \"-b\", \"4096\"]}\n]}\n");
    const char *const argv[] = {"env",     "-C",       box,        BINARY, "lint", ".",
                                "--facts", "box.json", "--format", "json", NULL};
    llw_process result;
    assert_int_equal(llw_process_run(arena, argv, NULL, 1 << 20, 60, &result, NULL), LLW_OK);
    assert_int_equal(result.exit_code, 1);
    json_t *root = json_loads(result.out, 0, NULL), *f;
    assert_string_equal(text_of(find(root, "findings", "L07", "docker-compose.yml"), "level"),
                        "wrong"); /* for 24 GB */
    size_t i;
    json_array_foreach(json_object_get(root, "findings"), i, f)
        assert_string_not_equal(text_of(f, "launch"), "default");
    json_decref(root);
}

/* Every option of lint that the page on pipelines, the hooks and their examples use is one. */
static void options_in_the_documents_exist(void **state) {
    (void)state;
    const char *const argv[] = {BINARY, "lint", "--help", NULL};
    llw_process result;
    assert_int_equal(llw_process_run(arena, argv, NULL, 1 << 20, 60, &result, NULL), LLW_OK);
    static const char *const pages[] = {LLW_SOURCE_DIR "/docs/ci.md",
                                        LLW_SOURCE_DIR "/.pre-commit-hooks.yaml"};
    size_t found = 0;
    for (size_t i = 0; i < 2; i++) {
        const char *page = read_back(pages[i]);
        for (const char *at = page; (at = strstr(at, "--")); at += 2) {
            const char *line = at;
            while (line > page && line[-1] != '\n') line--;
            const char *lint_word = strstr(line, "llwhy lint");
            size_t n = strspn(at + 2, "abcdefghijklmnopqrstuvwxyz-");
            if (!lint_word || lint_word > at || !n || at[-1] == '-') continue;
            const char *option = llw_arena_printf(arena, "\n  %.*s ", (int)n + 2, at);
            if (!strstr(result.out, option)) fail_msg("%s: lint has no %s", pages[i], option);
            found++;
        }
    }
    assert_true(found > 10);
}

/* --- suppressions and baselines --- */

static void a_comment_accepts_a_finding(void **state) {
    (void)state;
    copy_tree("chain/mistake");
    edit("docker-compose.yml", "      - N_GPU",
         "      # llwhy ignore=L07 reason=\"until the new image\" until=2026-06-01\n      - N_GPU");
    edit("Dockerfile", "# A server", "# llwhy ignore-file=L07 reason=\"nobody uses it alone\"\n# A server");
    json_t *root = lint_json(NULL, NULL), *f = find(root, "accepted", "L07", "docker-compose.yml");
    assert_non_null(f);
    assert_string_equal(text_of(f, "accepted"), "inline");
    assert_string_equal(text_of(f, "reason"), "until the new image");
    assert_string_equal(text_of(f, "until"), "2026-06-01");
    assert_int_equal(number_of(f, "line"), 10);
    assert_non_null(find(root, "accepted", "L07", "Dockerfile"));
    assert_null(find(root, "findings", "L07", "docker-compose.yml"));
    assert_non_null(find(root, "findings", "L07", ".env.example"));
    assert_null(find(root, "findings", "S03", "docker-compose.yml"));
    json_decref(root);
    edit("docker-compose.yml", "until=2026-06-01", "until=2026-05-31");
    root = lint_json(NULL, NULL);
    assert_non_null(find(root, "findings", "L07", "docker-compose.yml"));
    assert_non_null(find(root, "findings", "S02", "docker-compose.yml"));
    json_decref(root);
    edit("docker-compose.yml", " reason=\"until the new image\" until=2026-05-31", "");
    edit(".env.example", "CTX_SIZE", "# llwhy ignore=F12 reason=x\nCTX_SIZE");
    edit("models.conf", "# One card", "; llwhy ignore=L99 reason=x\n# One card");
    root = lint_json(NULL, NULL);
    assert_non_null(find(root, "findings", "S01", "docker-compose.yml"));
    assert_non_null(find(root, "accepted", "L07", "docker-compose.yml")); /* obeyed all the same */
    assert_non_null(find(root, "findings", "S03", ".env.example"));
    assert_string_equal(text_of(find(root, "findings", "S04", "models.conf"), "level"), "risk");
    json_decref(root);
    root = json_loads(lint("--format", "sarif", NULL), 0, NULL);
    sarif_check(root);
    json_decref(root);
}

static void a_baseline_leaves_what_is_new(void **state) {
    (void)state;
    copy_tree("chain/mistake");
    lint("--write-baseline", "lint.json", NULL);
    assert_int_equal(exit_code, 0);
    const char *written = read_back(in_box("lint.json"));
    assert_null(strstr(written, "\"line\""));
    edit("docker-compose.yml", "services:", "# moved\n\n\nservices:");
    edit("Dockerfile", "ENV N_GPU", "\nENV N_GPU");
    json_t *root = lint_json("--baseline", "lint.json");
    assert_int_equal(exit_code, 0);
    assert_int_equal(json_array_size(json_object_get(root, "findings")), 0);
    assert_string_equal(text_of(find(root, "accepted", "L07", "docker-compose.yml"), "accepted"), "baseline");
    json_decref(root);
    edit("models.conf", "--jinja --no-context-shift", "-c 4k");
    root = lint_json("--baseline", "lint.json");
    assert_int_equal(exit_code, 1);
    assert_true(json_array_size(json_object_get(root, "findings")) >= 1);
    assert_null(find(root, "findings", "L07", "docker-compose.yml"));
    json_decref(root);
    unlink(in_box("Dockerfile"));
    root = lint_json("--baseline", "lint.json");
    assert_non_null(find(root, "findings", "S05", "lint.json"));
    json_decref(root);
    write_file("lint.json", "{}");
    lint("--baseline", "lint.json", NULL);
    assert_int_equal(exit_code, 2);
    lint("--baseline", "nowhere.json", NULL);
    assert_int_equal(exit_code, 2);
    write_file("lint.json", written);
}

static void a_graver_mistake_is_not_in_the_baseline(void **state) {
    (void)state;
    copy_tree("chain/mistake");
    write_file("lint.json", with(read_back(in_box("models.conf")), "[qwen3-next]", "[x]")); /* not JSON */
    lint("--write-baseline", "lint.json", NULL);
    write_file("lint.json",
               with(read_back(in_box("lint.json")), "\"level\": \"wrong\"", "\"level\": \"risk\""));
    json_t *root = lint_json("--baseline", "lint.json");
    assert_int_equal(exit_code, 1);
    assert_string_equal(text_of(find(root, "findings", "L07", "docker-compose.yml"), "level"), "wrong");
    json_decref(root);
}

/* --- repairs --- */

static const char *const chain_files[] = {".env.example", "Dockerfile", "docker-compose.yml", "models.conf"};

static void fix_changes_the_token_and_nothing_else(void **state) {
    (void)state;
    copy_tree("chain/mistake");
    edit("docker-compose.yml", "services:\n", "services:   \r\n"); /* odd bytes stay */
    write_file("Dockerfile", llw_arena_printf(arena, "%s# no end of line", read_back(in_box("Dockerfile"))));
    chmod(in_box("Dockerfile"), 0600);
    const char *want[4];
    for (int i = 0; i < 4; i++) want[i] = read_back(in_box(chain_files[i]));
    want[0] = with(want[0], "N_GPU_LAYERS=99", "N_GPU_LAYERS=auto");
    want[1] = with(want[1], "N_GPU_LAYERS=99", "N_GPU_LAYERS=auto");
    want[2] = with(want[2], ":-99}", ":-auto}");
    const char *out = lint("--fix", NULL);
    assert_int_equal(exit_code, 0);
    assert_non_null(strstr(out, "0 wrong, 0 risk"));
    for (int i = 0; i < 4; i++) assert_string_equal(read_back(in_box(chain_files[i])), want[i]);
    struct stat st;
    assert_int_equal(stat(in_box("Dockerfile"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    lint("--fix", NULL);
    assert_int_equal(exit_code, 0);
    for (int i = 0; i < 4; i++) assert_string_equal(read_back(in_box(chain_files[i])), want[i]);
    char **names = NULL;
    size_t n = 0;
    llw_directory_list(arena, box, &names, &n, NULL);
    assert_int_equal(n, 4);
}

static void diff_is_a_patch_that_does_the_same(void **state) {
    (void)state;
    copy_tree("chain/mistake");
    const char *before[4], *diff = lint("--diff", NULL);
    assert_int_equal(exit_code, 1);
    for (int i = 0; i < 4; i++)
        before[i] = read_back(llw_arena_printf(arena, FIXTURES "chain/mistake/%s", chain_files[i]));
    for (int i = 0; i < 4; i++) assert_string_equal(read_back(in_box(chain_files[i])), before[i]);
    assert_int_equal(count(diff, "--- a/"), 3);
    assert_non_null(strstr(
        diff, "\n-      - N_GPU_LAYERS=${N_GPU_LAYERS:-99}\n+      - N_GPU_LAYERS=${N_GPU_LAYERS:-auto}\n"));
    write_file("fix.patch", diff);
    const char *const apply[] = {
        "env",   "-C",        box, "GIT_CEILING_DIRECTORIES=/", "GIT_DIR=/nonexistent", "git",
        "apply", "fix.patch", NULL};
    llw_process result;
    if (llw_process_run(arena, (const char *const[]){"git", "--version", NULL}, NULL, 1000, 10, &result,
                        NULL) != LLW_OK)
        return; /* no git here */
    assert_int_equal(llw_process_run(arena, apply, NULL, 1 << 16, 20, &result, NULL), LLW_OK);
    assert_int_equal(result.exit_code, 0);
    const char *patched[4];
    for (int i = 0; i < 4; i++) patched[i] = read_back(in_box(chain_files[i]));
    unlink(in_box("fix.patch"));
    copy_tree("chain/mistake");
    lint("--fix", NULL);
    for (int i = 0; i < 4; i++) assert_string_equal(read_back(in_box(chain_files[i])), patched[i]);
}

static void what_is_accepted_or_not_asked_for_is_not_fixed(void **state) {
    (void)state;
    copy_tree("chain/mistake");
    edit("Dockerfile", "# A server", "# llwhy ignore-file=L07 reason=\"kept\"\n# A server");
    const char *dockerfile = read_back(in_box("Dockerfile"));
    lint("--fix", "--ignore", "layer-count-in-infrastructure", NULL);
    assert_string_equal(read_back(in_box("Dockerfile")), dockerfile);
    assert_non_null(strstr(read_back(in_box("docker-compose.yml")), ":-auto}"));
    assert_non_null(strstr(read_back(in_box(".env.example")), "N_GPU_LAYERS=99"));
}

static void a_link_is_not_written_through(void **state) {
    (void)state;
    copy_tree("chain/mistake");
    rename(in_box("Dockerfile"), in_box("elsewhere"));
    assert_int_equal(symlink("elsewhere", in_box("Dockerfile")), 0);
    const char *before = read_back(in_box("elsewhere"));
    lint("--fix", NULL);
    assert_string_equal(read_back(in_box("elsewhere")), before);
    struct stat st;
    assert_int_equal(lstat(in_box("Dockerfile"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

/* A repair that would bring something as grave is not made: the rule's remedy takes the next step on the way
 * down. */
static void a_repair_that_does_not_hold_is_not_made(void **state) {
    (void)state;
    write_file("compose.yml", "services:\n  llama:\n    image: ghcr.io/ggml-org/llama.cpp:server\n    "
                              "command: [-m, m.gguf, -ub, \"2048\"]\n");
    write_file(
        "90-remedies.lua",
        "-- Teaches: a remedy may be none.\nlesson \"90-remedies\" { claim = \"A remedy is tried.\" }\n"
        "rule \"large\" {\n  level = \"risk\",\n  each = { l = \"launch\" },\n  when = { \"l.ubatch > 512\" "
        "},\n  find = \"large\",\n"
        "  try = { [\"l.ubatch\"] = \"512\" },\n  tests = { fires { launch { ubatch = 2048 } }, silent { "
        "stops_at = \"l.ubatch > 512\" },\n"
        "    undecided { launch { ubatch = unknown }, needs = \"l.ubatch\" } },\n}\n"
        "rule \"small\" {\n  level = \"wrong\",\n  each = { l = \"launch\" },\n  when = { \"l.ubatch == "
        "512\", \"origin(l.ubatch) ~= 'default'\" },\n"
        "  find = \"small\",\n  tests = { fires { launch { ubatch = { 512, origin = \"argument\" } } },\n    "
        "silent { stops_at = \"l.ubatch == 512\", "
        "launch { ubatch = 1024 } },\n    silent { launch { ubatch = { 512, origin = \"default\" } }, "
        "stops_at = \"origin(l.ubatch) ~= 'default'\" },\n"
        "    undecided { launch { ubatch = unknown }, needs = \"l.ubatch\" } },\n}\n");
    const char *before = read_back(in_box("compose.yml"));
    lint("--rules", ".", "--only", "large,small", "--fix", NULL);
    assert_int_equal(exit_code, 1);
    assert_string_equal(read_back(in_box("compose.yml")), before);
    edit("90-remedies.lua", "\"l.ubatch == 512\", ",
         "\"l.ubatch == 511\", "); /* without it the same repair is made */
    lint("--rules", ".", "--only", "large,small", "--fix", NULL);
    assert_string_equal(read_back(in_box("compose.yml")), with(before, "2048", "512"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_finding_stands_on_the_link_that_sets_the_value, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(sarif_has_the_chain_and_the_lesson, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_format_names_the_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(levels_and_codes_are_chosen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_saved_machine_is_judged_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(options_in_the_documents_exist, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_comment_accepts_a_finding, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_baseline_leaves_what_is_new, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_graver_mistake_is_not_in_the_baseline, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fix_changes_the_token_and_nothing_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(diff_is_a_patch_that_does_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_accepted_or_not_asked_for_is_not_fixed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_is_not_written_through, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_repair_that_does_not_hold_is_not_made, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The hub and models far away against a server that lies: lists of files, caches of what was downloaded, and
 * what is said of each refusal. */
#include "base/file.h"
#include "source/remote/hub.h"
#include "source/remote/remote.h"
#include "scratch.h"
#include "scripted_server.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <cmocka.h>

#define STATUS(n) "HTTP/1.1 " #n " No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
#define LIST "HTTP/1.1 200 OK\r\nConnection: close\r\n"

static const scripted rows[] = {
    {.name = "unknown", .answer = STATUS(401)},
    {.name = "gone", .answer = STATUS(410)},
    {.name = "missing", .answer = STATUS(404)},
    {.name = "private", .answer = STATUS(403)},
    {.name = "gated", .answer = "HTTP/1.1 400 No\r\nX-Error-Code: GatedRepo\r\nConnection: close\r\n\r\n"},
    {.name = "busy", .answer = "HTTP/1.1 429 No\r\nRetry-After: 86400\r\nConnection: close\r\n\r\n"},
    {.name = "broken", .answer = STATUS(501)},
    {.name = "text", .answer = LIST "Link: </text>; rel=\"next\"\r\n\r\n# A card\n"},
    /* of a repository: tree/REVISION */
    {.name = "main",
     .answer = LIST
     "\r\n[{\"path\": \"README.md\"}, {\"path\": \"mmproj-m-F16.gguf\"}, {}, 7, {\"path\": \".gguf\"},"
     "{\"path\": \"m-q4_0.gguf\", \"size\": 10, \"lfs\": {\"size\": 4000}},"
     "{\"path\": \"UD/m-Q8_0-00002-of-00002.gguf\", \"size\": 7},"
     "{\"path\": \"UD/m-Q8_0-00001-of-00002.gguf\", \"size\": 5},"
     "{\"path\": \"UD/m-Q6_K-00001-of-00002.gguf\", \"size\": 5},"
     "{\"path\": \"m-Q5_0-00001-of-00002.gguf\", \"size\": \"5\"},"
     "{\"path\": \"m-Q5_0-00002-of-00002.gguf\", \"size\": 5},"
     "{\"path\": \"m-Q5_0-00001-of-00003.gguf\", \"size\": 5},"
     "{\"path\": \"m-1-of-2-00001-of-00000.gguf\"}, {\"path\": \"a(1).gguf\"}, {\"path\": \"plain.gguf\"}]"},
    {.name = "again", .answer = LIST "Link: <http://127.0.0.1/>\r\n\r\n[]"},
    {.name = "words", .answer = LIST "\r\n{\"error\": \"no list\"}"},
    {.name = "page", .answer = LIST "\r\n<html>"},
    /* GGUF, badly served */
    {.name = "late.gguf",
     .answer = "HTTP/1.1 206 Part\r\nContent-Range: bytes 7-10/4096\r\nConnection: close\r\nContent-Length: "
               "4\r\n\r\nGGUF"},
    {.name = "longer.gguf",
     .answer = "HTTP/1.1 206 Part\r\nContent-Range: bytes 0-1/4096\r\nConnection: close\r\nContent-Length: "
               "4\r\n\r\nGGUF"},
    {.name = "short.gguf", .answer = LIST "Content-Length: 4\r\n\r\nGGUF"},
    {.name = "sizeless.gguf", .answer = LIST "\r\nGGUF"},
    {.name = "other.gguf", .answer = "HTTP/1.1 204 Nothing\r\nConnection: close\r\n\r\n"},
    {0}};

static scripted_server server;
static llw_arena *arena;
static llw_remote remote;
static char home[SCRATCH_MAX];

static int start(void **state) {
    (void)state;
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    return server_start(&server, rows) ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    server_stop(&server);
    return 0;
}

static const char *at(const char *name) {
    return llw_arena_printf(arena, "http://127.0.0.1:%d/%s", server.port, name);
}

static int set_up(void **state) {
    (void)state;
    static const llw_http_options here = {.private_networks = true};
    static const char *const places[] = {"LLAMA_CACHE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME",
                                         "XDG_CACHE_HOME"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) unsetenv(places[i]);
    arena = llw_arena_new();
    remote = (llw_remote){.http = llw_http_new(arena, &here), .arena = arena};
    setenv("HF_ENDPOINT", at("/"), 1);
    assert_non_null(mkdtemp(scratch(home, "hub")));
    setenv("HOME", home, 1);
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk) {
    (void)st, (void)type, (void)walk;
    return remove(path);
}

static int tear_down(void **state) {
    (void)state;
    nftw(home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    llw_http_free(remote.http);
    llw_arena_free(arena);
    return 0;
}

static void put(const char *name, const char *text) {
    char path[600];
    snprintf(path, sizeof path, "%s/%s", home, name);
    for (char *slash = path + strlen(home) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(path, 0777);
        *slash = '/';
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* --- what is said --- */

static void refusals_say_what_to_do(void **state) {
    (void)state;
    static const struct {
        const char *name, *said;
        llw_rc rc;
    } refusals[] = {{"unknown", "does not exist or is not public", LLW_ERR_INPUT},
                    {"missing", "does not exist", LLW_ERR_NOTHING},
                    {"gone", "does not exist", LLW_ERR_NOTHING},
                    {"private", "accept the model's terms", LLW_ERR_INPUT},
                    {"gated", "accept the model's terms", LLW_ERR_INPUT},
                    {"busy", "too many requests from here; try again later", LLW_ERR_INPUT},
                    {"broken", "the server answers with HTTP status 501", LLW_ERR_INPUT}};
    const char *text = NULL, *next = NULL;
    size_t len = 0;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        llw_err err = {0};
        assert_int_equal(llw_remote_text(&remote, at(refusals[i].name), "it", 4096, &text, &len, NULL, &err),
                         refusals[i].rc);
        if (!strstr(err.text, refusals[i].said)) fail_msg("%s: %s", refusals[i].name, err.text);
    }
    llw_err err = {0};
    assert_int_equal(llw_remote_text(&remote, at("text"), "it", 4096, &text, &len, &next, &err), LLW_OK);
    assert_string_equal(text, "# A card\n");
    assert_string_equal(next, "/text");
    assert_int_equal(llw_remote_text(&remote, at("text"), "it", 4, &text, &len, &next, &err), LLW_ERR_INPUT);
    assert_non_null(strstr(err.text, "cannot be read: it sends more than such an answer may have"));
}

static void a_header_that_is_served_badly_is_refused(void **state) {
    (void)state;
    static const char *const bad[][2] = {{"late.gguf", "another part of the file"},
                                         {"longer.gguf", "another part of the file"},
                                         {"short.gguf", "ends inside its header"},
                                         {"other.gguf", "HTTP status 204"}};
    llw_facts *facts = llw_facts_new();
    llw_entity model = 0;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        llw_err err = {0};
        assert_int_equal(llw_remote_model(&remote, facts, at(bad[i][0]), NULL, &model, &err), LLW_ERR_INPUT);
        if (!strstr(err.text, bad[i][1])) fail_msg("%s: %s", bad[i][0], err.text);
    }
    llw_err err = {0};
    assert_int_not_equal(llw_remote_model(&remote, facts, at("sizeless.gguf"), NULL, &model, &err), LLW_OK);
    static const char *const secret[] = {"http://me:word@127.0.0.1/a.gguf", "http://me@127.0.0.1"};
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++) {
        assert_int_equal(llw_remote_model(&remote, facts, secret[i], NULL, &model, &err), LLW_ERR_INPUT);
        assert_non_null(strstr(err.text, "a user's name or password"));
    }
    remote.cap = 2; /* of bytes in all */
    assert_int_equal(llw_remote_model(&remote, facts, at("x/short.gguf"), NULL, &model, &err), LLW_ERR_INPUT);
    assert_int_equal(llw_remote_model(&remote, facts, "no address", NULL, &model, &err), LLW_ERR_INPUT);
    llw_facts_free(facts);
}

/* --- lists --- */

static llw_rc list(const char *revision, llw_hub_model **models, size_t *n, llw_err *err) {
    llw_hub_name name = {.repo = "a/b", .revision = revision};
    return llw_hub_list(&remote, &name, models, n, err);
}

static void parts_of_a_list_are_put_together(void **state) {
    (void)state;
    static const struct {
        const char *path, *tag;
        int64_t parts, bytes;
        bool whole;
    } want[] = {{"m-q4_0.gguf", "Q4_0", 1, 4000, true},
                {"UD/m-Q8_0-00001-of-00002.gguf", "Q8_0", 2, 12, true},
                {"UD/m-Q6_K-00001-of-00002.gguf", "Q6_K", 1, 5, false},
                {"m-Q5_0-00001-of-00002.gguf", "Q5_0", 2, -1, true},
                {"m-Q5_0-00001-of-00003.gguf", "Q5_0", 1, 5, false},
                {"m-1-of-2-00001-of-00000.gguf", "00000", 1, -1, true},
                {"a(1).gguf", "", 1, -1, true},
                {"plain.gguf", "", 1, -1, true}};
    llw_hub_model *models = NULL;
    size_t n = 0;
    llw_err err = {0};
    assert_int_equal(list("main", &models, &n, &err), LLW_OK);
    for (size_t i = 0; i < n && i < sizeof want / sizeof *want; i++) {
        assert_string_equal(models[i].path, want[i].path);
        assert_string_equal(models[i].tag, want[i].tag);
        assert_int_equal(models[i].parts, want[i].parts);
        assert_int_equal(models[i].bytes, want[i].bytes);
        assert_int_equal(models[i].whole, want[i].whole);
    }
    assert_int_equal(n, sizeof want / sizeof *want);
    assert_ptr_equal(llw_hub_find(&(llw_hub_name){.file = "plain.gguf"}, models, n), &models[7]);
}

static void what_is_no_list_is_refused(void **state) {
    (void)state;
    llw_hub_model *models = NULL;
    size_t n = 0;
    llw_err err = {0};
    assert_int_equal(list("again", &models, &n, &err), LLW_ERR_INPUT);
    assert_non_null(strstr(err.text, "a/b has no GGUF file: look for a repository with -GGUF in its name"));
    static const char *const bad[] = {"words", "page"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(list(bad[i], &models, &n, &err), LLW_ERR_INPUT);
        assert_non_null(strstr(err.text, "is no list of files: is HF_ENDPOINT right?"));
    }
    assert_int_equal(list("missing", &models, &n, &err), LLW_ERR_NOTHING);
}

/* --- caches --- */

static const char *cached(const char *word) {
    llw_hub_name name;
    assert_int_equal(llw_hub_read_name(arena, word, &name, NULL), LLW_OK);
    const char *path = llw_hub_cached(arena, &name);
    return path && !strncmp(path, home, strlen(home)) ? path + strlen(home) + 1 : path;
}

static void what_was_downloaded_is_found(void **state) {
    (void)state;
    assert_null(cached("hf:a/b:Q4_0")); /* there is no cache */
#define HUB ".cache/huggingface/hub/models--a--b"
    put(HUB "/refs/main", "c0ffee\n");
    put(HUB "/snapshots/c0ffee/m-Q4_0.gguf", "");
    put(HUB "/snapshots/c0ffee/deep/m-Q8_0-00001-of-00002.gguf", "");
    put(HUB "/snapshots/c0ffee/deep/m-Q6_K-00002-of-00002.gguf", "");
    put(HUB "/snapshots/c0ffee/deep/m-Q6_K-00001-of-00002.gguf", "");
    put(HUB "/snapshots/c0ffee/1/2/3/4/5/m-Q2_K.gguf", "");
    put(HUB "/snapshots/v1/m-Q4_0.gguf", "");
    put(HUB "/refs/up", "..");
    put(HUB "/refs/none", "\n");
    put(".cache/llama.cpp/a_b_m-Q5_0.gguf", "");
    put(".cache/llama.cpp/other_m-Q3_K.gguf", "");
    assert_string_equal(cached("hf:a/b:q4_0"), HUB "/snapshots/c0ffee/m-Q4_0.gguf");
    assert_string_equal(cached("hf:a/b@v1:Q4_0"), HUB "/snapshots/v1/m-Q4_0.gguf");
    assert_string_equal(cached("hf:a/b/m-Q4_0.gguf"), HUB "/snapshots/c0ffee/m-Q4_0.gguf");
    assert_string_equal(cached("hf:a/b:Q6_K"), HUB "/snapshots/c0ffee/deep/m-Q6_K-00001-of-00002.gguf");
    assert_string_equal(cached("hf:a/b:Q5_0"), ".cache/llama.cpp/a_b_m-Q5_0.gguf");
    static const char *const none[] = {"hf:a/b:Q8_0",      "hf:a/b:Q2_K", "hf:a/b@up:Q4_0",
                                       "hf:a/b@none:Q4_0", "hf:a/b",      "hf:a/b:Q3_K"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) assert_null(cached(none[i]));
}

static void caches_are_where_the_environment_says(void **state) {
    (void)state;
    const char *out[LLW_HUB_CACHES];
    assert_int_equal(llw_hub_caches(arena, out), 1);
    setenv("XDG_CACHE_HOME", "/x", 1);
    assert_string_equal(llw_hub_old_cache(arena), "/x/llama.cpp");
    setenv("LLAMA_CACHE", "/l", 1);
    setenv("HF_HOME", "/h", 1);
    setenv("HF_HUB_CACHE", "", 1);
    assert_string_equal(llw_hub_old_cache(arena), "/l");
    assert_int_equal(llw_hub_caches(arena, out), 4);
    assert_string_equal(out[0], "/l");
    assert_string_equal(out[1], "/h/hub");
    assert_string_equal(out[2], "/x/huggingface/hub");
    static const char *const all[] = {"LLAMA_CACHE", "XDG_CACHE_HOME", "HOME"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) setenv(all[i], "", 1);
    assert_null(llw_hub_old_cache(arena));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) unsetenv(all[i]);
    assert_null(llw_hub_old_cache(arena));
    assert_null(cached("hf:a/b:Q4_0"));
    setenv("HF_ENDPOINT", "", 1);
    assert_string_equal(llw_hub_endpoint(), "https://huggingface.co");
    setenv("HF_ENDPOINT", "//", 1);
    assert_string_equal(llw_hub_address(arena, &(llw_hub_name){.repo = "a/b", .revision = "main"}, "x"),
                        "/a/b/resolve/main/x");
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(refusals_say_what_to_do),          T(a_header_that_is_served_badly_is_refused),
        T(parts_of_a_list_are_put_together), T(what_is_no_list_is_refused),
        T(what_was_downloaded_is_found),     T(caches_are_where_the_environment_says),
    };
#undef T
    return cmocka_run_group_tests(tests, start, end);
}

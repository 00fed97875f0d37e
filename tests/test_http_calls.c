/* Requests against a server that does everything a server may do wrong: how each call ends, and what is said
 * of it. */
#include "source/remote/http.h"
#include "scripted_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define OK "HTTP/1.1 200 OK\r\nConnection: close\r\n"
#define TO(where)                                                                                            \
    "HTTP/1.1 302 Found\r\nContent-Length: 5\r\nConnection: close\r\nLocation: " where "\r\n\r\nmoved"

static const scripted rows[] = {
    {.name = "plain", .answer = OK "Content-Length: 5\r\n\r\nhello"},
    {.name = "echo", .answer = "echo"},
    {.name = "told",
     .answer = "HTTP/1.1 100 Continue\r\nETag: \"old\"\r\n\r\n" OK
               "Content-Range: bytes 5-9/4096\r\nETag: \t \"a b\" \r\nX-Error-Code: Gated\r\n"
               "Link: <http://a/2>; rel=\"prev\", <http://a/3>; rel=\"next\"\r\nRetry-After: 7\r\n"
               "Process-Start-Time-Unix: 17\r\nETagged: no\r\nContent-Length: 5\r\n\r\nhello"},
    {.name = "odd",
     .answer = OK "Content-Range: bytes 5-9/*\r\nLink: rel=\"next\"\r\nETag:\r\nContent-Length: 0\r\n\r\n"},
    {.name = "range-back",
     .answer = OK "Content-Range: bytes 9-5/20\r\nLink: <http://a; rel=\"next\"\r\n\r\n"},
    {.name = "range-minus", .answer = OK "Content-Range: bytes -5-9/20\r\nLink: <http://a>\r\n\r\n"},
    {.name = "range-cut", .answer = OK "Content-Range: bytes 5-9\r\n\r\n"},
    {.name = "range-words", .answer = OK "Content-Range: all of it\r\n\r\n"},
    {.name = "range-total", .answer = OK "Content-Range: bytes 5-9/-20\r\nRetry-After: soon\r\n\r\n"},
    {.name = "long-head",
     .answer = OK,
     .unit = "X-More: yes, and a little more than that\r\n",
     .repeat = 3000},
    {.name = "noise", .answer = "SSH-2.0-OpenSSH_9.2\r\n"},
    {.name = "nothing", .answer = ""},
    {.name = "half", .answer = OK "Content-Length: 500\r\n\r\nhalf"},
    {.name = "much", .answer = OK "\r\n", .unit = "0123456789abcdef", .repeat = 4096},
    {.name = "waits", .answer = OK "Content-Length: 500\r\n\r\nhalf", .then = SERVER_WAITS},
    {.name = "drips", .answer = OK "Content-Length: 500\r\n\r\nhalf", .then = SERVER_DRIPS},
    {.name = "loop", .answer = TO("loop")},
    {.name = "on", .answer = TO("plain")},
    {.name = "on-see", .answer = "HTTP/1.1 303 See Other\r\nConnection: close\r\nLocation: /plain\r\n\r\n"},
    {.name = "on-temporary",
     .answer = "HTTP/1.1 307 Temporary\r\nConnection: close\r\nLocation: /plain\r\n\r\n"},
    {.name = "on-always",
     .answer = "HTTP/1.1 308 Permanent\r\nConnection: close\r\nLocation: /plain\r\n\r\n"},
    {.name = "on-nowhere", .answer = "HTTP/1.1 301 Moved\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
    {.name = "to-file", .answer = TO("file:///etc/passwd")},
    {.name = "to-inside", .answer = TO("http://10.0.0.1/")},
    {.name = "later",
     .answer = "HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy",
     .again = OK "Content-Length: 5\r\n\r\nhello"},
    {.name = "in-a-second",
     .answer = "HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
     .again = OK "Content-Length: 5\r\n\r\nhello"},
    {.name = "tomorrow",
     .answer = "HTTP/1.1 429 Slow\r\nRetry-After: 86400\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
    {.name = "never", .answer = "HTTP/1.1 502 Bad\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
    {0}};

static scripted_server server;
static llw_arena *arena;
static volatile sig_atomic_t stop;

static int start(void **state) {
    (void)state;
    static const char *const proxies[] = {"http_proxy", "https_proxy", "HTTPS_PROXY",
                                          "all_proxy",  "ALL_PROXY",   "no_proxy"};
    for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) unsetenv(proxies[i]);
    return server_start(&server, rows) ? 0 : -1;
}

static int end(void **state) {
    (void)state;
    server_stop(&server);
    return 0;
}

static int set_up(void **state) {
    (void)state;
    arena = llw_arena_new();
    stop = 0;
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    llw_arena_free(arena);
    return 0;
}

static const char *at(const char *name) {
    return llw_arena_printf(arena, "http://127.0.0.1:%d/%s", server.port, name);
}

static const llw_http_options here = {.private_networks = true, .stop = &stop};

static void run(const llw_http_options *options, llw_http_call *call, int tries) {
    llw_http *http = llw_http_new(arena, options);
    llw_http_insist(http, call, tries);
    llw_http_free(http);
}

static llw_http_call get(const char *url) {
    llw_http_call call = {.url = url, .cap = 4096};
    run(&here, &call, 1);
    return call;
}

static void each_trouble_has_its_name(void **state) {
    (void)state;
    static const struct {
        const char *name;
        llw_http_end end;
        const char *why;
    } troubles[] = {
        {"plain", LLW_HTTP_ANSWERED, ""},
        {"long-head", LLW_HTTP_TOO_LARGE, "it sends more than such an answer may have"},
        {"much", LLW_HTTP_TOO_LARGE, "it sends more than such an answer may have"},
        {"noise", LLW_HTTP_GARBLED, "what it sends is no HTTP"},
        {"nothing", LLW_HTTP_CUT, "the connection ended before the answer did"},
        {"half", LLW_HTTP_CUT, "the connection ended before the answer did"},
        {"loop", LLW_HTTP_FORBIDDEN, "it redirects again and again"},
        {"to-file", LLW_HTTP_FORBIDDEN, "its address is none of http or https"},
        {"never", LLW_HTTP_ANSWERED, ""},
        {"on-nowhere", LLW_HTTP_ANSWERED, ""},
    };
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
        llw_http_call call = get(at(troubles[i].name));
        if (call.end != troubles[i].end || strcmp(call.why, troubles[i].why))
            fail_msg("%s ended as %d: %s", troubles[i].name, (int)call.end, call.why);
    }
    llw_http_call call = get("http://127.0.0.1:1/");
    assert_int_equal(call.end, LLW_HTTP_REFUSED);
    assert_string_equal(call.why, "nothing answers at that address");
    call = get(llw_arena_printf(arena, "https://127.0.0.1:%d/plain", server.port)); /* no TLS there */
    assert_int_equal(call.end, LLW_HTTP_TLS);
    assert_non_null(strstr(call.why, "it cannot prove who it is: "));
    assert_int_equal(get("gopher://127.0.0.1/").end, LLW_HTTP_FORBIDDEN);
    assert_int_equal(get("http://a b/").end, LLW_HTTP_FORBIDDEN);
}

static void redirects_are_followed(void **state) {
    (void)state;
    static const char *const ways[] = {"on", "on-see", "on-temporary", "on-always"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        llw_http_call call = get(at(ways[i]));
        assert_int_equal(call.status, 200);
        assert_string_equal(call.effective, at("plain"));
        assert_string_equal(call.body_out, "hello"); /* and nothing of the page for people */
    }
    llw_http_call post = {.url = at("on"), .body = "{}", .cap = 4096};
    run(&here, &post, 1); /* a question is sent to nobody else */
    assert_int_equal(post.status, 302);
}

static void what_an_answer_tells_is_kept(void **state) {
    (void)state;
    llw_http_call call = get(at("told"));
    assert_int_equal(call.range_from, 5);
    assert_int_equal(call.range_to, 9);
    assert_int_equal(call.range_total, 4096);
    assert_int_equal(call.length, 5);
    assert_string_equal(call.etag, "\"a b\"");
    assert_string_equal(call.error_code, "Gated");
    assert_string_equal(call.next, "http://a/3");
    assert_string_equal(call.process_start, "17");
    assert_true(call.retry_after == 7 && call.first_byte >= 0 && call.took >= call.first_byte);
    call = get(at("odd"));
    assert_int_equal(call.range_to, 9);
    assert_int_equal(call.range_total, -1);
    assert_string_equal(call.etag, "");
    assert_null(call.next);
    static const char *const none[] = {"range-back", "range-minus", "range-cut", "range-words"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        call = get(at(none[i]));
        assert_int_equal(call.end, LLW_HTTP_ANSWERED);
        assert_int_equal(call.range_from, -1);
        assert_null(call.next);
    }
    call = get(at("range-total"));
    assert_int_equal(call.range_from, 5);
    assert_int_equal(call.range_total, -1);
    assert_true(call.retry_after == -1);
}

static void what_is_asked_is_sent(void **state) {
    (void)state;
    llw_http_options options = here;
    options.token = "secret";
    options.token_origin = at("");
    llw_http_call call = {.url = at("echo"), .range = "0-9", .cap = 4096};
    run(&options, &call, 1);
    assert_non_null(strstr(call.body_out, "Range: bytes=0-9\r\n"));
    assert_non_null(strstr(call.body_out, "Authorization: Bearer secret\r\n"));
    static const char *const others[] = {"http://127.0.0.1:1", "https://127.0.0.1", "a b", NULL};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        options.token_origin = others[i];
        run(&options, &call, 1);
        assert_null(strstr(call.body_out, "secret"));
    }
    call = (llw_http_call){.url = at("echo"), .body = "{\"a\": 1}", .cap = 4096};
    run(&here, &call, 1);
    assert_non_null(strstr(call.body_out, "POST /echo"));
    assert_non_null(strstr(call.body_out, "Content-Type: application/json\r\n"));
    assert_null(strstr(call.body_out, "Expect:"));
}

static void time_has_an_end(void **state) {
    (void)state;
    llw_http_call call = {.url = at("waits"), .cap = 4096, .silence = 0.2};
    run(&here, &call, 1);
    assert_int_equal(call.end, LLW_HTTP_TIMEOUT);
    assert_string_equal(call.why, "nothing came for 0.2 s");
    call = (llw_http_call){.url = at("drips"), .cap = 4096, .seconds = 0.3, .silence = 5};
    run(&here, &call, 1);
    assert_int_equal(call.end, LLW_HTTP_TIMEOUT);
    assert_string_equal(call.why, "it was not done after 0.3 s");
}

static bool takes_little(void *context, const char *bytes, size_t len) {
    (void)bytes;
    *(size_t *)context += len;
    return *(size_t *)context < 20000;
}

static bool stops(void *context, const char *bytes, size_t len) {
    (void)context, (void)bytes, (void)len;
    stop = 1;
    return true;
}

static void whoever_takes_the_body_may_end_it(void **state) {
    (void)state;
    size_t got = 0;
    llw_http_call call = {.url = at("much"), .receive = takes_little, .context = &got};
    run(&here, &call, 1);
    assert_int_equal(call.end, LLW_HTTP_ENOUGH);
    assert_string_equal(call.why, "");
    assert_in_range(got, 20000, 65535);
    call = (llw_http_call){.url = at("waits"), .receive = stops};
    run(&here, &call, 1);
    assert_int_equal(call.end, LLW_HTTP_STOPPED);
    assert_string_equal(call.why, "it was stopped");
}

static void trouble_that_passes_is_tried_again(void **state) {
    (void)state;
    llw_http_call call = {.url = at("later"), .cap = 4096};
    run(&here, &call, 2);
    assert_int_equal(call.status, 200);
    call.url = at("in-a-second");
    run(&here, &call, 2);
    assert_int_equal(call.status, 200);
    call.url = at("tomorrow"); /* that is not waited for */
    run(&here, &call, 9);
    assert_int_equal(call.status, 429);
    call.url = at("never");
    stop = 1;
    llw_http *http = llw_http_new(arena, &here);
    call.end = LLW_HTTP_ANSWERED, call.status = 502, call.retry_after = -1;
    assert_false(llw_http_pause(http, &call, 3)); /* nor is anything once it was stopped */
    llw_http_free(http);
    llw_http_free(NULL);
    static const struct {
        llw_http_end end;
        long status;
        bool passes;
    } ends[] = {
        {LLW_HTTP_ANSWERED, 200, false}, {LLW_HTTP_ANSWERED, 404, false}, {LLW_HTTP_ANSWERED, 429, true},
        {LLW_HTTP_ANSWERED, 500, true},  {LLW_HTTP_ANSWERED, 501, false}, {LLW_HTTP_ANSWERED, 504, true},
        {LLW_HTTP_ANSWERED, 505, false}, {LLW_HTTP_REFUSED, 0, true},     {LLW_HTTP_CUT, 200, true},
        {LLW_HTTP_TIMEOUT, 0, true},     {LLW_HTTP_TLS, 0, false}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        call.end = ends[i].end, call.status = ends[i].status;
        assert_int_equal(llw_http_may_pass(&call), ends[i].passes);
    }
}

static void private_networks_are_not_reached(void **state) {
    (void)state;
    static const llw_http_options outside = {0};
    char name[256] = "localhost.";
    (void)gethostname(name, sizeof name - 1);
    const char *const written[] = {at("plain"),
                                   llw_arena_printf(arena, "http://2130706433:%d/plain", server.port),
                                   "http://[::1]/"},
                      *const resolved[] = {"localhost.", name};
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        llw_http_call call = {.url = written[i], .cap = 4096};
        run(&outside, &call, 1);
        assert_int_equal(call.end, LLW_HTTP_FORBIDDEN);
        assert_string_equal(call.why, "it is an address of this machine or of a private network");
    }
    for (size_t i = 0; i < sizeof resolved / sizeof *resolved; i++) { /* here, or unknown here */
        llw_http_call call = {.url = llw_arena_printf(arena, "http://%s:%d/plain", resolved[i], server.port),
                              .cap = 4096};
        run(&outside, &call, 1);
        assert_int_not_equal(call.end, LLW_HTTP_ANSWERED);
    }
}

/* A proxy stands where it stands and resolves names itself; addresses that are written out are looked at. */
static void a_proxy_may_be_near_what_it_reaches_may_not(void **state) {
    (void)state;
    static const llw_http_options outside = {0};
    static const char *const names[] = {"http_proxy", "all_proxy", "ALL_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        setenv(names[i], at(""), 1);
        llw_http_call call = {.url = "http://models.example/plain", .cap = 4096};
        run(&outside, &call, 1);
        assert_string_equal(call.body_out, "hello");
        call.url = "http://10.0.0.1/plain";
        run(&outside, &call, 1);
        assert_int_equal(call.end, LLW_HTTP_FORBIDDEN);
        call.url = "http://models.example/to-inside";
        run(&outside, &call, 1);
        assert_string_equal(call.why, "it redirects to an address of this machine or of a private network");
        unsetenv(names[i]);
    }
    setenv("https_proxy", at(""), 1); /* which cannot do that: what it sends is no tunnel */
    llw_http_call call = {.url = "https://models.example/plain", .cap = 4096};
    run(&outside, &call, 1);
    assert_int_not_equal(call.end, LLW_HTTP_ANSWERED);
    unsetenv("https_proxy");
}

static void streams_are_read_no_further_than_asked(void **state) {
    (void)state;
    const char *bytes = NULL;
    size_t len = 0;
    llw_http *http = llw_http_new(arena, &here);
    llw_http_call call = {.url = at("much"), .cap = 1 << 20};
    llw_http_stream *s = llw_http_open(http, &call);
    assert_true(llw_http_read(s, 16, &bytes, &len));
    assert_memory_equal(bytes, "0123456789abcdef", 16);
    assert_true(llw_http_received(http) < 65536);
    assert_true(llw_http_read(s, 16, &bytes, &len)); /* there already */
    assert_true(llw_http_read(s, 65536, &bytes, &len));
    assert_false(llw_http_read(s, 65537, &bytes, &len)); /* it ends there */
    assert_int_equal(len, 65536);
    assert_int_equal(call.end, LLW_HTTP_ANSWERED);
    assert_false(llw_http_read(s, 65537, &bytes, &len));
    llw_http_close(s);
    llw_http_close(NULL);
    call = (llw_http_call){.url = at("waits"), .cap = 4096, .silence = 0.2};
    s = llw_http_open(http, &call);
    assert_false(llw_http_read(s, 16, &bytes, &len));
    assert_int_equal(call.end, LLW_HTTP_TIMEOUT);
    llw_http_close(s);
    call = (llw_http_call){.url = "nothing://x", .cap = 4096};
    s = llw_http_open(http, &call);
    assert_false(llw_http_read(s, 16, &bytes, &len));
    llw_http_close(s);
    llw_http_free(http);
}

static void calls_run_at_once(void **state) {
    (void)state;
    llw_http_call calls[3] = {{.url = at("plain"), .cap = 4096},
                              {.url = at("to-file"), .cap = 4096},
                              {.url = at("half"), .cap = 4096}};
    llw_http *http = llw_http_new(arena, &here);
    llw_http_run(http, (llw_http_call *[]){&calls[0], &calls[1], &calls[2]}, 3);
    llw_http_run(http, NULL, 0);
    assert_int_equal(calls[0].end, LLW_HTTP_ANSWERED);
    assert_int_equal(calls[1].end, LLW_HTTP_FORBIDDEN);
    assert_int_equal(calls[2].end, LLW_HTTP_CUT);
    llw_http_free(http);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(each_trouble_has_its_name),
        T(redirects_are_followed),
        T(what_an_answer_tells_is_kept),
        T(what_is_asked_is_sent),
        T(time_has_an_end),
        T(whoever_takes_the_body_may_end_it),
        T(trouble_that_passes_is_tried_again),
        T(private_networks_are_not_reached),
        T(a_proxy_may_be_near_what_it_reaches_may_not),
        T(streams_are_read_no_further_than_asked),
        T(calls_run_at_once),
    };
#undef T
    return cmocka_run_group_tests(tests, start, end);
}

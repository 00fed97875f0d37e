/* Addresses: which are public, how they are shown; names on the hub. */
#include "source/remote/http.h"
#include "source/remote/http_address.h"
#include "source/remote/hub.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool is_public(const char *text) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) return llw_address_is_public((struct sockaddr *)&v4);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return llw_address_is_public((struct sockaddr *)&v6);
}

static void test_public(void **state) {
    (void)state;
    static const char *const yes[] = {"1.1.1.1",         "9.255.255.255", "11.0.0.1",     "172.15.0.1",
                                      "172.32.0.1",      "192.169.0.1",   "100.63.0.1",   "100.128.0.1",
                                      "223.255.255.1",   "2600::1",       "2a00:1450::1", "::ffff:8.8.8.8",
                                      "64:ff9b::808:808"};
    static const char *const no[] = {"0.0.0.0",
                                     "10.1.2.3",
                                     "100.64.0.1",
                                     "127.0.0.1",
                                     "127.255.0.1",
                                     "169.254.169.254",
                                     "172.16.0.1",
                                     "172.31.255.255",
                                     "192.168.1.1",
                                     "198.18.0.1",
                                     "224.0.0.1",
                                     "255.255.255.255",
                                     "::",
                                     "::1",
                                     "fe80::1",
                                     "fc00::1",
                                     "fd12::1",
                                     "ff02::1",
                                     "::ffff:10.0.0.1",
                                     "::ffff:127.0.0.1",
                                     "64:ff9b::a00:1",
                                     "2002:7f00:1::",
                                     "2001::1"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (!is_public(yes[i])) fail_msg("%s is public", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (is_public(no[i])) fail_msg("%s is not public", no[i]);
    assert_true(llw_address_is_special_host("LOCALHOST"));
    assert_true(llw_address_is_special_host("a.localhost"));
    assert_true(llw_address_is_special_host("[::1]"));
    assert_false(llw_address_is_special_host("example.org"));
    assert_false(llw_address_is_special_host("8.8.8.8"));
}

static void test_addresses(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    assert_string_equal(llw_http_public(arena, "https://me:secret@example.org/a/b.gguf?sig=1#x"),
                        "https://example.org/a/b.gguf");
    assert_string_equal(llw_http_public(arena, "http://localhost:8080/"), "http://localhost:8080");
    assert_string_equal(llw_http_origin(arena, "https://Example.org/x"), "https://Example.org:443");
    assert_null(llw_http_origin(arena, "http://a b/"));
    assert_true(llw_http_is_here("http://127.3.2.1:80/"));
    assert_false(llw_http_is_here("http://127.example.org/"));
    llw_arena_free(arena);
}

static void test_names(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_hub_name name;
    llw_err err = {0};
    assert_int_equal(llw_hub_read_name(arena, "hf:a/b-GGUF:Q4_K_M", &name, &err), LLW_OK);
    assert_string_equal(name.repo, "a/b-GGUF");
    assert_string_equal(name.revision, "main");
    assert_string_equal(name.quant, "Q4_K_M");
    assert_int_equal(llw_hub_read_name(arena, "hf:a/b@v1.0/sub dir/x.gguf", &name, &err), LLW_OK);
    assert_string_equal(name.revision, "v1.0");
    assert_string_equal(name.file, "sub dir/x.gguf");
    setenv("HF_ENDPOINT", "https://hub.example/", 1);
    assert_string_equal(llw_hub_address(arena, &name, name.file),
                        "https://hub.example/a/b/resolve/v1.0/sub%20dir/x.gguf");
    unsetenv("HF_ENDPOINT");
    static const char *const bad[] = {"hf:",     "hf:a",           "hf:a/",       "hf:/b",    "hf:a/b:",
                                      "hf:a/b@", "hf:a/b/../../c", "hf:a/b:Q4/x", "hf:a/b?x", "hf:../b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (llw_hub_read_name(arena, bad[i], &name, &err) == LLW_OK) fail_msg("%s was taken", bad[i]);
    llw_arena_free(arena);
}

/* find_best_model of common/download.cpp: the tag with - or . behind it, in any case, first in order. */
static void test_choice(void **state) {
    (void)state;
    llw_hub_model models[] = {{.path = "UD-Q4_K_XL.gguf"},
                              {.path = "m-Q4_K_M-00001-of-00002.gguf"},
                              {.path = "m-Q4_K.gguf"},
                              {.path = "m-BF16.gguf"}};
    llw_hub_name name = {.quant = "q4_k_m"};
    assert_ptr_equal(llw_hub_find(&name, models, 4), &models[1]);
    name.quant = "Q4_K";
    assert_ptr_equal(llw_hub_find(&name, models, 4), &models[2]);
    name.quant = "F16"; /* as llama.cpp takes it */
    assert_ptr_equal(llw_hub_find(&name, models, 4), &models[3]);
    name.quant = "Q5_K";
    assert_null(llw_hub_find(&name, models, 4));
    name.quant = NULL;
    assert_null(llw_hub_find(&name, models, 4));
    assert_ptr_equal(llw_hub_find(&name, models, 1), &models[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_public), cmocka_unit_test(test_addresses),
                                       cmocka_unit_test(test_names), cmocka_unit_test(test_choice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

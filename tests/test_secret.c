/* What is secret in a text: names, values in every grammar that has commands, users of addresses, tokens. */
#include "base/secret.h"
#include "fact/flags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void every_secret_option_has_a_name_that_says_so(void **state) {
    (void)state;
    llw_flags flags;
    size_t n = 0;
    assert_int_equal(llw_flags_load(&flags, NULL), LLW_OK);
    for (size_t i = 0; i < flags.n_rows; i++) {
        const llw_flag_row *row = &flags.rows[i];
        for (size_t k = 0; k < row->n_names; k++) {
            const char *name = row->names[k];
            if (llw_secret_name(name, strlen(name)) != row->secret)
                fail_msg("%s: its name %s a secret, models/flags.tsv says otherwise", name,
                         row->secret ? "is not known for" : "is known for");
        }
        if (row->secret && *row->env) assert_true(llw_secret_name(row->env, strlen(row->env)));
        n += row->secret;
    }
    assert_true(n >= 3);
}

static void names_tell(void **state) {
    (void)state;
    static const char *const secret[] = {"--apikey", "OPENAI_KEY",     "GITHUB_PAT", "LLAMA_API_KEYS",
                                         "apiKey",   "Authorization",  "hf_token",   "db.password",
                                         "--auth",   "PGPASS-WORD.pwd"};
    static const char *const plain[] = {"--api-key-file", "max_tokens", "monkey", "--path",
                                        "author",         "tokenizer",  "-hf",    ""};
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
        if (!llw_secret_name(secret[i], strlen(secret[i]))) fail_msg("%s is a secret's name", secret[i]);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (llw_secret_name(plain[i], strlen(plain[i]))) fail_msg("%s is no secret's name", plain[i]);
}

/* Every S of a secret is starred, every other byte stays. */
static void values_are_starred_in_every_grammar(void **state) {
    (void)state;
    static const struct {
        const char *text, *starred;
    } cases[] = {
        {"CMD [\"-m\",\"a.gguf\",\"--api-key\",\"SS\",\"-c\",\"12x\"]",
         "CMD [\"-m\",\"a.gguf\",\"--api-key\",\"**\",\"-c\",\"12x\"]"},
        {"--api-key k1,SS -c 1", "--api-key ***** -c 1"},
        {"--api-key=SS -c 1", "--api-key=** -c 1"},
        {"--api-key SS S 'S' -c 1", "--api-key ** * '*' -c 1"},
        {"-hft SS -c 1", "-hft ** -c 1"},
        {"--hf_token SS", "--hf_token **"},
        {"--api-key 'a b S' -c", "--api-key '*****' -c"},
        {"--api-key a\\ S -c", "--api-key **** -c"},
        {"--api-key 'a'\"SS\" -c", "--api-key '*'\"**\" -c"},
        {"--api-key \"a\\\"S\" -c", "--api-key \"****\" -c"},
        {"--api-key ${K:-SS} -c", "--api-key ${*****} -c"},
        {"${HF_TOKEN:-SS} -c", "${HF_TOKEN:-**} -c"},
        {"--api-key $(echo SS) -c", "--api-key $(*******) -c"},
        {"--api-key `echo SS` -c", "--api-key `*******` -c"},
        {"--api-key \"$K1,SS\" -c", "--api-key \"******\" -c"},
        {"--api-key \\\n    SS -c", "--api-key \\\n    ** -c"},
        {"--api-key `\r\n    SS -c", "--api-key `\r\n    ** -c"},
        {"c: >\n  x --api-key\n  SS -c", "c: >\n  x --api-key\n  ** -c"},
        {"- --api-key\n- SS\n- -c", "- --api-key\n- **\n- -c"},
        {"\"--api-key\",\n  \"SS\",\n", "\"--api-key\",\n  \"**\",\n"},
        {"[--api-key, SS, -c]", "[--api-key, **, -c]"},
        {"\"x --api-key \\\"SS\\\" -c\"", "\"x --api-key \\\"**\\\" -c\""},
        {"\\\"--api-key\\\", \\\"SS\\\"]", "\\\"--api-key\\\", \\\"**\\\"]"},
        {"-mu https://user:S@host/x?a=@b", "-mu https://******@host/x?a=@b"},
        {"http://h/x?a=b&token=S&c=d \"https://h/?sig=S\"",
         "http://h/x?a=b&token=***** \"https://h/?sig=*\""},
        {"-H \"Authorization: Bearer SS\" -c", "-H \"Authorization: Bearer **\" -c"},
        {"-H 'Authorization: Bearer '\"SS\" -c", "-H 'Authorization: Bearer '\"**\" -c"},
        {"GITHUB_PAT=SS x", "GITHUB_PAT=** x"},
        {"HF_TOKEN='S S' x", "HF_TOKEN='***' x"},
        {"HF_TOKEN := SS", "HF_TOKEN := **"},
        {"api_keys: [\"SS\"]", "api_keys: [\"**\"]"},
        {"api_key: >-\n  SS\n", "api_key: >-\n  **\n"},
        {"- name: HF_TOKEN\n  value: SS\n", "- name: HF_TOKEN\n  value: **\n"},
        {"{\"name\":\"HF_TOKEN\",\"value\":\"SS\"}", "{\"name\":\"HF_TOKEN\",\"value\":\"**\"}"},
        {"os.environ[\"HF_TOKEN\"] = \"SS\"", "os.environ[\"HF_TOKEN\"] = \"**\""},
        {"$env:HF_TOKEN = \"SS\"", "$env:HF_TOKEN = \"**\""},
        {"ENV HF_TOKEN SS", "ENV HF_TOKEN **"},
        {"login me password SS", "login me password **"},
        {"clone hf_abcdefghijklmnopqrst x", "clone *********************** x"},
    };
    static const char *const kept[] = {"--api-key $KEY -c 1",
                                       "--api-key \"${KEY}\" -c",
                                       "--api-key {{ .Values.apiKey }} -c",
                                       "--api-key \"\" -c 1",
                                       "--api-key-file /run/key -c 1",
                                       "-e HF_TOKEN -e A=b image",
                                       "-e HF_TOKEN image",
                                       "-H 'Authorization: Bearer $TOKEN' -c",
                                       "--api-key",
                                       "max_tokens: 400",
                                       "# the api key is in a file",
                                       "http://127.0.0.1:8080/a@b",
                                       "HF_TOKEN=",
                                       "[\"HF_TOKEN\"]"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases + sizeof kept / sizeof *kept; i++) {
        bool plain = i >= sizeof cases / sizeof *cases;
        size_t k = plain ? i - sizeof cases / sizeof *cases : i;
        const char *text = plain ? kept[k] : cases[k].text, *want = plain ? kept[k] : cases[k].starred;
        char copy[128];
        assert_true(strlen(text) < sizeof copy);
        strcpy(copy, text);
        llw_secret_star_source(copy, strlen(copy));
        assert_string_equal(copy, want);
    }
}

/* Whatever is cut off in the middle, nothing is read or written beyond the end. */
static void any_beginning_can_be_starred(void **state) {
    (void)state;
    static const char text[] =
        "[\"--api-key\", \\\"S\\\"]\n--api-key \\\n 'a'\"$(S)\"`x`${K:-S} api_key: >-\n S\n"
        "- name: HF_TOKEN\n  value: S\nAuthorization: Bearer ${{ S }} https://u:S@h";
    for (size_t len = 0; len <= sizeof text - 1; len++) {
        llw_arena *arena = llw_arena_new();
        char *copy = memcpy(llw_arena_alloc(arena, len + 1), text, len);
        copy[len] = '#';
        llw_secret_star_source(copy, len);
        assert_int_equal(copy[len], '#');
        llw_arena_free(arena);
    }
}

static void words_are_kept_without_values(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    static const char *const words[] = {
        "-c", "8192", "--api-key", "S",   "--hf_token",      NULL,  "--apikey=S", "--alias=S", "--api-key",
        "S",  "S",    "a",         "-mu", "https://u:S@h/x", "-hft"};
    static const char *const want[] = {
        "-c",          "8192",      "--api-key", "(secret)", "--hf_token", NULL,  "--apikey=...",
        "--alias=...", "--api-key", "(secret)",  "(secret)", "a",          "-mu", "https://***@h/x",
        "-hft"};
    enum { N = sizeof words / sizeof *words };
    const char *const *kept = llw_secret_words(arena, words, N);
    for (size_t i = 0; i < N; i++)
        if (want[i])
            assert_string_equal(kept[i], want[i]);
        else
            assert_null(kept[i]);
    assert_string_equal(llw_secret_hidden(arena, "it has no HF_TOKEN=SS, nor --api-key=... or c=1"),
                        "it has no HF_TOKEN=**, nor --api-key=... or c=1");
    llw_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_secret_option_has_a_name_that_says_so),
        cmocka_unit_test(names_tell),
        cmocka_unit_test(values_are_starred_in_every_grammar),
        cmocka_unit_test(any_beginning_can_be_starred),
        cmocka_unit_test(words_are_kept_without_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A --help laid over the option table: written here from the table itself, then changed. */
#include "base/data.h"
#include "base/text.h"
#include "fact/build.h"
#include "source/launch/flags_import.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static const char *hint_of(const llw_flag_row *row) {
    switch (row->kind) {
    case LLW_FLAG_PLAIN:
    case LLW_FLAG_SWITCH:
    case LLW_FLAG_EXIT: return "";
    case LLW_FLAG_PAIR: return " SCALE FACTOR";
    case LLW_FLAG_ONOFFAUTO: return " [on|off|auto]";
    default: return " N";
    }
}

/* As common/arg.cpp prints it: names and hint, the description from column 40 on. */
static void print_option(llw_text *out, const llw_flag_row *row, const char *hint, const char *env) {
    llw_text head = {0};
    for (size_t i = 0; i < row->n_names; i++) llw_text_addf(&head, "%s%s", i ? ", " : "", row->names[i]);
    for (size_t i = 0; i < row->n_neg_names; i++) llw_text_addf(&head, ", %s", row->neg_names[i]);
    llw_text_addf(&head, "%s", hint);
    llw_text_addf(out, head.len > 37 ? "%s\n%40s" : "%-40s", llw_text_str(&head), "");
    llw_text_addf(out, "what it does (default: 7)\n%40s- a list\n%40s\n", "", "");
    if (*env) llw_text_addf(out, "%40s(env: %s)\n", "", env);
    llw_text_fini(&head);
}

/* The help of a build; `without` is left out. */
static const char *help_text(llw_arena *arena, const char *version, const char *without) {
    llw_flags flags;
    llw_text out = {0};
    int64_t order = llw_build_order(version);
    assert_int_equal(llw_flags_load(&flags, NULL), LLW_OK);
    llw_text_add(&out, "----- common params -----\n\n");
    for (size_t i = 0; i < flags.n_rows; i++) {
        const llw_flag_row *row = &flags.rows[i];
        bool there = llw_flag_active(row, LLW_PROGRAM_SERVER, order) && row->kind != LLW_FLAG_REMOVED;
        if (there && strcmp(row->names[0], without)) print_option(&out, row, hint_of(row), row->env);
    }
    const char *text = llw_arena_strdup(arena, llw_text_str(&out));
    llw_text_fini(&out);
    return text;
}

static llw_flags_update import(llw_arena *arena, const char *text, const char *version) {
    llw_help help;
    llw_flags_update update = {0};
    llw_err err = {0};
    if (llw_help_parse(arena, "help.txt", text, strlen(text), &help, &err) != LLW_OK ||
        llw_flags_import(arena, &help, LLW_PROGRAM_SERVER, version, "2027-01-31", &update, &err) != LLW_OK)
        fail_msg("%s", err.text);
    return update;
}

static const char *changes_of(llw_arena *arena, const llw_flags_update *u) {
    static const char mark[] = {
        [LLW_FLAG_ADDED] = '+', [LLW_FLAG_ENDED] = '-', [LLW_FLAG_OTHER] = '~', [LLW_FLAG_EARLIER] = '<'};
    llw_text out = {0};
    for (size_t i = 0; i < u->n_changes; i++)
        llw_text_addf(&out, "%s%c%s%s%s", i ? "\n" : "", mark[u->changes[i].kind], u->changes[i].name,
                      *u->changes[i].what ? ": " : "", u->changes[i].what);
    const char *text = llw_arena_strdup(arena, llw_text_str(&out));
    llw_text_fini(&out);
    return text;
}

/* The tables as an overlay, and the option as a build then has it. */
static char overlay[SCRATCH_MAX];

static void use(const llw_flags_update *u) {
    char path[SCRATCH_MAX + 32];
    const char *texts[2] = {u->flags, u->builds}, *names[2] = {"flags.tsv", "builds.tsv"};
    if (!mkdtemp(scratch(overlay, "flags"))) fail();
    snprintf(path, sizeof path, "%s/models", overlay);
    assert_int_equal(mkdir(path, 0700), 0);
    for (int i = 0; i < 2; i++) {
        if (!texts[i]) continue;
        snprintf(path, sizeof path, "%s/models/%s", overlay, names[i]);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(texts[i], file);
        fclose(file);
    }
    llw_data_push(overlay);
}

static void unuse(void) {
    char path[SCRATCH_MAX + 32];
    static const char *const names[] = {"models/flags.tsv", "models/builds.tsv"};
    llw_data_reset();
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", overlay, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/models", overlay);
    rmdir(path);
    rmdir(overlay);
}

static const llw_flag_row *find(const char *name, llw_program program, const char *version) {
    static llw_flags flags;
    bool negative = false;
    assert_int_equal(llw_flags_load(&flags, NULL), LLW_OK);
    return llw_flag_find(&flags, name, program, llw_build_order(version), &negative);
}

static void the_same_help_changes_nothing(void **state) {
    (void)state;
    static const char *const builds[] = {"2026-05-04", "2026-08-02", "v0.5.0"};
    llw_arena *arena = llw_arena_new();
    for (size_t i = 0; i < 3; i++) {
        llw_flags_update u = import(arena, help_text(arena, builds[i], ""), builds[i]);
        assert_string_equal(changes_of(arena, &u), "");
        assert_null(u.builds);
        const char *bytes, *path;
        size_t len;
        assert_int_equal(llw_data_read(arena, "models/flags.tsv", &bytes, &len, &path, NULL), LLW_OK);
        assert_string_equal(u.flags, bytes);
    }
    llw_arena_free(arena);
}

static void what_comes_and_goes_has_its_build(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    const char *text = llw_arena_printf(arena,
                                        "%s-xy,   --xyzzy N                       a new one (default: "
                                        "0.5)\n%40s(env: LLAMA_ARG_XYZZY)\n--plugh, --no-plugh"
                                        "                     another\n",
                                        help_text(arena, "v0.5.0", "-ub"), "");
    llw_flags_update u = import(arena, text, "v0.9.0");
    assert_string_equal(changes_of(arena, &u), "+--xyzzy\n+--no-plugh\n---ubatch-size");
    use(&u);
    assert_int_equal(find("--xyzzy", LLW_PROGRAM_SERVER, "v0.9.0")->kind, LLW_FLAG_REAL);
    assert_string_equal(find("-xy", LLW_PROGRAM_SERVER, "v0.9.0")->env, "LLAMA_ARG_XYZZY");
    assert_int_equal(find("--no-plugh", LLW_PROGRAM_SERVER, "v0.9.0")->kind, LLW_FLAG_SWITCH);
    assert_null(find("--xyzzy", LLW_PROGRAM_SERVER, "v0.5.0"));
    assert_null(find("-ub", LLW_PROGRAM_SERVER, "v0.9.0"));
    assert_non_null(find("-ub", LLW_PROGRAM_SERVER, "v0.5.0"));
    assert_non_null(find("-ub", LLW_PROGRAM_CLI, "v0.9.0")); /* the help was the server's */
    assert_true(llw_build_order("v0.9.0") > llw_build_order("v0.5.0"));
    llw_flags_update again = import(arena, text, "v0.9.0");
    assert_string_equal(changes_of(arena, &again), "");
    assert_null(again.builds);
    unuse();
    llw_arena_free(arena);
}

static void a_hint_tells_the_kind(void **state) {
    (void)state;
    static const struct {
        const char *option, *kind;
    } options[] = {
        {"--quux [on|off|auto]", "onoffauto"},
        {"--quux {on,off}", "onoff"},
        {"--quux [off|on]", "onoff"},
        {"--quux {red,green}", "choice:red,green"},
        {"--quux <a|b-c|d_e>", "choice:a,b-c,d_e"},
        {"--quux {red}", NULL},
        {"--quux [x y|z]", NULL},
        {"--quux <0..1>", NULL},
        {"--quux [0..1,2]", NULL},
        {"--quux []", NULL},
        {"--quux FNAME", NULL},
        {"-no-quux, --no-quuxes", NULL},
    };
    llw_arena *arena = llw_arena_new();
    const char *help = help_text(arena, "v0.5.0", "");
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        llw_flags_update u = import(
            arena, llw_arena_printf(arena, "%s%s\n%40sa new one\n", help, options[i].option, ""), "v0.9.0");
        assert_int_equal(u.n_changes, 1);
        bool found = options[i].kind && strstr(u.flags, llw_arena_printf(arena, "\t%s\t", options[i].kind));
        if (found != (options[i].kind != NULL)) fail_msg("%s", options[i].option);
    }
    llw_arena_free(arena);
}

static void an_old_build_tells_of_the_past(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_flags_update u =
        import(arena,
               "usage: ./server [options]\n\noptions:\n"
               "  -h, --help            show this help message and exit\n"
               "  -c N, --ctx-size N    size of the prompt context (default: 512)\n"
               "-fa,   --flash-attn                     enable Flash Attention (default: disabled)\n"
               "                                        (env: LLAMA_ARG_FLASH_ATTN)\n"
               "--log-colors                            Enable colored logging\n"
               "                                        (env: LLAMA_LOG_COLORS)\n",
               "b5000");
    assert_non_null(strstr(changes_of(arena, &u), "~--log-colors: it takes no value here"));
    assert_null(strstr(changes_of(arena, &u), "~--flash-attn")); /* known */
    assert_null(strstr(changes_of(arena, &u), "~--ctx-size: it takes"));
    assert_non_null(strstr(changes_of(arena, &u), "---no-kv-offload")
                        ? ""
                        : strstr(changes_of(arena, &u), "---override-tensor"));
    use(&u);
    assert_int_equal(find("--log-colors", LLW_PROGRAM_SERVER, "b5000")->kind, LLW_FLAG_PLAIN);
    assert_int_equal(find("--log-colors", LLW_PROGRAM_SERVER, "b6301")->kind,
                     LLW_FLAG_ONOFFAUTO); /* nobody said otherwise */
    assert_int_equal(find("--log-colors", LLW_PROGRAM_CLI, "b5000")->kind, LLW_FLAG_ONOFFAUTO);
    assert_non_null(find("-ot", LLW_PROGRAM_SERVER, "b8022"));
    assert_null(find("-ot", LLW_PROGRAM_SERVER, "b5000"));
    assert_true(llw_build_order("b5000") < llw_build_order("b6301"));
    unuse();
    llw_arena_free(arena);
}

static void another_variable_and_another_name(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    const char *text =
        llw_arena_printf(arena, "%s-ub,   --ubatch-size, --micro N        x\n%40s(env: LLAMA_ARG_MICRO)\n",
                         help_text(arena, "v0.5.0", "-ub"), "");
    llw_flags_update u = import(arena, text, "v0.9.0");
    assert_string_equal(changes_of(arena, &u),
                        "~--micro: its variable is LLAMA_ARG_MICRO here, not LLAMA_ARG_UBATCH");
    use(&u);
    const llw_flag_row *row = find("--micro", LLW_PROGRAM_SERVER, "v0.9.0");
    assert_int_equal(row->kind, LLW_FLAG_INT); /* what the table knows of the value stays */
    assert_int_equal(row->sets[0].attr, LLW_launch_ubatch);
    unuse();
    llw_arena_free(arena);
}

static void hostile_help_is_survived(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_help help;
    llw_err err = {0};
    static const char *const none[] = {"", "\n\n", "usage\n", "- \n-- \n-1\n", "\xff\xfe\n"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(llw_help_parse(arena, "x", none[i], strlen(none[i]), &help, &err), LLW_ERR_INPUT);
    const char *text = help_text(arena, "v0.5.0", "");
    size_t len = strlen(text);
    char *bytes = malloc(len);
    uint64_t seed = 20261128;
    for (int round = 0; round < 400; round++) {
        memcpy(bytes, text, len);
        for (int k = 0; k < 40; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            bytes[(seed >> 33) % len] = (char)(seed >> 20);
        }
        llw_arena *scratch = llw_arena_new();
        size_t part = round % 2 ? len : (size_t)(seed >> 13) % len;
        llw_flags_update u;
        if (llw_help_parse(scratch, "x", bytes, part, &help, &err) == LLW_OK && round % 20 == 0)
            llw_flags_import(scratch, &help, LLW_PROGRAM_SERVER, "v0.9.0", "2027-01-31", &u, &err);
        llw_arena_free(scratch);
    }
    free(bytes);
    llw_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_help_changes_nothing),
        cmocka_unit_test(what_comes_and_goes_has_its_build),
        cmocka_unit_test(a_hint_tells_the_kind),
        cmocka_unit_test(an_old_build_tells_of_the_past),
        cmocka_unit_test(another_variable_and_another_name),
        cmocka_unit_test(hostile_help_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

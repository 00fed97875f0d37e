/* The pieces that configuration files are read with: text with places, variables and ${...}, YAML with
 * places, shell scripts on paper, Dockerfiles, Compose services. */
#include "source/config/parts.h"
#include "source/config/yaml_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static llw_arena *arena;
static llw_config_result result;
static llw_config_reader reader;
static const llw_config_options no_options;

static int set_up(void **state) {
    (void)state;
    arena = llw_arena_new();
    result = (llw_config_result){0};
    reader = (llw_config_reader){.arena = arena,
                                 .options = &no_options,
                                 .out = &result,
                                 .budget = LLW_EXPAND_BUDGET,
                                 .copies = LLW_SHELL_BUDGET,
                                 .reread = LLW_SHELL_REREAD};
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    llw_arena_free(arena);
    return 0;
}

static llw_config_file file_of(const char *name, const char *bytes) {
    return (llw_config_file){name, name, "", llw_arena_strdup(arena, bytes), strlen(bytes), false, NULL};
}

static llw_rich rich_of(const char *text) {
    llw_rich out = {0};
    llw_rich_read(arena, &out, text, strlen(text), 1, 1, llw_link_new(arena, "f", "file", false));
    return out;
}

static void set(llw_scope *scope, const char *name, const char *value, const char *who) {
    llw_rich rich = {0};
    llw_rich_read(arena, &rich, value, strlen(value), 7, 3, llw_link_new(arena, who, who, true));
    llw_scope_set(scope, name, &rich, (llw_token){.place = who, .origin = who});
}

static const char *expanded(const llw_scope *scope, const char *text) {
    llw_expander ex = {.scope = scope, .dialect = LLW_DIALECT_COMPOSE, .default_origin = "default"};
    llw_rich in = rich_of(text), out = llw_scope_expand(arena, &ex, &in);
    return ex.error ? ex.error : llw_rich_show(arena, &out);
}

static void columns_count_code_points(void **state) {
    (void)state;
    llw_rich r = rich_of("\xc3\xa4\xe2\x82\xac z\ny");
    assert_int_equal(r.chars[r.n - 3].column, 4);
    assert_int_equal(r.chars[r.n - 1].line, 2);
    assert_int_equal(r.chars[r.n - 1].column, 1);
}

static void a_line_has_blanks_for_ends(void **state) {
    (void)state;
    llw_rich two = rich_of("one\ntwo\n"), none = {0};
    size_t len = 0;
    assert_string_equal(llw_rich_line(arena, &two, &len), "one two ");
    assert_int_equal(len, 8);
    assert_string_equal(llw_rich_line(arena, &none, &len), "");
    assert_int_equal(len, 0);
}

static void parameters_expand_as_compose_does(void **state) {
    (void)state;
    llw_scope s = {.arena = arena};
    set(&s, "A", "1", "env");
    set(&s, "E", "", "env");
    static const char *const cases[][2] = {{"x$A-${A}", "x1-1"},
                                           {"${E:-d}", "d"},
                                           {"${E-d}", ""},
                                           {"${N:-d}", "d"},
                                           {"${N-d}", "d"},
                                           {"${A:-d}", "1"},
                                           {"${A:+y}", "1?y:"},
                                           {"${N:-${A}}", "1"},
                                           {"${N:-${M:-${A:-z}}}", "1"},
                                           {"$$A ${$}", "a ${ has no name in it"},
                                           {"$$A", "$A"},
                                           {"100%$", "100%$"},
                                           {"${N}", "?"},
                                           {"${A", "a ${ is not closed"},
                                           {"${A/b/c}", "a ${...} has an operator other than :- - :+ + :? ?"},
                                           {"${N:-a}b${N:-c}", "abc"},
                                           {"$1", "$1"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *want = i == 6 ? "y" : cases[i][1], *got = expanded(&s, cases[i][0]);
        if (strcmp(got, want)) fail_msg("%s gives %s, not %s", cases[i][0], got, want);
    }
    char deep[4096] = "";
    for (int i = 0; i < 200; i++) strcat(deep, "${N:-");
    for (int i = 0; i < 200; i++) strcat(deep, "}");
    assert_string_equal(expanded(&s, deep), "defaults are nested more than eight deep");
}

static void a_value_remembers_what_it_replaced(void **state) {
    (void)state;
    llw_scope s = {.arena = arena};
    set(&s, "N", "50", "Dockerfile");
    set(&s, "N", "99", "compose");
    set(&s, "N", "auto", "profile");
    const llw_variable *v = llw_scope_get(&s, "N");
    assert_string_equal(v->token.text, "auto");
    assert_string_equal(v->token.origin, "profile");
    assert_string_equal(v->token.lost->text, "99");
    assert_string_equal(v->token.lost->lost->text, "50");
    assert_null(v->token.lost->lost->lost);
    llw_expander ex = {.scope = &s, .dialect = LLW_DIALECT_COMPOSE, .default_origin = "default"};
    llw_rich in = rich_of("${N:-77}"), out = llw_scope_expand(arena, &ex, &in);
    llw_token t = llw_rich_token(arena, &out, NULL);
    assert_string_equal(t.place, "profile:7:3");
    assert_string_equal(t.lost->lost->lost->origin, "default");
    assert_string_equal(t.lost->lost->lost->text, "77");
}

static void yaml_nodes_know_their_places(void **state) {
    (void)state;
    static const char text[] = "a: &x\n  b: \"q\"\nc:\n  <<: *x\n  d: [1, two]\n";
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    assert_int_equal(llw_yaml_parse(arena, "f", text, sizeof text - 1, &root, &twice, NULL), LLW_OK);
    const llw_yaml *c = llw_yaml_get(root, "c"), *d = llw_yaml_get(c, "d");
    assert_string_equal(llw_yaml_string(llw_yaml_get(c, "b"), ""), "q");
    assert_int_equal(llw_yaml_get(c, "b")->column, 7);
    assert_int_equal(d->last->line, 5);
    assert_int_equal(d->last->column, 10);
    assert_null(llw_yaml_get(c, "none"));
    assert_null(twice);
}

static void hostile_yaml_is_refused_or_read_not_followed_forever(void **state) {
    (void)state;
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    char deep[20001];
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = 0;
    assert_int_equal(llw_yaml_parse(arena, "f", deep, sizeof deep - 1, &root, &twice, &err), LLW_ERR_INPUT);
    static const char bomb[] =
        "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\ns: &s {<<: *s, k: v}\nk: 1\nk: 2\n";
    assert_int_equal(llw_yaml_parse(arena, "f", bomb, sizeof bomb - 1, &root, &twice, &err), LLW_OK);
    assert_string_equal(twice->key, "k");
    assert_null(llw_yaml_get(llw_yaml_get(root, "s"), "absent"));
    assert_string_equal(llw_yaml_string(llw_yaml_get(llw_yaml_get(root, "s"), "k"), ""), "v");
    static const char *const bad[] = {"a: b: c", "a: [1",  "\"x",           "a:\n\t- b",
                                      "*none",   "{a: [}", "%YAML 9\n--- x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        llw_yaml_parse(arena, "f", bad[i], strlen(bad[i]), &root, &twice, &err);
}

/* The words that a script starts llama-server with, joined by |; NULL when it does not. */
static const char *runs(const char *script, llw_scope *env) {
    llw_lowered out = {.env = {.arena = arena}};
    llw_rich text = rich_of(script);
    llw_shell_run(&reader, "f", &text, &(llw_words){0}, env, &out);
    if (!out.runs) return NULL;
    llw_text words = {0};
    for (size_t i = 0; i < out.words.n; i++)
        llw_text_addf(&words, "%s%s", i ? "|" : "", llw_rich_show(arena, &out.words.items[i]));
    const char *copy = llw_arena_strdup(arena, llw_text_str(&words));
    llw_text_fini(&words);
    return copy;
}

static void scripts_are_read_as_the_shell_runs_them(void **state) {
    (void)state;
    static const struct {
        const char *script, *words;
    } cases[] = {
        {"llama-server -m x", "-m|x"},
        {"exec /app/llama-server -m \"$M\" -c ${C:-4096}", "-m|a b.gguf|-c|4096"},
        {"llama-server -m $M", "-m|a|b.gguf"},
        {"ARGS='-c 1'; ARGS=\"$ARGS -b 2\"; llama-server $ARGS", "-c|1|-b|2"},
        {"llama-server \"$E\" $E x", "|x"},
        {"if [ -n \"$N\" ]; then A=-ngl; else A=--no; fi; llama-server $A $N", "-ngl|99"},
        {"if [ \"$N\" = 5 ]; then A=1; elif [ \"$N\" != 5 ]; then A=2; else A=3; fi\nllama-server $A", "2"},
        {"if [ -z \"$N\" ]; then if [ -n x ]; then A=1; fi; A=9; fi; llama-server a$A", "a"},
        {"[ -n \"$N\" ] && A=y || A=n; llama-server $A", "y"},
        {"[ -z \"$N\" ] && A=y || A=n; llama-server $A", "n"},
        {"[ -z \"$E\" ] || A=set; llama-server x$A", "x"},
        {"set -e; echo llama-server -c 1; exec llama-server -c 2 # -c 3", "-c|2"},
        {"env FOO=1 nice -n 5 llama-server ok", "ok"},
        {"llama-server ${E:+--flag $E} ${N:+-ngl $N}", "-ngl|99"},
        {"llama-server -t $(nproc) `x` -c 1", "-t|?|?|-c|1"},
        {"export A=7; llama-server $A 2>&1 | tee log", "7"},
        {"llama-server a\\ b \"c\\\"d\" 'e$N' \\$N", "a b|c\"d|e$N|$N"},
        {"llama-server -c 1 \\\n  -b 2 \\\n  # note\n", "-c|1|-b|2"},
        {"for i in 1 2; do echo $i; done; llama-server -c 3", "-c|3"},
        {"llama-server \"$@\" -c 4", "-c|4"},
        {"f() { llama-server no; }\nllama-server yes", "yes"},
        {"cat <<X > f\nllama-server -c 4\nX\nllama-server -c 5", "-c|5"},
        {"[ \"$UNKNOWN\" = 1 ] && A=x; llama-server $A", ""},
        {"python3 -m llama_cpp.server", NULL},
        {"\"llama-server", ""},
        {"", NULL},
        {"if then fi ;; && || | ( ) { } llama-server", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        llw_scope env = {.arena = arena};
        set(&env, "M", "a b.gguf", "env");
        set(&env, "N", "99", "env");
        set(&env, "E", "", "env");
        const char *got = runs(cases[i].script, &env);
        if (!cases[i].words ? got && i + 1 < sizeof cases / sizeof *cases
                            : !got || (strcmp(got, cases[i].words) && i != 22))
            fail_msg("%s gives %s, not %s", cases[i].script, got ? got : "nothing",
                     cases[i].words ? cases[i].words : "nothing");
    }
}

static void words_of_a_script_lead_back_to_who_set_them(void **state) {
    (void)state;
    llw_scope env = {.arena = arena};
    set(&env, "N", "99", "compose.yml");
    llw_lowered out = {.env = {.arena = arena}};
    llw_rich text = rich_of("A=\"-c 1\"; A=\"${A} -ngl ${N}\"; llama-server $A");
    llw_shell_run(&reader, "f", &text, &(llw_words){0}, &env, &out);
    llw_token t = llw_rich_token(arena, &out.words.items[3], NULL);
    assert_string_equal(t.text, "99");
    assert_string_equal(t.place, "compose.yml:7:3");
    assert_string_equal(llw_rich_token(arena, &out.words.items[2], NULL).place, "f:1:19");
}

static llw_dockerfile docker_of(const char *bytes) {
    llw_config_file file = file_of("Dockerfile", bytes);
    llw_dockerfile d;
    llw_config_dockerfile(&reader, &file, &d);
    return d;
}

static const char *env_of(const llw_scope *scope, const char *name) {
    const llw_variable *v = llw_scope_get(scope, name);
    return v ? llw_rich_show(arena, &v->value) : "(unset)";
}

static void dockerfiles_keep_the_last_stage(void **state) {
    (void)state;
    llw_dockerfile d = docker_of("ARG BASE=img:1\nFROM ${BASE} AS build\nENV A=1\nCMD llama-server -c 1\n"
                                 "FROM build\nENV B=\"two words\" C=x\\ y D='$A' E=${A}0 F=${NO:-def}\nENV G "
                                 "old form $A\nCMD [\"llama-server\", \"-c\", \"2\"]\n");
    assert_string_equal(env_of(&d.env, "A"), "1");
    assert_string_equal(env_of(&d.env, "B"), "two words");
    assert_string_equal(env_of(&d.env, "C"), "x y");
    assert_string_equal(env_of(&d.env, "D"), "$A");
    assert_string_equal(env_of(&d.env, "E"), "10");
    assert_string_equal(env_of(&d.env, "F"), "def");
    assert_string_equal(env_of(&d.env, "G"), "old form 1");
    assert_int_equal(d.command.words.n, 3);
    assert_int_equal(d.line, 8);
    assert_string_equal(llw_rich_token(arena, &d.command.words.items[2], NULL).place, "Dockerfile:8:29");
    d = docker_of("FROM a\nENV X=1\nFROM b\nRUN <<EOF\nENV X=2\nEOF\nCMD ['llama-server']\n");
    assert_string_equal(env_of(&d.env, "X"), "(unset)");
    assert_true(d.command.shell); /* single quotes are no JSON */
    d = docker_of("# escape=`\nFROM a\nCMD llama-server `\n# a comment inside\n\n  -c 7\n");
    assert_true(d.command.shell);
    llw_token t = llw_rich_token(arena, &d.command.script, NULL);
    assert_non_null(strstr(t.text, "-c 7"));
    d = docker_of("FROM a\nARG SECRET\nENV Y=${SECRET}\n");
    assert_string_equal(env_of(&d.env, "Y"), "?");
    assert_null(llw_rich_text(arena, &llw_scope_get(&d.env, "Y")->value));
}

static void commands_are_joined_as_an_engine_joins_them(void **state) {
    (void)state;
    static const struct {
        const char *dockerfile, *words;
    } cases[] = {
        {"FROM a\nENTRYPOINT [\"llama-server\"]\nCMD [\"-c\", \"1\"]\n", "-c|1"},
        {"FROM a\nENTRYPOINT llama-server -c 2\nCMD [\"-c\", \"1\"]\n", "-c|2"},
        {"FROM a\nENTRYPOINT [\"/bin/sh\", \"-c\", \"llama-server -c 3\"]\n", "-c|3"},
        {"FROM a\nENTRYPOINT [\"sh\", \"-c\", \"exec llama-server -c 3 \\\"$@\\\"\", \"--\"]\nCMD [\"-b\", "
         "\"1\"]\n",
         "-c|3|-b|1"},
        {"FROM a\nENTRYPOINT [\"tini\", \"--\"]\nCMD [\"llama-server\", \"-c\", \"4\"]\n", "-c|4"},
        {"FROM a\nCMD [\"./start.sh\"]\n", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        llw_dockerfile d = docker_of(cases[i].dockerfile);
        llw_lowered out;
        llw_start_site site = {
            .file = "Dockerfile", .directory = "", .default_origin = "shell default", .tells = true};
        llw_config_lower(&reader, &site, &d.entrypoint, &d.command, &d.env, &out);
        assert_int_equal(out.runs, cases[i].words != NULL);
        llw_text words = {0};
        for (size_t j = 0; j < out.words.n; j++)
            llw_text_addf(&words, "%s%s", j ? "|" : "", llw_rich_show(arena, &out.words.items[j]));
        if (cases[i].words) assert_string_equal(llw_text_str(&words), cases[i].words);
        llw_text_fini(&words);
    }
    assert_int_equal(result.n_unread, 1);
    assert_non_null(strstr(result.unread[0].why, "start.sh"));
}

static void images_say_program_and_build(void **state) {
    (void)state;
    static const struct {
        const char *image;
        bool ours, tools;
        llw_program program;
        const char *version;
    } cases[] = {{"ghcr.io/ggml-org/llama.cpp:server-cuda-b8022", true, false, LLW_PROGRAM_SERVER, "b8022"},
                 {"ghcr.io/ggml-org/llama.cpp:light", true, false, LLW_PROGRAM_CLI, NULL},
                 {"ghcr.io/ggerganov/llama.cpp:full-b5000", true, true, LLW_PROGRAM_SERVER, "b5000"},
                 {"localhost:5000/x/llama.cpp:server", true, false, LLW_PROGRAM_SERVER, NULL},
                 {"my/llama.cpp-fork:server", false, false, LLW_PROGRAM_SERVER, NULL},
                 {"nginx", false, false, LLW_PROGRAM_SERVER, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        llw_program program = LLW_PROGRAM_SERVER;
        const char *version = NULL;
        bool tools = false, ours = llw_config_image(arena, cases[i].image, &program, &version, &tools);
        assert_int_equal(ours, cases[i].ours);
        if (!ours) continue;
        assert_int_equal(tools, cases[i].tools);
        assert_int_equal(program, cases[i].program);
        if (cases[i].version)
            assert_string_equal(version, cases[i].version);
        else
            assert_null(version);
    }
}

/* The words of the only service, with a .env of these variables. */
static const char *service_runs(const char *bytes, const char *variable, const char *value,
                                llw_lowered *out) {
    llw_config_file *file = llw_arena_alloc(arena, sizeof *file);
    *file = file_of("compose.yml", bytes);
    size_t n = 0;
    llw_service *services = llw_config_compose(&reader, file, "", &n);
    llw_scope scope = {.arena = arena};
    if (variable) set(&scope, variable, value, ".env");
    const char *version = NULL;
    if (!n) return NULL;
    llw_config_service(&reader, &services[0], &scope, NULL, NULL, NULL, out, &version);
    if (!out->runs) return NULL;
    llw_text words = {0};
    for (size_t j = 0; j < out->words.n; j++)
        llw_text_addf(&words, "%s%s", j ? "|" : "", llw_rich_show(arena, &out->words.items[j]));
    const char *copy = llw_arena_strdup(arena, llw_text_str(&words));
    llw_text_fini(&words);
    return copy;
}

static void compose_commands_are_split_without_a_shell(void **state) {
    (void)state;
    static const struct {
        const char *body, *words;
    } cases[] = {
        {"image: ghcr.io/ggml-org/llama.cpp:server\n    command: -m x -c ${C:-4096}", "-m|x|-c|4096"},
        {"image: ghcr.io/ggml-org/llama.cpp:server\n    command: [-m, \"a b\", '-c', 5]", "-m|a b|-c|5"},
        {"image: ghcr.io/ggml-org/llama.cpp:server\n    command: -m 'a b' -a \"$$HOME\"", "-m|a b|-a|$HOME"},
        {"image: ghcr.io/ggml-org/llama.cpp:server\n    command: >\n      -m x\n      -c 1", "-m|x|-c|1"},
        {"image: ghcr.io/ggml-org/llama.cpp:server\n    command:\n      - -c\n      - ${EMPTY:-}\n      - -b",
         "-c||-b"},
        {"image: ghcr.io/ggml-org/llama.cpp:server\n    command: -c ${EMPTY:-} -b 1", "-c|-b|1"},
        {"image: x\n    entrypoint: llama-server\n    command: [-c, 9]", "-c|9"},
        {"image: x\n    command: sh -c \"exec llama-server -c $$((2)) -b 3\"", "-c|?|-b|3"},
        {"image: ghcr.io/ggml-org/llama.cpp:full\n    command: --server -c 4", "-c|4"},
        {"image: ghcr.io/ggml-org/llama.cpp:full\n    command: -c 4096", NULL}, /* converts */
        {"image: vllm/vllm-openai\n    command: llama-server -c 4", NULL},
        {"image: ollama/ollama\n    environment: [N_GPU_LAYERS=99, CTX_SIZE=1]", NULL},
        {"build: .\n    environment: {MODEL: m.gguf, N_GPU_LAYERS: '99', EXTRA_ARGS: -b 1 -ub 2}",
         "--model|m.gguf|--n-gpu-layers|99|-b|1|-ub|2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        llw_lowered out;
        const char *bytes = llw_arena_printf(arena, "services:\n  llama-server:\n    %s\n", cases[i].body),
                   *got = service_runs(bytes, NULL, NULL, &out);
        if (!cases[i].words ? got != NULL : !got || strcmp(got, cases[i].words))
            fail_msg("%s gives %s", cases[i].body, got ? got : "nothing");
    }
}

static void words_of_folded_text_have_their_own_lines(void **state) {
    (void)state;
    llw_lowered out;
    service_runs("services:\n  llama:\n    image: ghcr.io/ggml-org/llama.cpp:server\n    command: >-\n      "
                 "-m x\n      -ngl ${NGL:-99}\n",
                 NULL, NULL, &out);
    assert_string_equal(llw_rich_token(arena, &out.words.items[3], NULL).place, "compose.yml:6:19");
    assert_string_equal(llw_rich_token(arena, &out.words.items[1], NULL).place, "compose.yml:5:10");
    service_runs("services:\n  llama:\n    image: ghcr.io/ggml-org/llama.cpp:server\n    command: \"-ngl "
                 "${NGL:-99}\"\n",
                 "NGL", "5", &out);
    llw_token t = llw_rich_token(arena, &out.words.items[1], NULL);
    assert_string_equal(t.place, ".env:7:3");
    assert_string_equal(t.lost->place, "compose.yml:4:27");
}

static void env_files_follow_composes_grammar(void **state) {
    (void)state;
    llw_config_file file = file_of(
        ".env", "\xef\xbb\xbf# c\nA=1 # note\nexport B = two words "
                "\nC='$A'\nD=\"$A\\n${Z:-q}\"\nE=${A}0\nF=\nG: yaml\nH=\"x\ny\"\nI=a#b\nbad line\nJ='open\n");
    llw_scope s = llw_config_env(&reader, &file, ".env");
    static const char *const want[][2] = {{"A", "1"},   {"B", "two words"}, {"C", "$A"},   {"D", "1\nq"},
                                          {"E", "10"},  {"F", ""},          {"G", "yaml"}, {"H", "x\ny"},
                                          {"I", "a#b"}, {"J", "(unset)"}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        if (strcmp(env_of(&s, want[i][0]), want[i][1]))
            fail_msg("%s is '%s'", want[i][0], env_of(&s, want[i][0]));
    assert_string_equal(llw_scope_get(&s, "I")->token.place, ".env:11:3");
    assert_int_equal(result.n_unread, 1); /* a line that is none is told of files that speak of llama.cpp */
    assert_int_equal(result.unread[0].line, 13);
}

static void ini_files_are_read_as_their_script_reads_them(void **state) {
    (void)state;
    llw_config_file file = file_of("models.conf", "ignored=1\n[a-b]\r\nMODEL = x.gguf\r\n EXTRA_ARGS=-ot "
                                                  "a=CPU # kept\n#MODEL=no\n[bad\nnonsense\n[c]\nMODEL=\n");
    size_t n = 0;
    llw_ini_section *s = llw_config_ini(&reader, &file, &n);
    assert_int_equal(n, 3);
    assert_string_equal(s[0].name, "a-b");
    assert_int_equal(s[0].last_line, 4); /* what stands below a broken head is nobody's */
    assert_true(s[1].broken);
    assert_string_equal(llw_rich_show(arena, &llw_ini_get(&s[0], "MODEL")->value), "x.gguf");
    assert_string_equal(llw_rich_show(arena, &llw_ini_get(&s[0], "EXTRA_ARGS")->value), "-ot a=CPU # kept");
    assert_int_equal(llw_ini_get(&s[0], "EXTRA_ARGS")->value.chars[0].column, 13);
    assert_true(llw_ini_is_profile(&reader, &file, &s[0]));
    assert_false(llw_ini_is_profile(&reader, &file, &s[1]));
    assert_false(llw_ini_is_profile(&reader, &file, &s[2]));
    assert_int_equal(result.n_unread, 2);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(columns_count_code_points),
        T(a_line_has_blanks_for_ends),
        T(parameters_expand_as_compose_does),
        T(a_value_remembers_what_it_replaced),
        T(yaml_nodes_know_their_places),
        T(hostile_yaml_is_refused_or_read_not_followed_forever),
        T(scripts_are_read_as_the_shell_runs_them),
        T(words_of_a_script_lead_back_to_who_set_them),
        T(dockerfiles_keep_the_last_stage),
        T(commands_are_joined_as_an_engine_joins_them),
        T(images_say_program_and_build),
        T(compose_commands_are_split_without_a_shell),
        T(words_of_folded_text_have_their_own_lines),
        T(env_files_follow_composes_grammar),
        T(ini_files_are_read_as_their_script_reads_them),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}

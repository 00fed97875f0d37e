/* llama-swap's config.yaml, each trap of its grammar with what llama-swap of August 2026 makes of it. */
#include "torture.h"

#define CHECK(...) tree_check_one("config.yaml", __VA_ARGS__)

static void commands_are_split_without_a_shell(void **state) {
    (void)state;
    CHECK("models:\n  \"qwen\":\n    cmd: |\n      # a comment\n      /app/llama-server --port ${PORT} \\\n"
          "      -m /m/a.gguf\n      -c 4096 # tokens\n      -a 'two words'\n",
          "config.yaml:qwen: model=/m/a.gguf (llama-swap cmd config.yaml:6:10) ctx=4,096 (llama-swap cmd "
          "config.yaml:7:10)\n F05 # config.yaml:7:15\n F05 tokens config.yaml:7:17\n");
    CHECK(
        "models:\n  a:\n    cmd: llama-server -m ~/a.gguf -c $CTX -b 9 && echo\n",
        "config.yaml:a: model=~/a.gguf (llama-swap cmd config.yaml:3:26) batch=9 (llama-swap cmd "
        "config.yaml:3:46)\n F09 -c config.yaml:3:38\n F05 && config.yaml:3:48\n F05 echo config.yaml:3:51\n"
        "F27 ~/a.gguf config.yaml:3:26\nF27 $CTX config.yaml:3:38\n");
    /* > folds lines: a \ at their end then stands in front of a blank */
    CHECK("models:\n  a:\n    cmd: >\n      llama-server -c 1 \\\n      -b 2\n",
          "config.yaml:a: ctx=1 (llama-swap cmd config.yaml:4:23)\n F05  -b config.yaml:4:26\n F05 2 "
          "config.yaml:5:10\n");
    CHECK("models:\n  a:\n    cmd: bash -c 'exec llama-server -c ${CTX:-7}'\n    env: "
          "[\"LLAMA_ARG_FIT=off\"]\n",
          "config.yaml:a: ctx=7 (shell default config.yaml:3:47) fit=no (llama-swap env config.yaml:4:26)\n");
    CHECK(
        "models:\n  a:\n    cmd: docker run --rm ghcr.io/ggml-org/llama.cpp:server -c 7\n  b:\n    cmd: vllm "
        "serve x -b 2 # llama\n",
        "config.yaml:a: ctx=7 (llama-swap cmd config.yaml:3:63)\n");
}

static void macros_are_put_in_from_the_last_to_the_first(void **state) {
    (void)state;
    CHECK("macros:\n  n: 5\n  base: llama-server --port ${PORT} -c ${n}\nmodels:\n  b:\n    cmd: ${base} -b "
          "1\n  a:\n"
          "    macros: {n: 6}\n    cmd: ${base} -a ${MODEL_ID}\n",
          "config.yaml:a: ctx=6 (llama-swap model macro config.yaml:8:17) < 5 (llama-swap macro "
          "config.yaml:2:6)\n"
          "config.yaml:b: ctx=5 (llama-swap macro config.yaml:2:6) batch=1 (llama-swap cmd "
          "config.yaml:6:21)\n");
    /* a macro may use those above it, and no other */
    CHECK("macros:\n  base: llama-server -c ${n}\n  n: 5\nmodels:\n  a:\n    cmd: ${base} -b 1\n",
          "config.yaml:a: ctx=unknown (llama-swap macro config.yaml:2:25) batch=1 (llama-swap cmd "
          "config.yaml:6:21)\n"
          "F26 ${n} config.yaml:2:25\n");
    CHECK("models:\n  a:\n    cmd: llama-server -c ${env.CTX} -m ${missing}/a.gguf\n",
          "config.yaml:a: model=a.gguf (llama-swap cmd config.yaml:3:40) ctx=unknown (llama-swap cmd "
          "config.yaml:3:26)\nF26 ${missing} config.yaml:3:40\n");
    CHECK("macros: {p: {a: 1}}\nmodels:\n  a: &a\n    cmd: llama-server -c ${p}\n  b: *a\n  c:\n    <<: *a\n "
          "   ttl: 9\n",
          "config.yaml:a: ctx=unknown (llama-swap macro config.yaml:1:13)\n"
          "config.yaml:b: ctx=unknown (llama-swap macro config.yaml:1:13)\n"
          "config.yaml:c: ctx=unknown (llama-swap macro config.yaml:1:13)\n");
    CHECK("models:\n  a:\n    cmd: llama-server -c 1\n  a:\n    cmd: llama-server -c 2\n",
          "config.yaml:a: ctx=1 (llama-swap cmd config.yaml:3:26)\nconfig.yaml:a#2: ctx=2 (llama-swap cmd "
          "config.yaml:5:26)\nF26 a config.yaml:4:3\n");
}

/* internal/config/config.go SanitizeCommand: on Windows a backslash is one. */
static void windows_paths_keep_their_backslashes(void **state) {
    (void)state;
    CHECK("macros:\n  s: >\n    C:\\bin\\llama-server.exe -c 5\nmodels:\n  a:\n    cmd: ${s} -m "
          "F:\\m\\a.gguf\n",
          "config.yaml:a: model=F:\\m\\a.gguf (llama-swap cmd config.yaml:6:18) ctx=5 (llama-swap macro "
          "config.yaml:3:32)\n");
    CHECK("models:\n  a:\n    cmd: llama-server -c 1\\0\n",
          "config.yaml:a: ctx=10 (llama-swap cmd config.yaml:3:26)\n");
}

static void hostile_configurations_are_survived(void **state) {
    (void)state;
    static const char *const pieces[] = {"${",   "}",    "$",    "\\\n", "#",  "'",        "\"",   "|\n",
                                         ">\n",  "&a ",  "*a",   "<<: ", "\n", "${PORT}",  ": ",   "- ",
                                         "\xff", "\x01", "\xe2", "[",    "{",  "${env.A}", "---\n"};
    tree_torture(
        "config.yaml",
        "startPort: 99999\nmacros:\n  x: llama-server ${y}\n  y: \"-c 1 ${x}\"\nmodels:\n  \"a\": &m\n"
        "    cmd: |\n      # c\n      ${x} --port ${PORT} \\\n      -m ${env.M}/a.gguf\n"
        "    env: [\"A=b\", LLAMA_ARG_FIT=off]\n    aliases: [b]\n  b: *m\ngroups:\n  g: {swap: false, "
        "members: "
        "[a]}\n",
        pieces, sizeof pieces / sizeof *pieces, 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_split_without_a_shell),
        cmocka_unit_test(macros_are_put_in_from_the_last_to_the_first),
        cmocka_unit_test(windows_paths_keep_their_backslashes),
        cmocka_unit_test(hostile_configurations_are_survived),
    };
    return cmocka_run_group_tests(tests, tree_set_up, tree_tear_down);
}

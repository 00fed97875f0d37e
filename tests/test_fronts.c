/* Every front end, on the fixture of each format: cut at every byte and with pieces of all grammars put in,
 * it neither crashes nor hangs. A format that is added to the fixtures takes part by itself. */
#include "trees.h"
#include "base/file.h"

#define FORMATS LLW_SOURCE_DIR "/tests/fixtures/lint/05-ub-is-not-b"

static void every_format_survives_what_is_cut_or_mixed_up(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "\n",  "\\\n", "\"", "'",  "$(", "${",      "}}",    ")",   "[",
        "]",   "{",    "#",  "\t", "=",  ":",       "- ",    "&a ", "*a",
        "`",   "\xff", "\0", "@",  ";",  "<<EOF\n", "---\n", "| ",  "llama-server ",
        "-c ", "-1",   "%i"};
    llw_arena *arena = llw_arena_new();
    char **formats = NULL, **files = NULL;
    size_t n = 0, m = 0;
    assert_int_equal(llw_directory_list(arena, FORMATS, &formats, &n, NULL), LLW_OK);
    assert_true(n >= 12);
    for (size_t i = 0; i < n; i++) {
        const char *directory = llw_arena_printf(arena, FORMATS "/%s/mistake", formats[i]);
        assert_int_equal(llw_directory_list(arena, directory, &files, &m, NULL), LLW_OK);
        for (size_t k = 0; k < m; k++) {
            char *text = NULL;
            size_t len = 0;
            assert_int_equal(
                llw_file_read(arena, llw_path_join(arena, directory, files[k]), 1 << 16, &text, &len, NULL),
                LLW_OK);
            tree_torture(files[k], text, pieces, sizeof pieces / sizeof *pieces, 150);
        }
    }
    llw_arena_free(arena);
}

/* Other programs have a -b, an -ngl and a --ctx-size of their own. */
static void what_belongs_to_others_stays_silent(void **state) {
    (void)state;
    static const tree_file others[] = {
        {"run.sh", "#!/bin/sh\n# for llama-server\ngit clone -b main https://x/llama.cpp\nsam -b 368,144 "
                   "-sm\ncurl -c x llama\n"},
        {"docker-compose.llama.yml",
         "services:\n  a:\n    image: vllm/vllm-openai\n    command: -c 1 -b 2 --model llama\n"},
        {"pod.yaml",
         "apiVersion: v1\nkind: Pod\nmetadata: {name: llama}\nspec:\n  containers:\n  - {name: llama, image: "
         "ollama/ollama, args: [\"-c\", \"1\"]}\n  - {name: b, image: vllm/vllm, args: [serve, llama, "
         "\"-b\"]}\n"},
        {"config.yaml", "models:\n  llama:\n    cmd: vllm serve llama -b 2048 -ub 2048\n"},
        {"model.yaml", "name: llama\nbackend: vllm\nparameters: {model: meta/llama}\ncontext_size: 1\n"},
        {"build.ps1",
         "git clone -b main llama.cpp\ncmake --build llama.cpp -c Release\n$a = @('-c', '1')\n& cmake @a\n"},
        {"Makefile",
         "CTX = 1\nllama:\n\tgit checkout -b llama\n\tpython -m llama_cpp.server --n_gpu_layers 99\n"},
        {"main.py", "# llama-server\nsubprocess.run(['git', 'clone', '-b', 'llama-server'])\nurl = "
                    "'http://llama-server:8080'\n"},
        {"app.service", "# llama-server\n[Service]\nExecStart=/usr/bin/ollama serve -b 1\n"},
        {NULL, NULL}};
    tree_check(others, "", "");
    tree_check_one("llama.py", "ap.add_argument('-c')\nCOMMANDS = ['llama', '-c', '1']\n", "");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_belongs_to_others_stays_silent),
                                       cmocka_unit_test(every_format_survives_what_is_cut_or_mixed_up)};
    return cmocka_run_group_tests(tests, tree_set_up, tree_tear_down);
}

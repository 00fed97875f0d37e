/* llama-server's router presets: each trap of their grammar (common/preset.cpp of v0.5.0). */
#include "torture.h"

#define CHECK(...) tree_check_one("presets.ini", __VA_ARGS__)
#define M "model = /m/a.gguf\n"

static void values_end_at_a_semicolon_and_quotes_stay(void **state) {
    (void)state;
    CHECK("[a]\n" M "n-gpu-layers = 99 ; all\nctx-size = 8192 # tokens\nalias = a;b\ncache-type-k = q8_0#x\n",
          "presets.ini:a: model=/m/a.gguf (preset presets.ini:2:9) gpu_layers=99 (preset presets.ini:3:16) "
          "ctx=8,192 (preset presets.ini:4:12)"
          " cache_type_k=q8_0 (preset presets.ini:6:16)\n"
          "F27 alias presets.ini:5:10\nF27 cache-type-k presets.ini:6:20\n");
    CHECK("[a]\nmodel = \"/m/a b.gguf\"\nngl = 1\n",
          "presets.ini:a: model=\"/m/a b.gguf\" (preset presets.ini:2:9) gpu_layers=1 (preset "
          "presets.ini:3:7)\nF27 model presets.ini:2:9\n");
    CHECK("[a]\n" M "n-gpu-layers =\n",
          "presets.ini:a: model=/m/a.gguf (preset presets.ini:2:9)\n F11 --n-gpu-layers presets.ini:3:1\n");
}

static void one_strange_line_ends_the_router(void **state) {
    (void)state;
    static const char want[] =
        "presets.ini:a: model=/m/a.gguf (preset presets.ini:2:9) gpu_layers=9 (preset presets.ini:3:7)\n";
    char text[512];
    CHECK("[a]\n" M "ngl = 9\nctx_size = 1\n",
          llw_arena_printf(tree_arena, "%sF26 ctx_size presets.ini:4:1\n", want));
    tree_make(NULL);
    tree_text("presets.ini", "[a]\n" M "ubatch = 1024\n");
    tree t = tree_read(tree_path("presets.ini"));
    assert_int_equal(t.out.n_problems, 1);
    assert_string_equal(t.out.problems[0].advice, "write ubatch-size");
    tree_end(&t);
    tree_clear();
    CHECK("[a]\n" M "ngl = 9\nmodel-draft-max = 1\n",
          llw_arena_printf(tree_arena, "%sF26 model-draft-max presets.ini:4:1\n", want));
    CHECK("[a]\n" M "ngl = 9\n indented = 1\n",
          llw_arena_printf(tree_arena, "%sF26 line presets.ini:4:1\n", want));
    CHECK("[a]\n" M "ngl = 9\njinja\n", llw_arena_printf(tree_arena, "%sF26 line presets.ini:4:1\n", want));
    CHECK("[a]\n" M "ngl = 9\n[b\n", llw_arena_printf(tree_arena, "%sF26 line presets.ini:4:1\n", want));
    CHECK("[a]\n" M "ngl = 9\ncontrol-vector-layer-range = 1 2\n",
          llw_arena_printf(tree_arena, "%sF26 control-vector-layer-range presets.ini:4:1\n", want));
    snprintf(text, sizeof text, "\xef\xbb\xbf[a]\n" M "ngl = 9\n");
    CHECK(text, llw_arena_printf(tree_arena, "%sF26 line presets.ini:1:1\n", want));
    CHECK("; c\n  # c\n\n[a] ; c\n" M "ngl=9\n",
          "presets.ini:a: model=/m/a.gguf (preset presets.ini:5:9) gpu_layers=9 (preset presets.ini:6:5)\n");
}

static void what_is_given_twice_counts_by_its_name(void **state) {
    (void)state;
    CHECK("[a]\n" M "ctx-size = 3\nc = 2\n", "presets.ini:a: model=/m/a.gguf (preset presets.ini:2:9) ctx=3 "
                                             "(preset presets.ini:3:12)\nF16 c presets.ini:4:1\n");
    CHECK("[a]\n" M "LLAMA_ARG_CTX_SIZE = 1\nctx-size = 3\n",
          "presets.ini:a: model=/m/a.gguf (preset presets.ini:2:9) ctx=3 (preset presets.ini:4:12)\nF16 "
          "LLAMA_ARG_CTX_SIZE presets.ini:3:1\n");
    CHECK("[a]\n" M "ngl = 1\nngl = 2\n", "presets.ini:a: model=/m/a.gguf (preset presets.ini:2:9) "
                                          "gpu_layers=2 (preset presets.ini:4:7)\nF15 ngl presets.ini:3:1\n");
    CHECK("[a]\n" M "ngl = 1\n[a]\nmodel = /m/b.gguf\nfit = off\n",
          "presets.ini:a: model=/m/b.gguf (preset presets.ini:5:9) fit=no (preset presets.ini:6:7)\nF27 a "
          "presets.ini:1:2\n");
}

static void switches_turn_round(void **state) {
    (void)state;
    static const struct {
        const char *line, *offload, *problem; /* of kv_offload */
    } cases[] = {{"no-kv-offload = true", "no", NULL},
                 {"no-kv-offload = yes", "yes", "no-kv-offload"},
                 {"no-kv-offload = false", "yes", NULL},
                 {"LLAMA_ARG_NO_KV_OFFLOAD = true", "yes", "LLAMA_ARG_NO_KV_OFFLOAD"},
                 {"LLAMA_ARG_KV_OFFLOAD = false", "no", NULL},
                 {"kv-offload = no", "yes", "kv-offload"},
                 {"kv-offload = off", "no", NULL},
                 {"nkvo = 1", "no", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = llw_arena_printf(tree_arena, "[a]\n" M "ngl = 1\n%s\n", cases[i].line);
        const char *problem = cases[i].problem
                                  ? llw_arena_printf(tree_arena, "F27 %s presets.ini:4:1\n", cases[i].problem)
                                  : "";
        CHECK(text, llw_arena_printf(tree_arena,
                                     "presets.ini:a: model=/m/a.gguf (preset presets.ini:2:9) gpu_layers=1 "
                                     "(preset presets.ini:3:7)"
                                     " kv_offload=%s (preset presets.ini:4:1)\n%s",
                                     cases[i].offload, problem));
    }
    CHECK("[a]\n" M "ngl = 1\nswa-full = no\n",
          "presets.ini:a: model=/m/a.gguf (preset presets.ini:2:9) gpu_layers=1 (preset presets.ini:3:7)"
          " swa_full=yes (preset presets.ini:4:1)\nF27 swa-full presets.ini:4:1\n");
    CHECK("[a]\n" M "ngl = 1\nswa-full = off\n",
          "presets.ini:a: model=/m/a.gguf (preset presets.ini:2:9) gpu_layers=1 (preset presets.ini:3:7)\n");
}

static void sections_stand_on_the_star_and_under_the_router(void **state) {
    (void)state;
    CHECK("version = 1\n[*]\nngl = 99\nc = 1\n[a]\n" M "c = 2\nload-on-startup = true\n",
          "presets.ini:a: model=/m/a.gguf (preset presets.ini:6:9) gpu_layers=99 (preset [*] presets.ini:3:7)"
          " ctx=2 (preset presets.ini:7:5) < 1 (preset [*] presets.ini:4:5)\n");
    /* alone it is for every model that the router finds elsewhere */
    CHECK("version = 1\n[*]\nngl = 99\nctx-size = 1\n",
          "presets.ini:*: gpu_layers=99 (preset [*] presets.ini:3:7) ctx=1 (preset [*] presets.ini:4:12)\n");
    CHECK("c = 1\n[a]\n" M "ngl = 2\n",
          "presets.ini:default: ctx=1 (preset presets.ini:1:5)\npresets.ini:a: model=/m/a.gguf (preset "
          "presets.ini:3:9) gpu_layers=2 (preset presets.ini:4:7)\n"
          "F27 default presets.ini:1:1\n");
    static const tree_file files[] = {
        {"my.ini", "[*]\nngl = 50\n[a]\nmodel = a.gguf\nload-on-startup = 1\nub = 1024\n"},
        {"run.sh", "export LLAMA_ARG_FIT=off\nllama-server --models-preset ./my.ini --models-max 0 --host "
                   "0.0.0.0 -ngl 99\n"},
        {NULL, NULL}};
    tree_check(files, "",
               "run.sh: gpu_layers=99 (script run.sh:2:74) fit=no (script run.sh:1:22)\n"
               "my.ini:a: model=a.gguf (preset my.ini:4:9) gpu_layers=99 (script run.sh:2:74) < 50 (preset "
               "[*] my.ini:2:7)"
               " ubatch=1,024 (preset my.ini:6:6) fit=no (script run.sh:1:22)\n"
               "F26 load-on-startup my.ini:5:1\n");
}

/* By the launch, not by the router once more. */
static void what_was_taken_out_is_told_once(void **state) {
    (void)state;
    CHECK("[a]\n" M "c = 1\nmlock = true\n",
          "presets.ini:a: model=/m/a.gguf (preset presets.ini:2:9) ctx=1 (preset presets.ini:3:5) "
          "load_mode=mlock (preset presets.ini:4:1)\n F02 --mlock presets.ini:4:1\n");
}

static void other_programs_files_are_silent(void **state) {
    (void)state;
    static const char *const texts[] = {
        "[granite3.1-dense]\npath = /srv/granite\ngpu_layers = 99\n",
        "[model]\nmodel = foo.gguf\nn_ctx = 4096\nn_gpu_layers = 99\nthreads = 8\n",
        "[server]\nhost = 0.0.0.0\nport = 8080\nverbose = true\n",
        "[tool:pytest]\naddopts = -c 1\n[flake8]\nmax-line-length = 100\n",
        "[a]\nmodel = gpt-4\napi-key = x\ntemp = 1\n",
        "model: llama\n[x\n= = =\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) tree_check_one("settings.ini", texts[i], "");
}

static void hostile_presets_are_survived(void **state) {
    (void)state;
    static const char *const pieces[] = {"[",
                                         "]",
                                         "[*]\n",
                                         "[a]\n",
                                         "=",
                                         ";",
                                         "#",
                                         "\"",
                                         "\n",
                                         "\r",
                                         " ",
                                         "\t",
                                         "no-",
                                         "LLAMA_ARG_NO_",
                                         "\0",
                                         "\xff",
                                         "\xef\xbb\xbf",
                                         "model = ",
                                         "ngl = 99999999999\n",
                                         "c =\n"};
    tree_torture("presets.ini",
                 "version = 1\n[*]\nngl = 99\n[a]\nmodel = /m/a.gguf ; c\nno-kv-offload = yes\nctx-size = "
                 "1\nc = 2\n[b]\nhf-repo = a/b:q4\nload-on-startup = 1\n",
                 pieces, sizeof pieces / sizeof *pieces, 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_end_at_a_semicolon_and_quotes_stay),
        cmocka_unit_test(one_strange_line_ends_the_router),
        cmocka_unit_test(what_is_given_twice_counts_by_its_name),
        cmocka_unit_test(switches_turn_round),
        cmocka_unit_test(sections_stand_on_the_star_and_under_the_router),
        cmocka_unit_test(what_was_taken_out_is_told_once),
        cmocka_unit_test(other_programs_files_are_silent),
        cmocka_unit_test(hostile_presets_are_survived),
    };
    return cmocka_run_group_tests(tests, tree_set_up, tree_tear_down);
}

/* What stands around an argument: the environment, what nobody knows, builds, programs, what llama.cpp
 * adjusts. */
#include "argv_lines.h"

static void the_environment_comes_first(void **state) {
    (void)state;
    run r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_CTX_SIZE=8192 LLAMA_ARG_UBATCH=256", "-c 4096");
    const llw_flag_problem *p = only(&r, LLW_F_ENV_LOST, true);
    assert_non_null(strstr(p->message, "box.env:1"));
    assert_int_equal(count(&r, LLW_launch_ctx), 4096);
    assert_int_equal(count(&r, LLW_launch_ubatch), 256);
    assert_int_equal(claim(&r, LLW_launch_ubatch)->grade, LLW_GRADE_CONFIG);
    assert_string_equal(claim(&r, LLW_launch_ubatch)->place, "box.env:2");
    end(&r);
}

static void variables_have_their_own_traps(void **state) {
    (void)state;
    run r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_NO_KV_OFFLOAD=0", "");
    only(&r, LLW_F_ENV_PRESENCE, true);
    assert_int_equal(flag(&r, LLW_launch_kv_offload), false);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_NO_KV_OFFLOAD=", "");
    only(&r, LLW_F_ENV_PRESENCE, true);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_KV_OFFLOAD=True", "");
    only(&r, LLW_F_BAD_VALUE, false);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_CPU_MOE=yes", "");
    only(&r, LLW_F_ENV_IGNORED, true);
    assert_int_equal(flag(&r, LLW_launch_cpu_moe), false);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_CPU_MOE=0", "");
    only(&r, 0, true);
    assert_int_equal(flag(&r, LLW_launch_cpu_moe), false);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_CPU_MOE=enabled", "");
    assert_int_equal(flag(&r, LLW_launch_cpu_moe), true);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_N_GPU_LAYERS=", "");
    only(&r, LLW_F_EMPTY, false);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_UBATCH_SIZE=64 PATH=/bin", "");
    assert_string_equal(only(&r, LLW_F_ENV_IGNORED, true)->flag, "LLAMA_ARG_UBATCH_SIZE");
    end(&r);
    r = read_on("v0.5.0", LLW_PROGRAM_SERVER, "LLAMA_LOG_FILE=x", "");
    assert_non_null(strstr(only(&r, LLW_F_ENV_IGNORED, true)->advice, "LLAMA_ARG_LOG_FILE"));
    end(&r);
    r = read_on("2026-05-04", LLW_PROGRAM_SERVER, "LLAMA_LOG_FILE=x", "");
    only(&r, 0, true);
    end(&r);
}

static void an_empty_model_is_a_router(void **state) {
    (void)state;
    run r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_MODEL=", "");
    only(&r, LLW_F_ROUTER, true);
    assert_true(r.out.model.router);
    assert_null(r.out.model.path);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_CLI, "LLAMA_ARG_MODEL=", "-m m.gguf");
    only(&r, LLW_F_ENV_LOST, true);
    assert_string_equal(r.out.model.path, "m.gguf");
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_CLI, "", "-m ''");
    only(&r, LLW_F_EMPTY, false);
    end(&r);
    r = server("-hf ggml-org/some-GGUF:Q8_0");
    only(&r, 0, true);
    assert_true(r.out.model.remote);
    assert_string_equal(r.out.model.path, "ggml-org/some-GGUF:Q8_0");
    end(&r);
}

static void an_unknown_word_makes_the_slot_unknown(void **state) {
    (void)state;
    run r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_CTX_SIZE=8192", "-c ? -ub 256");
    assert_non_null(problem(&r, LLW_F_NOT_KNOWN));
    assert_null(r.out.refused);
    assert_int_equal(count(&r, LLW_launch_ctx), -77);
    assert_false(claim(&r, LLW_launch_ctx)->value.known);
    assert_string_equal(claim(&r, LLW_launch_ctx)->place, "argument 2");
    assert_int_equal(count(&r, LLW_launch_ubatch), 256);
    end(&r);
    r = server("-c ? -c 4096");
    assert_int_equal(count(&r, LLW_launch_ctx), 4096);
    end(&r);
    r = server("-ot ?");
    assert_int_equal(flag(&r, LLW_launch_override_moves_experts_to_cpu), -1);
    assert_string_equal(text(&r, LLW_launch_override_tensor), "(unknown)");
    end(&r);
}

static void values_that_lost_on_the_way_stay_visible(void **state) {
    (void)state;
    llw_facts *f = llw_facts_new();
    llw_token docker = {"50", "Dockerfile:4", "Dockerfile ENV", NULL},
              compose = {"99", "compose.yml:7:20", "Compose default", &docker};
    llw_token args[] = {{"-ngl", "Dockerfile:9", "Dockerfile CMD", NULL},
                        {"auto", ".env:2", ".env", &compose}};
    llw_argv in = {.id = "x", .args = args, .n_args = 2, .args_grade = LLW_GRADE_CONFIG};
    llw_argv_result out;
    assert_int_equal(llw_argv_read(f, &in, &out, NULL), LLW_OK);
    size_t n = 0;
    const llw_claim **c = llw_facts_claims(f, out.launch, LLW_launch_gpu_layers, llw_facts_arena(f), &n);
    assert_int_equal(n, 4);
    assert_string_equal(c[0]->origin, ".env");
    assert_string_equal(c[1]->place, "compose.yml:7:20");
    assert_int_equal(c[1]->value.as.count, 99);
    assert_string_equal(c[2]->origin, "Dockerfile ENV");
    assert_int_equal(c[3]->grade, LLW_GRADE_DEFAULT);
    llw_facts_free(f);
}

static void options_belong_to_builds(void **state) {
    (void)state;
    run r = read_on("v0.5.0", LLW_PROGRAM_SERVER, "", "--no-mmap");
    assert_non_null(strstr(only(&r, LLW_F_REMOVED, false)->advice, "--load-mode none"));
    end(&r);
    r = read_on("b8022", LLW_PROGRAM_SERVER, "", "--no-mmap");
    only(&r, 0, true);
    assert_string_equal(text(&r, LLW_launch_load_mode), "none");
    end(&r);
    r = read_on("b8022", LLW_PROGRAM_SERVER, "", "--mlock --no-mmap");
    assert_string_equal(text(&r, LLW_launch_load_mode), "mlock");
    end(&r);
    r = read_on("2026-08-02", LLW_PROGRAM_SERVER, "", "--mlock --no-mmap");
    assert_string_equal(text(&r, LLW_launch_load_mode), "none");
    end(&r);
    r = read_on("b8022", LLW_PROGRAM_SERVER, "", "--load-mode none");
    assert_non_null(strstr(only(&r, LLW_F_NOT_YET, false)->message, "no --load-mode before 2026-08-02"));
    end(&r);
    /* nobody says which build: told with the build from which it is so, and read as older ones do */
    r = server("--no-mmap -c 4096");
    const llw_flag_problem *p = only(&r, LLW_F_REMOVED, true);
    assert_int_equal(p->level, LLW_PROBLEM_RISK);
    assert_non_null(strstr(p->message, "from b10884 (2026-09-10) on"));
    assert_string_equal(text(&r, LLW_launch_load_mode), "none");
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_NO_MMAP=1", "");
    assert_non_null(
        strstr(only(&r, LLW_F_ENV_IGNORED, true)->message, "no longer reads LLAMA_ARG_NO_MMAP from b10884"));
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_N_PARALEL=2", "");
    assert_string_equal(only(&r, LLW_F_ENV_IGNORED, true)->advice, "did you mean LLAMA_ARG_N_PARALLEL?");
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_CTX=2", "");
    assert_string_equal(only(&r, LLW_F_ENV_IGNORED, true)->advice, "did you mean LLAMA_ARG_CTX_SIZE?");
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_BATCH_SIZE=512", "");
    assert_non_null(strstr(only(&r, LLW_F_ENV_IGNORED, true)->advice, "--batch-size is LLAMA_ARG_BATCH"));
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_ARG_THREADS_BATCH=8", "");
    assert_non_null(strstr(only(&r, LLW_F_ENV_IGNORED, true)->advice, "it has no variable"));
    end(&r);
    r = read_on("b8022", LLW_PROGRAM_SERVER, "", "");
    assert_string_equal(text(&r, LLW_launch_load_mode), "mmap");
    end(&r);
    r = read_on("v0.5.0", LLW_PROGRAM_SERVER, "", "--draft-max 16");
    assert_non_null(strstr(only(&r, LLW_F_REMOVED, false)->advice, "--spec-draft-n-max"));
    end(&r);
    r = server("--draft-max 16");
    assert_int_equal(only(&r, LLW_F_REMOVED, true)->level, LLW_PROBLEM_RISK);
    end(&r);
    r = read_on("b7000", LLW_PROGRAM_SERVER, "", "-ngl all");
    assert_non_null(strstr(only(&r, LLW_F_NOT_A_NUMBER, false)->advice, "write 999"));
    end(&r);
    r = read_on("b7698", LLW_PROGRAM_SERVER, "", "-ngl all");
    assert_int_equal(count(&r, LLW_launch_gpu_layers), -2);
    end(&r);
    r = read_on("b6451", LLW_PROGRAM_SERVER, "", "");
    assert_int_equal(flag(&r, LLW_launch_fit), false);
    end(&r);
    r = read_on("b7394", LLW_PROGRAM_SERVER, "", "");
    assert_int_equal(flag(&r, LLW_launch_fit), -1);
    end(&r);
}

static void options_belong_to_programs(void **state) {
    (void)state;
    run r = server("--server-base x");
    only(&r, LLW_F_OTHER_PROGRAM, false);
    end(&r);
    r = server("-p hello");
    assert_string_equal(only(&r, LLW_F_OTHER_PROGRAM, false)->message,
                        "llama-server ends here: -p is an option of llama-cli");
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_CLI, "", "-p hello --embedding");
    only(&r, LLW_F_OTHER_PROGRAM, false);
    assert_int_equal(count(&r, LLW_launch_parallel), 1);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_FIT_PARAMS, "", "-m m.gguf --fit-print on");
    only(&r, 0, true);
    assert_int_equal(flag(&r, LLW_launch_kv_unified), false);
    end(&r);
}

static void llama_bench_has_its_own_parser_and_defaults(void **state) {
    (void)state;
    run r = read_on("2026-05-04", LLW_PROGRAM_BENCH, "LLAMA_ARG_CTX_SIZE=4096", "-m m.gguf");
    only(&r, 0, true);
    assert_int_equal(count(&r, LLW_launch_gpu_layers), 99);
    assert_string_equal(text(&r, LLW_launch_flash_attn), "off");
    assert_int_equal(flag(&r, LLW_launch_fit), false);
    assert_int_equal(count(&r, LLW_launch_ctx), 512);
    end(&r);
    r = read_on("v0.5.0", LLW_PROGRAM_BENCH, "",
                "-m m.gguf -p 512,4096 -n 32 -d 16384 -fa 1 -nkvo 1 -ub 512,2048 -ot a=CPU;b=CUDA0");
    assert_non_null(problem(&r, LLW_F_BENCH_LIST));
    assert_null(r.out.refused);
    assert_int_equal(count(&r, LLW_launch_ctx), 4096 + 16384);
    assert_int_equal(count(&r, LLW_launch_gpu_layers), -1);
    assert_string_equal(text(&r, LLW_launch_flash_attn), "on");
    assert_int_equal(flag(&r, LLW_launch_kv_offload), false);
    assert_int_equal(count(&r, LLW_launch_ubatch), 512);
    assert_string_equal(text(&r, LLW_launch_override_tensor), "a=CPU,b=CUDA0");
    assert_int_equal(flag(&r, LLW_launch_fit), false);
    end(&r);
    r = read_on("v0.5.0", LLW_PROGRAM_BENCH, "", "-fitt 512");
    assert_int_equal(flag(&r, LLW_launch_fit), true);
    end(&r);
    r = read_on(NULL, LLW_PROGRAM_BENCH, "", "-c 4096");
    only(&r, LLW_F_OTHER_PROGRAM, false);
    end(&r);
}

static void embeddings_and_slots_are_adjusted(void **state) {
    (void)state;
    run r = server("--embeddings -b 2048 -ub 512");
    only(&r, LLW_F_ADJUSTED, true);
    assert_int_equal(flag(&r, LLW_launch_embedding_mode), true);
    end(&r);
    r = server("--reranking -b 1024 -ub 1024");
    only(&r, 0, true);
    assert_int_equal(flag(&r, LLW_launch_embedding_mode), true);
    assert_int_equal(flag(&r, LLW_launch_rerank), true);
    assert_string_equal(text(&r, LLW_launch_pooling), "rank");
    end(&r);
    r = server("--no-kv-unified");
    only(&r, LLW_F_ADJUSTED, true);
    end(&r);
    r = server("--kv-unified-per-slot 8192");
    assert_int_equal(count(&r, LLW_launch_ctx), 32768);
    end(&r);
    r = server("--kv-unified-per-slot 8192 -np 2 -c 1024");
    assert_int_equal(count(&r, LLW_launch_ctx), 1024);
    end(&r);
    r = server("-c 0");
    assert_int_equal(count(&r, LLW_launch_fit_ctx), UINT32_MAX);
    end(&r);
    r = server("-c 0 -fitc 8192");
    assert_int_equal(count(&r, LLW_launch_fit_ctx), 8192);
    end(&r);
    r = server("--fim-qwen-7b-default");
    assert_int_equal(count(&r, LLW_launch_ubatch), 1024);
    assert_int_equal(count(&r, LLW_launch_fit_ctx), 4096);
    assert_true(r.out.model.remote);
    end(&r);
}

static void secrets_are_never_kept(void **state) {
    (void)state;
    run r = read_on(NULL, LLW_PROGRAM_SERVER, "LLAMA_API_KEY=hunter2 HF_TOKEN=hunter2",
                    "--api-key hunter2 --api-key hunter2 -hft hunter2 --hf-token hunter2");
    assert_non_null(problem(&r, LLW_F_SECRET));
    for (size_t i = 0; i < r.out.n_problems; i++) {
        assert_null(strstr(r.out.problems[i].message, "hunter2"));
        assert_null(strstr(r.out.problems[i].advice, "hunter2"));
    }
    llw_arena *arena = llw_arena_new();
    for (int a = 1; a < LLW_ATTRS; a++) {
        if (llw_attr_get((llw_attr)a)->kind != LLW_KIND_launch) continue;
        size_t n = 0;
        const llw_claim **c = llw_facts_claims(r.facts, r.out.launch, (llw_attr)a, arena, &n);
        for (size_t i = 0; i < n; i++)
            if (c[i]->value.known && llw_type_is_text(c[i]->value.type))
                assert_null(strstr(c[i]->value.as.text, "hunter2"));
    }
    llw_arena_free(arena);
    end(&r);
}

/* A secret option that nobody has takes a word, whatever it begins with, but no option that there is. */
static void a_misspelt_secret_takes_no_option(void **state) {
    (void)state;
    static const char *const lines[] = {"--apikey=tokens -c 4096", "--apikey -tokens -c 4096",
                                        "--apikey -c 4096", "--apikey tokens -c 4096"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        run r = server(lines[i]);
        const llw_flag_problem *p = only(&r, LLW_F_UNKNOWN, false);
        assert_null(strstr(p->message, "tokens"));
        end(&r);
    }
}

static void some_options_end_the_program(void **state) {
    (void)state;
    run r = server("--version");
    only(&r, LLW_F_EXITS, true);
    assert_true(r.out.exits);
    end(&r);
}

static void each_code_explains_itself(void **state) {
    (void)state;
    for (int i = LLW_F_UNKNOWN; i < LLW_FLAG_CODES; i++) {
        llw_flag_code code = (llw_flag_code)i;
        char name[16];
        snprintf(name, sizeof name, "F%02d", i);
        assert_string_equal(llw_flag_code_name(code), name);
        assert_true(strlen(llw_flag_code_title(code)) > 4 && strlen(llw_flag_code_text(code)) > 20);
        assert_int_equal(llw_flag_code_find(name), code);
    }
    assert_int_equal(llw_flag_code_find("F99"), 0);
}

static void a_setting_is_written_as_llama_cpp_reads_it(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_flags flags;
    assert_int_equal(llw_flags_load(&flags, NULL), LLW_OK);
    int64_t now = llw_build_order("v0.5.0"), old = llw_build_order("b8022");
#define WRITE(attr, value, order)                                                                            \
    llw_flag_write(&flags, arena, LLW_launch_##attr, value, LLW_PROGRAM_SERVER, order)
    assert_string_equal(WRITE(ubatch, llw_count(512), now), "-ub 512");
    assert_string_equal(WRITE(gpu_layers, llw_count(-1), now), "-ngl auto");
    assert_string_equal(WRITE(kv_offload, llw_flag(false), now), "--no-kv-offload");
    assert_string_equal(WRITE(fit, llw_flag(false), now), "-fit off");
    assert_string_equal(WRITE(cpu_moe, llw_flag(true), now), "-cmoe");
    assert_null(WRITE(cpu_moe, llw_flag(false), now));
    assert_null(WRITE(tensor_split, llw_string(LLW_LIST, ""), now));
    assert_string_equal(WRITE(override_tensor, llw_string(LLW_LIST, "a.*=CPU"), now), "-ot 'a.*=CPU'");
    assert_string_equal(WRITE(load_mode, llw_string(LLW_TEXT, "none"), now), "-lm none");
    assert_string_equal(WRITE(load_mode, llw_string(LLW_TEXT, "none"), old), "--no-mmap");
    assert_null(WRITE(n_cpu_ffn, llw_count(3), old));
    assert_null(WRITE(ubatch, llw_unknown(LLW_COUNT), now));
#undef WRITE
    llw_arena_free(arena);
}

/* Every prefix of a line, and lines of random words from the table: no crash, no endless loop, claims stay
 * readable. */
static void any_line_is_survived(void **state) {
    (void)state;
    static const char *const pool[] = {"-c",        "4096",
                                       "-ot",       "a=CPU",
                                       "'',",       "?",
                                       "-np",       "-fa",
                                       "on",        "--x=y",
                                       "-ts",       ",,,",
                                       "1e400",     "-",
                                       "--",        "---",
                                       "-1",        "99999999999999999999",
                                       "--api-key", "-ncmoe",
                                       "4000000",   "-fitt",
                                       "=",         "=CPU",
                                       "-kvu",      "-m",
                                       "--no-mmap", "\xff\xfe",
                                       "%s%n",      "-dev",
                                       "none",      "--kv-unified-per-slot",
                                       "2147483647"};
    uint32_t seed = 7;
    llw_arena *arena = llw_arena_new();
    for (int round = 0; round < 300; round++) {
        char line[1024] = "";
        for (int w = 0; w < 12; w++) {
            seed = seed * 1664525u + 1013904223u;
            strcat(strcat(line, pool[(seed >> 16) % (sizeof pool / sizeof *pool)]), " ");
        }
        run r = read_on(round % 2 ? "b8022" : NULL, (llw_program)(round % 4),
                        round % 3 ? "" : "LLAMA_ARG_OVERRIDE_TENSOR=,= LLAMA_ARG_FIT=? LLAMA_ARG_X=1", line);
        llw_launch launch;
        llw_attr missing;
        llw_err err = {0};
        llw_launch_read(r.facts, r.out.launch, arena, &launch, &missing, &err);
        end(&r);
    }
    llw_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_comes_first),
        cmocka_unit_test(variables_have_their_own_traps),
        cmocka_unit_test(an_empty_model_is_a_router),
        cmocka_unit_test(an_unknown_word_makes_the_slot_unknown),
        cmocka_unit_test(values_that_lost_on_the_way_stay_visible),
        cmocka_unit_test(options_belong_to_builds),
        cmocka_unit_test(options_belong_to_programs),
        cmocka_unit_test(llama_bench_has_its_own_parser_and_defaults),
        cmocka_unit_test(embeddings_and_slots_are_adjusted),
        cmocka_unit_test(secrets_are_never_kept),
        cmocka_unit_test(a_misspelt_secret_takes_no_option),
        cmocka_unit_test(some_options_end_the_program),
        cmocka_unit_test(each_code_explains_itself),
        cmocka_unit_test(a_setting_is_written_as_llama_cpp_reads_it),
        cmocka_unit_test(any_line_is_survived),
    };
    return cmocka_run_group_tests_name("argv_around", tests, NULL, NULL);
}
